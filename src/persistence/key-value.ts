/** The little that the store needs from a disk: an ordered map of ASCII keys to texts with one kind of write. */
import type { KeyRange } from "./keyspace.ts";

/** `undefined` deletes the key. */
export type Change = { readonly key: string; readonly value: string | undefined };
export type Entry = readonly [key: string, value: string];
export type RangeRequest = KeyRange & { readonly limit: number; readonly newestFirst?: boolean };

/** Changes that come to the disk together. */
export interface Batch {
  /** Taken over at once; of two changes of one key the later counts. */
  add(changes: readonly Change[]): void;
  /**
   * Once, at the end: all changes or none, on stable storage when the promise resolves. A rejected write may be on disk
   * or not: the caller must not write again.
   */
  write(): Promise<void>;
}

export interface KeyValue {
  /** Synchronous, so that loading an actor never interleaves with a step. */
  getSync(key: string): string | undefined;
  batch(): Batch;
  /** At most `limit` entries, ascending, or descending from the end of the range with `newestFirst`. */
  entries(request: RangeRequest): Promise<Entry[]>;
  keys(request: RangeRequest): Promise<string[]>;
  /** Frees the space of deleted keys, which otherwise slow every scan over them. */
  compact(range: KeyRange): Promise<void>;
  close(): Promise<void>;
}
