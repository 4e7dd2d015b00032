/**
 * One process at a time changes a file that several may change: whoever creates the lock beside it reads, changes and
 * replaces the file before the next one does.
 *
 * F1. A lock that its process left behind when it was killed is never broken by another, which could take it from one
 *     that has just begun; a person is told which file to remove.
 */
import { open, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "../domain/errors.ts";

const PAUSE_MS = 20;

export type FileLock = { readonly path: string; readonly patienceMs: number };

/** Throws `Fault("store_locked")` when the lock is not free in time. */
export async function withFileLock<T>(lock: FileLock, work: () => Promise<T>): Promise<T> {
  await take(lock);
  try {
    return await work();
  } finally {
    await rm(lock.path, { force: true });
  }
}

async function take({ path, patienceMs }: FileLock): Promise<void> {
  for (let left = patienceMs; !(await isCreated(path)); left -= PAUSE_MS) {
    if (left <= 0) {
      throw new Fault("store_locked", `${path} is there: another command is at work; if none is, remove that file`);
    }
    await sleep(PAUSE_MS);
  }
}

async function isCreated(path: string): Promise<boolean> {
  try {
    await (await open(path, "wx", 0o600)).close();
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}
