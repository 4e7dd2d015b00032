import { TronWeb } from "tronweb";
import { beforeEach, describe, expect, test } from "vitest";
import { genesisOf } from "../../src/devnet/genesis.ts";
import type { Devnet } from "../../src/devnet/handle.ts";
import { alice, type Json, manualDevnet, perform, post, Wallet } from "./support.ts";

const IDENTITY = { seed: "parliament", witnesses: 4, genesisTimestamp: 1_777_440_000_000 };
const DAY_SLOTS = 28_800;
const [w0, w1, w2, w3] = genesisOf(IDENTITY).witnesses.map(
  ({ privateKey }) => new Wallet(Buffer.from(privateKey).toString("hex")),
) as [Wallet, Wallet, Wallet, Wallet];
/** The fee of a memo. */
const MEMO = { key: 68, value: 5 };

describe("proposals", () => {
  let devnet: Devnet;
  beforeEach(async () => {
    devnet = await manualDevnet(IDENTITY);
    await devnet.faucet({ address: alice.address, trxSun: 100_000_000n });
    for (const { address } of [w0, w1, w2, w3]) await devnet.faucet({ address, trxSun: 100_000_000n });
    await devnet.mine();
  });

  const act = async (path: string, body: Json, wallet = w0): Promise<Json> => {
    const said = await perform(devnet, `/wallet/${path}`, body, wallet);
    return said["Error"] === undefined ? said : { why: said["Error"].split("ContractValidateException : ")[1] };
  };
  const propose = (parameters: Json[] = [MEMO], wallet = w0) => act("proposalcreate", { parameters }, wallet);
  const approve = (wallet: Wallet, proposal_id = 1, is_add_approval = true) =>
    act("proposalapprove", { proposal_id, is_add_approval }, wallet);
  const proposal = (id = 1): Promise<Json> => post(devnet, "/wallet/getproposalbyid", { id });
  const parameter = async (name: string): Promise<number> =>
    (await post(devnet, "/wallet/getchainparameters"))["chainParameter"].find(({ key }: Json) => key === name)?.value;
  /** Over the expiration, and to the maintenance that was due after it. */
  const pass = async () => {
    for (const slots of [4 * DAY_SLOTS, DAY_SLOTS / 4]) {
      devnet.missSlots(slots);
      await devnet.mine();
    }
  };

  test("that enough witnesses approve change the chain at the maintenance after their time", async () => {
    await propose();
    await approve(w0);
    await approve(w1);
    expect(await proposal()).toMatchObject({
      proposal_id: 1,
      proposer_address: w0.hex41,
      parameters: [MEMO],
      approvals: [w0.hex41, w1.hex41],
    });
    expect(await proposal()).not.toHaveProperty("state");
    expect(await parameter("getMemoFee")).toBe(1_000_000);
    const { create_time, expiration_time } = await proposal();
    expect(expiration_time - create_time).toBeGreaterThan(3 * 86_400_000 - 21_600_000);
    expect(expiration_time - create_time).toBeLessThanOrEqual(3 * 86_400_000 + 21_600_000);
    await pass();
    expect(await proposal()).toMatchObject({ state: "APPROVED" });
    expect(await parameter("getMemoFee")).toBe(5);
    expect((await post(devnet, "/wallet/getmemofee"))["prices"]).toBe(`0:1000000,${expiration_time}:5`);
    const paid = await act("createtransaction", { to_address: alice.hex41, amount: 1, extra_data: "00" });
    expect(paid["fee"]).toBe(5 + (paid["receipt"].net_fee ?? 0));
  });

  test("that too few approve, or only those who have no turn, change nothing", async () => {
    await propose();
    await approve(w0);
    await pass();
    expect(await proposal()).toMatchObject({ state: "DISAPPROVED" });
    expect(await parameter("getMemoFee")).toBe(1_000_000);
    expect((await approve(w1))["why"]).toBe("Proposal[1] expired");
  });

  test("may be taken back, and so may approvals", async () => {
    await propose();
    await approve(w0);
    await approve(w1);
    expect((await approve(w1))["why"]).toBe(`Witness[${w1.hex41}]has approved proposal[1] before`);
    await approve(w1, 1, false);
    expect((await proposal())["approvals"]).toEqual([w0.hex41]);
    expect((await approve(w1, 1, false))["why"]).toBe(`Witness[${w1.hex41}]has not approved proposal[1] before`);
    expect((await act("proposaldelete", { proposal_id: 1 }, w1))["why"]).toBe(
      `Proposal[1] is not proposed by ${w1.hex41}`,
    );
    await act("proposaldelete", { proposal_id: 1 });
    expect(await proposal()).toMatchObject({ state: "CANCELED" });
    expect((await act("proposaldelete", { proposal_id: 1 }))["why"]).toBe("Proposal[1] canceled");
    expect((await approve(w1))["why"]).toBe("Proposal[1] canceled");
    await approve(w2);
    await pass();
    expect(await proposal()).toMatchObject({ state: "CANCELED" });
    expect(await parameter("getMemoFee")).toBe(1_000_000);
  });

  test("are listed newest first, in pages oldest first", async () => {
    expect(await post(devnet, "/wallet/listproposals")).toEqual({});
    for (const value of [1, 2, 3]) await propose([{ key: 68, value }]);
    const ids = (answer: Json) => (answer["proposals"] ?? []).map((one: Json) => one["proposal_id"]);
    expect(ids(await post(devnet, "/wallet/listproposals"))).toEqual([3, 2, 1]);
    expect(ids(await post(devnet, "/wallet/getpaginatedproposallist", { offset: 1, limit: 1 }))).toEqual([2]);
    expect(await post(devnet, "/wallet/getpaginatedproposallist", { offset: 3, limit: 1 })).toEqual({});
    expect(await proposal(9)).toEqual({});
    expect((await post(devnet, "/wallet/getproposalbyid", { id: 2, visible: true }))["proposer_address"]).toBe(
      w0.address,
    );
    expect(await post(devnet, "/wallet/getproposalbyid")).toMatchObject({
      Error: "class java.security.InvalidParameterException : key [id] does not exist",
    });
    expect(await post(devnet, "/wallet/getproposalbyid", { id: "2" })).toMatchObject({ proposal_id: 2 });
  });

  test("come from witnesses only, about what can be proposed", async () => {
    expect((await propose([MEMO], alice))["why"]).toBe(`Witness[${alice.hex41}] not exists`);
    expect((await approve(w0, 7))["why"]).toBe("Proposal[7] not exists");
    expect((await propose([]))["why"]).toBe("This proposal has no parameter.");
    const objection = async (key: number, value: number) => (await propose([{ key, value }]))["why"];
    const cases: [number, number, string][] = [
      [27, 1, "Does not support code : 27"],
      [17, 1, "Bad chain parameter id"],
      [0, 80_999, "Bad chain parameter value, valid range is [3 * 27 * 1000,24 * 3600 * 1000]"],
      [3, -1, "Bad chain parameter value, valid range is [0,100000000000000000]"],
      [10, 1, "This proposal has been executed before and is only allowed to be executed once"],
      [13, 401, "Bad chain parameter value, valid range is [10,400]"],
      [14, 0, "This value[ALLOW_UPDATE_ACCOUNT_NAME] is only allowed to be 1"],
      [24, 2, "This value[ALLOW_PROTO_FILTER_NUM] is only allowed to be 1 or 0"],
      [45, 1, "Market Transaction is not activated, can not set Market Sell Fee"],
      [47, -1, "Bad MAX_FEE_LIMIT parameter value, value must not be negative"],
      [49, 2, "This value[ALLOW_REMOVE_BLACKHOLE] is only allowed to be 1 or 0"],
      [67, 1, "New reward has been valid."],
      [68, 1_000_000_001, "This value[MEMO_FEE] is only allowed to be in the range 0-1000_000_000"],
      [
        78,
        86_400,
        "This value[MAX_DELEGATE_LOCK_PERIOD] is only allowed to be greater than 864000 and less than or equal to 10512000 !",
      ],
      [
        82,
        499,
        "This value[MAX_CREATE_ACCOUNT_TX_SIZE] is only allowed to be greater than or equal to 500 and less than or equal to 10000!",
      ],
      [87, 1, "[ALLOW_STRICT_MATH] has been valid, no need to propose again"],
    ];
    for (const [key, value, why] of cases) expect(await objection(key, value)).toBe(why);
  });

  test("that allow names to change let an account change its name, and take one that is taken", async () => {
    await propose([
      { key: 14, value: 1 },
      { key: 23, value: 7 },
    ]);
    for (const wallet of [w0, w1, w3]) await approve(wallet);
    await pass();
    const hex = (text: string) => Buffer.from(text).toString("hex");
    for (const name of ["one", "two"]) await act("updateaccount", { account_name: hex(name) }, alice);
    expect(await post(devnet, "/wallet/getaccount", { address: alice.hex41 })).toMatchObject({
      account_name: hex("two"),
    });
    await act("updateaccount", { account_name: hex("two") }, w2);
    expect(await post(devnet, "/wallet/getaccount", { address: w2.hex41 })).toMatchObject({ account_name: hex("two") });
  });

  test("and a witness has a third permission, with one key", async () => {
    const key = (wallet: Wallet) => ({ address: wallet.hex41, weight: 1 });
    const permission = (type: number, name: string, keys: Json[]) => ({
      type,
      permission_name: name,
      threshold: 1,
      keys,
    });
    const change = (witness?: Json) =>
      act("accountpermissionupdate", {
        owner: permission(0, "owner", [key(w0)]),
        actives: [{ ...permission(2, "active", [key(w0)]), operations: "02".padEnd(64, "0") }],
        ...(witness === undefined ? {} : { witness }),
      });
    expect((await change())["why"]).toBe("witness permission is missed");
    expect((await change(permission(0, "witness", [key(w0)])))["why"]).toBe("witness permission type is error");
    expect((await change(permission(1, "witness", [key(w0), key(w1)])))["why"]).toBe(
      "Witness permission's key count should be 1",
    );
    await devnet.faucet({ address: w0.address, trxSun: 200_000_000n });
    await devnet.mine();
    await change(permission(1, "witness", [key(w3)]));
    expect((await post(devnet, "/wallet/getaccount", { address: w0.hex41 }))["witness_permission"]).toEqual({
      type: "Witness",
      id: 1,
      permission_name: "witness",
      threshold: 1,
      keys: [key(w3)],
    });
  });

  test("are what TronWeb makes and reads", async () => {
    const tronWeb = new TronWeb({ fullHost: devnet.url, privateKey: w0.key });
    const send = async (built: Awaited<ReturnType<TronWeb["transactionBuilder"]["createProposal"]>>) => {
      expect(await tronWeb.trx.sendRawTransaction(await tronWeb.trx.sign(built))).toMatchObject({ result: true });
      await devnet.mine();
    };
    await send(await tronWeb.transactionBuilder.createProposal({ key: 68, value: 9 }, w0.address));
    expect(await tronWeb.trx.getProposal(1)).toMatchObject({ parameters: [{ key: 68, value: 9 }] });
    const approval = await tronWeb.transactionBuilder.voteProposal(1, true, w0.address);
    expect(await tronWeb.trx.sendRawTransaction(await tronWeb.trx.sign(approval))).toMatchObject({ result: true });
    await devnet.mine();
    expect((await tronWeb.trx.listProposals())[0]).toMatchObject({ approvals: [w0.hex41] });
    const removal = await tronWeb.transactionBuilder.deleteProposal(1, w0.address);
    expect(await tronWeb.trx.sendRawTransaction(await tronWeb.trx.sign(removal))).toMatchObject({ result: true });
    await devnet.mine();
    expect(await tronWeb.trx.getProposal(1)).toMatchObject({ state: "CANCELED" });
  });
});
