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
import { Branch, type Change } from "./branch.ts";
import { ChainStore, type Extension, storedOrigin } from "./chain-store.ts";
import { type ChainIdentity, type Genesis, genesisOf, writeGenesis } from "./genesis.ts";
import type { Rejection } from "./outcome.ts";
import { SLOT_MS } from "./parameters.ts";
import { Pool } from "./pool.ts";
import { nextTime, type Rules, solidNumberOf } from "./producer.ts";
import { periodOf } from "./rewards.ts";
import { NO_TOTALS, read, Session, type View } from "./state.ts";
import { type Transaction, transactionOf } from "./transactions.ts";
import { contractKey } from "./evm/contract-keys.ts";
import { Tvm } from "./evm/tvm.ts";

export type ForkPlan = {
  /** Blocks to replace, counted from the head; at most those above the solidified one. */
  readonly depth: number;
  /** Transactions of the replaced blocks that the new branch does not know. */
  readonly drop?: readonly TxId[] | "all";
  /** Put the others back into the pool instead of the branch's blocks. */
  readonly move?: boolean;
  /** Transactions that only the new branch has, in its first block; what may not enter there is left out. */
  readonly extra?: readonly Transaction[];
  /** Blocks of the new branch; longer than `depth`, by default by one. */
  readonly length?: number;
};

/** Blocks that a new chain starts with beyond its lag, so that it has a solidified block with a real timestamp. */
const HEAD_START = 2;
/** Ten years: some 15,000 maintenance periods. */
const ADVANCE_MS_MAX = 10 * 366 * 86_400_000;
/** Leaves the timestamps of different runs apart, so that equal transfers after a restart are not the same one. */
const TICKS_PER_START = 1_000_000;

export class Chain {
  readonly genesis: Genesis;
  readonly rules: Rules;
  readonly store: ChainStore;
  readonly pool: Pool;
  readonly #changes = new Mutex();
  #missedSlots = 0;
  #censoring = false;
  #ticks: number;

  private constructor(parts: { genesis: Genesis; rules: Rules; store: ChainStore; starts: number }) {
    this.genesis = parts.genesis;
    this.rules = parts.rules;
    this.store = parts.store;
    this.#ticks = parts.starts * TICKS_PER_START;
    this.pool = new Pool(parts.store, parts.rules.vm);
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
    const rules = rulesOf(genesis, identity, { solidLag, vm: new Tvm(genesis.block.id) });
    const starts = (stored?.starts ?? -1) + 1;
    const origin = { ...identity, starts };
    const store = await ChainStore.open(backing, origin, () => begin(rules, genesis, identity));
    if (read(store, contractKey(genesis.usdt)) === undefined) {
      throw new Fault("config_invalid", "the stored devnet chain was made by an earlier version; remove its directory");
    }
    return new Chain({ genesis, rules, store, starts });
  }

  /** A number that is larger at each call: what makes two equal transactions differ. */
  tick(): number {
    this.#ticks += 1;
    return this.#ticks;
  }

  /** The newest number that `tick` gave. */
  get ticks(): number {
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
    return this.#next((branch, timestamp) => branch.add(timestamp, this.#candidates()));
  }

  /** Mines a block that begins with a change that no transaction could make. A fork that replaces it undoes the change. */
  intervene(change: Change): Promise<Header> {
    return this.#next((branch, timestamp) => branch.addChanged(timestamp, this.#candidates(), change));
  }

  #next(add: (branch: Branch, timestamp: number) => Promise<void>): Promise<Header> {
    return this.#changes.runExclusive(async () => {
      const branch = this.#branch(this.store.head, new Session(this.store));
      const timestamp = nextTime(this.rules, branch.session, { parent: branch.head, missed: this.#missedSlots });
      this.#missedSlots = 0;
      await add(branch, timestamp);
      await this.#adopt(branch, {});
      return branch.head;
    });
  }

  /**
   * Lets `ms` go by: slots are missed up to the last one, except those that end a maintenance period, so that votes and
   * rewards are counted as often as they would have been. What waits is in the first of these blocks.
   */
  advance(ms: number): Promise<Header> {
    return this.#changes.runExclusive(async () => {
      if (!(ms >= 0 && ms <= ADVANCE_MS_MAX)) {
        throw new RangeError(`time goes forward, by ${ADVANCE_MS_MAX} ms at most`);
      }
      const branch = this.#branch(this.store.head, new Session(this.store));
      const until = branch.head.timestamp + ms;
      this.#missedSlots = 0;
      let candidates = this.#candidates();
      do {
        const { nextMaintenance } = periodOf(branch.session);
        // The slot at or after the end of the period makes the maintenance.
        const due = Math.ceil(nextMaintenance / SLOT_MS) * SLOT_MS;
        await branch.add(Math.min(due, until), candidates);
        candidates = [];
      } while (branch.head.timestamp + SLOT_MS <= until);
      await this.#adopt(branch, {});
      return branch.head;
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
      const branch = this.#branch(parent, this.#sessionBefore(popped));
      for (let at = 0; at < length; at += 1) {
        // Never earlier than the block it replaces: time does not go back for who follows the head.
        const after = (popped[at]?.timestamp ?? branch.head.timestamp) + SLOT_MS;
        const own = at === 0 ? (plan.extra ?? []) : [];
        await branch.add(after, [...own, ...(plan.move === true ? [] : (kept[at] ?? []))]);
      }
      await this.#adopt(branch, {
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

  #candidates(): readonly Transaction[] {
    return this.#censoring ? [] : this.pool.transactions();
  }

  #branch(parent: Header, session: Session): Branch {
    return new Branch({ rules: this.rules, parent, session, below: this.#blockId });
  }

  async #adopt(
    { head, session, blocks, blockId }: Branch,
    waiting: { forget?: readonly string[]; requeue?: readonly Transaction[] },
  ): Promise<void> {
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
  await writeGenesis(session, { genesis, identity, vm: rules.vm });
  session.write("g!totals", NO_TOTALS);
  const blockId = (number: number) => (number === 0 ? genesis.block.id : undefined);
  const branch = new Branch({ rules, parent: genesis.block, session, below: blockId });
  const lag = rules.solidLag ?? Math.floor(rules.seats * 0.7);
  for (let at = 0; at < lag + HEAD_START; at += 1) await branch.add(0, []);
  const blocks = [{ block: genesis.block, undo: [] }, ...branch.blocks];
  const headNumber = branch.head.number;
  return { blocks, rows: session.writes, solidNumber: solidNumberOf(rules, { headNumber, state: session, before: 0 }) };
}

function rulesOf(
  genesis: Genesis,
  { witnesses: seats, genesisTimestamp }: ChainIdentity,
  given: Pick<Rules, "solidLag" | "vm">,
): Rules {
  const keys = new Map(genesis.witnesses.map(({ address, privateKey }) => [address, privateKey]));
  const keyOf = (witness: string) => keys.get(witness) ?? genesis.standIn.privateKey;
  return { seats, genesisTimestamp, keyOf, ...given };
}
