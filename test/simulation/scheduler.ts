/**
 * The one scheduler of a simulated world: everything that takes time is a task of it.
 *
 * T1. What happens next depends on the seed alone: a task is due after a delay that the seed chose, tasks of the same
 *     instant run in an order that the seed chose, and a task runs to the end of everything it set off.
 * T2. A task belongs to a life, or to the world (0). When a life ends, none of its tasks runs any more.
 * T3. Time moves only between tasks, and only forward. The wall clock may be wrong by as much as the seed says.
 */
import { createHash, type Hash } from "node:crypto";
import type { Random } from "../support/random.ts";
import { realImmediate } from "./machine/globals.ts";

/** The life of what no death of the engine ends: nodes, clients, the network between them. */
export const WORLD = 0;
/** Nobody lives: what still runs within the turn of a death schedules nothing. */
const NOBODY = -1;

/** Many times what a seed takes. */
const TASKS_MAX = 120_000;
/** More than one, since a turn of the event loop has a price of its own. */
const STEPS_PER_TURN = 64;
/** Characters; a hash is told in long pieces, which is cheaper. */
const LINES_MAX = 100_000;

export class Restless extends Error {}

type Task = {
  readonly due: number;
  readonly tie: number;
  readonly life: number;
  readonly name: string;
  readonly run: () => void;
  cancelled: boolean;
};
type Soon = { readonly life: number; readonly run: () => void; cancelled: boolean };

export class Scheduler {
  /** The life that runs now; `NOBODY` between a death and the next start. */
  life = NOBODY;
  /** How far the wall clock is off, ms. */
  wallOffset = 0;
  tasks = 0;
  /** Called before each task; the death of the engine hides in here. */
  onTask: (name: string) => void = () => {};
  private elapsed = 0;
  private lives = 0;
  private readonly heap: Task[] = [];
  private soon: Soon[] = [];
  private readonly trace: Hash = createHash("sha256");
  /** Lines that are not in the hash yet. */
  private lines = "";
  private readonly startsAt: number;
  private readonly random: Random;

  constructor(startsAt: number, random: Random) {
    this.startsAt = startsAt;
    this.random = random;
  }

  /** ms since the world began. */
  get now(): number {
    return this.elapsed;
  }

  /** What a program that asks for the time is told, ms since epoch. */
  get wall(): number {
    return Math.floor(this.startsAt + this.elapsed + this.wallOffset);
  }

  /** A new life begins; what is scheduled from now on is its own unless it says otherwise. */
  begin(): number {
    this.lives += 1;
    this.life = this.lives;
    return this.life;
  }

  /** T2 */
  end(): void {
    this.life = NOBODY;
    this.soon = this.soon.filter(({ life }) => life === WORLD);
  }

  isAlive(life: number): boolean {
    return life === WORLD || life === this.life;
  }

  /** Runs `run` once, `delay` ms from now. Returns how to cancel it. */
  at(delay: number, name: string, run: () => void, life = this.life): () => void {
    if (life === NOBODY) return () => {};
    const task = { due: this.elapsed + Math.max(0, delay), tie: this.random.next(), life, name, run, cancelled: false };
    this.push(task);
    return () => void (task.cancelled = true);
  }

  /** Within the turn that runs now, after everything else: Node's immediates. */
  immediately(run: () => void): () => void {
    const { life } = this;
    if (life === NOBODY) return () => {};
    const entry = { life, run, cancelled: false };
    this.soon.push(entry);
    return () => void (entry.cancelled = true);
  }

  /** Waits in a task of the world. */
  wait(delay: number, name: string): Promise<void> {
    return new Promise((resolve) => void this.at(delay, name, resolve, WORLD));
  }

  /** A line of the run's own record: the same seed gives the same lines. */
  note(line: string): void {
    this.lines += `${line}\n`;
    if (this.lines.length > LINES_MAX) this.hashLines();
  }

  digest(): string {
    this.hashLines();
    return this.trace.copy().digest("hex");
  }

  private hashLines(): void {
    this.trace.update(this.lines);
    this.lines = "";
  }

  /** Runs tasks until `isDone` or nothing is left. Throws `Restless` when the world does not come to an end. */
  run(isDone: () => boolean): Promise<void> {
    return stepByStep(() => this.soonRan() || this.taskRan(isDone));
  }

  /** T1. What waits for the end of this turn comes before the next task. */
  private soonRan(): boolean {
    if (this.soon.length === 0) return false;
    for (const entry of this.soon.splice(0)) {
      if (!entry.cancelled && this.isAlive(entry.life)) entry.run();
    }
    return true;
  }

  private taskRan(isDone: () => boolean): boolean {
    while (!isDone()) {
      if (this.tasks > TASKS_MAX) throw new Restless();
      const task = this.pop();
      if (task === undefined) return false;
      if (task.cancelled || !this.isAlive(task.life)) continue;
      this.elapsed = Math.max(this.elapsed, task.due);
      this.tasks += 1;
      this.note(`${task.due.toFixed(3)} ${task.life} ${task.name}`);
      this.onTask(task.name);
      if (!this.isAlive(task.life)) continue;
      task.run();
      return true;
    }
    return false;
  }

  private push(task: Task): void {
    const { heap } = this;
    let at = heap.push(task) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(task, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = task;
  }

  private pop(): Task | undefined {
    const { heap } = this;
    const [first] = heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return last;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [a, b] = [heap[left], heap[left + 1]];
      if (a === undefined) break;
      const child = b !== undefined && isBefore(b, a) ? left + 1 : left;
      const smaller = heap[child];
      if (smaller === undefined || !isBefore(smaller, last)) break;
      heap[at] = smaller;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.due < b.due || (a.due === b.due && a.tie < b.tie);
}

/**
 * Runs `step` until it says no. Between two immediates Node runs all that the first one set off, to the last promise, and
 * there is no real I/O that could come later: so every step finds quiet, and many share a turn of the event loop.
 */
function stepByStep(step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const one = () => {
      if (isOver) return;
      try {
        isOver = !step();
        if (isOver) resolve();
      } catch (error) {
        isOver = true;
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    const turn = () => {
      if (isOver) return;
      for (let steps = 0; steps < STEPS_PER_TURN; steps += 1) realImmediate(one);
      realImmediate(turn);
    };
    turn();
  });
}
