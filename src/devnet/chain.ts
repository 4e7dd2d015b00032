/**
 * A running chain: what is committed, what waits, and the only ways to change either.
 *
 * H1. Blocks, forks, offers and simulations happen one after the other, in the order in which they were asked for: what
 *     executes takes turns of the event loop, and nothing may change under it. Plain reads need no lock: the head, its
 *     state and the pool move in one turn.
 * H2. Content depends on the seed and the calls, never on a wall clock or chance.
 */
import { Mutex } from "async-mutex";
import type { TxId } from "../domain/chain-facts.ts";
import { Fault } from "../domain/errors.ts";
import type { Backing } from "./backing.ts";
import type { Block, Header } from "./block.ts";
import { type BuiltBlock, ChainStore, type Extension, storedOrigin } from "./chain-store.ts";
import { type ChainIdentity, type Genesis, genesisOf, writeGenesis } from "./genesis.ts";
import type { Rejection } from "./outcome.ts";
import { Pool } from "./pool.ts";
import { buildBlock, type Draft, type Rules, slotOf, solidNumberOf } from "./producer.ts";
import { NO_TOTALS, Session, type View } from "./state.ts";
import { type Transaction, transactionOf } from "./transactions.ts";
import { simulatedUsdt } from "./usdt.ts";

export type ForkPlan = {
  /** Blocks to replace, counted from the head; at most those above the solidified one. */
  readonly depth: number;
  /** Transactions of the replaced blocks that the new branch does not know. */
  readonly drop?: readonly TxId[] | "all";
  /** Put the others back into the pool instead of the branch's blocks. */
  readonly move?: boolean;
  /** Blocks of the new branch; longer than `depth`, by default by one. */
  readonly length?: number;
};

/** Blocks that a new chain starts with beyond its lag, so that it has a solidified block with a real timestamp. */
const HEAD_START = 2;
/** Leaves the timestamps of different runs apart, so that equal transfers after a restart are not the same one. */
const TICKS_PER_START = 1_000_000;

export class Chain {
  readonly genesis: Genesis;
  readonly rules: Rules;
  readonly store: ChainStore;
  readonly pool: Pool;
  readonly #identity: ChainIdentity;
  readonly #changes = new Mutex();
  #missedSlots = 0;
  #censoring = false;
  #ticks: number;

  private constructor(parts: {
    identity: ChainIdentity;
    genesis: Genesis;
    rules: Rules;
    store: ChainStore;
    starts: number;
  }) {
    this.genesis = parts.genesis;
    this.rules = parts.rules;
    this.store = parts.store;
    this.#identity = parts.identity;
    this.#ticks = parts.starts * TICKS_PER_START;
    this.pool = new Pool(parts.store, parts.rules.contracts);
  }

  /** A stored chain goes on as it was; what was asked for differently is `Fault("config_invalid")`. */
  static async open(
    backing: Backing,
    asked: Partial<ChainIdentity>,
    defaults: ChainIdentity,
    solidLag?: number,
  ): Promise<Chain> {
    const stored = storedOrigin(backing);
    const identity: ChainIdentity = stored ?? { ...defaults, ...asked };
    for (const [name, value] of Object.entries(asked)) {
      if (Reflect.get(identity, name) !== value) {
        throw new Fault("config_invalid", `the stored devnet chain was started with another ${name}`);
      }
    }
    const genesis = genesisOf(identity);
    const usdt = simulatedUsdt({ address: genesis.usdt, owner: genesis.tokenOwner.address });
    const rules: Rules = { witnesses: genesis.witnesses, solidLag, contracts: new Map([[usdt.address, usdt]]) };
    const starts = (stored?.starts ?? -1) + 1;
    const origin = { ...identity, starts };
    const store = await ChainStore.open(backing, origin, () => begin(rules, genesis, identity));
    return new Chain({ identity, genesis, rules, store, starts });
  }

  /** A number that is larger at each call: what makes two equal transactions differ. */
  tick(): number {
    this.#ticks += 1;
    return this.#ticks;
  }

  /** Takes a transaction into the pool, or says why not. */
  offer(tx: Transaction): Promise<Rejection | undefined> {
    return this.#changes.runExclusive(() => this.pool.offer(tx));
  }

  /** Takes it in and loses it at once, with all that it did to the pending state. */
  offerAndLose(tx: Transaction): Promise<Rejection | undefined> {
    return this.#changes.runExclusive(async () => {
      const refused = await this.pool.offer(tx);
      if (refused !== undefined) return refused;
      const base = { head: this.store.head, state: this.store, blockId: this.#blockId };
      this.pool.adopt(await this.pool.prepare(base, { forget: [tx.id] }));
      return undefined;
    });
  }

  /** Runs something that executes and takes turns, while nothing on the chain changes. It must not ask for a change. */
  still<T>(run: () => T | Promise<T>): Promise<T> {
    return this.#changes.runExclusive(run);
  }

  /** The next block will come `count` slots later than it could. */
  missSlots(count: number): void {
    this.#missedSlots += count;
  }

  /** While on, blocks stay empty; what waits keeps waiting until the pool forgets it. */
  setCensoring(on: boolean): void {
    this.#censoring = on;
  }

  mine(): Promise<Header> {
    return this.#changes.runExclusive(async () => {
      const parent = this.store.head;
      const slot = slotOf(parent, this.#identity.genesisTimestamp) + 1 + this.#missedSlots;
      this.#missedSlots = 0;
      const session = new Session(this.store);
      const candidates = this.#censoring ? [] : this.pool.transactions();
      const draft = { parent, slot, candidates, blockId: this.#blockId };
      const built = await buildBlock(this.rules, draft, session);
      await this.#adopt([built], session, {});
      return built.block;
    });
  }

  /** Replaces the newest blocks by a longer branch. Its first block leaves out the slot of the one it replaces. */
  fork(plan: ForkPlan): Promise<void> {
    return this.#changes.runExclusive(async () => {
      const { depth, length = depth + 1 } = plan;
      const parent = this.store.block(this.store.head.number - depth);
      if (depth < 1 || parent === undefined || parent.number < this.store.solidNumber) {
        throw new RangeError(`only blocks above the solidified one can be replaced, not ${depth}`);
      }
      if (length <= depth) throw new RangeError("the new branch must be longer");
      const popped = this.#newest(depth);
      const kept = popped.map((block) => keptOf(block, plan));
      const session = this.#sessionBefore(popped);
      const branch: BuiltBlock[] = [];
      for (let at = 0; at < length; at += 1) {
        const draft = this.#branchDraft(branch, { parent, replaced: popped[0] ?? parent });
        const candidates = plan.move === true ? [] : (kept[at] ?? []);
        branch.push(await buildBlock(this.rules, { ...draft, candidates }, session));
      }
      await this.#adopt(branch, session, {
        forget: plan.drop === "all" || plan.drop === undefined ? [] : plan.drop,
        requeue: plan.move === true ? kept.flat() : [],
      });
    });
  }

  noted(name: string): unknown {
    return this.store.noted(name);
  }

  /** Keeps something beside the chain, across restarts and forks. */
  note(name: string, value: unknown): Promise<void> {
    return this.#changes.runExclusive(() => this.store.note(name, value));
  }

  close(): Promise<void> {
    return this.#changes.runExclusive(() => this.store.close());
  }

  readonly #blockId = (number: number): string | undefined => this.store.block(number)?.id;

  async #adopt(
    blocks: readonly BuiltBlock[],
    session: Session,
    waiting: { forget?: readonly string[]; requeue?: readonly Transaction[] },
  ): Promise<void> {
    const head = blocks.at(-1)?.block ?? this.store.head;
    const first = blocks[0]?.block.number ?? 0;
    const blockId = (number: number) => (number < first ? this.#blockId(number) : blocks[number - first]?.block.id);
    const pool = await this.pool.prepare({ head, state: session, blockId }, waiting);
    const solidNumber = solidNumberOf(this.rules, {
      headNumber: head.number,
      state: session,
      before: this.store.solidNumber,
    });
    await this.store.commit({ blocks, rows: session.writes, solidNumber }, () => this.pool.adopt(pool));
  }

  #newest(depth: number): Block[] {
    const numbers = Array.from({ length: depth }, (_, at) => this.store.head.number - depth + 1 + at);
    return numbers.flatMap((number) => this.store.block(number) ?? []);
  }

  #sessionBefore(popped: readonly Block[]): Session {
    const session = new Session(this.store);
    for (const block of popped.toReversed()) {
      for (const [key, row] of this.store.undo(block.number)) session.restore(key, row ?? undefined);
    }
    return session;
  }

  #branchDraft(branch: readonly BuiltBlock[], at: { parent: Header; replaced: Header }): Omit<Draft, "candidates"> {
    const before = branch.at(-1)?.block;
    const slot = slotOf(before ?? at.replaced, this.#identity.genesisTimestamp) + 1;
    const blockId = (number: number) =>
      number > at.parent.number ? branch[number - at.parent.number - 1]?.block.id : this.#blockId(number);
    return { parent: before ?? at.parent, slot, blockId };
  }
}

function keptOf(block: Block, plan: ForkPlan): Transaction[] {
  const { drop } = plan;
  if (drop === "all") return [];
  return block.transactions
    .filter((tx) => drop === undefined || !drop.includes(tx.id))
    .map((tx) => transactionOf(tx.rawHex, tx.signatures));
}

const NOTHING: View = { row: () => undefined };

async function begin(rules: Rules, genesis: Genesis, identity: ChainIdentity): Promise<Extension> {
  const session = new Session(NOTHING);
  writeGenesis(session, genesis, identity);
  session.write("g!totals", NO_TOTALS);
  const blocks: BuiltBlock[] = [{ block: genesis.block, undo: [] }];
  const lag = rules.solidLag ?? Math.floor(rules.witnesses.length * 0.7);
  for (let at = 0; at < lag + HEAD_START; at += 1) {
    const parent = blocks.at(-1)?.block ?? genesis.block;
    const slot = slotOf(parent, identity.genesisTimestamp) + 1;
    const blockId = (number: number) => blocks[number]?.block.id;
    blocks.push(await buildBlock(rules, { parent, slot, candidates: [], blockId }, session));
  }
  const headNumber = blocks.length - 1;
  return { blocks, rows: session.writes, solidNumber: solidNumberOf(rules, { headNumber, state: session, before: 0 }) };
}
