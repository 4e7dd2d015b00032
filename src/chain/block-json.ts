/**
 * Blocks taken out of a node's answer in one pass over its bytes, one after the other. Of a full block the transactions
 * are nine tenths, and of those the engine reads the bytes that are hashed, not the same thing spelled out beside them
 * (`raw_data`), which is passed over: parsing all of it was half of what following full blocks cost.
 *
 * J1. A block that is not as plain as nodes write it is read by the general parser, if it is not too long for that
 *     (`json.ts`). What this reader makes of a block is what that one would, but for `raw_data`.
 * J2. A list that `isPlain` was looked at on the way: ids, bytes and signatures are lower-case hex of whole bytes.
 */
import { JsonBytes, keyBytes, UNEXPECTED } from "./json-bytes.ts";
import { parseLosslessBytes } from "./json.ts";

const HASH_DIGITS = 64;
/** The chain takes no more than five keys of a permission; texts of nothing are many in few bytes. */
const SIGNATURES_MAX = 64;
/** No hex. */
const MISSING = "-";
const BLOCK = keyBytes("block");
const TRANSACTIONS = keyBytes("transactions");
const TX_ID = keyBytes("txID");
const RAW_DATA_HEX = keyBytes("raw_data_hex");
const SIGNATURE = keyBytes("signature");
const RET = keyBytes("ret");
const RAW_DATA = keyBytes("raw_data");
const VISIBLE = keyBytes("visible");
const SUCCESS = Buffer.from('[{"contractRet":"SUCCESS"}]');
const SUCCESS_RET = [{ contractRet: "SUCCESS" }];

const plain = new WeakSet<object>();

/** Whether this reader made the list, so that its strings need no other look (J2). */
export function isPlain(transactions: unknown): boolean {
  return typeof transactions === "object" && transactions !== null && plain.has(transactions);
}

/** What `parseLossless` makes of an answer with one block. Throws `SyntaxError`. */
export function parseBlock(bytes: Buffer): unknown {
  return plainly(bytes, (json) => {
    const block = blockAt(json);
    json.end();
    return block;
  });
}

/** The same of an answer with a list, in which each block is parsed when it is its turn. Throws `SyntaxError`, then too. */
export function parseBlocks(bytes: Buffer): unknown {
  return plainly(bytes, (json) => {
    let block: BlockList | undefined;
    json.enterObject();
    while (json.hasField()) {
      if (block !== undefined || !json.skips(BLOCK)) throw UNEXPECTED;
      block = new BlockList(bytes, json.at);
      json.pastValue();
    }
    json.end();
    return block === undefined ? {} : { block };
  });
}

/** A list that is walked once and holds nothing of what was read: a page of full blocks is megabytes. */
export class BlockList implements Iterable<unknown> {
  readonly #bytes: Buffer;
  readonly #start: number;

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.#start = start;
  }

  *[Symbol.iterator](): Generator {
    const json = new JsonBytes(this.#bytes);
    json.at = this.#start;
    try {
      json.enterList();
      while (json.hasItem()) yield this.#item(json);
    } catch (error) {
      if (error !== UNEXPECTED) throw error;
      throw new SyntaxError("not a list of blocks");
    }
  }

  #item(list: JsonBytes): unknown {
    const start = list.at;
    list.pastValue();
    const bytes = this.#bytes.subarray(start, list.at);
    // What one block may have parsed, another does not use up.
    return plainly(bytes, blockAt);
  }
}

function plainly(bytes: Buffer, read: (json: JsonBytes) => unknown): unknown {
  try {
    return read(new JsonBytes(bytes));
  } catch (error) {
    if (error !== UNEXPECTED) throw error;
    return parseLosslessBytes(bytes);
  }
}

function blockAt(json: JsonBytes): unknown {
  const fields: [string, unknown][] = [];
  json.enterObject();
  while (json.hasField()) {
    if (json.skips(TRANSACTIONS)) fields.push(["transactions", transactionsAt(json)]);
    else fields.push([json.key(), json.any()]);
  }
  return Object.fromEntries(fields);
}

function transactionsAt(json: JsonBytes): unknown[] {
  const list = json.list(() => transactionAt(json));
  plain.add(list);
  return list;
}

type PlainTransaction = { txID: string; raw_data_hex: string; signature?: string[]; ret?: unknown };

function transactionAt(json: JsonBytes): PlainTransaction {
  const transaction: PlainTransaction = { txID: "", raw_data_hex: MISSING };
  json.enterObject();
  while (json.hasField()) {
    if (json.skips(TX_ID)) transaction.txID = json.hex();
    else if (json.skips(RAW_DATA_HEX)) transaction.raw_data_hex = json.hex();
    else if (json.skips(SIGNATURE)) transaction.signature = signaturesAt(json);
    else if (json.skips(RET)) transaction.ret = resultAt(json);
    else if (json.skips(RAW_DATA) || json.skips(VISIBLE)) json.pastValue();
    else throw UNEXPECTED;
  }
  if (transaction.txID.length !== HASH_DIGITS || transaction.raw_data_hex === MISSING) throw UNEXPECTED;
  return transaction;
}

function signaturesAt(json: JsonBytes): string[] {
  const signatures: string[] = [];
  json.enterList();
  while (json.hasItem()) {
    if (signatures.length === SIGNATURES_MAX) throw UNEXPECTED;
    signatures.push(json.hex());
  }
  return signatures;
}

/** Nearly every one is the same. Whatever it is, its schema looks at it. */
function resultAt(json: JsonBytes): unknown {
  if (!json.holds(SUCCESS)) return json.any();
  json.at += SUCCESS.length;
  return SUCCESS_RET;
}
