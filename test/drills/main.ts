/**
 * `npm run drill -- <name> [--option number]`: what happens to the real program when something breaks under it. Each
 * drill is judged by the chain's own ledger in another process, ends with "N passed, N failed", and exits 1 when
 * something failed or when it did less than it claims. docs/drills.md says what each one proves and does not prove.
 */
import { parseArgs } from "node:util";
import { clockBack } from "./clock-back.ts";
import { clients } from "./clients.ts";
import { diskFull } from "./disk-full.ts";
import type { Drill } from "./drill.ts";
import { fuzzApi } from "./fuzz-api.ts";
import { kill9 } from "./kill-9.ts";
import { memory } from "./memory.ts";
import { powerCut } from "./power-cut.ts";
import { soak } from "./soak.ts";
import { Judge } from "./support/judge.ts";
import { Rig } from "./support/rig.ts";
import { twoEngines } from "./two-engines.ts";

const DRILLS: Readonly<Record<string, Drill>> = {
  "kill-9": kill9,
  "power-cut": powerCut,
  "two-engines": twoEngines,
  "clock-back": clockBack,
  "disk-full": diskFull,
  clients,
  soak,
  memory,
  "fuzz-api": fuzzApi,
};

class UsageError extends Error {}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    Rig.endAll();
    console.log("interrupted: 0 passed, 1 failed");
    process.exit(1);
  });
}

try {
  const { drill, options } = asked(process.argv.slice(2));
  const judge = new Judge();
  try {
    await drill.run(judge, options);
  } catch (error) {
    judge.holds("the drill comes to its end", false, error instanceof Error ? error.stack : error);
  }
  process.exitCode = judge.conclude() ? 0 : 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${usage()}`);
  process.exitCode = 1;
}

/** Throws `UsageError`. */
function asked(args: readonly string[]): { drill: Drill; options: Record<string, number> } {
  const [name = "", ...flags] = args;
  const drill = DRILLS[name];
  if (drill === undefined) throw new UsageError(name === "" ? "which drill?" : `there is no drill named ${name}`);
  const known = Object.fromEntries(Object.keys(drill.options).map((flag) => [flag, { type: "string" as const }]));
  let values: Readonly<Record<string, string | boolean | undefined>>;
  try {
    ({ values } = parseArgs({ args: flags, options: known }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : "the arguments cannot be read");
  }
  const options = Object.entries(drill.options).map(([flag, { initial, minimum, maximum, fractions }]) => {
    const text = values[flag];
    if (text === undefined) return [flag, initial] as const;
    const pattern = fractions === true ? /^\d{1,9}(\.\d{1,3})?$/ : /^\d{1,9}$/;
    const value = pattern.test(String(text)) ? Number(text) : Number.NaN;
    if (value >= minimum && value <= maximum) return [flag, value] as const;
    throw new UsageError(`--${flag} must be ${minimum} to ${maximum}`);
  });
  return { drill, options: Object.fromEntries(options) };
}

function usage(): string {
  const lines = Object.entries(DRILLS).flatMap(([name, { proves, options }]) => [
    `  ${name.padEnd(12)} ${proves}`,
    ...Object.entries(options).map(
      ([flag, { initial, meaning }]) => `${" ".repeat(15)}--${flag} ${meaning} (${initial})`,
    ),
  ]);
  return `usage: npm run drill -- <name> [--option number]\n\n${lines.join("\n")}`;
}
