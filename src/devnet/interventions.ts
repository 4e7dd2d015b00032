/** What a developer may change on a chain without a transaction (`Chain.intervene`). */
import type { Change } from "./branch.ts";
import { accountKey, accountOf, newAccount } from "./state.ts";
import { unlockedKey } from "./unlocked.ts";

/** An account that does not exist comes to be. `now`: ms of the chain. */
export function setBalance(hex41: string, sun: bigint, now: number): Change {
  return (session) => {
    session.write(accountKey(hex41), { ...(accountOf(session, hex41) ?? newAccount(now)), balance: sun });
  };
}

/** From now on nobody has to sign for these accounts. */
export function unlock(accounts: readonly string[]): Change {
  return (session) => {
    for (const hex41 of accounts) session.write(unlockedKey(hex41), true);
  };
}
