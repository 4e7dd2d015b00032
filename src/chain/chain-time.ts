/**
 * The chain's time, as far as it may be believed. The newest blocks are one node's word: anybody can sign a header with
 * any time and show it as the child of the newest block, and with it bytes would be built that live for years, and a
 * day would pass in the ledger of limits.
 *
 * T1. Without a stop of the chain a block is a slot later than the one before. Beyond that, and beyond what a clock on
 *     the wall says, a time counts once its block is solidified. A clock that is wrong can only allow more, never less,
 *     and a chain that stood still for longer waits until its first blocks are solidified.
 */
import type { ChainPoint } from "./segment.ts";

const SLOT_MS = 3_000;
/** Slots that witnesses missed, and what the clocks of witnesses and of this machine may differ. */
const AHEAD_MAX_MS = 600_000;

export const TOO_LATE = "the newest block is later than can be believed before it is solidified";

/** ms since epoch. `now`: the engine's clock. */
export function latestPlausible({ solid, tip }: { solid: ChainPoint; tip: ChainPoint }, now: number): number {
  const bySlots = solid.timestamp + (tip.number - solid.number) * SLOT_MS;
  return Math.max(bySlots, now) + AHEAD_MAX_MS;
}
