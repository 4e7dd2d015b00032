/**
 * Takes over what `npm run token` writes to `tokens.json` while the engine runs: looked at every `TOKENS_CHECK_MS`, so
 * that a new token works and a revoked one is refused that much later at most, and no request waits for the disk.
 */
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/telemetry.ts";
import type { ApiTokens } from "./api-tokens.ts";

export const TOKENS_CHECK_MS = 1_000;

/** Returns how to stop it. */
export function watchTokens(
  tokens: Pick<ApiTokens, "reload">,
  { clock, logger }: { clock: Clock; logger: Logger },
): () => void {
  const watch = { isOver: false, told: "" };
  let cancel: () => void;
  const look = async (): Promise<void> => {
    try {
      const { made, revoked } = await tokens.reload();
      watch.told = "";
      if (made.length + revoked.length > 0) logger.info({ made, revoked }, "API tokens were changed");
    } catch (error) {
      // Every second the same, until somebody mends the file: told once.
      const reason = String(error);
      if (reason !== watch.told) logger.warn({ reason }, "tokens.json cannot be read; the tokens stay as they were");
      watch.told = reason;
    }
    if (!watch.isOver) next();
  };
  const next = (): void => {
    cancel = clock.schedule(TOKENS_CHECK_MS, () => void look());
  };
  next();
  return () => {
    watch.isOver = true;
    cancel();
  };
}
