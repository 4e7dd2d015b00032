/**
 * The wire format of a TRON transaction (tron.md §1.1), read and written independently of any client library: this is
 * the second opinion that a signer asks before it signs, and what the devnet believes.
 */
import { Fault } from "../domain/errors.ts";
import type { TxId } from "../domain/chain-facts.ts";
import { fromHex, toHex } from "./bytes.ts";
import { CONTRACTS, type Contract, contractOf, type ContractType, contractTypeOf } from "./contracts.ts";
import { sha256Hex } from "./hashes.ts";
import { decode, encode, type MessageOf, type Shape } from "./protobuf.ts";

/** What is signed. Times are ms since epoch, `feeLimit` is sun; int64 is bigint. */
export type RawTransaction = {
  /** 2 bytes: the low bytes of the reference block's number. */
  readonly refBlockBytes: string;
  /** 8 bytes: bytes 8..16 of the reference block's id. */
  readonly refBlockHash: string;
  readonly expiration: bigint;
  readonly timestamp: bigint;
  /** 0n when absent: the two are the same bytes. */
  readonly feeLimit: bigint;
  /** The memo, as hex. */
  readonly data: string;
  readonly contracts: readonly Contract[];
};

export type SignedBytes = { readonly rawHex: string; readonly signatures: readonly string[] };

/** Added to the size of a transaction per contract: room for its result (MAX_RESULT_SIZE_IN_TX). */
const RESULT_BYTES = 64;
const TYPE_URL = "type.googleapis.com/protocol.";

const contractShape = {
  type: { n: 1, is: "enum" },
  parameter: { n: 2, is: { type_url: { n: 1, is: "string" }, value: { n: 2, is: "bytes" } } },
  Permission_id: { n: 5, is: "int32" },
} as const satisfies Shape;

const rawShape = {
  ref_block_bytes: { n: 1, is: "bytes" },
  ref_block_hash: { n: 4, is: "bytes" },
  expiration: { n: 8, is: "int64" },
  data: { n: 10, is: "bytes" },
  contract: { n: 11, is: contractShape, repeated: true },
  timestamp: { n: 14, is: "int64" },
  fee_limit: { n: 18, is: "int64" },
} as const satisfies Shape;

const transactionShape = {
  raw_data: { n: 1, is: "bytes" },
  signature: { n: 2, is: "bytes", repeated: true },
  ret: { n: 5, is: "bytes", repeated: true },
} as const satisfies Shape;

/** Throws `Fault("tx_malformed")` unless the bytes are the canonical encoding of a transaction of a known type. */
export function decodeRawTransaction(rawHex: string): RawTransaction {
  const raw = decode(rawShape, fromHex(rawHex));
  return {
    refBlockBytes: raw.ref_block_bytes,
    refBlockHash: raw.ref_block_hash,
    expiration: raw.expiration,
    timestamp: raw.timestamp,
    feeLimit: raw.fee_limit,
    data: raw.data,
    contracts: raw.contract.map(decodeContract),
  };
}

export function encodeRawTransaction(raw: RawTransaction): string {
  return toHex(
    encode(rawShape, {
      ref_block_bytes: raw.refBlockBytes,
      ref_block_hash: raw.refBlockHash,
      expiration: raw.expiration,
      data: raw.data,
      contract: raw.contracts.map(encodeContract),
      timestamp: raw.timestamp,
      fee_limit: raw.feeLimit,
    }),
  );
}

/** The bytes that `broadcasthex` takes. */
export function encodeSigned(rawHex: string, signatures: readonly string[]): string {
  return toHex(encode(transactionShape, { raw_data: rawHex, signature: signatures, ret: [] }));
}

/** Results that somebody attached are dropped, as a node does. Throws `Fault("tx_malformed")`. */
export function decodeSigned(signedHex: string): SignedBytes & { readonly txId: TxId } {
  const { raw_data: rawHex, signature: signatures } = decode(transactionShape, fromHex(signedHex));
  return { rawHex, signatures, txId: txIdOf(rawHex) };
}

/** sha256 of the raw bytes; signatures are no part of it, so signing twice is one payment. */
export function txIdOf(rawHex: string): TxId {
  return sha256Hex(rawHex);
}

/** Bytes of bandwidth that a signed transaction costs (tron.md §4.1). */
export function bandwidthOf(signed: SignedBytes): number {
  const contracts = decode(rawShape, fromHex(signed.rawHex)).contract.length;
  return sizeOf(signed) + RESULT_BYTES * contracts;
}

/** Bytes of a signed transaction without its result. */
export function sizeOf(signed: SignedBytes): number {
  return encodeSigned(signed.rawHex, signed.signatures).length / 2;
}

/** How a transaction names its reference block (tron.md §1.2). */
export function refBlockOf(blockNumber: number, blockId: string): { refBlockBytes: string; refBlockHash: string } {
  return { refBlockBytes: (blockNumber & 0xffff).toString(16).padStart(4, "0"), refBlockHash: blockId.slice(16, 32) };
}

/** The type's position in the protocol's enum and its full name, as the HTTP API shows it. */
export function typeUrlOf(type: ContractType): string {
  return TYPE_URL + type;
}

/** The bytes of a contract's message alone, as hex. */
export function packedValueOf(contract: Contract): string {
  return toHex(encodeValue(contract));
}

function encodeContract(contract: Contract): MessageOf<typeof contractShape> {
  const { number } = CONTRACTS[contract.type];
  const parameter = { type_url: typeUrlOf(contract.type), value: packedValueOf(contract) };
  return { type: number, parameter, Permission_id: contract.permissionId };
}

function encodeValue(contract: Contract): Uint8Array {
  // The union ties `value` to `type`; the compiler cannot follow that through the table.
  const shape: Shape = CONTRACTS[contract.type].shape;
  return encode(shape, contract.value as MessageOf<Shape>);
}

function decodeContract(message: MessageOf<typeof contractShape>): Contract {
  const type = contractTypeOf(message.type);
  if (type === undefined) throw new Fault("tx_malformed", `unknown contract type ${message.type}`);
  if (message.parameter?.type_url !== typeUrlOf(type)) {
    throw new Fault("tx_malformed", `the parameter of a ${type} says that it is something else`);
  }
  const shape: Shape = CONTRACTS[type].shape;
  const value = decode(shape, fromHex(message.parameter.value));
  return contractOf(type, message.Permission_id, value);
}
