/** A sample of the campaign; the whole one is `npm run campaign`. */
import { expect, test } from "vitest";
import { runSeed } from "./schedule.ts";
import { World } from "./world.ts";
import { isVacuous, NOTHING, runCampaign } from "./campaign.ts";

test("whatever nodes say and do, each payout is paid at most once and ends, and nothing untrue is believed", async () => {
  const complaints: string[] = [];
  const tally = await runCampaign({ from: 1, seeds: 6 }, (outcome) => {
    complaints.push(...outcome.complaints.map((complaint) => `seed ${outcome.seed}: ${complaint}`));
  });
  expect(complaints).toEqual([]);
  expect(tally).toMatchObject({ passed: 6, failed: 0 });
  expect(isVacuous(tally)).toBe(false);
}, 240_000);

test("an engine that believes a single node is caught believing what the ledger denies", async () => {
  const world = await World.open(2, { trusting: true });
  const complaints: string[] = [];
  try {
    for (let seed = 1; seed <= 12 && complaints.length === 0; seed += 1) {
      complaints.push(...(await runSeed(world, seed)).complaints);
    }
  } finally {
    await world.close();
  }
  expect(complaints.join()).toMatch(/denies|is in a block|was paid/);
}, 240_000);

test("a run that saw no faults or no payments proves nothing", () => {
  expect(isVacuous({ ...NOTHING, paid: 1, faults: {} })).toBe(true);
  expect(isVacuous({ ...NOTHING, paid: 0, faults: { reset: 1 } })).toBe(true);
});
