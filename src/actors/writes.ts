/** What a step leaves on disk, as rows. Pure. */
import type { ActorAddress, ActorRecord, Message } from "../domain/records.ts";
import type { Stamp } from "../machines/durable.ts";
import type { Write } from "../ports/store.ts";
import type { Step } from "./step.ts";

/** The record itself and the index entries that changed since `before`. */
export function recordWrites(before: ActorRecord | undefined, record: ActorRecord): Write[] {
  const { kind, id, createdAt } = record;
  const writes: Write[] = [{ put: "record", record }];
  const old = before?.indexes ?? [];
  for (const index of record.indexes)
    if (!old.includes(index)) writes.push({ put: "index", kind, index, createdAt, id });
  for (const index of old)
    if (!record.indexes.includes(index)) writes.push({ delete: "index", kind, index, createdAt, id });
  return writes;
}

/** Everything else of one step. Feed entries get their sequence number when the group is closed. */
export function stepWrites(actor: ActorAddress, message: Message, step: Step, stamp: Stamp): Write[] {
  const { record } = step;
  const entry = {
    revision: record.revision,
    at: stamp.at,
    event: { ...message, blockTime: stamp.blockTime },
    from: step.from,
    to: step.to,
    effects: step.started.map((effect) => effect.source),
    ...(step.reason === undefined ? {} : { reason: step.reason }),
  };
  const writes: Write[] = [{ put: "journal", actor, entry }];
  for (const started of step.started) writes.push({ put: "outbox", entry: started });
  for (const { source, key } of step.stopped) writes.push({ delete: "outbox", source, actor, key });
  for (const { timerId, due } of step.timersCleared) writes.push({ delete: "timer", due, actor, timerId });
  for (const { timerId, due } of step.timersSet) writes.push({ put: "timer", due, actor, timerId });
  for (const event of step.emitted) {
    writes.push({ put: "feed", entry: { sequence: 0, at: stamp.at, actor, revision: record.revision, event } });
  }
  return writes;
}
