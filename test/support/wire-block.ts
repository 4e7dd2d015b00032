/** Blocks as nodes send them, hashed and signed by code that shares nothing with the engine's own check. */
import { createHash } from "node:crypto";
import { sign } from "../../src/tron/signature.ts";

export const WITNESS_KEY = "33".repeat(32);
export const NO_ROOT = "0".repeat(64);
const RESULTS = new Map([
  ["SUCCESS", 1],
  ["REVERT", 2],
  ["OUT_OF_ENERGY", 10],
]);

export type WireTransactionJson = {
  readonly txID: string;
  readonly ret?: readonly { contractRet?: string }[];
  readonly signature?: readonly string[];
  readonly raw_data: object;
  readonly raw_data_hex: string;
};

export type SealOrder = {
  readonly number: number;
  readonly parentHash: string;
  readonly timestamp: number;
  readonly transactions?: readonly WireTransactionJson[];
  /** Another root than that of the transactions. */
  readonly root?: string;
  /** Fields of the header that are hashed as they are here. */
  readonly raw?: object;
};

const NAMES = { timestamp: 1, txTrieRoot: 2, parentHash: 3, number: 7, witness_address: 9, version: 10 } as const;

export function wireTransaction(rawHex: string, result = "SUCCESS"): WireTransactionJson {
  const signature = ["1b".repeat(65)];
  return { txID: sha(rawHex), ret: [{ contractRet: result }], signature, raw_data: {}, raw_data_hex: rawHex };
}

export function sealedBlock(order: SealOrder) {
  const { number, parentHash, timestamp, transactions = [], raw = {} } = order;
  const header = {
    number,
    txTrieRoot: order.root ?? rootOf(transactions),
    witness_address: "415050a4f4b3f9338c3472dcc01a87c76a144b3c9c",
    parentHash,
    version: 32,
    timestamp,
    ...raw,
  };
  const digest = sha(headerHex(header));
  return {
    blockID: number.toString(16).padStart(16, "0") + digest.slice(16),
    block_header: { raw_data: header, witness_signature: sign(digest, WITNESS_KEY) },
    ...(transactions.length === 0 ? {} : { transactions }),
  };
}

export function sha(hex: string): string {
  return createHash("sha256").update(Buffer.from(hex, "hex")).digest("hex");
}

function headerHex(header: Record<string, unknown>): string {
  return Object.entries(NAMES).reduce((hex, [name, field]) => {
    const value = header[name];
    if (typeof value === "string") return hex + bytesField(field, value);
    const number = typeof value === "number" ? value : 0;
    return number === 0 ? hex : hex + varint(field * 8) + varint(Math.abs(number));
  }, "");
}

function rootOf(transactions: readonly WireTransactionJson[]): string {
  let level = transactions.map(({ raw_data_hex, signature = [], ret = [] }) => {
    const signatures = signature.map((each) => bytesField(2, each)).join("");
    const results = ret.map(({ contractRet = "SUCCESS" }) =>
      bytesField(5, `18${varint(RESULTS.get(contractRet) ?? 0)}`),
    );
    return sha(bytesField(1, raw_data_hex) + signatures + results.join(""));
  });
  while (level.length > 1) {
    level = level.flatMap((left, at) => {
      const right = level[at + 1];
      return at % 2 === 1 ? [] : [right === undefined ? left : sha(left + right)];
    });
  }
  return level[0] ?? NO_ROOT;
}

function bytesField(field: number, hex: string): string {
  return hex === "" ? "" : varint(field * 8 + 2) + varint(hex.length / 2) + hex;
}

function varint(value: number): string {
  const low = value % 128;
  const high = Math.floor(value / 128);
  return (high > 0 ? low + 128 : low).toString(16).padStart(2, "0") + (high > 0 ? varint(high) : "");
}
