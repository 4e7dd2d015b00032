import type { Clock } from "../../src/ports/clock.ts";

type Task = { due: number; order: number; task: () => void };

/** A clock that moves only when told, in whole milliseconds as the real one. `soon` still uses the event loop, so that real I/O can finish in between. */
export class ManualClock implements Clock {
  private time: number;
  private readonly tasks = new Set<Task>();
  private order = 0;

  constructor(start = 1_800_000_000_000) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  schedule(delayMs: number, task: () => void): () => void {
    this.order += 1;
    const entry = { due: Math.ceil(this.time + delayMs), order: this.order, task };
    this.tasks.add(entry);
    return () => void this.tasks.delete(entry);
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
      const next = this.next(until);
      if (next === undefined) break;
      this.tasks.delete(next);
      this.time = Math.max(this.time, next.due);
      next.task();
      await drain();
    }
    this.time = until;
    await drain();
  }

  /** Time passes while nothing can run; what fell due meanwhile runs then. */
  async stall(ms: number): Promise<void> {
    this.time += ms;
    await this.advance(0);
  }

  private next(until: number): Task | undefined {
    let next: Task | undefined;
    for (const task of this.tasks) {
      if (task.due > until || (next !== undefined && task.due > next.due)) continue;
      if (next === undefined || task.due < next.due || task.order < next.order) next = task;
    }
    return next;
  }
}

/** Lets pending promises, immediates and in-memory I/O run. */
export async function drain(turns = 12): Promise<void> {
  for (let i = 0; i < turns; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
