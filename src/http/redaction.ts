/** Records for people: bytes that could be sent are shown as length and hash, nothing else is left out. */
import { createHash } from "node:crypto";

/** Bytes of a transaction. Whoever holds signed bytes can push them, so no answer carries them. */
const BYTES = new Set(["signedHex", "rawHex"]);
const DEPTH_MAX = 12;

/** A copy that is safe to show. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth >= DEPTH_MAX) return "[deep]";
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  return redactFields(value, depth);
}

export function redactFields(value: object, depth = 0): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]: [string, unknown]) => [
      key,
      BYTES.has(key) ? summary(inner) : redact(inner, depth + 1),
    ]),
  );
}

function summary(hex: unknown): unknown {
  if (typeof hex !== "string") return "[bytes]";
  return { bytes: hex.length / 2, sha256: createHash("sha256").update(hex, "hex").digest("hex") };
}
