/** A sample of the campaign; the whole one is `npm run campaign`. */
import { expect, test } from "vitest";
import { fundedWallet, pay } from "./schedule.ts";
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
  const world = await World.open(1, { trusting: true });
  try {
    const wallet = await fundedWallet(world, 1);
    const { liar, devnet } = world;
    // Slots do not wait for a signing thread to start; the bytes of the next one must not be old when they are sent.
    const first = await pay(world, { wallet: wallet.id, seed: 1, index: 1 });
    for (let slot = 0; slot < 80 && (await statusOf(world, first)) !== "confirmed"; slot += 1) await world.slot();
    expect(await statusOf(world, first)).toBe("confirmed");
    liar?.tricks.arm("accept then lose", 1);
    await pay(world, { wallet: wallet.id, seed: 1, index: 0 });
    while (liar?.tricks.played.get("accept then lose") !== 1) await world.slot();
    liar.tricks.chain.begin({ from: devnet.ledger.headNumber() + 1, shows: "what was lost" });
    // The bytes are pushed again, and the real chain must not show them too.
    devnet.setCensoring(true);
    for (let slot = 0; slot < 80 && world.denied.length === 0; slot += 1) await world.slot();
    expect(world.denied.join()).toMatch(/solidified in .* the ledger denies it/);
  } finally {
    await world.close();
  }
}, 240_000);

async function statusOf(world: World, order: { id: string } | undefined): Promise<string> {
  return order === undefined ? "refused" : (await world.client.payout(order.id)).status;
}

test("a run that saw no faults or no payments proves nothing", () => {
  expect(isVacuous({ ...NOTHING, paid: 1, faults: {} })).toBe(true);
  expect(isVacuous({ ...NOTHING, paid: 0, faults: { reset: 1 } })).toBe(true);
});
