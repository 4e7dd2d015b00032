/**
 * Who may send a request to a node now: one budget for each key and host, shared by the nodes behind it. Owns the
 * requests that wait and the count of those under way.
 *
 * B1. Nothing is sent while the node wants to be left alone: asking then would make the suspension longer.
 * B2. A request of an earlier lane is never behind one of a later lane.
 * B3. At most `LANE_WAITING_MAX` wait in a lane, `inFlight` are under way; one more is refused, and so is one that
 *     cannot be sent in the time that its caller has.
 */
import type { Clock } from "../ports/clock.ts";
import { LANES, type AskTerms, type Lane } from "./asking.ts";
import { DailyBudget } from "./daily-budget.ts";
import { LearnedRate } from "./rate.ts";

export type BudgetLimits = {
  /** Requests under way at a time. */
  readonly inFlight: number;
  /** Unlimited until the node says otherwise. */
  readonly perSecond?: number | undefined;
  readonly perDay?: number | undefined;
};

export type BudgetReading = {
  /** The learned rate; `null`: no limit is known. */
  readonly perSecond: number | null;
  readonly perDay: number | null;
  /** Requests of this day (UTC), since the process started. */
  readonly today: number | null;
  readonly waiting: Readonly<Record<Lane, number>>;
  readonly inFlight: number;
  /** Clock time, ms. */
  readonly suspendedUntil: number | null;
};

/** A request was not let through; nothing was sent. */
export class BudgetRefusal extends Error {}

export const LANE_WAITING_MAX: Readonly<Record<Lane, number>> = {
  broadcast: 4_096,
  follow: 256,
  read: 1_024,
  history: 128,
};

/** How long to keep away when the node did not say (tron.md §2.4). */
const SUSPENSION_MS = 30_000;

/** Slots that only bytes may use, so that they never wait behind slow reads. */
const SLOTS_FOR_BYTES = 2;

type Waiter = {
  readonly go: () => void;
  readonly refuse: (reason: string) => void;
};

export class Budget {
  readonly #limits: BudgetLimits;
  readonly #clock: Clock;
  readonly #rate: LearnedRate;
  readonly #daily: DailyBudget | undefined;
  readonly #waiting: Record<Lane, Waiter[]> = { broadcast: [], follow: [], read: [], history: [] };
  #inFlight = 0;
  #suspendedUntil = 0;
  #cancelWake: (() => void) | undefined;
  #wakeAt = Number.POSITIVE_INFINITY;

  constructor(limits: BudgetLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#rate = new LearnedRate(limits.perSecond, clock.now());
    this.#daily = limits.perDay === undefined ? undefined : new DailyBudget(limits.perDay, clock.now());
  }

  /** Resolves when the request may leave; then `release` must be called once. Throws `BudgetRefusal`. */
  async acquire({ lane, signal, until = Number.POSITIVE_INFINITY }: AskTerms): Promise<void> {
    const now = this.#clock.now();
    if (this.ready(lane)) {
      this.#take(lane, now);
      return;
    }
    const refusal = this.#hopeless({ lane, until, now });
    if (refusal !== undefined) throw new BudgetRefusal(refusal);
    await this.#queue({ lane, signal, until });
  }

  release(): void {
    this.#inFlight -= 1;
    this.#pump();
  }

  answered(): void {
    this.#rate.raise();
  }

  /** The node said that there were too many requests, perhaps for how long it does not want any. */
  refused(retryAfterMs: number | undefined): void {
    const now = this.#clock.now();
    // Requests that were under way together are refused together: that is one lesson, not many.
    if (now >= this.#suspendedUntil) this.#rate.lower(now);
    this.suspend(retryAfterMs ?? SUSPENSION_MS);
  }

  /** Sends nothing for this long, and a little longer: clients that come back together are suspended together. */
  suspend(ms: number): void {
    const until = this.#clock.now() + ms + Math.round(Math.min(ms / 10, 5_000) * this.#clock.random());
    this.#suspendedUntil = Math.max(this.#suspendedUntil, until);
    this.#pump();
  }

  /** Whether a request of this lane could leave at once. */
  ready(lane: Lane): boolean {
    return this.#nobodyBefore(lane) && this.#waitOf(lane, this.#clock.now()) === 0 && this.#hasSlot(lane);
  }

  /** Milliseconds until the day's share of this lane has room. */
  pacedMs(lane: Lane): number {
    return this.#daily?.wait(lane, this.#clock.now()) ?? 0;
  }

  /** Whether a request would have to wait now. */
  crowded(lane: Lane): boolean {
    return !this.#nobodyBefore(lane) || !this.#hasSlot(lane);
  }

  suspended(): boolean {
    return this.#clock.now() < this.#suspendedUntil;
  }

  reading(): BudgetReading {
    const now = this.#clock.now();
    const { broadcast, follow, read, history } = this.#waiting;
    return {
      perSecond: this.#rate.limit() ?? null,
      perDay: this.#daily?.perDay ?? null,
      today: this.#daily?.used(now) ?? null,
      waiting: { broadcast: broadcast.length, follow: follow.length, read: read.length, history: history.length },
      inFlight: this.#inFlight,
      suspendedUntil: this.#suspendedUntil > now ? this.#suspendedUntil : null,
    };
  }

  /** Nobody who waits will be served any more. */
  close(): void {
    this.#cancelWake?.();
    for (const lane of LANES) for (const waiter of this.#waiting[lane].splice(0)) waiter.refuse("the node is closed");
  }

  #hopeless({ lane, until, now }: { lane: Lane; until: number; now: number }): string | undefined {
    if (this.#suspendedUntil >= until) return "the node wants no requests for longer than the caller can wait";
    const daily = this.#daily?.wait(lane, now) ?? 0;
    if (this.#daily !== undefined && this.#daily.wait(lane, now) === undefined) {
      return `the requests of this day are used up for ${lane}`;
    }
    if (now + daily > until) return `the requests of this day are paced, and ${lane} cannot wait for its next one`;
    if (this.#waiting[lane].length >= LANE_WAITING_MAX[lane]) return `too many requests wait in the lane ${lane}`;
    return undefined;
  }

  #queue({ lane, signal, until }: AskTerms & { until: number }): Promise<void> {
    return new Promise((resolve, reject) => {
      const lineUp = this.#waiting[lane];
      const leave = (): void => {
        const index = lineUp.indexOf(waiter);
        if (index >= 0) lineUp.splice(index, 1);
        signal?.removeEventListener("abort", abort);
        cancelEnd?.();
      };
      const abort = (): void => waiter.refuse("the caller gave up");
      const waiter: Waiter = {
        go: () => {
          leave();
          resolve();
        },
        refuse: (reason) => {
          leave();
          reject(new BudgetRefusal(reason));
        },
      };
      const cancelEnd = Number.isFinite(until)
        ? this.#clock.schedule(Math.max(0, until - this.#clock.now()), () =>
            waiter.refuse("the budget had no room in time"),
          )
        : undefined;
      lineUp.push(waiter);
      signal?.addEventListener("abort", abort, { once: true });
      if (signal?.aborted === true) abort();
      this.#pump();
    });
  }

  /** Lets through whoever may go, the earliest lane first, and arms one timer for the next. */
  #pump(): void {
    for (;;) {
      const now = this.#clock.now();
      let soonest = Number.POSITIVE_INFINITY;
      let gone = false;
      for (const lane of LANES) {
        const waiter = this.#waiting[lane][0];
        // Whoever ends a request pumps again.
        if (waiter === undefined || !this.#hasSlot(lane)) continue;
        const wait = this.#waitOf(lane, now);
        if (wait === 0) {
          this.#take(lane, now);
          waiter.go();
          gone = true;
          break;
        }
        soonest = Math.min(soonest, now + wait);
      }
      if (gone) continue;
      this.#wake(soonest, now);
      return;
    }
  }

  #wake(at: number, now: number): void {
    if (at === this.#wakeAt || at === Number.POSITIVE_INFINITY) return;
    this.#cancelWake?.();
    this.#wakeAt = at;
    this.#cancelWake = this.#clock.schedule(at - now, () => {
      this.#wakeAt = Number.POSITIVE_INFINITY;
      this.#pump();
    });
  }

  /** Milliseconds until rate, day and suspension allow a request of this lane. A day that is over is waited for. */
  #waitOf(lane: Lane, now: number): number {
    const suspended = Math.max(0, this.#suspendedUntil - now);
    const daily = this.#daily === undefined ? 0 : (this.#daily.wait(lane, now) ?? 60_000);
    return Math.max(suspended, daily, this.#rate.wait(now));
  }

  #hasSlot(lane: Lane): boolean {
    const { inFlight } = this.#limits;
    const kept = lane === "broadcast" || inFlight <= 2 * SLOTS_FOR_BYTES ? 0 : SLOTS_FOR_BYTES;
    return this.#inFlight < inFlight - kept;
  }

  #take(lane: Lane, now: number): void {
    this.#inFlight += 1;
    this.#rate.take(now);
    this.#daily?.take(lane, now);
  }

  #nobodyBefore(lane: Lane): boolean {
    for (const other of LANES) {
      if (this.#waiting[other].length > 0 && !this.#pacedOut(other)) return false;
      if (other === lane) return true;
    }
    return true;
  }

  /** A lane that waits for its share of the day does not hold up the ones after it. */
  #pacedOut(lane: Lane): boolean {
    return this.#daily !== undefined && this.#daily.wait(lane, this.#clock.now()) !== 0;
  }
}
