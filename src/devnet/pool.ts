/**
 * Transactions that wait for a block.
 *
 * P1. Each was executed once on top of the head and the ones before it; the session shows what it would do.
 * P2. When the head moves, all are executed again on the new one; those that do not fit any more are forgotten, and so
 *     are those older than 60 s of chain time. Like a node's pool it is not on disk.
 */
import type { ChainStore } from "./chain-store.ts";
import type { Contract } from "./contract.ts";
import { checkNextSlot, execute } from "./execute.ts";
import { invalid, isRejection, type Outcome, type Rejection } from "./outcome.ts";
import { PENDING_MAX, PENDING_TIMEOUT_MS } from "./parameters.ts";
import { taposTable } from "./producer.ts";
import { checkSignatures } from "./signatures.ts";
import { Session, type View } from "./state.ts";
import type { Transaction } from "./transactions.ts";

export type Pending = { readonly tx: Transaction; readonly outcome: Outcome; readonly since: number };

export class Pool {
  readonly #store: ChainStore;
  readonly #contracts: ReadonlyMap<string, Contract>;
  #entries = new Map<string, Pending>();
  #session: Session;

  constructor(store: ChainStore, contracts: ReadonlyMap<string, Contract>) {
    this.#store = store;
    this.#contracts = contracts;
    this.#session = new Session(store);
  }

  /** The head's state with the waiting transactions executed. */
  get state(): View {
    return this.#session;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(txId: string): Pending | undefined {
    return this.#entries.get(txId);
  }

  transactions(): Transaction[] {
    return [...this.#entries.values()].map((entry) => entry.tx);
  }

  /** Takes a transaction in, or says why not, in the order in which a node looks (tron.md §3.1). */
  offer(tx: Transaction): Rejection | undefined {
    if (this.#entries.size > PENDING_MAX) return { code: "SERVER_BUSY", message: "Server busy." };
    if (tx.raw.contracts.length === 0) return invalid("No contract!");
    return (
      checkNextSlot(tx, this.#store.head.timestamp) ??
      checkSignatures(tx) ??
      this.#admit(tx, this.#store.head.timestamp)
    );
  }

  /** Takes back transactions of blocks that left the chain; they count as new. */
  requeue(transactions: readonly Transaction[]): void {
    for (const tx of transactions) this.#admit(tx, this.#store.head.timestamp);
  }

  /** Leaves a transaction out of the next `rebuild`. */
  forget(txId: string): void {
    this.#entries.delete(txId);
  }

  /** Loses a transaction now, with all that it did to the session. */
  drop(txId: string): void {
    this.forget(txId);
    this.rebuild();
  }

  /** The head moved. */
  rebuild(): void {
    const { timestamp } = this.#store.head;
    const waiting = this.#entries;
    this.#entries = new Map();
    this.#session = new Session(this.#store);
    for (const { tx, since } of waiting.values()) {
      if (timestamp - since < PENDING_TIMEOUT_MS) this.#admit(tx, since);
    }
  }

  #admit(tx: Transaction, since: number): Rejection | undefined {
    const { head } = this.#store;
    const outcome = execute(tx, {
      session: this.#session,
      headTimestamp: head.timestamp,
      refBlockHash: taposTable(head.number, (number) => this.#store.block(number)?.id),
      contracts: this.#contracts,
    });
    if (isRejection(outcome)) return outcome;
    this.#entries.set(tx.id, { tx, outcome, since });
    return undefined;
  }
}
