/** A signed transaction as the devnet holds it: bytes, and what they say. */
import { fromHex, toHex } from "../tron/bytes.ts";
import type { Contract } from "../tron/contracts.ts";
import { sha256 } from "../tron/hashes.ts";
import { encode } from "../tron/protobuf.ts";
import {
  decodeRawTransaction,
  decodeSigned,
  encodeSigned,
  type RawTransaction,
  sizeOf,
  txIdOf,
} from "../tron/transaction.ts";
import { CONTRACT_RESULTS, type ContractResult } from "./outcome.ts";

export type Transaction = {
  readonly id: string;
  readonly rawHex: string;
  readonly raw: RawTransaction;
  readonly signatures: readonly string[];
  /** Serialized bytes without the result. */
  readonly bytes: number;
};

/** Throws `Fault("tx_malformed")`. */
export function transactionOf(rawHex: string, signatures: readonly string[]): Transaction {
  return {
    id: txIdOf(rawHex),
    rawHex,
    raw: decodeRawTransaction(rawHex),
    signatures,
    bytes: sizeOf({ rawHex, signatures }),
  };
}

/** Throws `Fault("tx_malformed")`. */
export function parseSigned(signedHex: string): Transaction {
  const { rawHex, signatures } = decodeSigned(signedHex);
  return transactionOf(rawHex, signatures);
}

/** The account that sends it, as "41…"; not checked to be an address. A shielded sender has none. */
export function ownerOf(contract: Contract): string {
  if (contract.type === "ShieldedTransferContract") return contract.value.transparent_from_address;
  return contract.value.owner_address;
}

const resultShape = { contractRet: { n: 3, is: "enum" } } as const;
const withResult = { ret: { n: 5, is: resultShape, repeated: true } } as const;

/** The leaf of the block's Merkle tree: sha256 of the whole transaction, signatures and result included. */
export function leafOf(tx: { rawHex: string; signatures: readonly string[] }, result: ContractResult): Uint8Array {
  const ret = encode(withResult, { ret: [{ contractRet: CONTRACT_RESULTS[result] }] });
  return sha256(fromHex(encodeSigned(tx.rawHex, tx.signatures) + toHex(ret)));
}
