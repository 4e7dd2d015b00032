/**
 * `npm run campaign -- --seeds 1000 --from 1`: the real engine under a schedule of faults per seed, over real sockets.
 * `--report <file>` writes the counts down. Exits 1 when a seed failed, and when nothing was paid or nothing went wrong.
 */
import { fork } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { added, isVacuous, NOTHING, runCampaign, type Tally } from "./campaign.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    report: { type: "string" },
  },
});
const from = Number(values.from);
const seeds = Number(values.seeds);

/** Fewer are not worth a process. */
const PROCESS_SEEDS_MIN = 60;

if (process.send === undefined) await lead();
else process.send({ tally: await run(), cpu: process.cpuUsage() }, () => process.exit(0));

async function run(): Promise<Tally> {
  return runCampaign({ from, seeds }, ({ seed, complaints }) => {
    for (const complaint of complaints) console.log(`seed ${seed}: ${complaint}`);
    if (complaints.length > 0) console.log(`  replay: npm run campaign -- --from ${seed} --seeds 1`);
  });
}

/** One process per core, each with its share of the seeds. */
async function lead(): Promise<void> {
  const begun = performance.now();
  const processes = Math.max(1, Math.min(availableParallelism(), Math.floor(seeds / PROCESS_SEEDS_MIN)));
  const share = Math.ceil(seeds / processes);
  const parts = await Promise.all(
    Array.from({ length: processes }, (_, at) => runPart(from + at * share, Math.min(share, seeds - at * share))),
  );
  const tally = parts.map((part) => part.tally).reduce(added, NOTHING);
  // A run that proves nothing is a failure of its own.
  const failed = tally.failed + (isVacuous(tally) ? 1 : 0);
  const cpuSeconds = parts.reduce((sum, { cpu }) => sum + (cpu.user + cpu.system) / 1e6, 0);
  const { passed, accepted, paid, facts, forks } = tally;
  console.log(
    `${seeds} seeds: ${accepted} payouts accepted, ${paid} paid, ${facts} facts, ${forks} forks; faults played:`,
  );
  for (const [fault, count] of Object.entries(tally.faults).toSorted(([, a], [, b]) => b - a)) {
    console.log(`  ${String(count).padStart(6)} ${fault}`);
  }
  const wall = (performance.now() - begun) / 1_000;
  console.log(`${wall.toFixed(0)} s, ${processes} processes, ${(cpuSeconds / seeds).toFixed(2)} s of CPU per seed`);
  if (values.report !== undefined) await writeFile(values.report, JSON.stringify({ passed, failed }));
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

type Part = { readonly tally: Tally; readonly cpu: NodeJS.CpuUsage };

async function runPart(first: number, count: number): Promise<Part> {
  const child = fork(import.meta.filename, ["--from", String(first), "--seeds", String(count)]);
  return new Promise((resolve) => {
    let part: Part | undefined;
    child.on("message", (message) => (part = message as Part));
    child.on("exit", () => {
      // A process that died without a word failed with all its seeds.
      resolve(part ?? { tally: { ...NOTHING, failed: count }, cpu: { user: 0, system: 0 } });
    });
  });
}
