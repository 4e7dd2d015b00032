/**
 * Threat A1: a node takes the bytes and its answer says something else. For each such answer the process is killed at
 * each edge of each commit of the payment's life, and the chain either includes the bytes or lets them expire.
 */
import { describe, expect, test } from "vitest";
import type { BroadcastOutcome } from "../../src/domain/chain-facts.ts";
import { Fault } from "../../src/domain/errors.ts";
import { ChaosWorld } from "../support/chaos-world.ts";
import { memoryStore, openWallet, PAYEE, payoutInput, startRig, type Rig } from "../support/engine.ts";
import { drain, ManualClock } from "../support/manual-clock.ts";
import { mortal, type MortalStore } from "../support/mortal-store.ts";
import { Random } from "../support/random.ts";

const node = { message: "", node: "liar" };
const ANSWERS: [string, () => BroadcastOutcome][] = [
  [
    "never comes",
    () => {
      throw new Fault("chain_timeout");
    },
  ],
  ["is a reset", () => ({ class: "ambiguous", code: "RESET", ...node })],
  ["is DUP_TRANSACTION_ERROR", () => ({ class: "known", code: "DUP_TRANSACTION_ERROR", ...node })],
  ["is result:false with an unknown code", () => ({ class: "ambiguous", code: "OTHER_ERROR", ...node })],
  ["is a refusal, although it was pooled", () => ({ class: "refused", code: "SIGERROR", ...node })],
  ["is SERVER_BUSY, although it was pooled", () => ({ class: "busy", code: "SERVER_BUSY", ...node })],
];

/** Edges of commits that a payment's life has at least: fewer kills than that prove little. */
const EDGES_AT_LEAST = 12;
const ROUNDS = 12;

class Life {
  readonly world = new ChaosWorld(new Random(1));
  private readonly disk = memoryStore();
  private readonly clock = new ManualClock();
  private process: MortalStore | undefined;
  private rig: Rig | undefined;
  private edge = 0;
  private killAt = 0;
  killed = false;

  constructor(answer: () => BroadcastOutcome) {
    this.world.calm = true;
    const pool = this.world.onBroadcast;
    this.world.onBroadcast = async (signedHex) => {
      await pool(signedHex);
      return answer();
    };
  }

  get engine(): Rig {
    if (this.rig === undefined) throw new Error("no engine");
    return this.rig;
  }

  async boot(): Promise<void> {
    this.process = mortal(this.disk, { writeTurns: () => 1, landsAnyway: () => false });
    const { store } = this.process;
    this.rig = await startRig({ store, world: this.world, clock: this.clock, failpoint: (name) => this.pass(name) });
    await drain();
  }

  /** The process dies at the `edge`-th edge from now on. */
  kill(edge: number): void {
    this.edge = 0;
    this.killAt = edge;
  }

  async restart(): Promise<void> {
    await drain();
    this.world.forgetWatches();
    this.killAt = 0;
    await this.boot();
  }

  /** The caller repeats an order that nobody answered. */
  async order(): Promise<void> {
    void this.engine.engine.request({
      to: { kind: "payout", id: "po_1" },
      create: payoutInput("po_1"),
      idempotency: { key: "order", fingerprint: "f" },
      respond: () => ({ keep: { status: 202, body: "po_1" } }),
    });
    await drain();
  }

  async rounds(count: number, landsFrom: number): Promise<void> {
    for (let round = 0; round < count; round += 1) {
      if (this.isDead()) await this.restart();
      if (this.killed) await this.order();
      if (round >= landsFrom) for (const tx of this.world.exposed.values()) this.world.land(tx);
      this.world.solidifyTo(this.world.head + 20);
      const facts = this.world.takeFacts(100);
      if (facts.length > 0) void this.engine.engine.deliver(facts);
      await drain();
      if (!this.isDead()) await this.clock.advance(61_000);
    }
  }

  tag(): string | undefined {
    return this.disk.record({ kind: "payout", id: "po_1" })?.tag;
  }

  private isDead(): boolean {
    return this.killed && this.killAt > 0;
  }

  private pass(name: string): void {
    if (this.killAt === 0 || this.killed || !name.endsWith("-commit")) return;
    this.edge += 1;
    if (this.edge !== this.killAt) return;
    this.killed = true;
    this.process?.die();
  }
}

async function live(answer: () => BroadcastOutcome, given: { edge: number; landsFrom: number }): Promise<Life> {
  const life = new Life(answer);
  await life.boot();
  await openWallet(life.engine);
  life.kill(given.edge);
  await life.order();
  await life.rounds(ROUNDS, given.landsFrom);
  return life;
}

describe.each(ANSWERS)("when the answer to bytes that were taken %s", (_name, answer) => {
  test.each([
    ["are included at once", 0],
    ["expire, and the next ones are included", 4],
  ])("and they %s, a kill at any edge of a commit leaves one payment", async (_what, landsFrom) => {
    let edge = 1;
    for (; ; edge += 1) {
      const life = await live(answer, { edge, landsFrom });
      const said = `killed at edge ${edge}`;
      expect(life.world.violations, said).toEqual([]);
      expect(life.world.paid.get(PAYEE), said).toBe(1);
      expect(life.tag(), said).toBe("confirmed");
      if (!life.killed) break;
    }
    expect(edge).toBeGreaterThan(EDGES_AT_LEAST);
  });
});
