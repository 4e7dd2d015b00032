import { join } from "node:path";
import { resolveEncryptionKey } from "../../../src/security/encryption-key.ts";
import { openKeystore } from "../../../src/security/keystore.ts";

export const ENCRYPTION_KEY = "qK7-vV2e_Rk9x0ZbTQ4mUeWf1JgYhN6s8LdPaCi3";

/** With the cheapest stretching of the key: it is not what is tested, and every start would pay for it. */
export async function prepareKeystore(dataDir: string): Promise<void> {
  const source = { env: { WALLET_ENCRYPTION_KEY: ENCRYPTION_KEY }, network: "devnet", dataDir } as const;
  const encryptionKey = await resolveEncryptionKey(source);
  await openKeystore({ directory: join(dataDir, "keys"), encryptionKey, kdf: { N: 1_024, r: 8, p: 1 } });
}
