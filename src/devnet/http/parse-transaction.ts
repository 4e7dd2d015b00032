/**
 * Transactions out of the JSON that broadcasttransaction and getsignweight take: their bytes are rebuilt from `raw_data`,
 * whatever `raw_data_hex` says (tron.md §2.3).
 */
import { type Contract, contractOf, CONTRACTS, type ContractType, isContractType } from "../../tron/contracts.ts";
import type { Field, Message, Shape, Value } from "../../tron/protobuf.ts";
import { encodeRawTransaction } from "../../tron/transaction.ts";
import { NodeError, nullPointer, parseError } from "./node-error.ts";
import { objectOf, type Parameters, parseAddress, parseHex, parseInt64, scalarText } from "./request.ts";
import { type Transaction, transactionOf } from "../transactions.ts";
import { hexOfText } from "../words.ts";

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
  for (const [name, field] of Object.entries(shape)) message[name] = packField(field, { value: value[name], visible });
  return message;
}

type Given = { readonly value: unknown; readonly visible: boolean };

function packField(field: Field, { value, visible }: Given): Value {
  if (field.repeated === true) {
    // One value without its brackets is a list of one (JsonFormat.mergeField).
    const items: unknown[] = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
    const { repeated: _, ...single } = field;
    return items.map((item) => packField(single, { value: item, visible }));
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
      return enumNumber(field.names ?? [], value);
    case "bool":
      return String(value) === "true";
    case "string":
      return scalarText(value);
    case "bytes":
      return packBytes(field, { value, visible });
  }
}

function packBytes(field: Field, { value, visible }: Given): string {
  const given = scalarText(value);
  if (field.shown === "address") return parseAddress(given, visible);
  return field.shown === "text" && visible ? hexOfText(given) : parseHex(given);
}

/** By number, or by name; an all lower-case name is tried with a capital, as a node does ("function" for an ABI). */
function enumNumber(names: readonly string[], value: unknown): number {
  if (typeof value !== "string") {
    const number = Number(parseInt64(value));
    if (number === 0 || names[number] !== undefined) return number;
    throw parseError(`1:1: Enum type has no value with number ${number}.`);
  }
  const name = /^[a-z]+$/.test(value) ? value.charAt(0).toUpperCase() + value.slice(1) : value;
  const number = names.indexOf(name);
  if (number < 0) throw parseError(`1:1: Enum type has no value named "${name}".`);
  return number;
}
