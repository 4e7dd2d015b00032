/**
 * The pure kernel: (machine, record, message, stamp) -> next record, and everything it asks for as data.
 * No I/O, no clock, and no XState actor is ever started; the machine runs as the program it was translated to (program.ts).
 *
 * K1. A step depends only on its arguments (E2).
 * K2. A step that throws leaves no trace: records are replaced, never changed.
 */
import { assert } from "../domain/assert.ts";
import type { ActorAddress, ActorRecord, Message, OutboxEntry, StateValue, TimerEntry } from "../domain/records.ts";
import type { AnyStateMachine } from "xstate";
import type { CatalogEntry } from "../machines/catalog.ts";
import type { Reply, Stamp, Tell, TellParams } from "../machines/durable.ts";
import type { Asks, Delayed, Effect } from "./acts.ts";
import { without } from "./gates.ts";
import { nodesOf } from "./machine-tree.ts";
import { programOf } from "./program.ts";
import { Walk } from "./walk.ts";

export type Timer = { readonly timerId: string; readonly due: number };

export type Step = {
  readonly record: ActorRecord;
  readonly from: string;
  readonly to: string;
  readonly changed: boolean;
  readonly started: readonly OutboxEntry[];
  readonly stopped: readonly { readonly source: string; readonly key: string }[];
  readonly timersSet: readonly Timer[];
  readonly timersCleared: readonly Timer[];
  readonly emitted: readonly Message[];
  readonly tells: readonly Tell[];
  readonly reply: Reply | undefined;
  /** What the transitions that were taken say, or undefined when none was. */
  readonly reason: string | undefined;
};

export function begin(entry: CatalogEntry, birth: { actor: ActorAddress; input: unknown }, stamp: Stamp): Step {
  const program = programOf(entry.machine);
  const { kind, id } = birth.actor;
  const blank: ActorRecord = {
    kind,
    id,
    version: entry.version,
    revision: 0,
    state: "",
    context: null,
    status: "active",
    tag: "",
    effects: {},
    timers: {},
    indexes: [],
    createdAt: stamp.at,
    updatedAt: stamp.at,
  };
  const asked = new Asked(entry, blank, stamp);
  const event = { type: "xstate.init", input: birth.input };
  const walk = new Walk(program, { leaf: program.initial, context: program.contextOf(birth.input), event }, asked);
  walk.begin();
  return asked.step(walk, "");
}

export function step(entry: CatalogEntry, record: ActorRecord, message: Message, stamp: Stamp): Step {
  const program = programOf(entry.machine);
  const asked = new Asked(entry, record, stamp);
  const leaf = program.leafOf(record.state);
  const walk = new Walk(program, { leaf, context: record.context, event: { ...message, ...stamp } }, asked);
  // Nothing can happen to an actor that has ended.
  if (record.status === "active") walk.go();
  return asked.step(walk, leaf.text);
}

/** The machine ignored a message that took an effect or a timer off the record: a revision without a transition. */
export function forgo(record: ActorRecord, stamp: Stamp): Step {
  const state = stateText(record.state);
  return {
    record: { ...record, revision: record.revision + 1, updatedAt: stamp.at },
    from: state,
    to: state,
    changed: true,
    started: [],
    stopped: [],
    timersSet: [],
    timersCleared: [],
    emitted: [],
    tells: [],
    reply: undefined,
    reason: undefined,
  };
}

/** A stored record back to life. Throws when its version has no way to today's, or its state does not exist any more. */
export function revive(entry: CatalogEntry, stored: ActorRecord): ActorRecord {
  const record = upgrade(entry, stored);
  programOf(entry.machine).leafOf(record.state);
  return record;
}

export function upgrade(entry: CatalogEntry, stored: ActorRecord): ActorRecord {
  let record = stored;
  for (const seen = new Set<string>(); record.version !== entry.version;) {
    const migrate = entry.migrate[record.version];
    if (migrate === undefined || seen.has(record.version)) {
      throw new Error(`no migration of ${entry.kind} from version ${record.version} to ${entry.version}`);
    }
    seen.add(record.version);
    record = migrate(record);
  }
  return record;
}

/** State value as text: "active", "onWire.pending", "a.b|c.d" for parallel regions. */
export function stateText(value: StateValue): string {
  if (typeof value === "string") return value;
  return Object.entries(value)
    .map(([key, child]) => `${key}.${stateText(child)}`)
    .join("|");
}

/** Gathers what a walk asks for, and makes the next record of it. */
class Asked implements Asks {
  private readonly revision: number;
  private effects: Readonly<Record<string, string>>;
  private timers: Readonly<Record<string, TimerEntry>>;
  private started: OutboxEntry[] = [];
  private readonly stopped: { source: string; key: string }[] = [];
  private timersSet: Timer[] = [];
  private readonly timersCleared: Timer[] = [];
  private readonly emitted: Message[] = [];
  private readonly tells: Tell[] = [];
  private given: Reply | undefined;
  private readonly entry: CatalogEntry;
  private readonly record: ActorRecord;
  private readonly stamp: Stamp;

  constructor(entry: CatalogEntry, record: ActorRecord, stamp: Stamp) {
    this.entry = entry;
    this.record = record;
    this.stamp = stamp;
    this.revision = record.revision + 1;
    this.effects = record.effects;
    this.timers = record.timers;
  }

  step(walk: Walk, from: string): Step {
    // A machine ends the effects and the timers of its states, but not an event that was delayed by name.
    if (walk.isOver) for (const timerId of Object.keys(this.timers)) this.clearTimer(timerId);
    const { started, stopped, timersSet, timersCleared, emitted, tells } = this;
    return {
      record: walk.isTouched ? this.nextRecord(walk) : this.record,
      from,
      to: walk.leaf.text,
      changed: walk.isTouched,
      started,
      stopped,
      timersSet,
      timersCleared,
      emitted,
      tells,
      reply: this.given,
      reason: walk.reasons.length === 0 ? undefined : walk.reasons.join("; "),
    };
  }

  private nextRecord({ leaf, args, isOver }: Walk): ActorRecord {
    const { kind, id, createdAt } = this.record;
    const { context } = args;
    return {
      kind,
      id,
      version: this.entry.version,
      revision: this.revision,
      state: leaf.value,
      context,
      status: isOver ? "done" : "active",
      tag: leaf.tag,
      effects: this.effects,
      timers: this.timers,
      indexes: this.entry.indexes({ id, tag: leaf.tag, context }),
      createdAt,
      updatedAt: this.stamp.at,
    };
  }

  startEffect({ id, source, input }: Effect): void {
    const key = `${this.revision}.${id}`;
    this.effects = { ...this.effects, [id]: key };
    this.started.push({ key, actor: { kind: this.record.kind, id: this.record.id }, invokeId: id, source, input });
  }

  /** An effect whose answer led here is off the record already. */
  stopEffect(invokeId: string): void {
    const key = this.effects[invokeId];
    if (key === undefined) return;
    this.effects = without(this.effects, invokeId);
    const startedHere = this.started.some((effect) => effect.key === key);
    if (startedHere) this.started = this.started.filter((effect) => effect.key !== key);
    else this.stopped.push({ source: sourceOf(this.entry, invokeId), key });
  }

  setTimer({ delay, id, event }: Delayed): void {
    if (id === undefined) throw new Error("a delayed raise needs an id");
    this.clearTimer(id);
    const due = this.stamp.at + delay;
    this.timers = { ...this.timers, [id]: { due, event, generation: this.revision } };
    this.timersSet.push({ timerId: id, due });
  }

  clearTimer(timerId: string): void {
    const timer = this.timers[timerId];
    if (timer === undefined) return;
    this.timers = without(this.timers, timerId);
    if (this.timersSet.some((set) => set.timerId === timerId))
      this.timersSet = this.timersSet.filter((set) => set.timerId !== timerId);
    else this.timersCleared.push({ timerId, due: timer.due });
  }

  emit(event: Message): void {
    this.emitted.push(event);
  }

  reply(reply: Reply): void {
    this.given = reply;
  }

  tell(params: TellParams): void {
    if (params === undefined) return;
    if (isTell(params)) this.tells.push(params);
    else this.tells.push(...params);
  }
}

function isTell(params: Tell | readonly Tell[]): params is Tell {
  return !Array.isArray(params);
}

/** What an effect that the record names takes. The same at any time: it is made of what does not change while it runs. */
export function inputOf(entry: CatalogEntry | undefined, record: ActorRecord | undefined, invokeId: string): unknown {
  assert(entry !== undefined && record !== undefined, `whoever waits for the effect ${invokeId} does not exist`);
  const make = programOf(entry.machine).inputs.get(invokeId);
  if (make === undefined) throw new Error(`machine ${entry.kind} has no invoke ${invokeId}`);
  return make(record.context);
}

const sources = new WeakMap<AnyStateMachine, Map<string, string>>();

/** Which effect an invoke id starts. Ids are unique in a machine; the start-up lint checks it. */
export function sourceOf(entry: CatalogEntry, invokeId: string): string {
  let known = sources.get(entry.machine);
  if (known === undefined) {
    known = new Map();
    for (const node of nodesOf(entry.machine.root)) {
      for (const invoke of node.invoke) {
        assert(typeof invoke.src === "string", "XState names the logic of every invoke");
        known.set(invoke.id, invoke.src);
      }
    }
    sources.set(entry.machine, known);
  }
  const source = known.get(invokeId);
  if (source === undefined) throw new Error(`machine ${entry.kind} has no invoke ${invokeId}`);
  return source;
}
