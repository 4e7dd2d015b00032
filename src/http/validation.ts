/** From text to checked values: the JSON body, the query, and words for what does not fit the schema. */
import type { FastifyError } from "fastify";
import { Fault, refuse, type ErrorCode } from "../domain/errors.ts";
import { FIELD_ERRORS_MAX, SHOWN_VALUE_MAX } from "./bounds.ts";
import type { FieldError, Rejected } from "./problem.ts";

const forbiddenKey =
  /"(?:_|\\u005f){2}(?:p|\\u0070)(?:r|\\u0072)(?:o|\\u006f)(?:t|\\u0074)(?:o|\\u006f)(?:_|\\u005f){2}"|"(?:c|\\u0063)(?:o|\\u006f)(?:n|\\u006e)(?:s|\\u0073)(?:t|\\u0074)(?:r|\\u0072)(?:u|\\u0075)(?:c|\\u0063)(?:t|\\u0074)(?:o|\\u006f)(?:r|\\u0072)"/i;

/** Throws `Fault` `malformed_json`, or `validation_failed` for keys that reach an object's prototype. */
export function parseJsonBody(text: string): unknown {
  if (text === "") throw new Fault("malformed_json", "The body is empty; send a JSON object");
  const body = parse(text);
  if (forbiddenKey.test(text)) refuseForbiddenKeys(body);
  return body;
}

/** A query is text; numbers and booleans of the schema are read from it. Bodies are never coerced. */
export function coerceQuery(schema: QuerySchema, query: unknown): void {
  if (typeof query !== "object" || query === null) return;
  for (const [name, { type }] of Object.entries(schema.properties)) {
    const text: unknown = Reflect.get(query, name);
    if (typeof text !== "string") continue;
    if (type === "integer" && /^-?[0-9]{1,15}$/.test(text)) Reflect.set(query, name, Number(text));
    if (type === "boolean" && (text === "true" || text === "false")) Reflect.set(query, name, text === "true");
  }
}
type Found = NonNullable<FastifyError["validation"]>[number];
export type QuerySchema = { readonly properties: Readonly<Record<string, { readonly type?: unknown }>> };

/** Turns what the schema compiler found into one refusal that names every wrong field. */
export function rejectInvalid(found: readonly Found[], at: { part: string; input: unknown }): Rejected {
  const errors = found.slice(0, FIELD_ERRORS_MAX).map((error) => fieldError(error, at.input));
  const [first] = errors;
  const where = at.part === "querystring" ? "query" : at.part;
  const detail =
    first === undefined
      ? `The ${where} does not fit the schema`
      : `In the ${where}, ${first.path === "" ? "the whole" : first.path} ${first.message}`;
  const more = errors.length > 1 ? `, and ${errors.length - 1} more; see errors` : "";
  return { refusal: refuse(codeOf(found), detail + more), errors };
}

/** Fields with an error code and a hint of their own, wherever they stand in a request. Maps: names come from outside. */
const FIELD_CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ["amount", "invalid_amount"],
  ["to", "invalid_address"],
  ["address", "invalid_address"],
  ["cursor", "invalid_cursor"],
]);
const ADDRESS_HINT = "; write a TRON address in base58, 34 characters from T";
const FIELD_HINTS: ReadonlyMap<string, string> = new Map([
  ["amount", '; write decimal text with at most 6 places, such as "12.5"'],
  ["to", ADDRESS_HINT],
  ["address", ADDRESS_HINT],
]);

/** The field's own code when nothing else is wrong; a field that is missing or unknown is a wrong request, not a wrong value. */
function codeOf(found: readonly Found[]): ErrorCode {
  const codes = new Set(
    found.map(({ keyword, instancePath }) =>
      keyword === "required" || keyword === "additionalProperties" ? undefined : FIELD_CODES.get(lastOf(instancePath)),
    ),
  );
  const [only] = codes;
  return codes.size === 1 && only !== undefined ? only : "validation_failed";
}

function fieldError(error: Found, input: unknown): FieldError {
  const named: unknown = error.params["additionalProperty"] ?? error.params["missingProperty"];
  const path = typeof named === "string" ? `${error.instancePath}/${escapePointer(named)}` : error.instancePath;
  if (error.keyword === "additionalProperties")
    return { path: shorten(path), message: "is not a known field; remove it" };
  if (error.keyword === "required") return { path, message: "is required" };
  const value = valueAt(input, error.instancePath);
  const message = `${error.message ?? "is wrong"}${allowed(error)}${FIELD_HINTS.get(lastOf(path)) ?? ""}`;
  return isShowable(path, value) ? { path, message, value } : { path, message };
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function allowed(error: Found): string {
  const values: unknown = error.params["allowedValues"];
  if (Array.isArray(values)) return `: ${values.join(", ")}`;
  const value: unknown = error.params["allowedValue"];
  return value === undefined ? "" : ` ${JSON.stringify(value)}`;
}

/** Short scalars only, and never from a field that may hold a key. */
function isShowable(path: string, value: unknown): boolean {
  if (/private|secret|key|phrase|seed|hex/i.test(path)) return false;
  return typeof value === "string"
    ? value.length <= SHOWN_VALUE_MAX
    : typeof value === "number" || typeof value === "boolean" || value === null;
}

function valueAt(input: unknown, pointer: string): unknown {
  let value = input;
  for (const part of pointer.split("/").slice(1)) {
    if (typeof value !== "object" || value === null) return undefined;
    const inner: unknown = Reflect.get(value, part.replaceAll("~1", "/").replaceAll("~0", "~"));
    value = inner;
  }
  return value;
}

function escapePointer(part: string): string {
  return part.replaceAll("~", "~0").replaceAll("/", "~1");
}

function shorten(path: string): string {
  return path.length > SHOWN_VALUE_MAX ? `${path.slice(0, SHOWN_VALUE_MAX)}…` : path;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // V8's message quotes the text around the mistake, which may be a key: only the place is told.
    const place = cause instanceof Error ? /position \d+/.exec(cause.message)?.[0] : undefined;
    throw new Fault("malformed_json", `The body is not valid JSON${place === undefined ? "" : ` at ${place}`}`);
  }
}

function refuseForbiddenKeys(body: unknown): void {
  const open: { value: unknown; path: string }[] = [{ value: body, path: "" }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next.value !== "object" || next.value === null) continue;
    for (const [key, value] of Object.entries(next.value)) {
      const path = `${next.path}/${escapePointer(key)}`;
      if (key === "__proto__" || key === "constructor") {
        throw new Fault("validation_failed", `The field ${shorten(path)} is not allowed; remove it`);
      }
      open.push({ value, path });
    }
  }
}
