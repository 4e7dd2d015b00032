import { describe, expect, test } from "vitest";
import { alice, bob, broadcast, carol, fundedDevnet, pay, perform, post, signed } from "./support.ts";

const hex = (text: string) => Buffer.from(text).toString("hex");

describe("accounts", () => {
  test("are created by others for 1.1 TRX, once", async () => {
    const devnet = await fundedDevnet();
    const create = (account_address: string) => perform(devnet, "/wallet/createaccount", { account_address });
    const info = await create(carol.hex41);
    expect(info).toMatchObject({ fee: 1_100_000, receipt: { net_fee: 100_000 } });
    const created = await post(devnet, "/wallet/getaccount", { address: carol.hex41 });
    expect(created).toMatchObject({ address: carol.hex41, create_time: devnet.ledger.headTimestamp() - 3_000 });
    expect(created).not.toHaveProperty("balance");
    expect((await create(carol.hex41))["Error"]).toMatch(/ContractValidateException : Account has existed$/);
    expect((await create("4100"))["Error"]).toMatch(/Invalid account address$/);
    expect(
      (await perform(devnet, "/wallet/createaccount", { account_address: carol.hex41, owner_address: "41" }))["Error"],
    ).toMatch(/Invalid ownerAddress$/);
  });

  test("have a name once, which nobody else has then", async () => {
    const devnet = await fundedDevnet();
    const rename = (name: string, wallet = alice) =>
      perform(devnet, "/wallet/updateaccount", { account_name: hex(name) }, wallet);
    await rename("Alicé");
    expect(await post(devnet, "/wallet/getaccount", { address: alice.hex41 })).toMatchObject({
      account_name: hex("Alicé"),
    });
    expect(await post(devnet, "/wallet/getaccount", { address: alice.address, visible: true })).toMatchObject({
      account_name: "Alicé",
    });
    expect((await rename("Al"))["Error"]).toMatch(/This account name is already existed$/);
    expect((await rename("Alicé", bob))["Error"]).toMatch(/This name is existed$/);
    expect((await rename("x".repeat(201), bob))["Error"]).toMatch(/Invalid accountName$/);
    expect((await rename("x", carol))["Error"]).toMatch(/Account does not exist$/);
  });

  test("have an id once, by which they are found in any case of letters", async () => {
    const devnet = await fundedDevnet();
    const name = (id: string, wallet = alice) =>
      perform(devnet, "/wallet/setaccountid", { account_id: hex(id) }, wallet);
    await name("AliceWallet");
    const find = (id: string) => post(devnet, "/wallet/getaccountbyid", { account_id: hex(id) });
    expect(await find("alicewallet")).toMatchObject({ address: alice.hex41, account_id: hex("AliceWallet") });
    expect(await find("nobody-at-all")).toEqual({});
    expect(await post(devnet, "/wallet/getaccountbyid", { account_id: "ALICEWALLET", visible: true })).toMatchObject({
      address: alice.address,
      account_id: "AliceWallet",
    });
    expect((await name("AliceWallet2"))["Error"]).toMatch(/This account id already set$/);
    expect((await name("alicewallet", bob))["Error"]).toMatch(/This id has existed$/);
    expect((await name("short", bob))["Error"]).toMatch(/Invalid accountId$/);
    expect((await name("with a space", bob))["Error"]).toMatch(/Invalid accountId$/);
    expect((await name("long-enough", carol))["Error"]).toMatch(/Account has not existed$/);
  });

  test("whose creation is too long a transaction are not created", async () => {
    const devnet = await fundedDevnet();
    const tx = await signed(
      devnet,
      {
        type: "AccountCreateContract",
        permissionId: 0,
        value: { owner_address: alice.hex41, account_address: carol.hex41, type: 0 },
      },
      { data: "00".repeat(1_000) },
    );
    expect(await broadcast(devnet, tx)).toMatchObject({ code: "TOO_BIG_TRANSACTION_ERROR" });
    await pay(devnet, {
      type: "AccountCreateContract",
      permissionId: 0,
      value: { owner_address: alice.hex41, account_address: carol.hex41, type: 0 },
    });
  });
});
