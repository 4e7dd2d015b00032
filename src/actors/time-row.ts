/**
 * Writes the engine's time down with what it stamps. A start begins no earlier than the newest time on disk; were that
 * older than the records, a machine whose clock was set back meanwhile would keep their timers waiting (ADR 0023).
 *
 * T1. No committed record has a stamp that is newer than the time on disk by NOTED_EVERY_MS or more.
 */
import type { Write } from "../ports/store.ts";

/** The name of the row. */
export const ENGINE_TIME = "engineTime";
const NOTED_EVERY_MS = 1_000;

export class TimeRow {
  private noted = Number.NEGATIVE_INFINITY;

  /** The writes of a step that was made `at`, with the time when the one on disk is too old for them. */
  with(writes: readonly Write[], at: number): readonly Write[] {
    if (writes.length === 0 || at - this.noted < NOTED_EVERY_MS) return writes;
    this.noted = at;
    return [...writes, { put: "meta", name: ENGINE_TIME, value: at }];
  }

  /** Some of the writes were taken back, and perhaps the time with them. */
  forget(): void {
    this.noted = Number.NEGATIVE_INFINITY;
  }
}
