/**
 * The one reader of blocks: reads each block once, whatever number of transactions are in flight, and is the only source
 * of "included", "orphaned", "solidified" and "expired". Owns the segment of newest blocks, the watches and the cursor.
 *
 * B1. Everything solidified from `scannedFrom` to the cursor was read, and every message about it was accepted before
 *     the cursor was saved.
 * B2. A block is solidified only when enough nodes agree about a solidified header that carries the id of our block at
 *     its number, or descends from it (finality.ts); so is everything that is said of solidified blocks.
 * B3. The cursor never moves back. Nodes that agree about a chain without the cursor's block stop the follower until
 *     an operator starts it again.
 * B4. A block whose receipts are missing is read again later, never skipped.
 * B5. Time is the chain's, once it can be believed (chain-time.ts): nothing depends on the local clock but how often it
 *     asks.
 * B6. A long way is gone in legs, each up to a block that enough nodes agree about: memory holds what one leg found, and
 *     a restart loses one leg.
 */
import { Mutex } from "async-mutex";
import type { Block, ReferenceBlock, SolidEvidence, TxId } from "../domain/chain-facts.ts";
import type { ActorAddress } from "../domain/records.ts";
import { assert } from "../domain/assert.ts";
import type { ChainView, Obstacle, TransactionWatch, TransactionWatcher } from "../ports/world.ts";
import { Announcer } from "./announcer.ts";
import { BlockReader } from "./block-reader.ts";
import { Branch, type BranchOutcome } from "./branch.ts";
import { CatchUp } from "./catch-up.ts";
import { latestPlausible, TOO_LATE } from "./chain-time.ts";
import { Coverage } from "./coverage.ts";
import { Doubt, waitingWords } from "./doubt.ts";
import { textOf, type Agreement, type KnownChain } from "./finality.ts";
import type { FollowerCursor, FollowerOptions, FollowerPorts, FollowerStatus } from "./follower-ports.ts";
import { Forgotten } from "./forgotten.ts";
import { Pace } from "./pace.ts";
import { Rhythm } from "./rhythm.ts";
import { Segment, pointOf, type ChainPoint } from "./segment.ts";
import { evidenceOf, settledReading } from "./settled-reading.ts";
import { WatchTable, type Watch } from "./watch-table.ts";

export class BlockFollower implements ChainView, TransactionWatcher {
  readonly #options: Required<FollowerOptions>;
  readonly #ports: FollowerPorts;
  readonly #watches = new WatchTable();
  readonly #announcer: Announcer;
  readonly #reader: BlockReader;
  readonly #branch: Branch;
  readonly #coverage: Coverage;
  readonly #doubt: Doubt;
  readonly #forgotten: Forgotten;
  readonly #pace: Pace;
  readonly #rhythm: Rhythm;
  readonly #turn = new Mutex();
  #lifetime = new AbortController();
  #segment: Segment | undefined;
  #catchUp: CatchUp | undefined;
  #scannedFrom = 0;
  /** Who agreed about the cursor's block. */
  #nodes: readonly string[] = [];
  #headNumber = 0;
  /** The segment reached the head since the follower last fell behind. */
  #caughtUp = false;
  /** Between the first leg of a catching up and the first look at the newest blocks after it. */
  #isFar = false;
  #lastProgressAt = 0;
  #halted: string | undefined;
  #cancelPoll: (() => void) | undefined;
  #running = false;

  constructor(options: FollowerOptions, ports: FollowerPorts) {
    this.#options = { pagesPerStep: 8, catchUpAbove: 60, catchUpLeg: 20_000, unsolidifiedMax: 1_000, ...options };
    this.#ports = ports;
    this.#rhythm = new Rhythm(options.pollMs);
    const { gateway, finality, clock, logger, deliver, transfers } = ports;
    const watches = this.#watches;
    const announcer = new Announcer(watches, deliver);
    const { settle, confirmsBody } = finality;
    const reader = new BlockReader(gateway, { pageMax: options.catchUpPage, confirmsBody });
    this.#announcer = announcer;
    this.#reader = reader;
    this.#branch = new Branch({ gateway, reader, announcer, transfers, wanted: (txId) => watches.has(txId) });
    this.#coverage = new Coverage({ reader, announcer, settle, watches, logger });
    this.#doubt = new Doubt({ watches, announcer, clock });
    this.#forgotten = new Forgotten({ watches, announcer });
    this.#pace = new Pace(clock);
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
   * `undefined` also while catching up, when the time of the newest block is not known yet, while nodes disagree, and
   * after a halt: nothing new should be signed then.
   */
  reference(): ReferenceBlock | undefined {
    if (this.#segment === undefined || this.obstacle() !== undefined) return undefined;
    const { number, id } = this.#segment.solid;
    return { number, id, headTimestamp: this.headTimestamp() };
  }

  obstacle(): Obstacle | undefined {
    if (this.#halted !== undefined) return { code: "chain_forked", detail: this.#halted };
    const { dispute } = this.#ports.finality.status();
    if (dispute !== undefined) return { code: "nodes_disagree", detail: waitingWords(dispute.number) };
    if (this.#segment === undefined) return { code: "not_ready", detail: "no solidified block has been seen yet" };
    if (!this.#caughtUp) return { code: "not_ready", detail: "the newest blocks are still being read" };
    return this.#segment.latestTimestamp === this.headTimestamp() ? undefined : { code: "not_ready", detail: TOO_LATE };
  }

  /** Of the newest block that was chained to the others, or the latest time that can be believed (chain-time.ts). */
  headTimestamp(): number {
    if (this.#segment === undefined) return 0;
    return Math.min(this.#segment.latestTimestamp, latestPlausible(this.#segment));
  }

  /** What a payment is counted at; 0 while the newest blocks are still to be read, when it is not known what time it is. */
  ledgerTime(): number {
    return this.#caughtUp ? this.headTimestamp() : 0;
  }

  /** The newest block read and the newest solidified one; `undefined` before the first look at the chain. */
  heads(): { readonly head: ChainPoint; readonly solid: ChainPoint } | undefined {
    return this.#segment === undefined ? undefined : { head: this.#segment.tip, solid: this.#segment.solid };
  }

  status(): FollowerStatus {
    const tip = this.#tipNumber;
    const lagBlocks = tip === undefined ? 0 : Math.max(0, this.#headNumber - tip);
    return {
      phase: this.#phase(),
      head: this.#headNumber,
      solid: this.#segment?.solid.number ?? 0,
      lagBlocks,
      blocksPerSecond: this.#pace.perSecond,
      etaSeconds: this.#pace.etaSeconds(lagBlocks),
      watched: this.#watches.size,
      undecided: this.#coverage.open,
      lastProgressAt: this.#lastProgressAt,
      forks: this.#branch.forks,
      ...(this.#halted === undefined ? {} : { halted: this.#halted }),
    };
  }

  /**
   * Takes the first step and goes on by itself. A step that fails is tried again after `pollMs`. Starting again is how
   * an operator says that the nodes can be believed again: a halt and all quarantines end.
   */
  async start(): Promise<void> {
    assert(!this.#running, "a follower is started once");
    this.#running = true;
    this.#halted = undefined;
    this.#ports.finality.forgive();
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
    const [begun, before] = [this.#ports.clock.now(), this.#tipNumber];
    let more = false;
    try {
      more = await this.#turn.runExclusive(() => this.#step(this.#lifetime.signal));
    } catch (error) {
      if (this.#running) this.#ports.logger.warn({ error: textOf(error) }, "the block follower could not read on");
    }
    if (!this.#running || this.#halted !== undefined) return;
    const { clock } = this.#ports;
    const pause = this.#rhythm.after({ isNew: this.#tipNumber !== before, tookMs: clock.now() - begun });
    this.#cancelPoll = clock.schedule(more ? 0 : pause, () => void this.#pollOnce());
  }

  /** Resolves with true while there is more to read at once. */
  async #step(signal: AbortSignal): Promise<boolean> {
    if (this.#halted !== undefined) return false;
    await this.#flush();
    const agreement = await this.#ports.finality.agree(this.#known(), signal);
    if (agreement.kind === "forked") return this.#halt(agreement.detail);
    const head = await this.#ports.gateway.headBlock(signal);
    this.#headNumber = head.number;
    const segment = this.#segment ?? (await this.#position(agreement));
    if (segment === undefined) return false;
    const more = await this.#read(segment, { head, agreement }, signal);
    this.#pace.reached(this.#tipNumber ?? 0);
    if (this.#segment === segment)
      this.#doubt.update(agreement, this.#ports.finality.status().dispute, this.headTimestamp());
    await this.#flush();
    return more;
  }

  async #read(segment: Segment, given: { head: Block; agreement: Agreement }, signal: AbortSignal): Promise<boolean> {
    const { head, agreement } = given;
    const evidence = agreement.kind === "agreed" ? evidenceOf(agreement) : undefined;
    const behind = (evidence?.solidNumber ?? 0) - segment.tip.number;
    if (this.#catchUp !== undefined || (evidence !== undefined && behind > this.#options.catchUpAbove)) {
      return this.#catchUpStep(segment, evidence, signal);
    }
    this.#isFar = false;
    if (evidence !== undefined) await this.#coverage.tellLate(segment, evidence, signal);
    const outcome = await this.#follow(segment, { head, evidence }, signal);
    if (outcome === "forkedBelowCursor") return this.#suspectFork(segment, signal);
    if (evidence === undefined) return outcome === "more";
    const gaps = await this.#coverage.closeGaps(segment, evidence, { pages: this.#options.pagesPerStep, signal });
    this.#coverage.expire(segment.solid, { ...evidence, nodes: this.#nodes });
    await this.#announcer.flush();
    return gaps || outcome === "more";
  }

  /** The first block ever is where the chain is now: nothing of this engine can be below it. */
  async #position(agreement: Agreement): Promise<Segment | undefined> {
    const stored = this.#ports.loadCursor();
    if (stored === undefined) {
      if (agreement.kind !== "agreed") return undefined;
      const { header, nodes } = agreement;
      await this.#ports.saveCursor({ ...pointOf(header), scannedFrom: header.number + 1, nodes });
      return this.#begin(pointOf(header), { scannedFrom: header.number + 1, nodes });
    }
    return this.#begin(pointOf(stored), stored);
  }

  #begin(point: ChainPoint, { scannedFrom, nodes = [] }: Pick<FollowerCursor, "scannedFrom" | "nodes">): Segment {
    this.#scannedFrom = scannedFrom;
    this.#nodes = nodes;
    const segment = new Segment(point);
    this.#segment = segment;
    this.#progressed();
    for (const watch of this.#watches.all()) this.#place(watch, segment);
    return segment;
  }

  #place(watch: Watch, segment: Segment): void {
    this.#coverage.place(watch, { segment, firstCompared: this.#catchUp?.sweep.next ?? segment.floor });
  }

  /** Reads new blocks, then moves the cursor if the solidified header is on our branch. */
  async #follow(
    segment: Segment,
    given: { head: Block; evidence: SolidEvidence | undefined },
    signal: AbortSignal,
  ): Promise<BranchOutcome> {
    const { head, evidence } = given;
    const before = segment.tip.id;
    const solidNumber = evidence?.solidNumber ?? 0;
    const goal = Math.min(Math.max(head.number, solidNumber), segment.solid.number + this.#options.unsolidifiedMax);
    const outcome = await this.#branch.extend(segment, { head, goal, pages: this.#options.pagesPerStep, signal });
    if (segment.tip.id !== before) this.#progressed();
    if (outcome === "reached") this.#caughtUp = true;
    if (outcome === "forkedBelowCursor" || evidence === undefined) return outcome;
    const ours = solidNumber > segment.solid.number ? segment.at(solidNumber) : undefined;
    if (ours === undefined) return outcome;
    if (ours.id !== evidence.solidId)
      return this.#branch.switchTo(segment, { number: solidNumber, id: evidence.solidId }, signal);
    await this.#solidify(segment, evidence, signal);
    return outcome;
  }

  /** The cursor stops below a block about whose receipts nodes do not agree. */
  async #solidify(segment: Segment, evidence: SolidEvidence, signal: AbortSignal): Promise<void> {
    const { transfers } = this.#ports;
    let point: ChainPoint | undefined = segment.at(evidence.solidNumber);
    for (const block of segment.unsolidifiedUpTo(evidence.solidNumber)) {
      if (block.inclusions.size === 0 && transfers?.active !== true) continue;
      const agreed = await settledReading(block, this.#ports, signal);
      if (agreed === undefined) {
        point = segment.at(block.number - 1);
        break;
      }
      for (const [txId, inclusion] of agreed.inclusions) this.#announcer.solidified(txId, inclusion, evidence);
      transfers?.solidified(block, agreed.matched, evidence);
    }
    this.#forgotten.solidified(point?.number ?? 0);
    transfers?.passed(point?.number ?? 0);
    await this.#flush();
    if (point === undefined || point.number <= segment.solid.number) return;
    segment.solidify(pointOf(point));
    await this.#saveCursor(pointOf(point), evidence.nodes);
  }

  async #flush(): Promise<void> {
    await this.#announcer.flush();
    await this.#ports.transfers?.flush();
  }

  /** Far behind: blocks are searched page by page up to a solidified header, and count once that header is reached. */
  async #catchUpStep(segment: Segment, solid: SolidEvidence | undefined, signal: AbortSignal): Promise<boolean> {
    const catchUp =
      this.#catchUp ?? (solid === undefined ? undefined : await this.#startCatchUp(segment, solid, signal));
    if (catchUp === undefined) return false;
    const { sweep } = catchUp;
    const before = sweep.next;
    const outcome = await sweep.advance({ pages: this.#options.pagesPerStep, signal });
    if (sweep.next !== before) this.#progressed();
    if (outcome === "more") return true;
    if (outcome === "waiting") return false;
    if (outcome === "done") {
      await this.#endCatchUp(catchUp);
      return true;
    }
    this.#catchUp = undefined;
    this.#segment = new Segment(segment.solid);
    if (outcome === "detached" && (await this.#branch.confirmFork(segment, signal)) === "forkedBelowCursor") {
      return this.#suspectFork(segment, signal);
    }
    this.#ports.logger.warn(
      { cursor: segment.solid.number },
      "blocks read while catching up do not chain; starting again",
    );
    return false;
  }

  async #startCatchUp(segment: Segment, solid: SolidEvidence, signal: AbortSignal): Promise<CatchUp> {
    const wanted = (txId: TxId) => this.#watches.has(txId);
    const terms = { ...this.#ports, reader: this.#reader, wanted, leg: this.#options.catchUpLeg };
    const catchUp = await CatchUp.begin({ cursor: segment.solid, solid }, terms, signal);
    // What is above the cursor is read again; each watch remembers what its actor was told.
    this.#forgotten.add(segment.tip);
    this.#segment = new Segment(segment.solid);
    this.#caughtUp = false;
    this.#isFar = true;
    this.#catchUp = catchUp;
    return catchUp;
  }

  async #endCatchUp(catchUp: CatchUp): Promise<void> {
    const { end, evidence } = catchUp;
    catchUp.tell({ announcer: this.#announcer, watches: this.#watches, transfers: this.#ports.transfers });
    await this.#flush();
    this.#segment = new Segment(end);
    this.#catchUp = undefined;
    await this.#saveCursor(end, evidence.nodes);
  }

  async #saveCursor(point: ChainPoint, nodes: readonly string[]): Promise<void> {
    this.#progressed();
    this.#nodes = nodes;
    await this.#ports.saveCursor({ ...point, scannedFrom: this.#scannedFrom, nodes });
  }

  /** What was solidified so far, as far as it is in memory. */
  #known(): KnownChain {
    const point = this.#segment?.solid ?? this.#ports.loadCursor();
    const idAt = (number: number) => (number === point?.number ? point.id : this.#segment?.at(number)?.id);
    return { solidNumber: point?.number ?? 0, idAt };
  }

  get #tipNumber(): number | undefined {
    return this.#catchUp?.sweep.tip?.number ?? this.#segment?.tip.number;
  }

  #progressed(): void {
    this.#lastProgressAt = this.#ports.clock.now();
  }

  /** One node has a chain without the cursor's block: only as many as have to agree can say that the chain has (B3). */
  async #suspectFork(segment: Segment, signal: AbortSignal): Promise<false> {
    const { number } = segment.solid;
    if (await this.#ports.finality.denies(segment.solid, signal)) {
      return this.#halt(`the chain of the nodes does not contain the cursor's solidified block ${number}`);
    }
    this.#ports.logger.warn({ cursor: number }, "a node follows a chain without the cursor's block; asking again");
    return false;
  }

  #halt(reason: string): false {
    this.#halted = reason;
    this.#ports.logger.warn(
      { cursor: this.#segment?.solid.number, reason },
      "the block follower stopped; nothing new is accepted or signed until a person has looked",
    );
    return false;
  }

  #phase(): FollowerStatus["phase"] {
    if (this.#halted !== undefined) return "halted";
    if (this.#segment === undefined) return "starting";
    return this.#isFar ? "catchingUp" : "following";
  }
}
