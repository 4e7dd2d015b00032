import { describe, expect, test } from "vitest";
import type { Write } from "../../src/ports/store.ts";
import { PAYER } from "../support/engine.ts";
import { addressOf, openDoor, payout, type Door } from "../support/http.ts";

const WALLETS = "/api/v1/tron/wallets";

describe("a wallet's history", () => {
  test("the history has both directions, on all three of its addresses, with skip and times", async () => {
    const door = await openDoor();
    const from = door.clock.now();
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      ids.unshift((await door.post("/api/v1/payouts", payout())).json().id);
      await door.clock.advance(1_000);
    }
    const read = async (url: string) =>
      (await door.get(url)).json().items.map((item: { payout_id: string }) => item.payout_id);
    for (const url of [
      `${WALLETS}/wal_1/history`,
      "/api/v1/tron/transactions/wal_1/history",
      "/api/v1/transactions/wal_1/history",
      `/api/v1/transactions/history/${PAYER}`,
      `/api/v1/usdt/transactions/${addressOf(1)}`,
    ]) {
      expect(await read(url), url).toEqual(ids);
    }
    for (const hide of [true, false])
      expect(await read(`/api/v1/usdt/transactions/${addressOf(1)}?hide_spam=${hide}`)).toEqual(ids);
    expect(await read(`${WALLETS}/wal_1/history?skip=2&limit=2`)).toEqual(ids.slice(2, 4));
    expect(await read(`${WALLETS}/wal_1/history?from_timestamp=${from + 1_000}&to_timestamp=${from + 2_500}`)).toEqual(
      ids.slice(2, 4),
    );
    const first = (await door.get(`${WALLETS}/wal_1/history?skip=1&limit=2`)).json();
    const next = `${WALLETS}/wal_1/history?skip=1&limit=2&cursor=${encodeURIComponent(first.next_cursor)}`;
    expect(await read(next)).toEqual(ids.slice(3, 5));
    const incoming = (await door.get(`/api/v1/transactions/history/${addressOf(1)}?limit=1`)).json().items[0];
    expect(incoming).toMatchObject({ direction: "in", amount: "25", from: PAYER });
  });

  test("the history of a time long ago is there at once, and what is skipped is skipped once", async () => {
    const door = await openDoor();
    const start = door.clock.now();
    const old: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      old.unshift((await door.post("/api/v1/payouts", payout())).json().id);
      await door.clock.advance(1_000);
    }
    await newerThan(door, old[0] ?? "");
    const read = async (query: string): Promise<{ ids: string[]; next: string | null }> => {
      const { items, next_cursor: next } = (await door.get(`${WALLETS}/wal_1/history?${query}`)).json();
      return { ids: items.map((item: { payout_id: string }) => item.payout_id), next };
    };
    const until = `to_timestamp=${start + 4_500}`;
    expect(await read(`${until}&limit=10`)).toEqual({ ids: old, next: null });
    expect(await read(`${until}&skip=3&limit=10`)).toEqual({ ids: old.slice(3), next: null });
    const window = `from_timestamp=${start + 500}&to_timestamp=${start + 3_500}`;
    expect(await read(`${window}&limit=10`)).toEqual({ ids: old.slice(1, 4), next: null });
    expect(await read(`${window}&order=asc`)).toEqual({ ids: old.slice(1, 4).toReversed(), next: null });
    const first = await read(`${window}&limit=2`);
    expect(first.ids).toEqual(old.slice(1, 3));
    expect(await read(`${window}&limit=2&cursor=${first.next}`)).toEqual({ ids: [old[3]], next: null });
    expect(await read(`from_timestamp=${start + 5_000}&skip=1010&limit=10`)).toEqual({ ids: [], next: null });
    expect(await read("from_timestamp=1&to_timestamp=0")).toEqual({ ids: [], next: null });
  });

  test("a skip among entries that do not count goes on behind the cursor", async () => {
    const door = await openDoor();
    const old: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      old.unshift((await door.post("/api/v1/payouts", payout())).json().id);
      await door.clock.advance(1_000);
    }
    await newerThan(door, old[0] ?? "", (context) => ({ ...context, asset: "TRX" }));
    const found: string[] = [];
    let cursor = "";
    for (let pages = 0; pages < 9; pages += 1) {
      const url = `/api/v1/usdt/transactions/${addressOf(1)}?skip=3&limit=10${cursor}`;
      const { items, next_cursor: next } = (await door.get(url)).json();
      found.push(...items.map((item: { payout_id: string }) => item.payout_id));
      if (next === null) break;
      cursor = `&cursor=${encodeURIComponent(next)}`;
    }
    expect(found).toEqual(old.slice(3));
  });
});

/** 1,010 copies of a payout, created after it, straight in the store. */
async function newerThan(
  door: Door,
  id: string,
  change = (context: Record<string, unknown>) => context,
): Promise<void> {
  const record = door.engine.record({ kind: "payout", id });
  if (record === undefined) throw new Error(`no payout ${id}`);
  const writes = Array.from({ length: 1_010 }, (_, i): Write[] => {
    const copy = {
      ...record,
      id: `po_new_${i}`,
      createdAt: door.clock.now() + i,
      context: change(record.context as Record<string, unknown>),
    };
    const row = { put: "index", kind: "payout", createdAt: copy.createdAt, id: copy.id } as const;
    return [
      { put: "record", record: copy },
      ...[PAYER, addressOf(1)].map((party): Write => ({ ...row, index: `party:${party}` })),
    ];
  });
  await door.store.commit(writes.flat());
}
