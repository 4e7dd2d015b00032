/** The first wallet of a devnet: created and funded once, so that a newcomer can pay somebody in the first minute. */
import type { Devnet } from "../devnet/handle.ts";
import type { Limits } from "../machines/ledger.ts";
import type { WalletInput } from "../machines/wallet.machine.ts";
import type { Keystore } from "../security/keystore.ts";
import type { Engine } from "../supervisor/engine.ts";

const TREASURY_ID = "wal_treasury";
/** More than the lag of 18 blocks of a network with 27 producers. */
const BLOCKS_UNTIL_SOLID = 22;
const GRANT = { trxSun: 1_000_000_000_000n, usdt: 10_000_000_000_000n };

export async function openTreasury(parts: {
  engine: Engine;
  keystore: Keystore;
  devnet: Devnet;
  limits: Limits;
}): Promise<{ id: string; address: string }> {
  const { engine, keystore, devnet, limits } = parts;
  const { address, path } = await keystore.createHdWallet(TREASURY_ID);
  if (devnet.ledger.usdt(address) === 0n) {
    await devnet.faucet({ address, ...GRANT });
    // Solidified at once: a wallet counts only solidified money.
    await devnet.mine(BLOCKS_UNTIL_SOLID);
  }
  const input: WalletInput = {
    address,
    name: "treasury",
    kind: "hd",
    labels: {},
    limits,
    hot: true,
    ...(path === null ? {} : { path }),
  };
  await engine.request({
    to: { kind: "wallet", id: TREASURY_ID },
    create: input,
    respond: () => ({ keep: { status: 201, body: null } }),
  });
  return { id: TREASURY_ID, address };
}
