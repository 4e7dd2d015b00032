/**
 * What happens to an actor that cannot digest a message.
 *
 * V1. A failed step left no trace; the actor stands at its last commit. The message is kept: its source still has it.
 * V2. The failing actor is reloaded from disk and the message tried again after a growing pause, `restartsMax` times.
 * V3. Then the actor is quarantined: it takes no messages, its effects stop. What others tell it is parked in its inbox,
 *     in the same commit as their own step, so one broken actor neither blocks nor forgets anybody.
 * V4. A release reloads it and gives it what it missed, in order.
 */
import type { Envelope } from "../actors/envelope.ts";
import { keyOf } from "../actors/envelope.ts";
import type { PoisonError } from "../actors/cascade.ts";
import { refuse, type Refusal } from "../domain/errors.ts";
import type { ActorAddress, InboxEntry, QuarantineEntry } from "../domain/records.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store, Write } from "../ports/store.ts";
import type { Logger } from "../ports/telemetry.ts";
import { onFailure, type Failures, type IntensityOptions } from "./restart-intensity.ts";

const QUARANTINES_MAX = 100_000;
const INBOX_PAGE = 1_000;
/** Actors whose recent failures are remembered. */
const FAILURES_MAX = 10_000;

export type SupervisorPorts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly commit: (writes: readonly Write[]) => Promise<void>;
  readonly post: (envelope: Envelope) => void;
  /** Reload from disk at the next message. */
  readonly forget: (actor: ActorAddress) => void;
  readonly stopEffects: (actor: ActorAddress) => void;
  readonly resumeEffects: (actor: ActorAddress) => void;
};

export class Supervisor {
  poisoned = 0;
  private readonly quarantined = new Set<string>();
  private readonly failures = new Map<string, Failures>();
  private inboxSequence = 0;
  private readonly intensity: IntensityOptions;
  private readonly ports: SupervisorPorts;

  constructor(options: IntensityOptions, ports: SupervisorPorts) {
    this.intensity = options;
    this.ports = ports;
  }

  async load(): Promise<void> {
    for (const { actor } of await this.ports.store.quarantines(QUARANTINES_MAX)) this.quarantined.add(keyOf(actor));
  }

  isQuarantined(actor: ActorAddress): boolean {
    return this.quarantined.size > 0 && this.quarantined.has(keyOf(actor));
  }

  /** Ascending also across restarts, as long as fewer than 1,000 messages a millisecond are parked. */
  nextInboxSequence(): number {
    this.inboxSequence = Math.max(this.inboxSequence + 1, this.ports.clock.now() * 1_000);
    return this.inboxSequence;
  }

  onPoison(envelope: Envelope, error: PoisonError): void {
    const { ports } = this;
    this.poisoned += 1;
    const { actor, poison, revision } = error;
    const text = String(error.cause instanceof Error ? error.cause.message : error.cause);
    ports.logger.error(
      { actor: keyOf(actor), event: poison.type, revision, error: text },
      "an actor could not digest a message",
    );
    const letter = { actor, at: ports.clock.now(), revision, event: poison, error: text };
    void ports.commit([{ put: "deadLetter", letter }]);
    ports.forget(actor);
    if (envelope.origin === "request") {
      envelope.settle({ end: "failed", error });
      return;
    }
    const decision = onFailure(this.intensity, this.failures.get(keyOf(actor)) ?? [], ports.clock.now());
    this.remember(actor, decision.failures);
    if (decision.decision === "restart") ports.clock.schedule(decision.delayMs, () => ports.post(envelope));
    else void this.quarantine(actor, text, decision.failures.length).then(() => ports.post(envelope));
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

  async quarantine(actor: ActorAddress, reason: string, failures: number): Promise<void> {
    const entry: QuarantineEntry = { actor, at: this.ports.clock.now(), reason, failures };
    this.quarantined.add(keyOf(actor));
    this.ports.stopEffects(actor);
    await this.ports.commit([{ put: "quarantine", entry }]);
    this.ports.logger.warn({ actor: keyOf(actor), reason, failures }, "actor quarantined");
  }

  async release(actor: ActorAddress, by: string): Promise<Refusal | undefined> {
    if (!this.isQuarantined(actor)) return refuse("state_conflict", `${keyOf(actor)} is not quarantined`);
    const record = this.ports.store.record(actor);
    const timers: Write[] = Object.entries(record?.timers ?? {}).map(([timerId, { due }]) => ({
      put: "timer",
      due,
      actor,
      timerId,
    }));
    await this.ports.commit([{ delete: "quarantine", actor }, ...timers]);
    this.quarantined.delete(keyOf(actor));
    this.failures.delete(keyOf(actor));
    this.ports.forget(actor);
    this.ports.logger.info({ actor: keyOf(actor), by }, "actor released");
    await this.unpark(actor);
    this.ports.resumeEffects(actor);
    return undefined;
  }

  private async unpark(actor: ActorAddress): Promise<void> {
    for (let afterSequence = 0; ;) {
      const page = await this.ports.store.inbox(actor, { afterSequence, limit: INBOX_PAGE });
      for (const entry of page) this.ports.post(unparked(entry));
      const last = page.at(-1);
      if (last === undefined) return;
      afterSequence = last.sequence;
    }
  }

  private parked(actor: ActorAddress, message: Envelope["message"]): Write {
    return { put: "inbox", entry: { actor, sequence: this.nextInboxSequence(), message } };
  }

  private remember(actor: ActorAddress, failures: Failures): void {
    this.failures.delete(keyOf(actor));
    this.failures.set(keyOf(actor), failures);
    const oldest = this.failures.keys().next().value;
    if (this.failures.size > FAILURES_MAX && oldest !== undefined) this.failures.delete(oldest);
  }
}

function unparked({ actor, sequence, message }: InboxEntry): Envelope {
  return { origin: "parked", to: actor, message, writes: [{ delete: "inbox", actor, sequence }], settle: () => {} };
}
