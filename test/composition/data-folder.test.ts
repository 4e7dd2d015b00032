import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const SOURCE = join(import.meta.dirname, "../../src/composition/data-folder.ts");
/** Root may write everywhere. */
const NOBODY = 65_534;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lucid-data-"));
  chmodSync(folder, 0o555);
});
afterEach(() => rmSync(folder, { recursive: true }));

test.each(["", "/inside"])("a DATA_DIR of another user is refused by name, with both users: %s", (below) => {
  const isRoot = process.getuid?.() === 0;
  const code = `
    const { createDataFolder } = await import(${JSON.stringify(SOURCE)});
    ${isRoot ? `process.setgid(${NOBODY}); process.setuid(${NOBODY});` : ""}
    await createDataFolder(${JSON.stringify(folder + below)}).catch((error) => console.log(error.code, error.message));
  `;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
  expect(stdout).toMatch(/^config_invalid DATA_DIR: /);
  expect(stdout).toContain(folder + below);
  expect(stdout).toContain(`by uid ${isRoot ? NOBODY : process.getuid?.()}`);
});
