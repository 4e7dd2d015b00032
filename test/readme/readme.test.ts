/** The README does what it says: its commands are run as they stand, and what it shows is what they print. */
import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Program } from "../cli/support/program.ts";

const ROOT = join(import.meta.dirname, "../..");
const START = "npm ci && npm start";
const TEST = "npm ci && npm test";

let readme = "";
let program: Program;
let started = "";
let printed = "";
let exitCode: number | null = null;

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(
    ([, body]) => body?.trim() ?? "",
  );
}

/** The paths and ports of this run in place of the defaults. */
function here(text: string): string {
  return text
    .replaceAll("http://127.0.0.1:8091", program.url)
    .replaceAll(/(?<![\w/.-])data\//g, `${join(program.directory, "data")}/`);
}

async function run(script: string): Promise<{ code: number | null; output: string }> {
  // Any refusal by the API has to fail the run, without a flag in the reader's way.
  await writeFile(join(program.directory, ".curlrc"), "fail-with-body\n");
  const child = spawn("bash", ["-euo", "pipefail", "-c", script], {
    cwd: ROOT,
    env: { ...program.env, CURL_HOME: program.directory, HOME: program.directory },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, output })));
}

beforeAll(async () => {
  readme = await readFile(join(ROOT, "README.md"), "utf8");
  program = await Program.prepare();
  await mkdir(join(program.directory, "data"));
  started = await program.npmStart();
  const script = blocks("sh")
    .filter((block) => block !== START && block !== TEST)
    .join("\n\n");
  ({ code: exitCode, output: printed } = await run(here(script)));
});

afterAll(async () => {
  await program.close();
});

describe("the README", () => {
  test("starts the engine and the tests with one line each", () => {
    expect(blocks("sh")).toContain(START);
    expect(blocks("sh")).toContain(TEST);
  });

  test("has only commands that succeed", () => {
    expect(exitCode, printed).toBe(0);
  });

  test("pays the example and a file of the reader's own, and everything adds up", () => {
    expect(printed).toMatch(/paid +49,211\.683926 USDT in 200 of 200 payouts to 190 addresses/);
    expect(printed).toMatch(/paid +349\.95 USDT in 2 of 2 payouts to 2 addresses/);
    expect(printed.match(/every balance grew by exactly its amount/g)).toHaveLength(2);
  });

  test("pays with curl, once, and shows where the payout is", () => {
    expect(printed).toMatch(/"available":"9950438\.366074"/);
    expect(printed.match(/"external_id":"invoice-2041"/g)).toHaveLength(2);
    expect(printed).toMatch(/"status":"ok"/);
  });

  test("shows what the engine and the demo print", async () => {
    const wrong = await run(
      here(
        `cat > data/my.csv <<'END'\nline_id,address,amount\na,TXU2vrGbArDW52qJ1PP85s1UbdNB2hAGw8,1.2345678\nb,TWHkuexVpXXisbFXgv1BxFxrdUriSHaokY,2\nEND\nnpm run demo -- data/my.csv`,
      ),
    );
    expect(wrong.code).toBe(3);
    const real = new Set(`${started}\n${printed}\n${wrong.output}`.split("\n").map(shapeOf));
    const shown = blocks("text")
      .flatMap((block) => here(block).split("\n"))
      .filter((line) => line !== "…");
    expect(shown.length).toBeGreaterThan(20);
    expect(shown.filter((line) => !real.has(shapeOf(line)))).toEqual([]);
  });
});

/** A line without what differs from run to run: ids, shortened or whole, numbers, one block or several, the width of columns. */
function shapeOf(line: string): string {
  return line
    .replaceAll(/https?:\/\/[0-9.:]+/g, "URL")
    .replaceAll(/\S+…\S+|\bT[1-9A-HJ-NP-Za-km-z]{33}\b|\bpo_[\w-]{22}|\b[0-9a-f]{64}\b/g, "ID")
    .replaceAll(/\d[\d,.]*/g, "0")
    .replaceAll(/\s+/g, " ")
    .replace("blocks 0 to 0 all", "blocks 0");
}
