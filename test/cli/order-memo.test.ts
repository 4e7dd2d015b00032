import type { PathLike } from "node:fs";
import { mkdtempSync, rmSync } from "node:fs";
import type * as promises from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { readMemo, writeMemo } from "../../src/cli/order-memo.ts";

const disk = vi.hoisted((): { done: string[] } => ({ done: [] }));

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof promises>();
  const open = async (path: PathLike, flags: string, mode?: number) => {
    const handle = await real.open(path, flags, mode);
    const sync = handle.sync.bind(handle);
    handle.sync = async () => {
      await sync();
      disk.done.push(`sync ${String(path)}`);
    };
    return handle;
  };
  const rename = async (from: string, to: string) => {
    await real.rename(from, to);
    disk.done.push(`rename ${to}`);
  };
  return { ...real, open, rename };
});

const root = mkdtempSync(join(tmpdir(), "lucid-memo-"));

afterEach(() => rmSync(root, { recursive: true, force: true }));

test("the name of a memo survives loss of power before the order is sent", async () => {
  const directory = join(root, "data");
  const orderId = "ab".repeat(16);
  const rest = { file: "pay.csv", genesisId: "00", walletId: "wal_1", block: 7 };
  const memo = { orderId, ...rest, balances: new Map([["TAnn", 5n]]), lines: new Set(["a TAnn 10"]) };
  await writeMemo(directory, memo);
  expect(disk.done).toContain(`sync ${root}`);
  expect(disk.done.slice(-2)).toEqual([`rename ${join(directory, `demo-${orderId}.json`)}`, `sync ${directory}`]);
  expect(await readMemo(directory, orderId)).toEqual(memo);
});
