/**
 * Durable timers: the store is the queue, memory knows only when the next one is due.
 * A row fires its message at least once; the record decides whether it still counts.
 */
import { TIMER_PAGE } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store, TimerRow } from "../ports/store.ts";
import type { Logger } from "../ports/telemetry.ts";

const AHEAD_MAX_MS = 3_600_000;
const RETRY_MS = 1_000;

export type TimersPorts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Resolves when the message was committed or dropped. */
  readonly fire: (row: TimerRow) => Promise<void>;
};

export class Timers {
  private cancel: (() => void) | undefined;
  private armedFor = Number.POSITIVE_INFINITY;
  private firing = false;
  private open = false;
  private readonly ports: TimersPorts;

  constructor(ports: TimersPorts) {
    this.ports = ports;
  }

  async start(): Promise<void> {
    this.open = true;
    await this.armNext();
  }

  stop(): void {
    this.open = false;
    this.cancel?.();
    this.armedFor = Number.POSITIVE_INFINITY;
  }

  /** A timer was committed; wakes earlier if it is the next. */
  arm(due: number): void {
    if (!this.open || due >= this.armedFor) return;
    this.cancel?.();
    this.armedFor = due;
    const delay = Math.min(AHEAD_MAX_MS, Math.max(0, due - this.ports.clock.now()));
    this.cancel = this.ports.clock.schedule(delay, () => void this.fireDue());
  }

  private async fireDue(): Promise<void> {
    this.armedFor = Number.POSITIVE_INFINITY;
    // What falls due while others are being fired is found on disk when they are done.
    if (this.firing || !this.open) return;
    try {
      await this.fireAll();
      await this.armNext();
    } catch (error) {
      this.ports.logger.warn({ error: String(error) }, "timers could not be read; trying again");
      this.arm(this.ports.clock.now() + RETRY_MS);
    }
  }

  private async fireAll(): Promise<void> {
    this.firing = true;
    try {
      for (;;) {
        const rows = await this.ports.store.timers({ until: this.ports.clock.now(), limit: TIMER_PAGE });
        await Promise.all(rows.map((row) => this.ports.fire(row)));
        if (rows.length < TIMER_PAGE || !this.open) return;
      }
    } finally {
      this.firing = false;
    }
  }

  private async armNext(): Promise<void> {
    if (!this.open) return;
    const due = await this.ports.store.nextTimer();
    if (due !== undefined) this.arm(due);
  }
}
