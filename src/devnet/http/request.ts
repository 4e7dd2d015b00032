/** One API call, read from query, form or JSON alike, and the parameters in it (tron.md §2.1). */
import { isTronAddress, toHex41 } from "../../tron/address.ts";
import { isHex } from "../../tron/bytes.ts";
import { fromJson } from "./json.ts";
import { NodeError, nullPointer, parseError } from "./node-error.ts";

export type Parameters = Readonly<Record<string, unknown>>;

export type ApiRequest = {
  readonly method: "GET" | "POST";
  /** Without the query, e.g. "/wallet/getaccount". */
  readonly path: string;
  readonly parameters: Parameters;
  readonly visible: boolean;
  readonly int64AsString: boolean;
};

const INT64_MAX = 2n ** 63n - 1n;

/** Throws `NodeError` for a body that is no JSON object. */
export function parseRequest(call: {
  method: "GET" | "POST";
  url: string;
  contentType: string;
  body: string;
}): ApiRequest {
  const { method } = call;
  const [path = "", query = ""] = call.url.split(/\?(.*)/s);
  const parameters = method === "GET" ? fromForm(query) : fromBody(call.body, call.contentType);
  const visible = String(parameters["visible"]).toLowerCase() === "true";
  const int64AsString = method === "GET" && parameters["int64_as_string"] === "true";
  return { method, path, parameters, visible, int64AsString };
}

function fromForm(text: string): Parameters {
  return Object.fromEntries(new URLSearchParams(text));
}

function fromBody(body: string, contentType: string): Parameters {
  const text = body.trim();
  if (text === "") return {};
  const isForm = contentType.startsWith("application/x-www-form-urlencoded");
  const parsed = tryJson(text);
  if (parsed === undefined && isForm) return fromForm(text);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new NodeError("com.alibaba.fastjson.JSONException", `syntax error, ${text.slice(0, 40)}`);
  }
  return { ...parsed };
}

function tryJson(text: string): unknown {
  try {
    return fromJson(text);
  } catch {
    return undefined;
  }
}

/** Like protobuf's JSON: text or number is accepted, absent is "". */
export function textOf(request: ApiRequest, name: string): string {
  return scalarText(request.parameters[name]);
}

export function scalarText(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean" ? value.toString() : "";
}

/** Hex of any length, lower-case. Throws `NodeError`. */
export function hexOf(request: ApiRequest, name: string): string {
  return parseHex(textOf(request, name));
}

/** Hex in a message. Throws `NodeError`. */
export function parseHex(text: string): string {
  return hexDigits(text) ?? fail(parseError("1:13: INVALID hex String"));
}

/** Hex that a node reads without a message around it: the error is another. Throws `NodeError`. */
export function looseHex(text: string): string {
  return (
    hexDigits(text) ??
    fail(
      new NodeError(
        "org.bouncycastle.util.encoders.DecoderException",
        "exception decoding Hex string: invalid characters encountered in Hex string",
      ),
    )
  );
}

/** As ByteArray.fromHexString reads it: 0x is taken off, an odd number of digits gets a zero in front. */
function hexDigits(text: string): string | undefined {
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  return isHex(even) ? even.toLowerCase() : undefined;
}

function fail(error: NodeError): never {
  throw error;
}

/** An address field as "41…", by `visible` base58 or hex; what is not exactly an address stays what it is. */
export function addressOf(request: ApiRequest, name: string): string {
  return parseAddress(textOf(request, name), request.visible);
}

export function parseAddress(text: string, visible: boolean): string {
  if (text === "") return "";
  if (!visible) return parseHex(text);
  if (!isTronAddress(text)) throw parseError("1:13: INVALID base58 String, INVALID address");
  return toHex41(text);
}

/** An int64; absent is 0. Throws `NodeError`. */
export function int64Of(request: ApiRequest, name: string): bigint {
  return parseInt64(request.parameters[name]);
}

export function parseInt64(value: unknown): bigint {
  if (value === undefined || value === null) return 0n;
  const text = scalarText(value);
  if (!/^-?[0-9]{1,19}$/.test(text)) {
    throw new NodeError("java.lang.NumberFormatException", `For input string: "${text.slice(0, 40)}"`);
  }
  const number = BigInt(text);
  if (number > INT64_MAX || number < -INT64_MAX - 1n) {
    throw new NodeError("java.lang.NumberFormatException", `For input string: "${text}"`);
  }
  return number;
}

export function booleanOf(request: ApiRequest, name: string): boolean {
  return String(request.parameters[name]).toLowerCase() === "true";
}

/** A nested object. Throws the node's NullPointerException when it is missing. */
export function objectOf(parameters: Parameters, name: string): Parameters {
  const value = parameters[name];
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw nullPointer();
  return { ...value };
}

/** Either spelling of an address, for the endpoints that do not ask `visible`. */
export function eitherAddressOf(request: ApiRequest, name: string): string {
  const text = textOf(request, name);
  return isTronAddress(text) ? toHex41(text) : parseHex(text);
}
