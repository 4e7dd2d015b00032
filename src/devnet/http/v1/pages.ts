/** Pages of a history: what follows a fingerprint, and the envelope around it (tron.md §2.4). */
import type { Asked } from "../answer.ts";
import type { Json } from "../json.ts";
import type { Place } from "./history.ts";
import { fingerprintOf, type Query } from "./query.ts";

export type Page = { readonly places: readonly Place[]; readonly more: boolean };

/** The newest first unless asked otherwise. `wanted` decides item by item. */
export function pageOf(all: readonly Place[], query: Query, wanted: (place: Place) => boolean): Page {
  const ordered = query.ascending ? all : all.toReversed();
  const sign = query.ascending ? 1 : -1;
  const { after } = query;
  const places: Place[] = [];
  for (const place of ordered) {
    if (after !== undefined && compare(place, after) * sign <= 0) continue;
    if (!wanted(place)) continue;
    if (places.length === query.limit) return { places, more: true };
    places.push(place);
  }
  return { places, more: false };
}

function compare(a: Place, b: Place): number {
  return a.number - b.number || a.at - b.at || a.log - b.log;
}

/** `now`: ms of the chain. A page that is not the last one says how to go on. */
export function envelope(data: readonly Json[], now: number, next?: { asked: Asked; query: Query; page: Page }): Json {
  const last = next?.page.places.at(-1);
  const meta = { at: now, page_size: data.length };
  if (next === undefined || last === undefined || !next.page.more) return { data, success: true, meta };
  const fingerprint = fingerprintOf(last, next.query.sum);
  return { data, success: true, meta: { ...meta, fingerprint, links: { next: linkOf(next.asked, fingerprint) } } };
}

function linkOf(asked: Asked, fingerprint: string): string {
  const url = new URL(asked.url, `http://${asked.headers.host ?? "127.0.0.1"}`);
  url.searchParams.set("fingerprint", fingerprint);
  return url.href;
}
