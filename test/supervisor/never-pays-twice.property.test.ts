/** Payouts, transactions, wallet and batch together through the production engine, in a world that does its worst. */
import { describe, expect, test } from "vitest";
import { add, big, units, type Units } from "../../src/domain/money.ts";
import type { ActorAddress, ActorRecord, StoredReply } from "../../src/domain/records.ts";
import type { Ledger } from "../../src/machines/ledger.ts";
import type { PayoutBatchContext } from "../../src/machines/payout-batch.machine.ts";
import type { PayoutContext } from "../../src/machines/payout-context.ts";
import type { Store } from "../../src/ports/store.ts";
import type { EngineAnswer } from "../../src/supervisor/facade.ts";
import { ChaosWorld } from "../support/chaos-world.ts";
import { memoryStore, openWallet, PAYER, payoutInput, send, startRig, type Rig } from "../support/engine.ts";
import { entryOf, replay } from "../support/kernel.ts";
import { drain, ManualClock } from "../support/manual-clock.ts";
import { mortal, type MortalStore } from "../support/mortal-store.ts";
import { Random } from "../support/random.ts";

const RUNS = 300;
const ACTIONS = 50;
const ENDED = new Set(["confirmed", "rejected", "cancelled", "failed", "needs_attention"]);

class Run {
  readonly random: Random;
  readonly world: ChaosWorld;
  readonly disk: Store = memoryStore();
  readonly clock = new ManualClock();
  readonly answers = new Map<string, StoredReply["body"]>();
  readonly complaints: string[] = [];
  readonly payouts: string[] = [];
  /** Ids of the payouts of each batch that was asked for. */
  readonly batches = new Map<string, readonly string[]>();
  private rig: Rig | undefined;
  private process: MortalStore | undefined;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.world = new ChaosWorld(this.random);
  }

  get engine(): Rig {
    if (this.rig === undefined) throw new Error("no engine");
    return this.rig;
  }

  async boot(): Promise<void> {
    this.process = mortal(this.disk, {
      writeTurns: () => this.random.below(3),
      landsAnyway: () => this.random.chance(0.5),
    });
    const { store } = this.process;
    const { world, clock } = this;
    const cacheMax = this.random.pick([2, 1_000]);
    const onFatal = (error: unknown) => this.complaints.push(`fatal: ${String(error)}`);
    this.rig = await startRig({ store, world, clock, cacheMax, onFatal });
  }

  /** kill -9: nothing is said to anybody, and whatever was under way may have happened. */
  async crash(): Promise<void> {
    this.process?.die();
    // The write under way lands now or never: no dead process writes beside a living one.
    await drain(6);
    this.world.forgetWatches();
    await this.boot();
  }

  async act(): Promise<void> {
    const { random, world, engine } = this;
    const exposed = [...world.exposed.values()];
    const tx = exposed.length === 0 ? undefined : random.pick(exposed);
    switch (random.below(18)) {
      case 0:
      case 1:
        return this.order(`po_${this.payouts.length}`);
      case 2:
        return this.payouts.length === 0 ? undefined : this.order(random.pick(this.payouts));
      case 3:
        return this.operate("payout.cancel");
      case 4:
        return this.operate("payout.retry");
      case 5:
        return this.operate("payout.approve");
      case 6:
        return random.chance(0.3) ? this.operate("payout.reject") : undefined;
      case 7:
        void send(engine, "wallet", "wal_1", { type: random.pick(["wallet.freeze", "wallet.unfreeze"]), reason: "r" });
        return;
      case 8:
        return this.crash();
      case 9:
      case 10:
        return tx === undefined ? undefined : world.land(tx);
      case 11:
        return tx === undefined ? undefined : world.orphan(tx);
      case 12:
        return world.solidifyTo(world.solid + 1 + random.below(15));
      case 13:
        return this.clock.advance(random.below(70_000));
      case 14:
        void engine.engine.restart(
          random.pick(["tron-client", "wallet-manager", "usdt-manager", "payout-router"]),
          "t",
        );
        return;
      case 15:
        return void send(engine, "wallet", "wal_1", { type: "wallet.refresh" });
      case 16:
        return this.batch();
      default:
        return this.tellFacts();
    }
  }

  tellFacts(count = 1 + this.random.below(3)): void {
    const facts = this.world.takeFacts(count);
    if (facts.length > 0) void this.engine.engine.deliver(facts);
  }

  /** The same id is always the same order, so that asking again must give the same answer. */
  private order(id: string): void {
    if (!this.payouts.includes(id)) this.payouts.push(id);
    const number = Number(id.slice(3));
    const input = payoutInput(id, {
      to: `payee of ${id}`,
      amount: units(BigInt(10_000_000 + number * 1_000_000)),
      needsApproval: number % 3 === 1,
      asset: number % 5 === 4 ? "TRX" : "USDT",
    });
    const asked = this.engine.engine.request({
      to: { kind: "payout", id },
      create: input,
      idempotency: { key: `key-of-${id}`, fingerprint: "f" },
      isNamedByKey: true,
      respond: ({ record }) =>
        record.tag === "rejected"
          ? { discard: (record.context as { reason: never }).reason }
          : { keep: { status: 202, body: { id, status: record.tag } } },
    });
    void asked.then((answer) => this.compare(id, answer));
  }

  private compare(id: string, answer: EngineAnswer): void {
    if ("refusal" in answer) return;
    const before = this.answers.get(id);
    if (before === undefined) this.answers.set(id, answer.body);
    else if (JSON.stringify(before) !== JSON.stringify(answer.body)) this.complaints.push(`${id} got another answer`);
  }

  private batch(): void {
    if (this.payouts.length > 12 || this.random.chance(0.5)) return;
    const first = this.payouts.length;
    const lines = [0, 1].map((i) => ({
      payoutId: `po_${first + i}`,
      lineId: String(i),
      to: `payee of po_${first + i}`,
      amount: units(BigInt(10_000_000 + (first + i) * 1_000_000)),
      hash: `hash-of-po_${first + i}`,
      needsApproval: i === 1,
    }));
    this.payouts.push(...lines.map((line) => line.payoutId));
    const id = `batch_${first}`;
    this.batches.set(
      id,
      lines.map((line) => line.payoutId),
    );
    const create = {
      self: { kind: "payoutBatch", id },
      mode: this.random.pick(["all_or_nothing", "best_effort"]),
      walletId: "wal_1",
      from: PAYER,
      asset: "USDT",
      feeReserveSun: units(15_000_000n),
      createdBy: "token-a",
      lines,
      invalid: [],
    };
    void this.engine.engine.request({
      to: { kind: "payoutBatch", id },
      create,
      respond: ({ record }) => ({ keep: { status: 202, body: record.id } }),
    });
  }

  private operate(type: string): void {
    if (this.payouts.length === 0) return;
    const id = this.random.pick(this.payouts);
    void send(this.engine, "payout", id, { type, by: "token-b", hash: `hash-of-${id}` });
  }

  /** The world comes to its senses and time passes until nobody moves. */
  async settle(): Promise<void> {
    this.world.calm = true;
    for (let round = 0; round < 40; round += 1) {
      await drain();
      this.payouts.forEach((id) => {
        const record = this.recordOf(id);
        if (record?.tag === "awaiting_approval")
          void send(this.engine, "payout", id, { type: "payout.approve", by: "token-b", hash: `hash-of-${id}` });
        if (round < 3 && (record?.tag === "failed" || record?.tag === "needs_attention"))
          void send(this.engine, "payout", id, { type: "payout.retry", by: "token-b" });
      });
      void send(this.engine, "wallet", "wal_1", { type: "wallet.unfreeze" });
      await drain();
      for (const tx of this.world.exposed.values()) if (this.random.chance(0.7)) this.world.land(tx);
      this.world.solidifyTo(this.world.head);
      while (this.world.factsWaiting > 0) {
        this.tellFacts(100);
        await drain();
      }
      await this.clock.advance(61_000);
      if (round > 3 && this.payouts.every((id) => isAtRest(this.recordOf(id)))) return;
    }
  }

  recordOf(id: string): ActorRecord | undefined {
    return this.disk.record({ kind: "payout", id });
  }
}

/** Ended, or waiting for the rolling limit to give way, and saying so. */
function isAtRest(record: ActorRecord | undefined): boolean {
  if (record === undefined || ENDED.has(record.tag)) return true;
  return record.tag === "approved" && (record.context as PayoutContext).reason?.code === "daily_limit_exceeded";
}

/** Everything that has to be true at the end, as sentences about what is not. */
async function audit(run: Run): Promise<string[]> {
  const wrong = [...run.complaints, ...run.world.violations];
  const { engine } = run.engine;
  if (engine.status().poisoned > 0) wrong.push(`poison: ${JSON.stringify(await run.disk.deadLetters({ limit: 1 }))}`);
  for (const id of run.payouts) {
    const record = run.recordOf(id);
    const paid = run.world.paid.get(`payee of ${id}`) ?? 0;
    if (paid > 1) wrong.push(`${id} was paid ${paid} times`);
    if (record === undefined) {
      if (paid > 0 || run.answers.has(id)) wrong.push(`${id} was forgotten`);
      continue;
    }
    if ((record.tag === "confirmed") !== (paid === 1)) wrong.push(`${id} is ${record.tag} and was paid ${paid} times`);
    if (!isAtRest(record)) wrong.push(`${id} never ended: ${JSON.stringify(record.state)}`);
    for (const { transaction } of (record.context as PayoutContext).attempts)
      wrong.push(...(await replayed(run, { kind: "transaction", id: transaction })));
    wrong.push(...(await replayed(run, { kind: "payout", id })));
  }
  for (const [id, payouts] of run.batches) wrong.push(...(await batchProblems(run, id, payouts)));
  wrong.push(...ledgerProblems(run), ...(await replayed(run, { kind: "wallet", id: "wal_1" })));
  const left = (await run.disk.outboxSources()).filter((source) => source !== "readBalances");
  if (left.length > 0) wrong.push(`effects left: ${left.join()}`);
  return wrong;
}

/** A batch counts exactly what became of its lines; one that was never answered, or refused, has none. */
async function batchProblems(run: Run, id: string, payouts: readonly string[]): Promise<string[]> {
  const batch = run.disk.record({ kind: "payoutBatch", id });
  // A line whose batch was lost with its process may have been ordered again, by itself.
  const tags = payouts.flatMap((payout) => {
    const record = run.recordOf(payout);
    return (record?.context as PayoutContext | undefined)?.batch?.id === id ? (record?.tag ?? []) : [];
  });
  if (batch === undefined || batch.tag === "rejected") return tags.length === 0 ? [] : [`${id} has lines all the same`];
  const ended = Map.groupBy(
    tags.filter((tag) => ENDED.has(tag)),
    (tag) => tag,
  );
  const { counts } = batch.context as PayoutBatchContext;
  const wrong = [...ENDED].flatMap((tag) => {
    const there = ended.get(tag)?.length ?? 0;
    return (counts[tag] ?? 0) === there ? [] : [`${id} counts ${counts[tag]} ${tag}, there are ${there}`];
  });
  const isOver = tags.every((tag) => ENDED.has(tag));
  if (tags.length !== payouts.length || (batch.tag === "finished") !== isOver)
    wrong.push(`${id} is ${batch.tag} with ${tags.join()}`);
  return [...wrong, ...(await replayed(run, { kind: "payoutBatch", id }))];
}

async function replayed(run: Run, actor: ActorAddress): Promise<string[]> {
  const journal = await run.disk.journal(actor, { afterRevision: 0, limit: 10_000 });
  const told = JSON.stringify(sorted(replay(entryOf(actor.kind), actor, journal)));
  const stored = JSON.stringify(sorted(run.disk.record(actor)));
  return told === stored ? [] : [`${actor.kind} ${actor.id} replays as ${told}, is ${stored}`];
}

function ledgerProblems(run: Run): string[] {
  const wallet = run.disk.record({ kind: "wallet", id: "wal_1" });
  if (wallet === undefined) return ["the wallet was forgotten"];
  const { ledger } = wallet.context as { ledger: Ledger };
  const wrong: string[] = [];
  for (const asset of ["usdt", "trx"] as const) {
    const { onChain, reserved, inFlight } = ledger[asset];
    const spent = ledger.spent.reduce((sum, entry) => add(sum, entry[asset]), units(0n));
    if (reserved !== "0" || inFlight !== "0") wrong.push(`${asset}: ${reserved} reserved, ${inFlight} in flight`);
    const believed: bigint = big(onChain) - big(spent);
    const real: Units = run.world[asset];
    if (believed !== big(real)) wrong.push(`${asset}: the wallet believes ${believed}, the chain says ${real}`);
    if (spent !== ledger.spentSum[asset]) wrong.push(`${asset}: the sum of spent is wrong`);
  }
  return wrong;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => [name, sorted(field)]),
  );
}

async function play(seed: number): Promise<{ run: Run; wrong: string[] }> {
  const run = new Run(seed);
  await run.boot();
  await openWallet(run.engine, run.random.chance(0.5) ? { daily: units(200_000_000n) } : {});
  await drain();
  for (let i = 0; i < ACTIONS; i += 1) {
    await run.act();
    await drain(run.random.below(8));
  }
  await run.settle();
  return { run, wrong: await audit(run) };
}

describe("whatever the world and the operators do", () => {
  test("nobody is paid twice, nobody is forgotten, and the wallet's books equal the chain", async () => {
    const first = Number(process.env["CHAOS_SEED"] ?? 1);
    const runs = process.env["CHAOS_SEED"] === undefined ? RUNS : 1;
    const ends = new Map<string, number>();
    let finished = 0;
    for (let seed = first; seed < first + runs; seed += 1) {
      const { run, wrong } = await play(seed);
      expect(wrong, `CHAOS_SEED=${seed}`).toEqual([]);
      for (const id of run.batches.keys())
        if (run.disk.record({ kind: "payoutBatch", id })?.tag === "finished") finished += 1;
      for (const id of run.payouts) {
        const tag = run.recordOf(id)?.tag ?? "refused";
        ends.set(tag, (ends.get(tag) ?? 0) + 1);
      }
    }
    // Runs in which nothing happens prove nothing.
    if (runs > 1) for (const tag of ["confirmed", "cancelled", "refused"]) expect(ends.get(tag)).toBeGreaterThan(30);
    if (runs > 1) expect(finished).toBeGreaterThan(30);
  });
});
