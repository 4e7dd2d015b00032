import fs, { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { Fault } from "../../src/domain/errors.ts";
import { createLogger } from "../../src/operations/logger.ts";
import { SecretText } from "../../src/operations/secret-text.ts";

function logged(fields: Record<string, unknown>, level: "trace" | "error" = "trace"): string {
  const lines: string[] = [];
  const logger = createLogger({ level, file: undefined, name: "test", sink: { write: (line) => lines.push(line) } });
  logger.info(fields, "something happened");
  return lines.join("");
}

describe("a log line", () => {
  test("is JSON with level, time, service, fields and a constant message", () => {
    const line = JSON.parse(logged({ payoutId: "po_1", attempt: 2, amount: 5n }));
    expect(line).toMatchObject({
      level: "info",
      service: "test",
      payoutId: "po_1",
      attempt: 2,
      amount: "5",
      message: "something happened",
    });
    expect(Date.parse(line.time)).toBeGreaterThan(0);
  });

  test("below the level is not written", () => {
    expect(logged({}, "error")).toBe("");
  });

  test.each(["debug", "info", "warn", "error"] as const)("of level %s says so", (level) => {
    const lines: string[] = [];
    createLogger({ level: "trace", file: undefined, name: "test", sink: { write: (line) => lines.push(line) } })[level](
      {},
      "x",
    );
    expect(JSON.parse(lines.join(""))).toMatchObject({ level });
  });

  test("carries the code and the cause of a fault", () => {
    const fault = new Fault("chain_timeout", "no answer", {
      cause: new Error("socket hang up"),
      evidence: { node: "a", apiKey: "canary" },
    });
    const line = JSON.parse(logged({ error: fault }));
    expect(line.error).toMatchObject({
      name: "Fault",
      code: "chain_timeout",
      message: "no answer",
      cause: { message: "socket hang up" },
      evidence: { node: "a", apiKey: "[secret]" },
    });
  });

  test("survives cycles, depth and things that are not data", () => {
    const cycle: Record<string, unknown> = { name: "loop" };
    cycle["self"] = cycle;
    const deep = Array.from({ length: 20 }).reduce<Record<string, unknown>>((inner) => ({ inner }), {});
    const line = JSON.parse(
      logged({ cycle, deep, task: () => 1, when: new Date(0), list: [1n, undefined], mark: Symbol("x") }),
    );
    expect(line).toMatchObject({
      cycle: { self: "[cycle]" },
      task: "[function]",
      when: "1970-01-01T00:00:00.000Z",
      list: ["1", null],
      mark: "[symbol]",
    });
    expect(JSON.stringify(line.deep)).toContain("[deep]");
  });
});

describe("a secret", () => {
  test.each([
    ["a wrapped setting", { settings: { any: new SecretText("canary") } }],
    ["bytes", { any: Buffer.from("canary"), deep: [{ inner: new TextEncoder().encode("canary").buffer }] }],
    ["a private key", { wallet: { privateKey: "canary" } }],
    ["a private key in another spelling", { private_key: "canary", "PRIVATE-KEY": "canary" }],
    ["a mnemonic", { list: [{ mnemonic: "canary canary" }] }],
    ["a password", { dbPassword: "canary", passphrase: { a: "canary" } }],
    ["an encryption key", { WALLET_ENCRYPTION_KEY: "canary", "TRON-PRO-API-KEY": "canary" }],
    ["a header", { headers: { authorization: "Bearer canary", Cookie: "canary" } }],
    ["a bearer token inside a text", { text: "sent Authorization: Bearer canary to x" }],
    ["an API token inside a text", { text: "got lt_abc123_canary from x" }],
    ["a password inside an address", { url: "https://user:canary@node/x" }],
    ["a password without a user", { url: "proxy http://:canary@proxy:3128" }],
    ["a token instead of a user", { url: "refused by //canary@host" }],
    ["a token inside an error", { error: new Error("refused lt_abc_canary", { cause: "Bearer canary" }) }],
  ])("never reaches a line: %s", (_, fields) => {
    const line = logged(fields);
    expect(line).not.toContain("canary");
    expect(line).toMatch(/\[secret\]|\[bytes\]/);
  });

  test("is not seen in ordinary fields", () => {
    const fields = {
      key: "12.broadcast",
      idempotencyKey: "k-1",
      token: "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
      txId: "ab".repeat(32),
      publicKey: "02ab",
    };
    expect(JSON.parse(logged(fields))).toMatchObject(fields);
  });
});

test("a log file is created with its folder and appended to", () => {
  const folder = mkdtempSync(join(tmpdir(), "logger-"));
  const file = join(folder, "logs", "engine.log");
  for (const start of [1, 2]) {
    const logger = createLogger({ level: "info", file, name: "test" });
    logger.warn({ start }, "started");
    logger.flush();
  }
  const lines = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).start);
  expect(lines).toEqual([1, 2]);
  rmSync(folder, { recursive: true });
});

test.runIf(process.platform === "linux")("a log that cannot be written keeps nobody from anything", () => {
  const logger = createLogger({ level: "info", file: "/dev/full", name: "test" });
  expect(() => {
    for (let line = 0; line < 3; line += 1) logger.warn({ line }, "there is no room");
    logger.flush();
  }).not.toThrow();
});

test("what a full disk refused is written once there is room, and what was too much is counted", () => {
  const folder = mkdtempSync(join(tmpdir(), "logger-"));
  const file = join(folder, "engine.log");
  const logger = createLogger({ level: "info", file, name: "test" });
  const full = vi.spyOn(fs, "writeSync").mockImplementation(() => {
    throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  });
  for (let line = 0; line < 15; line += 1) logger.warn({ line, text: "x".repeat(100_000) }, "no room");
  full.mockRestore();
  for (let line = 15; line < 18; line += 1) logger.warn({ line, text: "x".repeat(100_000) }, "room");
  const lines = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const written = lines.flatMap(({ line }) => (line === undefined ? [] : [line]));
  expect(written.slice(0, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(written.at(-1)).toBe(17);
  expect(lines.filter(({ message }) => message === "lines of this log were lost")).toMatchObject([
    { lost: 18 - written.length },
  ]);
  rmSync(folder, { recursive: true });
});
