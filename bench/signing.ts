/** Lifecycles with real bytes: built and signed by the production signer's threads with a key of a real keystore. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openKeystore } from "../src/security/keystore.ts";
import { Secret } from "../src/security/secret.ts";
import { openSigner } from "../src/security/signer.ts";
import { runLifecycles, withEngine, type LifecycleFigures } from "./lifecycle.ts";

const USDT = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";

export async function measureSigned(load: {
  total: number;
  inFlight: number;
  warmUp: number;
}): Promise<LifecycleFigures> {
  const directory = await mkdtemp(join(tmpdir(), "lucid-bench-keys-"));
  const keystore = await openKeystore({
    directory,
    encryptionKey: Secret.fromText("a passphrase for a bench that keeps nothing"),
  });
  const walletId = "wal_signing";
  const { address: from } = await keystore.createHdWallet(walletId);
  const signer = await openSigner({ keystore, usdtContract: USDT, threads: 1 });
  try {
    return await withEngine(
      async (engine) => {
        await runLifecycles(engine, { total: load.warmUp, inFlight: load.inFlight, prefix: "warm", from, walletId });
        return runLifecycles(engine, { total: load.total, inFlight: load.inFlight, prefix: "run", from, walletId });
      },
      { signer },
    );
  } finally {
    await signer.close();
    await rm(directory, { recursive: true, force: true });
  }
}
