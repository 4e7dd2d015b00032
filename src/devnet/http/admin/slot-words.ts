/** How fast blocks come, in the words of people. */
import type { SlotMs } from "../../schedule.ts";
import { BadRequest } from "./fields.ts";

const FAST_MS = 50;
const SLOT_MS_MAX = 3_600_000;

/** Throws `BadRequest`. */
export function slotMsFrom(value: unknown): SlotMs {
  if (value === "manual" || value === "instant") return value;
  if (value === "fast") return FAST_MS;
  const number = typeof value === "string" && /^[0-9]{1,7}$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isInteger(number) && number >= 1 && number <= SLOT_MS_MAX) return number;
  throw new BadRequest(`must be 1 to ${SLOT_MS_MAX} (ms), fast, manual or instant`);
}
