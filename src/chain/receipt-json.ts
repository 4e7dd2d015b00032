/**
 * Receipts of a block taken out of a node's answer in one pass over its bytes. What contracts logged is most of it and
 * nearly always about strangers: it is looked over and stays bytes until somebody asks for it.
 *
 * J1. An answer that is not as plain as nodes write it is read by the general parser, to the same receipts.
 * J2. A list that `isPlain` has been through everything that the schema asks for.
 */
import type { ContractLog } from "../domain/chain-facts.ts";
import { JsonBytes, keyBytes, UNEXPECTED } from "./json-bytes.ts";
import { parseLosslessBytes } from "./json.ts";

const ID = keyBytes("id");
const BLOCK_NUMBER = keyBytes("blockNumber");
const BLOCK_TIMESTAMP = keyBytes("blockTimeStamp");
const FEE = keyBytes("fee");
const CONTRACT = keyBytes("contract_address");
const RESULT = keyBytes("result");
const MESSAGE = keyBytes("resMessage");
const RECEIPT = keyBytes("receipt");
const ENERGY = keyBytes("energy_usage_total");
const BANDWIDTH = keyBytes("net_usage");
const LOG = keyBytes("log");
const ADDRESS = keyBytes("address");
const TOPICS = keyBytes("topics");
const DATA = keyBytes("data");

const HASH_DIGITS = 64;
const ADDRESS_DIGITS = 40;
/** A Transfer has two parties, in its second and third topic; their addresses are the ends of the words. */
const PARTIES = 2;
const PARTY_AT = HASH_DIGITS - ADDRESS_DIGITS;

/** A receipt as the schema describes it (wire.ts), but for its logs. */
type PlainInfo = {
  id: string;
  blockNumber: number;
  blockTimeStamp: number;
  fee?: number;
  contract_address?: string;
  result?: string;
  resMessage?: string;
  receipt: Cost;
  log?: LogBytes;
};
type Cost = { energy_usage_total?: number; net_usage?: number; result?: string };

const MISSING = -1;
const NO_COST: Cost = {};

const plain = new WeakSet<object>();

/** Whether this reader made the list, so that it needs no other look (J2). */
export function isPlain(infos: unknown): infos is PlainInfo[] {
  return typeof infos === "object" && infos !== null && plain.has(infos);
}

/** What `parseLossless` makes of the receipts of a block, as far as they are read. Throws `SyntaxError`. */
export function parseReceipts(bytes: Buffer): unknown {
  try {
    const json = new JsonBytes(bytes);
    const infos = json.list(() => infoAt(json));
    json.end();
    plain.add(infos);
    return infos;
  } catch (error) {
    if (error !== UNEXPECTED) throw error;
    return parseLosslessBytes(bytes);
  }
}

/** The logs of one transaction, which become objects when they are walked. */
export class LogBytes implements Iterable<ContractLog> {
  readonly #json: Buffer;
  readonly #from: number;
  readonly #parties: readonly number[];

  constructor(json: Buffer, given: { from: number; parties: readonly number[] }) {
    this.#json = json;
    this.#from = given.from;
    this.#parties = given.parties;
  }

  /** Whether one of the logs may be a Transfer from or to somebody. `isWanted` is given the place of 40 hex digits. */
  mention(isWanted: (hex: Buffer, at: number) => boolean): boolean {
    for (const at of this.#parties) if (isWanted(this.#json, at)) return true;
    return false;
  }

  [Symbol.iterator](): Iterator<ContractLog> {
    const json = new JsonBytes(this.#json);
    json.at = this.#from;
    return json.list(() => contractLogAt(json))[Symbol.iterator]();
  }
}

function infoAt(json: JsonBytes): PlainInfo {
  const info: PlainInfo = { id: "", blockNumber: MISSING, blockTimeStamp: MISSING, receipt: NO_COST };
  json.enterObject();
  while (json.hasField()) {
    if (json.skips(ID)) info.id = json.hex();
    else if (json.skips(BLOCK_NUMBER)) info.blockNumber = json.count();
    else if (json.skips(BLOCK_TIMESTAMP)) info.blockTimeStamp = json.count();
    else if (json.skips(RECEIPT)) info.receipt = costAt(json);
    else if (json.skips(LOG)) info.log = logsAt(json);
    else if (json.skips(FEE)) info.fee = json.count();
    else if (json.skips(CONTRACT)) info.contract_address = json.word();
    else if (json.skips(RESULT)) info.result = json.word();
    else if (json.skips(MESSAGE)) info.resMessage = json.hex();
    else json.pastMember();
  }
  const isWhole = info.blockNumber !== MISSING && info.blockTimeStamp !== MISSING && info.receipt !== NO_COST;
  if (info.id.length !== HASH_DIGITS || !isWhole) throw UNEXPECTED;
  return info;
}

function costAt(json: JsonBytes): Cost {
  const receipt: Cost = {};
  json.enterObject();
  while (json.hasField()) {
    if (json.skips(ENERGY)) receipt.energy_usage_total = json.count();
    else if (json.skips(BANDWIDTH)) receipt.net_usage = json.count();
    else if (json.skips(RESULT)) receipt.result = json.word();
    else json.pastMember();
  }
  return receipt;
}

function logsAt(json: JsonBytes): LogBytes {
  const parties: number[] = [];
  const from = json.at;
  json.enterList();
  while (json.hasItem()) pastLog(json, parties);
  return new LogBytes(json.bytes, { from, parties });
}

function pastLog(json: JsonBytes, parties: number[]): void {
  let digits = 0;
  json.enterObject();
  while (json.hasField()) {
    if (json.skips(ADDRESS)) digits = json.hexDigits();
    else if (json.skips(TOPICS)) pastTopics(json, parties);
    else if (json.skips(DATA)) json.pastHex();
    else throw UNEXPECTED;
  }
  if (digits !== ADDRESS_DIGITS) throw UNEXPECTED;
}

function pastTopics(json: JsonBytes, parties: number[]): void {
  const before = parties.length;
  json.enterList();
  for (let topic = 0; json.hasItem(); topic += 1) {
    const start = json.pastHex();
    if (json.at - 1 - start !== HASH_DIGITS) throw UNEXPECTED;
    if (topic > 0) parties.push(start + PARTY_AT);
  }
  if (parties.length - before !== PARTIES) parties.length = before;
}

function contractLogAt(json: JsonBytes): ContractLog {
  let [address, data] = ["", ""];
  let topics: string[] = [];
  json.enterObject();
  while (json.hasField()) {
    if (json.skips(ADDRESS)) address = json.hex();
    else if (json.skips(TOPICS)) topics = json.list(() => json.hex());
    else if (json.skips(DATA)) data = json.hex();
  }
  return { address, topics, data };
}
