/**
 * Actors of one kind or of all, as one paged list. Kinds with an index come newest first; the others by id, straight
 * from their records, so that a list for people costs nothing on the way of a payment.
 */
import { Fault } from "../domain/errors.ts";
import { PAGE_LIMIT_DEFAULT } from "../domain/limits.ts";
import type { ActorAddress, ActorRecord } from "../domain/records.ts";
import type { EngineFacade, RecordPage } from "../supervisor/facade.ts";
import { listRecords, type Listing, type PageQuery } from "./pages.ts";

/** Kinds whose records stand in no list. */
const BY_ID = new Set(["transaction"]);

type Wanted = { readonly kinds: readonly string[]; readonly status: string | undefined; readonly query: PageQuery };

/** The cursor names the kind to go on with, and the place in it. Throws `Fault("invalid_cursor")`. */
export async function listActors(engine: EngineFacade, { kinds, status, query }: Wanted): Promise<RecordPage> {
  const { limit = PAGE_LIMIT_DEFAULT, order } = query;
  const start = placeOf(query.cursor, kinds);
  const records: ActorRecord[] = [];
  const damaged: ActorAddress[] = [];
  for (let index = start.index; index < kinds.length; index += 1) {
    const kind = kinds[index] ?? "";
    if (records.length >= limit) return { records, damaged, next: `${kind}.` };
    const page = await listRecords(engine, {
      ...listingOf(kind, status),
      query: {
        limit: limit - records.length,
        ...(order === undefined ? {} : { order }),
        ...(index === start.index && start.inner !== "" ? { cursor: start.inner } : {}),
      },
    });
    records.push(...page.records);
    damaged.push(...page.damaged);
    if (page.next !== undefined) return { records, damaged, next: `${kind}.${page.next}` };
  }
  return { records, damaged, next: undefined };
}

function listingOf(kind: string, status: string | undefined): Omit<Listing, "query"> {
  if (!BY_ID.has(kind)) return { kind, index: status === undefined ? "all" : `status:${status}` };
  return { kind, index: undefined, ...(status === undefined ? {} : { matches: ({ tag }) => tag === status }) };
}

function placeOf(cursor: string | undefined, kinds: readonly string[]): { index: number; inner: string } {
  if (cursor === undefined) return { index: 0, inner: "" };
  const [kind = "", inner = ""] = cursor.split(".");
  const index = kinds.indexOf(kind);
  if (index < 0) throw new Fault("invalid_cursor");
  return { index, inner };
}
