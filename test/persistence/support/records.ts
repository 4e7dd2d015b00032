/** Small valid records. Imports nothing of the test runner: child processes use it as well. */
import type { ActorAddress, ActorRecord, JournalEntry } from "../../../src/domain/records.ts";

export function recordOf({ kind, id }: ActorAddress, revision: number): ActorRecord {
  return {
    kind,
    id,
    version: "1",
    revision,
    state: "requested",
    context: { amount: "12500000" },
    status: "active",
    tag: "pending",
    effects: {},
    timers: {},
    indexes: [],
    createdAt: 1_700_000_000_000,
    updatedAt: 1_700_000_000_000,
  };
}

export function journalOf(revision: number): JournalEntry {
  return {
    revision,
    at: 1_000 + revision,
    event: { type: "step.taken", n: revision },
    from: "a",
    to: "b",
    effects: [],
  };
}
