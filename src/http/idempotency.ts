/**
 * One Idempotency-Key, one outcome. The key is scoped by token and canonical route, so that two callers, or two
 * endpoints, never meet; both spellings of a path are one route. The ids of what a request creates are derived from the
 * scoped key: the same request always reaches the same actor, whatever happened to the first answer.
 */
import { hash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { refuse, type Refusal } from "../domain/errors.ts";
import { IDEMPOTENCY_KEY_MAX } from "../domain/limits.ts";

export type Idempotency = {
  /** Scoped; what the engine stores the answer under. */
  readonly key: string;
  /** Hash of the request. */
  readonly fingerprint: string;
};

const printable = new RegExp(`^[\\x20-\\x7e]{1,${IDEMPOTENCY_KEY_MAX}}$`);
const ID_LENGTH = 22;

/** `undefined` when the header is absent. */
export function readIdempotency(request: FastifyRequest, route: string): Idempotency | Refusal | undefined {
  const header = request.headers["idempotency-key"];
  if (header === undefined) return undefined;
  if (Array.isArray(header) || !printable.test(header)) {
    return refuse("idempotency_key_invalid", `Send 1 to ${IDEMPOTENCY_KEY_MAX} printable ASCII characters`);
  }
  const scope = `${request.principal.id}\n${route}\n${header}`;
  return {
    key: digest(scope),
    fingerprint: digest(canonicalJson({ params: request.params, body: request.body ?? null })),
  };
}

/** "po_" and 22 characters that follow from the scoped key, and from `part` where one request creates several. */
export function derivedId(prefix: string, from: { key: string; part?: string }): string {
  const hash = from.part === undefined ? from.key : digest(`${from.key}\n${from.part}`);
  return `${prefix}_${hash.slice(0, ID_LENGTH)}`;
}

/** Binds an approval, or a fingerprint, to a value: equal values have equal text, whatever the order of their keys. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const fields: string[] = [];
  for (const name of inOrder(Object.keys(value))) {
    const inner: unknown = Reflect.get(value, name);
    if (inner !== undefined) fields.push(`${JSON.stringify(name)}:${canonicalJson(inner)}`);
  }
  return `{${fields.join(",")}}`;
}

/** Sorting what is sorted already makes four copies of it. */
function inOrder(names: string[]): string[] {
  return names.every((name, at) => at === 0 || (names[at - 1] ?? "") < name) ? names : names.sort();
}

/** sha256 as base64url. */
export function digest(text: string): string {
  return hash("sha256", text, "base64url");
}
