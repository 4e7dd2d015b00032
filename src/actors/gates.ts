/** Whether a message still counts for the record it reaches; if so, the record without what the message ends. */
import type { ActorRecord } from "../domain/records.ts";

/** E5: an answer counts only while the record names its key; then the effect is over. */
export function withoutEffect(record: ActorRecord, invokeId: string, key: string): ActorRecord | undefined {
  if (record.effects[invokeId] !== key) return undefined;
  return { ...record, effects: without(record.effects, invokeId) };
}

export function withoutTimer(record: ActorRecord, timerId: string, due: number): ActorRecord | undefined {
  if (record.timers[timerId]?.due !== due) return undefined;
  return { ...record, timers: without(record.timers, timerId) };
}

/** Not by `delete`: what it leaves is an object of a kind that V8 is slow to turn into text. */
export function without<T>(entries: Readonly<Record<string, T>>, name: string): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(entries).filter(([other]) => other !== name));
}
