import { Type } from "typebox";
import { refuse, type Refusal } from "../../domain/errors.ts";
import { PAGE_LIMIT_MAX } from "../../domain/limits.ts";
import type { ActorAddress, ActorRecord } from "../../domain/records.ts";
import { listActors } from "../actor-list.ts";
import { JOURNAL_PAGE_MAX } from "../bounds.ts";
import { pageOf, pathParams } from "../contract/common.ts";
import {
  Actor,
  ActorLine,
  ActorPlace,
  ActorQuery,
  JournalQuery,
  Machine,
  Released,
  StreamQuery,
} from "../contract/inspector.ts";
import { API_ROOT, endpoint, type Endpoint, type Outcome } from "../endpoint.ts";
import { machineView } from "../machine-view.ts";
import { toPage, type PageQuery } from "../pages.ts";
import { redact, redactFields } from "../redaction.ts";
import type { Surface } from "../surface.ts";
import { timelineEntry } from "../timeline.ts";
import { isoTime } from "../views/time.ts";

const PATH = `${API_ROOT}/inspector`;
const params = pathParams(ActorPlace);

export function inspectorEndpoints(surface: Surface): Endpoint[] {
  return [...machines(surface), ...actors(surface), ...acting(surface)];
}

function machines({ engine }: Surface): Endpoint[] {
  return [
    endpoint({
      method: "GET",
      path: `${PATH}/machines`,
      tag: "Inspector",
      scope: "inspector:read",
      summary: "Every machine: states, transitions, and what they mean",
      answers: { 200: { description: "Machines", schema: Type.Object({ items: Type.Array(Machine) }) } },
      handle: () => ({ status: 200, body: { items: Object.values(engine.catalog).map(machineView) } }),
    }),
  ];
}

function actors(surface: Surface): Endpoint[] {
  return [
    endpoint({
      method: "GET",
      path: `${PATH}/actors`,
      tag: "Inspector",
      scope: "inspector:read",
      summary: "List actors of one kind or of all",
      description: "Kind after kind, each newest first; transactions, which stand in no list, by id.",
      inputs: { querystring: ActorQuery },
      answers: { 200: { description: "Actors", schema: pageOf(ActorLine) } },
      errors: ["invalid_cursor"],
      handle: ({ request }) => list(surface, request.query),
    }),
    endpoint({
      method: "GET",
      path: `${PATH}/actors/:kind/:id`,
      tag: "Inspector",
      scope: "inspector:read",
      summary: "One actor: where it stands, why, and what it waits for",
      description: "Bytes of transactions are shown as length and hash only.",
      inputs: { params, querystring: JournalQuery },
      answers: { 200: { description: "The actor", schema: Actor } },
      errors: ["not_found"],
      handle: ({ request: { params: actor, query } }) => read(surface, actor, query.after_revision),
    }),
    endpoint({
      method: "GET",
      path: `${PATH}/actors/:id`,
      tag: "Inspector",
      scope: "inspector:read",
      summary: "One actor by its id alone",
      inputs: { params: pathParams({ id: ActorPlace.id }), querystring: JournalQuery },
      answers: { 200: { description: "The actor", schema: Actor } },
      errors: ["not_found"],
      handle: ({ request: { params: place, query } }) => {
        const kinds = Object.keys(surface.engine.catalog);
        const kind = kinds.find((known) => surface.engine.record({ kind: known, id: place.id }) !== undefined);
        return read(surface, { kind: kind ?? "actor", id: place.id }, query.after_revision);
      },
    }),
  ];
}

function acting(surface: Surface): Endpoint[] {
  return [
    endpoint({
      method: "POST",
      path: `${PATH}/actors/:kind/:id/release`,
      tag: "Inspector",
      scope: "inspector:act",
      summary: "Let a quarantined actor go on",
      description:
        "Parked messages come first, then its effects and timers. An actor that still cannot digest them stays where it is.",
      inputs: { params },
      answers: { 200: { description: "Released", schema: Released } },
      errors: ["not_found", "state_conflict"],
      handle: async ({ request }) => {
        const { kind, id } = request.params;
        if (find(surface, { kind, id }) === undefined) return { refusal: noActor({ kind, id }) };
        if (surface.engine.quarantine({ kind, id }) === undefined) {
          return { refusal: refuse("state_conflict", "The actor is not quarantined; there is nothing to release") };
        }
        const refusal = await surface.engine.release({ kind, id }, request.principal.id);
        return refusal === undefined ? { status: 200, body: { kind, id, released: true } } : { refusal };
      },
    }),
    endpoint({
      method: "GET",
      path: `${PATH}/stream`,
      tag: "Inspector",
      scope: "inspector:read",
      summary: "Committed steps as they happen, as server-sent events",
      description:
        "Events `step` carry actor, revision, event, from, to and status. Send Last-Event-ID to get what was missed; the event `reset` says that it is not known any more and the records have to be read again.",
      inputs: { querystring: StreamQuery },
      headers: { "Last-Event-ID": "id of the last event that was received" },
      answers: { 200: { description: "An endless stream", type: "text/event-stream" } },
      errors: ["rate_limited"],
      handle: ({ request, reply }) => {
        const last = request.headers["last-event-id"];
        return surface.stream.open(reply, {
          filter: request.query,
          lastEventId: typeof last === "string" ? last : undefined,
          tokenId: request.principal.id,
        });
      },
    }),
  ];
}

async function read(surface: Surface, actor: ActorAddress, afterRevision = 0): Promise<Outcome> {
  const record = find(surface, actor);
  if (record === undefined) return { refusal: noActor(actor) };
  return { status: 200, body: await actorView(surface, record, afterRevision) };
}

async function list(surface: Surface, query: PageQuery & { kind?: string; status?: string }): Promise<Outcome> {
  const { kind, status } = query;
  const known = Object.keys(surface.engine.catalog);
  if (kind !== undefined && !known.includes(kind))
    return { refusal: refuse("validation_failed", `Use one of ${known.join(", ")}`, { kind }) };
  const found = await listActors(surface.engine, { kinds: kind === undefined ? known : [kind], status, query });
  return { status: 200, body: toPage(found, (record) => lineView(surface, record)) };
}

function lineView({ engine, words }: Surface, record: ActorRecord) {
  const { kind, id, tag, revision } = record;
  const { state, description, waitingFor } = words.of(record);
  return {
    kind,
    id,
    status: tag,
    state,
    description,
    waiting_for: waitingFor,
    revision,
    created_at: isoTime(record.createdAt),
    updated_at: isoTime(record.updatedAt),
    quarantined: engine.quarantine({ kind, id }) !== undefined,
  };
}

async function actorView(surface: Surface, record: ActorRecord, afterRevision: number) {
  const { engine, words } = surface;
  const actor = { kind: record.kind, id: record.id };
  const [journal, letters, parked] = await Promise.all([
    engine.journal(actor, { afterRevision, limit: JOURNAL_PAGE_MAX }),
    engine.deadLetters({ actor, limit: PAGE_LIMIT_MAX }),
    engine.inbox(actor, { afterSequence: 0, limit: PAGE_LIMIT_MAX }),
  ]);
  const quarantine = engine.quarantine(actor);
  return {
    ...lineView(surface, record),
    version: record.version,
    done: record.status === "done",
    context: redact(record.context),
    effects: Object.entries(record.effects).map(([id, key]) => ({ id, key })),
    timers: Object.entries(record.timers).map(([id, { due, event }]) => ({ id, due: isoTime(due), event: event.type })),
    journal: journal.map((entry) => timelineEntry(actor, entry, words)),
    next_revision: journal.length === JOURNAL_PAGE_MAX ? (journal.at(-1)?.revision ?? null) : null,
    dead_letters: letters.map(({ at, revision, event, error }) => ({
      at: isoTime(at),
      revision,
      event: redactFields(event),
      error,
    })),
    quarantine:
      quarantine === undefined
        ? null
        : { at: isoTime(quarantine.at), reason: quarantine.reason, failures: quarantine.failures },
    parked: parked.map(({ message }) => redactFields(message)),
  };
}

/** A kind comes from outside: it is looked for among the machines' own names only. */
function find({ engine }: Surface, { kind, id }: ActorAddress): ActorRecord | undefined {
  return Object.hasOwn(engine.catalog, kind) ? engine.record({ kind, id }) : undefined;
}

function noActor({ kind, id }: ActorAddress): Refusal {
  return refuse("not_found", `There is no ${kind} ${id}`);
}
