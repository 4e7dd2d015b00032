/** Makes the faults of a plan happen to a world, and ends them all when peace begins. */
import { transactionOf } from "../../src/devnet/transactions.ts";
import { decodeSigned } from "../../src/tron/transaction.ts";
import { killThreads } from "./machine/worker-threads.ts";
import type { Fault } from "./plan.ts";
import { Rot } from "./rot.ts";
import { WORLD } from "./scheduler.ts";
import type { World } from "./world.ts";

/** Enough for the guard to say that the disk is full. */
const NO_ROOM = 1_000_000;
const CRASH_WAIT_MS = 6_000;
/** Bytes that a branch may have got before the engine's nodes did. */
const LATE_MAX = 40;
const ROOMY = 64 * 1024 ** 3;

export class Weather {
  private readonly counts = new Map<string, number>();
  private readonly world: World;
  /** A crash that waits for its moment: a task whose name begins so. */
  private armed: { before: string; power: boolean } | undefined;
  private isOver = false;
  private readonly rot: Rot;

  constructor(world: World, faults: readonly Fault[]) {
    this.world = world;
    this.rot = new Rot(world);
    const { scheduler } = world;
    for (const fault of faults) {
      scheduler.at(
        fault.at,
        `fault ${fault.kind}`,
        () => this.isOver || void this.play(fault).catch(() => this.count("fault that did not fit")),
        WORLD,
      );
    }
    scheduler.onTask = (name) => {
      const { armed } = this;
      if (armed === undefined || !name.startsWith(armed.before) || !world.host.crash({ power: armed.power })) return;
      this.armed = undefined;
      this.count("crash");
    };
  }

  /** How often each fault met the engine; what a node was armed with and nobody asked for does not count. */
  played(): Map<string, number> {
    const sum = new Map(this.counts);
    for (const { tricks } of this.world.network.nodes) {
      for (const [fault, count] of tricks.played) sum.set(fault, (sum.get(fault) ?? 0) + count);
    }
    return sum;
  }

  /** From now on nothing goes wrong any more, but for a crash that still waits: it comes now, or to the next life. */
  end(): void {
    const { world, armed } = this;
    this.isOver = true;
    this.armed = armed === undefined ? undefined : { ...armed, before: "" };
    world.network.heal();
    this.rot.mend();
    world.chain.setCensoring(false);
    // Whatever a fork made of the last one, the token works again.
    void world.faucet.administer("unpause()", []).catch(() => undefined);
    world.machine.disk.fault = undefined;
    world.machine.disk.freeBytes = ROOMY;
    world.machine.disk.refusesReads = false;
  }

  private count(kind: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  private later(ms: number, run: () => void): void {
    this.world.scheduler.at(ms, "fault ends", () => this.isOver || run(), WORLD);
  }

  private async play(fault: Fault): Promise<void> {
    const { world } = this;
    const { machine, network, chain } = world;
    if (fault.kind !== "crash" && fault.kind !== "node") this.count(fault.kind);
    switch (fault.kind) {
      case "crash":
        this.armed = fault;
        // The moment may never come; the crash does.
        return this.later(CRASH_WAIT_MS, () => {
          if (this.armed === fault) this.armed = { ...fault, before: "" };
        });
      case "disk write":
        machine.disk.fault = fault.how;
        return;
      case "disk full":
        machine.disk.freeBytes = NO_ROOM;
        return this.later(fault.forMs, () => (machine.disk.freeBytes = ROOMY));
      case "disk read":
        machine.disk.refusesReads = true;
        return this.later(fault.forMs, () => (machine.disk.refusesReads = false));
      case "threads die":
        if (world.host.program !== undefined && killThreads() > 0) world.mark("signing thread died");
        return;
      case "clock":
        world.scheduler.wallOffset = fault.ms;
        return;
      case "censoring":
        chain.setCensoring(true);
        return this.later(fault.forMs, () => chain.setCensoring(false));
      case "slots missed":
        return chain.missSlots(fault.count);
      case "fork":
        return this.fork(fault);
      case "token paused":
        this.later(fault.forMs, () => void world.faucet.administer("unpause()", []).catch(() => undefined));
        return world.faucet.administer("pause()", []);
      case "nodes leave the chain":
        return this.leave(fault);
      case "row rots":
        this.later(fault.forMs, () => this.rot.mend());
        return this.rot.strike(fault.whose);
      case "node":
      case "node away":
      case "node lags":
      case "false branch":
        return this.node(fault, network.nodes);
    }
  }

  private node(
    fault: Extract<Fault, { kind: "node" | "node away" | "node lags" | "false branch" }>,
    nodes: World["network"]["nodes"],
  ): void {
    const node = fault.kind === "false branch" ? nodes.at(-1) : nodes[fault.node % nodes.length];
    if (node === undefined) return;
    switch (fault.kind) {
      case "node":
        node.tricks.arm(fault.fault, fault.times);
        return;
      case "node away":
        node.isAway = true;
        return this.later(fault.forMs, () => (node.isAway = false));
      case "node lags":
        node.lag = fault.blocks;
        return this.later(fault.forMs, () => (node.lag = 0));
      case "false branch": {
        const { ledger } = this.world;
        const above = ledger.headNumber() - ledger.solidNumber();
        node.tricks.chain.begin({
          from: ledger.solidNumber() + 1 + this.world.random.below(above),
          shows: fault.shows,
        });
        return this.later(fault.forMs, () => node.tricks.chain.end());
      }
    }
  }

  /** Only below what the engine has on its disk as solidified is it the nodes that must not be believed. */
  private leave({ depth, forMs }: Extract<Fault, { kind: "nodes leave the chain" }>): void {
    const solid = this.world.solidOfEngine();
    if (solid === undefined) throw new Error("the engine has not seen the chain yet");
    const { nodes } = this.world.network;
    for (const { tricks } of nodes) tricks.chain.begin({ from: Math.max(1, solid - depth), shows: "nothing" });
    this.later(forMs, () => {
      for (const { tricks } of nodes) tricks.chain.end();
    });
  }

  private async fork(fault: Extract<Fault, { kind: "fork" }>): Promise<void> {
    const { chain, ledger } = this.world;
    const depth = Math.min(fault.depth, ledger.headNumber() - ledger.solidNumber());
    if (depth < 1) return;
    const late = () => [...this.world.network.heard].slice(-LATE_MAX).map(transactionOfHex);
    const how = { same: {}, move: { move: true }, drop: { drop: "all" as const }, late: { extra: late() } }[fault.how];
    await chain.fork({ depth, length: depth + fault.more, ...how });
    this.world.onBlock();
  }
}

function transactionOfHex(hex: string): ReturnType<typeof transactionOf> {
  const { rawHex, signatures } = decodeSigned(hex);
  return transactionOf(rawHex, signatures);
}
