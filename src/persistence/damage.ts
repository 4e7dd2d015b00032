/** The one wording for a store that cannot be trusted: what was found, where, and what the operator does now. */
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
