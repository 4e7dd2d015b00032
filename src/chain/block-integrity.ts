/**
 * What a block's own bytes say about it (tron.md §1.1). The id of a block is the hash of its header, the header holds
 * the parent's id and the Merkle root of the transactions with their results; so whoever knows that one id is solidified
 * knows every transaction of every block below it, whichever node delivered the bytes.
 *
 * A block that contradicts itself is a fault of the node that sent it.
 */
import { hash } from "node:crypto";
import { Fault } from "../domain/errors.ts";
import { toHex } from "../tron/bytes.ts";
import { encode, type MessageOf } from "../tron/protobuf.ts";
import { recoverHex41 } from "../tron/signature.ts";
import type { WireBlock, WireBlockHeader, WireTransaction } from "./wire.ts";

/** In the order of their field numbers; everything that java-tron 4.8 can write into a header. */
const HEADER = {
  timestamp: { n: 1, is: "int64" },
  txTrieRoot: { n: 2, is: "bytes" },
  parentHash: { n: 3, is: "bytes" },
  number: { n: 7, is: "int64" },
  witness_id: { n: 8, is: "int64" },
  witness_address: { n: 9, is: "bytes" },
  version: { n: 10, is: "int32" },
  accountStateRoot: { n: 11, is: "bytes" },
} as const;

const NO_TRANSACTIONS_ROOT = "0".repeat(64);
/** r ‖ s ‖ v */
const SIGNATURE_DIGITS = 130;

/**
 * Throws `Fault("chain_error")` when the id is not the header's own hash or nobody signed the header. Who may sign is
 * not known here: a witness can sign with the key of its witness permission. The genesis block has no signature and is
 * recognised by its id.
 */
export function checkHeader(wire: WireBlockHeader): void {
  const { raw_data: raw, witness_signature: signature = "" } = wire.block_header;
  const { number = 0 } = raw;
  if (number === 0) return;
  for (const name in raw) {
    if (!Object.hasOwn(HEADER, name)) {
      throw new Fault(
        "chain_error",
        `block ${number} has a header field that this version cannot hash: ${name.slice(0, 40)}`,
      );
    }
  }
  const digest = hash("sha256", encode(HEADER, headerMessage(raw)), "hex");
  if (wire.blockID.slice(16) !== digest.slice(16)) {
    throw new Fault("chain_error", `the id of block ${number} is not the hash of its header`);
  }
  if (!isSigned(digest, signature)) throw new Fault("chain_error", `nobody signed the header of block ${number}`);
}

/**
 * Headers that were found signed, with the signature that did it: each is met several times, as head, in a page of
 * blocks, as the solidified one, and from every node, and a recovery costs as much as the rest of the check.
 */
const signedHeaders = new Map<string, string>();
const SIGNED_HEADERS_MAX = 256;

function isSigned(digest: string, signature: string): boolean {
  if (signedHeaders.get(digest) === signature) return true;
  if (signature.length !== SIGNATURE_DIGITS || recoverHex41(digest, signature) === undefined) return false;
  signedHeaders.set(digest, signature);
  const [oldest] = signedHeaders.keys();
  if (signedHeaders.size > SIGNED_HEADERS_MAX && oldest !== undefined) signedHeaders.delete(oldest);
  return true;
}

/**
 * Throws `Fault("chain_error")` when a txID is not the hash of its bytes, or the transactions are not those of the
 * header's root. `false`: a transaction says something that JSON does not allow to write back as bytes, such as a field
 * of a newer version, so that its part in the root cannot be computed; then the list is only the word of this node.
 */
export function provesBody(wire: WireBlock): boolean {
  const { number = 0, txTrieRoot = NO_TRANSACTIONS_ROOT } = wire.block_header.raw_data;
  const leaves: Digest[] = [];
  let complete = true;
  for (const transaction of wire.transactions ?? []) {
    const leaf = leafOf(transaction, number);
    if (leaf === undefined) complete = false;
    else leaves.push(leaf);
  }
  if (!complete || number === 0) return complete;
  if (merkleRoot(leaves) !== txTrieRoot) {
    throw new Fault("chain_error", `the transactions of block ${number} are not those of its header`);
  }
  return true;
}

function headerMessage(raw: WireBlockHeader["block_header"]["raw_data"]): MessageOf<typeof HEADER> {
  return {
    timestamp: BigInt(raw.timestamp ?? 0),
    txTrieRoot: raw.txTrieRoot ?? "",
    parentHash: raw.parentHash,
    number: BigInt(raw.number ?? 0),
    witness_id: BigInt(raw.witness_id ?? 0),
    witness_address: raw.witness_address ?? "",
    version: raw.version ?? 0,
    accountStateRoot: raw.accountStateRoot ?? "",
  };
}

/** 32 bytes, each as the character of its number: a buffer of its own for each hash is what the collector works longest at. */
type Digest = string;
const pair = Buffer.alloc(64);

/** Pairs are hashed together, an odd one moves up as it is. */
function merkleRoot(leaves: readonly Digest[]): string {
  let level = leaves;
  while (level.length > 1) {
    const above: Digest[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = [level[at], level[at + 1]];
      if (left === undefined) continue;
      above.push(right === undefined ? left : pairDigest(left, right));
    }
    level = above;
  }
  const [root] = level;
  return root === undefined ? NO_TRANSACTIONS_ROOT : Buffer.from(root, "latin1").toString("hex");
}

function pairDigest(left: Digest, right: Digest): Digest {
  pair.write(left, 0, "binary");
  pair.write(right, 32, "binary");
  return hash("sha256", pair, "binary");
}

const KNOWN_FIELDS: ReadonlySet<string> = new Set(["ret", "signature", "txID", "raw_data", "raw_data_hex", "visible"]);
const RESULTS: readonly string[] = [
  "DEFAULT",
  "SUCCESS",
  "REVERT",
  "BAD_JUMP_DESTINATION",
  "OUT_OF_MEMORY",
  "PRECOMPILED_CONTRACT",
  "STACK_TOO_SMALL",
  "STACK_TOO_LARGE",
  "ILLEGAL_OPERATION",
  "STACK_OVERFLOW",
  "OUT_OF_ENERGY",
  "OUT_OF_TIME",
  "JVM_STACK_OVER_FLOW",
  "UNKNOWN",
  "TRANSFER_FAILED",
  "INVALID_CODE",
];
const RESULT = { ret: { n: 2, is: "enum" }, contractRet: { n: 3, is: "enum" }, fee: { n: 1, is: "int64" } } as const;
/** Tags of Transaction.raw_data, signature and ret: field number and "bytes follow". */
const [RAW_TAG, SIGNATURE_TAG, RET_TAG] = [0x0a, 0x12, 0x2a];
/** Transactions are at most 500 kB; most are below 1 kB. */
let scratch = Buffer.allocUnsafe(16_384);

/**
 * Two digests of the tree, one after the other: as the bytes of a transaction they would stand for everything below them,
 * and hide it under the same root. Leaves and pairs are hashed alike, so only the length tells them apart; the shortest
 * real transaction is longer than that (its contract's type alone has 45 bytes, its signature 65).
 */
const PAIR_BYTES = 64;

/** The sha256 of the whole transaction, signatures and result included. */
function leafOf(transaction: WireTransaction, blockNumber: number): Digest | undefined {
  const { raw_data_hex: rawHex, signature = [], ret = [], txID } = transaction;
  const digits = signature.reduce((sum, each) => sum + each.length, rawHex.length);
  // Twelve bytes hold any tag, length and result.
  const room = digits / 2 + 12 * (1 + signature.length) + 24 * ret.length;
  if (room > scratch.length) scratch = Buffer.allocUnsafe(room * 2);
  let end = putBytes(RAW_TAG, rawHex, 0);
  const rawEnd = end;
  const raw = scratch.subarray(rawEnd - rawHex.length / 2, rawEnd);
  if (hash("sha256", raw, "hex") !== txID) {
    throw new Fault("chain_error", `a txID in block ${blockNumber} is not the hash of its transaction`);
  }
  for (const name in transaction) if (!KNOWN_FIELDS.has(name)) return undefined;
  for (const each of signature) end = putBytes(SIGNATURE_TAG, each, end);
  for (const each of ret) {
    const encoded = resultHex(each);
    if (encoded === undefined) return undefined;
    end = putBytes(RET_TAG, encoded, end);
  }
  if (end === PAIR_BYTES) {
    throw new Fault("chain_error", `a transaction in block ${blockNumber} has 64 bytes, which no real one has`);
  }
  return hash("sha256", scratch.subarray(0, end), "binary");
}

function putBytes(tag: number, hex: string, start: number): number {
  let at = start;
  scratch[at++] = tag;
  let length = hex.length / 2;
  while (length > 0x7f) {
    scratch[at++] = (length & 0x7f) | 0x80;
    length >>>= 7;
  }
  scratch[at++] = length;
  return at + scratch.write(hex, at, "hex");
}

const SUCCESS_HEX = "1801";

function resultHex(result: NonNullable<WireTransaction["ret"]>[number]): string | undefined {
  let fields = 0;
  for (const name in result) {
    if (!Object.hasOwn(RESULT, name)) return undefined;
    fields += 1;
  }
  const { fee = 0, ret = "SUCESS", contractRet = "DEFAULT" } = result;
  // Nearly every one is just this.
  if (fields === 1 && contractRet === "SUCCESS") return SUCCESS_HEX;
  const code = RESULTS.indexOf(contractRet);
  if (code < 0 || (ret !== "SUCESS" && ret !== "FAILED")) return undefined;
  return toHex(encode(RESULT, { fee: BigInt(fee), ret: ret === "FAILED" ? 1 : 0, contractRet: code }));
}
