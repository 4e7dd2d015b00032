/**
 * Makes an empty database so that its directory exists whole or not at all. LevelDB names its first manifest in CURRENT
 * before the manifest is synced: loss of power in that moment leaves a directory that it cannot open.
 *
 * N1. The database is made in a folder beside its place, closed, synced file by file, and renamed. Nothing can have been
 *     committed to it before.
 * N2. Of two processes that make one at the same time the first rename wins; the other throws its own away, and is told
 *     by the lock of the winner's. So nobody ever removes or replaces files that another process may use.
 *
 * Loss of power leaves at most the folder beside it, some kilobytes that nobody reads.
 */
import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Level } from "level";

/** `directory` is absent or empty when this is called. */
export async function makeDatabase(directory: string): Promise<void> {
  const making = `${directory}.making-${randomUUID()}`;
  try {
    await mkdir(making, { recursive: true, mode: 0o700 });
    const level = new Level(making);
    await level.open();
    await level.close();
    for (const name of await readdir(making)) await sync(join(making, name));
    await sync(making);
    await takePlace(making, directory);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
  await sync(dirname(directory));
}

async function takePlace(making: string, directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch (error) {
    if (codeOf(error) !== "ENOENT" && !isTaken(error)) throw error;
  }
  try {
    await rename(making, directory);
  } catch (error) {
    if (!isTaken(error)) throw error;
  }
}

/** Another process was first (N2). */
function isTaken(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOTEMPTY" || code === "EEXIST" || code === "EPERM";
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
