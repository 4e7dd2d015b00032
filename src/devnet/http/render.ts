/**
 * Transactions, blocks and receipts as java-tron prints them (tron.md §2.1, §2.3): field names from the .proto files,
 * zeros left out, addresses in hex or base58 by `visible`.
 */
import { contractAddressOf } from "../../tron/address.ts";
import { CONTRACTS, type Contract } from "../../tron/contracts.ts";
import { type Field, isList, isMessage, type Message, type Shape, type Value } from "../../tron/protobuf.ts";
import { typeUrlOf } from "../../tron/transaction.ts";
import type { Log } from "../../tron/trc20.ts";
import { type Block, BLOCK_VERSION, type Header, type Included, rawOf } from "../block.ts";
import { int64, type Json, nonEmpty } from "./json.ts";
import type { InternalTransaction, Outcome } from "../outcome.ts";
import type { Transaction } from "../transactions.ts";
import { base58, hexOfText } from "../words.ts";

export type JsonObject = { [key: string]: Json };

export function renderAddress(hex41: string, visible: boolean): string {
  return visible ? base58(hex41) : hex41;
}

export type Rendered = Pick<Transaction, "id" | "rawHex" | "raw" | "signatures">;

/** `outcome`: what came of it, for transactions that were executed. */
export function renderTransaction(tx: Rendered, visible: boolean, outcome?: Outcome): JsonObject {
  const { raw } = tx;
  return {
    ret: outcome === undefined ? undefined : [{ contractRet: outcome.result }],
    signature: tx.signatures.length === 0 ? undefined : [...tx.signatures],
    txID: tx.id,
    raw_data: renderRaw(
      raw,
      raw.contracts.map((contract) => renderContract(contract, visible)),
    ),
    raw_data_hex: tx.rawHex,
    contract_address: createdAddress(tx),
  };
}

/** Where a creation puts its contract: always hex (Util.printTransactionToJSON). */
function createdAddress({ id, raw }: Rendered): string | undefined {
  const [contract] = raw.contracts;
  if (contract?.type !== "CreateSmartContract") return undefined;
  return contractAddressOf({ txId: id, ownerHex41: contract.value.owner_address });
}

/** `contract`: its contracts as they are to be shown. */
export function renderRaw(raw: Rendered["raw"], contract: JsonObject[]): JsonObject {
  return {
    contract,
    ref_block_bytes: nonEmpty(raw.refBlockBytes),
    ref_block_hash: nonEmpty(raw.refBlockHash),
    expiration: int64(raw.expiration),
    timestamp: int64(raw.timestamp),
    fee_limit: int64(raw.feeLimit),
    data: nonEmpty(raw.data),
  };
}

/** What builders answer: the transaction without signatures, and how it was rendered. */
export function renderBuilt(tx: Rendered, visible: boolean): JsonObject {
  return { visible, ...renderTransaction(tx, visible) };
}

function renderContract(contract: Contract, visible: boolean): JsonObject {
  const shape: Shape = CONTRACTS[contract.type].shape;
  return {
    parameter: { value: renderMessage(shape, contract.value, visible), type_url: typeUrlOf(contract.type) },
    type: contract.type,
    Permission_id: contract.permissionId > 0 ? contract.permissionId : undefined,
  };
}

/** A message as the HTTP API prints it, by the table of its fields. */
export function renderMessage(shape: Shape, message: Message, visible: boolean): JsonObject {
  const rendered: JsonObject = {};
  for (const [name, field] of Object.entries(shape)) rendered[name] = renderField(field, message[name], visible);
  return rendered;
}

function renderField(field: Field, value: Value, visible: boolean): Json {
  if (isList(value)) {
    const items = value.map((item) => renderItem(field, item, visible));
    return items.length === 0 ? undefined : items;
  }
  if (typeof field.is === "object") return isMessage(value) ? renderMessage(field.is, value, visible) : undefined;
  return value === undefined || value === 0n || value === 0 || value === false || value === ""
    ? undefined
    : renderItem(field, value, visible);
}

function renderItem(field: Field, value: Value, visible: boolean): Json {
  if (isMessage(value)) {
    if (typeof field.is !== "object") return undefined;
    // An entry of a map shows both halves, also when they are zero.
    return field.map === true ? { ...renderWhole(value) } : renderMessage(field.is, value, visible);
  }
  if (isList(value)) return undefined;
  if (field.is === "enum" && typeof value === "number") return field.names?.[value] ?? value;
  if (field.is !== "bytes" || typeof value !== "string") return value;
  if (field.shown === "address") return renderAddress(value, visible);
  return field.shown === "text" && visible ? shownText(value) : value;
}

function renderWhole(entry: Message): JsonObject {
  return Object.fromEntries(Object.entries(entry).filter(isScalarEntry));
}

function isScalarEntry(entry: [string, Value]): entry is [string, string | bigint | number | boolean] {
  return typeof entry[1] !== "object" && entry[1] !== undefined;
}

/** Bytes as UTF-8; what would not be JSON then stays hex (JsonFormat.escapeBytesSelfType). */
export function shownText(hex: string): string {
  const text = Buffer.from(hex, "hex").toString("utf8");
  try {
    JSON.parse(`"${text.replaceAll('"', '\\"')}"`);
    return text;
  } catch {
    return hex;
  }
}

export function renderIncluded(included: Included, visible: boolean): JsonObject {
  return renderTransaction({ ...included, raw: rawOf(included) }, visible, included.outcome);
}

export function renderBlock(block: Block, visible: boolean): JsonObject {
  const { transactions } = block;
  const listed = transactions.length === 0 ? undefined : transactions.map((tx) => renderIncluded(tx, visible));
  return { ...renderHeader(block, visible), transactions: listed };
}

export function renderHeader(header: Header, visible: boolean): JsonObject {
  return {
    blockID: header.id,
    block_header: {
      raw_data: {
        number: int64(header.number),
        txTrieRoot: header.txTrieRoot,
        witness_address: nonEmpty(renderAddress(header.witness, visible)),
        parentHash: header.parentId,
        version: header.number === 0 ? undefined : BLOCK_VERSION,
        timestamp: int64(header.timestamp),
      },
      witness_signature: nonEmpty(header.witnessSignature),
    },
  };
}

/** The receipt of a transaction in a block. */
export function renderInfo(included: Included, block: Header, visible: boolean): JsonObject {
  const { outcome } = included;
  const { call } = outcome;
  const failed = outcome.result !== "SUCCESS";
  return {
    id: included.id,
    fee: int64(outcome.fee),
    blockNumber: int64(block.number),
    blockTimeStamp: int64(block.timestamp),
    contractResult: [call?.output ?? ""],
    contract_address: call && renderAddress(call.contract, visible),
    receipt: {
      energy_usage: int64(call?.energyUsage ?? 0),
      energy_fee: int64(call?.energyFee ?? 0n),
      origin_energy_usage: int64(call?.originEnergyUsage ?? 0),
      energy_usage_total: int64(call?.energyUsed ?? 0),
      net_usage: int64(outcome.netUsage),
      net_fee: int64(outcome.netFee),
      result: call && outcome.result,
      energy_penalty_total: int64(call?.energyPenalty ?? 0),
    },
    log: call === undefined || call.logs.length === 0 ? undefined : call.logs.map((log) => renderLog(log, visible)),
    result: failed ? "FAILED" : undefined,
    resMessage: call?.message === undefined ? undefined : renderText(call.message, visible),
    internal_transactions:
      call === undefined || call.internals.length === 0
        ? undefined
        : call.internals.map((internal) => renderInternal(internal, visible)),
    ...outcome.amounts,
  };
}

export function renderInternal(internal: InternalTransaction, visible: boolean): JsonObject {
  return {
    hash: internal.hash,
    caller_address: renderAddress(internal.caller, visible),
    transferTo_address: renderAddress(internal.to, visible),
    callValueInfo: internal.values.map(({ callValue, tokenId }) => ({ callValue: int64(callValue), tokenId })),
    note: hexOfText(internal.note),
    rejected: internal.rejected ? true : undefined,
  };
}

export function renderLog(log: Log, visible: boolean): JsonObject {
  const address = visible ? base58(`41${log.address}`) : log.address;
  return { address, topics: [...log.topics], data: nonEmpty(log.data) };
}

/** Text in a bytes field: hex, or as it is when visible. */
export function renderText(text: string, visible: boolean): string {
  return visible ? text : hexOfText(text);
}
