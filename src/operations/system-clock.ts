/**
 * The real clock of `ports/clock`. The only place where the engine's delays meet the event loop.
 *
 * K1. Time never goes back, and never stands still: when this machine's clock is set back, time goes on from where it was
 *     by the machine's own ticks. What is due on disk would otherwise wait until the clock has caught up. A clock that
 *     is set forward is followed at once.
 */
import type { Clock } from "../ports/clock.ts";

/** Longest delay a timer of Node can hold; a longer one would fire at once. */
const DELAY_MAX_MS = 2 ** 31 - 1;

/** The wall clock may be slowed down to correct it; by less than this it was not set. */
const SLOWED_MS = 1_000;

/**
 * `notBefore`: the newest time that was read before a restart, ms. Pending tasks do not keep the process alive: what must
 * happen is a row in the store, not a timer in memory.
 */
export function systemClock({ notBefore = 0 } = {}): Clock {
  let last = Math.max(notBefore, Date.now());
  let ticks = performance.now();
  return {
    now() {
      const [wall, tick] = [Date.now(), performance.now()];
      const ran = last + tick - ticks;
      last = wall < ran - SLOWED_MS ? ran : Math.max(last, wall);
      ticks = tick;
      return Math.floor(last);
    },
    schedule(delayMs, task) {
      const due = performance.now() + Math.max(0, delayMs);
      let timer: NodeJS.Timeout;
      const arm = (): void => {
        const left = Math.ceil(due - performance.now());
        timer = setTimeout(left > DELAY_MAX_MS ? arm : task, Math.min(Math.max(left, 0), DELAY_MAX_MS)).unref();
      };
      arm();
      return () => clearTimeout(timer);
    },
    soon(task) {
      setImmediate(task);
    },
    random: () => Math.random(),
  };
}
