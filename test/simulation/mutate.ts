/**
 * `npm run mutate -- --seeds 2000`: plants each deliberate bug alone and counts the seeds until the simulation notices.
 * `--only <text>` takes the bugs whose name has it; `--write` puts the table into docs/simulation.md.
 * Exits 1 when a bug was not noticed, 2 when the command line is wrong.
 */
import { availableParallelism } from "node:os";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runPart } from "./crew.ts";
import { MUTANTS, type Mutant } from "./mutants.ts";
import { UsageError, wholeNumber } from "./options.ts";

const USAGE = "usage: npm run mutate -- [--seeds <1…2000>] [--from <0…2000000000>] [--only <text>] [--write]";
const PAGE = join(import.meta.dirname, "../../docs/simulation.md");
const [START, END] = ["<!-- mutations:start -->", "<!-- mutations:end -->"];

type Found = { readonly mutant: Mutant; readonly seeds: number; readonly complaint: string | undefined };
type Terms = { readonly from: number; readonly seeds: number };

try {
  process.exitCode = await mutate();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n${USAGE}`);
  process.exitCode = 2;
}

async function mutate(): Promise<number> {
  const { terms, only, isWritten } = optionsOf(process.argv.slice(2));
  const waiting = MUTANTS.filter(({ bug }) => bug.includes(only));
  if (waiting.length === 0) throw new UsageError(`no bug has "${only}" in its name`);
  const found: Found[] = [];
  const hunt = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const result = await noticed(mutant, terms);
      found.push(result);
      console.log(rowOf(result));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, hunt));
  const missed = found.filter(({ complaint }) => complaint === undefined).length;
  if (isWritten) write(found);
  console.log(`${found.length - missed} passed, ${missed} failed`);
  return missed === 0 ? 0 : 1;
}

function optionsOf(args: readonly string[]): { terms: Terms; only: string; isWritten: boolean } {
  const { values } = parsed(args);
  const seeds = wholeNumber("--seeds", values.seeds, { least: 1, most: 2_000 });
  const from = wholeNumber("--from", values.from, { least: 0, most: 2_000_000_000 });
  return { terms: { from, seeds }, only: values.only, isWritten: values.write };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seeds: { type: "string", default: "2000" },
        from: { type: "string", default: "1" },
        only: { type: "string", default: "" },
        write: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : "the arguments cannot be read");
  }
}

/** A seed that is vacuous with the bug, and not without it, noticed it too: the engine did nothing. */
async function noticed(mutant: Mutant, { from, seeds }: Terms): Promise<Found> {
  const { file, fragment, replacement } = mutant;
  const asked = {
    seeds: Array.from({ length: seeds }, (_, at) => from + at),
    mutation: { file, fragment, replacement },
    stopAtFailure: true,
  };
  const { outcomes } = await runPart(asked, () => {});
  return { mutant, seeds: outcomes.length, complaint: outcomes.flatMap(({ complaints }) => complaints)[0] };
}

function rowOf({ mutant, seeds, complaint }: Found): string {
  const by = complaint === undefined ? "**not noticed**" : complaint.replace(/:.*/su, "").slice(0, 120);
  return `| ${mutant.bug} | \`${mutant.file}\` | ${by} | ${seeds} |`;
}

/** In the order of the list, whatever ended first. Bugs that were not planted now keep their rows. */
function write(found: readonly Found[]): void {
  const page = readFileSync(PAGE, "utf8");
  const [before, rest] = [page.indexOf(START), page.indexOf(END)];
  if (before < 0 || rest < before) throw new Error(`${PAGE} has no place for the table`);
  const old = page.slice(before, rest).split("\n");
  const rows = MUTANTS.flatMap((mutant) => {
    const now = found.find((each) => each.mutant === mutant);
    return now === undefined ? (old.find((row) => row.startsWith(`| ${mutant.bug} |`)) ?? []) : rowOf(now);
  });
  const table = ["| bug | planted in | noticed by | seeds |", "| --- | --- | --- | --- |", ...rows].join("\n");
  writeFileSync(PAGE, `${page.slice(0, before + START.length)}\n\n${table}\n\n${page.slice(rest)}`);
}
