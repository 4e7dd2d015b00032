/**
 * Watches the free space of the volume that holds the store, so that the engine stops signing while there is still
 * room to finish what is under way. Owns the state and its timer; decides nothing else.
 *
 * G1. `full` is reported at once; a better state only after the space has grown a tenth beyond the threshold, so that
 *     a disk at the edge does not switch with every check.
 * G2. A check that fails leaves the state as it was, and before the first that succeeds it is `full`: an unreadable
 *     volume is no proof of room.
 * G3. A listener hears every change of the state once, and never a repetition.
 */
import { statfs } from "node:fs/promises";
import { assert } from "../domain/assert.ts";
import type { Clock } from "../ports/clock.ts";
import { silentLogger, type Logger } from "../ports/telemetry.ts";

/** ok: work as usual. low: warn the operator. full: sign and accept nothing new; reads and answers go on. */
export type DiskState = "ok" | "low" | "full";

export type FreeSpace = { readonly freeBytes: number };

export type DiskGuardOptions = {
  readonly directory: string;
  readonly clock: Clock;
  readonly lowBytes?: number;
  readonly fullBytes?: number;
  readonly intervalMs?: number;
  readonly logger?: Logger;
  /** Free bytes for an unprivileged process on the volume of `directory`. */
  readonly measure?: (directory: string) => Promise<FreeSpace>;
};

/** LevelDB needs room for a compaction (tens of MB) on top of what is written while the operator reacts. */
const DISK_LOW_BYTES = 1024 ** 3;
const DISK_FULL_BYTES = 256 * 1024 ** 2;
const DISK_CHECK_INTERVAL_MS = 5_000;
const RECOVERY_FACTOR = 1.1;

export class DiskGuard {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #lowBytes: number;
  readonly #fullBytes: number;
  readonly #intervalMs: number;
  readonly #logger: Logger;
  readonly #measure: (directory: string) => Promise<FreeSpace>;
  readonly #listeners = new Set<(state: DiskState) => void>();
  #known: DiskState | undefined;
  #freeBytes: number | undefined;
  #cancel: (() => void) | undefined;
  #running = false;

  constructor(options: DiskGuardOptions) {
    this.#directory = options.directory;
    this.#clock = options.clock;
    this.#lowBytes = options.lowBytes ?? DISK_LOW_BYTES;
    this.#fullBytes = options.fullBytes ?? DISK_FULL_BYTES;
    this.#intervalMs = options.intervalMs ?? DISK_CHECK_INTERVAL_MS;
    this.#logger = options.logger ?? silentLogger;
    this.#measure = options.measure ?? measureVolume;
    assert(this.#fullBytes <= this.#lowBytes, "a disk is low before it is full");
  }

  state(): DiskState {
    return this.#known ?? "full";
  }

  /** As of the last check that succeeded. */
  freeBytes(): number | undefined {
    return this.#freeBytes;
  }

  /** Returns the function that ends the subscription. */
  subscribe(listener: (state: DiskState) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves after the first check. */
  async start(): Promise<void> {
    this.#running = true;
    await this.#round();
  }

  stop(): void {
    this.#running = false;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** One check now; never rejects (G2). */
  async check(): Promise<DiskState> {
    try {
      const { freeBytes } = await this.#measure(this.#directory);
      this.#freeBytes = freeBytes;
      this.#enter(this.#judge(freeBytes));
    } catch (error) {
      this.#logger.warn({ error: String(error) }, "free disk space cannot be measured");
    }
    return this.state();
  }

  async #round(): Promise<void> {
    await this.check();
    if (this.#running) this.#cancel = this.#clock.schedule(this.#intervalMs, () => void this.#round());
  }

  #judge(freeBytes: number): DiskState {
    const fullLimit = this.#known === "full" ? this.#fullBytes * RECOVERY_FACTOR : this.#fullBytes;
    if (freeBytes <= fullLimit) return "full";
    const lowLimit =
      this.#known === "low" || this.#known === "full" ? this.#lowBytes * RECOVERY_FACTOR : this.#lowBytes;
    return freeBytes <= lowLimit ? "low" : "ok";
  }

  #enter(state: DiskState): void {
    const before = this.state();
    this.#known = state;
    if (state === before) return;
    for (const listener of this.#listeners) listener(state);
  }
}

/** ENOSPC or EDQUOT, from Node or in the words of LevelDB, which passes on only the text. */
export function isDiskFull(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && (cause.code === "ENOSPC" || cause.code === "EDQUOT")) return true;
    if (/no space left on device|disk quota exceeded/i.test(cause.message)) return true;
  }
  return false;
}

async function measureVolume(directory: string): Promise<FreeSpace> {
  const { bavail, bsize } = await statfs(directory);
  return { freeBytes: bavail * bsize };
}
