/**
 * The one reader of blocks: reads each block once, whatever number of transactions are in flight, and is the only source
 * of "included", "orphaned", "solidified" and "expired". Owns the segment of newest blocks, the watches and the cursor.
 *
 * B1. Everything solidified from `scannedFrom` to the cursor was read, and every message about it was accepted before
 *     the cursor was saved.
 * B2. A block is solidified only when a solidified header carries the id of our block at its number, or descends from it.
 * B3. The cursor never moves back. A chain that does not contain the cursor's block stops the follower for good.
 * B4. A block whose receipts are missing is read again later, never skipped.
 * B5. Time is the chain's: nothing depends on the local clock but how often it asks.
 */
import { Mutex } from "async-mutex";
import type { Block, BlockHeader, ReferenceBlock } from "../domain/chain-facts.ts";
import type { ActorAddress } from "../domain/records.ts";
import { assert } from "../domain/assert.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/telemetry.ts";
import type { ChainGateway, ChainView, TransactionWatch, TransactionWatcher } from "../ports/world.ts";
import { Announcer, type Deliver } from "./announcer.ts";
import { BlockReader } from "./block-reader.ts";
import { Branch, type BranchOutcome } from "./branch.ts";
import { Coverage } from "./coverage.ts";
import { Segment, type ChainPoint } from "./segment.ts";
import { Sweep } from "./sweep.ts";
import { WatchTable, type Watch } from "./watch-table.ts";

/** Everything solidified from `scannedFrom` to `number` was read. */
export type FollowerCursor = ChainPoint & { readonly scannedFrom: number };

export type FollowerPorts = {
  readonly gateway: ChainGateway;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly deliver: Deliver;
  loadCursor(): FollowerCursor | undefined;
  saveCursor(cursor: FollowerCursor): Promise<void>;
};

export type FollowerOptions = {
  /** Delay between two looks at the head; the chain makes a block every 3 s. */
  readonly pollMs: number;
  /** Blocks in one answer while behind, at most 100. */
  readonly catchUpPage: number;
  /** Pages in one step: how long a step may take before other work of the follower has its turn. */
  readonly pagesPerStep?: number;
  /** Above this many blocks behind, blocks are no longer kept in memory until they are solidified. */
  readonly catchUpAbove?: number;
  /** Blocks above the cursor kept in memory; a chain that does not solidify makes the follower wait. */
  readonly unsolidifiedMax?: number;
};

export type FollowerStatus = {
  readonly phase: "starting" | "following" | "catchingUp" | "halted";
  readonly head: number;
  readonly solid: number;
  readonly lagBlocks: number;
  readonly watched: number;
  /** Watches that wait for blocks to be read again or for receipts. */
  readonly undecided: number;
  readonly lastProgressAt: number;
  readonly forks: number;
  readonly halted?: string;
};

export class BlockFollower implements ChainView, TransactionWatcher {
  readonly #options: Required<FollowerOptions>;
  readonly #ports: FollowerPorts;
  readonly #watches = new WatchTable();
  readonly #announcer: Announcer;
  readonly #reader: BlockReader;
  readonly #branch: Branch;
  readonly #coverage: Coverage;
  readonly #turn = new Mutex();
  #lifetime = new AbortController();
  #segment: Segment | undefined;
  #catchUp: Sweep | undefined;
  #scannedFrom = 0;
  #headNumber = 0;
  /** The segment reached the head since the follower last fell behind. */
  #caughtUp = false;
  #lastProgressAt = 0;
  #halted: string | undefined;
  #cancelPoll: (() => void) | undefined;
  #running = false;

  constructor(options: FollowerOptions, ports: FollowerPorts) {
    this.#options = { pagesPerStep: 8, catchUpAbove: 60, unsolidifiedMax: 1_000, ...options };
    this.#ports = ports;
    const { gateway, logger, deliver } = ports;
    const watches = this.#watches;
    this.#announcer = new Announcer(watches, deliver);
    this.#reader = new BlockReader(gateway, options.catchUpPage);
    const shared = { gateway, reader: this.#reader, announcer: this.#announcer };
    this.#branch = new Branch({ ...shared, wanted: (txId) => watches.has(txId) });
    this.#coverage = new Coverage({ ...shared, watches, logger });
  }

  /** From now on the actor gets every fact about its transaction; what is known already comes with the next step. */
  watch(request: TransactionWatch): void {
    const { added, replaced } = this.#watches.add(request);
    if (replaced !== undefined) this.#coverage.forget(replaced);
    if (this.#segment !== undefined) this.#place(added, this.#segment);
  }

  unwatch(actor: ActorAddress): void {
    const watch = this.#watches.ofActor(actor);
    if (watch === undefined) return;
    this.#watches.remove(watch);
    this.#coverage.forget(watch);
  }

  /**
   * `undefined` also while catching up, when the time of the newest block is not known yet, and after a halt: nothing new
   * should be signed then.
   */
  reference(): ReferenceBlock | undefined {
    if (this.#segment === undefined || !this.#caughtUp || this.#halted !== undefined) return undefined;
    const { number, id } = this.#segment.solid;
    return { number, id, headTimestamp: this.#segment.tip.timestamp };
  }

  /** Of the newest block that was chained to the others; what one node claims about the head alone does not count. */
  headTimestamp(): number {
    return this.#segment?.tip.timestamp ?? 0;
  }

  /** The newest block read and the newest solidified one; `undefined` before the first look at the chain. */
  heads(): { readonly head: ChainPoint; readonly solid: ChainPoint } | undefined {
    return this.#segment === undefined ? undefined : { head: this.#segment.tip, solid: this.#segment.solid };
  }

  status(): FollowerStatus {
    const tip = this.#catchUp?.tip?.number ?? this.#segment?.tip.number ?? 0;
    return {
      phase: this.#phase(),
      head: this.#headNumber,
      solid: this.#segment?.solid.number ?? 0,
      lagBlocks: Math.max(0, this.#headNumber - tip),
      watched: this.#watches.size,
      undecided: this.#coverage.open,
      lastProgressAt: this.#lastProgressAt,
      forks: this.#branch.forks,
      ...(this.#halted === undefined ? {} : { halted: this.#halted }),
    };
  }

  /** Takes the first step and goes on by itself. A step that fails is tried again after `pollMs`. */
  async start(): Promise<void> {
    assert(!this.#running, "a follower is started once");
    this.#running = true;
    this.#lifetime = new AbortController();
    await this.#pollOnce();
  }

  /** Resolves when the step under way has ended; nothing is delivered after that. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#cancelPoll?.();
    this.#lifetime.abort();
    await this.#turn.waitForUnlock();
  }

  /** One look at the chain. Rejects with the `Fault` of a node or of `deliver`; calling it again goes on where it was. */
  async step(): Promise<void> {
    await this.#turn.runExclusive(() => this.#step(this.#lifetime.signal));
  }

  async #pollOnce(): Promise<void> {
    let more = false;
    try {
      more = await this.#turn.runExclusive(() => this.#step(this.#lifetime.signal));
    } catch (error) {
      if (this.#running) this.#ports.logger.warn({ error: textOf(error) }, "the block follower could not read on");
    }
    if (!this.#running || this.#halted !== undefined) return;
    const delay = more ? 0 : this.#options.pollMs;
    this.#cancelPoll = this.#ports.clock.schedule(delay, () => void this.#pollOnce());
  }

  /** Resolves with true while there is more to read at once. */
  async #step(signal: AbortSignal): Promise<boolean> {
    if (this.#halted !== undefined) return false;
    await this.#announcer.flush();
    const solid = await this.#ports.gateway.solidBlock(signal);
    const head = await this.#ports.gateway.headBlock(signal);
    this.#headNumber = head.number;
    const segment = this.#segment ?? (await this.#position(solid));
    if (this.#contradicts(segment, solid))
      return this.#halt("a node's solidified block differs from ours at the same height");
    if (this.#catchUp !== undefined || solid.number - segment.tip.number > this.#options.catchUpAbove) {
      return this.#catchUpStep(segment, solid, signal);
    }
    await this.#coverage.tellLate(segment, signal);
    const outcome = await this.#follow(segment, { head, solid }, signal);
    if (outcome === "forkedBelowCursor") return this.#haltForked();
    const gaps = await this.#coverage.closeGaps(segment, { pages: this.#options.pagesPerStep, signal });
    this.#coverage.expire(segment.solid);
    await this.#announcer.flush();
    return gaps || outcome === "more";
  }

  /** The first block ever is where the chain is now: nothing of this engine can be below it. */
  async #position(solid: BlockHeader): Promise<Segment> {
    const stored = this.#ports.loadCursor();
    const point = stored ?? pointOf(solid);
    this.#scannedFrom = stored?.scannedFrom ?? solid.number + 1;
    if (stored === undefined) await this.#ports.saveCursor({ ...point, scannedFrom: this.#scannedFrom });
    const segment = new Segment(point);
    this.#segment = segment;
    this.#progressed();
    for (const watch of this.#watches.all()) this.#place(watch, segment);
    return segment;
  }

  #place(watch: Watch, segment: Segment): void {
    this.#coverage.place(watch, { segment, firstCompared: this.#catchUp?.next ?? segment.floor });
  }

  /** Reads new blocks, then moves the cursor if the solidified header is on our branch. */
  async #follow(
    segment: Segment,
    given: { head: Block; solid: BlockHeader },
    signal: AbortSignal,
  ): Promise<BranchOutcome> {
    const { head, solid } = given;
    const before = segment.tip.id;
    const goal = Math.min(Math.max(head.number, solid.number), segment.solid.number + this.#options.unsolidifiedMax);
    const outcome = await this.#branch.extend(segment, { head, goal, pages: this.#options.pagesPerStep, signal });
    if (segment.tip.id !== before) this.#progressed();
    if (outcome === "reached") this.#caughtUp = true;
    if (outcome === "forkedBelowCursor") return outcome;
    const ours = solid.number > segment.solid.number ? segment.at(solid.number) : undefined;
    if (ours === undefined) return outcome;
    if (ours.id !== solid.id) return this.#branch.switchTo(segment, solid, signal);
    await this.#solidify(segment, pointOf(solid));
    return outcome;
  }

  async #solidify(segment: Segment, point: ChainPoint): Promise<void> {
    for (const block of segment.unsolidifiedUpTo(point.number)) {
      for (const [txId, inclusion] of block.inclusions) this.#announcer.solidified(txId, inclusion);
    }
    await this.#announcer.flush();
    segment.solidify(point);
    await this.#saveCursor(point);
  }

  /** Far behind: blocks are searched page by page up to a solidified header, and count once that header is reached. */
  async #catchUpStep(segment: Segment, solid: BlockHeader, signal: AbortSignal): Promise<boolean> {
    this.#catchUp ??= this.#startCatchUp(segment, solid);
    const before = this.#catchUp.next;
    const outcome = await this.#catchUp.advance({ pages: this.#options.pagesPerStep, signal });
    if (this.#catchUp.next !== before) this.#progressed();
    if (outcome === "more") return true;
    if (outcome === "waiting") return false;
    if (outcome === "done") {
      await this.#endCatchUp(this.#catchUp);
      return true;
    }
    this.#catchUp = undefined;
    this.#replaceSegment(segment.solid);
    if (outcome === "detached" && (await this.#branch.confirmFork(segment, signal)) === "forkedBelowCursor") {
      return this.#haltForked();
    }
    this.#ports.logger.warn(
      { cursor: segment.solid.number },
      "blocks read while catching up do not chain; starting again",
    );
    return false;
  }

  #startCatchUp(segment: Segment, solid: BlockHeader): Sweep {
    const { number, id } = segment.solid;
    const range = { from: number + 1, parentId: id, to: solid.number, expectedId: solid.id };
    const sweep = new Sweep(range, { reader: this.#reader, wanted: (txId) => this.#watches.has(txId) });
    // What is above the cursor is read again; each watch remembers what its actor was told.
    this.#replaceSegment(segment.solid);
    this.#caughtUp = false;
    return sweep;
  }

  async #endCatchUp(sweep: Sweep): Promise<void> {
    const point = { number: sweep.range.to, id: sweep.range.expectedId, timestamp: sweep.tip?.timestamp ?? 0 };
    for (const { txId, inclusion } of sweep.found) this.#announcer.solidified(txId, inclusion);
    for (const watch of this.#watches.all()) {
      if (watch.toldNumber <= point.number) this.#announcer.contradicted(watch);
    }
    await this.#announcer.flush();
    this.#replaceSegment(point);
    this.#catchUp = undefined;
    await this.#saveCursor(point);
  }

  #replaceSegment(solid: ChainPoint): void {
    this.#segment = new Segment(solid);
  }

  async #saveCursor(point: ChainPoint): Promise<void> {
    this.#progressed();
    await this.#ports.saveCursor({ ...point, scannedFrom: this.#scannedFrom });
  }

  /** A solidified header at a height that we know as solidified must be our block. A lower one is only a lagging node. */
  #contradicts(segment: Segment, solid: BlockHeader): boolean {
    if (solid.number > segment.solid.number) return false;
    const ours = solid.number === segment.solid.number ? segment.solid : segment.at(solid.number);
    return ours !== undefined && ours.id !== solid.id;
  }

  #progressed(): void {
    this.#lastProgressAt = this.#ports.clock.now();
  }

  #haltForked(): false {
    return this.#halt("the chain of the nodes does not contain the solidified block of the cursor");
  }

  #halt(reason: string): false {
    this.#halted = reason;
    this.#ports.logger.warn({ cursor: this.#segment?.solid.number, reason }, "the block follower stopped");
    return false;
  }

  #phase(): FollowerStatus["phase"] {
    if (this.#halted !== undefined) return "halted";
    if (this.#segment === undefined) return "starting";
    return this.#catchUp === undefined ? "following" : "catchingUp";
  }
}

function pointOf(header: BlockHeader): ChainPoint {
  return { number: header.number, id: header.id, timestamp: header.timestamp };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : "unknown";
}
