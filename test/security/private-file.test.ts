import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readPrivateFile, writePrivateFile } from "../../src/security/private-file.ts";
import { temporaryFolder } from "./support.ts";

test("a file is replaced as a whole and ends up owner-only, whatever it was", async () => {
  const path = join(temporaryFolder(), "file");
  writeFileSync(path, "old and longer", { mode: 0o644 });
  await writePrivateFile({ path, text: "new" });
  expect(await readPrivateFile(path)).toBe("new");
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("writers that race leave one whole text and nothing beside it", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "file");
  const texts = Array.from({ length: 20 }, (_, i) => `${i}`.repeat(10_000));
  await Promise.all(texts.map((text) => writePrivateFile({ path, text })));
  expect(texts).toContain(readFileSync(path, "utf8"));
  expect(readdirSync(folder)).toEqual(["file"]);
});

test("a write that fails leaves the old file and nothing beside it", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "taken");
  mkdirSync(path);
  writeFileSync(join(path, "inside"), "");
  await expect(writePrivateFile({ path, text: "new" })).rejects.toThrow();
  expect(readdirSync(folder)).toEqual(["taken"]);
});

test("a missing file is undefined; what cannot be read is an error", async () => {
  const folder = temporaryFolder();
  expect(await readPrivateFile(join(folder, "none"))).toBeUndefined();
  await expect(readPrivateFile(folder)).rejects.toMatchObject({ code: "EISDIR" });
});
