/**
 * JSON lines for `ports/telemetry`. A secret is kept out twice: by type (bytes are never written, an object that
 * refuses to be JSON is not looked into) and by the name of its key, wherever it stands.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import pino from "pino";
import { isFault } from "../domain/errors.ts";
import type { Logger } from "../ports/telemetry.ts";
import type { LOG_LEVELS } from "./environment.ts";

export type LoggerOptions = {
  readonly level: (typeof LOG_LEVELS)[number];
  /** Appended to; `undefined` writes to standard output. */
  readonly file: string | undefined;
  readonly name: string;
  /** Takes the lines instead of a file or standard output. */
  readonly sink?: { write(line: string): void };
};

export type ProcessLogger = Logger & { readonly flush: () => void };

/** Lines are written before the call returns, so that the last one of a dying process is there. */
export function createLogger({ level, file, name, sink }: LoggerOptions): ProcessLogger {
  const destination = sink ?? openDestination(file, (lost) => lines.warn({ lost }, "lines of this log were lost"));
  const lines: pino.Logger = pino(
    {
      level,
      base: { service: name },
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: "message",
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return {
    debug: (fields, message) => lines.debug(redact(fields), message),
    info: (fields, message) => lines.info(redact(fields), message),
    warn: (fields, message) => lines.warn(redact(fields), message),
    error: (fields, message) => lines.error(redact(fields), message),
    flush: () => lines.flush(),
  };
}

/** A copy of `fields` that is safe to write: no secrets, no bytes, no cycles, bigint as decimal text, errors with their code. */
export function redact(fields: Record<string, unknown>): Record<string, unknown> {
  return redactObject(fields, []);
}

const HIDDEN = "[secret]";
const DEPTH_MAX = 8;
/** Names of keys, without case and separators, whose values are never written. */
const secretKey =
  /^(.*(password|passphrase|secret|mnemonic|seed|privatekey|encryptionkey|apikey|signingkey|kek)|authorization|cookie|setcookie|(access|api|bearer|first)token)$/;

function redactObject(value: object, above: readonly object[]): Record<string, unknown> {
  const path = [...above, value];
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]: [string, unknown]) => [
      key,
      isSecretKey(key) && inner !== undefined ? HIDDEN : redactValue(inner, path),
    ]),
  );
}

function redactValue(value: unknown, above: readonly object[]): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "string") return redactText(value);
  if (typeof value === "function" || typeof value === "symbol") return `[${typeof value}]`;
  if (typeof value !== "object" || value === null) return value;
  if (above.includes(value)) return "[cycle]";
  if (above.length >= DEPTH_MAX) return "[deep]";
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return "[bytes]";
  if (value instanceof Error) return redactError(value, [...above, value]);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((item: unknown) => redactValue(item, [...above, value]));
  if ("toJSON" in value && typeof value.toJSON === "function") return redactValue(asJson(value), [...above, value]);
  return redactObject(value, above);
}

function redactError(error: Error, above: readonly object[]): Record<string, unknown> {
  const fault = isFault(error)
    ? { code: error.code, ...(error.evidence === undefined ? {} : { evidence: redactValue(error.evidence, above) }) }
    : {};
  const cause = error.cause === undefined ? {} : { cause: redactValue(error.cause, above) };
  return {
    name: error.name,
    message: redactText(error.message),
    ...fault,
    ...cause,
    stack: redactText(error.stack ?? ""),
  };
}

/** Bearer tokens and passwords inside addresses, wherever a text carries one along. */
function redactText(text: string): string {
  return text
    .replace(/\bBearer\s+[^\s"',]+/gi, `Bearer ${HIDDEN}`)
    .replace(/\blt_[A-Za-z0-9]+_[A-Za-z0-9_-]+/g, HIDDEN)
    .replace(/(\/\/)[^/@\s]+@/g, `$1${HIDDEN}@`);
}

function isSecretKey(key: string): boolean {
  return secretKey.test(key.replace(/[-_ ]/g, "").toLowerCase());
}

function asJson(value: object): unknown {
  const parsed: unknown = JSON.parse(JSON.stringify(value) ?? "null");
  return parsed;
}

/** Longer than any line. What a full disk refused is written once there is room, up to this. */
const WAITING_MAX = 1024 * 1024;

/** A log that cannot be written must not keep anybody from anything: its lines wait, and beyond that they are lost. */
function openDestination(file: string | undefined, onLost: (lines: number) => void): pino.DestinationStream {
  if (file !== undefined) mkdirSync(dirname(file), { recursive: true });
  const destination = pino.destination({ dest: file ?? 1, append: true, sync: true, maxLength: WAITING_MAX });
  let lost = 0;
  // Without a listener the error would come out of the call that logs.
  destination.on("error", () => {});
  destination.on("drop", () => {
    lost += 1;
    // What waits is tried with every line that is taken. Not `flushSync`: it tries until there is room.
    destination.write("");
  });
  destination.on("write", () => {
    const before = lost;
    lost = 0;
    if (before > 0) onLost(before);
  });
  return destination;
}
