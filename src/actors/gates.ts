/** Whether a message still counts for the record it reaches; if so, the record without what the message ends. */
import type { ActorRecord } from "../domain/records.ts";

/** E5: an answer counts only while the record names its key; then the effect is over. */
export function withoutEffect(record: ActorRecord, invokeId: string, key: string): ActorRecord | undefined {
  if (record.effects[invokeId] !== key) return undefined;
  const { [invokeId]: _over, ...effects } = record.effects;
  return { ...record, effects };
}

export function withoutTimer(record: ActorRecord, timerId: string, due: number): ActorRecord | undefined {
  if (record.timers[timerId]?.due !== due) return undefined;
  const { [timerId]: _over, ...timers } = record.timers;
  return { ...record, timers };
}
