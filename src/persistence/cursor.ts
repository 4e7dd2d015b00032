/** Cursors of lists: the place of the last entry shown, opaque to callers, bound to the list that issued it. */
import { Fault } from "../domain/errors.ts";
import { digestOf } from "./codec.ts";
import type { KeyRange } from "./keyspace.ts";

const DIGEST_LENGTH = 8;
/** The end of an index key: creation time, then the escaped id. Of a record's key: the escaped id. */
const place = /^(?:\d{13}!)?(?:[A-Za-z0-9_.:@/-]|%[0-9a-f]{4})*$/;

export function encodeCursor(list: KeyRange, key: string): string {
  return Buffer.from(digestOf(list.from) + key.slice(list.from.length), "latin1").toString("base64url");
}

/** Key of the entry that the cursor names. Throws `Fault("invalid_cursor")` for anything that this list did not issue. */
export function decodeCursor(list: KeyRange, cursor: string): string {
  const text = Buffer.from(cursor, "base64url").toString("latin1");
  const suffix = text.slice(DIGEST_LENGTH);
  if (text.slice(0, DIGEST_LENGTH) !== digestOf(list.from) || !place.test(suffix)) throw new Fault("invalid_cursor");
  return list.from + suffix;
}
