/** The system's clock, running faster: for tests in which the chain's slots are short too. */
import type { Clock } from "../../src/ports/clock.ts";

/** `origin` is the same for every process of one test, so that time never goes back when a process follows another. */
export function fastClock({ speed, origin }: { speed: number; origin: number }): Clock {
  return {
    now: () => Math.floor(origin + (Date.now() - origin) * speed),
    schedule(delayMs, task) {
      const timer = setTimeout(task, Math.min(2 ** 31 - 1, Math.ceil(Math.max(0, delayMs) / speed)));
      timer.unref();
      return () => clearTimeout(timer);
    },
    soon: (task) => void setImmediate(task),
    random: () => Math.random(),
  };
}
