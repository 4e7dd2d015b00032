/**
 * Keeps the segment on the branch that the nodes follow: reads each new block once, and walks back when a block does not
 * follow the newest one. Reads only; it never touches the solidified cursor.
 */
import type { Block, TxId } from "../domain/chain-facts.ts";
import type { ChainGateway } from "../ports/world.ts";
import type { Announcer } from "./announcer.ts";
import { withReading, type BlockReader } from "./block-reader.ts";
import { segmentBlock, type Segment } from "./segment.ts";
import type { Transfers } from "./transfers.ts";

/**
 * - reached: the segment has the block that was asked for, or all there is
 * - more: the budget is used up
 * - waiting: a node lags, receipts are missing, or answers do not fit together; ask again later
 * - forkedBelowCursor: the nodes' chain does not contain the solidified block of the cursor
 */
export type BranchOutcome = "reached" | "more" | "waiting" | "forkedBelowCursor";

export type BranchPorts = {
  readonly gateway: ChainGateway;
  readonly reader: BlockReader;
  readonly announcer: Announcer;
  readonly wanted: (txId: TxId) => boolean;
  readonly transfers: Transfers | undefined;
};

export class Branch {
  readonly #ports: BranchPorts;
  #forks = 0;

  constructor(ports: BranchPorts) {
    this.#ports = ports;
  }

  /** Times that blocks were taken back. */
  get forks(): number {
    return this.#forks;
  }

  /** Reads up to `goal`, at most `pages` pages; `head` is a block at hand that needs no reading. */
  async extend(
    segment: Segment,
    given: { head: Block; goal: number; pages: number; signal: AbortSignal },
  ): Promise<BranchOutcome> {
    const { head, goal, signal } = given;
    for (let page = 0; segment.tip.number < goal; page += 1) {
      if (page >= given.pages) return "more";
      const from = segment.tip.number + 1;
      const to = head.number > from ? Math.min(goal, head.number - 1) : goal;
      const blocks = from === head.number ? [head] : await this.#ports.reader.page(from, to, signal);
      if (blocks.length === 0) return "waiting";
      for (const block of blocks) {
        const outcome = await this.#add(segment, block, signal);
        if (outcome !== "reached") return outcome;
      }
    }
    return "reached";
  }

  /** The solidified block at this height has another id than ours: go over to its branch. */
  async switchTo(segment: Segment, solid: { number: number; id: string }, signal: AbortSignal): Promise<BranchOutcome> {
    const block = await this.#ports.gateway.block(solid.number, signal);
    if (block === undefined || block.id !== solid.id) return "waiting";
    return this.#switchBranch(segment, block, signal);
  }

  /** One answer may come from a confused node: only the block at the cursor's height itself says that the cursor is wrong. */
  async confirmFork(segment: Segment, signal: AbortSignal): Promise<BranchOutcome> {
    const { number, id } = segment.solid;
    const theirs = await this.#ports.gateway.block(number, signal);
    return theirs === undefined || theirs.id === id ? "waiting" : "forkedBelowCursor";
  }

  async #add(segment: Segment, block: Block, signal: AbortSignal): Promise<BranchOutcome> {
    if (block.parentId === segment.tip.id) return (await this.#append(segment, block, signal)) ? "reached" : "waiting";
    return this.#switchBranch(segment, block, signal);
  }

  async #append(segment: Segment, block: Block, signal: AbortSignal): Promise<boolean> {
    const { reader, wanted, announcer, transfers } = this.#ports;
    return withReading(block, { reader, wanted, transfers, signal }, ({ inclusions, matched }) => {
      segment.append(segmentBlock(block, { inclusions, matched }));
      for (const [txId, inclusion] of inclusions) announcer.included(txId, inclusion);
      transfers?.seen(block, matched);
    });
  }

  /** Walks back from `block` to the newest common ancestor, takes back what is above it, and follows the new branch. */
  async #switchBranch(segment: Segment, block: Block, signal: AbortSignal): Promise<BranchOutcome> {
    const branch = [block];
    let oldest = block;
    while (oldest.number - 1 > segment.solid.number) {
      const ours = segment.at(oldest.number - 1);
      if (ours === undefined || oldest.parentId === ours.id) break;
      const parent = await this.#ports.gateway.block(ours.number, signal);
      // Two nodes of one pool may follow two branches; blocks that do not chain are no branch.
      if (parent === undefined || parent.id !== oldest.parentId) return "waiting";
      branch.push(parent);
      oldest = parent;
    }
    const ancestor = oldest.number - 1;
    if (ancestor === segment.solid.number && oldest.parentId !== segment.solid.id) {
      return this.confirmFork(segment, signal);
    }
    this.#takeBack(segment, ancestor);
    for (const next of branch.toReversed()) {
      if (!(await this.#append(segment, next, signal))) return "waiting";
    }
    return "reached";
  }

  #takeBack(segment: Segment, ancestor: number): void {
    const orphans = segment.cutAbove(ancestor);
    if (orphans.length > 0) this.#forks += 1;
    for (const orphan of orphans) {
      for (const txId of orphan.inclusions.keys()) this.#ports.announcer.orphaned(orphan, txId);
      this.#ports.transfers?.unseen(orphan, orphan.matched);
    }
  }
}
