/**
 * Files that only the owner may read (mode 0600, folders 0700), replaced as a whole or not at all.
 *
 * P1. A reader sees the old text or the new text, never a part: written beside, synced, then renamed over.
 * P2. When `writePrivateFile` resolves, the file and its name survive loss of power: file and folder are synced.
 *     So does a folder that was made here, with the folders above it.
 * P3. The text is never in a file that others may read, not even for a moment: the mode is given at creation.
 */
import { randomBytes } from "node:crypto";
import { chmod, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/** Not readable for us, or of a kind that cannot be synced: what we are given, we have to take as it is. */
const CANNOT_SYNC: ReadonlySet<unknown> = new Set(["EACCES", "EPERM", "EINVAL", "ENOTSUP"]);

/** With all folders above it. Those that exist keep their rights. */
export async function createFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: OWNER_ONLY_FOLDER });
  } catch (error) {
    // Level by level: below a name that may be lost nothing is made.
    if (isMissing(error)) await createFolder(dirname(path));
    // A folder that is there is no error, a file in its place is.
    await mkdir(path, { recursive: true, mode: OWNER_ONLY_FOLDER });
  }
  // Also of a folder that was there: a crash may have come before.
  await syncFolder(dirname(path)).catch((error: unknown) => {
    if (!CANNOT_SYNC.has(codeOf(error))) throw error;
  });
}

/** Creates the folder, or takes the rights of others away from one that exists. */
export async function createPrivateFolder(path: string): Promise<void> {
  await createFolder(path);
  await chmod(path, OWNER_ONLY_FOLDER);
}

/** `undefined` when there is no such file; any other trouble throws as Node does. */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** When it rejects, the new text may have taken its place all the same, and may or may not survive loss of power. */
export async function writePrivateFile(file: { path: string; text: string }): Promise<void> {
  const beside = `${file.path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await writeSynced({ path: beside, text: file.text });
    await rename(beside, file.path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncFolder(dirname(file.path));
}

async function writeSynced(file: { path: string; text: string }): Promise<void> {
  const handle = await open(file.path, "wx", OWNER_ONLY_FILE);
  try {
    await handle.writeFile(file.text, "utf8");
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A rename is durable only once its folder is. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === "ENOENT";
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
