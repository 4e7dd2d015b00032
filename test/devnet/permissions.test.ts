import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TronWeb } from "tronweb";
import { beforeEach, describe, expect, test } from "vitest";
import { startDevnet } from "../../src/devnet/devnet.ts";
import type { Devnet } from "../../src/devnet/handle.ts";
import type { Permission } from "../../src/devnet/account-rows.ts";
import type { Contract, ContractValue } from "../../src/tron/contracts.ts";
import { encodeSigned } from "../../src/tron/transaction.ts";
import {
  alice,
  asJson,
  bob,
  broadcast,
  carol,
  fundedDevnet,
  infoOf,
  type Json,
  pay,
  perform,
  post,
  signed,
  trxTransfer,
  Wallet,
} from "./support.ts";

const dora = new Wallet("04".repeat(32));
const ALL = "7fff1fc0033efb0f".padEnd(64, "0");
/** Only TransferContract, whose number is 1. */
const TRANSFERS = "02".padEnd(64, "0");

const keys = (...wallets: Wallet[]) => wallets.map(({ hex41 }) => ({ address: hex41, weight: 1n }));
const owner = (change: Partial<Permission> = {}): Permission => ({
  type: 0,
  id: 0,
  permission_name: "owner",
  threshold: 1n,
  parent_id: 0,
  operations: "",
  keys: keys(alice),
  ...change,
});
const active = (change: Partial<Permission> = {}): Permission =>
  owner({ type: 2, permission_name: "active0", operations: ALL, ...change });

function update(change: Partial<ContractValue<"AccountPermissionUpdateContract">> = {}, permissionId = 0): Contract {
  const value = { owner_address: alice.hex41, owner: owner(), witness: undefined, actives: [active()], ...change };
  return { type: "AccountPermissionUpdateContract", permissionId, value };
}

const withPermission = (contract: Contract, permissionId: number): Contract => ({ ...contract, permissionId });

describe("permissions", () => {
  let devnet: Devnet;
  beforeEach(async () => {
    devnet = await fundedDevnet();
  });

  const account = (wallet: Wallet, visible = false): Promise<Json> =>
    post(devnet, "/wallet/getaccount", { address: visible ? wallet.address : wallet.hex41, visible });
  const answerTo = async (contract: Contract, signers: Wallet[] = [alice]): Promise<Json> =>
    broadcast(devnet, await signed(devnet, contract, { signers }));
  const SIGERROR = (why: string) => ({ result: false, code: "SIGERROR", message: `Validate signature error: ${why}` });

  test("are 100 TRX to change, and shown by the account from then on", async () => {
    const before = devnet.ledger.trx(alice.address);
    const tx = await pay(
      devnet,
      update({
        owner: owner({ threshold: 2n, keys: keys(alice, bob), permission_name: "boss" }),
        actives: [active(), active({ permission_name: "pay", operations: TRANSFERS, keys: keys(bob) })],
      }),
    );
    expect(await infoOf(devnet, tx.txId)).toMatchObject({
      fee: 100_000_000,
      receipt: { net_usage: expect.any(Number) },
    });
    expect(devnet.ledger.trx(alice.address)).toBe(before - 100_000_000n);
    const shown = await account(alice);
    expect(shown["owner_permission"]).toEqual({
      permission_name: "boss",
      threshold: 2,
      keys: [alice, bob].map(({ hex41 }) => ({ address: hex41, weight: 1 })),
    });
    expect(shown["active_permission"]).toEqual([
      {
        type: "Active",
        id: 2,
        permission_name: "active0",
        threshold: 1,
        operations: ALL,
        keys: [{ address: alice.hex41, weight: 1 }],
      },
      {
        type: "Active",
        id: 3,
        permission_name: "pay",
        threshold: 1,
        operations: TRANSFERS,
        keys: [{ address: bob.hex41, weight: 1 }],
      },
    ]);
    expect((await account(alice, true))["owner_permission"].keys[1]).toEqual({ address: bob.address, weight: 1 });
  });

  test("that do not name the account's own key make it useless", async () => {
    await pay(devnet, update({ owner: owner({ keys: keys(carol) }), actives: [active({ keys: keys(carol) })] }));
    const tx = await signed(devnet, trxTransfer(bob, 1n));
    expect(await broadcast(devnet, tx)).toMatchObject(
      SIGERROR(`${tx.signatures[0]} is signed by ${alice.address} but it is not contained of permission.`),
    );
    expect(await answerTo(trxTransfer(bob, 1n), [carol])).toMatchObject({ result: true });
  });

  test("need weights, each signer once, and cost one TRX more with a second signature", async () => {
    await pay(
      devnet,
      update({
        owner: owner({
          threshold: 3n,
          keys: [
            { address: alice.hex41, weight: 2n },
            { address: bob.hex41, weight: 1n },
            { address: carol.hex41, weight: 1n },
          ],
        }),
      }),
    );
    expect(await answerTo(trxTransfer(bob, 1n), [alice])).toMatchObject(SIGERROR("sig error"));
    expect(await answerTo(trxTransfer(bob, 1n), [bob, carol])).toMatchObject(SIGERROR("sig error"));
    expect(await answerTo(trxTransfer(bob, 1n), [alice, alice])).toMatchObject(
      SIGERROR(`${alice.address} has signed twice!`),
    );
    expect(await answerTo(trxTransfer(bob, 1n), [alice, bob, carol, dora])).toMatchObject(
      SIGERROR("Signature count is 4 more than key counts of permission : 3"),
    );
    expect(await answerTo(trxTransfer(bob, 1n), Array(6).fill(alice))).toMatchObject(SIGERROR("too many signatures"));
    const tx = await pay(devnet, trxTransfer(bob, 1n), { signers: [bob, alice] });
    const info = await infoOf(devnet, tx.txId);
    expect(info["fee"]).toBe(1_000_000 + (info["receipt"].net_fee ?? 0));
    expect(tx.signatures).toHaveLength(2);
  });

  test("of actives say for which contracts", async () => {
    await pay(devnet, update({ actives: [active({ operations: TRANSFERS, keys: keys(carol) })] }));
    expect(await answerTo(withPermission(trxTransfer(bob, 1n), 2), [carol])).toMatchObject({ result: true });
    expect(await answerTo(update({}, 2), [carol])).toMatchObject(SIGERROR("Permission denied"));
    expect(await answerTo(withPermission(trxTransfer(bob, 1n), 3), [carol])).toMatchObject(
      SIGERROR("permission isn't exit"),
    );
    expect(await answerTo(withPermission(trxTransfer(bob, 1n), 1), [carol])).toMatchObject(
      SIGERROR("permission isn't exit"),
    );
  });

  test("that changed throw out what waits with the old signatures", async () => {
    const waiting = await signed(devnet, trxTransfer(bob, 1n));
    const change = await signed(devnet, update({ owner: owner({ keys: keys(carol) }) }));
    expect(await broadcast(devnet, change)).toMatchObject({ result: true });
    expect(await broadcast(devnet, waiting)).toMatchObject({ code: "SIGERROR" });
    await devnet.mine();
    expect((await broadcast(devnet, waiting))["code"]).toBe("SIGERROR");
  });

  test("that change in a block make the account's other transactions wait for the next", async () => {
    const change = await signed(devnet, update({ owner: owner({ keys: keys(carol) }) }));
    expect(await broadcast(devnet, change)).toMatchObject({ result: true });
    const next = await signed(devnet, trxTransfer(bob, 1n), { signers: [carol] });
    expect(await broadcast(devnet, next)).toMatchObject({ result: true });
    const others = await signed(devnet, trxTransfer(alice, 1n, bob), { signers: [bob] });
    expect(await broadcast(devnet, others)).toMatchObject({ result: true });
    await devnet.mine();
    const blockOf = (txId: string) => devnet.ledger.transaction(txId)?.blockNumber;
    expect([blockOf(change.txId), blockOf(others.txId), blockOf(next.txId)]).toEqual([
      devnet.ledger.headNumber(),
      devnet.ledger.headNumber(),
      undefined,
    ]);
    await devnet.mine();
    expect(blockOf(next.txId)).toBe(devnet.ledger.headNumber());
  });

  test("are kept over a restart, with names, tokens and proposals", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "devnet-accounts-"));
    const first = await startDevnet({ port: 0, slotMs: "manual", dataDir });
    await first.faucet({ address: alice.address, trxSun: 2_000_000_000n });
    await first.mine();
    const asset = {
      name: "43",
      url: "75",
      total_supply: 9,
      trx_num: 1,
      num: 1,
      start_time: first.ledger.headTimestamp() + 60_000,
      end_time: first.ledger.headTimestamp() + 120_000,
    };
    await perform(first, "/wallet/createassetissue", asset);
    await perform(first, "/wallet/updateaccount", { account_name: "416c" });
    await pay(first, update({ owner: owner({ keys: keys(alice, carol) }) }));
    const paths = ["/wallet/getaccount", "/wallet/getassetissuelist"];
    const shown = (one: Devnet) => Promise.all(paths.map((path) => post(one, path, { address: alice.hex41 })));
    const before = await shown(first);
    expect(before[0]).toMatchObject({ account_name: "416c", assetV2: [{ key: "1000001", value: 9 }] });
    await first.close();
    const second = await startDevnet({ port: 0, slotMs: "manual", dataDir });
    expect(await shown(second)).toEqual(before);
    await second.close();
    await rm(dataDir, { recursive: true });
  });

  test("signatures that are no signatures are refused for what they are", async () => {
    const tx = await signed(devnet, trxTransfer(bob, 1n));
    const [good = ""] = tx.signatures;
    const sent = (...signatures: string[]) =>
      post(devnet, "/wallet/broadcasthex", { transaction: encodeSigned(tx.rawHex, signatures) });
    expect(await sent()).toMatchObject(SIGERROR("miss sig or contract"));
    expect(await sent(good.slice(0, 100))).toMatchObject(SIGERROR("Signature size is 50"));
    expect(await sent(`${good.slice(0, -2)}40`)).toMatchObject(SIGERROR("Header byte out of range: 64"));
    expect(await sent(`${"ff".repeat(64)}1b`)).toMatchObject(SIGERROR("Could not recover public key from signature"));
  });

  test.each<[string, () => Contract]>([
    ["owner permission is missed", () => update({ owner: undefined })],
    ["account isn't witness can't set witness permission", () => update({ witness: owner({ type: 1 }) })],
    ["active permission is missed", () => update({ actives: [] })],
    ["active permission is too many", () => update({ actives: Array(9).fill(active()) })],
    ["owner permission type is error", () => update({ owner: owner({ type: 1 }) })],
    ["active permission type is error", () => update({ actives: [active({ type: 0 })] })],
    ["key's count should be greater than 0", () => update({ owner: owner({ keys: [] }) })],
    [
      "number of keys in permission should not be greater than 5",
      () => update({ owner: owner({ keys: Array(6).fill({ address: alice.hex41, weight: 1n }) }) }),
    ],
    ["permission's threshold should be greater than 0", () => update({ owner: owner({ threshold: 0n }) })],
    ["permission's name is too long", () => update({ owner: owner({ permission_name: "x".repeat(33) }) })],
    ["permission's parent should be owner", () => update({ owner: owner({ parent_id: 1 }) })],
    ["address should be distinct in permission Owner", () => update({ owner: owner({ keys: keys(bob, bob) }) })],
    ["key is not a validate address", () => update({ owner: owner({ keys: [{ address: "41", weight: 1n }] }) })],
    [
      "key's weight should be greater than 0",
      () => update({ owner: owner({ keys: [{ address: bob.hex41, weight: 0n }] }) }),
    ],
    [
      "long overflow",
      () => update({ owner: owner({ keys: keys(alice, bob).map((key) => ({ ...key, weight: 2n ** 62n })) }) }),
    ],
    [
      "sum of all key's weight should not be less than threshold in permission Active",
      () => update({ actives: [active({ threshold: 2n })] }),
    ],
    ["Owner permission needn't operations", () => update({ owner: owner({ operations: ALL }) })],
    ["operations size must 32", () => update({ actives: [active({ operations: "7f" })] })],
    ["7 isn't a validate ContractType", () => update({ actives: [active({ operations: "80".padEnd(64, "0") })] })],
    ["invalidate ownerAddress", () => update({ owner_address: "41" })],
    ["ownerAddress account does not exist", () => update({ owner_address: dora.hex41 })],
  ])("%s", async (message, contract) => {
    const { type, value } = contract();
    const body = JSON.parse(
      JSON.stringify({ ...value, visible: false }, (_, item: unknown) =>
        typeof item === "bigint" ? `#${item}#` : item,
      ).replaceAll(/"#(\d+)#"/g, "$1"),
    );
    expect(type).toBe("AccountPermissionUpdateContract");
    expect(await post(devnet, "/wallet/accountpermissionupdate", body)).toEqual({
      Error: `class org.tron.core.exception.ContractValidateException : ${message}`,
    });
  });

  test("an account that cannot pay the 100 TRX passes the builder and fails when it is executed", async () => {
    const change = update({ owner_address: bob.hex41, owner: owner({ keys: keys(bob) }) });
    expect(await answerTo(change, [bob])).toMatchObject({
      code: "CONTRACT_EXE_ERROR",
      message: `Contract execute error : ${bob.hex41} insufficient balance, balance: 1000000, amount: 100000000`,
    });
  });
});

describe("questions about signatures", () => {
  let devnet: Devnet;
  const json = async (contract: Contract, signers: Wallet[]): Promise<Json> =>
    asJson(await signed(devnet, contract, { signers }), true);
  const weight = (body: Json) => post(devnet, "/wallet/getsignweight", body);
  const approved = (body: Json) => post(devnet, "/wallet/getapprovedlist", body);

  beforeEach(async () => {
    devnet = await fundedDevnet();
    await pay(devnet, update({ actives: [active({ threshold: 2n, keys: keys(alice, bob) })] }));
  });

  test("half of what is needed is not enough, and all is", async () => {
    const half = await weight(await json(withPermission(trxTransfer(carol, 5n), 2), [alice]));
    expect(half).toMatchObject({
      result: { code: "NOT_ENOUGH_PERMISSION" },
      approved_list: [alice.address],
      current_weight: 1,
      permission: { type: "Active", id: 2, permission_name: "active0", threshold: 2, operations: ALL },
      transaction: { result: { result: true }, transaction: { raw_data: {} } },
    });
    const whole = await weight(await json(withPermission(trxTransfer(carol, 5n), 2), [alice, bob]));
    expect(whole).toMatchObject({ result: {}, approved_list: [alice.address, bob.address], current_weight: 2 });
    expect(Object.keys(whole["result"])).toEqual([]);
    const none = await weight({ ...(await json(trxTransfer(carol, 5n), [alice])), signature: [] });
    expect(none).toMatchObject({ result: { code: "NOT_ENOUGH_PERMISSION" } });
    expect(none).not.toHaveProperty("approved_list");
    expect(none).not.toHaveProperty("current_weight");
  });

  test("each way to be wrong has its code", async () => {
    const of = async (contract: Contract, signers = [alice]) => json(contract, signers);
    const codes = async (body: Json) => [await weight(body), await approved(body)].map(({ result }) => result);
    const stranger = await of(trxTransfer(carol, 5n), [carol]);
    expect(await codes(stranger)).toEqual([
      {
        code: "PERMISSION_ERROR",
        message: `${stranger["signature"][0]} is signed by ${carol.address} but it is not contained of permission.`,
      },
      {},
    ]);
    expect(await approved(stranger)).toMatchObject({ approved_list: [carol.address] });
    expect(await codes({ ...stranger, signature: ["00".repeat(64)] })).toEqual(
      Array(2).fill({ code: "SIGNATURE_FORMAT_ERROR", message: "Signature size is 64" }),
    );
    expect(await codes({ ...stranger, signature: [`${"ff".repeat(64)}1b`] })).toEqual(
      Array(2).fill({ code: "COMPUTE_ADDRESS_ERROR", message: "Could not recover public key from signature" }),
    );
    expect(await codes(await of(trxTransfer(carol, 5n, dora), [dora]))).toEqual([
      { code: "PERMISSION_ERROR", message: "Account does not exist!" },
      { code: "OTHER_ERROR", message: "class org.tron.core.exception.PermissionException : Account does not exist!" },
    ]);
    expect((await codes(await of(withPermission(trxTransfer(carol, 5n), 7))))[0]).toEqual({
      code: "PERMISSION_ERROR",
      message: "Permission for this, does not exist!",
    });
    expect((await codes(await of(update({}, 2))))[0]).toEqual({
      code: "PERMISSION_ERROR",
      message: "Permission denied!",
    });
    expect(await codes({ raw_data: { contract: [] } })).toEqual(
      Array(2).fill({ code: "OTHER_ERROR", message: "Invalid transaction: no valid contract" }),
    );
  });
});

describe("TronWeb", () => {
  test("changes permissions, collects signatures of two keys and pays", async () => {
    const devnet = await fundedDevnet();
    const tronWeb = new TronWeb({ fullHost: devnet.url, privateKey: alice.key });
    const key = (wallet: Wallet) => ({ address: wallet.hex41, weight: 1 });
    const change = await tronWeb.transactionBuilder.updateAccountPermissions(
      alice.address,
      { type: 0, permission_name: "owner", threshold: 1, keys: [key(alice)] },
      null,
      [{ type: 2, permission_name: "two", threshold: 2, operations: ALL, keys: [key(alice), key(bob)] }],
    );
    expect(await tronWeb.trx.sendRawTransaction(await tronWeb.trx.sign(change))).toMatchObject({ result: true });
    await devnet.mine();
    const unsigned = await tronWeb.transactionBuilder.sendTrx(carol.address, 7, alice.address, { permissionId: 2 });
    const first = await tronWeb.trx.multiSign(unsigned, alice.key, 2);
    expect((await tronWeb.trx.getSignWeight(first))["current_weight"]).toBe(1);
    const second = await tronWeb.trx.multiSign(first, bob.key, 2);
    expect((await tronWeb.trx.getApprovedList(second))["approved_list"]).toEqual([alice.hex41, bob.hex41]);
    expect(await tronWeb.trx.sendRawTransaction(second)).toMatchObject({ result: true });
    await devnet.mine();
    expect(devnet.ledger.trx(carol.address)).toBe(7n);
  });
});
