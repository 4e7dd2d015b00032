/**
 * The proof that nobody is paid twice and nobody is forgotten: real processes, killed with SIGKILL at each edge of a
 * commit and of an effect, or at any time, on a chain whose nodes lie. What is true is read from the chain's ledger.
 */
import { Semaphore } from "async-mutex";
import { afterAll, describe, expect, inject, test } from "vitest";
import { Lane, type Storm, type StormReport } from "./support/lane.ts";

const KILLS_PER_POINT = 19;
const KILLS_IN_ALL = 200;
/** A storm of a few seconds on a quiet machine may take this long on a busy one. */
const WITHIN_MS = 900_000;

/** The chance is such that some work gets done between two kills. */
const POINTS = [
  { name: "before-commit", probability: 0.12 },
  { name: "after-commit", probability: 0.12 },
  { name: "before-effect:buildTransaction", probability: 0.45 },
  { name: "after-effect:buildTransaction", probability: 0.45 },
  { name: "before-effect:signTransaction", probability: 0.45 },
  { name: "after-effect:signTransaction", probability: 0.45 },
  { name: "before-effect:broadcastTransaction", probability: 0.3 },
  { name: "after-effect:broadcastTransaction", probability: 0.3 },
  { name: "before-effect:readBalances", probability: 0.6 },
  { name: "after-effect:readBalances", probability: 0.6 },
] as const;

/** States that a kill has to have left a payout in at least once: between each two persisted steps of its life. */
const STEPS = [
  "transacting.preparing building",
  "transacting.preparing signing",
  "transacting.onWire onWire.broadcasting",
  "transacting.onWire onWire.pending",
  "transacting.onWire onWire.included",
  "transacting.unknown onWire.unknown",
  "retrying expired",
];

/** Enough that one of them comes while a node has accepted bytes that no block shows. */
const KILLS_WITHHELD = 10;

const MORE_STORMS = 6;

const packed = inject("packed");
const reports: StormReport[] = [];
const idle: Lane[] = [];
/** Chains with their engines at a time: one more than the cores of the smallest machine, because each waits now and then. */
const lanes = new Semaphore(3);

/** On a lane that other storms have used before: its history is part of the test. */
async function storm(storm: Storm): Promise<StormReport> {
  return lanes.runExclusive(async () => {
    const lane = idle.pop() ?? (await Lane.open(packed));
    try {
      return await lane.storm(storm);
    } finally {
      idle.push(lane);
    }
  });
}

function expectHonest(report: StormReport): void {
  expect(report.audit.complaints).toEqual([]);
  expect(report.accepted).toBeGreaterThan(5);
  expect(report.remains).toEqual({ outbox: 0, quarantined: 0, deadLetters: 0, miscounted: [], reserved: [] });
  expect(report.balances.said).toEqual(report.balances.true);
}

afterAll(async () => {
  await Promise.all(idle.map((lane) => lane.close()));
});

describe.concurrent("an engine killed by SIGKILL", { timeout: 10 * WITHIN_MS }, () => {
  test.for(POINTS)("at $name pays each payout at most once and forgets none", async (failpoint) => {
    const report = await storm({ failpoint, kills: KILLS_PER_POINT, inFlight: 6, withinMs: WITHIN_MS });
    reports.push(report);
    expectHonest(report);
    expect(report.kills[failpoint.name]).toBeGreaterThanOrEqual(KILLS_PER_POINT);
  });

  test("at any time pays each payout at most once and forgets none", async () => {
    const report = await storm({
      failpoint: undefined,
      timerMs: 300,
      kills: KILLS_PER_POINT,
      inFlight: 6,
      withinMs: WITHIN_MS,
    });
    reports.push(report);
    expectHonest(report);
    expect(report.kills["timer"]).toBeGreaterThanOrEqual(KILLS_PER_POINT);
  });

  test("while nobody includes its transactions pays each payout at most once and forgets none", async () => {
    const report = await storm({
      failpoint: undefined,
      timerMs: 300,
      kills: KILLS_WITHHELD,
      inFlight: 6,
      withheld: true,
      withinMs: WITHIN_MS,
    });
    reports.push(report);
    expectHonest(report);
    expect(report.kills["timer"]).toBeGreaterThanOrEqual(KILLS_WITHHELD);
  });

  test("that signs anew at each push pays twice, and the audit says so", async () => {
    const lane = await lanes.runExclusive(() => Lane.open(packed));
    try {
      const failpoint = { name: "after-effect:broadcastTransaction", probability: 0.5 };
      const report = await lanes.runExclusive(() =>
        lane.storm({ failpoint, kills: 8, inFlight: 4, withinMs: WITHIN_MS, signsAtEachPush: true }),
      );
      expect(report.audit.doubled.length).toBeGreaterThanOrEqual(1);
      expect(report.audit.complaints.length).toBeGreaterThanOrEqual(report.audit.doubled.length);
    } finally {
      await lane.close();
    }
  });
});

describe("all kills together", { timeout: 900_000 }, () => {
  test("are at least 200, and left payouts in each persisted step of their life", async () => {
    // Where a kill finds a payout is chance; a step that none has hit yet is looked for with more of them.
    for (let more = 0; more < MORE_STORMS && missing().length > 0; more += 1) {
      reports.push(
        await storm({
          failpoint: undefined,
          timerMs: 300,
          kills: KILLS_WITHHELD,
          inFlight: 6,
          withheld: more % 2 === 0,
          withinMs: 240_000,
        }),
      );
    }
    const kills = reports.flatMap((report) => Object.values(report.kills)).reduce((sum, count) => sum + count, 0);
    console.log(summary(kills, found()));
    for (const report of reports) expectHonest(report);
    expect(kills).toBeGreaterThanOrEqual(KILLS_IN_ALL);
    expect(missing()).toEqual([]);
  });
});

function found(): Map<string, number> {
  const states = new Map<string, number>();
  for (const report of reports) {
    for (const [state, count] of Object.entries(report.found)) states.set(state, (states.get(state) ?? 0) + count);
  }
  return states;
}

function missing(): string[] {
  return STEPS.filter((step) => !found().has(step));
}

/** One screen for whoever wants to know what the storms were like. */
function summary(kills: number, found: ReadonlyMap<string, number>): string {
  const sum = (read: (report: StormReport) => number) => reports.reduce((total, report) => total + read(report), 0);
  return [
    `${kills} kills: ${reports.map((report) => JSON.stringify(report.kills).slice(1, -1)).join(", ")}`,
    `payouts ${sum(({ accepted }) => accepted)}, each audited after every storm of its lane`,
    `found on disk after a kill: ${[...found].map(([state, count]) => `${state} ×${count}`).join(", ")}`,
    `requests repeated ${sum(({ repeated }) => repeated)}, seconds per storm ${reports.map(({ seconds }) => seconds).join(" ")}`,
    `troubles ${JSON.stringify(reports.at(-1)?.troubles)}`,
  ].join("\n");
}
