/** A kill can hit LevelDB itself in the middle of writing a table; what it leaves behind is not damage. */
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openLevelStore } from "../../src/persistence/open-level-store.ts";
import { withDirectory } from "../persistence/support/directories.ts";

test("a store with the half-written table of a compaction that was killed opens, verifies and has everything", async () => {
  await withDirectory(async (directory) => {
    const first = await openLevelStore({ directory });
    await first.store.commit([{ put: "meta", name: "cursor", value: 7 }]);
    await first.store.close();
    await writeFile(join(directory, "000999.ldb"), Buffer.alloc(5_000, 1));
    const second = await openLevelStore({ directory });
    expect(second.store.meta("cursor")).toBe(7);
    await writeFile(join(directory, "001999.ldb"), Buffer.alloc(0));
    await second.verify();
    await second.store.close();
    expect(await readdir(directory)).not.toContain("000999.ldb");
  });
});
