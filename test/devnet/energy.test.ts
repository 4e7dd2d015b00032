import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { contractAddressOf, toHex41 } from "../../src/tron/address.ts";
import type { Devnet } from "../../src/devnet/handle.ts";
import { alice, bob, carol, infoOf, type Json, pay, post, usdtTransfer } from "./support.ts";
import {
  accountOf,
  BANDWIDTH,
  DAY,
  delegate,
  ENERGY,
  freeze,
  order,
  resourcesOf,
  stakingDevnet,
  undelegate,
} from "./stake-support.ts";

/** What a transfer of USDT to a holder uses. */
const TRANSFER = 64_285;
const { samples }: { samples: { name: string; response: Json }[] } = JSON.parse(
  readFileSync(new URL("samples.json", import.meta.url), "utf8"),
);

/** Alice and bob hold USDT. */
async function payingDevnet() {
  const devnet = await stakingDevnet();
  for (const { address } of [alice, bob]) await devnet.faucet({ address, usdt: 1_000_000_000n });
  await devnet.mine();
  return devnet;
}

async function receiptOfTransfer(devnet: Devnet, feeLimit = 100_000_000n, from = alice): Promise<Json> {
  const to = from === alice ? bob : alice;
  const tx = await pay(devnet, usdtTransfer(devnet, to, 1n, from), { feeLimit, signers: [from] });
  return infoOf(devnet, tx.txId);
}

describe("energy", () => {
  test("of a stake pays a whole call, as in the sample, and comes back in a day", async () => {
    const devnet = await payingDevnet();
    await pay(devnet, freeze(5_000n, ENERGY));
    await devnet.advanceTime(DAY);
    const head = devnet.ledger.headTimestamp();
    const { id: _, blockNumber: __, blockTimeStamp: ___, log, ...info } = await receiptOfTransfer(devnet);
    const sample = samples.find(({ name }) => name === "info: USDT transfer ok, staked energy, free bandwidth");
    expect(log).toHaveLength(1);
    expect(info).toEqual({
      contractResult: sample?.response["contractResult"],
      contract_address: toHex41(devnet.usdtContract),
      receipt: sample?.response["receipt"],
    });
    const { EnergyLimit } = await resourcesOf(devnet, alice);
    expect(await resourcesOf(devnet, alice)).toMatchObject({ EnergyUsed: TRANSFER - 3 });
    expect(EnergyLimit).toBeGreaterThan(TRANSFER);
    expect((await accountOf(devnet, alice))["account_resource"]).toMatchObject({
      energy_usage: TRANSFER - 3,
      latest_consume_time_for_energy: head,
      energy_window_size: 28_799_000,
    });
    await devnet.advanceTime(DAY / 2);
    const { EnergyUsed: half } = await resourcesOf(devnet, alice);
    expect(Math.abs(half - TRANSFER / 2)).toBeLessThan(5);
    await devnet.advanceTime(DAY / 2);
    expect(await resourcesOf(devnet, alice)).not.toHaveProperty("EnergyUsed");
  });

  test("that the stake does not have is burned for", async () => {
    const devnet = await payingDevnet();
    await pay(devnet, freeze(500n, ENERGY));
    const { EnergyLimit } = await resourcesOf(devnet, alice);
    const burnedEnergy = TRANSFER - EnergyLimit;
    const info = await receiptOfTransfer(devnet);
    expect(info).toMatchObject({
      fee: burnedEnergy * 100,
      receipt: { energy_usage: EnergyLimit, energy_fee: burnedEnergy * 100, energy_usage_total: TRANSFER },
    });
    expect((await receiptOfTransfer(devnet))["receipt"].energy_usage).toBeLessThan(10);
  });

  test("is limited by the fee limit also when it is staked", async () => {
    const devnet = await payingDevnet();
    await pay(devnet, freeze(5_000n, ENERGY));
    const { log, receipt, fee } = await receiptOfTransfer(devnet, 5_000_000n);
    expect(log).toBeUndefined();
    expect(fee).toBeUndefined();
    expect(receipt).toMatchObject({ result: "OUT_OF_ENERGY", energy_usage: 50_000, energy_usage_total: 50_000 });
    expect(await resourcesOf(devnet, alice)).toMatchObject({ EnergyUsed: 49_998 });
  });

  test("may be used by whom it was delegated to, and is missing for as long when it is taken back", async () => {
    const devnet = await payingDevnet();
    await pay(devnet, freeze(4_000n, ENERGY));
    await pay(devnet, delegate(2_000n, ENERGY));
    expect((await receiptOfTransfer(devnet, 100_000_000n, bob))["receipt"]).toMatchObject({ energy_usage: TRANSFER });
    const most = async () =>
      (await post(devnet, "/wallet/getcandelegatedmaxsize", { owner_address: alice.hex41, type: 1 }))["max_size"];
    expect(await most()).toBe(2_000_000_000);
    await pay(devnet, undelegate(2_000n, ENERGY));
    const { EnergyUsed } = await resourcesOf(devnet, alice);
    expect(Math.abs(EnergyUsed - TRANSFER)).toBeLessThan(10);
    expect(await resourcesOf(devnet, bob)).not.toHaveProperty("EnergyUsed");
    const weight = (await resourcesOf(devnet, alice))["TotalEnergyWeight"];
    expect(await most()).toBe(4_000_000_000 - Math.trunc(EnergyUsed * 1_000_000 * (weight / 180_000_000_000)));
    await devnet.advanceTime(DAY);
    expect(await most()).toBe(4_000_000_000);
  });

  test("is noted with its time also by a call that nothing was staked for", async () => {
    const devnet = await payingDevnet();
    const head = devnet.ledger.headTimestamp();
    await receiptOfTransfer(devnet);
    const account = await accountOf(devnet, alice);
    expect(account["account_resource"]).toMatchObject({ latest_consume_time_for_energy: head });
    expect(account["account_resource"]).not.toHaveProperty("energy_usage");
    expect(account["latest_opration_time"]).toBe(head);
  });
});

describe("a contract whose owner pays a part", () => {
  /** It writes 1 into its first slot; the first time that costs 20,000. */
  const code = "656001600055006000526006601af3";

  async function shared(percent: bigint, mostOfOwner: bigint) {
    const devnet = await stakingDevnet();
    const creation = order("CreateSmartContract", {
      new_contract: {
        origin_address: alice.hex41,
        contract_address: "",
        abi: undefined,
        bytecode: code,
        call_value: 0n,
        consume_user_resource_percent: percent,
        name: "shared",
        origin_energy_limit: mostOfOwner,
        code_hash: "",
        trx_hash: "",
        version: 0,
      },
      call_token_value: 0n,
      token_id: 0n,
    });
    const { txId } = await pay(devnet, creation, { feeLimit: 100_000_000n });
    const contract = contractAddressOf({ txId, ownerHex41: alice.hex41 });
    const call = async () => {
      const value = { contract_address: contract, call_value: 0n, data: "", call_token_value: 0n, token_id: 0n };
      const tx = await pay(devnet, order("TriggerSmartContract", value, carol), {
        signers: [carol],
        feeLimit: 100_000_000n,
      });
      return (await infoOf(devnet, tx.txId))["receipt"];
    };
    return { devnet, call };
  }

  test("takes it from what the owner has staked, and the rest from the caller", async () => {
    const { devnet, call } = await shared(40n, 1_000_000n);
    await pay(devnet, freeze(1_000n, ENERGY));
    const receipt = await call();
    const total: number = receipt.energy_usage_total;
    const owners = Math.floor((total * 60) / 100);
    expect(total).toBeGreaterThan(20_000);
    expect(receipt).toMatchObject({ origin_energy_usage: owners, energy_fee: (total - owners) * 100 });
    const { EnergyUsed } = await resourcesOf(devnet, alice);
    expect(Math.abs(EnergyUsed - owners)).toBeLessThan(5);
  });

  test("takes no more of the owner than it allows, or has", async () => {
    const limited = await shared(0n, 3_000n);
    await pay(limited.devnet, freeze(1_000n, ENERGY));
    expect(await limited.call()).toMatchObject({ origin_energy_usage: 3_000 });
    const poor = await shared(0n, 1_000_000n);
    await pay(poor.devnet, freeze(10n, ENERGY));
    await pay(poor.devnet, freeze(10n, BANDWIDTH));
    const { EnergyLimit } = await resourcesOf(poor.devnet, alice);
    expect(await poor.call()).toMatchObject({ origin_energy_usage: EnergyLimit });
    // A slot later, one unit has come back.
    expect(await poor.call()).toMatchObject({ origin_energy_usage: 1 });
  });
});
