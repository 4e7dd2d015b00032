/** The simulation as a user starts it: what it promises about itself. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runPart } from "./crew.ts";
import { scheduleText } from "./schedule-file.ts";
import { vacuityOf } from "./tally.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lucid-simulation-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Ended = { readonly code: number | null; readonly text: string };

function simulate(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, ["test/simulation/main.ts", ...args]);
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return new Promise((resolve) => child.on("exit", (code) => resolve({ code, text })));
}

async function hashesOf(file: string): Promise<Record<string, string>> {
  const report: unknown = JSON.parse(await readFile(file, "utf8"));
  return (report as { hashes: Record<string, string> }).hashes;
}

test("the same seed gives the same world, byte for byte, whatever ran before it", async () => {
  const [one, other] = [join(folder, "one.json"), join(folder, "other.json")];
  const [first, again] = await Promise.all([
    simulate("--seeds", "3", "--from", "40", "--report", one),
    simulate("--seeds", "2", "--from", "41", "--report", other),
  ]);
  expect(first.text).toContain("3 passed, 0 failed");
  expect([first.code, again.code]).toEqual([0, 0]);
  const { 40: _before, ...rest } = await hashesOf(one);
  expect(Object.values(rest)).toHaveLength(2);
  expect(await hashesOf(other)).toEqual(rest);
});

test("a schedule of its own is played instead of the seed's", async () => {
  const file = join(folder, "schedule.json");
  await writeFile(file, scheduleText([{ at: 30_000, kind: "crash", power: true, before: "disk write" }]));
  const ended = await simulate("--seeds", "1", "--from", "7", "--schedule", file);
  expect(ended.text).toContain("faults: crash 1\n");
  expect(ended.text).toContain("1 passed, 0 failed");
});

test("seeds that found a bug find it no more", async () => {
  const text = await readFile(join(import.meta.dirname, "seeds.txt"), "utf8");
  const seeds = text.split("\n").flatMap((line) => /^[0-9]+/.exec(line)?.[0] ?? []);
  expect(seeds.length).toBeGreaterThan(0);
  const { outcomes } = await runPart({ seeds: seeds.map(Number) }, () => {});
  expect(outcomes.map(({ seed, complaints }) => ({ seed, complaints }))).toEqual(
    seeds.map((seed) => ({ seed: Number(seed), complaints: [] })),
  );
});

test("a seed that did less than it claims is vacuous", () => {
  const enough = {
    seed: 1,
    complaints: [],
    hash: "",
    payouts: 100,
    paid: 90,
    crashes: 1,
    blocks: 1,
    tasks: 1,
    marks: {},
  };
  const faults = { fork: 20 };
  expect(vacuityOf({ ...enough, faults })).toBeUndefined();
  expect(vacuityOf({ ...enough, faults, payouts: 99 })).toContain("99 payouts");
  expect(vacuityOf({ ...enough, faults: { fork: 19 } })).toContain("19 faults");
  expect(vacuityOf({ ...enough, faults, crashes: 0 })).toContain("no crash");
});

test("a bad seed, range or schedule is refused with a usage line", async () => {
  const file = join(folder, "bad.json");
  await writeFile(file, '{"faults":[{"at":1,"kind":"sunshine"}]}');
  const wrong = [
    ["--seeds", "0"],
    ["--seeds", "1e9"],
    ["--from", "-1"],
    ["--from", "x"],
    ["--seeds", "1", "--schedule", join(folder, "missing.json")],
    ["--seeds", "1", "--schedule", file],
    ["--seeds", "2", "--schedule", file],
    ["--unknown"],
  ];
  for (const args of wrong) {
    const ended = await simulate(...args);
    expect({ args, code: ended.code, hasUsage: ended.text.includes("usage: npm run simulate") }).toEqual({
      args,
      code: 2,
      hasUsage: true,
    });
  }
});
