/** The command line, read and checked before anything is started. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { faultsFrom } from "./schedule-file.ts";
import type { Fault } from "./plan.ts";

export type Options = {
  readonly from: number;
  readonly seeds: number;
  /** Faults to play instead of those of the seed. */
  readonly faults: readonly Fault[] | undefined;
  /** Where to write the counts down. */
  readonly report: string | undefined;
};

export const USAGE =
  "usage: npm run simulate -- [--seeds <1…1000000>] [--from <0…2000000000>] [--schedule <file>, with --seeds 1] [--report <file>]";

export class UsageError extends Error {}

/** Throws `UsageError` with what is wrong. */
export function optionsOf(args: readonly string[]): Options {
  const values = parsed(args);
  const seeds = wholeNumber("--seeds", values.seeds, { least: 1, most: 1_000_000 });
  const from = wholeNumber("--from", values.from, { least: 0, most: 2_000_000_000 });
  if (values.schedule !== undefined && seeds !== 1)
    throw new UsageError("--schedule belongs to one seed; add --seeds 1");
  const faults = values.schedule === undefined ? undefined : scheduleIn(values.schedule);
  return { from, seeds, faults, report: values.report };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seeds: { type: "string", default: "100" },
        from: { type: "string", default: "1" },
        schedule: { type: "string" },
        report: { type: "string" },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : "the arguments cannot be read");
  }
}

export function wholeNumber(name: string, text: string, { least, most }: { least: number; most: number }): number {
  const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most))
    throw new UsageError(`${name} takes a whole number from ${least} to ${most}, not "${text}"`);
  return value;
}

function scheduleIn(file: string): readonly Fault[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new UsageError(`the schedule ${file} cannot be read`);
  }
  const faults = faultsFrom(text);
  if (faults === undefined) throw new UsageError(`${file} is not a schedule of faults, as a failed seed writes one`);
  return faults;
}
