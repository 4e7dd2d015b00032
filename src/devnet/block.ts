/** Blocks: how a header is hashed, numbered and signed (tron.md §1.1). */
import { fromHex, toHex } from "../tron/bytes.ts";
import { sha256 } from "../tron/hashes.ts";
import { encode } from "../tron/protobuf.ts";
import { sign } from "../tron/signature.ts";
import { decodeRawTransaction, type RawTransaction } from "../tron/transaction.ts";
import type { Outcome } from "./outcome.ts";
import { leafOf, type Transaction } from "./transactions.ts";

/** Version that java-tron 4.8.0 writes. */
const VERSION = 32;
export const NO_TRANSACTIONS_ROOT = "0".repeat(64);

export type Header = {
  readonly number: number;
  readonly id: string;
  readonly parentId: string;
  /** ms since epoch; 0 for the genesis block. */
  readonly timestamp: number;
  readonly txTrieRoot: string;
  /** "41…" of the witness */
  readonly witness: string;
  readonly witnessSignature: string;
};

/** A transaction with what came of it in this block. */
export type Included = {
  readonly id: string;
  readonly rawHex: string;
  readonly signatures: readonly string[];
  readonly outcome: Outcome;
};

export type Block = Header & { readonly transactions: readonly Included[] };

export const BLOCK_VERSION = VERSION;

const headerShape = {
  timestamp: { n: 1, is: "int64" },
  txTrieRoot: { n: 2, is: "bytes" },
  parentHash: { n: 3, is: "bytes" },
  number: { n: 7, is: "int64" },
  witness_address: { n: 9, is: "bytes" },
  version: { n: 10, is: "int32" },
} as const;

export type Witness = { readonly address: string; readonly privateKey: Uint8Array };

export function sealBlock(
  draft: { number: number; parentId: string; timestamp: number; transactions: readonly Included[] },
  witness: Witness,
): Block {
  const txTrieRoot = merkleRoot(draft.transactions.map((tx) => leafOf(tx, tx.outcome.result)));
  const hash = sha256(
    encode(headerShape, {
      timestamp: BigInt(draft.timestamp),
      txTrieRoot,
      parentHash: draft.parentId,
      number: BigInt(draft.number),
      witness_address: witness.address,
      version: VERSION,
    }),
  );
  return {
    ...draft,
    id: blockIdOf(draft.number, hash),
    txTrieRoot,
    witness: witness.address,
    witnessSignature: sign(toHex(hash), witness.privateKey),
  };
}

/** The hash of the header with its first 8 bytes replaced by the number. */
export function blockIdOf(number: number, headerHash: Uint8Array): string {
  return numberHex(number) + toHex(headerHash).slice(16);
}

export function numberOfBlockId(id: string): number {
  return Number(BigInt(`0x${id.slice(0, 16)}`));
}

function numberHex(number: number): string {
  return number.toString(16).padStart(16, "0");
}

/** Pairs are hashed together, an odd one moves up as it is. */
export function merkleRoot(leaves: readonly Uint8Array[]): string {
  if (leaves.length === 0) return NO_TRANSACTIONS_ROOT;
  let level = [...leaves];
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = level.slice(at, at + 2);
      if (left !== undefined) above.push(right === undefined ? left : sha256(Buffer.concat([left, right])));
    }
    level = above;
  }
  return toHex(level[0] ?? fromHex(NO_TRANSACTIONS_ROOT));
}

export function includedFrom(tx: Transaction, outcome: Outcome): Included {
  const included = { id: tx.id, rawHex: tx.rawHex, signatures: tx.signatures, outcome };
  raws.set(included, tx.raw);
  return included;
}

const raws = new WeakMap<Included, RawTransaction>();

/** What its bytes say. Remembered, because the same blocks are asked for again and again. */
export function rawOf(included: Included): RawTransaction {
  const raw = raws.get(included) ?? decodeRawTransaction(included.rawHex);
  raws.set(included, raw);
  return raw;
}
