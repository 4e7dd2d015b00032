import type { Clock } from "../../src/ports/clock.ts";

/** A clock that moves only when told. `soon` still uses the event loop, so that real I/O can finish in between. */
export class ManualClock implements Clock {
  private time: number;
  private tasks: { due: number; order: number; task: () => void }[] = [];
  private order = 0;

  constructor(start = 1_800_000_000_000) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  schedule(delayMs: number, task: () => void): () => void {
    this.order += 1;
    const entry = { due: this.time + delayMs, order: this.order, task };
    this.tasks.push(entry);
    return () => {
      this.tasks = this.tasks.filter((other) => other !== entry);
    };
  }

  soon(task: () => void): void {
    setImmediate(task);
  }

  random(): number {
    return 0.5;
  }

  /** Runs what falls due, in order, letting the event loop drain after each. */
  async advance(ms: number): Promise<void> {
    const until = this.time + ms;
    for (;;) {
      const next = this.tasks
        .filter((task) => task.due <= until)
        .toSorted((a, b) => a.due - b.due || a.order - b.order)[0];
      if (next === undefined) break;
      this.tasks = this.tasks.filter((task) => task !== next);
      this.time = Math.max(this.time, next.due);
      next.task();
      await drain();
    }
    this.time = until;
    await drain();
  }
}

/** Lets pending promises, immediates and in-memory I/O run. */
export async function drain(turns = 12): Promise<void> {
  for (let i = 0; i < turns; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
