import { describe, expect, test } from "vitest";
import type { Devnet } from "../../../src/devnet/handle.ts";
import {
  alice,
  bob,
  broadcast,
  carol,
  fundedDevnet,
  type Json,
  manualDevnet,
  post,
  signed,
  trxTransfer,
} from "../support.ts";

async function send(devnet: Devnet, body: unknown): Promise<Json> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return (await (await fetch(`${devnet.url}/tre`, { method: "POST", body: text })).json()) as Json;
}

const rpc = (devnet: Devnet, method: string, params?: unknown) =>
  send(devnet, { jsonrpc: "2.0", id: 7, method, params });

describe("/tre", () => {
  test("mines blocks, one if not told otherwise", async () => {
    const devnet = await manualDevnet();
    const head = devnet.ledger.headNumber();
    expect(await rpc(devnet, "tre_mine", [{ blocks: 5 }])).toEqual({ jsonrpc: "2.0", id: 7, result: "0x0" });
    await rpc(devnet, "tre_mine", []);
    await rpc(devnet, "tre_mine");
    expect(devnet.ledger.headNumber()).toBe(head + 7);
  });

  test("sets the time between blocks; zero is instant mining", async () => {
    const devnet = await fundedDevnet();
    expect((await rpc(devnet, "tre_blockTime", [0]))["result"]).toBe(true);
    expect(devnet.slotMs).toBe("instant");
    const head = devnet.ledger.headNumber();
    await broadcast(devnet, await signed(devnet, trxTransfer(bob, 1n)));
    expect(devnet.ledger.headNumber()).toBe(head + 1);
    await rpc(devnet, "tre_blockTime", ["0x3c"]);
    expect(devnet.slotMs).toBe(60_000);
  });

  test("sets a balance, of an account that there was none of too", async () => {
    const devnet = await manualDevnet({ witnesses: 1 });
    expect((await rpc(devnet, "tre_setAccountBalance", [carol.address, "0x3e8"]))["result"]).toBe(true);
    expect((await post(devnet, "/walletsolidity/getaccount", { address: carol.hex41 }))["balance"]).toBe(1_000);
    await rpc(devnet, "tre_setAccountBalance", [`0x${carol.hex41.slice(2)}`, 7]);
    expect(devnet.ledger.trx(carol.address)).toBe(7n);
  });

  test("puts code and storage at an address, and shows the storage", async () => {
    const devnet = await manualDevnet({ witnesses: 1 });
    await rpc(devnet, "tre_setAccountBalance", [alice.address, 1_000]);
    // Answers the word in slot 5.
    const code = "0x60055460005260206000f3";
    expect((await rpc(devnet, "tre_setAccountCode", [carol.address, code]))["result"]).toBe(true);
    const set = (slot: number, value: string) =>
      rpc(devnet, "tre_setAccountStorageAt", [carol.address, `0x${slot.toString(16).padStart(64, "0")}`, value]);
    expect((await set(5, "0xbaddad42"))["result"]).toBe(true);
    await set(6, "0x01");
    await set(7, "0x02");
    await set(7, "0x00");
    const call = { owner_address: alice.hex41, contract_address: carol.hex41, data: "00" };
    const { constant_result } = await post(devnet, "/walletsolidity/triggerconstantcontract", call);
    expect(constant_result).toEqual(["baddad42".padStart(64, "0")]);
    expect((await post(devnet, "/wallet/getcontract", { value: carol.hex41 }))["bytecode"]).toBe(code.slice(2));

    const head = devnet.ledger.headNumber();
    const range = async (...parameters: unknown[]) => (await rpc(devnet, "debug_storageRangeAt", parameters))["result"];
    const first = await range(head, 0, carol.address, null, 1);
    const second = await range("latest", 0, carol.address, first.nextKey, 1);
    expect(second.nextKey).toBeNull();
    const slots = [...Object.values<Json>(first.storage), ...Object.values<Json>(second.storage)];
    expect(new Map(slots.map(({ key, value }) => [BigInt(`0x${key}`), BigInt(`0x${value}`)]))).toEqual(
      new Map([
        [5n, 0xbaddad42n],
        [6n, 1n],
      ]),
    );
    expect(await range(0, 0, carol.address, "0x00", 9)).toEqual({
      storage: { ...first.storage, ...second.storage },
      nextKey: null,
    });
  });

  test("a change is undone with its block", async () => {
    const devnet = await manualDevnet();
    await rpc(devnet, "tre_setAccountBalance", [carol.address, 5]);
    await devnet.fork({ depth: 1 });
    expect(devnet.ledger.trx(carol.address)).toBe(0n);
  });

  test("unlocked accounts need no signature, others still do", async () => {
    const devnet = await fundedDevnet();
    const unsigned = async () => broadcast(devnet, await signed(devnet, trxTransfer(bob, 3n), { signers: [] }));
    expect(await unsigned()).toMatchObject({ code: "SIGERROR" });
    expect((await rpc(devnet, "tre_unlockedAccounts", [[alice.address]]))["result"]).toBe(true);
    expect(await unsigned()).toMatchObject({ result: true });
    await devnet.mine();
    expect(devnet.ledger.trx(bob.address)).toBe(1_000_003n);
    const back = await signed(devnet, trxTransfer(alice, 1n, bob), { signers: [] });
    expect(await broadcast(devnet, back)).toMatchObject({ code: "SIGERROR" });
  });

  test("answers a batch in order", async () => {
    const devnet = await manualDevnet();
    const answers = await send(devnet, [
      { jsonrpc: "2.0", id: "a", method: "tre_mine", params: [] },
      { jsonrpc: "2.0", id: "b", method: "tre_unheardof", params: [] },
    ]);
    expect(answers).toMatchObject([
      { id: "a", result: "0x0" },
      { id: "b", error: { code: -32_601 } },
    ]);
  });

  test.each([
    ["tre_mine", [{ blocks: 0 }], "blocks should between (0, 100]"],
    ["tre_mine", [{ blocks: 101 }], "blocks should between (0, 100]"],
    ["tre_mine", [{}], "invalid hex number"],
    ["tre_mine", [1, 2], "method parameters invalid"],
    ["tre_mine", { blocks: 1 }, "method parameters invalid"],
    ["tre_blockTime", [61], "block time should between [0, 60] in second"],
    ["tre_blockTime", [], "method parameters invalid"],
    ["tre_setAccountBalance", ["T123", 1], "invalid address hash value"],
    ["tre_setAccountBalance", [alice.address, -1], "balance can not be less than 0"],
    ["tre_setAccountBalance", [alice.address, "0xffffffffffffffff"], "the number is larger than an int64"],
    ["tre_setAccountCode", [alice.address, "0xabc"], "invalid hex string"],
    ["tre_setAccountStorageAt", [alice.address, "5", "xyz"], "invalid hex string of up to 32 bytes"],
    ["debug_storageRangeAt", [1, 0, alice.address, null, 1], "only the latest/current state is supported"],
    ["debug_storageRangeAt", ["latest", 1, alice.address, null, 1], "txIndex must be 0"],
    ["debug_storageRangeAt", ["latest", 0, alice.address, null, 0], "limit must be greater than 0"],
    ["tre_unlockedAccounts", [["x"]], "invalid address hash value"],
  ])("%s %j changes nothing", async (method, params, message) => {
    const devnet = await manualDevnet();
    const head = devnet.ledger.headNumber();
    expect(await rpc(devnet, method, params)).toMatchObject({
      id: 7,
      error: { code: -32_602, message: expect.stringContaining(message) },
    });
    expect(devnet.ledger.headNumber()).toBe(head);
  });

  test("what is no call is told so", async () => {
    const devnet = await manualDevnet();
    expect(await send(devnet, "{")).toMatchObject({ id: null, error: { code: -32_700 } });
    expect(await send(devnet, "3")).toMatchObject({ error: { code: -32_600 } });
    expect(await send(devnet, [])).toMatchObject({ error: { code: -32_600 } });
    expect(await rpc(devnet, "constructor")).toMatchObject({ error: { code: -32_601 } });
    expect((await fetch(`${devnet.url}/tre`)).status).toBe(405);
  });
});
