/** Lists: a page of an index, narrowed by what no index knows. Cursors are the store's own, bound to the list they came from. */
import { PAGE_LIMIT_DEFAULT } from "../domain/limits.ts";
import type { ActorAddress, ActorRecord } from "../domain/records.ts";
import type { EngineFacade, RecordPage } from "../supervisor/facade.ts";
import { PAGE_SCAN_MAX } from "./bounds.ts";

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
  readonly skip?: number;
};

/**
 * Reads pages until `limit` records match, the list ends, or `PAGE_SCAN_MAX` were looked at. Each read asks for exactly
 * what is still missing, so the store's cursor of the last read is the place to go on. What is damaged may match.
 */
export async function listRecords(engine: EngineFacade, listing: Listing): Promise<RecordPage> {
  const { kind, index, query, matches } = listing;
  const { limit = PAGE_LIMIT_DEFAULT, order = "desc" } = query;
  const records: ActorRecord[] = [];
  const damaged: ActorAddress[] = [];
  let cursor = query.cursor;
  let skip = listing.skip ?? 0;
  for (let seen = 0; seen < PAGE_SCAN_MAX + (listing.skip ?? 0);) {
    const wanted = skip > 0 ? Math.min(skip, PAGE_SCAN_MAX) : limit - records.length;
    const page = await engine.records(kind, index, {
      limit: wanted,
      newestFirst: order === "desc",
      ...(cursor === undefined ? {} : { cursor }),
    });
    const fitting = matches === undefined ? page.records : page.records.filter(matches);
    if (skip > 0) skip -= fitting.length;
    else {
      records.push(...fitting);
      damaged.push(...page.damaged);
    }
    seen += wanted;
    cursor = page.next;
    if (cursor === undefined || records.length >= limit) break;
  }
  return { records, damaged, next: cursor };
}

export function toPage<T>({ records, damaged, next }: RecordPage, view: (record: ActorRecord) => T): Page<T> {
  return { items: records.map(view), damaged: [...damaged], next_cursor: next ?? null };
}

/** Times of creation, inclusive. */
export function isWithin({ from_timestamp: from, to_timestamp: to }: HistoryWindow): (record: ActorRecord) => boolean {
  return ({ createdAt }) => (from === undefined || createdAt >= from) && (to === undefined || createdAt <= to);
}
