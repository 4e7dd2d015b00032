/** Limits out of a JSON body: what is absent is as usual. */
import { type Allowance, type GridLimits, USUAL_LIMITS } from "../grid-gate.ts";
import type { Json } from "../json.ts";
import { allow, BadRequest, type Fields, flag, isFields, oneOf, texts, whole } from "./fields.ts";

/** `undefined`: no limits. Throws `BadRequest`. */
export function limitsOf(fields: Fields): GridLimits | undefined {
  allow(fields, ["off", "keys", "key_required", "keyed", "keyless", "per_day", "exhausted", "clock"]);
  if (fields["off"] !== undefined && flag(fields, "off")) return undefined;
  const usual = USUAL_LIMITS;
  const keys = fields["keys"];
  return {
    ...(keys === undefined ? {} : { keys: texts(keys, "keys") }),
    keyRequired: fields["key_required"] === undefined ? usual.keyRequired : flag(fields, "key_required"),
    keyed: allowanceOf(fields, "keyed", usual.keyed),
    keyless: allowanceOf(fields, "keyless", usual.keyless),
    perDay: whole(fields, "per_day", { min: 0, max: 1_000_000_000, absent: usual.perDay }),
    exhausted: allowanceOf(fields, "exhausted", usual.exhausted),
    clock: fields["clock"] === undefined ? usual.clock : oneOf(fields, "clock", ["chain", "wall"] as const),
  };
}

function allowanceOf(fields: Fields, name: string, usual: Allowance): Allowance {
  const given = fields[name];
  if (given === undefined) return usual;
  if (!isFields(given)) throw new BadRequest(`${name} must be an object`);
  allow(given, ["per_second", "suspension_seconds", "status"]);
  const { perSecond, suspensionSeconds, status } = usual;
  const asked = whole(given, "status", { min: 403, max: 429, absent: status });
  if (asked !== 403 && asked !== 429) throw new BadRequest("status must be 403 or 429");
  return {
    perSecond: whole(given, "per_second", { min: 0, max: 1_000_000, absent: perSecond }),
    suspensionSeconds: whole(given, "suspension_seconds", { min: 0, max: 86_400, absent: suspensionSeconds }),
    status: asked,
  };
}

/** As they are shown to who asks for them. */
export function shownLimits(limits: GridLimits | undefined): Json {
  if (limits === undefined) return null;
  const { clock, ...rest } = limits;
  return { ...rest, clock: typeof clock === "function" ? "given" : clock };
}
