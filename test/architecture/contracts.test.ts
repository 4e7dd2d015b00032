import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { expect, test } from "vitest";
import { artifacts } from "../../scripts/contract-artifacts.ts";

test("every contract in src is what the pinned compiler makes of its source (npm run contracts)", () => {
  const made = [...artifacts()];
  expect(made.map(([file]) => basename(file.pathname))).toEqual(["tether-token.json", "destinations.json"]);
  for (const [file, text] of made) expect(readFileSync(file, "utf8"), file.pathname).toBe(text);
}, 60_000);
