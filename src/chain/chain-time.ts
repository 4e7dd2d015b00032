/**
 * The chain's time, as far as it may be believed. The newest blocks are one node's word: anybody can sign a header with
 * any time and show it as the child of the newest block, and with it bytes would be built that live for years, and a
 * day would pass in the ledger of limits.
 *
 * T1. A block is later than its parent, by a slot unless slots were missed. What is further ahead counts once its block
 *     is solidified; so a chain that stood still for longer waits for that.
 * T2. Time does not go back: it is that of the latest block, not of the newest one.
 */
import type { ChainPoint } from "./segment.ts";

const SLOT_MS = 3_000;
/**
 * Slots that witnesses may have missed since the newest solidified block. A minute more than a node's head may be ahead
 * of this machine's clock before it is asked last (heights.ts), so that no node that is asked first stops signatures.
 */
const AHEAD_MAX_MS = 16 * 60_000;

export const TOO_LATE = "the newest block is later than can be believed before it is solidified";

/** ms since epoch. */
export function latestPlausible({ solid, tip }: { solid: ChainPoint; tip: ChainPoint }): number {
  return solid.timestamp + (tip.number - solid.number) * SLOT_MS + AHEAD_MAX_MS;
}
