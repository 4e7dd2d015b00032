/**
 * Transactions out of the JSON that broadcasttransaction and getsignweight take: their bytes are rebuilt from `raw_data`,
 * whatever `raw_data_hex` says (tron.md §2.3).
 */
import { type Contract, contractOf, CONTRACTS, type ContractType, isContractType } from "../../tron/contracts.ts";
import type { Field, Message, Shape, Value } from "../../tron/protobuf.ts";
import { encodeRawTransaction } from "../../tron/transaction.ts";
import { NodeError, nullPointer } from "./node-error.ts";
import { objectOf, type Parameters, parseAddress, parseHex, parseInt64, scalarText } from "./request.ts";
import { type Transaction, transactionOf } from "../transactions.ts";

const RESOURCES = new Map([
  ["BANDWIDTH", 0],
  ["ENERGY", 1],
  ["TRON_POWER", 2],
]);

/** Throws `NodeError`. A contract that cannot be read is left out, as a node does: the transaction then has none. */
export function packTransaction(parameters: Parameters, visible: boolean): Transaction {
  const raw = objectOf(parameters, "raw_data");
  const list = raw["contract"];
  if (!Array.isArray(list)) throw nullPointer();
  const given = parameters["signature"];
  const signatures = Array.isArray(given) ? given.map((text: unknown) => parseHex(scalarText(text))) : [];
  const rawHex = encodeOrThrow(() =>
    encodeRawTransaction({
      refBlockBytes: hexField(raw, "ref_block_bytes"),
      refBlockHash: hexField(raw, "ref_block_hash"),
      expiration: parseInt64(raw["expiration"]),
      timestamp: parseInt64(raw["timestamp"]),
      feeLimit: parseInt64(raw["fee_limit"]),
      data: hexField(raw, "data"),
      contracts: list.flatMap((item: unknown) => packContract(item, visible) ?? []),
    }),
  );
  return transactionOf(rawHex, signatures);
}

function hexField(parameters: Parameters, name: string): string {
  return parseHex(scalarText(parameters[name]));
}

/** A raw_data that cannot be read gives no transaction at all, which the node then trips over. */
function encodeOrThrow(encode: () => string): string {
  try {
    return encode();
  } catch {
    throw nullPointer();
  }
}

function packContract(item: unknown, visible: boolean): Contract | undefined {
  if (typeof item !== "object" || item === null) return undefined;
  const contract: Parameters = { ...item };
  const type = String(contract["type"]);
  if (!isContractType(type)) return undefined;
  try {
    const value = objectOf(objectOf(contract, "parameter"), "value");
    return packedContract(type, value, { visible, permissionId: Number(parseInt64(contract["Permission_id"])) });
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
  const shape: Shape = CONTRACTS[type].shape;
  const message = packMessage(shape, value, options.visible);
  return contractOf(type, options.permissionId, message);
}

function packMessage(shape: Shape, value: Parameters, visible: boolean): Message {
  const message: Record<string, Value> = {};
  for (const [name, field] of Object.entries(shape))
    message[name] = packField(name, field, { value: value[name], visible });
  return message;
}

function packField(name: string, field: Field, { value, visible }: { value: unknown; visible: boolean }): Value {
  if (field.repeated === true) {
    const items: unknown[] = Array.isArray(value) ? value : [];
    return items.map((item) => packField(name, { n: field.n, is: field.is }, { value: item, visible }));
  }
  if (typeof field.is === "object") {
    if (typeof value !== "object" || value === null) return undefined;
    return packMessage(field.is, { ...value }, visible);
  }
  switch (field.is) {
    case "int64":
      return parseInt64(value);
    case "int32":
      return Number(parseInt64(value));
    case "enum":
      return typeof value === "string" && RESOURCES.has(value)
        ? (RESOURCES.get(value) ?? 0)
        : Number(parseInt64(value));
    case "bool":
      return String(value) === "true";
    case "string":
      return scalarText(value);
    case "bytes":
      return name.endsWith("_address") ? parseAddress(scalarText(value), visible) : parseHex(scalarText(value));
  }
}
