/** The checkers still bite: each of these plants a fault in a copy of the source and asserts that it is reported. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "canary-"));
  for (const name of [
    "src",
    "rooms.mjs",
    ".dependency-cruiser.mjs",
    ".oxlintrc.json",
    "tsconfig.json",
    "package.json",
  ]) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

function plant(file: string, lines: readonly string[]): void {
  mkdirSync(dirname(join(copy, file)), { recursive: true });
  writeFileSync(join(copy, file), `${lines.join("\n")}\n`);
}

/** Standard output of a checker; finding faults makes it exit with an error, which is what is wanted here. */
function run(tool: string, args: readonly string[], folder: string): Promise<string> {
  return new Promise((resolve) => {
    const options = { cwd: folder, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, [join(root, "node_modules/.bin", tool), ...args], options, (_, output) =>
      resolve(output),
    );
  });
}

describe("the import checker", () => {
  type Report = {
    summary: { totalCruised: number; violations: { from: string; to: string; rule: { name: string } }[] };
  };
  const cruise = async (folder: string): Promise<Report["summary"]> =>
    JSON.parse(await run("depcruise", ["src", "--config", ".dependency-cruiser.mjs", "--output-type", "json"], folder))
      .summary;

  test("reads the source and not an empty list", async () => {
    expect((await cruise(root)).totalCruised).toBeGreaterThan(20);
  });

  test("reports each planted import", async () => {
    plant("src/machines/canary-value.ts", [
      `import { systemClock } from "../operations/system-clock.ts";`,
      "export const clock = systemClock;",
    ]);
    plant("src/machines/canary-type.ts", [
      `import type { Config } from "../operations/config.ts";`,
      "export type Copy = Config;",
    ]);
    plant("src/machines/canary-package.ts", [`import { fastify } from "fastify";`, "export const server = fastify;"]);
    plant("src/domain/canary-near.ts", [`import { far } from "./canary-far.ts";`, "export const near = far;"]);
    plant("src/domain/canary-far.ts", [`import { readFileSync } from "node:fs";`, "export const far = readFileSync;"]);
    plant("src/chain/canary-one.ts", [`import { two } from "./canary-two.ts";`, "export const one = () => two;"]);
    plant("src/chain/canary-two.ts", [`import { one } from "./canary-one.ts";`, "export const two = () => one;"]);
    plant("src/devnet/canary-shared.ts", [
      `import { one } from "../chain/canary-one.ts";`,
      "export const shared = one;",
    ]);
    plant("src/http/canary-inside.ts", [
      `import { secret } from "../security/canary-key.ts";`,
      "export const leak = secret;",
    ]);
    plant("src/security/canary-key.ts", ["export const secret = 1;"]);
    plant("src/attic/canary.ts", ["export const forgotten = 1;"]);
    plant("src/attic/canary-user.ts", [`import { forgotten } from "./canary.ts";`, "export const found = forgotten;"]);
    const { violations } = await cruise(copy);
    const seen = violations.map(({ from, rule }) => `${from} ${rule.name}`);
    expect(seen).toEqual(
      expect.arrayContaining([
        "src/machines/canary-value.ts machines-imports-only",
        "src/machines/canary-type.ts machines-imports-only",
        "src/machines/canary-package.ts machines-packages-only",
        "src/domain/canary-near.ts core-reaches-no-io",
        "src/domain/canary-far.ts core-reaches-no-io",
        "src/chain/canary-one.ts no-cycles",
        "src/devnet/canary-shared.ts devnet-imports-only",
        "src/http/canary-inside.ts http-imports-only",
        "src/attic/canary-user.ts a-file-has-a-room",
      ]),
    );
  });
});

describe("the linter", () => {
  test("reports each planted line", async () => {
    plant("src/machines/canary-lint.ts", [
      `export const time = () => Date.now();`,
      `export const chance = () => Math.random();`,
      `export const wait = () => setTimeout(() => undefined, 1);`,
      `export const env = () => process.version;`,
      `export const amount = (text: string) => Number(text);`,
      `export const float = (text: string) => parseFloat(text);`,
      `export const key = () => crypto.randomUUID();`,
      `export const hole: any = 1;`,
      `export const sure = (text?: string) => text!;`,
      `export const later = async (): Promise<void> => {};`,
      `export function forgotten(): void { later(); }`,
      `export function which(word: "a" | "b"): number { switch (word) { case "a": return 1; } return 2; }`,
      `export default time;`,
    ]);
    plant("src/actors/canary-cast.ts", [`export const cast = (value: unknown) => value as string;`]);
    plant("src/actors/canary-barrel.ts", [`export * from "./canary-cast.ts";`]);
    plant("src/actors/canary-long.ts", [
      "export function long(): number {",
      ...Array.from({ length: 61 }, (_, line) => `  if (${line} > 100) return ${line};`),
      "  return 0;",
      "}",
    ]);
    const output = await run(
      "oxlint",
      ["--type-aware", "--format", "json", "src/machines/canary-lint.ts", "src/actors"],
      copy,
    );
    const report: {
      diagnostics: { code: string; message: string; filename: string; labels: { span: { line: number } }[] }[];
    } = JSON.parse(output);
    const seen = report.diagnostics
      .filter(({ filename }) => filename.includes("canary"))
      .map(
        ({ code, filename, labels }) =>
          `${filename.replace(/.*canary-/, "").replace(".ts", "")}:${labels[0]?.span.line ?? 0} ${code.replace(/.*\((.*)\)/, "$1")}`,
      );
    expect(seen).toEqual(
      expect.arrayContaining([
        "lint:1 no-restricted-globals",
        "lint:2 no-restricted-properties",
        "lint:3 no-restricted-globals",
        "lint:4 no-restricted-globals",
        "lint:5 no-restricted-globals",
        "lint:6 no-restricted-globals",
        "lint:7 no-restricted-globals",
        "lint:8 no-explicit-any",
        "lint:9 no-non-null-assertion",
        "lint:11 no-floating-promises",
        "lint:12 switch-exhaustiveness-check",
        "lint:13 no-default-export",
        "cast:1 consistent-type-assertions",
        "barrel:1 no-barrel-file",
        "long:1 max-lines-per-function",
      ]),
    );
  });
});
