/**
 * Which blocks each watch was compared with, and therefore what may be said about its absence. Owns the watches that came
 * after their block, those with a gap of unread blocks, and the queue of expirations.
 *
 * V1. `chain.expired` needs a solidified block at or past the expiration and every block above the reference block up
 *     to it compared with this very watch (tron.md §1.8). Having been read before the watch came is not enough.
 * V2. A gap is closed by reading it again, anchored at a block known to be solidified, and by nothing else.
 * V3. What is seen in a block is not expired, whatever the time says.
 */
import { assert } from "../domain/assert.ts";
import type { SolidEvidence } from "../domain/chain-facts.ts";
import type { Logger } from "../ports/telemetry.ts";
import type { Announcer } from "./announcer.ts";
import { inclusionOf, type BlockReader, type ReceiptIndex, type SettleReceipts } from "./block-reader.ts";
import { ExpiryQueue } from "./expiry-queue.ts";
import type { ChainPoint, Segment } from "./segment.ts";
import { Sweep } from "./sweep.ts";
import type { Watch, WatchTable } from "./watch-table.ts";

/** Gaps that start this close to memory are closed first: an ancient transaction must not hold up recent ones. */
const NEAR_BLOCKS = 1_000;

export type CoveragePorts = {
  readonly reader: BlockReader;
  readonly settle: SettleReceipts;
  readonly announcer: Announcer;
  readonly watches: WatchTable;
  readonly logger: Logger;
};

export class Coverage {
  readonly #ports: CoveragePorts;
  readonly #expiry = new ExpiryQueue<Watch>();
  readonly #gapped = new Set<Watch>();
  #late: Watch[] = [];
  #closing: { readonly sweep: Sweep; readonly members: readonly Watch[] } | undefined;

  constructor(ports: CoveragePorts) {
    this.#ports = ports;
  }

  /** Watches about which nothing can be decided before more blocks are read. */
  get open(): number {
    return this.#gapped.size + this.#late.length;
  }

  /** `firstCompared`: every block from this number on is in memory or will be compared with the watch. */
  place(watch: Watch, given: { segment: Segment; firstCompared: number }): void {
    if (given.segment.find(watch.txId) !== undefined) {
      watch.late = true;
      this.#late.push(watch);
    }
    this.#leaveGapBelow(watch, given.firstCompared);
    this.#queueWhenCovered(watch);
  }

  forget(watch: Watch): void {
    this.#gapped.delete(watch);
    this.#expiry.compact(this.#ports.watches.size);
  }

  /** Tells the watches whose block was already in memory when they came. Those without a receipt yet stay for later. */
  async tellLate(segment: Segment, evidence: SolidEvidence, signal: AbortSignal): Promise<void> {
    const receipts = new Map<number, ReceiptIndex>();
    const late = this.#late;
    this.#late = [];
    for (const [index, watch] of late.entries()) {
      if (!watch.live || watch.decided) continue;
      const block = segment.find(watch.txId);
      if (block !== undefined && !receipts.has(block.number)) {
        try {
          receipts.set(block.number, await this.#ports.reader.receipts(block.number, signal));
        } catch (error) {
          this.#late.push(...late.slice(index));
          throw error;
        }
      }
      const known = block === undefined ? undefined : receipts.get(block.number);
      await this.#tellOneLate(watch, { segment, receipts: known, evidence, signal });
    }
  }

  /** Reads on in the gaps; resolves with true while there is more to read. */
  async closeGaps(
    segment: Segment,
    evidence: SolidEvidence,
    budget: { pages: number; signal: AbortSignal },
  ): Promise<boolean> {
    this.#closing ??= this.#nextGap(segment);
    if (this.#closing === undefined) return false;
    const outcome = await this.#closing.sweep.advance(budget);
    if (outcome === "more") return true;
    if (outcome === "waiting") return false;
    const { sweep, members } = this.#closing;
    this.#closing = undefined;
    if (outcome !== "done") {
      this.#ports.logger.warn(
        { from: sweep.range.from, to: sweep.range.to },
        "blocks read again do not chain; reading once more",
      );
      return false;
    }
    for (const { txId, inclusion } of sweep.found) this.#ports.announcer.solidified(txId, inclusion, evidence);
    let isClosed = false;
    for (const watch of members) {
      // Its block left memory meanwhile: what is above the range has not been read again yet.
      if (watch.gapTo > sweep.range.to) continue;
      watch.gapTo = 0;
      isClosed = true;
      this.#gapped.delete(watch);
      this.#queueWhenCovered(watch);
    }
    return isClosed && this.#gapped.size > 0;
  }

  /** Says of every covered watch that is due and was in no block up to the solidified `point` that it can never execute. */
  expire(point: ChainPoint, { nodes }: SolidEvidence): void {
    const undecided: Watch[] = [];
    for (const watch of this.#expiry.takeDue(point.timestamp)) {
      if (watch.decided) continue;
      assert(watch.gapTo === 0 && !watch.late, "only a watch without gap is in the queue of expirations");
      if (watch.toldId !== undefined || point.number <= Math.max(watch.referenceNumber, watch.seenIn - 1)) {
        undecided.push(watch);
        continue;
      }
      this.#ports.announcer.expired(watch, {
        solidNumber: point.number,
        solidId: point.id,
        solidTimestamp: point.timestamp,
        scannedFrom: watch.referenceNumber + 1,
        scannedTo: point.number,
        nodes,
      });
    }
    for (const watch of undecided) this.#expiry.push(watch);
  }

  async #tellOneLate(
    watch: Watch,
    given: { segment: Segment; receipts: ReceiptIndex | undefined; evidence: SolidEvidence; signal: AbortSignal },
  ): Promise<void> {
    const { segment, evidence, signal } = given;
    // Asked again, because the wait for receipts may have been long enough for anything.
    const block = segment.find(watch.txId);
    const result = block?.results.get(watch.txId);
    if (block === undefined || result === undefined) {
      // The block was taken back, or it left memory: then only reading it again can tell.
      watch.late = false;
      this.#leaveGapBelow(watch, segment.floor);
      this.#queueWhenCovered(watch);
      return;
    }
    const isSolid = block.number <= segment.solid.number;
    const read = (receipts: ReceiptIndex) => inclusionOf(block, { txId: watch.txId, result }, receipts);
    let inclusion = read(given.receipts ?? new Map());
    if (inclusion !== undefined && isSolid) {
      inclusion = await this.#ports.settle(block.number, { known: inclusion, read }, signal);
    }
    if (inclusion === undefined) {
      this.#late.push(watch);
      return;
    }
    watch.late = false;
    block.inclusions.set(watch.txId, inclusion);
    if (isSolid) this.#ports.announcer.solidified(watch.txId, inclusion, evidence);
    else this.#ports.announcer.included(watch.txId, inclusion);
    this.#queueWhenCovered(watch);
  }

  #leaveGapBelow(watch: Watch, firstCompared: number): void {
    if (watch.referenceNumber + 1 >= firstCompared) return;
    watch.gapTo = Math.max(watch.gapTo, firstCompared - 1);
    this.#gapped.add(watch);
  }

  #queueWhenCovered(watch: Watch): void {
    if (watch.live && !watch.decided && !watch.late && watch.gapTo === 0) this.#expiry.push(watch);
  }

  #nextGap(segment: Segment): { sweep: Sweep; members: Watch[] } | undefined {
    const to = segment.floor - 1;
    const waiting = [...this.#gapped].filter((watch) => watch.live && !watch.decided);
    if (waiting.length === 0) return undefined;
    const near = waiting.filter((watch) => watch.referenceNumber >= to - NEAR_BLOCKS);
    const members = near.length > 0 ? near : waiting;
    const from = members.reduce((least, watch) => Math.min(least, watch.referenceNumber + 1), to);
    const range = { from, to, expectedId: segment.floorParentId };
    const { reader, settle, watches } = this.#ports;
    return { sweep: new Sweep(range, { reader, settle, wanted: (txId) => watches.has(txId) }), members };
  }
}
