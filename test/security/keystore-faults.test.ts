import type { PathLike } from "node:fs";
import { readdirSync } from "node:fs";
import type * as promises from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Keystore } from "../../src/security/keystore.ts";
import { openTestKeystore, temporaryFolder, vectors } from "./support.ts";

/** The folder that cannot be opened, hence not be synced, after so many times that it can. */
const disk = vi.hoisted((): { folder: string | undefined; good: number } => ({ folder: undefined, good: 0 }));

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof promises>();
  const open = (path: PathLike, flags?: string, mode?: number) => {
    if (path === disk.folder && flags === "r" && disk.good-- <= 0)
      return Promise.reject(Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" }));
    return real.open(path, flags, mode);
  };
  return { ...real, open };
});

function failSync(folder: string, { after }: { after: number }): void {
  Object.assign(disk, { folder, good: after });
  onTestFinished(() => void (disk.folder = undefined));
}

const keyFiles = (directory: string) => readdirSync(directory).filter((name) => name.startsWith("wallet-"));

test.each([
  // The counter of the seed is synced first.
  ["an HD wallet", 1, (keystore: Keystore) => keystore.createHdWallet("wl_a")],
  ["an imported key", 0, (keystore: Keystore) => keystore.importKey("wl_a", vectors.pkA.privateKey)],
])("the repeat for %s whose folder could not be synced finds the first key", async (_, after, make) => {
  const directory = join(temporaryFolder(), "keys");
  const keystore = await openTestKeystore(directory);
  failSync(directory, { after });
  await expect(make(keystore)).rejects.toMatchObject({ code: "EMFILE" });
  expect(keystore.has("wl_a")).toBe(false);
  // Not before it is certain that the key survives loss of power.
  await expect(make(keystore)).rejects.toMatchObject({ code: "EMFILE" });
  const files = keyFiles(directory);
  expect(files).toHaveLength(1);
  disk.folder = undefined;
  const { address } = await make(keystore);
  expect(keyFiles(directory)).toEqual(files);
  expect(files).toEqual([`wallet-wl_a.${address}.json`]);
  expect(keystore.walletOf(address)).toBe("wl_a");
  expect((await openTestKeystore(directory)).addressOf("wl_a")).toBe(address);
});

test("the repeat with another key whose folder could not be synced is a conflict", async () => {
  const directory = join(temporaryFolder(), "keys");
  const keystore = await openTestKeystore(directory);
  failSync(directory, { after: 0 });
  await expect(keystore.importKey("wl_a", vectors.pkA.privateKey)).rejects.toMatchObject({ code: "EMFILE" });
  disk.folder = undefined;
  await expect(keystore.importKey("wl_a", vectors.pkB.privateKey)).rejects.toMatchObject({ code: "conflict" });
  expect(keystore.addressOf("wl_a")).toBe(vectors.pkA.address);
});

test("what a crash left behind unsynced is synced before it counts", async () => {
  const directory = join(temporaryFolder(), "keys");
  await (await openTestKeystore(directory)).createHdWallet("wl_a");
  failSync(directory, { after: 0 });
  await expect(openTestKeystore(directory)).rejects.toMatchObject({ code: "EMFILE" });
});
