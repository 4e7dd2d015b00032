/**
 * Keys whose store is gone: an engine that began anew with them would not know what it paid, and would pay whoever asks
 * again.
 */
import { join } from "node:path";
import { Fault } from "../domain/errors.ts";
import { holdsNothing } from "../persistence/level-files.ts";
import { countWallets } from "../security/keystore.ts";

/** Throws `Fault("store_missing")`, before anything is made in the store's place. */
export async function refuseLostStore(dataDir: string): Promise<void> {
  const [store, keys] = [join(dataDir, "store"), join(dataDir, "keys")];
  if (!(await holdsNothing(store))) return;
  const wallets = await countWallets(keys);
  if (wallets === 0) return;
  throw new Fault(
    "store_missing",
    `${keys} has the keys of ${wallets} wallet${wallets === 1 ? "" : "s"}, and the store that knows what they paid is not in ` +
      `${store}. Put it back, or restore a backup. To begin anew without these wallets, move the keys away too.`,
    { evidence: { directory: store } },
  );
}
