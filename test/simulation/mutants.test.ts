import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withBug } from "./machine/install.ts";
import { MUTANTS } from "./mutants.ts";

test.each(MUTANTS)("the bug can be planted: $bug", (mutant) => {
  const source = readFileSync(join(import.meta.dirname, "../..", mutant.file), "utf8");
  expect(withBug(source, mutant)).not.toBe(source);
});

test("no two bugs have one name", () => {
  expect(new Set(MUTANTS.map(({ bug }) => bug)).size).toBe(MUTANTS.length);
});
