/** A part of a list, by `offset` and `limit`. */
import { type ApiRequest, int64Of } from "./request.ts";

const PAGE_MAX = 1_000n;

/** Nothing for what is out of range, as a node answers. */
export function page<T>(items: readonly T[], request: ApiRequest): readonly T[] {
  const offset = int64Of(request, "offset");
  const limit = int64Of(request, "limit");
  if (offset < 0n || limit < 0n || BigInt(items.length) <= offset) return [];
  const end = offset + (limit > PAGE_MAX ? PAGE_MAX : limit);
  return items.slice(Number(offset), Number(end));
}
