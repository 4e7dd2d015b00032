/** Tells an actor whose record alone cannot be read (a bad sector) from a disk that refuses everybody. */
import { keyOf } from "../actors/envelope.ts";
import { isReadRefused } from "../actors/patience.ts";
import type { ActorAddress } from "../domain/records.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";

/** Long enough for files that somebody closes again, and well before the process would end (DISK_PATIENCE_MS). */
const ALONE_MS = 30_000;
/** Refusals further apart than this are not of the same trouble. */
const GRACE_MS = 10_000;
const ACTORS_MAX = 1_000;

type Ports = { readonly clock: Clock; readonly store: Pick<Store, "meta"> };

export class Refusals {
  private readonly ports: Ports;
  private readonly seen = new Map<string, { readonly first: number; readonly last: number }>();

  constructor(ports: Ports) {
    this.ports = ports;
  }

  /** Called at each refusal; true when it has lasted and others can be read. */
  isAlone(actor: ActorAddress): boolean {
    const now = this.ports.clock.now();
    const key = keyOf(actor);
    const before = this.seen.get(key);
    const first = before === undefined || now - before.last > GRACE_MS ? now : before.first;
    const isAlone = now - first >= ALONE_MS && this.othersAnswer();
    this.seen.delete(key);
    if (!isAlone && this.seen.size < ACTORS_MAX) this.seen.set(key, { first, last: now });
    return isAlone;
  }

  private othersAnswer(): boolean {
    try {
      this.ports.store.meta("machineVersions");
      return true;
    } catch (error) {
      if (!isReadRefused(error)) throw error;
      return false;
    }
  }
}
