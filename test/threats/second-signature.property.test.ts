/**
 * Threat A2: nothing new is signed for a payment while older bytes can still land. Whenever the signer is asked, the
 * disk is read: each earlier signed attempt has to be dead by a proof that is recorded there. The world also tells
 * proofs that prove too little.
 */
import { expect, test } from "vitest";
import type { AbsenceProof } from "../../src/domain/chain-facts.ts";
import type { ActorAddress, Message } from "../../src/domain/records.ts";
import type { PayoutContext } from "../../src/machines/payout-context.ts";
import type { TransactionContext } from "../../src/machines/transaction-context.ts";
import type { SigningOrder } from "../../src/ports/world.ts";
import { ChaosWorld } from "../support/chaos-world.ts";
import { memoryStore, openWallet, payoutInput, send, startRig, type Rig } from "../support/engine.ts";
import { drain, ManualClock } from "../support/manual-clock.ts";
import { mortal, type MortalStore } from "../support/mortal-store.ts";
import { Random } from "../support/random.ts";

const RUNS = 120;
const ACTIONS = 60;
const PAYOUTS = 3;

class Run {
  readonly complaints: string[] = [];
  later = 0;
  readonly random: Random;
  readonly world: ChaosWorld;
  private readonly disk = memoryStore();
  private readonly clock = new ManualClock();
  private process: MortalStore | undefined;
  private rig: Rig | undefined;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.world = new ChaosWorld(this.random);
    this.world.onSign = (order) => this.inspect(order);
  }

  async play(): Promise<void> {
    await this.boot();
    await openWallet(this.engine);
    for (let i = 0; i < PAYOUTS; i += 1) this.order(i);
    for (let i = 0; i < ACTIONS; i += 1) {
      await this.act();
      await drain(this.random.below(8));
    }
  }

  private get engine(): Rig {
    if (this.rig === undefined) throw new Error("no engine");
    return this.rig;
  }

  private async boot(): Promise<void> {
    this.process = mortal(this.disk, {
      writeTurns: () => this.random.below(3),
      landsAnyway: () => this.random.chance(0.5),
    });
    const { store } = this.process;
    this.rig = await startRig({ store, world: this.world, clock: this.clock });
  }

  private order(i: number): void {
    const create = payoutInput(`po_${i}`, { to: `payee ${i}` });
    const idempotency = { key: `order ${i}`, fingerprint: "f" };
    const respond = () => ({ keep: { status: 202, body: "taken" } });
    void this.engine.engine.request({ to: { kind: "payout", id: `po_${i}` }, create, idempotency, respond });
  }

  private async act(): Promise<void> {
    const { random, world } = this;
    const exposed = [...world.exposed.values()];
    const tx = exposed.length === 0 ? undefined : random.pick(exposed);
    switch (random.below(9)) {
      case 0:
        this.process?.die();
        await drain(6);
        world.forgetWatches();
        await this.boot();
        return this.order(random.below(PAYOUTS));
      case 1:
        return tx === undefined || random.chance(0.7) ? undefined : world.land(tx);
      case 2:
        return tx === undefined ? undefined : world.orphan(tx);
      case 3:
        return world.solidifyTo(world.solid + 1 + random.below(40));
      case 4:
        return this.clock.advance(random.below(70_000));
      case 5:
        void send(this.engine, "payout", `po_${random.below(PAYOUTS)}`, { type: "payout.retry", by: "token-b" });
        return;
      case 6:
        return this.tellTooLittle();
      default: {
        const facts = world.takeFacts(1 + random.below(3));
        if (facts.length > 0) void this.engine.engine.deliver(facts);
      }
    }
  }

  /** A proof that ends too early, begins too late, or has a hole at its end. */
  private tellTooLittle(): void {
    const { random, world } = this;
    const watches = [...world.watches.values()];
    if (watches.length === 0) return;
    const { actor, expiration, referenceNumber } = random.pick(watches);
    const number = world.solid + 50;
    const whole: AbsenceProof = {
      solidNumber: number,
      solidId: "e".repeat(64),
      solidTimestamp: expiration,
      scannedFrom: referenceNumber + 1,
      scannedTo: number,
    };
    const lacking = random.pick([
      { solidTimestamp: expiration - 1 },
      { scannedFrom: referenceNumber + 2 },
      { scannedTo: number - 1 },
    ]);
    const message: Message = { type: "chain.expired", proof: { ...whole, ...lacking } };
    void this.engine.engine.deliver([{ actor, message }]);
  }

  private async inspect(order: SigningOrder): Promise<void> {
    const self = { kind: "payout", id: `po_${order.to.slice("payee ".length)}` };
    const payout = this.disk.record(self)?.context as PayoutContext | undefined;
    const earlier = payout?.attempts.slice(0, -1) ?? [];
    const journal = await this.disk.journal(self, { afterRevision: 0, limit: 10_000 });
    const ends = journal.filter(({ event }) => /^transaction\.(expired|reverted|failed)$/.test(event.type)).length;
    if (ends < earlier.length)
      this.complaints.push(`${self.id} is signed again, its journal has ${ends} ends of ${earlier.length} attempts`);
    for (const { transaction } of earlier) {
      this.later += 1;
      const why = this.whyAlive({ kind: "transaction", id: transaction });
      if (why !== undefined) this.complaints.push(`${self.id} is signed again, ${transaction} ${why}`);
    }
  }

  /** Why the recorded attempt may still land; `undefined` when the disk has the proof that it cannot. */
  private whyAlive(actor: ActorAddress): string | undefined {
    const record = this.disk.record(actor);
    if (record === undefined) return "is not on disk";
    const { signedHex, proof, inclusion, expiration, reference } = record.context as TransactionContext;
    if (signedHex === undefined) return undefined;
    if (record.state === "reverted") return inclusion?.result === "SUCCESS" ? "succeeded" : undefined;
    if (proof === undefined) return `has no proof in ${JSON.stringify(record.state)}`;
    if (proof.solidTimestamp < (expiration ?? Infinity)) return "has a proof from before its expiration";
    if (proof.scannedFrom > (reference?.number ?? 0) + 1) return "has a proof that begins too late";
    return proof.scannedTo < proof.solidNumber ? "has a proof with a hole" : undefined;
  }
}

test("no second signature is asked for before the disk has the proof that the earlier bytes are dead", async () => {
  let later = 0;
  for (let seed = 1; seed <= RUNS; seed += 1) {
    const run = new Run(seed);
    await run.play();
    expect([...run.complaints, ...run.world.violations], `seed ${seed}`).toEqual([]);
    later += run.later;
  }
  // Runs without a second attempt prove nothing.
  expect(later).toBeGreaterThan(RUNS / 4);
});
