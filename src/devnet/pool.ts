/**
 * Transactions that wait for a block.
 *
 * P1. Each was executed once on top of the head and the ones before it; the session shows what it would do.
 * P2. When the head moves, all are executed again on the new one; those that do not fit any more are forgotten, and so
 *     are those older than 60 s of chain time. Like a node's pool it is not on disk.
 * P3. Execution takes turns of the event loop, so the chain calls `offer` and `prepare` one at a time (chain.ts H1); what
 *     `prepare` made is nobody's until `adopt`, which is one turn.
 */
import type { Header } from "./block.ts";
import type { ChainStore } from "./chain-store.ts";
import type { Tvm } from "./evm/tvm.ts";
import { checkNextSlot, execute } from "./execute.ts";
import { invalid, isRejection, type Outcome, type Rejection } from "./outcome.ts";
import { PENDING_MAX, PENDING_TIMEOUT_MS } from "./parameters.ts";
import { taposTable } from "./producer.ts";
import { checkSignatures } from "./signatures.ts";
import { Session, type View } from "./state.ts";
import type { Transaction } from "./transactions.ts";

export type Pending = { readonly tx: Transaction; readonly outcome: Outcome; readonly since: number };

/** The point of the chain that waiting transactions are executed on. */
export type Base = {
  readonly head: Header;
  readonly state: View;
  readonly blockId: (number: number) => string | undefined;
};

type Content = { readonly base: Base; readonly session: Session; readonly entries: Map<string, Pending> };

export class Pool {
  readonly #vm: Tvm;
  #content: Content;

  constructor(store: ChainStore, vm: Tvm) {
    this.#vm = vm;
    this.#content = emptyOn({ head: store.head, state: store, blockId: (number) => store.block(number)?.id });
  }

  /** The head's state with the waiting transactions executed. */
  get state(): View {
    return this.#content.session;
  }

  get size(): number {
    return this.#content.entries.size;
  }

  get(txId: string): Pending | undefined {
    return this.#content.entries.get(txId);
  }

  transactions(): Transaction[] {
    return [...this.#content.entries.values()].map((entry) => entry.tx);
  }

  /** Takes a transaction in, or says why not, in the order in which a node looks (tron.md §3.1). */
  async offer(tx: Transaction): Promise<Rejection | undefined> {
    if (this.size > PENDING_MAX) return { code: "SERVER_BUSY", message: "Server busy." };
    if (tx.raw.contracts.length === 0) return invalid("No contract!");
    const { timestamp } = this.#content.base.head;
    const here = { session: this.#content.session, headTimestamp: timestamp };
    return checkNextSlot(tx, here) ?? checkSignatures(this.state, tx) ?? this.#admit(this.#content, tx, timestamp);
  }

  /** What the pool will be on a new base, without those to forget, and with those of blocks that left the chain. */
  async prepare(
    base: Base,
    change: { readonly forget?: readonly string[]; readonly requeue?: readonly Transaction[] } = {},
  ): Promise<Content> {
    const content = emptyOn(base);
    const { timestamp } = base.head;
    for (const { tx, since } of this.#content.entries.values()) {
      const forgotten = change.forget?.includes(tx.id) === true || timestamp - since >= PENDING_TIMEOUT_MS;
      if (!forgotten) await this.#admit(content, tx, since);
    }
    for (const tx of change.requeue ?? []) await this.#admit(content, tx, timestamp);
    return content;
  }

  adopt(prepared: Content): void {
    this.#content = prepared;
  }

  async #admit({ base, session, entries }: Content, tx: Transaction, since: number): Promise<Rejection | undefined> {
    const outcome = await execute(tx, {
      session,
      headTimestamp: base.head.timestamp,
      refBlockHash: taposTable(base.head.number, base.blockId),
      vm: this.#vm,
    });
    if (isRejection(outcome)) return outcome;
    entries.set(tx.id, { tx, outcome, since });
    return undefined;
  }
}

function emptyOn(base: Base): Content {
  return { base, session: new Session(base.state), entries: new Map() };
}
