/**
 * Transactions out of the JSON that broadcasttransaction and getsignweight take: their bytes are rebuilt from `raw_data`,
 * whatever `raw_data_hex` says (tron.md §2.3).
 */
import { type Contract, contractOf, CONTRACTS, type ContractType, isContractType } from "../../tron/contracts.ts";
import type { Shape } from "../../tron/protobuf.ts";
import { bytes, int32, int64, listOf } from "../../tron/shapes/fields.ts";
import { encodeRawTransaction } from "../../tron/transaction.ts";
import { type Transaction, transactionOf } from "../transactions.ts";
import { type Json, toJson } from "./json.ts";
import { readMessage } from "./json-format.ts";
import { NodeError, nullPointer } from "./node-error.ts";
import { objectOf, type Parameters } from "./request.ts";

const ENVELOPE = { signature: listOf(2, "bytes") } as const satisfies Shape;
const PERMISSION = { Permission_id: int32(5) } as const satisfies Shape;
const RAW = {
  ref_block_bytes: bytes(1),
  ref_block_hash: bytes(4),
  expiration: int64(8),
  data: bytes(10),
  timestamp: int64(14),
  fee_limit: int64(18),
} as const satisfies Shape;

/**
 * Throws `NodeError`. A contract that cannot be read is left out, as a node does: the transaction then has none. A raw_data
 * that cannot be read gives no transaction at all, which the node then trips over.
 */
export function packTransaction(parameters: Parameters, visible: boolean): Transaction {
  const given = objectOf(parameters, "raw_data");
  const list = given["contract"];
  if (!Array.isArray(list)) throw nullPointer();
  try {
    const contracts = list.flatMap((item: unknown) => packContract(item, visible) ?? []);
    const raw = readMessage(RAW, textOf({ ...given, contract: undefined }), visible);
    const { signature } = readMessage(ENVELOPE, textOf({ signature: parameters["signature"] }), visible);
    const rawHex = encodeRawTransaction({
      refBlockBytes: String(raw["ref_block_bytes"]),
      refBlockHash: String(raw["ref_block_hash"]),
      expiration: BigInt(String(raw["expiration"])),
      timestamp: BigInt(String(raw["timestamp"])),
      feeLimit: BigInt(String(raw["fee_limit"])),
      data: String(raw["data"]),
      contracts,
    });
    return transactionOf(rawHex, Array.isArray(signature) ? signature.map(String) : []);
  } catch {
    throw nullPointer();
  }
}

/** What was read as JSON, as JSON again: what a node's reader of messages gets to see. */
function textOf(parameters: Parameters): string {
  return toJson(parameters as Json);
}

function packContract(item: unknown, visible: boolean): Contract | undefined {
  if (typeof item !== "object" || item === null) return undefined;
  const contract: Parameters = { ...item };
  const type = String(contract["type"]);
  if (!isContractType(type)) return undefined;
  const { Permission_id } = readMessage(PERMISSION, textOf({ Permission_id: contract["Permission_id"] }), visible);
  try {
    const value = objectOf(objectOf(contract, "parameter"), "value");
    return packedContract(type, value, { visible, permissionId: Number(Permission_id) });
  } catch (error) {
    if (error instanceof NodeError) return undefined;
    throw error;
  }
}

/** Reads the message of a contract from JSON; fields it does not know are ignored. Throws `NodeError`. */
export function packedContract(
  type: ContractType,
  value: Parameters,
  options: { visible: boolean; permissionId: number },
): Contract {
  return readContract(type, textOf(value), options);
}

/** The same from the text of the JSON, whose places its errors name. Throws `NodeError`. */
export function readContract(
  type: ContractType,
  text: string,
  { visible, permissionId }: { visible: boolean; permissionId: number },
): Contract {
  const shape: Shape = CONTRACTS[type].shape;
  return contractOf(type, permissionId, readMessage(shape, text, visible));
}
