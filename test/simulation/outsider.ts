/** Somebody with a key of his own, who signs his transfers himself and has the engine push them. */
import { privateKeyToAddress, toHex41 } from "../../src/tron/address.ts";
import { sign } from "../../src/tron/signature.ts";
import { encodeRawTransaction, encodeSigned, refBlockOf, txIdOf } from "../../src/tron/transaction.ts";
import type { World } from "./world.ts";

const KEY = "d4".repeat(32);
/** His money is on the chain before a world begins. */
export const OUTSIDER = { address: privateKeyToAddress(KEY), trxSun: 50_000_000n };
const LIFE_MS = 60_000;

export type Signed = { readonly txId: string; readonly signedHex: string; readonly expiration: number };

export function signedByOutsider({ chain, ledger }: World, order: { to: string; amountSun: bigint }): Signed {
  const reference = chain.store.block(ledger.solidNumber());
  if (reference === undefined) throw new Error("there is no solidified block");
  const now = ledger.headTimestamp();
  const expiration = now + LIFE_MS;
  const value = {
    owner_address: toHex41(OUTSIDER.address),
    to_address: toHex41(order.to),
    amount: order.amountSun,
  };
  const rawHex = encodeRawTransaction({
    ...refBlockOf(reference.number, reference.id),
    expiration: BigInt(expiration),
    timestamp: BigInt(now),
    feeLimit: 0n,
    data: "",
    contracts: [{ type: "TransferContract", permissionId: 0, value }],
  });
  const txId = txIdOf(rawHex);
  return { txId, signedHex: encodeSigned(rawHex, [sign(txId, KEY)]), expiration };
}
