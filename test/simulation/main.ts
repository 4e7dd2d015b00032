/**
 * `npm run simulate -- --seeds 1000 --from 1`: the production engine in a simulated world, one world per seed.
 * Exits 1 when a seed failed or did less than it claims, 2 when the command line is wrong.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCrew } from "./crew.ts";
import { marksMissedBy } from "./marks.ts";
import { optionsOf, USAGE, UsageError, type Options } from "./options.ts";
import type { Fault } from "./plan.ts";
import type { Outcome } from "./run.ts";
import { scheduleText } from "./schedule-file.ts";
import { hashesOf, hashOf, summed, tallyOf } from "./tally.ts";

const SCHEDULES = ".cache/simulation";

try {
  process.exitCode = await simulate(optionsOf(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n${USAGE}`);
  process.exitCode = 2;
}

async function simulate({ from, seeds, faults, report }: Options): Promise<number> {
  const begun = performance.now();
  const work = { from, seeds, ...(faults === undefined ? {} : { faults }) };
  const { outcomes, cpuMs, processes } = await runCrew(work, tell);
  const tally = tallyOf(outcomes);
  const passed = tally.outcomes.length - tally.failed.length;
  const failed = seeds - passed;
  const of = (count: (outcome: Outcome) => number) => outcomes.reduce((sum, outcome) => sum + count(outcome), 0);
  const faultCounts = summed(outcomes.map((outcome) => outcome.faults));
  console.log(
    `${seeds} seeds: ${of(({ payouts }) => payouts)} payouts accepted, ${of(({ paid }) => paid)} paid, ` +
      `${of(({ crashes }) => crashes)} crashes, ${of(({ blocks }) => blocks)} blocks, ${of(({ tasks }) => tasks)} tasks`,
  );
  console.log(`faults: ${faultCounts.map(([name, count]) => `${name} ${count}`).join(", ")}`);
  const marks = summed(outcomes.map((outcome) => outcome.marks));
  console.log(`marks: ${marks.map(([name, count]) => `${name} ${count}`).join("; ")}`);
  const missed = marksMissedBy(new Set(marks.map(([name]) => name)));
  console.log(`marks not hit: ${missed.length === 0 ? "none" : missed.join("; ")}`);
  const seconds = (performance.now() - begun) / 1_000;
  console.log(
    `hash ${hashOf(tally)}; ${seconds.toFixed(0)} s, ${processes} processes, ${(cpuMs / seeds / 1_000).toFixed(2)} s of CPU per seed`,
  );
  if (report !== undefined) writeFileSync(report, JSON.stringify({ passed, failed, hashes: hashesOf(tally) }));
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

function tell({ seed, complaints, hash }: Outcome, schedule?: readonly Fault[]): void {
  if (complaints.length === 0) return;
  for (const complaint of complaints) console.log(`seed ${seed}: ${complaint}`);
  console.log(`  replay: npm run simulate -- --from ${seed} --seeds 1   (hash ${hash})`);
  if (schedule === undefined) return;
  mkdirSync(SCHEDULES, { recursive: true });
  const file = join(SCHEDULES, `seed-${seed}.json`);
  writeFileSync(file, scheduleText(schedule));
  console.log(`  with ${schedule.length} faults: npm run simulate -- --from ${seed} --seeds 1 --schedule ${file}`);
}
