import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openLevelBacking } from "../../src/devnet/level-backing.ts";
import { ROW_KINDS } from "../../src/devnet/rows.ts";
import { accountKey, newAccount, read } from "../../src/devnet/state.ts";

let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "devnet-rows-"));
});

afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

describe("rows", () => {
  test("come back from disk as they were, also texts that look like numbers on disk", async () => {
    const plain = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.string(),
        fc.constantFrom("n5", "n-5", "~n5", "~", "~~n5", "n"),
        fc.bigInt(),
        fc.boolean(),
        fc.maxSafeInteger(),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie("value"), { maxKeys: 4, noNullPrototype: true }),
      ),
    })).value;
    const values = fc.sample(plain, { numRuns: 300, seed: 7 });
    const first = await openLevelBacking(dataDir);
    await first.commit(
      values.map((value, at) => [`z!${at}`, value]),
      () => {},
    );
    await first.close();
    const second = await openLevelBacking(dataDir);
    values.forEach((value, at) => expect(second.get(`z!${at}`)).toEqual(value));
    await second.close();
  });

  test("have prefixes that the chain store does not use", () => {
    expect(Object.keys(ROW_KINDS).filter((prefix) => ["b", "u", "m"].includes(prefix))).toEqual([]);
  });

  test("of another kind than their key says are a corrupt store", () => {
    const broken = { row: () => 5 };
    expect(() => read(broken, accountKey("41"))).toThrow("is not what its key says");
    const whole = { row: () => newAccount(1) };
    expect(read(whole, accountKey("41"))).toEqual(newAccount(1));
  });
});
