/** Lists: a page of an index, narrowed by what no index knows. Cursors are the store's own, bound to the list they came from. */
import { PAGE_LIMIT_DEFAULT } from "../domain/limits.ts";
import type { ActorAddress, ActorRecord } from "../domain/records.ts";
import type { EngineFacade, RecordPage } from "../supervisor/facade.ts";
import { PAGE_SCAN_MAX, SKIP_MAX } from "./bounds.ts";

export type PageQuery = { limit?: number; cursor?: string; order?: "asc" | "desc" };
export type HistoryWindow = { skip?: number; from_timestamp?: number; to_timestamp?: number };
export type Page<T> = { items: T[]; damaged: ActorAddress[]; next_cursor: string | null };

export type Listing = {
  readonly kind: string;
  /** Undefined: every record of the kind, by id. */
  readonly index: string | undefined;
  readonly query: PageQuery;
  /** Narrows the index; every record counts when it is left out. */
  readonly matches?: (record: ActorRecord) => boolean;
  /** Times of creation, ms, inclusive. */
  readonly times?: { readonly from?: number; readonly until?: number };
  /** Counts only without a cursor, which is already behind what its first page skipped. */
  readonly skip?: number;
};

/**
 * Reads pages until `limit` records match, the list ends, or `PAGE_SCAN_MAX` were looked at. Each read asks for no more
 * than what is still missing, so the store's cursor of the last read is the place to go on. What is damaged may match.
 */
export async function listRecords(engine: EngineFacade, listing: Listing): Promise<RecordPage> {
  const { kind, index, query, matches, times } = listing;
  const { limit = PAGE_LIMIT_DEFAULT, order = "desc" } = query;
  const records: ActorRecord[] = [];
  const damaged: ActorAddress[] = [];
  let { cursor, skip } = placeOf(listing);
  const seenMax = PAGE_SCAN_MAX + skip;
  for (let seen = 0; seen < seenMax;) {
    const wanted = Math.min(skip + limit - records.length, PAGE_SCAN_MAX);
    const page = await engine.records(kind, index, {
      ...times,
      limit: wanted,
      newestFirst: order === "desc",
      ...(cursor === undefined ? {} : { cursor }),
    });
    const fitting = matches === undefined ? page.records : page.records.filter(matches);
    records.push(...fitting.slice(skip));
    skip = Math.max(0, skip - fitting.length);
    if (skip === 0) damaged.push(...page.damaged);
    seen += wanted;
    cursor = page.next;
    if (cursor === undefined || records.length >= limit) break;
  }
  return { records, damaged, next: cursor === undefined || skip === 0 ? cursor : `${cursor}.${skip}` };
}

/** A page may end before all of `skip` was found: its cursor says how many are still to be left out. */
function placeOf({ query: { cursor }, skip = 0 }: Listing): { cursor: string | undefined; skip: number } {
  if (cursor === undefined) return { cursor, skip };
  const [, place = cursor, left = "0"] = /^(.+)\.([0-9]{1,5})$/.exec(cursor) ?? [];
  return { cursor: place, skip: Math.min(Number(left), SKIP_MAX) };
}

export function toPage<T>({ records, damaged, next }: RecordPage, view: (record: ActorRecord) => T): Page<T> {
  return { items: records.map(view), damaged: [...damaged], next_cursor: next ?? null };
}
