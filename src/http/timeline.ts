/** The journal in words: what came in, where it led and why. */
import type { ActorAddress, ActorRecord, JournalEntry } from "../domain/records.ts";
import { JOURNAL_PAGE_MAX } from "./bounds.ts";
import type { MachineWords } from "./machine-view.ts";
import { payoutContext } from "./records.ts";
import { redactFields } from "./redaction.ts";
import type { Surface } from "./surface.ts";
import { isoTime } from "./views/time.ts";

type Ports = Pick<Surface, "engine" | "words">;

export function timelineEntry(actor: ActorAddress, entry: JournalEntry, words: MachineWords) {
  const { type, ...detail } = entry.event;
  return {
    at: isoTime(entry.at),
    actor: { kind: actor.kind, id: actor.id },
    revision: entry.revision,
    event: type,
    from: entry.from,
    to: entry.to,
    reason: words.reasonOf(actor.kind, entry),
    effects: [...entry.effects],
    detail: redactFields(detail),
  };
}

/** A payout and every transaction it made, merged by time; at one time the payout's own entries come first. */
export async function payoutTimeline({ engine, words }: Ports, record: ActorRecord) {
  const actors = [
    { kind: "payout", id: record.id },
    ...payoutContext(record).attempts.map(({ transaction }) => ({ kind: "transaction", id: transaction })),
  ];
  const journals = await Promise.all(
    actors.map(async (actor) => ({
      actor,
      entries: await engine.journal(actor, { afterRevision: 0, limit: JOURNAL_PAGE_MAX }),
    })),
  );
  const items = journals.flatMap(({ actor, entries }) =>
    entries.map((entry) => ({ at: entry.at, view: timelineEntry(actor, entry, words) })),
  );
  items.sort((a, b) => a.at - b.at);
  return {
    payout_id: record.id,
    items: items.map(({ view }) => view),
    truncated: journals.some(({ entries }) => entries.length === JOURNAL_PAGE_MAX),
  };
}
