/** A new database is there whole or not at all; `npm run drill -- power-cut` cuts the power while one is made. */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { openLevelStore } from "../../src/persistence/open-level-store.ts";
import { withDirectory } from "./support/directories.ts";

/** Folders that a database was made in and that are still there. */
async function leftovers(directory: string): Promise<string[]> {
  return (await readdir(dirname(directory))).filter((name) => name.startsWith(`${basename(directory)}.making-`));
}

test("of many that make one in the same place at the same time one has it, and the others are told so", async () => {
  await withDirectory(async (parent) => {
    const directory = join(parent, "deep", "store");
    const opened = await Promise.allSettled(Array.from({ length: 8 }, () => openLevelStore({ directory })));
    const stores = opened.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    expect(stores).toHaveLength(1);
    for (const each of opened)
      if (each.status === "rejected") expect(each.reason).toMatchObject({ code: "store_locked" });
    expect(stores[0]?.created).toBe(true);
    expect(await leftovers(directory)).toEqual([]);
    await stores[0]?.store.commit([{ put: "meta", name: "cursor", value: 1 }]);
    await stores[0]?.store.close();
    const again = await openLevelStore({ directory });
    expect(again.created).toBe(false);
    expect(again.store.meta("cursor")).toBe(1);
    await again.store.close();
  });
});

test("what loss of power left beside it disturbs nobody", async () => {
  await withDirectory(async (parent) => {
    const directory = join(parent, "store");
    const torn = `${directory}.making-abc123`;
    await mkdir(torn);
    await writeFile(join(torn, "CURRENT"), "MANIFEST-000001\n");
    await writeFile(join(torn, "MANIFEST-000001"), "");
    const { store, created } = await openLevelStore({ directory });
    expect(created).toBe(true);
    await store.close();
    expect(await leftovers(directory)).toEqual([basename(torn)]);
  });
});

test("a place below something that is no folder is refused", async () => {
  await withDirectory(async (parent) => {
    await writeFile(join(parent, "file"), "");
    await expect(openLevelStore({ directory: join(parent, "file", "store") })).rejects.toMatchObject({
      code: "store_failed",
      message: expect.stringContaining("cannot be created or entered"),
    });
  });
});
