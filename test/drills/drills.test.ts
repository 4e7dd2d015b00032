/** The tools of the drills; the drills themselves are commands (docs/drills.md). */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { Random } from "../support/random.ts";
import { Judge } from "./support/judge.ts";
import { trend } from "./support/memory.ts";
import { readRecording, type Change } from "./support/recording.ts";
import { VolatileDisk } from "./support/volatile-disk.ts";

const MAIN = join(import.meta.dirname, "main.ts");

describe("the command", () => {
  test.each([
    [[], "which drill?"],
    [["kill-10"], "there is no drill named kill-10"],
    [["kill-9", "--kills", "0"], "--kills must be 1 to 100000"],
    [["kill-9", "--kills", "1e3"], "--kills must be 1 to 100000"],
    [["kill-9", "--cuts", "3"], "Unknown option '--cuts'"],
  ])("%j gets a usage line and starts nothing", async (args, message) => {
    const { code, text } = await new Promise<{ code: unknown; text: string }>((resolve) => {
      execFile(process.execPath, [MAIN, ...args], (error, out, err) => resolve({ code: error?.code, text: out + err }));
    });
    expect(code).toBe(1);
    expect(text).toContain(message);
    expect(text).toContain("usage: npm run drill -- <name>");
  });
});

describe("the verdict", () => {
  test("of a drill that judged nothing, or did less than it claims, is a failure", () => {
    const lines = vi.spyOn(console, "log").mockImplementation(() => {});
    expect(new Judge().conclude()).toBe(false);
    expect(lines).toHaveBeenLastCalledWith("0 passed, 1 failed");
    const lazy = new Judge();
    lazy.holds("something", true);
    lazy.did("kills", 9, 10);
    expect(lazy.conclude()).toBe(false);
    expect(lines).toHaveBeenLastCalledWith("1 passed, 1 failed");
    lines.mockRestore();
  });

  test("about memory is the slope of a line through the samples", () => {
    const samples = Array.from({ length: 60 }, (_, minute) => ({ seconds: minute * 60, mb: 100 + minute / 10 }));
    expect(trend(samples).slopeMbPerHour).toBeCloseTo(6);
    expect(trend([]).slopeMbPerHour).toBe(0);
  });
});

describe("a disk that loses power", () => {
  test("keeps what was synced in every cut, and of the rest sometimes nothing, sometimes all and sometimes a part", async () => {
    const kinds = new Set<string>();
    for (let seed = 1; seed <= 60; seed += 1) {
      await withRoot(async (root) => {
        const disk = await VolatileDisk.of(root);
        for (const change of written(join(root, "log"), ["synced ", "lost?"])) disk.apply(change);
        await disk.cut(new Random(seed));
        const text = await readFile(join(root, "log"), "latin1");
        expect(text.startsWith("synced ")).toBe(true);
        kinds.add(text.length === 7 ? "nothing" : text === "synced lost?" ? "all" : "a part");
      });
    }
    expect(kinds).toEqual(new Set(["nothing", "all", "a part"]));
  });

  test("loses names from the end of their order, and a sync of the folder keeps all before it", async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 40; seed += 1) {
      await withRoot(async (root) => {
        const disk = await VolatileDisk.of(root);
        const inode = (await stat(root, { bigint: true })).ino;
        disk.apply({ kind: "create", inode: 1n, path: join(root, "a") });
        disk.apply({ kind: "sync", inode });
        disk.apply({ kind: "rename", from: join(root, "a"), to: join(root, "b") });
        disk.apply({ kind: "create", inode: 2n, path: join(root, "c") });
        await disk.cut(new Random(seed));
        seen.add((await readdir(root)).toSorted().join(" "));
      });
    }
    expect(seen).toEqual(new Set(["a", "b", "b c"]));
  });

  test("loses any name that was not synced when it takes POSIX by the letter", async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 40; seed += 1) {
      await withRoot(async (root) => {
        const disk = await VolatileDisk.of(root, { strict: true });
        for (const change of written(join(root, "x"), ["1"])) disk.apply(change);
        disk.apply({ kind: "create", inode: 8n, path: join(root, "y") });
        await disk.cut(new Random(seed));
        seen.add((await readdir(root)).toSorted().join(" "));
      });
    }
    expect(seen).toEqual(new Set(["", "x", "y", "x y"]));
  });

  test("forgets everything when its syncs do nothing", async () => {
    await withRoot(async (root) => {
      await writeFile(join(root, "old"), "old");
      const disk = await VolatileDisk.of(root);
      for (const change of written(join(root, "log"), ["synced"])) disk.apply(change);
      disk.apply({ kind: "unlink", path: join(root, "old") });
      await disk.cut(new Random(1), { forgets: true });
      expect(await readdir(root)).toEqual(["old"]);
      expect(await readFile(join(root, "old"), "utf8")).toBe("old");
    });
  });

  test("says where its recording differs from the directory", async () => {
    await withRoot(async (root) => {
      const disk = await VolatileDisk.of(root);
      await writeFile(join(root, "unseen"), "");
      for (const change of written(join(root, "missing"), ["1"])) disk.apply(change);
      expect(await disk.differences()).toEqual([join(root, "missing"), join(root, "unseen")]);
    });
  });
});

describe("a recording", () => {
  test("is read up to the record that the kill cut off", () => {
    const whole = Buffer.concat([
      record({ kind: 1, inode: 5n, path: "/d/a" }),
      record({ kind: 2, inode: 5n, data: "xy" }),
    ]);
    const expected = [
      { kind: "create", inode: 5n, path: "/d/a" },
      { kind: "write", inode: 5n, offset: 0, data: Buffer.from("xy") },
    ];
    expect([...readRecording(whole)]).toEqual(expected);
    expect([...readRecording(whole.subarray(0, -1))]).toEqual(expected.slice(0, 1));
  });

  test("with something that cannot be recorded is refused", () => {
    expect(() => [...readRecording(record({ kind: 9, inode: 0n, path: "mmap64" }))]).toThrow("mmap64");
  });
});

/** All texts but the last are synced. */
function written(path: string, texts: readonly string[]): Change[] {
  let offset = 0;
  const writes = texts.flatMap((text, at): Change[] => {
    const data = Buffer.from(text);
    const write: Change = { kind: "write", inode: 7n, offset, data };
    offset += data.length;
    return at < texts.length - 1 || texts.length === 1 ? [write, { kind: "sync", inode: 7n }] : [write];
  });
  return [{ kind: "create", inode: 7n, path }, ...writes];
}

function record({
  kind,
  inode,
  path,
  data = "",
}: {
  kind: number;
  inode: bigint;
  path?: string;
  data?: string;
}): Buffer {
  const [name, body] = [Buffer.from(path === undefined ? "" : `${path}\0`), Buffer.from(data)];
  const head = Buffer.alloc(32);
  head.writeUInt32LE(kind, 0);
  head.writeUInt32LE(name.length, 4);
  head.writeBigUInt64LE(inode, 8);
  head.writeUInt32LE(body.length, 24);
  return Buffer.concat([head, name, body]);
}

async function withRoot(work: (root: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "lucid-disk-"));
  try {
    const root = join(directory, "root");
    await mkdir(root);
    await work(root);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
