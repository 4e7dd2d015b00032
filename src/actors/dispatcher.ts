/**
 * Runs committed outbox entries, perhaps more than once, and posts each answer back as a message.
 *
 * D1. Nothing runs that is not a committed row of the outbox (E4).
 * D2. At most `concurrency` of a source run and EFFECT_QUEUE_MAX wait in memory; the rest wait on disk and are paged in.
 * D3. A stopped effect is aborted and its answer dropped; an answer counts only while the record still names its key (E5).
 * D4. An entry from disk has no input; it is worked out from the record when it is needed. A record that cannot be read
 *     stops its own actor only: the row stays, and is read again when the actor is released.
 * D5. Once it runs, nothing that waits is forgotten: a disk that refuses to be read is asked again, and an outbox that
 *     cannot be read ends the process. At the start whoever starts it is told.
 * D6. What would fail for the reason that it gave already (a frozen wallet, a full disk) is not run again for it, and
 *     nothing is written: thousands that wait for days would fill the disk with their failures. It is looked at now and then.
 */
import { isFault } from "../domain/errors.ts";
import { EFFECT_QUEUE_MAX, OUTBOX_PAGE } from "../domain/limits.ts";
import type { ActorAddress, OutboxEntry } from "../domain/records.ts";
import type { EffectError } from "../machines/durable.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import type { Logger } from "../ports/telemetry.ts";
import { keyOf } from "./envelope.ts";
import { isReadRefused, type Patience } from "./patience.ts";

const LOOK_AGAIN_MS = 5_000;
const LOOK_AGAIN_MAX_MS = 60_000;
/** A pause in proportion: to look at one takes a hundredth of this. */
const LOOK_MS = 5;
/** Rows whose records are looked at without a pause. */
const LOOK_PAGE = 256;

export type EffectContext = {
  readonly actor: ActorAddress;
  /** The same for every run of this effect: performers are idempotent by it. */
  readonly key: string;
  readonly signal: AbortSignal;
};
export type Performer = {
  readonly concurrency: number;
  /** True while it would only fail as it failed before (D6). */
  readonly waits?: (actor: ActorAddress) => boolean;
  perform(input: unknown, context: EffectContext): Promise<unknown>;
};
/** Never answers; its facts come as messages. Starting twice is harmless. */
export type Subscription = { start(input: unknown, actor: ActorAddress): void; stop(actor: ActorAddress): void };
export type EffectTable = Readonly<Record<string, Performer | Subscription>>;

export type EffectAnswer =
  | { readonly ok: true; readonly output: unknown }
  | { readonly ok: false; readonly error: EffectError };

export type DispatcherPorts = {
  readonly table: EffectTable;
  readonly store: Store;
  readonly logger: Logger;
  readonly patience: Patience;
  readonly clock: Pick<Clock, "schedule">;
  /** False for effects whose actor may not act now (quarantined, or its service is down). */
  readonly mayRun: (entry: OutboxEntry) => boolean;
  /** What an entry from disk takes. Throws when its actor cannot be read. */
  readonly inputOf: (entry: OutboxEntry) => unknown;
  readonly onUnreadable: (actor: ActorAddress, error: unknown) => void;
  readonly onAnswer: (entry: OutboxEntry, answer: EffectAnswer) => void;
  readonly onFinished?: ((source: string, outcome: "ok" | "error" | "aborted", entry: OutboxEntry) => void) | undefined;
  readonly failpoint?: ((name: string) => void) | undefined;
  /** The outbox cannot be read. */
  readonly onFatal: (error: unknown) => void;
};

type Lane = {
  readonly performer: Performer;
  readonly queue: OutboxEntry[];
  /** Entries queued or running, by identity, so that a page from disk does not start them twice. */
  readonly known: Map<string, AbortController | undefined>;
  running: number;
  /** Rows on disk that are not in memory: keep paging. */
  spilled: boolean;
  paging: boolean;
  /** D6: as many waited when the disk was looked at last, and somebody will look again. */
  waiting: number;
  looksAgain: boolean;
};

export class Dispatcher {
  private readonly lanes = new Map<string, Lane>();
  private readonly ports: DispatcherPorts;
  private open = false;
  private closed = false;

  constructor(ports: DispatcherPorts) {
    this.ports = ports;
    for (const [source, effect] of Object.entries(ports.table)) {
      if ("perform" in effect)
        this.lanes.set(source, {
          performer: effect,
          queue: [],
          known: new Map(),
          running: 0,
          spilled: false,
          paging: false,
          waiting: 0,
          looksAgain: false,
        });
    }
  }

  /** Recovery: subscriptions first, all of them, so that no fact is missed; then the effects, page by page. */
  async recover(sources: readonly string[]): Promise<number> {
    let subscribed = 0;
    for (const source of sources) {
      const effect = this.ports.table[source];
      if (effect !== undefined && "start" in effect) subscribed += await this.resubscribe(source, effect);
    }
    if (this.closed) return subscribed;
    this.open = true;
    this.rescan(sources);
    return subscribed;
  }

  /** Whoever was to stop effects of these sources took the step back; perhaps it kept them from starting. D5 knows of failures. */
  revive(sources: readonly string[]): void {
    if (this.open && sources.length > 0) void this.recover(sources).catch(() => {});
  }

  /** Looks on disk for rows of these sources that are neither queued nor running, and starts them. */
  rescan(sources: readonly string[]): void {
    for (const source of sources) {
      const lane = this.lanes.get(source);
      if (lane === undefined) continue;
      lane.spilled = true;
      void this.refill(source, lane);
    }
  }

  /** D1: called after the commit that holds the row. */
  start(entry: OutboxEntry): void {
    const effect = this.ports.table[entry.source];
    if (effect === undefined) {
      this.ports.logger.error({ source: entry.source, actor: keyOf(entry.actor) }, "no performer for effect");
      return;
    }
    if ("start" in effect) {
      effect.start(this.inputOf(entry), entry.actor);
      return;
    }
    const lane = this.lanes.get(entry.source);
    if (lane === undefined || !this.open || !this.ports.mayRun(entry)) return;
    if (lane.performer.waits?.(entry.actor) === true) return this.lookAgain(entry.source, lane);
    if (lane.queue.length >= EFFECT_QUEUE_MAX) {
      lane.spilled = true;
      return;
    }
    this.enqueue(lane, entry);
    this.pump(entry.source, lane);
  }

  /** The row is gone: the machine left the state. */
  stop(source: string, actor: ActorAddress, key: string): void {
    const effect = this.ports.table[source];
    if (effect !== undefined && "start" in effect) effect.stop(actor);
    else this.abort(source, actor, key);
  }

  /** The row stays, only this run ends. Subscriptions go on: a fact missed while nobody watched could look like proof of absence. */
  abort(source: string, actor: ActorAddress, key: string): void {
    const lane = this.lanes.get(source);
    const identity = identityOf(actor, key);
    lane?.known.get(identity)?.abort();
    lane?.known.delete(identity);
  }

  /** As `abort`, for everything of one actor, whose record perhaps cannot be read. */
  abortAll(actor: ActorAddress): void {
    const prefix = identityOf(actor, "");
    for (const { known } of this.lanes.values()) {
      for (const [identity, controller] of known) {
        if (!identity.startsWith(prefix)) continue;
        controller?.abort();
        known.delete(identity);
      }
    }
  }

  /** Aborts everything of these sources; the rows stay, so `recover` starts them again. */
  halt(sources: ReadonlySet<string>): void {
    for (const [source, lane] of this.lanes) {
      if (!sources.has(source)) continue;
      for (const controller of lane.known.values()) controller?.abort();
      lane.known.clear();
      lane.queue.length = 0;
    }
  }

  close(): void {
    this.open = false;
    this.closed = true;
    this.halt(new Set(this.lanes.keys()));
  }

  running(): Record<string, number> {
    return Object.fromEntries([...this.lanes].map(([source, lane]) => [source, lane.running]));
  }

  queued(): Record<string, number> {
    return Object.fromEntries([...this.lanes].map(([source, lane]) => [source, lane.queue.length]));
  }

  private async resubscribe(source: string, effect: Subscription): Promise<number> {
    let count = 0;
    for (let after: OutboxEntry | undefined; ;) {
      const page = await this.patiently(async () => {
        const entries = await this.page(source, after);
        for (const entry of entries) this.subscribe(effect, entry);
        return entries;
      });
      count += page.length;
      after = page.at(-1);
      if (page.length < OUTBOX_PAGE || after === undefined) return count;
    }
  }

  private page(source: string, after: OutboxEntry | undefined, limit = OUTBOX_PAGE): Promise<OutboxEntry[]> {
    return this.ports.store.outbox({ source, limit, ...(after === undefined ? {} : { after }) });
  }

  /** D5. Empty when it was closed meanwhile. */
  private async patiently(read: () => Promise<OutboxEntry[]>): Promise<OutboxEntry[]> {
    while (!this.closed) {
      try {
        return await read();
      } catch (error) {
        if (!this.open) throw error;
        if (!isReadRefused(error)) {
          this.ports.onFatal(error);
          throw error;
        }
        await new Promise<void>((resolve) => this.ports.patience.wait(error, resolve));
      }
    }
    return [];
  }

  /** D4 */
  private subscribe(effect: Subscription, entry: OutboxEntry): void {
    try {
      effect.start(this.inputOf(entry), entry.actor);
    } catch (error) {
      if (isReadRefused(error)) throw error;
      this.ports.onUnreadable(entry.actor, error);
    }
  }

  private inputOf(entry: OutboxEntry): unknown {
    return "input" in entry ? entry.input : this.ports.inputOf(entry);
  }

  private enqueue(lane: Lane, entry: OutboxEntry): void {
    const identity = identityOf(entry.actor, entry.key);
    if (lane.known.has(identity)) return;
    lane.known.set(identity, undefined);
    lane.queue.push(entry);
  }

  private pump(source: string, lane: Lane): void {
    while (this.open && lane.running < lane.performer.concurrency) {
      const entry = lane.queue.shift();
      if (entry === undefined) break;
      // A stopped entry was forgotten while it waited; one that was stopped and came back stands in the queue twice.
      const identity = identityOf(entry.actor, entry.key);
      if (lane.known.has(identity) && lane.known.get(identity) === undefined) void this.run(source, lane, entry);
    }
    if (lane.spilled && !lane.paging && lane.queue.length < EFFECT_QUEUE_MAX / 2) void this.refill(source, lane);
  }

  /** D6: the more wait, the less often. */
  private lookAgain(source: string, lane: Lane): void {
    if (lane.looksAgain) return;
    lane.looksAgain = true;
    const pauseMs = Math.min(LOOK_AGAIN_MAX_MS, Math.max(LOOK_AGAIN_MS, lane.waiting * LOOK_MS));
    this.ports.clock.schedule(pauseMs, () => {
      lane.looksAgain = false;
      if (this.open) this.rescan([source]);
    });
  }

  /** Pages rows into memory until the queue is full again or the disk has no more. */
  private async refill(source: string, lane: Lane): Promise<void> {
    if (lane.paging) return;
    lane.paging = true;
    try {
      lane.spilled = false;
      let waiting = 0;
      const limit = lane.performer.waits === undefined ? OUTBOX_PAGE : LOOK_PAGE;
      for (let after: OutboxEntry | undefined; this.open;) {
        const cursor = after;
        const page = await this.patiently(() => this.page(source, cursor, limit));
        for (const entry of page) {
          if (!this.ports.mayRun(entry) || lane.known.has(identityOf(entry.actor, entry.key))) continue;
          if (lane.performer.waits?.(entry.actor) === true) waiting += 1;
          else this.enqueue(lane, entry);
        }
        after = page.at(-1);
        if (page.length < limit || after === undefined) break;
        if (lane.queue.length >= EFFECT_QUEUE_MAX) {
          lane.spilled = true;
          break;
        }
      }
      lane.waiting = waiting;
      if (waiting > 0) this.lookAgain(source, lane);
    } catch {
      // D5: told already.
      return;
    } finally {
      lane.paging = false;
    }
    this.pump(source, lane);
  }

  private async run(source: string, lane: Lane, entry: OutboxEntry): Promise<void> {
    const identity = identityOf(entry.actor, entry.key);
    const controller = new AbortController();
    lane.known.set(identity, controller);
    lane.running += 1;
    const answer = await this.perform(lane.performer, entry, controller.signal);
    lane.running -= 1;
    // D3: a stopped effect was forgotten; a row that comes back after a restart of its service is another run.
    if (lane.known.get(identity) === controller) {
      lane.known.delete(identity);
      this.ports.onFinished?.(source, answer.ok ? "ok" : "error", entry);
      this.ports.onAnswer(entry, answer);
    } else this.ports.onFinished?.(source, "aborted", entry);
    this.pump(source, lane);
  }

  private async perform(performer: Performer, entry: OutboxEntry, signal: AbortSignal): Promise<EffectAnswer> {
    try {
      this.ports.failpoint?.(`before-effect:${entry.source}`);
      const context = { actor: entry.actor, key: `${keyOf(entry.actor)}#${entry.key}`, signal };
      const output = await performer.perform(this.inputOf(entry), context);
      this.ports.failpoint?.(`after-effect:${entry.source}`);
      return { ok: true, output: asJson(output) };
    } catch (error) {
      return { ok: false, error: this.effectError(error, entry) };
    }
  }

  private effectError(error: unknown, entry: OutboxEntry): EffectError {
    if (isFault(error)) return { code: error.code, message: error.message, retryable: error.retryable };
    // Not a fault of the world but of our code. It is retried with back-off: nobody is forgotten because of a bug.
    this.ports.logger.error(
      { source: entry.source, actor: keyOf(entry.actor), error: String(error) },
      "effect threw a bug",
    );
    return { code: "internal", message: "a bug in the engine", retryable: true };
  }
}

/** What a record can hold. A performer that answers with anything else has a bug, found here and not while committing. */
function asJson(output: unknown): unknown {
  return output === undefined ? undefined : JSON.parse(JSON.stringify(output));
}

function identityOf(actor: ActorAddress, key: string): string {
  return `${keyOf(actor)}#${key}`;
}
