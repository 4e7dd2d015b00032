/** A store whose process can die: from then on nothing is written or read, and what was being written may or may not be. */
import type { Store, Write } from "../../src/ports/store.ts";
import { interpose } from "./interposed-store.ts";

const never = new Promise<never>(() => {});

export type MortalStore = { readonly store: Store; die(): void };

export function mortal(inner: Store, options: { writeTurns: () => number; landsAnyway: () => boolean }): MortalStore {
  let dead = false;
  const alive =
    <A extends unknown[], R>(read: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> =>
      dead ? never : read(...args);
  const pass = async (_writes: readonly Write[], land: () => Promise<void>): Promise<void> => {
    if (dead) return never;
    for (let turns = options.writeTurns(); turns > 0; turns -= 1) await new Promise((resolve) => setImmediate(resolve));
    if (dead && !options.landsAnyway()) return never;
    await land();
    return dead ? never : undefined;
  };
  const store: Store = {
    batch: () => inner.batch(),
    commit: (writes) => inner.commit(writes),
    unstorable: (writes) => inner.unstorable(writes),
    record: (actor) => inner.record(actor),
    reply: (key) => inner.reply(key),
    meta: (name) => inner.meta(name),
    quarantine: (actor) => inner.quarantine(actor),
    outbox: alive((request) => inner.outbox(request)),
    outboxSources: alive(() => inner.outboxSources()),
    timers: alive((request) => inner.timers(request)),
    nextTimer: alive(() => inner.nextTimer()),
    index: alive((kind, index, page) => inner.index(kind, index, page)),
    indexNames: alive((kind, prefix, limit) => inner.indexNames(kind, prefix, limit)),
    ids: alive((kind, page) => inner.ids(kind, page)),
    journal: alive((actor, page) => inner.journal(actor, page)),
    feed: alive((page) => inner.feed(page)),
    lastFeedSequence: alive(() => inner.lastFeedSequence()),
    deadLetters: alive((page) => inner.deadLetters(page)),
    quarantines: alive((limit, after) => inner.quarantines(limit, after)),
    inbox: alive((actor, page) => inner.inbox(actor, page)),
    close: () => inner.close(),
  };
  interpose(store, pass);
  return { store, die: () => (dead = true) };
}
