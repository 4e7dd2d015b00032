/**
 * Transactions out of the JSON that broadcasttransaction and getsignweight take: their bytes are rebuilt from `raw_data`,
 * whatever `raw_data_hex` says (tron.md §2.3).
 */
import { type Contract, contractOf, CONTRACTS, type ContractType, isContractType } from "../../tron/contracts.ts";
import type { Shape } from "../../tron/protobuf.ts";
import { bytes, int32, int64, listOf } from "../../tron/shapes/fields.ts";
import { encodeRawTransaction } from "../../tron/transaction.ts";
import { type Transaction, transactionOf } from "../transactions.ts";
import { jsonTextOf } from "./json.ts";
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
    const raw = readMessage(RAW, jsonTextOf({ ...given, contract: undefined }), visible);
    const { signature } = readMessage(ENVELOPE, jsonTextOf({ signature: parameters["signature"] }), visible);
    const rawHex = encodeRawTransaction({
      refBlockBytes: raw.ref_block_bytes,
      refBlockHash: raw.ref_block_hash,
      expiration: raw.expiration,
      timestamp: raw.timestamp,
      feeLimit: raw.fee_limit,
      data: raw.data,
      contracts,
    });
    return transactionOf(rawHex, signature);
  } catch {
    throw nullPointer();
  }
}

function packContract(item: unknown, visible: boolean): Contract | undefined {
  if (typeof item !== "object" || item === null) return undefined;
  const contract: Parameters = { ...item };
  const type = String(contract["type"]);
  if (!isContractType(type)) return undefined;
  const { Permission_id } = readMessage(PERMISSION, jsonTextOf({ Permission_id: contract["Permission_id"] }), visible);
  try {
    const value = objectOf(objectOf(contract, "parameter"), "value");
    return packedContract(type, value, { visible, permissionId: Permission_id });
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
  return readContract(type, jsonTextOf(value), options);
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
