/**
 * The pure kernel: (machine, record, message, stamp) -> next record, and everything it asks for as data.
 * No I/O, no clock, and no XState actor is ever started. The only file that calls XState.
 *
 * K1. A step depends only on its arguments (E2).
 * K2. A step that throws leaves no trace: records and snapshots are replaced, never changed.
 */
import { createActor, type AnyMachineSnapshot, type AnyStateMachine } from "xstate";
import { assert } from "../domain/assert.ts";
import type { ActorAddress, ActorRecord, Message, OutboxEntry, StateValue, TimerEntry } from "../domain/records.ts";
import type { CatalogEntry } from "../machines/catalog.ts";
import type { Reply, Stamp, Tell, TellParams } from "../machines/durable.ts";
import { nodesOf } from "./machine-tree.ts";

/** A record with its revived XState snapshot. */
export type Live = { readonly record: ActorRecord; readonly snapshot: AnyMachineSnapshot };

export type Timer = { readonly timerId: string; readonly due: number };

export type Step = Live & {
  readonly from: string;
  readonly changed: boolean;
  readonly started: readonly OutboxEntry[];
  readonly stopped: readonly { readonly source: string; readonly key: string }[];
  readonly timersSet: readonly Timer[];
  readonly timersCleared: readonly Timer[];
  readonly emitted: readonly Message[];
  readonly tells: readonly Tell[];
  readonly reply: Reply | undefined;
};

/** What XState hands to an action executor. */
type ActionObject = { readonly type: string; readonly params: unknown };

export function begin(entry: CatalogEntry, birth: { actor: ActorAddress; input: unknown }, stamp: Stamp): Step {
  const scope = scopeOf(entry.machine);
  const snapshot = entry.machine.getInitialSnapshot(scope.actorScope, birth.input) as AnyMachineSnapshot;
  if (snapshot.status === "error") throw snapshot.error;
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
  return new Collector(entry, blank, stamp).collect(snapshot, scope.take(), true);
}

export function step(entry: CatalogEntry, live: Live, message: Message, stamp: Stamp): Step {
  const scope = scopeOf(entry.machine);
  const event = { ...message, ...stamp };
  const next = entry.machine.transition(live.snapshot, event, scope.actorScope) as AnyMachineSnapshot;
  if (next.status === "error") throw next.error;
  return new Collector(entry, live.record, stamp).collect(next, scope.take(), next !== live.snapshot);
}

/** The machine ignored a message that took an effect or a timer off the record: a revision without a transition. */
export function forgo({ record, snapshot }: Live, stamp: Stamp): Step {
  const next = { ...record, revision: record.revision + 1, updatedAt: stamp.at };
  return {
    record: next,
    snapshot: withStubs(snapshot, next.effects),
    from: stateText(record.state),
    changed: true,
    started: [],
    stopped: [],
    timersSet: [],
    timersCleared: [],
    emitted: [],
    tells: [],
    reply: undefined,
  };
}

/** A stored record back to life. Final records need no snapshot of their own: nothing can happen to them. */
export function revive(entry: CatalogEntry, stored: ActorRecord): Live {
  const record = upgrade(entry, stored);
  const snapshot = entry.machine.resolveState({
    value: record.state,
    context: record.context,
    status: record.status,
  }) as AnyMachineSnapshot;
  return { record, snapshot: withStubs(snapshot, record.effects) };
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

class Collector {
  private readonly revision: number;
  private readonly effects: Record<string, string>;
  private readonly timers: Record<string, TimerEntry>;
  private started: OutboxEntry[] = [];
  private readonly stopped: { source: string; key: string }[] = [];
  private timersSet: Timer[] = [];
  private readonly timersCleared: Timer[] = [];
  private readonly emitted: Message[] = [];
  private readonly tells: Tell[] = [];
  private reply: Reply | undefined;
  private readonly entry: CatalogEntry;
  private readonly record: ActorRecord;
  private readonly stamp: Stamp;

  constructor(entry: CatalogEntry, record: ActorRecord, stamp: Stamp) {
    this.entry = entry;
    this.record = record;
    this.stamp = stamp;
    this.revision = record.revision + 1;
    this.effects = { ...record.effects };
    this.timers = { ...record.timers };
  }

  collect(snapshot: AnyMachineSnapshot, actions: readonly ActionObject[], changed: boolean): Step {
    const from = stateText(this.record.state);
    for (const action of actions) this.take(action);
    if (!changed && actions.length === 0)
      return { ...this.parts(), record: this.record, snapshot, from, changed: false };
    const active = snapshot.status === "active";
    // XState ends effects and the timers of states itself, but not an event that was delayed by name.
    if (!active) for (const timerId of Object.keys(this.timers)) this.clearTimer(timerId);
    if (active) this.refuseStrangers(snapshot);
    const record = this.nextRecord(snapshot, active);
    return { ...this.parts(), record, snapshot: withStubs(snapshot, record.effects), from, changed: true };
  }

  private parts() {
    const { started, stopped, timersSet, timersCleared, emitted, tells, reply } = this;
    return { started, stopped, timersSet, timersCleared, emitted, tells, reply };
  }

  private nextRecord(snapshot: AnyMachineSnapshot, active: boolean): ActorRecord {
    const tag = firstOf(snapshot.tags) ?? stateText(snapshot.value as StateValue);
    const { kind, id } = this.record;
    return {
      kind,
      id,
      version: this.entry.version,
      revision: this.revision,
      state: snapshot.value as StateValue,
      context: snapshot.context,
      status: active ? "active" : "done",
      tag,
      effects: this.effects,
      timers: this.timers,
      indexes: this.entry.indexes({ id, tag, context: snapshot.context }),
      createdAt: this.record.createdAt,
      updatedAt: this.stamp.at,
    };
  }

  private take({ type, params }: ActionObject): void {
    switch (type) {
      case "xstate.spawnChild":
        return this.startEffect(params as { id: string; src: string; input: unknown });
      case "xstate.stopChild":
        return this.stopEffect((params as { id?: string } | undefined)?.id);
      case "xstate.raise":
        return this.setTimer(params as { delay?: number; id?: string; event: Message });
      case "xstate.cancel":
        return this.clearTimer((params as { sendId: string }).sendId);
      case "xstate.emit":
        this.emitted.push((params as { event: Message }).event);
        return;
      case "tell":
        return this.tell(params as TellParams);
      case "reply":
        this.reply = params as Reply;
        return;
      default:
        throw new Error(`action ${type} is not data; a durable machine cannot use it`);
    }
  }

  private startEffect({ id, src, input }: { id: string; src: string; input: unknown }): void {
    const key = `${this.revision}.${id}`;
    this.effects[id] = key;
    this.started.push({ key, actor: { kind: this.record.kind, id: this.record.id }, invokeId: id, source: src, input });
  }

  private stopEffect(invokeId: string | undefined): void {
    const key = invokeId === undefined ? undefined : this.effects[invokeId];
    if (invokeId === undefined || key === undefined) return;
    delete this.effects[invokeId];
    const startedHere = this.started.some((effect) => effect.key === key);
    if (startedHere) this.started = this.started.filter((effect) => effect.key !== key);
    else this.stopped.push({ source: sourceOf(this.entry, invokeId), key });
  }

  private setTimer({ delay, id, event }: { delay?: number; id?: string; event: Message }): void {
    // A raise without delay was already consumed inside the macrostep.
    if (delay === undefined) return;
    if (id === undefined) throw new Error("a delayed raise needs an id");
    this.clearTimer(id);
    const due = this.stamp.at + delay;
    this.timers[id] = { due, event, generation: this.revision };
    this.timersSet.push({ timerId: id, due });
  }

  private clearTimer(timerId: string): void {
    const timer = this.timers[timerId];
    if (timer === undefined) return;
    delete this.timers[timerId];
    if (this.timersSet.some((set) => set.timerId === timerId))
      this.timersSet = this.timersSet.filter((set) => set.timerId !== timerId);
    else this.timersCleared.push({ timerId, due: timer.due });
  }

  private tell(params: TellParams): void {
    if (params === undefined) return;
    if (isTell(params)) this.tells.push(params);
    else this.tells.push(...params);
  }

  private refuseStrangers(snapshot: AnyMachineSnapshot): void {
    for (const [id, child] of Object.entries(childrenOf(snapshot))) {
      // The stub of an effect that was just answered is still there when its answer leads to no other state.
      if (!(id in this.effects) && !(child instanceof Stub))
        throw new Error(`child ${id} was spawned outside an invoke`);
    }
  }
}

/**
 * The outbox owns the effects; XState's child actors are replaced by stubs, which also saves memory. In a copy: XState
 * hands back the snapshot it was given when only actions ran, and that one belongs to the step before (K2).
 */
function withStubs(snapshot: AnyMachineSnapshot, effects: ActorRecord["effects"]): AnyMachineSnapshot {
  const children: Record<string, unknown> = {};
  for (const id of Object.keys(effects)) children[id] = new Stub(id);
  return Object.assign({}, snapshot, { children });
}

function isTell(params: Tell | readonly Tell[]): params is Tell {
  return !Array.isArray(params);
}

function firstOf(tags: Set<string>): string | undefined {
  for (const tag of tags) return tag;
  return undefined;
}

function childrenOf(snapshot: AnyMachineSnapshot): Record<string, unknown> {
  return snapshot.children as Record<string, unknown>;
}

/** Stands where XState keeps a running child. */
class Stub {
  readonly id: string;
  readonly sessionId: string;
  readonly src: string;

  constructor(id: string) {
    this.id = id;
    this.sessionId = id;
    this.src = id;
  }
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

const inert = (): void => {};
type ActorScope = Parameters<AnyStateMachine["transition"]>[2];
type Scope = { readonly actorScope: ActorScope; take(): ActionObject[] };
const scopes = new WeakMap<AnyStateMachine, Scope>();

/** One inert scope per machine: XState's own `transition()` builds a throw-away actor per call, which doubles the cost. */
function scopeOf(machine: AnyStateMachine): Scope {
  const cached = scopes.get(machine);
  if (cached !== undefined) {
    cached.take();
    return cached;
  }
  let sink: ActionObject[] = [];
  const self = createActor(machine);
  const actorScope = {
    self,
    system: self.system,
    id: "",
    sessionId: "",
    logger: inert,
    defer: inert,
    stopChild: inert,
    emit: inert,
    actionExecutor: (action: ActionObject) => {
      sink.push(action);
    },
  } as unknown as ActorScope;
  const scope = {
    actorScope,
    take() {
      const taken = sink;
      sink = [];
      return taken;
    },
  };
  scopes.set(machine, scope);
  return scope;
}
