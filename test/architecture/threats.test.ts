import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const rows = readFileSync(join(root, "docs/threats.md"), "utf8")
  .split("\n")
  .flatMap((line) => {
    const [, id, , shown] = line.split(" | ").length === 3 ? ["", ...line.slice(2).split(" | ")] : [];
    return id !== undefined && shown !== undefined && /^[A-F]\d+$/.test(id) ? [{ id, shown }] : [];
  });
const namedIn = (shown: string) =>
  [...shown.matchAll(/`(?<file>test\/[^`]+)` "(?<name>[^"]+)"/g)].map(({ groups }) => ({
    file: groups?.["file"] ?? "",
    name: groups?.["name"] ?? "",
  }));

describe("docs/threats.md", () => {
  test("has each threat once, in order", () => {
    const sections = { A: 13, B: 21, C: 36, D: 44, E: 48, F: 55 };
    let number = 0;
    const ids = Object.entries(sections).flatMap(([section, last]) => {
      const from = number;
      number = last;
      return Array.from({ length: last - from }, (_, i) => `${section}${from + i + 1}`);
    });
    expect(rows.map(({ id }) => id)).toEqual(ids);
  });

  test("names tests that exist, or says what is missing", () => {
    const missing = rows.flatMap(({ id, shown }) => {
      const named = namedIn(shown);
      if (named.length === 0) return /^Not yet\b/.test(shown) ? [] : [`${id} names no test`];
      return named
        .filter(({ file, name }) => !exists(file, name))
        .map(({ file, name }) => `${id}: ${file} has no "${name}"`);
    });
    expect(missing).toEqual([]);
    expect(rows.flatMap(({ shown }) => namedIn(shown)).length).toBeGreaterThan(50);
  });
});

/** As the source writes it: a name of many cases has its placeholder. */
function exists(file: string, name: string): boolean {
  const path = join(root, file);
  if (!existsSync(path)) return false;
  const source = readFileSync(path, "utf8");
  return [`"${name}"`, `\`${name}\``, `${name}",`, `${name}\``].some((text) => source.includes(text));
}
