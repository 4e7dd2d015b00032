/** A10: what an actor's journal tells when its machine goes through it once more, beside the record that is stored. */
import { isDeepStrictEqual } from "node:util";
import type { ActorRecord, JournalEntry } from "../../src/domain/records.ts";
import { entryOf, replay } from "../support/kernel.ts";

/**
 * What differs, or `undefined`. A field that is undefined and one that is absent are the same (ADR 0010), and so is the
 * order of fields: a record that was loaded has them as they were stored, one that never left memory as they were made.
 */
export function differenceOf(stored: ActorRecord, journal: readonly JournalEntry[]): string | undefined {
  let told: Fields;
  try {
    told = plain(replay(entryOf(stored.kind), stored, journal));
  } catch (error) {
    return String(error);
  }
  // It was read from the disk, and so is plain.
  return firstDifference(told, stored);
}

type Fields = { readonly [name: string]: unknown };

function plain(value: ActorRecord): Fields {
  return JSON.parse(JSON.stringify(value)) as Fields;
}

/** Path of the first field that differs, with both values. */
function firstDifference(told: Fields, stored: Fields): string | undefined {
  if (isDeepStrictEqual(told, stored)) return undefined;
  const names = [...new Set([...Object.keys(told), ...Object.keys(stored)])];
  const name = names.find((each) => !isDeepStrictEqual(told[each], stored[each])) ?? "";
  const [a, b] = [told[name], stored[name]];
  if (isFields(a) && isFields(b)) return `${name}.${firstDifference(a, b)}`;
  return `${name} is told as ${JSON.stringify(a)} and stored as ${JSON.stringify(b)}`;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
