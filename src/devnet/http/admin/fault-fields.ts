/** A fault out of a JSON body. */
import type { FaultKind, NodeFault } from "../../faults.ts";
import { CODES, type Code } from "../../outcome.ts";
import { allow, BadRequest, type Fields, oneOf, optionalText, whole } from "./fields.ts";

/** As a record, so that the compiler misses a new kind here. */
const KINDS: Readonly<Record<FaultKind, true>> = {
  "accept-then-time-out": true,
  "accept-then-reset": true,
  "accept-then-drop": true,
  "reset-before-accept": true,
  "answer-dup": true,
  "p2p-failed": true,
  "server-busy": true,
  "other-error": true,
  "rate-limit": true,
  suspend: true,
  "api-disabled": true,
  "no-computing-resources": true,
  "html-500": true,
  hang: true,
  reset: true,
  "truncated-json": true,
  "empty-infos": true,
  refuse: true,
  "stale-head": true,
};

/** `others`: fields of the body that do not describe the fault. Throws `BadRequest`. */
export function faultOf(fields: Fields, others: readonly string[]): NodeFault {
  allow(fields, ["kind", "path", "path_pattern", "code", "message", "blocks", ...others]);
  const kind = kindOf(fields);
  const path = pathOf(fields);
  const filter = path === undefined ? {} : { path };
  if (kind === "stale-head") return { kind, ...filter, blocks: whole(fields, "blocks", { min: 1, max: 1_000 }) };
  if (kind !== "refuse") return { kind, ...filter };
  const message = optionalText(fields, "message");
  const code = fields["code"] === undefined ? {} : { code: oneOf(fields, "code", codes()) };
  return { kind, ...filter, ...code, ...(message === undefined ? {} : { message }) };
}

function kindOf(fields: Fields): FaultKind {
  const kind = String(fields["kind"]);
  if (isKind(kind)) return kind;
  throw new BadRequest(`kind must be one of ${Object.keys(KINDS).join(", ")}`);
}

function isKind(word: string): word is FaultKind {
  return Object.hasOwn(KINDS, word);
}

function codes(): Code[] {
  return Object.keys(CODES).filter((code): code is Code => Object.hasOwn(CODES, code));
}

function pathOf(fields: Fields): string | RegExp | undefined {
  const pattern = optionalText(fields, "path_pattern");
  if (pattern === undefined) return optionalText(fields, "path");
  try {
    return new RegExp(pattern);
  } catch {
    throw new BadRequest("path_pattern must be a regular expression");
  }
}
