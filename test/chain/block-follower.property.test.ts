/** Any schedule of blocks, forks, lag, failures, restarts and late watches: what the follower says is true, and it says it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Fault } from "../../src/domain/errors.ts";
import { FakeChain, txIdOf } from "./fake-chain.ts";
import { FollowerHarness } from "./follower-harness.ts";

const NAMES = ["t0", "t1", "t2", "t3", "t4", "t5"];
const name = fc.constantFrom(...NAMES);
const SOLID_LAG = 4;

const operation = fc.oneof(
  fc.record({ op: fc.constant("step" as const), times: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ op: fc.constant("mine" as const), names: fc.subarray(NAMES), missed: fc.constantFrom(0, 0, 0, 1, 8) }),
  fc.record({ op: fc.constant("jump" as const), count: fc.constantFrom(2, 5, 12, 30, 60) }),
  fc.record({
    op: fc.constant("fork" as const),
    depth: fc.integer({ min: 1, max: SOLID_LAG }),
    longer: fc.integer({ min: 1, max: 2 }),
    keep: fc.boolean(),
    /** Requests of the follower that pass before the fork happens: 0 is at once, more is in the middle of a step. */
    after: fc.constantFrom(0, 0, 1, 2, 3, 5),
  }),
  fc.record({ op: fc.constant("watch" as const), name, validBlocks: fc.integer({ min: 1, max: 25 }) }),
  fc.record({ op: fc.constant("lag" as const), head: fc.constantFrom(0, 0, 1, 6), solid: fc.constantFrom(0, 0, 2, 9) }),
  fc.record({ op: fc.constant("hideReceipts" as const), hidden: fc.boolean() }),
  fc.record({ op: fc.constant("nodeFault" as const), after: fc.integer({ min: 0, max: 4 }) }),
  fc.record({ op: fc.constant("refuseDelivery" as const), times: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ op: fc.constant("restart" as const) }),
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

class Schedule {
  readonly harness = new FollowerHarness(new FakeChain({ blocks: 20, solidLag: SOLID_LAG }), {
    catchUpPage: 4,
    pagesPerStep: 3,
    catchUpAbove: 12,
    catchUpLeg: 9,
  });
  /** What was wrong; empty in a good run. */
  readonly problems: string[] = [];
  readonly watched = new Map<string, { reference: number; expiration: number }>();
  private solidSeen = 0;
  private refusals = 0;
  private ambush: { after: number; run: () => void } | undefined;
  private readonly outstanding = new Set<string>();

  constructor() {
    const { chain, cursors } = this.harness;
    chain.onCall = () => {
      this.solidSeen = Math.max(this.solidSeen, chain.solid);
      if (this.ambush === undefined) return;
      this.ambush.after -= 1;
      if (this.ambush.after > 0) return;
      const { run } = this.ambush;
      this.ambush = undefined;
      run();
    };
    this.harness.onDeliver = (messages) => {
      const keys = messages.map(({ actor, message }) => `${actor.id} ${JSON.stringify(message)}`);
      if (this.refusals > 0) {
        this.refusals -= 1;
        for (const key of keys) this.outstanding.add(key);
        throw new Fault("engine_busy");
      }
      for (const key of keys) this.outstanding.delete(key);
    };
    const push = cursors.push.bind(cursors);
    cursors.push = (...saved) => {
      for (const message of this.outstanding) this.problems.push(`the cursor passed ${message}`);
      if ((saved[0]?.number ?? 0) < (cursors.at(-1)?.number ?? 0)) this.problems.push("the cursor moved back");
      return push(...saved);
    };
  }

  async run(operation: Operation): Promise<void> {
    const { harness } = this;
    const { chain } = harness;
    switch (operation.op) {
      case "step":
        for (let i = 0; i < operation.times; i += 1) await harness.follower.step().catch(this.onlyFaults);
        break;
      case "mine":
        this.mine(operation.names, operation.missed);
        break;
      case "jump":
        chain.mine(operation.count);
        break;
      case "fork":
        if (operation.after === 0) this.fork(operation);
        else this.ambush = { after: operation.after, run: () => this.fork(operation) };
        break;
      case "watch": {
        if (this.watched.has(operation.name)) break;
        const terms = { reference: chain.solid, expiration: chain.timeOf(chain.head) + operation.validBlocks * 3_000 };
        this.watched.set(operation.name, terms);
        if (operation.validBlocks % 3 !== 0) harness.watch(operation.name, terms);
        break;
      }
      case "lag":
        chain.headDelay = operation.head;
        chain.solidDelay = operation.solid;
        break;
      case "hideReceipts":
        if (operation.hidden) for (let i = 0; i < 6; i += 1) chain.withoutReceipts.add(chain.head + i - 2);
        else chain.withoutReceipts.clear();
        break;
      case "nodeFault":
        this.ambush = { after: operation.after + 1, run: () => (chain.nextFault = new Fault("chain_timeout")) };
        break;
      case "refuseDelivery":
        this.refusals = operation.times;
        break;
      case "restart":
        harness.restart();
        this.watchAgain();
        break;
    }
  }

  /** The trouble ends, the chain goes on, the process restarts once more; then everything has to be known. */
  async settle(): Promise<void> {
    const { chain, follower } = this.harness;
    this.ambush = undefined;
    this.refusals = 0;
    chain.headDelay = chain.solidDelay = 0;
    chain.nextFault = undefined;
    chain.withoutReceipts.clear();
    this.watchAgain();
    const latest = Math.max(0, ...[...this.watched.values()].map((terms) => terms.expiration));
    do chain.mine(10);
    while (chain.timeOf(chain.solid) < latest);
    const isSettled = () => {
      const { phase, lagBlocks, watched, solid } = follower.status();
      return phase === "following" && lagBlocks === 0 && watched === 0 && solid === chain.solid;
    };
    for (let i = 0; i < 1_000 && !isSettled(); i += 1) await follower.step();
  }

  check(): void {
    const { chain, cursors, follower } = this.harness;
    const { phase, lagBlocks } = follower.status();
    if (phase !== "following" || lagBlocks !== 0) this.problems.push(`${phase}, ${lagBlocks} blocks behind`);
    for (const watchedName of this.watched.keys()) this.checkTransaction(watchedName);
    for (const cursor of cursors) {
      if (cursor.id !== chain.at(cursor.number).id) this.problems.push(`cursor ${cursor.number} is not on the chain`);
    }
  }

  private checkTransaction(watchedName: string): void {
    const { chain, told } = this.harness;
    const block = chain.blockOf(txIdOf(watchedName));
    const about = told.filter((entry) => entry.id === watchedName);
    const expired = about.some((entry) => entry.type === "chain.expired");
    const solidified = about.filter((entry) => entry.type === "chain.solidified");
    const where = block === undefined ? "no block" : `block ${block.number}`;
    if (expired !== (block === undefined))
      this.problems.push(`${watchedName} is in ${where}; expired was told: ${expired}`);
    if (solidified.length > 0 !== (block !== undefined)) {
      this.problems.push(`${watchedName} is in ${where}; solidified was told ${solidified.length} times`);
    }
    if (solidified.some((entry) => entry.inclusion?.blockId !== block?.id)) {
      this.problems.push(`${watchedName} was told a solidified block that is not on the chain`);
    }
  }

  private mine(names: readonly string[], missed: number): void {
    const { chain } = this.harness;
    const parentTime = chain.timeOf(chain.head);
    // The chain's own rule: the parent is older than the expiration, and a transaction is in one block only.
    const valid = names.filter((candidate) => {
      const terms = this.watched.get(candidate);
      return terms !== undefined && parentTime < terms.expiration && chain.blockOf(txIdOf(candidate)) === undefined;
    });
    chain.mineWith(valid, missed);
  }

  private fork(plan: { depth: number; longer: number; keep: boolean }): void {
    const { chain } = this.harness;
    this.solidSeen = Math.max(this.solidSeen, chain.solid);
    const depth = Math.min(plan.depth, chain.head - this.solidSeen);
    if (depth <= 0) return;
    const cut = new Set(chain.cut(depth));
    const popped = NAMES.filter((candidate) => cut.has(txIdOf(candidate)));
    for (let i = 0; i < depth + plan.longer; i += 1) this.mine(plan.keep && i === 1 ? popped : [], 0);
  }

  /** What was queued for the watches before is gone; what it said is found again, perhaps with a newer proof. */
  private watchAgain(): void {
    this.outstanding.clear();
    for (const [watchedName, terms] of this.watched) this.harness.watch(watchedName, terms);
  }

  private readonly onlyFaults = (error: unknown): void => {
    if (!(error instanceof Fault)) throw error;
  };
}

test("no included transaction is called expired, each one is told its solidified block, and no message is passed by", async () => {
  const schedules = fc.array(operation, { minLength: 10, maxLength: 60, size: "max" });
  const property = fc.asyncProperty(schedules, async (operations) => {
    const schedule = new Schedule();
    for (const next of operations) await schedule.run(next);
    await schedule.settle();
    schedule.check();
    return schedule.problems.length === 0;
  });
  const details = await fc.check(property, { numRuns: 500 });
  expect(fc.defaultReportMessage(details)).toBeUndefined();
});
