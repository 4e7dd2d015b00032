/**
 * The TRX that a transaction in a block moves by itself. Written for bytes that somebody else made and the chain executed:
 * `decodeRawTransaction` takes only the one encoding that we would write, while a node takes every encoding that
 * protobuf allows, and money that came in another one came all the same.
 *
 * C1. As protobuf: unknown fields are passed over in any place, of a value that is there twice the last one counts, and
 *     a message that is there twice is one message.
 */

export type CoinTransfer = {
  /** 20 bytes as hex, without 41. */
  readonly from: string;
  readonly to: string;
  /** sun */
  readonly amount: bigint;
};

/** The end of every type URL of a transfer; whatever stands before the slash, nodes do not look at it. */
const TYPE_NAME = "/protocol.TransferContract";
const TYPE_NAME_HEX = Buffer.from(TYPE_NAME).toString("hex");
const TRANSFER_CONTRACT = 1n;
const CONTRACT_FIELD = 11;
const ADDRESS = /^41[0-9a-f]{40}$/;
const GROUPS_MAX = 64;

/** False for nearly every transaction that moves none: enough to keep its bytes for a closer look. */
export function mayMoveCoin(rawHex: string): boolean {
  return rawHex.includes(TYPE_NAME_HEX);
}

/** `undefined` for everything that is not one TransferContract, or that neither gives to nor takes from whom is wanted. */
export function coinTransferOf(rawHex: string, isWanted: (hex20: string) => boolean): CoinTransfer | undefined {
  if (!mayMoveCoin(rawHex) || isBetweenStrangers(rawHex, isWanted)) return undefined;
  const contract = message(fieldsOf(Buffer.from(rawHex, "hex")), CONTRACT_FIELD);
  const parameter = message(contract, 2);
  if (number(contract, 1) !== TRANSFER_CONTRACT || !bytes(parameter, 1).toString().endsWith(TYPE_NAME))
    return undefined;
  const transfer = fieldsOf(bytes(parameter, 2));
  const [owner, to] = [bytes(transfer, 1).toString("hex"), bytes(transfer, 2).toString("hex")];
  if (!ADDRESS.test(owner) || !ADDRESS.test(to)) return undefined;
  const parties = { from: owner.slice(2), to: to.slice(2) };
  if (!isWanted(parties.from) && !isWanted(parties.to)) return undefined;
  return { ...parties, amount: BigInt.asIntN(64, number(transfer, 3)) };
}

/**
 * What wallets write after the name of the type: owner, payee and amount, in this order and nothing else, perhaps the
 * permission, and the timestamp of the transaction. So nearly every transfer of strangers is known without taking it apart.
 */
const USUAL =
  /12[0-9a-f]{2}0a1541([0-9a-f]{40})121541([0-9a-f]{40})18(?:[89a-f][0-9a-f]){0,9}[0-7][0-9a-f](?:280[0-9])?70/y;

function isBetweenStrangers(rawHex: string, isWanted: (hex20: string) => boolean): boolean {
  const name = rawHex.indexOf(TYPE_NAME_HEX);
  // A memo can hold the same words.
  if (name !== rawHex.lastIndexOf(TYPE_NAME_HEX)) return false;
  USUAL.lastIndex = name + TYPE_NAME_HEX.length;
  const [, from = "", to = ""] = USUAL.exec(rawHex) ?? [];
  return from !== "" && !isWanted(from) && !isWanted(to);
}

type Field = { readonly n: number; readonly value: Buffer | bigint };
const NOTHING = Buffer.alloc(0);

function number(fields: readonly Field[], n: number): bigint {
  const value = fields.findLast((field) => field.n === n && typeof field.value === "bigint")?.value;
  return typeof value === "bigint" ? value : 0n;
}

function bytes(fields: readonly Field[], n: number): Buffer {
  const value = fields.findLast((field) => field.n === n && typeof field.value !== "bigint")?.value;
  return typeof value === "object" ? value : NOTHING;
}

/** The fields of the message at this field; those of its occurrences one after the other are those of the whole. */
function message(fields: readonly Field[], n: number): Field[] {
  return fields.flatMap(({ n: at, value }) => (at === n && typeof value === "object" ? fieldsOf(value) : []));
}

/** Bytes that are no protobuf end the list: nothing of a message that a node took stands behind them. */
function fieldsOf(source: Buffer): Field[] {
  const fields: Field[] = [];
  const reader = new Reader(source);
  while (!reader.atEnd) {
    const tag = Number(reader.varint());
    const value = reader.value(tag, 0);
    if (value !== undefined) fields.push({ n: tag >>> 3, value });
  }
  return fields;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(source: Buffer) {
    this.#bytes = source;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    return this.#stop();
  }

  /** `undefined` for kinds of values that no field that we read has. */
  value(tag: number, depth: number): Buffer | bigint | undefined {
    const kind = tag & 7;
    if (kind === 0) return this.varint();
    if (kind === 2) return this.#take(Number(this.varint()));
    if (kind === 1) this.#take(8);
    else if (kind === 5) this.#take(4);
    else if (kind === 3 && depth < GROUPS_MAX) this.#passGroup(depth + 1);
    else this.#stop();
    return undefined;
  }

  #passGroup(depth: number): void {
    while (!this.atEnd) {
      const tag = Number(this.varint());
      if ((tag & 7) === 4) return;
      this.value(tag, depth);
    }
  }

  #take(length: number): Buffer {
    const start = this.#at;
    this.#at = Math.min(this.#bytes.length, start + length);
    return this.#bytes.subarray(start, this.#at);
  }

  #stop(): bigint {
    this.#at = this.#bytes.length;
    return 0n;
  }
}
