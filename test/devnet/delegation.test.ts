import { describe, expect, test } from "vitest";
import { toHex41 } from "../../src/tron/address.ts";
import { alice, bob, carol, type Json, pay, post, trxTransfer, Wallet } from "./support.ts";
import {
  accountOf,
  BANDWIDTH,
  DAY,
  delegate,
  ENERGY,
  freeze,
  objection,
  receipt,
  resourcesOf,
  stakingDevnet,
  TRX,
  undelegate,
} from "./stake-support.ts";

const NOBODY = `41${"ab".repeat(20)}`;
const PAIR = { fromAddress: alice.hex41, toAddress: bob.hex41 };

const delegation = (devnet: Awaited<ReturnType<typeof stakingDevnet>>, scope = "wallet"): Promise<Json> =>
  post(devnet, `/${scope}/getdelegatedresourcev2`, PAIR);

/** Alice has 1,000 TRX staked for each resource; the network is small, so that this is a lot of both. */
async function lender() {
  const devnet = await stakingDevnet();
  await pay(devnet, freeze(1_000n, ENERGY));
  await pay(devnet, freeze(2_000n, BANDWIDTH));
  return devnet;
}

describe("delegateresource", () => {
  test("gives the receiver the resource and leaves the votes with the owner", async () => {
    const devnet = await lender();
    const before = await resourcesOf(devnet, alice);
    expect(await receipt(devnet, delegate(400n, ENERGY))).toEqual({
      contractResult: [""],
      receipt: { net_usage: 279 },
    });
    const mine = await resourcesOf(devnet, alice);
    const others = await resourcesOf(devnet, bob);
    expect(mine["tronPowerLimit"]).toBe(3_000);
    expect(mine["TotalEnergyWeight"]).toBe(before["TotalEnergyWeight"]);
    expect(Math.abs(mine["EnergyLimit"] + others["EnergyLimit"] - before["EnergyLimit"])).toBeLessThanOrEqual(1);
    expect(await accountOf(devnet, alice)).toMatchObject({
      account_resource: { delegated_frozenV2_balance_for_energy: 400_000_000 },
      frozenV2: [{ amount: 2_000_000_000 }, { type: "ENERGY", amount: 600_000_000 }, { type: "TRON_POWER" }],
    });
    expect(await accountOf(devnet, bob)).toMatchObject({
      account_resource: { acquired_delegated_frozenV2_balance_for_energy: 400_000_000 },
    });
  });

  test("is listed for both, unlocked and locked parts apart, as the sample shows it", async () => {
    const devnet = await lender();
    await pay(devnet, delegate(1n, ENERGY));
    const head = devnet.ledger.headTimestamp();
    await pay(devnet, delegate(2n, ENERGY, { lock: true, blocks: 90_000n }));
    const ends = { from: alice.hex41, to: bob.hex41 };
    expect(await delegation(devnet)).toEqual({
      delegatedResource: [
        { ...ends, frozen_balance_for_energy: 1_000_000 },
        { ...ends, frozen_balance_for_energy: 2_000_000, expire_time_for_energy: head + 90_000 * 3_000 },
      ],
    });
    expect(await delegation(devnet, "walletsolidity")).toEqual({});
    await devnet.mine(18);
    expect((await delegation(devnet, "walletsolidity"))["delegatedResource"]).toHaveLength(2);
  });

  test("locks for three days when no period is given", async () => {
    const devnet = await lender();
    const head = devnet.ledger.headTimestamp();
    await pay(devnet, delegate(1n, BANDWIDTH, { lock: true }));
    expect(await delegation(devnet)).toEqual({
      delegatedResource: [
        {
          from: alice.hex41,
          to: bob.hex41,
          frozen_balance_for_bandwidth: 1_000_000,
          expire_time_for_bandwidth: head + 3 * DAY,
        },
      ],
    });
  });

  test("makes both accounts find each other, oldest first", async () => {
    const devnet = await lender();
    await pay(devnet, delegate(1n, BANDWIDTH, { to: carol }));
    await pay(devnet, delegate(1n, ENERGY));
    const index = (value: string, scope = "wallet") =>
      post(devnet, `/${scope}/getdelegatedresourceaccountindexv2`, { value });
    expect(await index(alice.hex41)).toEqual({ account: alice.hex41, toAccounts: [carol.hex41, bob.hex41] });
    expect(await index(bob.hex41)).toEqual({ account: bob.hex41, fromAccounts: [alice.hex41] });
    expect(await index(NOBODY)).toEqual({ account: NOBODY });
    expect(await index("41")).toEqual({});
    await pay(devnet, undelegate(1n, BANDWIDTH, { to: carol }));
    expect(await index(alice.hex41)).toEqual({ account: alice.hex41, toAccounts: [bob.hex41] });
    expect(await index(carol.hex41)).toEqual({ account: carol.hex41 });
  });

  test("can give at most what is not in use; a builder leaves room for the transaction itself", async () => {
    const devnet = await lender();
    const most = async (type: number): Promise<Json> =>
      post(devnet, "/wallet/getcandelegatedmaxsize", { owner_address: alice.hex41, type });
    expect(await most(ENERGY)).toEqual({ max_size: 1_000_000_000 });
    const { max_size: bandwidth } = await most(BANDWIDTH);
    const { TotalNetWeight: weight } = await resourcesOf(devnet, alice);
    // Alice sent her freezes on free bandwidth; what is set aside is 275 bytes and a longer lock and amount.
    expect(bandwidth).toBe(2_000_000_000 - Math.trunc((275 + 2 + 4 + 6 - 4) * 1_000_000 * (weight / 43_200_000_000)));
    const body = { owner_address: alice.hex41, receiver_address: bob.hex41, resource: "BANDWIDTH" };
    expect(await objection(devnet, "delegateresource", { ...body, balance: bandwidth + 1 })).toBe(
      "delegateBalance must be less than or equal to available FreezeBandwidthV2 balance",
    );
    expect(await objection(devnet, "delegateresource", { ...body, balance: bandwidth })).toBeUndefined();
    await pay(devnet, delegate(1_000n, ENERGY));
    expect(await most(ENERGY)).toEqual({});
  });

  test("leaves staked bandwidth that was used with its owner until it has come back", async () => {
    const devnet = await lender();
    for (let count = 0; count < 2; count += 1) await pay(devnet, trxTransfer(bob, 1n));
    const { NetUsed } = await resourcesOf(devnet, alice);
    expect(NetUsed).toBeGreaterThan(0);
    const { max_size: now } = await post(devnet, "/wallet/getcandelegatedmaxsize", { owner_address: alice.hex41 });
    await devnet.advanceTime(DAY);
    const { max_size: later } = await post(devnet, "/wallet/getcandelegatedmaxsize", { owner_address: alice.hex41 });
    const { TotalNetWeight: weight } = await resourcesOf(devnet, alice);
    expect(later - now).toBe(
      Math.trunc((NetUsed + 283) * 1_000_000 * (weight / 43_200_000_000)) -
        Math.trunc(283 * 1_000_000 * (weight / 43_200_000_000)),
    );
  });

  test.each([
    ["Invalid address", { owner_address: "41" }],
    [`Account[${NOBODY}] not exists`, { owner_address: NOBODY }],
    ["delegateBalance must be greater than or equal to 1 TRX", { balance: 999_999 }],
    ["ResourceCode error, valid ResourceCode[BANDWIDTH、ENERGY]", { resource: "TRON_POWER" }],
    ["delegateBalance must be less than or equal to available FreezeEnergyV2 balance", { balance: 1_000_000_001 }],
    ["Invalid receiverAddress", { receiver_address: "41aa" }],
    ["receiverAddress must not be the same as ownerAddress", { receiver_address: alice.hex41 }],
    [`Account[${NOBODY}] not exists`, { receiver_address: NOBODY }],
    [
      "The lock period of delegate resource cannot be less than 0 and cannot exceed 864000!",
      { lock: true, lock_period: 864_001 },
    ],
    [
      "The lock period of delegate resource cannot be less than 0 and cannot exceed 864000!",
      { lock: true, lock_period: -1 },
    ],
  ])("refuses: %s", async (message, change) => {
    const devnet = await lender();
    const body = { owner_address: alice.hex41, receiver_address: bob.hex41, balance: 1_000_000, resource: "ENERGY" };
    expect(await objection(devnet, "delegateresource", { ...body, ...change })).toBe(message);
  });

  test("refuses a contract as receiver, and a lock shorter than what is left of the last", async () => {
    const devnet = await lender();
    const body = { owner_address: alice.hex41, balance: 1_000_000, resource: "ENERGY" };
    const contract = { ...body, receiver_address: toHex41(devnet.usdtContract) };
    expect(await objection(devnet, "delegateresource", contract)).toBe(
      "Do not allow delegate resources to contract addresses",
    );
    await pay(devnet, delegate(1n, ENERGY, { lock: true, blocks: 200n }));
    const shorter = { ...body, receiver_address: bob.hex41, lock: true, lock_period: 100 };
    expect(await objection(devnet, "delegateresource", shorter)).toBe(
      "The lock period for ENERGY this time cannot be less than the remaining time[597000ms] of the last lock " +
        "period for ENERGY!",
    );
    expect(await objection(devnet, "delegateresource", { ...shorter, lock_period: 199 })).toBeUndefined();
    expect(await objection(devnet, "delegateresource", { ...shorter, resource: "BANDWIDTH" })).toBeUndefined();
    expect(await objection(devnet, "delegateresource", { ...shorter, lock: false })).toBeUndefined();
  });
});

describe("undelegateresource", () => {
  test("takes back what is not locked", async () => {
    const devnet = await lender();
    await pay(devnet, delegate(400n, ENERGY));
    expect(await receipt(devnet, undelegate(150n, ENERGY))).toEqual({
      contractResult: [""],
      receipt: { net_usage: 280 },
    });
    expect(await delegation(devnet)).toEqual({
      delegatedResource: [{ from: alice.hex41, to: bob.hex41, frozen_balance_for_energy: 250_000_000 }],
    });
    await pay(devnet, undelegate(250n, ENERGY));
    expect(await delegation(devnet)).toEqual({});
    expect((await accountOf(devnet, alice))["account_resource"]).not.toHaveProperty(
      "delegated_frozenV2_balance_for_energy",
    );
    expect(await resourcesOf(devnet, bob)).not.toHaveProperty("EnergyLimit");
  });

  test("waits for a lock to end, and then takes from both parts together", async () => {
    const devnet = await lender();
    await pay(devnet, delegate(100n, ENERGY));
    const head = devnet.ledger.headTimestamp();
    await pay(devnet, delegate(200n, ENERGY, { lock: true, blocks: 1_000n }));
    const body = { owner_address: alice.hex41, receiver_address: bob.hex41, balance: 300_000_000, resource: "ENERGY" };
    const short = "insufficient delegateFrozenBalance(Energy), request=300000000, unlock_balance=100000000";
    expect(await objection(devnet, "undelegateresource", body)).toBe(short);
    await devnet.advanceTime(head + 1_000 * 3_000 - devnet.ledger.headTimestamp());
    // The lock ends after its last millisecond, not with it.
    expect(await objection(devnet, "undelegateresource", body)).toBe(short);
    await devnet.mine();
    expect(await objection(devnet, "undelegateresource", body)).toBeUndefined();
    await pay(devnet, undelegate(250n, ENERGY));
    expect(await delegation(devnet)).toEqual({
      delegatedResource: [{ from: alice.hex41, to: bob.hex41, frozen_balance_for_energy: 50_000_000 }],
    });
  });

  test("moves the receiver's usage back to the owner by its share", async () => {
    const devnet = await lender();
    await pay(devnet, delegate(1_000n, BANDWIDTH));
    // 632 bytes of bob's are acquired; they pay for his transfer.
    await pay(devnet, trxTransfer(carol, 1n, bob), { signers: [bob] });
    expect(await resourcesOf(devnet, bob)).toMatchObject({ NetUsed: 265 });
    const before = await resourcesOf(devnet, alice);
    await pay(devnet, undelegate(500n, BANDWIDTH));
    const after = await resourcesOf(devnet, alice);
    expect(await resourcesOf(devnet, bob)).toMatchObject({ NetUsed: 133 });
    // What alice used herself since is on top: 279 bytes for taking back, out of her own stake.
    expect(after["NetUsed"] - (before["NetUsed"] ?? 0)).toBe(132 + 279);
  });

  test.each([
    ["Invalid address", { owner_address: "41" }],
    [`Account[${NOBODY}] does not exist`, { owner_address: NOBODY }],
    ["Invalid receiverAddress", { receiver_address: "41aa" }],
    ["receiverAddress must not be the same as ownerAddress", { receiver_address: alice.hex41 }],
    ["delegated Resource does not exist", { receiver_address: carol.hex41 }],
    ["unDelegateBalance must be more than 0 TRX", { balance: 0 }],
    ["ResourceCode error.valid ResourceCode[BANDWIDTH、Energy]", { resource: "TRON_POWER" }],
    [
      "insufficient delegatedFrozenBalance(BANDWIDTH), request=1, unlock_balance=0",
      { resource: "BANDWIDTH", balance: 1 },
    ],
    [
      "insufficient delegateFrozenBalance(Energy), request=400000001, unlock_balance=400000000",
      { balance: 400_000_001 },
    ],
  ])("refuses: %s", async (message, change) => {
    const devnet = await lender();
    await pay(devnet, delegate(400n, ENERGY));
    const body = { owner_address: alice.hex41, receiver_address: bob.hex41, balance: 1_000_000, resource: "ENERGY" };
    expect(await objection(devnet, "undelegateresource", { ...body, ...change })).toBe(message);
  });
});

describe("bandwidth", () => {
  test("is taken from the stake first, then from the free quota, then burned, each for all bytes", async () => {
    const devnet = await stakingDevnet();
    // 500 TRX give 316 bytes a day.
    await pay(devnet, freeze(500n, BANDWIDTH));
    const { NetLimit } = await resourcesOf(devnet, alice);
    expect(NetLimit).toBe(316);
    const spend = async () => receipt(devnet, trxTransfer(bob, 1n));
    expect(await spend()).toMatchObject({ receipt: { net_usage: 265 } });
    // A slot after it was used, a byte of the 252 of the freeze has come back.
    expect(await resourcesOf(devnet, alice)).toMatchObject({ NetUsed: 265, freeNetUsed: 251 });
    expect(await spend()).toMatchObject({ receipt: { net_usage: 265 } });
    expect(await resourcesOf(devnet, alice)).toMatchObject({ NetUsed: 264, freeNetUsed: 515 });
    expect(await spend()).toMatchObject({ fee: 265_000, receipt: { net_fee: 265_000 } });
    await devnet.advanceTime(DAY);
    const rested = await resourcesOf(devnet, alice);
    expect(rested).not.toHaveProperty("NetUsed");
    expect(rested).not.toHaveProperty("freeNetUsed");
  });

  test("of a stake also creates an account, where the free quota does not", async () => {
    const devnet = await stakingDevnet();
    await pay(devnet, freeze(1_000n, BANDWIDTH));
    const stranger = new Wallet("09".repeat(32));
    expect(await receipt(devnet, trxTransfer(stranger, TRX))).toMatchObject({
      fee: 1_000_000,
      receipt: { net_usage: 267 },
    });
  });
});
