import { describe, expect, test } from "vitest";
import { actuatorFor } from "../../src/devnet/actuators/registry.ts";
import { setParameter } from "../../src/devnet/chain-parameters.ts";
import { invalid } from "../../src/devnet/outcome.ts";
import { Session } from "../../src/devnet/state.ts";
import { alice, bob, broadcast, carol, pay, post, signed } from "./support.ts";
import {
  accountOf,
  BANDWIDTH,
  cancelUnfreezing,
  DAY,
  delegate,
  ENERGY,
  freeze,
  objection,
  order,
  receipt,
  resourcesOf,
  stakingDevnet,
  TRX,
  undelegate,
  unfreeze,
  withdrawUnfrozen,
} from "./stake-support.ts";

const NET_WEIGHT = 68_305_209_098;
const ENERGY_WEIGHT = 2_411_528_185;
const NOBODY = `41${"ab".repeat(20)}`;

describe("freezebalancev2", () => {
  test("moves TRX from the balance to the stake, and gives bandwidth, energy and votes", async () => {
    const devnet = await stakingDevnet();
    expect(await receipt(devnet, freeze(3_000n, BANDWIDTH))).toEqual({
      contractResult: [""],
      receipt: { net_usage: 252 },
    });
    await pay(devnet, freeze(2_000n, ENERGY));
    expect(await accountOf(devnet, alice)).toMatchObject({
      balance: 5_000_000_000,
      frozenV2: [{ amount: 3_000_000_000 }, { type: "ENERGY", amount: 2_000_000_000 }, { type: "TRON_POWER" }],
    });
    const resources = await resourcesOf(devnet, alice);
    expect(resources).toMatchObject({
      TotalNetWeight: NET_WEIGHT + 3_000,
      TotalEnergyWeight: ENERGY_WEIGHT + 2_000,
      tronPowerLimit: 5_000,
      NetLimit: Math.trunc(3_000 * (43_200_000_000 / (NET_WEIGHT + 3_000))),
      EnergyLimit: Math.trunc(2_000 * (180_000_000_000 / (ENERGY_WEIGHT + 2_000))),
    });
    expect(resources).not.toHaveProperty("tronPowerUsed");
  });

  test("counts whole TRX of the sum, not of each stake", async () => {
    const devnet = await stakingDevnet();
    const half = (from = alice) =>
      order("FreezeBalanceV2Contract", { frozen_balance: 1_500_000n, resource: ENERGY }, from);
    await pay(devnet, half());
    expect((await resourcesOf(devnet, alice))["TotalEnergyWeight"]).toBe(ENERGY_WEIGHT + 1);
    await pay(devnet, half());
    expect((await resourcesOf(devnet, alice))["TotalEnergyWeight"]).toBe(ENERGY_WEIGHT + 3);
  });

  test.each([
    ["Invalid address", { owner_address: "41", frozen_balance: 1_000_000 }],
    [`Account[${NOBODY}] not exists`, { owner_address: NOBODY, frozen_balance: 1_000_000 }],
    ["frozenBalance must be positive", { frozen_balance: 0 }],
    ["frozenBalance must be positive", { frozen_balance: -5 }],
    ["frozenBalance must be greater than or equal to 1 TRX", { frozen_balance: 999_999 }],
    ["frozenBalance must be less than or equal to accountBalance", { frozen_balance: 10_000_000_001 }],
    [
      "ResourceCode error, valid ResourceCode[BANDWIDTH、ENERGY]",
      { frozen_balance: 1_000_000, resource: "TRON_POWER" },
    ],
  ])("refuses: %s", async (message, body) => {
    const devnet = await stakingDevnet();
    expect(await objection(devnet, "freezebalancev2", { owner_address: alice.hex41, ...body })).toBe(message);
  });

  test("is refused in a broadcast with the same words behind the node's prefix", async () => {
    const devnet = await stakingDevnet();
    const tx = await signed(devnet, freeze(20_000n, ENERGY));
    expect(await broadcast(devnet, tx)).toMatchObject({
      result: false,
      code: "CONTRACT_VALIDATE_ERROR",
      message: "Contract validate error : frozenBalance must be less than or equal to accountBalance",
    });
  });

  test("counts what bandwidth burns before the balance is looked at", async () => {
    const devnet = await stakingDevnet();
    // Two freezes use up the free bandwidth; the third burns 252 bytes, and then one sun is missing.
    for (let count = 0; count < 2; count += 1) await pay(devnet, freeze(1n, ENERGY));
    const all = 9_998n * TRX;
    const tx = await signed(devnet, order("FreezeBalanceV2Contract", { frozen_balance: all, resource: ENERGY }));
    expect(await broadcast(devnet, tx)).toMatchObject({ code: "CONTRACT_VALIDATE_ERROR" });
  });
});

describe("unfreezebalancev2", () => {
  test("queues the stake for 14 days and takes its share of the network at once", async () => {
    const devnet = await stakingDevnet();
    await pay(devnet, freeze(3_000n, BANDWIDTH));
    const head = devnet.ledger.headTimestamp();
    expect(await receipt(devnet, unfreeze(1_000n, BANDWIDTH))).toEqual({
      contractResult: [""],
      receipt: { net_usage: 254 },
    });
    expect(await accountOf(devnet, alice)).toMatchObject({
      balance: 7_000_000_000,
      frozenV2: [{ amount: 2_000_000_000 }, { type: "ENERGY" }, { type: "TRON_POWER" }],
      unfrozenV2: [{ unfreeze_amount: 1_000_000_000, unfreeze_expire_time: head + 14 * DAY }],
    });
    expect(await resourcesOf(devnet, alice)).toMatchObject({
      TotalNetWeight: NET_WEIGHT + 2_000,
      tronPowerLimit: 2_000,
    });
  });

  test("pays out what is due by the way", async () => {
    const devnet = await stakingDevnet();
    await pay(devnet, freeze(3_000n, ENERGY));
    await pay(devnet, unfreeze(1_000n, ENERGY));
    await devnet.advanceTime(14 * DAY);
    const balance = devnet.ledger.trx(alice.address);
    expect(await receipt(devnet, unfreeze(500n, ENERGY))).toMatchObject({ withdraw_expire_amount: 1_000_000_000 });
    expect(devnet.ledger.trx(alice.address)).toBe(balance + 1_000n * TRX);
    expect((await accountOf(devnet, alice))["unfrozenV2"]).toHaveLength(1);
  });

  test("has room for 32 entries that are not due", async () => {
    const devnet = await stakingDevnet();
    const count = async () =>
      (await post(devnet, "/wallet/getavailableunfreezecount", { owner_address: alice.hex41 }))["count"];
    await pay(devnet, freeze(100n, ENERGY));
    expect(await count()).toBe(32);
    for (let done = 0; done < 32; done += 1) {
      const tx = await signed(devnet, unfreeze(1n, ENERGY));
      expect(await broadcast(devnet, tx)).toMatchObject({ result: true });
    }
    expect(await post(devnet, "/wallet/getavailableunfreezecount", { owner_address: alice.hex41 })).toEqual({});
    await devnet.mine();
    const body = { owner_address: alice.hex41, unfreeze_balance: 1_000_000, resource: "ENERGY" };
    expect(await objection(devnet, "unfreezebalancev2", body)).toBe(
      "Invalid unfreeze operation, unfreezing times is over limit",
    );
    await devnet.advanceTime(14 * DAY);
    expect(await count()).toBe(32);
    expect(await receipt(devnet, unfreeze(1n, ENERGY))).toMatchObject({ withdraw_expire_amount: 32_000_000 });
    expect(await count()).toBe(31);
  });

  test.each([
    ["Invalid address", { owner_address: "41" }],
    [`Account[${NOBODY}] does not exist`, { owner_address: NOBODY }],
    ["no frozenBalance(BANDWIDTH)", { resource: "BANDWIDTH" }],
    ["no frozenBalance(Energy)", { owner_address: carol.hex41, resource: "ENERGY" }],
    ["ResourceCode error.valid ResourceCode[BANDWIDTH、Energy]", { resource: "TRON_POWER" }],
    ["Invalid unfreeze_balance, [0] is error", { unfreeze_balance: 0 }],
    ["Invalid unfreeze_balance, [-1] is error", { unfreeze_balance: -1 }],
    ["Invalid unfreeze_balance, [5000001] is error", { unfreeze_balance: 5_000_001 }],
  ])("refuses: %s", async (message, body) => {
    const devnet = await stakingDevnet();
    await pay(devnet, freeze(5n, ENERGY));
    const whole = { owner_address: alice.hex41, unfreeze_balance: 1_000_000, resource: "ENERGY", ...body };
    expect(await objection(devnet, "unfreezebalancev2", whole)).toBe(message);
  });
});

describe("withdrawexpireunfreeze", () => {
  test("pays out on the day, and not one block before", async () => {
    const devnet = await stakingDevnet();
    await pay(devnet, freeze(100n, ENERGY));
    await pay(devnet, unfreeze(40n, ENERGY));
    const { unfrozenV2 } = await accountOf(devnet, alice);
    const due: number = unfrozenV2[0].unfreeze_expire_time;
    const body = { owner_address: alice.hex41 };
    const amountAt = (timestamp?: number) =>
      post(devnet, "/wallet/getcanwithdrawunfreezeamount", {
        ...body,
        ...(timestamp === undefined ? {} : { timestamp }),
      });
    expect(await amountAt()).toEqual({});
    expect(await amountAt(due - 1)).toEqual({});
    expect(await amountAt(due)).toEqual({ amount: 40_000_000 });
    expect(await amountAt(-1)).toEqual({});
    await devnet.advanceTime(due - 3_000 - devnet.ledger.headTimestamp());
    expect(await objection(devnet, "withdrawexpireunfreeze", body)).toBe("no unFreeze balance to withdraw ");
    await devnet.mine();
    expect(devnet.ledger.headTimestamp()).toBe(due);
    expect(await amountAt()).toEqual({ amount: 40_000_000 });
    const balance = devnet.ledger.trx(alice.address);
    expect(await receipt(devnet, withdrawUnfrozen())).toEqual({
      contractResult: [""],
      receipt: { net_usage: 253 },
      withdraw_expire_amount: 40_000_000,
    });
    expect(devnet.ledger.trx(alice.address)).toBe(balance + 40n * TRX);
    expect(await accountOf(devnet, alice)).not.toHaveProperty("unfrozenV2");
  });

  test("leaves what is not due", async () => {
    const devnet = await stakingDevnet();
    await pay(devnet, freeze(100n, ENERGY));
    await pay(devnet, unfreeze(40n, ENERGY));
    await devnet.advanceTime(DAY);
    await pay(devnet, unfreeze(30n, ENERGY));
    await devnet.advanceTime(13 * DAY);
    expect(await receipt(devnet, withdrawUnfrozen())).toMatchObject({ withdraw_expire_amount: 40_000_000 });
    expect((await accountOf(devnet, alice))["unfrozenV2"]).toMatchObject([
      { type: "ENERGY", unfreeze_amount: 30_000_000 },
    ]);
  });

  test.each([
    ["Invalid address", "41"],
    [`Account[${NOBODY}] not exists`, NOBODY],
    ["no unFreeze balance to withdraw ", bob.hex41],
  ])("refuses: %s", async (message, owner_address) => {
    const devnet = await stakingDevnet();
    expect(await objection(devnet, "withdrawexpireunfreeze", { owner_address })).toBe(message);
  });
});

describe("cancelallunfreezev2", () => {
  test("stakes again what is not due and pays out what is", async () => {
    const devnet = await stakingDevnet();
    await pay(devnet, freeze(100n, ENERGY));
    await pay(devnet, freeze(100n, BANDWIDTH));
    await pay(devnet, unfreeze(40n, ENERGY));
    await devnet.advanceTime(DAY);
    await pay(devnet, unfreeze(30n, ENERGY));
    await pay(devnet, unfreeze(20n, BANDWIDTH));
    await pay(devnet, unfreeze(10n, BANDWIDTH));
    await devnet.advanceTime(13 * DAY);
    const balance = devnet.ledger.trx(alice.address);
    expect(await receipt(devnet, cancelUnfreezing())).toEqual({
      contractResult: [""],
      receipt: { net_usage: 250 },
      withdraw_expire_amount: 40_000_000,
      cancel_unfreezeV2_amount: [
        { key: "ENERGY", value: 30_000_000 },
        { key: "TRON_POWER", value: 0 },
        { key: "BANDWIDTH", value: 30_000_000 },
      ],
    });
    expect(devnet.ledger.trx(alice.address)).toBe(balance + 40n * TRX);
    const account = await accountOf(devnet, alice);
    expect(account).not.toHaveProperty("unfrozenV2");
    expect(account["frozenV2"]).toEqual([
      { amount: 100_000_000 },
      { type: "ENERGY", amount: 60_000_000 },
      { type: "TRON_POWER" },
    ]);
    expect(await resourcesOf(devnet, alice)).toMatchObject({
      TotalNetWeight: NET_WEIGHT + 100,
      TotalEnergyWeight: ENERGY_WEIGHT + 60,
    });
  });

  test.each([
    ["Invalid address", "41"],
    [`Account[${NOBODY}] not exists`, NOBODY],
    ["No unfreezeV2 list to cancel", bob.hex41],
  ])("refuses: %s", async (message, owner_address) => {
    const devnet = await stakingDevnet();
    expect(await objection(devnet, "cancelallunfreezev2", { owner_address })).toBe(message);
  });
});

describe("what the committee has not opened", () => {
  const moment = { headTimestamp: 0, feeLimit: 0n };
  test.each([
    ["getUnfreezeDelayDays", freeze(1n, ENERGY), "Not support FreezeV2 transaction"],
    ["getUnfreezeDelayDays", unfreeze(1n, ENERGY), "Not support UnfreezeV2 transaction"],
    ["getUnfreezeDelayDays", withdrawUnfrozen(), "Not support WithdrawExpireUnfreeze transaction"],
    ["getUnfreezeDelayDays", cancelUnfreezing(), "Not support CancelAllUnfreezeV2 transaction"],
    ["getAllowCancelAllUnfreezeV2", cancelUnfreezing(), "Not support CancelAllUnfreezeV2 transaction"],
    ["getUnfreezeDelayDays", delegate(1n, ENERGY), "Not support Delegate resource transaction"],
    ["getUnfreezeDelayDays", undelegate(1n, ENERGY), "Not support unDelegate resource transaction"],
  ] as const)("by %s is refused", (name, contract, message) => {
    const session = new Session({ row: () => undefined });
    setParameter(session, { name, value: 0, since: 0 });
    expect(actuatorFor(contract)?.validate(session, contract, moment)).toEqual(
      invalid(`${message}, need to be opened by the committee`),
    );
  });

  test.each([delegate(1n, ENERGY), undelegate(1n, ENERGY)])("delegating at all is refused", (contract) => {
    const session = new Session({ row: () => undefined });
    setParameter(session, { name: "getAllowDelegateResource", value: 0, since: 0 });
    expect(actuatorFor(contract)?.validate(session, contract, moment)).toEqual(
      invalid("No support for resource delegate"),
    );
  });
});

describe("the staking before Stake 2.0 is closed", () => {
  const frozen = { owner_address: alice.hex41, frozen_balance: 1_000_000, frozen_duration: 3 };
  test.each([
    ["freezebalance", "freeze v2 is open, old freeze is closed", frozen],
    ["freezebalance", "freeze v2 is open, old freeze is closed", { ...frozen, receiver_address: bob.hex41 }],
    [
      "freezebalance",
      "frozenDuration must be less than 3 days and more than 3 days",
      { ...frozen, frozen_duration: 4 },
    ],
    ["freezebalance", `Account[${NOBODY}] not exists`, { ...frozen, receiver_address: NOBODY }],
    [
      "freezebalance",
      "receiverAddress must not be the same as ownerAddress",
      { ...frozen, receiver_address: alice.hex41 },
    ],
    ["freezebalance", "frozenBalance must be positive", { ...frozen, frozen_balance: 0 }],
    ["freezebalance", "Invalid address", { ...frozen, owner_address: "41" }],
    ["freezebalance", `Account[${NOBODY}] not exists`, { ...frozen, owner_address: NOBODY }],
    ["freezebalance", "Invalid receiverAddress", { ...frozen, receiver_address: "41aa" }],
    [
      "freezebalance",
      "ResourceCode error, valid ResourceCode[BANDWIDTH、ENERGY]",
      { ...frozen, resource: "TRON_POWER" },
    ],
    ["unfreezebalance", "Invalid address", { owner_address: "41" }],
    ["unfreezebalance", `Account[${NOBODY}] does not exist`, { owner_address: NOBODY }],
    [
      "unfreezebalance",
      "ResourceCode error.valid ResourceCode[BANDWIDTH、Energy]",
      { owner_address: alice.hex41, resource: "TRON_POWER" },
    ],
    ["unfreezebalance", "no frozenBalance(BANDWIDTH)", { owner_address: alice.hex41 }],
    ["unfreezebalance", "no frozenBalance(Energy)", { owner_address: alice.hex41, resource: "ENERGY" }],
    [
      "unfreezebalance",
      "delegated Resource does not exist",
      { owner_address: alice.hex41, receiver_address: bob.hex41 },
    ],
  ])("%s: %s", async (path, message, body) => {
    const devnet = await stakingDevnet();
    expect(await objection(devnet, path, body)).toBe(message);
  });

  test("nobody has delegated by it", async () => {
    const devnet = await stakingDevnet();
    const pair = { fromAddress: alice.hex41, toAddress: bob.hex41 };
    expect(await post(devnet, "/wallet/getdelegatedresource", pair)).toEqual({});
    expect(await post(devnet, "/walletsolidity/getdelegatedresourceaccountindex", { value: alice.hex41 })).toEqual({
      account: alice.hex41,
    });
  });
});
