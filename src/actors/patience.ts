/** How long a disk that refuses to be read (open files, an I/O error) is asked again before it counts as failed. */
import { isFault } from "../domain/errors.ts";
import { DISK_PATIENCE_MS } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/telemetry.ts";

const FIRST_PAUSE_MS = 250;
const PAUSE_MAX_MS = 4_000;
/** A refusal may take its time, and the process with it. */
const GRACE_MS = 5_000;

export type PatiencePorts = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onFatal: (error: unknown) => void;
};

/** Nothing was written, so memory is not ahead of the disk and nobody's step is to blame. */
export function isReadRefused(error: unknown): boolean {
  return isFault(error) && error.code === "store_unavailable";
}

export class Patience {
  private since = 0;
  /** The end of the longest pause. A refusal well after it is not of the same trouble. */
  private until = 0;
  private readonly ports: PatiencePorts;

  constructor(ports: PatiencePorts) {
    this.ports = ports;
  }

  /** One row that cannot be read was put aside; whether the others can is another trouble. */
  startOver(): void {
    this.since = this.ports.clock.now();
  }

  /** Calls `again` after a pause that grows as long as the disk refuses, or never: then the process ends. */
  wait(error: unknown, again: () => void): void {
    const { clock, logger, onFatal } = this.ports;
    const now = clock.now();
    if (now > this.until + GRACE_MS) this.since = now;
    const refusedMs = now - this.since;
    if (refusedMs >= DISK_PATIENCE_MS) return onFatal(error);
    const pauseMs = Math.min(PAUSE_MAX_MS, Math.max(FIRST_PAUSE_MS, refusedMs));
    this.until = Math.max(this.until, now + pauseMs);
    logger.warn({ error: String(error), pauseMs }, "the disk refuses to be read; trying again");
    clock.schedule(pauseMs, again);
  }
}
