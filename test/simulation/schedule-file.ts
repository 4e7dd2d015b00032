/** A schedule of faults as a file, so that a shrunk one can be played again. */
import { Type } from "typebox";
import { Value } from "typebox/value";
import { ANY_FAULTS, BROADCAST_FAULTS, CLUMSY_LIES, LIES, READ_FAULTS } from "../campaign/tricks.ts";
import { WHOSE, type Fault } from "./plan.ts";

const ms = Type.Integer({ minimum: 0, maximum: 10_000_000 });
const small = Type.Integer({ minimum: 0, maximum: 1_000 });
const kind = <const K extends string>(name: K) => ({ at: ms, kind: Type.Literal(name) });
const oneOf = <const T extends string>(...names: readonly T[]) => Type.Enum([...names]);
const strict = { additionalProperties: false } as const;

const FaultSchema = Type.Union([
  Type.Object({ ...kind("crash"), power: Type.Boolean(), before: Type.String({ maxLength: 100 }) }, strict),
  Type.Object({ ...kind("disk write"), how: oneOf("fails", "fails but is stored", "full") }, strict),
  Type.Object({ ...kind("disk full"), forMs: ms }, strict),
  Type.Object({ ...kind("disk read"), forMs: ms }, strict),
  Type.Object({ ...kind("threads die") }, strict),
  Type.Object({ ...kind("clock"), ms: Type.Integer({ minimum: -600_000, maximum: 600_000 }) }, strict),
  Type.Object(
    {
      ...kind("node"),
      node: small,
      fault: oneOf(...ANY_FAULTS, ...BROADCAST_FAULTS, ...READ_FAULTS, ...CLUMSY_LIES, ...LIES),
      times: small,
    },
    strict,
  ),
  Type.Object({ ...kind("node away"), node: small, forMs: ms }, strict),
  Type.Object({ ...kind("node lags"), node: small, blocks: small, forMs: ms }, strict),
  Type.Object({ ...kind("false branch"), shows: oneOf("nothing", "what was lost"), forMs: ms }, strict),
  Type.Object({ ...kind("row rots"), whose: oneOf(...WHOSE), forMs: ms }, strict),
  Type.Object({ ...kind("nodes leave the chain"), depth: small, forMs: ms }, strict),
  Type.Object({ ...kind("fork"), depth: small, more: small, how: oneOf("same", "move", "drop", "late") }, strict),
  Type.Object({ ...kind("slots missed"), count: small }, strict),
  Type.Object({ ...kind("token paused"), forMs: ms }, strict),
  Type.Object({ ...kind("censoring"), forMs: ms }, strict),
]);
const Schedule = Type.Object({ faults: Type.Array(FaultSchema, { maxItems: 10_000 }) }, strict);

/** `undefined`: the text is no schedule. */
export function faultsFrom(text: string): readonly Fault[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return Value.Check(Schedule, parsed) ? parsed.faults : undefined;
  } catch {
    return undefined;
  }
}

export function scheduleText(faults: readonly Fault[]): string {
  return `${JSON.stringify({ faults }, null, 1)}\n`;
}
