import { expect, test } from "vitest";
import type { Logger } from "../../src/ports/telemetry.ts";
import type { TokenChanges } from "../../src/security/api-tokens.ts";
import { TOKENS_CHECK_MS, watchTokens } from "../../src/security/token-watch.ts";
import { ManualClock } from "../support/manual-clock.ts";

const NOTHING: TokenChanges = { made: [], revoked: [] };

function watched() {
  const clock = new ManualClock();
  const lines: [level: string, fields: unknown][] = [];
  const line = (level: string) => (fields: unknown) => void lines.push([level, fields]);
  const logger: Logger = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  const file = { looks: 0, next: async (): Promise<TokenChanges> => NOTHING };
  const tokens = {
    reload: () => {
      file.looks += 1;
      return file.next();
    },
  };
  return { clock, lines, file, stop: watchTokens(tokens, { clock, logger }) };
}

test("the tokens are looked at once a second, and what changed is told by id", async () => {
  const { clock, lines, file, stop } = watched();
  await clock.advance(TOKENS_CHECK_MS - 1);
  expect(file.looks).toBe(0);
  await clock.advance(1 + 2 * TOKENS_CHECK_MS);
  expect([file.looks, lines]).toEqual([3, []]);
  file.next = async () => ({ made: ["a"], revoked: ["b"] });
  await clock.advance(TOKENS_CHECK_MS);
  expect(lines).toEqual([["info", { made: ["a"], revoked: ["b"] }]]);
  stop();
  await clock.advance(10 * TOKENS_CHECK_MS);
  expect(file.looks).toBe(4);
});

test("a file that cannot be read is told once until it is mended, and is looked at again", async () => {
  const { clock, lines, file, stop } = watched();
  file.next = async () => Promise.reject(new Error("damaged"));
  await clock.advance(3 * TOKENS_CHECK_MS);
  expect(lines).toEqual([["warn", { reason: "Error: damaged" }]]);
  file.next = async () => NOTHING;
  await clock.advance(TOKENS_CHECK_MS);
  file.next = async () => Promise.reject(new Error("damaged"));
  await clock.advance(TOKENS_CHECK_MS);
  expect([file.looks, lines.length]).toEqual([5, 2]);
  stop();
});

test("a look that ends after the stop is the last one", async () => {
  const { clock, file, stop } = watched();
  let end = () => {};
  file.next = () => new Promise((resolve) => (end = () => resolve(NOTHING)));
  await clock.advance(TOKENS_CHECK_MS);
  stop();
  end();
  await clock.advance(5 * TOKENS_CHECK_MS);
  expect(file.looks).toBe(1);
});
