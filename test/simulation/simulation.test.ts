/** The simulation as a user starts it: what it promises about itself. */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

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

function hashIn({ text }: Ended): string | undefined {
  return /^hash ([0-9a-f]{24});/m.exec(text)?.[1];
}

test("the same seeds give the same run, byte for byte, whatever ran before them", async () => {
  const [first, again] = await Promise.all([
    simulate("--seeds", "3", "--from", "40"),
    simulate("--seeds", "3", "--from", "40"),
  ]);
  expect(first.text).toContain("3 passed, 0 failed");
  expect(first.code).toBe(0);
  expect(hashIn(first)).toBeDefined();
  expect(hashIn(again)).toBe(hashIn(first));
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
