import { describe, expect, test } from "vitest";
import type { Devnet } from "../../src/devnet/handle.ts";
import { alice, bob, broadcast, carol, type Json, pay, post, signed, type Wallet } from "./support.ts";
import {
  accountOf,
  DAY,
  ENERGY,
  freeze,
  objection,
  order,
  receipt,
  resourcesOf,
  stakingDevnet,
  TRX,
  unfreeze,
  vote,
  withdrawReward,
} from "./stake-support.ts";

const START = 1_777_440_000_000;
const PERIOD = 21_600_000;
const NOBODY = `41${"ab".repeat(20)}`;

const listed = async (devnet: Devnet, path = "/wallet/listwitnesses", body: unknown = {}): Promise<Json[]> =>
  (await post(devnet, path, body))["witnesses"];
/** Addresses of the witnesses, most votes first. */
const ranked = async (devnet: Devnet): Promise<string[]> =>
  (await listed(devnet)).toSorted((a, b) => b["voteCount"] - a["voteCount"]).map(({ address }) => address);
const rewardOf = async (devnet: Devnet, wallet: Wallet): Promise<number> =>
  (await post(devnet, "/wallet/getReward", { address: wallet.hex41 }))["reward"];

/** To the next maintenance, and past it. */
const period = async (devnet: Devnet) => {
  const passed = (devnet.ledger.headTimestamp() - START) % PERIOD;
  await devnet.advanceTime(PERIOD - passed);
};

describe("votewitnessaccount", () => {
  test("counts at the next maintenance, and is seen at once in the paginated list", async () => {
    const devnet = await stakingDevnet({ witnesses: 3 });
    const [first = "", second = ""] = await ranked(devnet);
    await pay(devnet, freeze(5_000n, ENERGY));
    expect(await receipt(devnet, vote({ [second]: 3_000n, [first]: 1_000n }))).toMatchObject({ contractResult: [""] });
    expect(await accountOf(devnet, alice)).toMatchObject({
      votes: [
        { vote_address: second, vote_count: 3_000 },
        { vote_address: first, vote_count: 1_000 },
      ],
    });
    expect(await resourcesOf(devnet, alice)).toMatchObject({ tronPowerUsed: 4_000, tronPowerLimit: 5_000 });
    const votes = async (address: string) =>
      (await listed(devnet)).find((one) => one["address"] === address)?.["voteCount"];
    const before = await votes(second);
    const now = await listed(devnet, "/wallet/getpaginatednowwitnesslist", { offset: 0, limit: 10 });
    expect(now.find(({ address }) => address === second)?.["voteCount"]).toBe(before + 3_000);
    await period(devnet);
    expect(await votes(second)).toBe(before + 3_000);
    await pay(devnet, vote({ [first]: 10n }));
    await period(devnet);
    expect(await votes(second)).toBe(before);
  });

  test("can change whose turn it is", async () => {
    const devnet = await stakingDevnet({ witnesses: 2 });
    await devnet.faucet({ address: alice.address, trxSun: 50_000_000n * TRX });
    await devnet.mine();
    const old = await ranked(devnet);
    await pay(devnet, order("WitnessCreateContract", { url: Buffer.from("http://alice").toString("hex") }));
    await pay(devnet, freeze(20_000_000n, ENERGY));
    await pay(devnet, vote({ [alice.hex41]: 20_000_000n }));
    const jobs = async () =>
      new Set((await listed(devnet)).filter(({ isJobs }) => isJobs).map(({ address }) => address));
    expect(await jobs()).toEqual(new Set(old));
    await period(devnet);
    expect(await jobs()).toEqual(new Set([alice.hex41, old[0]]));
    const blocks = await devnet.mine(4);
    const makers = await Promise.all(
      blocks.map(async ({ number }) => {
        const block = await post(devnet, "/wallet/getblockbynum", { num: number });
        return block["block_header"].raw_data.witness_address;
      }),
    );
    expect(makers.filter((maker) => maker === alice.hex41)).toHaveLength(2);
    expect(devnet.ledger.solidNumber()).toBeGreaterThanOrEqual((blocks[0]?.number ?? 0) - 1);
  });

  test.each([
    ["Invalid address", () => ({ owner_address: "41" })],
    ["VoteNumber must more than 0", () => ({ votes: [] })],
    [
      "VoteNumber more than maxVoteNumber 30",
      (sr: string) => ({ votes: Array.from({ length: 31 }, () => ({ vote_address: sr, vote_count: 1 })) }),
    ],
    ["Invalid vote address!", () => ({ votes: [{ vote_address: "41aa", vote_count: 1 }] })],
    ["vote count must be greater than 0", (sr: string) => ({ votes: [{ vote_address: sr, vote_count: 0 }] })],
    [`Account[${NOBODY}] not exists`, () => ({ votes: [{ vote_address: NOBODY, vote_count: 1 }] })],
    [`Witness[${bob.hex41}] not exists`, () => ({ votes: [{ vote_address: bob.hex41, vote_count: 1 }] })],
    [`Account[${NOBODY}] not exists`, () => ({ owner_address: NOBODY })],
    [
      "The total number of votes[501000000] is greater than the tronPower[500000000]",
      (sr: string) => ({ votes: [{ vote_address: sr, vote_count: 501 }] }),
    ],
    [
      "overflow: checkedMultiply(9223372036854775000, 1000000)",
      (sr: string) => ({ votes: [{ vote_address: sr, vote_count: 9_223_372_036_854_774_784 }] }),
    ],
  ])("refuses: %s", async (message, change) => {
    const devnet = await stakingDevnet({ witnesses: 2 });
    await pay(devnet, freeze(500n, ENERGY));
    const [sr = ""] = await ranked(devnet);
    const body = { owner_address: alice.hex41, votes: [{ vote_address: sr, vote_count: 1 }], ...change(sr) };
    expect(await objection(devnet, "votewitnessaccount", body)).toBe(message);
  });

  test("is cut with the stake it stands on, each vote by its share", async () => {
    const devnet = await stakingDevnet({ witnesses: 3 });
    const [first = "", second = "", third = ""] = await ranked(devnet);
    await pay(devnet, freeze(1_000n, ENERGY));
    await pay(devnet, vote({ [first]: 700n, [second]: 299n, [third]: 1n }));
    await pay(devnet, unfreeze(400n, ENERGY));
    expect((await accountOf(devnet, alice))["votes"]).toEqual([
      { vote_address: first, vote_count: 420 },
      { vote_address: second, vote_count: 179 },
    ]);
    await pay(devnet, unfreeze(600n, ENERGY));
    expect(await accountOf(devnet, alice)).not.toHaveProperty("votes");
  });
});

describe("rewards", () => {
  test("are those of java-tron, to the sun", async () => {
    const devnet = await stakingDevnet({ witnesses: 3 });
    const [first = ""] = await ranked(devnet);
    await pay(devnet, freeze(5_000n, ENERGY));
    await pay(devnet, vote({ [first]: 5_000n }));
    await period(devnet);
    expect(await rewardOf(devnet, alice)).toBe(0);
    const before = await listed(devnet);
    const number = devnet.ledger.headNumber();
    await devnet.mine(11);
    await period(devnet);
    const blocks = devnet.ledger.headNumber() - number;
    const after = await listed(devnet);
    const total = (list: Json[], field: string) => list.reduce((sum, one) => sum + (one[field] ?? 0), 0);
    const of = (list: Json[]) => list.find(({ address }) => address === first) ?? {};
    const votes: number = of(before)["voteCount"];
    const made: number = of(after)["totalProduced"] - of(before)["totalProduced"];
    const standby = Math.trunc(votes * (128_000_000 / total(before, "voteCount")));
    const perBlock = 8_000_000 - 1_600_000;
    const shared = BigInt(made * perBlock + blocks * (standby - Math.trunc(0.2 * standby)));
    const expected = (((shared * 10n ** 18n) / BigInt(votes)) * 5_000n) / 10n ** 18n;
    expect(await rewardOf(devnet, alice)).toBe(Number(expected));
    expect(Number(expected)).toBeGreaterThan(0);
  });

  test("begin with the maintenance after the vote and end with the one after its change", async () => {
    const devnet = await stakingDevnet({ witnesses: 3 });
    const [first = "", second = ""] = await ranked(devnet);
    await pay(devnet, freeze(5_000n, ENERGY));
    await pay(devnet, vote({ [first]: 5_000n }));
    await period(devnet);
    await period(devnet);
    const one = await rewardOf(devnet, alice);
    await period(devnet);
    const two = await rewardOf(devnet, alice);
    expect(two).toBeGreaterThan(one);
    // The change settles what was earned, and the old votes still earn until the period ends.
    await pay(devnet, vote({ [second]: 1n }));
    expect(await accountOf(devnet, alice)).toMatchObject({ allowance: two });
    expect(await rewardOf(devnet, alice)).toBe(two);
    await devnet.mine(20);
    await period(devnet);
    const three = await rewardOf(devnet, alice);
    expect(three).toBeGreaterThan(two);
    await period(devnet);
    const four = await rewardOf(devnet, alice);
    expect(four - three).toBeLessThan((three - two) / 100);
  });

  test("are withdrawn once a day, and all of them", async () => {
    const devnet = await stakingDevnet({ witnesses: 3 });
    const [first = ""] = await ranked(devnet);
    await pay(devnet, freeze(5_000n, ENERGY));
    await pay(devnet, vote({ [first]: 5_000n }));
    const body = { owner_address: alice.hex41 };
    expect(await objection(devnet, "withdrawbalance", body)).toBe("witnessAccount does not have any reward");
    await devnet.advanceTime(2 * DAY);
    const reward = await rewardOf(devnet, alice);
    const balance = devnet.ledger.trx(alice.address);
    const head = devnet.ledger.headTimestamp();
    expect(await receipt(devnet, withdrawReward())).toMatchObject({ withdraw_amount: reward });
    expect(devnet.ledger.trx(alice.address)).toBe(balance + BigInt(reward));
    const account = await accountOf(devnet, alice);
    expect(account).toMatchObject({ latest_withdraw_time: head });
    expect(account).not.toHaveProperty("allowance");
    expect(await rewardOf(devnet, alice)).toBe(0);
    await devnet.advanceTime(DAY - 6_000);
    expect(await objection(devnet, "withdrawbalance", body)).toBe(
      `The last withdraw time is ${head}, less than 24 hours`,
    );
    await devnet.mine();
    expect(devnet.ledger.headTimestamp()).toBe(head + DAY);
    expect(await objection(devnet, "withdrawbalance", body)).toBeUndefined();
  });

  test.each([
    ["Invalid address", "41"],
    [`Account[${NOBODY}] not exists`, NOBODY],
    ["witnessAccount does not have any reward", bob.hex41],
  ])("are refused: %s", async (message, owner_address) => {
    const devnet = await stakingDevnet({ witnesses: 2 });
    expect(await objection(devnet, "withdrawbalance", { owner_address })).toBe(message);
  });

  test("of a witness of the genesis block stay where they are", async () => {
    const devnet = await stakingDevnet({ witnesses: 2 });
    const [first = ""] = await ranked(devnet);
    expect(await objection(devnet, "withdrawbalance", { owner_address: first })).toBe(
      `Account[${first}] is a guard representative and is not allowed to withdraw Balance`,
    );
  });

  test("of a witness are its brokerage, from the next period on as it set it", async () => {
    const devnet = await stakingDevnet({ witnesses: 1 });
    await devnet.faucet({ address: alice.address, trxSun: 50_000_000n * TRX });
    await devnet.mine();
    await pay(devnet, order("WitnessCreateContract", { url: "61" }));
    await pay(devnet, freeze(20_000_000n, ENERGY));
    await pay(devnet, vote({ [alice.hex41]: 20_000_000n }));
    await pay(devnet, order("UpdateBrokerageContract", { brokerage: 30 }));
    const brokerage = async (scope = "wallet") => post(devnet, `/${scope}/getBrokerage`, { address: alice.hex41 });
    expect(await brokerage()).toEqual({ brokerage: 20 });
    await period(devnet);
    expect(await brokerage()).toEqual({ brokerage: 30 });
    // The newly elected witness has made no block yet: none can be solid that it has not built upon.
    expect(await brokerage("walletsolidity")).toEqual({ brokerage: 20 });
    const [{ allowance: before = 0 }, votes] = [await accountOf(devnet, alice), await listed(devnet)];
    expect(votes.find(({ isJobs }) => isJobs)?.["address"]).toBe(alice.hex41);
    await devnet.mine(10);
    expect(await brokerage("walletsolidity")).toEqual({ brokerage: 30 });
    const { allowance } = await accountOf(devnet, alice);
    const all = votes.reduce((sum, { voteCount = 0 }) => sum + voteCount, 0);
    const standby = Math.trunc(20_000_000 * (128_000_000 / all));
    expect(allowance - before).toBe(10 * (2_400_000 + Math.trunc(0.3 * standby)));
    const { witness_permission, is_witness } = await accountOf(devnet, alice);
    expect(is_witness).toBe(true);
    expect(witness_permission).toEqual({
      type: "Witness",
      id: 1,
      permission_name: "witness",
      threshold: 1,
      keys: [{ address: alice.hex41, weight: 1 }],
    });
  });

  test("are asked for in either spelling, and never an error for somebody without any", async () => {
    const devnet = await stakingDevnet({ witnesses: 2 });
    for (const path of ["/wallet/getReward", "/walletsolidity/getReward"]) {
      expect(await post(devnet, path, { address: alice.hex41 })).toEqual({ reward: 0 });
      expect(await post(devnet, path, { address: alice.address })).toEqual({ reward: 0 });
      expect(await post(devnet, path, { address: NOBODY })).toEqual({ reward: 0 });
      expect(await post(devnet, path, {})).toEqual({ reward: 0 });
    }
    expect(await post(devnet, "/wallet/getBrokerage", {})).toEqual({ brokerage: 0 });
    expect(await post(devnet, "/wallet/getBrokerage", { address: alice.hex41 })).toEqual({ brokerage: 20 });
    expect(await post(devnet, "/wallet/getReward", { address: "T0O" })).toEqual({
      Error: "INVALID address, Illegal character 0 at 1",
    });
    const response = await fetch(`${devnet.url}/wallet/getBrokerage?address=${alice.address}`);
    expect(await response.json()).toEqual({ brokerage: 20 });
  });
});

describe("witnesses", () => {
  const url = (text: string) => Buffer.from(text).toString("hex");

  test("pay 9,999 TRX to become one, and are listed with their url", async () => {
    const devnet = await stakingDevnet({ witnesses: 2 });
    await pay(devnet, order("UpdateBrokerageContract", { brokerage: 5 })).catch((error: unknown) =>
      expect(String(error)).toContain(`Not existed witness:${alice.hex41}`),
    );
    expect(await receipt(devnet, order("WitnessCreateContract", { url: url("http://alice.example") }))).toMatchObject({
      fee: 9_999_000_000,
    });
    const mine = async () => (await listed(devnet)).find(({ address }) => address === alice.hex41);
    expect(await mine()).toEqual({ address: alice.hex41, url: "http://alice.example" });
    await pay(devnet, order("WitnessUpdateContract", { update_url: url("http://new.example") }));
    expect(await mine()).toEqual({ address: alice.hex41, url: "http://new.example" });
    const response = await fetch(`${devnet.url}/wallet/listwitnesses?visible=true`);
    const { witnesses: shown } = (await response.json()) as { witnesses: Json[] };
    expect(shown.map(({ address }) => address)).toContain(alice.address);
  });

  test("come in pages, by votes", async () => {
    const devnet = await stakingDevnet({ witnesses: 5 });
    const order = await ranked(devnet);
    for (const scope of ["wallet", "walletsolidity"]) {
      const page = (offset: number, limit: number) =>
        listed(devnet, `/${scope}/getpaginatednowwitnesslist`, { offset, limit });
      expect((await page(0, 2)).map(({ address }) => address)).toEqual(order.slice(0, 2));
      expect((await page(3, 10)).map(({ address }) => address)).toEqual(order.slice(3));
      expect(await page(5, 10)).toBeUndefined();
      expect(await page(0, 0)).toBeUndefined();
      expect(await page(-1, 10)).toBeUndefined();
    }
  });

  test.each([
    ["createwitness", "Invalid address", { owner_address: "41", url: "61" }],
    ["createwitness", "Invalid url", { url: "" }],
    ["createwitness", "Invalid url", { url: "61".repeat(257) }],
    ["createwitness", `account[${NOBODY}] not exists`, { owner_address: NOBODY, url: "61" }],
    ["createwitness", "balance < AccountUpgradeCost", { owner_address: carol.hex41, url: "61" }],
    ["updatewitness", "Witness does not exist", { update_url: "61" }],
    ["updatewitness", "account does not exist", { owner_address: NOBODY, update_url: "61" }],
    ["updatewitness", "Invalid url", { update_url: "" }],
    ["updateBrokerage", `Not existed witness:${alice.hex41}`, { brokerage: 10 }],
    ["updateBrokerage", "Invalid brokerage", { brokerage: 101 }],
    ["updateBrokerage", "Invalid brokerage", { brokerage: -1 }],
    ["updateBrokerage", "Invalid ownerAddress", { owner_address: "41", brokerage: 1 }],
  ])("%s refuses: %s", async (path, message, body) => {
    const devnet = await stakingDevnet({ witnesses: 2 });
    await pay(devnet, freeze(2n, ENERGY, carol), { signers: [carol] });
    expect(await objection(devnet, path, { owner_address: alice.hex41, ...body })).toBe(message);
  });

  test("do not become one twice", async () => {
    const devnet = await stakingDevnet({ witnesses: 2 });
    const [first = ""] = await ranked(devnet);
    expect(await objection(devnet, "createwitness", { owner_address: first, url: "61" })).toBe(
      `Witness[${first}] has existed`,
    );
    const tx = await signed(devnet, order("WitnessCreateContract", { url: "61" }));
    await broadcast(devnet, tx);
    await devnet.mine();
    expect(devnet.ledger.burnedSun()).toBeGreaterThanOrEqual(9_999n * TRX);
  });
});
