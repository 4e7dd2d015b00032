/**
 * One message and everything it sets off among actors, as one unit: either all of it is committed or none of it happened.
 * Synchronous and without effects; the result is data.
 */
import { refuse } from "../domain/errors.ts";
import { CASCADE_STEPS_MAX } from "../domain/limits.ts";
import type { ActorAddress, ActorRecord, Message } from "../domain/records.ts";
import type { Catalog, CatalogEntry } from "../machines/catalog.ts";
import type { Reply, Stamp, Tell } from "../machines/durable.ts";
import type { Write } from "../ports/store.ts";
import type { Cells } from "./cells.ts";
import { keyOf, type Envelope, type Outcome, type Verdict } from "./envelope.ts";
import { begin, forgo, stateText, step, type Step } from "./step.ts";
import { recordWrites, stepWrites } from "./writes.ts";

/** A step of `actor` threw. The whole cascade never happened. */
export class PoisonError extends Error {
  readonly actor: ActorAddress;
  readonly poison: Message;
  readonly revision: number;

  constructor(actor: ActorAddress, poison: Message, revision: number, cause: unknown) {
    super(`${keyOf(actor)} cannot digest ${poison.type}`, { cause });
    this.actor = actor;
    this.poison = poison;
    this.revision = revision;
  }
}

/** What is left to tell of a cascade when its writes are encoded. */
export type CascadeNews = {
  readonly verdict: Verdict | undefined;
  /** Actors that moved, with their last state. */
  readonly moved: readonly { readonly actor: ActorAddress; readonly record: ActorRecord }[];
  readonly steps: readonly { readonly actor: ActorAddress; readonly event: string; readonly step: Step }[];
};
export type CascadeResult = { readonly writes: readonly Write[]; readonly news: CascadeNews };

export type CascadePorts = {
  readonly catalog: Catalog;
  readonly cells: Cells;
  readonly isQuarantined: (actor: ActorAddress) => boolean;
  readonly nextInboxSequence: (actor: ActorAddress) => number;
};

type Staged = { readonly actor: ActorAddress; record: ActorRecord; readonly before: ActorRecord | undefined };

export function runCascade(envelope: Envelope, stamp: Stamp, ports: CascadePorts): CascadeResult {
  return new Cascade(stamp, ports).run(envelope);
}

class Cascade {
  private readonly staged = new Map<string, Staged>();
  private readonly writes: Write[] = [];
  private readonly steps: { actor: ActorAddress; event: string; step: Step }[] = [];
  private readonly stamp: Stamp;
  private readonly ports: CascadePorts;

  constructor(stamp: Stamp, ports: CascadePorts) {
    this.stamp = stamp;
    this.ports = ports;
  }

  run(envelope: Envelope): CascadeResult {
    const first = this.deliver(envelope);
    const queue: Tell[] = [...(first?.tells ?? [])];
    let told = 0;
    // The queue grows while it is read.
    for (const tell of queue) {
      told += 1;
      if (told > CASCADE_STEPS_MAX)
        throw new PoisonError(envelope.to, envelope.message, 0, new Error("a cascade without end"));
      queue.push(...this.tell(tell, envelope));
    }
    const verdict = envelope.respond?.(this.outcome(envelope, first));
    if (verdict !== undefined && "discard" in verdict) return { writes: [], news: { verdict, moved: [], steps: [] } };
    const moved = [...this.staged.values()].filter(({ record, before }) => record !== before);
    for (const { record, before } of moved) this.writes.push(...recordWrites(before, record));
    this.writes.push(...(envelope.writes ?? []));
    if (verdict !== undefined) this.writes.push(...(envelope.witness?.(verdict.keep) ?? []));
    return { writes: this.writes, news: { verdict, moved, steps: this.steps } };
  }

  private deliver(envelope: Envelope): Step | undefined {
    const { to, message, create, gate } = envelope;
    const staged = this.load(to);
    // A repeated creation is answered from what exists.
    if (create !== undefined)
      return staged === undefined ? this.create(to, create.input, { actor: to, message }) : undefined;
    if (staged === undefined) return undefined;
    const { record } = staged;
    const gated = gate === undefined ? record : gate(record);
    if (gated === undefined || gated.status === "done") return undefined;
    return this.step(staged, gated, message);
  }

  private tell(tell: Tell, cause: Envelope): readonly Tell[] {
    // An actor that never came to life cannot be quarantined; whoever set it off has to stop.
    if ("create" in tell) return this.create(tell.to, tell.create, { actor: cause.to, message: cause.message }).tells;
    if (this.ports.isQuarantined(tell.to)) {
      const sequence = this.ports.nextInboxSequence(tell.to);
      this.writes.push({ put: "inbox", entry: { actor: tell.to, sequence, message: tell.message } });
      return [];
    }
    const staged = this.load(tell.to);
    if (staged === undefined)
      throw new PoisonError(tell.to, tell.message, 0, new Error("a message to an actor that does not exist"));
    if (staged.record.status === "done") return [];
    return this.step(staged, staged.record, tell.message)?.tells ?? [];
  }

  private create(actor: ActorAddress, input: unknown, blame: { actor: ActorAddress; message: Message }): Step {
    const made = this.guarded(blame.actor, blame.message, 0, () => {
      // One in quarantine exists, whether or not it can be read.
      if (this.ports.isQuarantined(actor) || this.load(actor) !== undefined)
        throw new Error(`${keyOf(actor)} exists already`);
      return begin(this.entry(actor), { actor, input }, this.stamp);
    });
    this.staged.set(keyOf(actor), { actor, record: made.record, before: undefined });
    this.note(actor, { type: "xstate.init", input }, made);
    return made;
  }

  private step(staged: Staged, record: ActorRecord, message: Message): Step | undefined {
    const { actor } = staged;
    const made = this.guarded(actor, message, record.revision, () =>
      step(this.entry(actor), record, message, this.stamp),
    );
    if (made.changed) {
      staged.record = made.record;
      this.note(actor, message, made);
      return made;
    }
    // The machine ignored it, but a gate may have taken an effect or a timer off the record: that has to be stored.
    if (record !== staged.record) {
      const ignored = forgo(record, this.stamp);
      staged.record = ignored.record;
      this.note(actor, message, ignored);
    }
    return undefined;
  }

  private note(actor: ActorAddress, message: Message, made: Step): void {
    this.steps.push({ actor, event: message.type, step: made });
    this.writes.push(...stepWrites(actor, message, made, this.stamp));
  }

  private outcome(envelope: Envelope, first: Step | undefined): Outcome {
    const staged = this.staged.get(keyOf(envelope.to));
    if (staged === undefined) throw new PoisonError(envelope.to, envelope.message, 0, new Error("a request to nobody"));
    const { record, before } = staged;
    const repeated = envelope.create !== undefined;
    const reply: Reply =
      first === undefined && !repeated ? this.notHandled(record, envelope.message) : (first?.reply ?? { ok: true });
    return { reply, record, existed: before !== undefined, read: (actor) => this.load(actor)?.record };
  }

  private notHandled(record: ActorRecord, message: Message): Reply {
    const state = stateText(record.state);
    return {
      ok: false,
      refusal: refuse("state_conflict", `${message.type} is not possible in state ${state}`, {
        state,
        status: record.tag,
      }),
    };
  }

  private load(actor: ActorAddress): Staged | undefined {
    const key = keyOf(actor);
    const staged = this.staged.get(key);
    if (staged !== undefined) return staged;
    const record = this.guarded(actor, { type: "load" }, 0, () => this.ports.cells.get(actor));
    if (record === undefined) return undefined;
    const fresh: Staged = { actor, record, before: record };
    this.staged.set(key, fresh);
    return fresh;
  }

  private entry(actor: ActorAddress): CatalogEntry {
    const entry = this.ports.catalog[actor.kind];
    if (entry === undefined) throw new Error(`no machine for kind ${actor.kind}`);
    return entry;
  }

  private guarded<T>(actor: ActorAddress, message: Message, revision: number, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw error instanceof PoisonError ? error : new PoisonError(actor, message, revision, error);
    }
  }
}
