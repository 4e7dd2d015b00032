/**
 * One API call, and the parameters in it (tron.md §2.1).
 *
 * R1. A query and a form hold texts, so their numbers are texts: Java's own parsers read those of a query, and a message
 *     (json-format.ts) does not take them out of a form.
 * R2. The errors are those of java-tron for the same call, with the position in the body where it names one.
 */
import { bytes, address as addressField, bool, int64 as int64Field } from "../../tron/shapes/fields.ts";
import type { MessageOf, Shape } from "../../tron/protobuf.ts";
import { isTronAddress, toHex41 } from "../../tron/address.ts";
import { fromJson, jsonTextOf, toJson } from "./json.ts";
import { hexDigits, readMessage } from "./json-format.ts";
import { NodeError, nullPointer } from "./node-error.ts";

export type Parameters = Readonly<Record<string, unknown>>;

export type ApiRequest = {
  readonly method: "GET" | "POST";
  /** Without the query, e.g. "/wallet/getaccount". */
  readonly path: string;
  readonly parameters: Parameters;
  /** The body as JSON; of a form, its fields as texts. Of a GET, its query likewise. */
  readonly text: string;
  readonly visible: boolean;
  readonly int64AsString: boolean;
};

const FORM = "application/x-www-form-urlencoded";
const INT64_MAX = 2n ** 63n - 1n;

type Call = {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly contentType: string;
  readonly body: string;
  /** The endpoint answers a POST as it answers a GET: only query and form count, whatever else is in the body. */
  readonly ignoresBody: boolean;
};

/** Throws `NodeError` for a body that is no JSON object. */
export function parseRequest(call: Call): ApiRequest {
  const { method } = call;
  const [path = "", query = ""] = call.url.split(/\?(.*)/s);
  const { parameters, text } =
    method === "GET" || call.ignoresBody ? fromQuery(query, call) : fromBody(call.body, call.contentType);
  const visible = String(parameters["visible"]).toLowerCase() === "true";
  const int64AsString = method === "GET" && parameters["int64_as_string"] === "true";
  return { method, path, parameters, text, visible, int64AsString };
}

function fromQuery(query: string, { method, contentType, body }: Call) {
  const form = method === "POST" && contentType.startsWith(FORM) ? body : "";
  return fromForm([query, form].filter((part) => part !== "").join("&"));
}

function fromForm(text: string) {
  const parameters: Record<string, string> = Object.fromEntries(new URLSearchParams(text));
  return { parameters, text: toJson(parameters) };
}

function fromBody(body: string, contentType: string): { parameters: Parameters; text: string } {
  const blank = body.trim() === "";
  if (blank) return { parameters: {}, text: "" };
  const parsed = tryJson(body);
  if (parsed === undefined && contentType === FORM) return fromForm(body);
  if (parsed === null) throw nullPointer();
  if (parsed === undefined) throw jsonError(`syntax error, ${body.trim().slice(0, 40)}`);
  if (typeof parsed !== "object" || Array.isArray(parsed)) throw jsonError("can not cast to JSONObject.");
  return { parameters: { ...parsed }, text: body };
}

function jsonError(message: string): NodeError {
  return new NodeError("com.alibaba.fastjson.JSONException", message);
}

/** A call that the devnet makes of itself. */
export function internalRequest(parameters: Parameters): ApiRequest {
  return { method: "POST", path: "", parameters, text: jsonTextOf(parameters), visible: false, int64AsString: false };
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

/** A message of this shape out of the body. Throws `NodeError`. */
export function messageOf<S extends Shape>(request: ApiRequest, shape: S): MessageOf<S> {
  return readMessage(shape, request.text, request.visible);
}

/** Bytes as lower-case hex. Throws `NodeError`. */
export function hexOf(request: ApiRequest, name: string): string {
  if (request.method === "GET") return looseHex(textOf(request, name));
  return messageOf(request, { [name]: bytes(1) })[name] ?? "";
}

/** Hex that a node reads without a message around it: the error is another. Throws `NodeError`. */
export function looseHex(text: string): string {
  const digits = hexDigits(text);
  if (digits !== undefined) return digits;
  const message = "exception decoding Hex string: invalid characters encountered in Hex string";
  throw new NodeError("org.bouncycastle.util.encoders.DecoderException", message);
}

/** An address field as "41…", by `visible` base58 or hex; what is not exactly an address stays what it is. */
export function addressOf(request: ApiRequest, name: string): string {
  if (request.method === "POST") return messageOf(request, { [name]: addressField(1) })[name] ?? "";
  const given = request.parameters[name];
  if (given === undefined) return "";
  // A node makes a message of the query itself.
  return addressOf({ ...request, method: "POST", text: toJson({ [name]: textOf(request, name) }) }, name);
}

/** An int64; absent from a body it is 0. Throws `NodeError`. */
export function int64Of(request: ApiRequest, name: string): bigint {
  if (request.method === "POST") return messageOf(request, { [name]: int64Field(1) })[name] ?? 0n;
  const given = request.parameters[name];
  return given === undefined ? fail(numberFormat("null")) : parseLong(scalarText(given));
}

/** The same where a query may leave it out. */
export function optionalInt64Of(request: ApiRequest, name: string): bigint {
  return request.parameters[name] === undefined ? 0n : int64Of(request, name);
}

/** Long.parseLong. */
function parseLong(text: string): bigint {
  const wrong = numberFormat(`For input string: "${text}"`);
  if (!/^[+-]?[0-9]+$/.test(text)) throw wrong;
  const number = BigInt(text.replace("+", ""));
  return number > INT64_MAX || number < -INT64_MAX - 1n ? fail(wrong) : number;
}

/** A number that fastjson reads: text will do. Throws `NodeError`, also when it is missing. */
export function requiredLongOf(request: ApiRequest, name: string): bigint {
  const given = request.parameters[name];
  if (request.method === "GET") return int64Of(request, name);
  if (given === undefined || given === null) {
    throw new NodeError("java.security.InvalidParameterException", `key [${name}] does not exist`);
  }
  const text = scalarText(given);
  if (!/^[+-]?[0-9]+$/.test(text)) throw numberFormat("null");
  return parseLong(text);
}

function numberFormat(message: string): NodeError {
  return new NodeError("java.lang.NumberFormatException", message);
}

export function booleanOf(request: ApiRequest, name: string): boolean {
  if (request.method === "POST") return messageOf(request, { [name]: bool(1) })[name] === true;
  return String(request.parameters[name]).toLowerCase() === "true";
}

/** A nested object. Throws the node's NullPointerException when it is missing. */
export function objectOf(parameters: Parameters, name: string): Parameters {
  const value = parameters[name];
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw nullPointer();
  return { ...value };
}

/** Either spelling of an address, for the endpoints that do not ask `visible`. Throws `NodeError`. */
export function eitherAddressOf(request: ApiRequest, name: string): string {
  const text = textOf(request, name);
  return isTronAddress(text) ? toHex41(text) : hexOf(request, name);
}

function fail(error: NodeError): never {
  throw error;
}
