/**
 * How a used resource comes back (java-tron ResourceProcessor, tron.md §4.3): linearly over a window of slots. Pure.
 *
 * R1. Usage never falls below zero, and what is left of it never grows with time.
 * R2. Long arithmetic and the one double per formula are those of java-tron, so that results agree to the unit.
 */
import { DAY_SLOTS } from "./parameters.ts";

/** What an account has used of one staked resource, as of a slot. */
export type Use = {
  readonly usage: number;
  /** Slot of the last change: ms / 3000. */
  readonly slot: number;
  /** Slots over which the usage comes back, in thousandths; 0: a whole day, because nothing was used yet. */
  readonly window: number;
};

export const UNUSED: Use = { usage: 0, slot: 0, window: 0 };

const PRECISION = 1_000_000n;
const WINDOW_PRECISION = 1_000;
const DAY = BigInt(DAY_SLOTS);
/** A whole day in thousandths of slots, which is also what an account shows before its first use. */
export const FULL_WINDOW = DAY_SLOTS * WINDOW_PRECISION;

/** What is left of `usage` after recovery over a whole day, with `added` on top; for quotas without a window of their own. */
export function usedOfDay(use: { usage: number; slot: number }, added: number, slot: number): number {
  const left = averageLeft({ ...use, window: FULL_WINDOW }, slot);
  return Number(((left + divideUp(BigInt(added) * PRECISION, DAY)) * DAY) / PRECISION);
}

/** What is left of a staked resource's usage. */
export function usageLeft(use: Use, slot: number): number {
  return Number((averageLeft(use, slot) * BigInt(windowSlots(use))) / PRECISION);
}

/** The use after `added` more, with the window that both parts share from now on (increaseV2). */
export function used(use: Use, added: number, slot: number): Use {
  const average = averageLeft(use, slot);
  const slots = BigInt(windowSlots(use));
  const usage = (average * slots + divideUp(BigInt(added) * PRECISION, DAY) * DAY) / PRECISION;
  const remaining = (average * slots) / PRECISION;
  if (remaining === 0n) return { usage: Number(usage), slot, window: FULL_WINDOW };
  const windowLeft = BigInt(windowOf(use) - (slot - use.slot) * WINDOW_PRECISION);
  const area = remaining * windowLeft + BigInt(added) * DAY * BigInt(WINDOW_PRECISION);
  return { usage: Number(usage), slot, window: capped(divideUp(area, usage)) };
}

/** The use brought to `slot`, nothing added. */
export function settled(use: Use, slot: number): Use {
  return used(use, 0, slot);
}

/** The owner's use after it took over `moved` of the receiver's, whose window comes with it (unDelegateIncreaseV2). */
export function usedWithReturned(owner: Use, returned: { moved: number; window: number }, slot: number): Use {
  const own = settled(owner, slot);
  const usage = own.usage + returned.moved;
  if (usage === 0) return { usage: 0, slot, window: FULL_WINDOW };
  const area =
    BigInt(own.usage) * BigInt(Math.max(0, windowOf(own))) +
    BigInt(returned.moved) * BigInt(Math.max(0, returned.window));
  return { usage, slot, window: capped(divideUp(area, BigInt(usage))) };
}

/** In thousandths of slots. */
export function windowOf(use: Use): number {
  return use.window === 0 ? FULL_WINDOW : use.window;
}

function windowSlots(use: Use): number {
  return use.window < WINDOW_PRECISION ? DAY_SLOTS : Math.floor(use.window / WINDOW_PRECISION);
}

function averageLeft(use: Use, slot: number): bigint {
  const slots = windowSlots(use);
  const average = divideUp(BigInt(use.usage) * PRECISION, BigInt(slots));
  const elapsed = slot - use.slot;
  if (elapsed === 0) return average;
  if (elapsed >= slots) return 0n;
  return BigInt(Math.round(Number(average) * ((slots - elapsed) / slots)));
}

function capped(window: bigint): number {
  return Math.min(Number(window), FULL_WINDOW);
}

/** Both are positive. */
function divideUp(numerator: bigint, denominator: bigint): bigint {
  return numerator / denominator + (numerator % denominator > 0n ? 1n : 0n);
}
