/** What every Store must do, whatever it stands on. Each implementation runs it with its own factory. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ActorAddress, ActorRecord, DeadLetter, FeedEntry, OutboxEntry } from "../../src/domain/records.ts";
import { journalOf, recordOf } from "../persistence/support/records.ts";
import type { IndexPage, PageRequest, Store, TimerRow, Write } from "../../src/ports/store.ts";

export type OpenStore = () => Promise<{ readonly store: Store; readonly dispose: () => Promise<void> }>;

/** Ids that would leave their range, collide or change their order if keys were put together carelessly. */
export const AWKWARD = [
  "",
  "a",
  "a!",
  "ab",
  "a!b",
  "a%0021",
  "%",
  "é",
  "漢字",
  "\u{1F4A9}",
  "\ud800",
  "\u0000",
  '"',
  "~",
  "\uffff",
];

export function storeContract(name: string, open: OpenStore): void {
  describe(`${name} keeps the contract of a store`, () => {
    let store: Store;
    let dispose: () => Promise<void>;

    beforeEach(async () => {
      ({ store, dispose } = await open());
    });
    afterEach(() => dispose());

    pointReads(() => store);
    pendingWork(() => store);
    lists(() => store);
    writing(() => store);
    model(open);
  });
}

function pointReads(of: () => Store): void {
  test("an empty store answers every read with nothing", async () => {
    const store = of();
    const actor = { kind: "payout", id: "po_1" };
    expect(store.record(actor)).toBeUndefined();
    expect(store.reply("key")).toBeUndefined();
    expect(store.meta("cursor")).toBeUndefined();
    expect(store.quarantine(actor)).toBeUndefined();
    expect(await store.outbox({ source: "sign", limit: 10 })).toEqual([]);
    expect(await store.outboxSources()).toEqual([]);
    expect(await store.timers({ until: Number.MAX_SAFE_INTEGER, limit: 10 })).toEqual([]);
    expect(await store.nextTimer()).toBeUndefined();
    expect(await store.index("payout", "all", { limit: 10 })).toEqual({ ids: [], next: undefined });
    expect(await store.journal(actor, { afterRevision: 0, limit: 10 })).toEqual([]);
    expect(await store.feed({ afterSequence: 0, limit: 10 })).toEqual([]);
    expect(await store.lastFeedSequence()).toBe(0);
    expect(await store.deadLetters({ limit: 10 })).toEqual([]);
    expect(await store.deadLetters({ actor, limit: 10 })).toEqual([]);
    expect(await store.quarantines(10)).toEqual([]);
    expect(await store.inbox(actor, { afterSequence: 0, limit: 10 })).toEqual([]);
  });

  test("a committed record is read back equal, with every field", async () => {
    const record: ActorRecord = {
      ...recordOf({ kind: "payout", id: "po_1" }, 7),
      state: { onWire: { pending: "early" } },
      context: { amount: "9223372036854775807", list: [1, "zwei", null, true, { tief: [] }], emoji: "\u{1F4A9}\ud800" },
      effects: { broadcast: "7.broadcast" },
      timers: { watch: { due: 1_700_000_000_000, event: { type: "watch.due", n: 1 }, generation: 7 } },
      indexes: ["status:broadcast", "wallet:wl_1"],
    };
    await of().commit([{ put: "record", record }]);
    expect(of().record({ kind: "payout", id: "po_1" })).toEqual(record);
  });

  test("a reply, a small value and a quarantine are read back equal, and a released quarantine is gone", async () => {
    const actor = { kind: "wallet", id: "wl_1" };
    const reply = { fingerprint: "f".repeat(64), at: 5, status: 202, body: { id: "po_1", amount: "12.5" } };
    const entry = { actor, at: 9, reason: "five poison events", failures: 5 };
    await of().commit([
      { put: "reply", key: "token/key one", reply },
      { put: "meta", name: "follower.cursor", value: { number: 77, id: "ab" } },
      { put: "quarantine", entry },
    ]);
    expect(of().reply("token/key one")).toEqual(reply);
    expect(of().meta("follower.cursor")).toEqual({ number: 77, id: "ab" });
    expect(of().quarantine(actor)).toEqual(entry);
    expect(await of().quarantines(10)).toEqual([entry]);
    await of().commit([{ delete: "quarantine", actor }]);
    expect(of().quarantine(actor)).toBeUndefined();
    expect(await of().quarantines(10)).toEqual([]);
  });

  test("awkward ids never share a record and never see each other's journal", async () => {
    const actors = AWKWARD.flatMap((kind) => AWKWARD.map((id) => ({ kind, id })));
    await of().commit(
      actors.flatMap((actor, at): Write[] => [
        { put: "record", record: { ...recordOf(actor, 1), createdAt: at } },
        { put: "journal", actor, entry: journalOf(at + 1) },
      ]),
    );
    for (const [at, actor] of actors.entries()) {
      expect(of().record(actor)).toEqual({ ...recordOf(actor, 1), createdAt: at });
      expect((await of().journal(actor, { afterRevision: 0, limit: 9 })).map((e) => e.revision)).toEqual([at + 1]);
    }
  });
}

function pendingWork(of: () => Store): void {
  test("pending effects are paged per source in a stable order, and no source sees another's", async () => {
    const entries = ["s", "s!", "sx", "t"].flatMap((source) =>
      Array.from({ length: 7 }, (_, n): OutboxEntry => ({
        key: `${n + 1}.build`,
        actor: { kind: "payout", id: AWKWARD[n] ?? "" },
        invokeId: "build",
        source,
      })),
    );
    // What an effect takes is not stored.
    await of().commit(entries.map((entry, n): Write => ({ put: "outbox", entry: { ...entry, input: { n } } })));
    expect(new Set(await of().outboxSources())).toEqual(new Set(["s", "s!", "sx", "t"]));
    for (const source of ["s", "s!", "sx", "t"]) {
      const seen: OutboxEntry[] = [];
      for (;;) {
        const after = seen.at(-1);
        const page = await of().outbox(after === undefined ? { source, limit: 3 } : { source, after, limit: 3 });
        expect(page.length).toBeLessThanOrEqual(3);
        seen.push(...page);
        if (page.length < 3) break;
      }
      const expected = entries.filter((entry) => entry.source === source);
      expect(seen).toHaveLength(expected.length);
      const byKey = (all: readonly OutboxEntry[]) => new Map(all.map((entry) => [entry.key, entry]));
      expect(byKey(seen)).toStrictEqual(byKey(expected));
    }
  });

  test("an effect whose answer is committed is pending no more, and a source without effects is not listed", async () => {
    const actor = { kind: "payout", id: "po_1" };
    const entry: OutboxEntry = { key: "1.sign", actor, invokeId: "sign", source: "sign", input: null };
    await of().commit([{ put: "outbox", entry }]);
    await of().commit([{ delete: "outbox", source: "sign", actor, key: "1.sign" }]);
    expect(await of().outbox({ source: "sign", limit: 10 })).toEqual([]);
    expect(await of().outboxSources()).toEqual([]);
  });

  test("timers come earliest first and only when due, whatever their number of digits", async () => {
    const rows = [9_999_999_999_999, 1_000, 999, 0, 1_700_000_000_000].map((due) => timerOf(due));
    await of().commit(rows.map((row): Write => ({ put: "timer", ...row })));
    expect(await of().nextTimer()).toBe(0);
    expect((await of().timers({ until: 1_000, limit: 10 })).map((row) => row.due)).toEqual([0, 999, 1_000]);
    expect((await of().timers({ until: 999.5, limit: 10 })).map((row) => row.due)).toEqual([0, 999]);
    expect((await of().timers({ until: Number.POSITIVE_INFINITY, limit: 4 })).map((row) => row.due)).toEqual([
      0, 999, 1_000, 1_700_000_000_000,
    ]);
    expect(await of().timers({ until: 0, limit: 10 })).toEqual([timerOf(0)]);
  });

  test("a timer that is armed below all that were seen is found", async () => {
    await of().commit([{ put: "timer", ...timerOf(500) }]);
    expect(await of().nextTimer()).toBe(500);
    await of().commit([{ delete: "timer", ...timerOf(500) }]);
    expect(await of().nextTimer()).toBeUndefined();
    await of().commit([{ put: "timer", ...timerOf(40) }]);
    expect(await of().nextTimer()).toBe(40);
    expect(await of().timers({ until: 39, limit: 1 })).toEqual([]);
    expect(await of().timers({ until: 40, limit: 1 })).toEqual([timerOf(40)]);
  });

  test("a timer that is armed while the store is searched is found by the next search", async () => {
    for (let due = 300; due > 0; due -= 3) {
      const armed = of().commit([{ put: "timer", ...timerOf(due) }]);
      await Promise.all([of().nextTimer(), of().timers({ until: due + 1, limit: 2 }), armed, of().nextTimer()]);
      expect(await of().nextTimer()).toBe(due);
    }
  });
}

function lists(of: () => Store): void {
  test("an index is paged in both directions, by creation time and then id, without gaps or repetitions", async () => {
    const rows = Array.from({ length: 23 }, (_, n) => ({ createdAt: 1_000 + Math.floor(n / 3), id: `po_${n}` }));
    await of().commit(rows.map((row): Write => ({ put: "index", kind: "payout", index: "status:pending", ...row })));
    const byIndex = (row: { createdAt: number; id: string }) => `${row.createdAt} ${row.id}`;
    const ascending = rows.toSorted((a, b) => (byIndex(a) < byIndex(b) ? -1 : 1));
    for (const limit of [1, 4, 22, 23, 24]) {
      expect(await allPages(of(), { limit })).toEqual(ascending);
      expect(await allPages(of(), { limit, newestFirst: true })).toEqual(ascending.toReversed());
    }
  });

  test("the names of indexes are listed by their beginning, each once, whatever is in them", async () => {
    const put = (kind: string, index: string, id: string): Write => ({ put: "index", kind, index, createdAt: 1, id });
    await of().commit([
      put("payout", "party:TAbcd1", "a"),
      put("payout", "party:TAbcd1", "b"),
      put("payout", "party:TAbcd2", "a"),
      put("payout", "party:TAbce1", "a"),
      put("payout", "party:TAbc", "a"),
      put("payout", "external:a b", "a"),
      put("wallet", "party:TAbcd9", "a"),
    ]);
    expect(await of().indexNames("payout", "party:TAbcd", 9)).toEqual(["party:TAbcd1", "party:TAbcd2"]);
    expect(await of().indexNames("payout", "party:TAbcd", 1)).toEqual(["party:TAbcd1"]);
    expect(await of().indexNames("payout", "external:", 9)).toEqual(["external:a b"]);
    expect(await of().indexNames("payout", "party:TZ", 9)).toEqual([]);
    expect(await of().indexNames("payout", "", 9)).toHaveLength(5);
  });

  test("an index is read between two times, in both directions, and a cursor stays in them", async () => {
    const rows = Array.from({ length: 12 }, (_, n) => ({ createdAt: 10 * Math.floor(n / 2), id: `po_${10 + n}` }));
    await of().commit(rows.map((row): Write => ({ put: "index", kind: "payout", index: "status:pending", ...row })));
    for (const times of [
      {},
      { from: 20 },
      { until: 30 },
      { from: 11, until: 39 },
      { from: 30, until: 20 },
      { from: 1e15 },
    ]) {
      const { from = 0, until = Infinity } = times;
      const wanted = rows.filter(({ createdAt }) => createdAt >= from && createdAt <= until);
      for (const limit of [1, 3, 12]) {
        expect(await allPages(of(), { ...times, limit })).toEqual(wanted);
        expect(await allPages(of(), { ...times, limit, newestFirst: true })).toEqual(wanted.toReversed());
      }
    }
    const { next = "" } = await of().index("payout", "status:pending", { limit: 1 });
    expect(await of().index("payout", "status:pending", { limit: 1, cursor: next, until: 5 })).toMatchObject({
      ids: [rows[1]],
      next: undefined,
    });
  });

  test("the last page says that nothing follows, also when it is full", async () => {
    await of().commit(
      ["a", "b"].map((id): Write => ({ put: "index", kind: "payout", index: "status:pending", createdAt: 1, id })),
    );
    expect((await of().index("payout", "status:pending", { limit: 2 })).next).toBeUndefined();
    expect((await of().index("payout", "status:pending", { limit: 1 })).next).toBeTypeOf("string");
  });

  test("a cursor goes on behind its entry even when that entry has left the list", async () => {
    const put = (id: string): Write => ({ put: "index", kind: "payout", index: "status:pending", createdAt: 1, id });
    await of().commit(["a", "b", "c"].map(put));
    const first = await of().index("payout", "status:pending", { limit: 1 });
    await of().commit([{ delete: "index", kind: "payout", index: "status:pending", createdAt: 1, id: "a" }]);
    const cursor = first.next ?? "";
    const rest = await of().index("payout", "status:pending", { limit: 9, cursor });
    expect(rest.ids.map((row) => row.id)).toEqual(["b", "c"]);
  });

  test("every record of a kind is listed by id, also those that stand in no index", async () => {
    const ids = ["a", "b!c", "b", "ü/1", "z"];
    const records = [...ids.map((id) => ({ kind: "payout", id })), { kind: "payoutBatch", id: "x" }];
    await of().commit(records.map((actor): Write => ({ put: "record", record: recordOf(actor, 1) })));
    for (const newestFirst of [false, true]) {
      const seen: string[] = [];
      for (let cursor: string | undefined; ;) {
        const page = await of().ids("payout", { limit: 2, newestFirst, ...(cursor === undefined ? {} : { cursor }) });
        seen.push(...page.ids.map(({ id }) => id));
        cursor = page.next;
        if (cursor === undefined) break;
      }
      expect(new Set(seen)).toEqual(new Set(ids));
      expect(seen).toHaveLength(ids.length);
    }
    expect(await of().ids("wallet", { limit: 2 })).toEqual({ ids: [], next: undefined });
  });

  test("a cursor of another list, or one that was made up, is refused", async () => {
    const put = (index: string, id: string): Write => ({ put: "index", kind: "payout", index, createdAt: 1, id });
    await of().commit([put("status:a", "1"), put("status:a", "2"), put("status:b", "1")]);
    const { next = "" } = await of().index("payout", "status:a", { limit: 1 });
    const refused = expect.objectContaining({ code: "invalid_cursor" });
    await expect(of().index("payout", "status:b", { limit: 1, cursor: next })).rejects.toEqual(refused);
    for (const cursor of ["", "x", "!!!", "AAAAAAAAAAAAAAAA", `${next}AAAA`, next.slice(4), "\ud800"]) {
      await expect(of().index("payout", "status:a", { limit: 1, cursor })).rejects.toEqual(refused);
    }
  });

  test("indexes of one kind are separate, and their ids come back as they were", async () => {
    const writes = AWKWARD.flatMap((index) =>
      AWKWARD.map((id, at): Write => ({ put: "index", kind: "k", index, createdAt: at, id })),
    );
    await of().commit(writes);
    for (const index of AWKWARD) {
      const { ids } = await of().index("k", index, { limit: 99 });
      expect(ids).toEqual(AWKWARD.map((id, createdAt) => ({ id, createdAt })));
    }
  });

  test("a journal is read in order of its revisions from any place", async () => {
    const actor = { kind: "payout", id: "po_1" };
    const entries = Array.from({ length: 120 }, (_, n) => journalOf(n + 1));
    await of().commit(entries.toReversed().map((entry): Write => ({ put: "journal", actor, entry })));
    expect(await of().journal(actor, { afterRevision: 0, limit: 500 })).toEqual(entries);
    expect(await of().journal(actor, { afterRevision: 98, limit: 4 })).toEqual(entries.slice(98, 102));
    expect(await of().journal(actor, { afterRevision: 120, limit: 4 })).toEqual([]);
  });

  test("a journal and a feed that grew by commits of any size are read the same from any place", async () => {
    const [long, short] = [
      { kind: "wallet", id: "w" },
      { kind: "wallet", id: "w!" },
    ];
    let n = 0;
    for (const size of [1, 40, 2, 1, 33, 64, 1]) {
      const numbers = Array.from({ length: size }, () => (n += 1));
      await of().commit(
        numbers.flatMap((revision): Write[] => [
          { put: "journal", actor: long, entry: journalOf(revision) },
          ...(revision % 7 === 0 ? [{ put: "journal", actor: short, entry: journalOf(revision / 7) } as const] : []),
          { put: "feed", entry: feedOf(revision) },
        ]),
      );
    }
    const all = Array.from({ length: n }, (_, index) => index + 1);
    for (const after of [0, 1, 17, 40, 41, 42, 43, 44, 75, 76, 100, n - 1, n, n + 5]) {
      for (const limit of [1, 3, 32, 33, 500]) {
        const expected = all.filter((number) => number > after).slice(0, limit);
        const journal = await of().journal(long, { afterRevision: after, limit });
        expect(journal).toEqual(expected.map((number) => journalOf(number)));
        expect(await of().feed({ afterSequence: after, limit })).toEqual(expected.map((number) => feedOf(number)));
      }
    }
    expect(await of().journal(short, { afterRevision: 0, limit: 500 })).toHaveLength(Math.floor(n / 7));
    expect(await of().lastFeedSequence()).toBe(n);
  });

  test("the feed is read in order of its sequence, and its last number is known", async () => {
    const entries = [8, 9, 10, 99, 100, 1_000_000_000_000].map((sequence) => feedOf(sequence));
    await of().commit(entries.map((entry): Write => ({ put: "feed", entry })));
    expect(await of().feed({ afterSequence: 0, limit: 99 })).toEqual(entries);
    expect(await of().feed({ afterSequence: 9, limit: 2 })).toEqual(entries.slice(2, 4));
    expect(await of().lastFeedSequence()).toBe(1_000_000_000_000);
  });

  test("dead letters come newest first, of one actor or of all, and two of one moment are both kept", async () => {
    const letters = [
      letterOf({ kind: "payout", id: "b" }, 1),
      letterOf({ kind: "payout", id: "a" }, 2),
      letterOf({ kind: "wallet", id: "a" }, 3),
      letterOf({ kind: "payout", id: "a" }, 4),
    ];
    const twin: DeadLetter = { ...letterOf({ kind: "payout", id: "a" }, 2), event: { type: "another.poison" } };
    await of().commit([...letters, twin].map((letter): Write => ({ put: "deadLetter", letter })));
    expect((await of().deadLetters({ limit: 9 })).map((letter) => letter.at)).toEqual([4, 3, 2, 2, 1]);
    expect((await of().deadLetters({ limit: 1 })).map((letter) => letter.at)).toEqual([4]);
    const ofOne = await of().deadLetters({ actor: { kind: "payout", id: "a" }, limit: 9 });
    expect(ofOne.map((letter) => letter.at)).toEqual([4, 2, 2]);
    expect(ofOne).toContainEqual(twin);
    expect(ofOne).toContainEqual(letters[1]);
  });

  test("parked messages are read oldest first, up to the limit, and are gone once they were taken", async () => {
    const actor = { kind: "payout", id: "a" };
    const entries = [2, 10, 100].map((sequence) => ({ actor, sequence, message: { type: "payout.cancel", sequence } }));
    const other = { actor: { kind: "payout", id: "ab" }, sequence: 1, message: { type: "payout.cancel" } };
    await of().commit([...entries.toReversed(), other].map((entry): Write => ({ put: "inbox", entry })));
    const all = { afterSequence: 0, limit: 9 };
    expect(await of().inbox(actor, all)).toEqual(entries);
    expect(await of().inbox(actor, { afterSequence: 0, limit: 2 })).toEqual(entries.slice(0, 2));
    expect(await of().inbox(actor, { afterSequence: 2, limit: 1 })).toEqual(entries.slice(1, 2));
    await of().commit([{ delete: "inbox", actor, sequence: 2 }]);
    expect(await of().inbox(actor, all)).toEqual(entries.slice(1));
  });

  test("quarantines are listed up to the limit, and from behind one of them", async () => {
    const entries = ["a", "b", "c"].map((id) => ({ actor: { kind: "payout", id }, at: 1, reason: "why", failures: 2 }));
    await of().commit(entries.map((entry): Write => ({ put: "quarantine", entry })));
    expect(await of().quarantines(2)).toHaveLength(2);
    expect(await of().quarantines(9)).toEqual(entries);
    expect(await of().quarantines(1, { kind: "payout", id: "a" })).toEqual(entries.slice(1, 2));
    expect(await of().quarantines(9, { kind: "payout", id: "c" })).toEqual([]);
  });
}

function writing(of: () => Store): void {
  test("the last write to a key wins within one commit, a put over a delete and a delete over a put", async () => {
    const actor = { kind: "payout", id: "po_1" };
    const effect: OutboxEntry = { key: "1.sign", actor, invokeId: "sign", source: "sign", input: 1 };
    await of().commit([
      { put: "record", record: recordOf(actor, 1) },
      { put: "record", record: recordOf(actor, 2) },
      { put: "outbox", entry: effect },
      { delete: "outbox", source: "sign", actor, key: "1.sign" },
      { delete: "timer", ...timerOf(5) },
      { put: "timer", ...timerOf(5) },
    ]);
    expect(of().record(actor)?.revision).toBe(2);
    expect(await of().outbox({ source: "sign", limit: 9 })).toEqual([]);
    expect(await of().timers({ until: 5, limit: 9 })).toEqual([timerOf(5)]);
  });

  test("an empty commit and the deletion of what is not there are no errors", async () => {
    await of().commit([]);
    await of().commit([{ delete: "quarantine", actor: { kind: "a", id: "b" } }]);
    expect(await of().quarantines(9)).toEqual([]);
  });

  test("commits that are not awaited take effect in the order of the calls", async () => {
    const actor = { kind: "payout", id: "po_1" };
    const commits = Array.from({ length: 60 }, (_, n) =>
      of().commit([{ put: "record", record: recordOf(actor, n + 1) }]),
    );
    const seen: number[] = [];
    for (const commit of commits) {
      await commit;
      seen.push(of().record(actor)?.revision ?? 0);
    }
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.every((revision, n) => revision >= n + 1)).toBe(true);
    expect(of().record(actor)?.revision).toBe(60);
  });

  test("a value that is not plain JSON is refused, nothing of its commit is stored, and the store goes on", async () => {
    class Money {
      readonly amount = 1;
    }
    const actor = { kind: "payout", id: "po_1" };
    for (const bad of [1n, Number.NaN, Number.POSITIVE_INFINITY, new Date(0), new Map(), new Money(), () => 1]) {
      const record = { ...recordOf(actor, 1), context: { deep: [{ bad }] } };
      const commit = of().commit([
        { put: "meta", name: "other", value: 1 },
        { put: "record", record },
      ]);
      await expect(commit).rejects.toThrow(/refused to store s!payout!po_1.*\/context\/deep\/0\/bad/);
      expect(of().meta("other")).toBeUndefined();
    }
    await of().commit([{ put: "record", record: recordOf(actor, 1) }]);
    expect(of().record(actor)?.revision).toBe(1);
  });

  test("a record that is not what its schema says is refused before anything is stored", async () => {
    const good = recordOf({ kind: "payout", id: "po_1" }, 1);
    const wrong = [
      { ...good, revision: 0 },
      { ...good, revision: 1.5 },
      { ...good, status: "paused" },
      { ...good, state: { a: 3 } },
      { ...good, extra: true },
      { ...good, timers: { a: { due: -1, event: { type: "x" }, generation: 1 } } },
    ];
    for (const record of wrong) {
      await expect(of().commit([{ put: "record", record: record as ActorRecord }])).rejects.toThrow(/refused to store/);
    }
    expect(of().record(good)).toBeUndefined();
  });

  test("a number that does not fit its key is refused", async () => {
    for (const due of [-1, 1.5, Number.NaN, 10_000_000_000_000]) {
      await expect(of().commit([{ put: "timer", ...timerOf(due) }])).rejects.toThrow(/key|digits/);
    }
  });

  test("a record that is changed after the commit was called is stored as it was", async () => {
    const context = { amount: "1" };
    const commit = of().commit([
      { put: "record", record: { ...recordOf({ kind: "payout", id: "po_1" }, 1), context } },
    ]);
    context.amount = "2";
    await commit;
    expect(of().record({ kind: "payout", id: "po_1" })?.context).toEqual({ amount: "1" });
  });
}

/** The same store as a few plain maps. */
class Model {
  readonly records = new Map<string, ActorRecord>();
  readonly timers = new Map<string, TimerRow>();
  readonly effects = new Map<string, OutboxEntry>();
  readonly index = new Map<string, { createdAt: number; id: string }>();

  apply(writes: readonly Write[]): void {
    for (const write of writes) {
      if ("put" in write) {
        if (write.put === "record")
          this.records.set(JSON.stringify([write.record.kind, write.record.id]), write.record);
        if (write.put === "timer") this.timers.set(timerName(write), timerFields(write));
        if (write.put === "outbox") this.effects.set(effectName(write.entry), write.entry);
        if (write.put === "index")
          this.index.set(`${write.createdAt} ${write.id}`, { createdAt: write.createdAt, id: write.id });
      } else {
        if (write.delete === "timer") this.timers.delete(timerName(write));
        if (write.delete === "outbox") this.effects.delete(effectName(write));
        if (write.delete === "index") this.index.delete(`${write.createdAt} ${write.id}`);
      }
    }
  }
}

type Real = { store: Store };
type Step = fc.AsyncCommand<Model, Real>;

function model(open: OpenStore): void {
  test("any sequence of commits and reads agrees with plain maps", async () => {
    const agreement = fc.assert(
      fc.asyncProperty(fc.commands(steps(), { maxCommands: 25 }), async (commands) => {
        const opened = await open();
        try {
          await fc.asyncModelRun(() => ({ model: new Model(), real: { store: opened.store } }), commands);
        } finally {
          await opened.dispose();
        }
      }),
      { numRuns: 40 },
    );
    await expect(agreement).resolves.toBeUndefined();
  });
}

function steps(): fc.Arbitrary<Step>[] {
  const id = fc.constantFrom(...AWKWARD.slice(0, 9));
  const due = fc.integer({ min: 0, max: 40 });
  const actor = fc.record({ kind: fc.constantFrom("k", "k!", ""), id });
  const timer = fc.record({ due, actor, timerId: fc.constantFrom("t", "t!") });
  const source = fc.constantFrom("sign", "sign!", "s");
  const key = fc.constantFrom("1.a", "2.a", "10.a");
  const indexRow = fc.record({ createdAt: due, id });
  const write: fc.Arbitrary<Write> = fc.oneof(
    fc.tuple(actor, fc.integer({ min: 1, max: 9 })).map(([a, n]): Write => ({ put: "record", record: recordOf(a, n) })),
    timer.map((row): Write => ({ put: "timer", ...row })),
    timer.map((row): Write => ({ delete: "timer", ...row })),
    fc.tuple(source, actor, key).map(([s, a, k]): Write => ({
      put: "outbox",
      entry: { key: k, actor: a, invokeId: "a", source: s, input: null },
    })),
    fc.tuple(source, actor, key).map(([s, a, k]): Write => ({ delete: "outbox", source: s, actor: a, key: k })),
    indexRow.map((row): Write => ({ put: "index", kind: "payout", index: "status:pending", ...row })),
    indexRow.map((row): Write => ({ delete: "index", kind: "payout", index: "status:pending", ...row })),
  );
  return [
    fc.array(write, { maxLength: 12 }).map((writes) =>
      step(`commit ${JSON.stringify(writes)}`, async (m, { store }) => {
        m.apply(writes);
        await store.commit(writes);
      }),
    ),
    actor.map((a) =>
      step(`record ${JSON.stringify(a)}`, (m, { store }) => {
        expect(store.record(a)).toEqual(m.records.get(JSON.stringify([a.kind, a.id])));
        return Promise.resolve();
      }),
    ),
    due.map((until) =>
      step(`timers ${until}`, async (m, { store }) => {
        const expected = [...m.timers.values()].filter((row) => row.due <= until);
        const found = await store.timers({ until, limit: 99 });
        expect(found.map((row) => row.due)).toEqual(expected.map((row) => row.due).toSorted((a, b) => a - b));
        expect(new Set(found.map(timerName))).toEqual(new Set(expected.map(timerName)));
      }),
    ),
    fc.constant(
      step("nextTimer", async (m, { store }) => {
        const dues = [...m.timers.values()].map((row) => row.due);
        expect(await store.nextTimer()).toBe(dues.length === 0 ? undefined : Math.min(...dues));
      }),
    ),
    source.map((s) =>
      step(`outbox ${s}`, async (m, { store }) => {
        const expected = [...m.effects.values()].filter((entry) => entry.source === s);
        const found = await store.outbox({ source: s, limit: 99 });
        expect(found).toHaveLength(expected.length);
        expect(new Set(found.map(effectName))).toEqual(new Set(expected.map(effectName)));
        expect(new Set(await store.outboxSources())).toEqual(
          new Set([...m.effects.values()].map((entry) => entry.source)),
        );
      }),
    ),
    fc.integer({ min: 1, max: 5 }).map((limit) =>
      step(`index by ${limit}`, async (m, { store }) => {
        const ascending = await allPages(store, { limit });
        const times = ascending.map((row) => row.createdAt);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(new Set(ascending.map((row) => `${row.createdAt} ${row.id}`))).toEqual(new Set(m.index.keys()));
        expect(ascending).toHaveLength(m.index.size);
        expect(await allPages(store, { limit, newestFirst: true })).toEqual(ascending.toReversed());
      }),
    ),
  ];
}

function step(name: string, run: (m: Model, r: Real) => Promise<void>): Step {
  return { check: () => true, run, toString: () => name };
}

async function allPages(store: Store, page: PageRequest): Promise<IndexPage["ids"]> {
  const ids: IndexPage["ids"][number][] = [];
  let cursor: string | undefined;
  do {
    const request = cursor === undefined ? page : { ...page, cursor };
    const answer = await store.index("payout", "status:pending", request);
    expect(answer.ids.length).toBeLessThanOrEqual(page.limit);
    ids.push(...answer.ids);
    cursor = answer.next;
  } while (cursor !== undefined);
  return ids;
}

function feedOf(sequence: number): FeedEntry {
  return { sequence, at: 1, actor: { kind: "payout", id: "po_1" }, revision: 1, event: { type: "payout.confirmed" } };
}

function letterOf(actor: ActorAddress, at: number): DeadLetter {
  return { actor, at, revision: 3, event: { type: "poison" }, error: "Error: no" };
}

function timerOf(due: number): TimerRow {
  return { due, actor: { kind: "payout", id: "po_1" }, timerId: "watch" };
}

function timerFields({ due, actor, timerId }: TimerRow): TimerRow {
  return { due, actor, timerId };
}

function timerName({ due, actor, timerId }: TimerRow): string {
  return JSON.stringify([due, actor.kind, actor.id, timerId]);
}

function effectName({ source, actor, key }: { source: string; actor: ActorAddress; key: string }): string {
  return JSON.stringify([source, actor.kind, actor.id, key]);
}
