/** Positional parameters of `/tre`. Every reader throws `InvalidParameters`. */
import { isHex41, isTronAddress, toHex41 } from "../../../tron/address.ts";
import { InvalidParameters } from "./json-rpc.ts";

const INT64_MAX = 2n ** 63n - 1n;

export function counted(parameters: readonly unknown[], ...counts: readonly number[]): readonly unknown[] {
  if (!counts.includes(parameters.length)) throw new InvalidParameters("method parameters invalid");
  return parameters;
}

/** Base58, 41… or 0x…, as "41…". */
export function account(value: unknown): string {
  const text = typeof value === "string" ? value : "";
  const hex = text.toLowerCase().replace(/^0x(?=(41)?[0-9a-f]{40}$)/, "");
  const padded = hex.length === 40 ? `41${hex}` : hex;
  if (isTronAddress(text)) return toHex41(text);
  if (!isHex41(padded)) throw new InvalidParameters("invalid address hash value");
  return padded;
}

/** A number, its text, or hex with 0x. */
export function int64(value: unknown): bigint {
  const isNumber = typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
  const text = isNumber ? value.toString() : value;
  if (typeof text !== "string" || !/^(-?[0-9]{1,20}|0x[0-9a-fA-F]{1,64})$/.test(text)) {
    throw new InvalidParameters("invalid hex number");
  }
  const number = BigInt(text);
  if (number > INT64_MAX || number < -INT64_MAX) throw new InvalidParameters("the number is larger than an int64");
  return number;
}

/** Hex with or without 0x, lower-case and without it. */
export function bytes(value: unknown): string {
  const text = typeof value === "string" ? value.replace(/^0x/i, "") : "-";
  if (!/^([0-9a-fA-F]{2})*$/.test(text)) throw new InvalidParameters("invalid hex string");
  return text.toLowerCase();
}

/** Up to 32 bytes of hex as a number. */
export function word(value: unknown): bigint {
  const text = typeof value === "string" ? value.replace(/^0x/i, "") : "-";
  if (!/^[0-9a-fA-F]{1,64}$/.test(text)) throw new InvalidParameters("invalid hex string of up to 32 bytes");
  return BigInt(`0x${text}`);
}
