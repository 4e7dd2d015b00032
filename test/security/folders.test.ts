import type { PathLike } from "node:fs";
import { statSync, writeFileSync } from "node:fs";
import type * as promises from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { createFolder } from "../../src/security/private-file.ts";
import { temporaryFolder } from "./support.ts";

/** What was done with folders, in order; and what opening one fails with. */
const disk = vi.hoisted((): { done: string[]; openFails: string | undefined } => ({ done: [], openFails: undefined }));

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof promises>();
  const mkdir = async (path: string, options: { recursive?: boolean; mode: number }) => {
    const first = await real.mkdir(path, options);
    if (options.recursive !== true || first !== undefined) disk.done.push(`mkdir ${path}`);
    return first;
  };
  const open = async (path: PathLike, flags: string) => {
    if (disk.openFails !== undefined) throw Object.assign(new Error(disk.openFails), { code: disk.openFails });
    const handle = await real.open(path, flags);
    const sync = handle.sync.bind(handle);
    handle.sync = async () => {
      await sync();
      disk.done.push(`sync ${String(path)}`);
    };
    return handle;
  };
  return { ...real, mkdir, open };
});

beforeEach(() => void Object.assign(disk, { done: [], openFails: undefined }));

test("no folder is made before the name of the one above it survives loss of power", async () => {
  const root = temporaryFolder();
  const [one, two, three] = [join(root, "1"), join(root, "1/2"), join(root, "1/2/3")];
  await createFolder(three);
  const steps = [`mkdir ${one}`, `sync ${root}`, `mkdir ${two}`, `sync ${one}`, `mkdir ${three}`, `sync ${two}`];
  expect(disk.done).toEqual(steps);
  for (const path of [one, two, three]) expect(statSync(path).mode & 0o777).toBe(0o700);
});

test("the name of a folder that is there is synced again: a crash may have come before it", async () => {
  const root = temporaryFolder();
  await createFolder(join(root, "data"));
  disk.done = [];
  await createFolder(join(root, "data"));
  expect(disk.done).toEqual([`sync ${root}`]);
});

test("a folder above that may not be read, or cannot be synced, stops nobody; a failing disk does", async () => {
  const path = join(temporaryFolder(), "data");
  for (const code of ["EACCES", "EINVAL"]) {
    disk.openFails = code;
    await createFolder(path);
  }
  disk.openFails = "EIO";
  await expect(createFolder(path)).rejects.toMatchObject({ code: "EIO" });
});

test("a file in the place of a folder is an error", async () => {
  const path = join(temporaryFolder(), "data");
  writeFileSync(path, "");
  await expect(createFolder(path)).rejects.toMatchObject({ code: "EEXIST" });
});
