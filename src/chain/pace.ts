/** How fast blocks are read, over the last half minute of the engine's clock. */
import type { Clock } from "../ports/clock.ts";

const WINDOW_MS = 30_000;
const MARKS_MAX = 64;

export class Pace {
  readonly #clock: Clock;
  #marks: { readonly at: number; readonly number: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `number`: the newest block read so far. */
  reached(number: number): void {
    const at = this.#clock.now();
    const last = this.#marks.at(-1);
    if (last !== undefined && at - last.at < WINDOW_MS / MARKS_MAX && this.#marks.length > 1) this.#marks.pop();
    this.#marks.push({ at, number });
    const kept = this.#marks.findIndex((mark) => at - mark.at <= WINDOW_MS);
    // One mark older than the window stays, so that a slow reader has a pace too.
    if (kept > 1) this.#marks = this.#marks.slice(kept - 1);
  }

  get perSecond(): number {
    const [first] = this.#marks;
    const last = this.#marks.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) return 0;
    return Math.max(0, ((last.number - first.number) * 1_000) / (last.at - first.at));
  }

  /** Until so many blocks are read; the chain grows by one every 3 s meanwhile. `undefined`: they are read no faster. */
  etaSeconds(blocks: number): number | undefined {
    if (blocks === 0) return 0;
    const gained = this.perSecond - 1 / 3;
    return gained > 0 ? blocks / gained : undefined;
  }
}
