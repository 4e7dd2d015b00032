/** Logs with names: what an event of a contract's interface says (tron.md §2.4), values as text as the provider has them. */
import { isHex } from "../../../tron/bytes.ts";
import { keccakOfText } from "../../../tron/hashes.ts";
import type { Log } from "../../../tron/trc20.ts";

export type EventInput = { readonly name: string; readonly type: string; readonly indexed: boolean };
export type EventShape = { readonly name: string; readonly inputs: readonly EventInput[] };

export type NamedEvent = {
  readonly name: string;
  /** "Transfer(address indexed from, …)" */
  readonly text: string;
  readonly result: Readonly<Record<string, string>>;
  readonly types: Readonly<Record<string, string>>;
};

/** `undefined` when no event of the interface has this signature, or the data does not fit it. */
export function namedEvent(log: Log, shapes: readonly EventShape[]): NamedEvent | undefined {
  const shape = shapes.find((each) => keccakOfText(signatureOf(each)) === log.topics[0]);
  return shape === undefined ? undefined : valuesOf(log, shape);
}

export function signatureOf({ name, inputs }: EventShape): string {
  return `${name}(${inputs.map(({ type }) => type).join(",")})`;
}

function valuesOf(log: Log, shape: EventShape): NamedEvent | undefined {
  const indexed = log.topics.slice(1);
  const { inputs } = shape;
  if (inputs.filter((input) => input.indexed).length !== indexed.length) return undefined;
  const plain = inputs.filter((input) => !input.indexed);
  const fromData = headsOf(plain, log.data);
  if (fromData === undefined) return undefined;
  const result: Record<string, string> = {};
  const named: Record<string, string> = {};
  const types: Record<string, string> = {};
  let [topic, head] = [0, 0];
  for (const [index, input] of inputs.entries()) {
    const value = input.indexed ? topicValue(input.type, indexed[topic] ?? "") : (fromData[head] ?? "");
    if (input.indexed) topic += 1;
    else head += 1;
    result[String(index)] = value;
    if (input.name !== "") named[input.name] = value;
    types[input.name === "" ? String(index) : input.name] = input.type;
  }
  const parts = inputs.map(({ type, name, indexed: isIndexed }) => [type, isIndexed ? "indexed" : "", name]);
  const text = `${shape.name}(${parts.map((part) => part.filter((word) => word !== "").join(" ")).join(", ")})`;
  return { name: shape.name, text, result: { ...result, ...named }, types };
}

/** What is not one word is only there as a hash. */
function topicValue(type: string, word: string): string {
  return isDynamic(type) || type.includes("[") ? word : wordValue(type, word);
}

function headsOf(inputs: readonly EventInput[], data: string): string[] | undefined {
  if (!isHex(data)) return undefined;
  try {
    let at = 0;
    return inputs.map(({ type }) => {
      const value = readValue(type, data, { at, base: 0 });
      at += sizeOf(type);
      return value;
    });
  } catch {
    return undefined;
  }
}

const ARRAY = /^(.*)\[([0-9]*)\]$/;

function isDynamic(type: string): boolean {
  const array = ARRAY.exec(type);
  if (array === null) return type === "string" || type === "bytes";
  const [, item = "", count = ""] = array;
  return count === "" || isDynamic(item);
}

/** Bytes that a value takes in the head. */
function sizeOf(type: string): number {
  if (isDynamic(type)) return 32;
  const [, item, count] = ARRAY.exec(type) ?? [];
  return item === undefined ? 32 : sizeOf(item) * Number(count);
}

type Position = { readonly at: number; readonly base: number };

/** Throws RangeError when the data ends too early. */
function readValue(type: string, data: string, { at, base }: Position): string {
  const start = isDynamic(type) ? base + offsetAt(data, at) : at;
  const [, item, count = ""] = ARRAY.exec(type) ?? [];
  if (item !== undefined) return readList(item, data, { start, count });
  if (!isDynamic(type)) return wordValue(type, wordAt(data, start));
  const length = offsetAt(data, start);
  const hex = data.slice((start + 32) * 2, (start + 32 + length) * 2);
  if (hex.length !== length * 2) throw new RangeError("the data ends too early");
  return type === "string" ? Buffer.from(hex, "hex").toString("utf8") : hex;
}

function readList(item: string, data: string, list: { start: number; count: string }): string {
  const isOpen = list.count === "";
  const count = isOpen ? offsetAt(data, list.start) : Number(list.count);
  const base = isOpen ? list.start + 32 : list.start;
  const size = sizeOf(item);
  if ((base + count * size) * 2 > data.length) throw new RangeError("the data ends too early");
  const items = Array.from({ length: count }, (_, index) => readValue(item, data, { at: base + index * size, base }));
  return items.join(",");
}

function wordAt(data: string, at: number): string {
  const word = data.slice(at * 2, (at + 32) * 2);
  if (word.length !== 64) throw new RangeError("the data ends too early");
  return word;
}

function offsetAt(data: string, at: number): number {
  const offset = BigInt(`0x${wordAt(data, at)}`);
  if (offset * 2n > BigInt(data.length)) throw new RangeError("points outside the data");
  return Number(offset);
}

function wordValue(type: string, word: string): string {
  if (word === "") return "";
  if (type === "address") return `0x${word.slice(24)}`;
  if (type === "bool") return String(BigInt(`0x${word}`) !== 0n);
  if (type.startsWith("uint")) return BigInt(`0x${word}`).toString();
  if (type.startsWith("int")) return BigInt.asIntN(256, BigInt(`0x${word}`)).toString();
  const bytes = /^bytes([0-9]+)$/.exec(type)?.[1];
  return bytes === undefined ? word : word.slice(0, Number(bytes) * 2);
}
