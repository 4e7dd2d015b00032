/** Commits whose completeness can be told from their number: used by the crash tests, here and in a child process. */
import type { JournalEntry } from "../../../src/domain/records.ts";
import type { Store, Write } from "../../../src/ports/store.ts";
import { journalOf, recordOf } from "./records.ts";

export const ACTOR = { kind: "payout", id: "po_1" };
const SPREAD = 12;

/** Record, journal and `SPREAD` list entries of one revision; `size` bytes of text that does not compress away. */
export function writesOf(revision: number, size: number): Write[] {
  const entry: JournalEntry = { ...journalOf(revision), reason: noise(revision, size) };
  return [
    { put: "record", record: recordOf(ACTOR, revision) },
    { put: "journal", actor: ACTOR, entry },
    ...Array.from({ length: SPREAD }, (_, n): Write => ({
      put: "index",
      kind: "payout",
      index: `revision:${revision}`,
      createdAt: n,
      id: `po_${revision}`,
    })),
  ];
}

/** Revision that the store stands at. Throws when any commit up to there is incomplete, or anything is beyond it. */
export async function completeRevision(store: Store, size: (revision: number) => number): Promise<number> {
  const revision = store.record(ACTOR)?.revision ?? 0;
  const journal = await store.journal(ACTOR, { afterRevision: 0, limit: 1_000_000 });
  if (journal.length !== revision) throw new Error(`${journal.length} journal entries at revision ${revision}`);
  for (const [at, entry] of journal.entries()) {
    const right = entry.revision === at + 1 && entry.reason === noise(at + 1, size(at + 1));
    if (!right) throw new Error(`journal entry ${at + 1} is wrong`);
  }
  for (let seen = 1; seen <= revision + 1; seen++) {
    const { ids } = await store.index("payout", `revision:${seen}`, { limit: SPREAD + 1 });
    const expected = seen <= revision ? SPREAD : 0;
    if (ids.length !== expected) throw new Error(`${ids.length} list entries of revision ${seen} at ${revision}`);
  }
  return revision;
}

const texts = new Map<string, string>();

function noise(seed: number, size: number): string {
  const name = `${seed} ${size}`;
  const text = texts.get(name) ?? makeNoise(seed, size);
  texts.set(name, text);
  return text;
}

function makeNoise(seed: number, size: number): string {
  let state = seed * 2_654_435_761;
  let text = "";
  while (text.length < size) {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + text.length) >>> 0;
    text += state.toString(36);
  }
  return text.slice(0, size);
}
