/** The real clock of `ports/clock`. The only place where the engine's delays meet the event loop. */
import type { Clock } from "../ports/clock.ts";

/** Longest delay a timer of Node can hold; a longer one would fire at once. */
const DELAY_MAX_MS = 2 ** 31 - 1;

/** Pending tasks do not keep the process alive: what must happen is a row in the store, not a timer in memory. */
export function systemClock(): Clock {
  return {
    now: () => Date.now(),
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
