import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { alice, type Json, pay, post } from "./support.ts";
import { accountOf, delegate, ENERGY, freeze, resourcesOf, stakingDevnet } from "./stake-support.ts";

type Sample = { name: string; path?: string; request: Json; response: Json };
const { samples }: { samples: Sample[] } = JSON.parse(readFileSync(new URL("samples.json", import.meta.url), "utf8"));

function sample(name: string): Sample {
  const found = samples.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no sample called ${name}`);
  return found;
}

describe("answers about staking are those of the samples, field by field", () => {
  test.each([
    ["getReward", "getReward"],
    ["getBrokerage", "getBrokerage"],
    ["getcandelegatedmaxsize", "getcandelegatedmaxsize zero"],
    ["getavailableunfreezecount", "getavailableunfreezecount"],
  ])("%s", async (path, name) => {
    const devnet = await stakingDevnet({ witnesses: 2 });
    await devnet.mine(2);
    for (const scope of ["wallet", "walletsolidity"]) {
      expect(await post(devnet, `/${scope}/${path}`, sample(name).request)).toEqual(sample(name).response);
    }
  });

  test("getdelegatedresourcev2, with its own time of unlocking", async () => {
    const devnet = await stakingDevnet();
    await pay(devnet, freeze(10n, ENERGY));
    await pay(devnet, delegate(1n, ENERGY));
    const head = devnet.ledger.headTimestamp();
    await pay(devnet, delegate(2n, ENERGY, { lock: true }));
    const { request, response } = sample("getdelegatedresourcev2");
    const [open, locked] = response["delegatedResource"];
    expect(await post(devnet, "/wallet/getdelegatedresourcev2", request)).toEqual({
      delegatedResource: [open, { ...locked, expire_time_for_energy: head + 3 * 86_400_000 }],
    });
  });

  test("getaccount and getaccountresource have the fields of the samples, and those that staking adds", async () => {
    const devnet = await stakingDevnet();
    await pay(devnet, freeze(10n, ENERGY));
    const account = await accountOf(devnet, alice);
    const fresh = sample("getaccount fresh active").response;
    expect(Object.keys(account)).toEqual(expect.arrayContaining(Object.keys(fresh)));
    expect(account["account_resource"]).toMatchObject(fresh["account_resource"]);
    const resources = await resourcesOf(devnet, alice);
    const known = sample("getaccountresource fresh").response;
    expect(resources).toEqual({
      ...known,
      freeNetUsed: 253,
      tronPowerLimit: 10,
      EnergyLimit: Math.trunc(10 * (180_000_000_000 / (known["TotalEnergyWeight"] + 10))),
      TotalEnergyWeight: known["TotalEnergyWeight"] + 10,
    });
  });

  test("getchainparameters has the parameters in the node's order, without the value of those that are zero", async () => {
    const devnet = await stakingDevnet({ witnesses: 2 });
    const listed = (await post(devnet, "/wallet/getchainparameters"))["chainParameter"];
    expect(listed).toEqual(expect.arrayContaining(sample("chain parameter shape").response["chainParameter"]));
  });
});
