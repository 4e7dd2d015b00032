/**
 * `npm run bench`: one table of figures against their targets, all from one run on this machine.
 * `--intake`: only what payouts over HTTP cost.
 */
import { availableParallelism, cpus } from "node:os";
import { measureAddedLatency, measureCacheHits } from "./gateway.ts";
import { measureFollower } from "./follower.ts";
import { measureIntake } from "./intake.ts";
import { measureLevelCeiling } from "./level-ceiling.ts";
import { runLifecycles, withEngine } from "./lifecycle.ts";
import { measureNodeCalls } from "./node-calls.ts";
import { measureRecovery } from "./recovery.ts";
import { measureSigned } from "./signing.ts";

type Row = {
  readonly what: string;
  readonly target: string;
  readonly measured: string;
  readonly met: boolean | undefined;
};
const rows: Row[] = [];
const full = process.argv.includes("--full");
const say = (what: string, target: string, measured: string, met?: boolean) => {
  rows.push({ what, target, measured, met });
  console.log(`${met === undefined ? " " : met ? "+" : "-"} ${what.padEnd(58)} ${measured.padEnd(34)} ${target}`);
};
const n = (value: number, digits = 0) =>
  value.toLocaleString("en-US", { maximumFractionDigits: digits, minimumFractionDigits: digits });

console.log(`Node ${process.version}, ${availableParallelism()} cores, ${cpus()[0]?.model ?? ""}\n`);

if (process.argv.includes("--intake")) {
  await sayIntake();
  process.exit(0);
}

const ceiling = await measureLevelCeiling({ valueBytes: 500, batchEntries: 256, entries: 25_600, rounds: 3 });
say("LevelDB, raw synced batches of 256 x 500 B", "", `${n(ceiling.rawEntriesPerSecond)} entries/s`);

const plain = await withEngine(async (engine) => {
  await runLifecycles(engine, { total: 3_000, inFlight: 256, prefix: "warm" });
  const many = await runLifecycles(engine, { total: 20_000, inFlight: 256, prefix: "many" });
  const one = await runLifecycles(engine, { total: 300, inFlight: 1, prefix: "one" });
  return { many, one };
});
const { many, one } = plain;
say("payout lifecycles/s, 256 in flight, no signing", ">= 4,000", `${n(many.perSecond)}/s`, many.perSecond >= 4_000);
say(
  "  CPU per payout, steps, commits",
  "",
  `${n(many.cpuMicros)} µs, ${n(many.stepsPerPayout, 1)} steps, ${n(many.commitsPerPayout, 3)} commits`,
);
say("  latency p50 / p99", "", `${n(many.p50Ms)} / ${n(many.p99Ms)} ms`);
const share = many.writesPerSecond / ceiling.rawEntriesPerSecond;
say(
  "  entries written, share of the raw ceiling",
  ">= 0.6",
  `${n(share, 2)} (${n(many.writesPerSecond)} entries/s)`,
  share >= 0.6,
);
say("payout lifecycles/s, 1 in flight", "", `${n(one.perSecond)}/s`);
say("  fsyncs per payout, 1 in flight", "", n(one.commitsPerPayout, 1));

const signed = await measureSigned({ total: 10_000, inFlight: 256, warmUp: 3_000 });
say(
  "payout lifecycles/s, 256 in flight, signed by a worker",
  ">= 3,000",
  `${n(signed.perSecond)}/s`,
  signed.perSecond >= 3_000,
);
const burst = await measureSigned({ total: 10_000, inFlight: 10_000, warmUp: 1_000 });
say(
  "event-loop delay p99, burst of 10,000 payouts, signed",
  "<= 20 ms",
  `${n(burst.loopDelayP99Ms, 1)} ms`,
  burst.loopDelayP99Ms <= 20,
);

await sayIntake();

const size = full ? { finished: 1_000_000, inFlight: 100_000 } : { finished: 100_000, inFlight: 100_000 };
const recovery = await measureRecovery(size);
say("start to ready, empty store", "", `${n(recovery.empty.readyMs)} ms, ${n(recovery.empty.rssMb)} MB`);
const ratio = recovery.finished.readyMs / recovery.empty.readyMs;
say(
  `start with ${n(size.finished)} finished payouts`,
  "<= 1.5 x empty",
  `${n(ratio, 2)} x (${n(recovery.finished.readyMs)} ms, ${n(recovery.finished.rssMb)} MB)`,
  ratio <= 1.5,
);
say(
  `start with ${n(size.inFlight)} payouts in flight`,
  "<= 5 s",
  `${n(recovery.inFlight.readyMs / 1_000, 2)} s, ${n(recovery.inFlight.rssMb)} MB`,
  recovery.inFlight.readyMs <= 5_000,
);
say(
  "resident memory, idle store",
  "<= 200 MB",
  `${n(recovery.empty.rssMb)} MB without signer and devnet`,
  recovery.empty.rssMb <= 200,
);

const calls = await measureNodeCalls(1_000);
say(
  "node calls per confirmed payout, 1,000 in flight",
  "<= 0.2 beyond",
  `${n(calls.others, 3)} + ${n(calls.estimates, 2)} estimates + ${n(calls.broadcasts, 2)} broadcasts`,
  calls.others <= 0.2,
);

for (const [nodeDelayMs, question, where] of [
  [0, "call", "call, node in this machine"],
  [10, "call", "call, node 10 ms away"],
  [10, "header", "header with its signature, node 10 ms away"],
] as const) {
  const { bareMicros, gatewayMicros, added, addedCpuMicros } = await measureAddedLatency({
    nodeDelayMs,
    question,
    requests: nodeDelayMs === 0 ? 4_000 : 200,
  });
  say(
    `latency that the gateway adds: ${where}`,
    "< 5 %",
    `${n(added * 100, 1)} % (${n(bareMicros)} to ${n(gatewayMicros)} µs; CPU ${n(addedCpuMicros)} µs)`,
    added < 0.05,
  );
}
const cached = await measureCacheHits(32_000);
say(
  "reads that a cache answers, mix of accounts, blocks, prices",
  ">= 80 %",
  `${n(cached.share * 100, 1)} % of ${n(cached.reads)}`,
  cached.share >= 0.8,
);

for (const addresses of [0, 1_000_000]) {
  const figures = await measureFollower({ blocks: 1_000, addresses, transactions: 100_000 });
  const also = addresses === 0 ? "" : `, ${n(addresses)} addresses`;
  say(
    `blocks of 300 transfers followed/s, 100,000 transactions${also}`,
    ">= 200",
    `${n(figures.perSecond)}/s, ${n(figures.cpuMsPerBlock, 1)} ms of CPU each`,
    figures.perSecond >= 200,
  );
  say("  resident memory", "<= 300 MB", `${n(figures.rssMb)} MB`, figures.rssMb <= 300);
}

const missed = rows.filter((row) => row.met === false);
console.log(
  `\n${rows.filter((row) => row.met === true).length} targets met, ${missed.length} missed${missed.length > 0 ? `: ${missed.map((row) => row.what.trim()).join("; ")}` : ""}`,
);
process.exit(0);

async function sayIntake(): Promise<void> {
  const intake = await measureIntake({ connections: 256, seconds: 5 });
  say("bare Fastify JSON POST, 256 connections", "", `${n(intake.bare.perSecond)}/s`);
  say(
    "payouts accepted over HTTP, synced before the 202",
    ">= 0.3 of bare",
    `${n(intake.ratio, 2)} (${n(intake.payouts.perSecond)}/s)`,
    intake.ratio >= 0.3,
  );
  say(
    "  p99 at 256 connections",
    "<= 50 ms",
    `${n(intake.payouts.p99Ms)} ms, ${intake.payouts.failed} failed`,
    intake.payouts.p99Ms <= 50 && intake.payouts.failed === 0,
  );
  say(
    "  CPU per accepted payout: main thread, all; payouts per commit",
    "",
    `${n(intake.mainMicros)} µs, ${n(intake.allMicros)} µs; ${n(intake.perCommit)}`,
  );
}
