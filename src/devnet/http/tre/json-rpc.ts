/** JSON-RPC 2.0, as far as `/tre` needs it: single calls and batches, positional parameters. */
import { type Answer, json } from "../answer.ts";
import { fromJson, type Json } from "../json.ts";

/** The caller's parameters are wrong; nothing has happened. */
export class InvalidParameters extends Error {
  constructor(message: string) {
    super(message);
    this.name = "InvalidParameters";
  }
}

/** `undefined`: there is no such method. Throws `InvalidParameters`. */
export type Method = (parameters: readonly unknown[]) => Promise<Json> | Json;

const CODES = { parse: -32_700, request: -32_600, method: -32_601, parameters: -32_602, internal: -32_603 };
const BATCH_MAX = 100;

export async function answerRpc(body: string, methods: Readonly<Record<string, Method>>): Promise<Answer> {
  const parsed = parsedOf(body);
  if (parsed === undefined) return json(200, failure(null, CODES.parse, "JSON parse error"));
  if (!Array.isArray(parsed)) return json(200, await callOf(parsed, methods));
  if (parsed.length === 0 || parsed.length > BATCH_MAX) {
    return json(200, failure(null, CODES.request, `a batch has 1 to ${BATCH_MAX} calls`));
  }
  const answers: Json[] = [];
  // One after the other: a later call may build on what an earlier one did.
  for (const call of parsed) answers.push(await callOf(call, methods));
  return json(200, answers);
}

async function callOf(call: unknown, methods: Readonly<Record<string, Method>>): Promise<Json> {
  if (typeof call !== "object" || call === null) return failure(null, CODES.request, "a call is an object");
  const fields: Readonly<Record<string, unknown>> = { ...call };
  const id = idOf(fields["id"]);
  const name = typeof fields["method"] === "string" ? fields["method"] : "";
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (method === undefined) return failure(id, CODES.method, `the method ${name.slice(0, 80)} does not exist`);
  const parameters = fields["params"] ?? [];
  if (!Array.isArray(parameters)) return failure(id, CODES.parameters, "method parameters invalid");
  try {
    return { jsonrpc: "2.0", id, result: await method(parameters) };
  } catch (error) {
    const message = error instanceof Error ? error.message : "unknown";
    return failure(id, error instanceof InvalidParameters ? CODES.parameters : CODES.internal, message);
  }
}

function failure(id: Json, code: number, message: string): Json {
  return { jsonrpc: "2.0", id, error: { code, message } };
}

function idOf(value: unknown): Json {
  return typeof value === "string" || typeof value === "number" || typeof value === "bigint" ? value : null;
}

function parsedOf(body: string): unknown {
  try {
    return fromJson(body);
  } catch {
    return undefined;
  }
}
