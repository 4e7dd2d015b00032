/** The one wording for a store that cannot be trusted or used: what was found, where, and what the operator does now. */
import { Fault } from "../domain/errors.ts";

export const RESTORE_ADVICE =
  "Stop the engine, keep this directory for examination, and restore the last backup into an empty one. " +
  "Never delete single files of the store, and never start over with an empty store: it would not know what was paid.";

export type Damage = { readonly where: string; readonly found: string; readonly cause?: unknown };

export function corrupt({ where, found, cause }: Damage): Fault {
  return new Fault("store_corrupt", `The store is damaged: ${where}: ${found}. ${RESTORE_ADVICE}`, {
    cause,
    evidence: { where, found },
  });
}

/** Of a store that is open. A disk that refuses to be read may do better in a moment; where the files are, no caller learns. */
export function readFault(error: unknown): unknown {
  const fault = levelFault("reading a file of LevelDB", error);
  if (fault?.code !== "store_failed") return fault ?? error;
  const found = String(error).replace(/^Error: |\S*\//g, "");
  return new Fault("store_unavailable", `The disk refused to be read: ${found}`, { cause: error });
}

/**
 * What LevelDB's words mean. It passes on a code only from some of its calls, so the text decides: damage, or a disk
 * that refuses (permissions, space, open files) and needs no backup. `undefined`: not a word about files.
 */
export function levelFault(where: string, error: unknown): Fault | undefined {
  if (!(error instanceof Error)) return undefined;
  const found = error.message;
  if (/^(?:Corruption|NotFound)|^IO error.*(?:No such file|Invalid argument)/.test(found)) {
    return corrupt({ where, found, cause: error });
  }
  if (!found.startsWith("IO error")) return undefined;
  const advice =
    "Check the permissions, the free space and the limit of open files of the data directory; nothing was changed.";
  return new Fault("store_failed", `The disk refused: ${where}: ${found}. ${advice}`, { cause: error });
}
