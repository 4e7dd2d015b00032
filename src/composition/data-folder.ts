/** The folder that the operator named: a volume often belongs to whoever made it, not to whom the engine runs as. */
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { Fault } from "../domain/errors.ts";
import { createFolder } from "../security/private-file.ts";

const REFUSED: ReadonlySet<unknown> = new Set(["EACCES", "EPERM", "EROFS"]);

/** Throws `Fault("config_invalid")` when nothing can be written into it. */
export async function createDataFolder(path: string): Promise<void> {
  try {
    await createFolder(path);
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (!REFUSED.has(code)) throw cause;
    const owner = await stat(path).then(
      ({ uid }) => `belongs to uid ${uid} and cannot be used`,
      () => "cannot be made",
    );
    const self = process.getuid === undefined ? "" : ` by uid ${process.getuid()}, as which the engine runs`;
    throw new Fault(
      "config_invalid",
      `DATA_DIR: ${path} ${owner}${self} (${String(code)}); change its owner or name another.`,
      { cause },
    );
  }
}
