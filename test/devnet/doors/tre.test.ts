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
    ["tre_unlockedAccounts", [["x"]], "invalid address hash value"],
  ])("%s %j changes nothing", async (method, params, message) => {
    const devnet = await manualDevnet();
    const head = devnet.ledger.headNumber();
    expect(await rpc(devnet, method, params)).toMatchObject({ id: 7, error: { code: -32_602, message } });
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
