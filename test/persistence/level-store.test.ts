/** What only a store on disk can show: what survives closing, and what an idle moment frees. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Write } from "../../src/ports/store.ts";
import { openLevelStore } from "../../src/persistence/open-level-store.ts";
import { completeRevision, writesOf } from "./support/commits.ts";
import { flip, withDirectory } from "./support/directories.ts";

test("everything is there after closing and opening again, and after compaction", async () => {
  await withDirectory(async (directory) => {
    for (const round of [0, 1, 2]) {
      const { store, verify } = await openLevelStore({ directory });
      for (let revision = round * 20 + 1; revision <= round * 20 + 20; revision++)
        await store.commit(writesOf(revision, 500));
      await store.compact();
      await verify();
      expect(await completeRevision(store, () => 500)).toBe(round * 20 + 20);
      await store.close();
    }
  });
});

test("the next timer and the pending effects are found across many that are done, compacted or not", async () => {
  await withDirectory(async (directory) => {
    const { store, verify } = await openLevelStore({ directory });
    const rows = Array.from({ length: 3_000 }, (_, n) => ({
      due: n,
      actor: { kind: "payout", id: `po_${n}` },
      timerId: "watch",
    }));
    await store.commit(rows.map((row): Write => ({ put: "timer", ...row })));
    await store.commit(rows.slice(0, -1).map((row): Write => ({ delete: "timer", ...row })));
    expect(await store.nextTimer()).toBe(2_999);
    await store.compact();
    await verify();
    expect(await store.nextTimer()).toBe(2_999);
    await store.close();
    const again = await openLevelStore({ directory });
    expect(await again.store.timers({ until: 5_000, limit: 9 })).toEqual(rows.slice(-1));
    await again.store.close();
  });
});

test("tables with an index of many blocks are verified block by block", async () => {
  await withDirectory(async (directory) => {
    const { store, verify } = await openLevelStore({ directory });
    const rows = Array.from({ length: 20_000 }, (_, n) => ({
      due: n,
      actor: { kind: "payout", id: `po_${n}` },
      timerId: "watch",
    }));
    await store.commit(rows.map((row): Write => ({ put: "timer", ...row })));
    await store.compact();
    await expect(verify()).resolves.toBeUndefined();
    const tables = (await readdir(directory)).filter((name) => name.endsWith(".ldb"));
    const sizes = await Promise.all(tables.map(async (name) => (await stat(join(directory, name))).size));
    const largest = tables[sizes.indexOf(Math.max(...sizes))] ?? "";
    for (const part of [0.1, 0.5, 0.9]) {
      const place = { byte: Math.floor(Math.max(...sizes) * part), bit: 2 };
      await flip(join(directory, largest), place);
      await expect(verify()).rejects.toMatchObject({
        code: "store_corrupt",
        message: expect.stringContaining(largest),
      });
      await flip(join(directory, largest), place);
    }
    await expect(verify()).resolves.toBeUndefined();
    await store.close();
  });
});

test("a store that was closed leaves no log for the next start to read", async () => {
  await withDirectory(async (directory) => {
    const logBytes = async () => {
      const logs = (await readdir(directory)).filter((name) => name.endsWith(".log"));
      const sizes = await Promise.all(logs.map(async (name) => (await stat(join(directory, name))).size));
      return sizes.reduce((sum, size) => sum + size, 0);
    };
    const { store } = await openLevelStore({ directory });
    for (let revision = 1; revision <= 10; revision++) await store.commit(writesOf(revision, 200_000));
    expect(await logBytes()).toBeGreaterThan(1024 ** 2);
    await store.close();
    expect(await logBytes()).toBeLessThan(1_000);
    const again = await openLevelStore({ directory });
    expect(await completeRevision(again.store, () => 200_000)).toBe(10);
    await again.store.close();
  });
});

test("a store that was closed answers nothing", async () => {
  await withDirectory(async (directory) => {
    const { store } = await openLevelStore({ directory });
    await store.close();
    expect(() => store.meta("anything")).toThrow(/not open/);
    await expect(store.nextTimer()).rejects.toThrow(/not open/);
    await expect(store.quarantines(1)).rejects.toThrow(/not open/);
  });
});
