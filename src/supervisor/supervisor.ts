/**
 * What happens to an actor that cannot digest a message, or makes something of it that cannot be stored.
 *
 * V1. A failed step left no trace; the actor stands at its last commit. The message is kept: its source still has it.
 * V2. The failing actor is reloaded from disk and the message tried again after a growing pause, `restartsMax` times.
 * V3. Then the actor is quarantined: it takes no messages, its effects stop. What others tell it is parked in its inbox,
 *     in the same commit as their own step, so one broken actor neither blocks nor forgets anybody.
 *     An actor whose record is damaged is quarantined at once, by whoever reads it first.
 * V4. A release reloads it and gives it what it missed, one by one and in order, before anything else reaches it. Its
 *     quarantine ends with the last of them, in one commit: whatever happens meanwhile, nothing parked is forgotten.
 * V5. A disk that refuses to be read is no failure of an actor: messages wait until it answers (actors/held.ts). An
 *     actor whose record alone stays unreadable is quarantined as one that is damaged.
 */
import { inspect } from "node:util";
import { isStorable } from "../actors/blame.ts";
import { isReadRefused } from "../actors/patience.ts";
import { keyOf, type Ending, type Envelope } from "../actors/envelope.ts";
import type { PoisonError } from "../actors/cascade.ts";
import { refuse, type Refusal } from "../domain/errors.ts";
import type { ActorAddress, InboxEntry, Message, QuarantineEntry } from "../domain/records.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store, Write } from "../ports/store.ts";
import type { Logger } from "../ports/telemetry.ts";
import { Refusals } from "./refusals.ts";
import { onFailure, type Failures, type IntensityOptions } from "./restart-intensity.ts";
import { damageOf, isDamage } from "./stored-records.ts";

const QUARANTINE_PAGE = 1_000;
const INBOX_PAGE = 1_000;
/** Actors whose recent failures are remembered. */
const FAILURES_MAX = 10_000;

export type SupervisorPorts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly commit: (writes: readonly Write[]) => Promise<void>;
  readonly post: (envelope: Envelope) => void;
  /** Posts it again when the disk may answer. */
  readonly hold: (envelope: Envelope, error: unknown) => void;
  /** An actor that alone could not be read is waited for no more. */
  readonly putAside: () => void;
  /** Resolves when everything that is open now is on disk. */
  readonly settled: () => Promise<void>;
  /** Reload from disk at the next message. */
  readonly forget: (actor: ActorAddress) => void;
  readonly stopEffects: (actor: ActorAddress) => void;
  /** Effects go on from disk, and timers that are due then. */
  readonly resume: (dues: readonly number[]) => Promise<void>;
};

export class Supervisor {
  poisoned = 0;
  private readonly quarantined = new Set<string>();
  private readonly failures = new Map<string, Failures>();
  private readonly refusals: Refusals;
  private inboxSequence = 0;
  private readonly releasing = new Set<string>();
  /** Newest sequence number parked for each quarantined actor since the start, perhaps not on disk yet. */
  private readonly parkedLast = new Map<string, number>();
  private readonly intensity: IntensityOptions;
  private readonly ports: SupervisorPorts;

  constructor(options: IntensityOptions, ports: SupervisorPorts) {
    this.intensity = options;
    this.ports = ports;
    this.refusals = new Refusals(ports);
  }

  async load(): Promise<void> {
    for (let after: ActorAddress | undefined; ;) {
      const page = await this.ports.store.quarantines(QUARANTINE_PAGE, after);
      for (const { actor } of page) this.quarantined.add(keyOf(actor));
      after = page.at(-1)?.actor;
      if (page.length < QUARANTINE_PAGE) return;
    }
  }

  isQuarantined(actor: ActorAddress): boolean {
    return this.quarantined.size > 0 && this.quarantined.has(keyOf(actor));
  }

  /** Ascending also across restarts, as long as fewer than 1,000 messages a millisecond are parked. */
  nextInboxSequence(actor: ActorAddress): number {
    this.inboxSequence = Math.max(this.inboxSequence + 1, this.ports.clock.now() * 1_000);
    this.parkedLast.set(keyOf(actor), this.inboxSequence);
    return this.inboxSequence;
  }

  onPoison(envelope: Envelope, error: PoisonError): void {
    const { ports } = this;
    if (isReadRefused(error.cause)) return this.onRefusal(envelope, error);
    if (isDamage(error.cause)) return this.onDamage(envelope, error);
    this.poisoned += 1;
    const { actor, poison, revision } = error;
    const text = String(error.cause instanceof Error ? error.cause.message : error.cause);
    ports.logger.error(
      { actor: keyOf(actor), event: poison.type, revision, error: text },
      "an actor could not digest a message",
    );
    const letter = { actor, at: ports.clock.now(), revision, event: storable(poison, ports.store), error: text };
    void ports.commit([{ put: "deadLetter", letter }]);
    ports.forget(actor);
    if (envelope.origin === "request") {
      envelope.settle({ end: "failed", error });
      return;
    }
    const decision = onFailure(this.intensity, this.failures.get(keyOf(actor)) ?? [], ports.clock.now());
    this.remember(actor, decision.failures);
    if (decision.decision === "restart") {
      ports.clock.schedule(decision.delayMs, () => ports.post(envelope));
      return;
    }
    // A parked message that its own actor cannot digest stays parked, and the release stops there.
    const isParked = envelope.origin === "parked" && keyOf(envelope.to) === keyOf(actor);
    void this.quarantine({ actor, at: ports.clock.now(), reason: text, failures: decision.failures.length }).then(() =>
      isParked ? envelope.settle({ end: "failed", error }) : ports.post(envelope),
    );
  }

  /** V5 */
  private onRefusal(envelope: Envelope, error: PoisonError): void {
    if (!this.refusals.isAlone(error.actor)) return this.ports.hold(envelope, error.cause);
    this.ports.putAside();
    this.onDamage(envelope, error);
  }

  /** A request is refused, whosever record it was; what came for the actor is parked, what only tells it goes on without it. */
  private onDamage(envelope: Envelope, { actor, cause }: PoisonError): void {
    const quarantined = this.onUnreadable(actor, cause);
    const isItsOwn = keyOf(envelope.to) === keyOf(actor);
    if (envelope.origin === "request")
      envelope.settle({ end: "refused", refusal: refuse("quarantined", damageOf(actor), { ...actor }) });
    else if (!isItsOwn) void quarantined.then(() => this.ports.post(envelope));
    else if (envelope.origin === "parked") envelope.settle({ end: "failed", error: cause });
    else this.onUndeliverable(envelope);
  }

  /** V3 at once: it was not a message that failed, and reading it again would give the same. */
  async onUnreadable(actor: ActorAddress, error: unknown): Promise<void> {
    if (this.isQuarantined(actor)) return;
    const reason = error instanceof Error ? error.message : String(error);
    this.ports.logger.error({ actor: keyOf(actor), error: reason }, "an actor cannot be read");
    await this.quarantine({ actor, at: this.ports.clock.now(), reason, failures: 1 });
  }

  /** A timer's row is taken away, or it would fire for ever; the record keeps the timer for the release. */
  onUndeliverable(envelope: Envelope): void {
    const { origin, to, message, writes = [] } = envelope;
    if (origin === "request") {
      envelope.settle({
        end: "refused",
        refusal: refuse("quarantined", `${keyOf(to)} is quarantined until an operator releases it`),
      });
      return;
    }
    // The rows of an answer stay: its effect runs again after the release.
    const kept: readonly Write[] = origin === "timer" ? writes : origin === "fact" ? [this.parked(to, message)] : [];
    void this.ports.commit(kept).then(() => envelope.settle({ end: "committed", verdict: undefined }));
  }

  private async quarantine(entry: QuarantineEntry): Promise<void> {
    const { actor, reason, failures } = entry;
    this.quarantined.add(keyOf(actor));
    this.ports.stopEffects(actor);
    await this.ports.commit([{ put: "quarantine", entry }]);
    this.ports.logger.warn({ actor: keyOf(actor), reason, failures }, "actor quarantined");
  }

  async release(actor: ActorAddress, by: string): Promise<Refusal | undefined> {
    const key = keyOf(actor);
    if (!this.isQuarantined(actor)) return refuse("state_conflict", `${key} is not quarantined`);
    if (this.releasing.has(key)) return refuse("state_conflict", `${key} is being released`);
    this.releasing.add(key);
    let dues: readonly number[] | undefined;
    try {
      this.failures.delete(key);
      this.ports.forget(actor);
      dues = await this.unpark(actor);
      if (dues === undefined)
        return refuse("quarantined", `${key} could not digest what it had missed and stays quarantined`);
    } finally {
      this.releasing.delete(key);
    }
    this.ports.logger.info({ actor: key, by }, "actor released");
    await this.ports.resume(dues);
    return undefined;
  }

  /** When its timers are due; undefined when the actor failed again. Others may park more meanwhile, so it goes on until nothing is left, open or on disk. */
  private async unpark(actor: ActorAddress): Promise<number[] | undefined> {
    for (;;) {
      const parkedLast = this.parkedLast.get(keyOf(actor));
      await this.ports.settled();
      const page = await this.ports.store.inbox(actor, { afterSequence: 0, limit: INBOX_PAGE });
      if (page.length === 0 && this.parkedLast.get(keyOf(actor)) === parkedLast) break;
      for (const entry of page) if (!(await this.digest(entry))) return undefined;
    }
    return this.lift(actor);
  }

  private async digest({ actor, sequence, message }: InboxEntry): Promise<boolean> {
    const writes: Write[] = [{ delete: "inbox", actor, sequence }];
    const ending = await new Promise<Ending>((settle) =>
      this.ports.post({ origin: "parked", to: actor, message, writes, settle }),
    );
    return ending.end === "committed";
  }

  /** Puts the timers back that fell due meanwhile. The writes join the open group at once, so no later step precedes them. */
  private async lift(actor: ActorAddress): Promise<number[]> {
    const timers = Object.entries(this.ports.store.record(actor)?.timers ?? {});
    this.quarantined.delete(keyOf(actor));
    this.parkedLast.delete(keyOf(actor));
    await this.ports.commit([
      { delete: "quarantine", actor },
      ...timers.map(([timerId, { due }]): Write => ({ put: "timer", due, actor, timerId })),
    ]);
    return timers.map(([, { due }]) => due);
  }

  private parked(actor: ActorAddress, message: Envelope["message"]): Write {
    const sequence = this.nextInboxSequence(actor);
    return { put: "inbox", entry: { actor, sequence, message: storable(message, this.ports.store) } };
  }

  private remember(actor: ActorAddress, failures: Failures): void {
    this.failures.delete(keyOf(actor));
    this.failures.set(keyOf(actor), failures);
    const oldest = this.failures.keys().next().value;
    if (this.failures.size > FAILURES_MAX && oldest !== undefined) this.failures.delete(oldest);
  }
}

/** A message that cannot be stored is kept as text, under a name that no machine listens to. */
function storable(message: Message, store: Store): Message {
  return isStorable(message, store) ? message : { type: `unstorable:${message.type}`, text: inspect(message) };
}
