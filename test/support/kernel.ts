/** Machines under the pure kernel, without an engine: birth, messages, answers, timers and the replay of a journal. */
import { isDeepStrictEqual } from "node:util";
import { begin, forgo, inputOf, step, type Step } from "../../src/actors/step.ts";
import type { ActorAddress, ActorRecord, JournalEntry, Message } from "../../src/domain/records.ts";
import { catalog, type Catalog, type CatalogEntry } from "../../src/machines/catalog.ts";
import type { EffectError, Stamp } from "../../src/machines/durable.ts";

export const STAMP: Stamp = { at: 1_800_000_000_000, blockTime: 1_700_000_300_000 };

export function entryOf(kind: string, from: Catalog = catalog): CatalogEntry {
  const entry = from[kind];
  if (entry === undefined) throw new Error(`no machine ${kind}`);
  return entry;
}

/** One actor and its last step. Each call makes a new one. */
export class Driven {
  readonly entry: CatalogEntry;
  readonly last: Step;

  constructor(entry: CatalogEntry, last: Step) {
    this.entry = entry;
    this.last = last;
  }

  static born(kind: string, input: unknown, change: { id?: string; stamp?: Stamp } = {}): Driven {
    const entry = entryOf(kind);
    return new Driven(entry, begin(entry, { actor: { kind, id: change.id ?? "a1" }, input }, change.stamp ?? STAMP));
  }

  get record(): ActorRecord {
    return this.last.record;
  }

  get state(): string {
    return textOf(this.record.state);
  }

  get tag(): string {
    return this.record.tag;
  }

  get tells(): Message[] {
    return this.last.tells.map((tell) =>
      "message" in tell ? tell.message : { type: "create", to: tell.to, input: tell.create },
    );
  }

  context<T>(): T {
    return this.record.context as T;
  }

  send(message: Message, stamp: Stamp = STAMP): Driven {
    return new Driven(this.entry, apply(this.entry, this.last.record, message, stamp));
  }

  /** The effect's answer, if the effect is running. */
  answer(invokeId: string, output: unknown, stamp: Stamp = STAMP): Driven {
    if (this.record.effects[invokeId] === undefined) throw new Error(`no effect ${invokeId} in ${this.state}`);
    return this.send({ type: `xstate.done.actor.${invokeId}`, output, actorId: invokeId }, stamp);
  }

  fail(invokeId: string, error: EffectError, stamp: Stamp = STAMP): Driven {
    if (this.record.effects[invokeId] === undefined) throw new Error(`no effect ${invokeId} in ${this.state}`);
    return this.send({ type: `xstate.error.actor.${invokeId}`, error, actorId: invokeId }, stamp);
  }

  /** The one timer of the state. */
  elapse(stamp: Stamp = STAMP): Driven {
    const [timer, ...others] = Object.values(this.record.timers);
    if (timer === undefined || others.length > 0) throw new Error(`not one timer in ${this.state}`);
    return this.send(timer.event, stamp);
  }
}

/** A step as the engine makes it: an answer takes its effect off the record, a timer takes itself off. */
export function apply(entry: CatalogEntry, record: ActorRecord, message: Message, stamp: Stamp): Step {
  const gated = gatedBy(record, message);
  const made = step(entry, gated, message, stamp);
  for (const [invokeId, key] of Object.entries(made.record.effects))
    if (gated.effects[invokeId] === key) sameInput(entry, invokeId, [gated, made.record]);
  return made.changed || gated === record ? made : forgo(gated, stamp);
}

/** What runs can be started again at any time: what it takes never changes meanwhile. */
function sameInput(entry: CatalogEntry, invokeId: string, records: readonly [ActorRecord, ActorRecord]): void {
  const [before, after] = records.map((record) => inputOf(entry, record, invokeId));
  if (!isDeepStrictEqual(before, after)) throw new Error(`${entry.kind}: ${invokeId} would take something else now`);
}

/** The record that a journal tells, step by step from its first entry. */
export function replay(entry: CatalogEntry, actor: ActorAddress, journal: readonly JournalEntry[]): ActorRecord {
  const [first, ...rest] = journal;
  if (first === undefined) throw new Error("an empty journal");
  let { record } = begin(entry, { actor, input: first.event["input"] }, stampOf(first));
  for (const line of rest) {
    const { blockTime: _, ...message } = line.event;
    ({ record } = apply(entry, record, message, stampOf(line)));
    if (record.revision !== line.revision)
      throw new Error(`revision ${line.revision} (${line.event.type}) replays as ${record.revision}`);
  }
  return record;
}

function gatedBy(record: ActorRecord, message: Message): ActorRecord {
  const invokeId = /^xstate\.(?:done|error)\.actor\.(.+)$/.exec(message.type)?.[1];
  if (invokeId !== undefined) {
    if (record.effects[invokeId] === undefined) return record;
    const { [invokeId]: _, ...effects } = record.effects;
    return { ...record, effects };
  }
  const timerId = Object.keys(record.timers).find((id) => record.timers[id]?.event.type === message.type);
  if (timerId === undefined) return record;
  const { [timerId]: _, ...timers } = record.timers;
  return { ...record, timers };
}

function stampOf(line: JournalEntry): Stamp {
  return { at: line.at, blockTime: Number(line.event["blockTime"]) };
}

export function textOf(value: ActorRecord["state"]): string {
  if (typeof value === "string") return value;
  return Object.entries(value)
    .map(([key, child]) => `${key}.${textOf(child)}`)
    .join("|");
}
