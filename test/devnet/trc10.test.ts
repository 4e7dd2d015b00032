import { TronWeb } from "tronweb";
import { beforeEach, describe, expect, test } from "vitest";
import type { Devnet } from "../../src/devnet/handle.ts";
import { alice, bob, carol, type Json, manualDevnet, perform, post, type Wallet } from "./support.ts";

const DAY = 86_400_000;
const hex = (text: string) => Buffer.from(text).toString("hex");

type Build = (path: string, body: Json, wallet?: Wallet) => Promise<Json>;

describe("TRC10 tokens", () => {
  let devnet: Devnet;
  let issue: Json;
  const act: Build = (path, body, wallet) => perform(devnet, `/wallet/${path}`, body, wallet);
  const holdings = async (wallet: Wallet) => post(devnet, "/wallet/getaccount", { address: wallet.hex41 });
  const held = async (wallet: Wallet) => (await holdings(wallet))["assetV2"];

  beforeEach(async () => {
    devnet = await manualDevnet();
    await devnet.faucet({ address: alice.address, trxSun: 5_000_000_000n });
    await devnet.faucet({ address: bob.address, trxSun: 5_000_000_000n });
    await devnet.mine();
    const start = devnet.ledger.headTimestamp() + 9_000;
    issue = {
      name: hex("Coin"),
      abbr: hex("CN"),
      total_supply: 1_000_000,
      trx_num: 2,
      num: 3,
      precision: 2,
      start_time: start,
      end_time: start + DAY,
      description: hex("a coin"),
      url: hex("http://coin"),
      free_asset_net_limit: 1_000,
      public_free_asset_net_limit: 5_000,
      frozen_supply: [{ frozen_amount: 400, frozen_days: 1 }],
    };
  });

  test("are issued for 1024 TRX, with part of the supply frozen", async () => {
    const info = await act("createassetissue", issue);
    expect(info).toMatchObject({ assetIssueID: "1000001", fee: 1_024_000_000 + (info["receipt"].net_fee ?? 0) });
    const account = await holdings(alice);
    expect(account).toMatchObject({
      asset_issued_ID: "1000001",
      asset_issued_name: hex("Coin"),
      assetV2: [{ key: "1000001", value: 999_600 }],
      free_asset_net_usageV2: [{ key: "1000001", value: 0 }],
      frozen_supply: [{ frozen_balance: 400, expire_time: issue["start_time"] + DAY }],
    });
    expect(await post(devnet, "/wallet/getassetissuebyid", { value: "1000001" })).toEqual({
      ...issue,
      id: "1000001",
      owner_address: alice.hex41,
    });
    expect(await post(devnet, "/wallet/getassetissuebyid", { value: "1000001", visible: true })).toMatchObject({
      name: "Coin",
      abbr: "CN",
      url: "http://coin",
      description: "a coin",
      owner_address: alice.address,
    });
    const visible = await post(devnet, "/wallet/getaccount", { address: alice.address, visible: true });
    expect(visible).toMatchObject({ asset_issued_ID: "1000001", asset_issued_name: "Coin" });
  });

  test("are found by name, by issuer, by number and in pages", async () => {
    await act("createassetissue", issue);
    await act("createassetissue", { ...issue, name: hex("Berry"), start_time: issue["start_time"] + 30_000 }, bob);
    const names = (answer: Json) =>
      (answer["assetIssue"] ?? []).map(({ name }: Json) => Buffer.from(String(name), "hex").toString());
    expect(names(await post(devnet, "/wallet/getassetissuelist"))).toEqual(["Coin", "Berry"]);
    expect(names(await post(devnet, "/wallet/getpaginatedassetissuelist", { offset: 0, limit: 10 }))).toEqual([
      "Berry",
      "Coin",
    ]);
    expect(names(await post(devnet, "/wallet/getpaginatedassetissuelist", { offset: 1, limit: 10 }))).toEqual(["Coin"]);
    expect(await post(devnet, "/wallet/getpaginatedassetissuelist", { offset: 2, limit: 10 })).toEqual({});
    expect(await post(devnet, "/wallet/getpaginatedassetissuelist", { offset: -1, limit: 10 })).toEqual({});
    expect(names(await post(devnet, "/wallet/getassetissuebyaccount", { address: bob.hex41 }))).toEqual(["Berry"]);
    expect(await post(devnet, "/wallet/getassetissuebyaccount", { address: carol.hex41 })).toEqual({});
    expect((await post(devnet, "/wallet/getassetissuebyname", { value: hex("Coin") }))["id"]).toBe("1000001");
    expect((await post(devnet, "/wallet/getassetissuebyname", { value: "Berry", visible: true }))["id"]).toBe(
      "1000002",
    );
    expect((await post(devnet, "/wallet/getassetissuebyname", { value: hex("1000002") }))["id"]).toBe("1000002");
    expect(await post(devnet, "/wallet/getassetissuebyname", { value: hex("Nix") })).toEqual({});
    expect(
      (await post(devnet, "/wallet/getassetissuelistbyname", { value: "Coin", visible: true }))["assetIssue"],
    ).toMatchObject([{ name: "Coin" }]);
    expect(names(await post(devnet, "/wallet/getassetissuelistbyname", { value: hex("Coin") }))).toEqual(["Coin"]);
    expect(await post(devnet, "/wallet/getassetissuebyname", { value: "xyz" })).toEqual({
      Error:
        "class org.bouncycastle.util.encoders.DecoderException : exception decoding Hex string: " +
        "invalid characters encountered in Hex string",
    });
    expect(await post(devnet, "/walletsolidity/getassetissuelist")).toEqual({});
    await devnet.mine(20);
    expect(names(await post(devnet, "/walletsolidity/getassetissuelist"))).toHaveLength(2);
  });

  test("with the same name are too many for a name, and a list for a list", async () => {
    await act("createassetissue", issue);
    await act("createassetissue", { ...issue, start_time: issue["start_time"] + 30_000 }, bob);
    expect(await post(devnet, "/wallet/getassetissuebyname", { value: hex("Coin") })).toEqual({
      Error:
        "class org.tron.core.exception.NonUniqueObjectException : " +
        "To get more than one asset, please use getAssetIssueById syntax",
    });
    expect((await post(devnet, "/wallet/getassetissuelistbyname", { value: hex("Coin") }))["assetIssue"]).toHaveLength(
      2,
    );
  });

  test("change hands, and create the receiver's account when there is none", async () => {
    await act("createassetissue", issue);
    const asset_name = hex("1000001");
    await act("transferasset", { to_address: bob.hex41, asset_name, amount: 600 });
    expect(await held(bob)).toEqual([{ key: "1000001", value: 600 }]);
    const info = await act("transferasset", { to_address: carol.hex41, asset_name, amount: 1 });
    expect(info).toMatchObject({ fee: 1_100_000, receipt: { net_fee: 100_000 } });
    expect(await held(carol)).toEqual([{ key: "1000001", value: 1 }]);
    expect(await held(alice)).toEqual([{ key: "1000001", value: 998_999 }]);
    await act("transferasset", { to_address: alice.hex41, asset_name, amount: 600 }, bob);
    expect(await held(bob)).toBeUndefined();
    const error = async (body: Json, wallet = alice) =>
      (await act("transferasset", { to_address: bob.hex41, asset_name, amount: 1, ...body }, wallet))["Error"]?.split(
        " : ",
      )[1];
    expect(await error({ amount: 0 })).toBe("Amount must be greater than 0.");
    expect(await error({ to_address: alice.hex41 })).toBe("Cannot transfer asset to yourself.");
    expect(await error({ asset_name: hex("7") })).toBe("No asset!");
    expect(await error({}, bob)).toBe("Cannot transfer asset to yourself.");
    expect(await error({ to_address: alice.hex41 }, bob)).toBe("assetBalance must be greater than 0.");
    expect(await error({ amount: 10_000_000 })).toBe("assetBalance is not sufficient.");
    expect(await error({ to_address: "41" })).toBe("Invalid toAddress");
  });

  test("are sold by their issuer between start and end", async () => {
    await act("createassetissue", issue);
    const buy = { to_address: alice.hex41, asset_name: hex("1000001"), amount: 7 };
    const error = async (body: Json) =>
      (await act("participateassetissue", { ...buy, ...body }, bob))["Error"]?.split(" : ")[1];
    expect(await error({})).toBe("No longer valid period!");
    await devnet.mine(3);
    const trx = devnet.ledger.trx(alice.address);
    await act("participateassetissue", buy, bob);
    expect(await held(bob)).toEqual([{ key: "1000001", value: 10 }]);
    expect(devnet.ledger.trx(alice.address)).toBe(trx + 7n);
    expect(await error({ amount: 0 })).toBe("Amount must greater than 0!");
    expect(await error({ amount: 9_000_000_000_000 })).toBe("No enough balance !");
    expect(await error({ asset_name: hex("7") })).toBe("No asset named 7");
    expect(await error({ to_address: carol.hex41 })).toBe(`The asset is not issued by ${carol.hex41}`);
    expect(await error({ amount: 1_000_000 })).toBe("Asset balance is not enough !");
    expect(await error({ to_address: bob.hex41 })).toBe("Cannot participate asset Issue yourself !");
  });

  test("that were frozen are freed when their time has come", async () => {
    await act("createassetissue", issue);
    const error = async (wallet = alice) => (await act("unfreezeasset", {}, wallet))["Error"]?.split(" : ")[1];
    expect(await error()).toBe("It's not time to unfreeze asset supply");
    expect(await error(bob)).toBe("no frozen supply balance");
    devnet.missSlots(DAY / 3_000 + 10);
    await devnet.mine();
    await act("unfreezeasset", {});
    expect(await held(alice)).toEqual([{ key: "1000001", value: 1_000_000 }]);
    expect(await holdings(alice)).not.toHaveProperty("frozen_supply");
  });

  test("may be moved on their issuer's staked bandwidth, as far as its quotas go", async () => {
    await act("createassetissue", { ...issue, free_asset_net_limit: 600, public_free_asset_net_limit: 900 });
    const transfer = { to_address: alice.hex41, asset_name: hex("1000001"), amount: 1 };
    for (const [wallet, amount] of [
      [bob, 9],
      [carol, 9],
    ] as const) {
      await act("transferasset", { to_address: wallet.hex41, asset_name: hex("1000001"), amount });
    }
    await devnet.faucet({ address: carol.address, trxSun: 10_000_000n });
    await devnet.mine();
    const resource = (wallet: Wallet) => post(devnet, "/wallet/getaccountresource", { address: wallet.hex41 });
    expect((await resource(bob))["assetNetUsed"]).toBeUndefined();
    await act("transferasset", transfer, bob);
    expect((await resource(bob))["freeNetUsed"]).toBeGreaterThan(0);
    await act("freezebalancev2", { frozen_balance: 3_000_000_000, resource: "BANDWIDTH" });
    const issuerUsed = (await resource(alice))["NetUsed"] ?? 0;
    const info = await act("transferasset", { ...transfer, amount: 2 }, bob);
    const bytes = info["receipt"].net_usage;
    expect(await resource(bob)).toMatchObject({
      assetNetUsed: [{ key: "1000001", value: bytes }],
      assetNetLimit: [{ key: "1000001", value: 600 }],
    });
    expect((await resource(alice))["NetUsed"]).toBe(issuerUsed + bytes);
    expect(await holdings(bob)).toMatchObject({ free_asset_net_usageV2: [{ key: "1000001", value: bytes }] });
    const token = await post(devnet, "/wallet/getassetissuebyid", { value: "1000001" });
    expect(token["public_free_asset_net_usage"]).toBe(bytes);
    // A second one of bob's is within his 600, a third is not; carol's is then beyond what all have together.
    const freeBefore = (await resource(bob))["freeNetUsed"];
    await act("transferasset", { ...transfer, amount: 3 }, bob);
    expect((await resource(bob))["freeNetUsed"]).toBe(freeBefore);
    await act("transferasset", { ...transfer, amount: 1 }, bob);
    expect((await resource(bob))["freeNetUsed"]).toBeGreaterThan(freeBefore);
    await act("transferasset", { ...transfer, amount: 1 }, carol);
    await act("transferasset", { ...transfer, amount: 2 }, carol);
    expect((await resource(carol))["freeNetUsed"]).toBeGreaterThan(0);
    expect(
      (await post(devnet, "/wallet/getassetissuebyid", { value: "1000001" }))["public_free_asset_net_usage"],
    ).toBeLessThanOrEqual(900);
  });

  test("can have their page and limits changed", async () => {
    await act("createassetissue", issue);
    await act("updateasset", { url: hex("u"), description: "", new_limit: 7, new_public_limit: 8 });
    const changed = await post(devnet, "/wallet/getassetissuebyid", { value: "1000001", visible: true });
    expect(changed).toMatchObject({ url: "u", free_asset_net_limit: 7, public_free_asset_net_limit: 8 });
    expect(changed).not.toHaveProperty("description");
    const error = async (body: Json, wallet = alice) =>
      (await act("updateasset", { url: hex("u"), ...body }, wallet))["Error"]?.split(" : ")[1];
    expect(await error({}, bob)).toBe("Account has not issued any asset");
    expect(await error({ url: "" })).toBe("Invalid url");
    expect(await error({ description: "00".repeat(201) })).toBe("Invalid description");
    expect(await error({ new_limit: -1 })).toBe("Invalid FreeAssetNetLimit");
    expect(await error({ new_public_limit: 57_600_000_000 })).toBe("Invalid PublicFreeAssetNetLimit");
  });

  test.each<[string, Json]>([
    ["Invalid assetName", { name: "" }],
    ["Invalid assetName", { name: hex("a b") }],
    ["assetName can't be trx", { name: hex("TrX") }],
    ["precision cannot exceed 6", { precision: 7 }],
    ["Invalid abbreviation for token", { abbr: hex("a b") }],
    ["Invalid url", { url: "" }],
    ["Invalid description", { description: "00".repeat(201) }],
    ["Start time should be not empty", { start_time: 0 }],
    ["End time should be not empty", { end_time: 0 }],
    ["End time should be greater than start time", { end_time: 1 }],
    ["Start time should be greater than HeadBlockTime", { start_time: 1 }],
    ["TotalSupply must greater than 0!", { total_supply: 0 }],
    ["TrxNum must greater than 0!", { trx_num: 0 }],
    ["Num must greater than 0!", { num: 0 }],
    ["PublicFreeAssetNetUsage must be 0!", { public_free_asset_net_usage: 1 }],
    ["Frozen supply list length is too long", { frozen_supply: Array(11).fill({ frozen_amount: 1, frozen_days: 1 }) }],
    ["Invalid FreeAssetNetLimit", { free_asset_net_limit: 57_600_000_000 }],
    ["Invalid PublicFreeAssetNetLimit", { public_free_asset_net_limit: -1 }],
    ["Frozen supply must be greater than 0!", { frozen_supply: [{ frozen_amount: 0, frozen_days: 1 }] }],
    ["Frozen supply cannot exceed total supply", { frozen_supply: [{ frozen_amount: 1_000_001, frozen_days: 1 }] }],
    [
      "frozenDuration must be less than 3652 days and more than 1 days",
      { frozen_supply: [{ frozen_amount: 1, frozen_days: 0 }] },
    ],
    ["Account not exists", { owner_address: carol.hex41 }],
    ["Invalid ownerAddress", { owner_address: "41" }],
  ])("are not issued with: %s", async (message, change) => {
    expect(await act("createassetissue", { ...issue, ...change })).toEqual({
      Error: `class org.tron.core.exception.ContractValidateException : ${message}`,
    });
  });

  test("are one per account, and not for those who cannot pay", async () => {
    await act("createassetissue", issue);
    expect((await act("createassetissue", { ...issue, start_time: issue["start_time"] + 30_000 }))["Error"]).toMatch(
      /An account can only issue one asset$/,
    );
    await devnet.faucet({ address: carol.address, trxSun: 1_000_000n });
    await devnet.mine();
    const later = { ...issue, start_time: issue["start_time"] + 60_000 };
    expect((await act("createassetissue", later, carol))["Error"]).toMatch(/No enough balance for fee!$/);
  });
});

describe("TronWeb", () => {
  test("issues a token, sends it and reads it back", async () => {
    const devnet = await manualDevnet();
    await devnet.faucet({ address: alice.address, trxSun: 5_000_000_000n });
    await devnet.faucet({ address: bob.address, trxSun: 5_000_000n });
    await devnet.mine();
    const tronWeb = new TronWeb({ fullHost: devnet.url, privateKey: alice.key });
    const built = await tronWeb.transactionBuilder.createToken(
      {
        name: "Coin",
        abbreviation: "CN",
        description: "a coin",
        url: "http://coin",
        totalSupply: 1_000,
        trxRatio: 1,
        tokenRatio: 1,
        saleStart: Date.now() + 10 * 365 * DAY,
        saleEnd: Date.now() + 11 * 365 * DAY,
        freeBandwidth: 0,
        freeBandwidthLimit: 0,
        frozenAmount: 0,
        frozenDuration: 0,
        precision: 0,
      },
      alice.address,
    );
    expect(await tronWeb.trx.sendRawTransaction(await tronWeb.trx.sign(built))).toMatchObject({ result: true });
    await devnet.mine();
    expect(await tronWeb.trx.sendToken(bob.address, 5, "1000001")).toMatchObject({ result: true });
    await devnet.mine(20);
    expect(await tronWeb.trx.getTokenByID("1000001")).toMatchObject({ name: "Coin", total_supply: 1_000 });
    expect(Object.keys(await tronWeb.trx.getTokensIssuedByAddress(alice.address))).toEqual(["Coin"]);
    expect((await tronWeb.trx.listTokens(10, 0)).map(({ name }) => name)).toEqual(["Coin"]);
    expect((await tronWeb.trx.getAccount(bob.address)).assetV2).toEqual([{ key: "1000001", value: 5 }]);
  });
});
