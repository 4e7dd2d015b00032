/**
 * Messages out of JSON as java-tron reads them (JsonFormat.merge), with its errors and its oddities: numbers are never
 * texts, an enum is a name or a number, a list may stand without brackets, null is nothing, what is not known is skipped.
 */
import { isTronAddress, toHex41 } from "../../tron/address.ts";
import { isHex } from "../../tron/bytes.ts";
import {
  type Field,
  isList,
  type Message,
  messageAs,
  type MessageOf,
  type Shape,
  type Value,
} from "../../tron/protobuf.ts";
import { hexOfText } from "../words.ts";
import { Tokens } from "./json-tokens.ts";
import { type NodeError, nullPointer } from "./node-error.ts";

const BASE58 = /[^123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz]/;

/** Throws `NodeError`. */
export function readMessage<S extends Shape>(shape: S, text: string, visible: boolean): MessageOf<S> {
  return messageAs(shape, readWhole(shape, text, visible));
}

function readWhole(shape: Shape, text: string, visible: boolean): Message {
  const tokens = new Tokens(text);
  const message = blank(shape);
  tokens.take("{");
  while (!tokens.tryTake("}")) readField({ tokens, visible }, shape, message);
  if (!tokens.atEnd) {
    throw tokens.error(
      "Expecting the end of the stream, but there seems to be more data!  Check the input for a valid JSON format.",
    );
  }
  return message;
}

type Draft = Record<string, Value>;
type Reading = { readonly tokens: Tokens; readonly visible: boolean };

function blank(shape: Shape): Draft {
  return Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, defaultOf(field)]));
}

function defaultOf(field: Field): Value {
  if (field.repeated === true) return [];
  if (typeof field.is === "object") return undefined;
  if (field.is === "bytes" || field.is === "string") return "";
  if (field.is === "int64") return 0n;
  return field.is === "bool" ? false : 0;
}

function readField(reading: Reading, shape: Shape, message: Draft): void {
  const { tokens } = reading;
  do {
    const name = tokens.takeName();
    const field = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (field === undefined) skip(tokens);
    else readValues(reading, { name, field }, message);
  } while (tokens.tryTake(","));
}

function readValues(reading: Reading, { name, field }: { name: string; field: Field }, message: Draft): void {
  const { tokens } = reading;
  tokens.take(":");
  const values: Value[] = [];
  if (tokens.tryTake("[")) {
    while (!tokens.tryTake("]")) {
      values.push(readValue(reading, field));
      tokens.tryTake(",");
    }
  } else values.push(readValue(reading, field));
  const given = values.filter((value) => value !== undefined);
  if (field.repeated === true) {
    const before = message[name];
    message[name] = [...(isList(before) ? before : []), ...given];
  } else if (given.length > 0) message[name] = given.at(-1);
}

function readValue(reading: Reading, field: Field): Value {
  const { tokens } = reading;
  if (typeof field.is === "object") return readObject(reading, field.is);
  if (tokens.tryTake("null")) return undefined;
  switch (field.is) {
    case "int64":
      return tokens.takeInt64();
    case "int32":
      return tokens.takeInt32();
    case "bool":
      return tokens.takeBoolean();
    case "string":
      return tokens.takeText();
    case "enum":
      return readEnum(tokens, field.names ?? []);
    case "bytes":
      return readBytes(reading, field);
  }
}

function readObject(reading: Reading, shape: Shape): Message {
  const { tokens } = reading;
  const message = blank(shape);
  tokens.take("{");
  while (!tokens.tryTake("}")) {
    if (tokens.atEnd) throw tokens.error('Expected "}".');
    readField(reading, shape, message);
  }
  return message;
}

/** A name all in lower case is tried with a capital: "function" of an ABI is Function. */
function readEnum(tokens: Tokens, names: readonly string[]): number {
  if (tokens.looksAtInteger()) {
    const number = tokens.takeInt32();
    if (names[number] !== undefined) return number;
    throw tokens.errorBefore(`Enum type has no value with number ${number}.`);
  }
  const given = tokens.takeName();
  const name = /^[a-z]+$/.test(given) ? given.charAt(0).toUpperCase() + given.slice(1) : given;
  const number = names.indexOf(name);
  if (number < 0) throw tokens.errorBefore(`Enum type has no value named "${name}".`);
  return number;
}

function readBytes({ tokens, visible }: Reading, field: Field): string {
  const here = (message: string) => tokens.error(message);
  if (!tokens.current.startsWith('"')) throw here("Expected string.");
  const given: unknown = JSON.parse(tokens.current);
  const hex = bytesOf(String(given), field, visible, here);
  tokens.next();
  return hex;
}

function bytesOf(text: string, field: Field, visible: boolean, error: (message: string) => NodeError): string {
  if (visible && field.shown === "text") return hexOfText(text);
  if (visible && field.shown === "address") {
    const odd = BASE58.exec(text);
    if (odd !== null) throw error(`INVALID base58 String, Illegal character ${odd[0]} at ${odd.index}`);
    if (!isTronAddress(text)) throw nullPointer();
    return toHex41(text);
  }
  return hexDigits(text) ?? fail(error("INVALID hex String"));
}

/** As ByteArray.fromHexString reads it: 0x is taken off, an odd number of digits gets a zero in front. */
export function hexDigits(text: string): string | undefined {
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  return isHex(even) ? even.toLowerCase() : undefined;
}

function fail(error: NodeError): never {
  throw error;
}

/** Steps over what the message does not know; numbers with a fraction and empty objects and lists trip it. */
function skip(tokens: Tokens): void {
  tokens.tryTake(":");
  if (tokens.tryTake("{")) {
    do {
      tokens.takeName();
      skip(tokens);
    } while (tokens.tryTake(","));
    tokens.take("}");
  } else if (tokens.tryTake("[")) {
    do skip(tokens);
    while (tokens.tryTake(","));
    tokens.take("]");
  } else if (!tokens.tryTake("null")) {
    if (tokens.looksAtInteger()) tokens.takeInt64();
    else if (tokens.looksAtBoolean()) tokens.takeBoolean();
    else tokens.takeText();
  }
}
