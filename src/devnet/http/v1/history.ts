/**
 * The index behind the history endpoints: which transactions and logs concern an address, in the order of the chain.
 *
 * V1. It holds places (block, transaction, log), never contents: what is shown is read from the chain.
 * V2. It follows the chain when it is asked, and first forgets the blocks that a fork replaced.
 * V3. It knows a block only when it is `lag` deep; what it knew before the lag grew, it keeps.
 */
import { setImmediate } from "node:timers/promises";
import { decodeRawTransaction } from "../../../tron/transaction.ts";
import type { Block, Included } from "../../block.ts";
import type { ChainStore } from "../../chain-store.ts";

/** `log` is the position of a log, or of an internal transaction, in its transaction; -1 for a transaction itself. */
export type Place = { readonly number: number; readonly at: number; readonly log: number };

/** What concerns an account, or a contract. */
export type ListKind = "transactions" | "token moves" | "events" | "internal";

const BLOCKS_PER_TURN = 500;
const MOVES = new Set([
  "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
  "8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925",
]);

type Entered = { readonly number: number; readonly id: string; readonly keys: readonly string[] };

export class History {
  readonly #store: ChainStore;
  readonly #lists = new Map<string, Place[]>();
  /** The blocks that could still be replaced, oldest first, and the lists that each one grew. */
  #replaceable: Entered[] = [];
  #known = 0;
  #lag = 0;
  #following: Promise<void> | undefined;

  constructor(store: ChainStore) {
    this.#store = store;
  }

  setLag(blocks: number): void {
    this.#lag = blocks;
  }

  /** The newest block it knows. */
  get known(): number {
    return this.#known;
  }

  /** Oldest first. `address` is "41…". */
  list(kind: ListKind, address: string): readonly Place[] {
    return this.#lists.get(`${kind} ${address}`) ?? [];
  }

  /** Reads what it may know and does not. Long histories are read in turns of the event loop. */
  follow(): Promise<void> {
    this.#following ??= this.#read().finally(() => {
      this.#following = undefined;
    });
    return this.#following;
  }

  async #read(): Promise<void> {
    for (let read = 1; ; read += 1) {
      this.#forgetReplaced();
      const block = this.#store.head.number - this.#lag > this.#known ? this.#store.block(this.#known + 1) : undefined;
      if (block === undefined) return;
      this.#enter(block);
      if (read % BLOCKS_PER_TURN === 0) await setImmediate();
    }
  }

  #forgetReplaced(): void {
    for (let newest = this.#replaceable.at(-1); newest !== undefined; newest = this.#replaceable.at(-1)) {
      if (this.#store.block(newest.number)?.id === newest.id) return;
      for (const key of newest.keys) this.#lists.get(key)?.pop();
      this.#replaceable.pop();
      this.#known = newest.number - 1;
    }
  }

  #enter(block: Block): void {
    const keys: string[] = [];
    for (const [at, tx] of block.transactions.entries()) {
      for (const [key, log] of concerns(tx)) {
        const list = this.#lists.get(key) ?? [];
        if (list.length === 0) this.#lists.set(key, list);
        list.push({ number: block.number, at, log });
        keys.push(key);
      }
    }
    this.#known = block.number;
    this.#replaceable = this.#replaceable.filter((each) => each.number > this.#store.solidNumber);
    this.#replaceable.push({ number: block.number, id: block.id, keys });
  }
}

/** The lists that a transaction belongs to, each of its places once. */
function concerns(tx: Included): [key: string, log: number][] {
  const found: [string, number][] = [...partiesOf(tx)].map((party) => [`transactions ${party}`, -1]);
  for (const [log, { caller, to }] of (tx.outcome.call?.internals ?? []).entries()) {
    for (const party of new Set([caller, to])) found.push([`internal ${party}`, log]);
  }
  for (const [log, { address, topics }] of (tx.outcome.call?.logs ?? []).entries()) {
    found.push([`events 41${address}`, log]);
    const [signature = "", ...indexed] = topics;
    if (!MOVES.has(signature) || indexed.length !== 2) continue;
    for (const party of new Set(indexed.map((word) => `41${word.slice(24)}`)))
      found.push([`token moves ${party}`, log]);
  }
  return found;
}

/** The sender, and every address that the contract names. */
function partiesOf(tx: Included): Set<string> {
  const [contract] = decodeRawTransaction(tx.rawHex).contracts;
  const fields = Object.entries(contract?.value ?? {});
  return new Set(
    fields.flatMap(([name, value]) => (name.endsWith("_address") && typeof value === "string" ? [value] : [])),
  );
}
