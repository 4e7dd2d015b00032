import type { Limits } from "../machines/ledger.ts";
import type { Config } from "../operations/config.ts";

/** The limits of a wallet that is created without its own. */
export function walletLimits(config: Config): Limits {
  const { minimum, maximum, dailyLimit, approvalAbove } = config.payouts;
  return { minimum, maximum, daily: dailyLimit, approvalAbove };
}
