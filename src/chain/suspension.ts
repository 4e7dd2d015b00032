/** How long a node that refuses wants to be left alone (tron.md §2.4). Pure. */

/** A node that says more than this is asked again after it all the same: a key may have to wait for its next day. */
export const LONGEST_MS = 86_400_000;
/** What is wrong with the node itself (5xx) may be over long before it thinks. */
export const LONGEST_OUTAGE_MS = 300_000;

/** From `Retry-After` (seconds or a date) or the provider's own sentence; `undefined` when the node did not say. */
export function suspensionOf(
  said: { readonly retryAfter: string | string[] | undefined; readonly text: string },
  { now, longestMs }: { readonly now: number; readonly longestMs: number },
): number | undefined {
  const waits = [fromHeader(said.retryAfter, now), fromText(said.text)].filter((wait) => wait !== undefined);
  return waits.length === 0 ? undefined : Math.min(longestMs, Math.max(0, ...waits));
}

function fromHeader(header: string | string[] | undefined, now: number): number | undefined {
  const text = (Array.isArray(header) ? header[0] : header)?.trim();
  if (text === undefined || text === "") return undefined;
  if (/^[0-9]{1,9}$/.test(text)) return Number(text) * 1_000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : date - now;
}

function fromText(text: string): number | undefined {
  const found = /suspended for ([0-9]{1,6}) ?s/.exec(text)?.[1];
  return found === undefined ? undefined : Number(found) * 1_000;
}
