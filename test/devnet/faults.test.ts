import { describe, expect, test } from "vitest";
import type { Devnet } from "../../src/devnet/handle.ts";
import {
  alice,
  bob,
  broadcast,
  fundedDevnet,
  infoOf,
  manualDevnet,
  pay,
  post,
  signed,
  trxTransfer,
} from "./support.ts";

const ask = (devnet: Devnet, path: string, signal?: AbortSignal) =>
  fetch(devnet.url + path, { method: "POST", ...(signal === undefined ? {} : { signal }) });

/** True once the request was counted, whatever became of its answer. */
async function arrived(devnet: Devnet, path: string): Promise<void> {
  while (!devnet.requests.counts.has(path)) await new Promise(setImmediate);
}

describe("faults of a broadcast", () => {
  test("accepted, and the answer never comes", async () => {
    const devnet = await fundedDevnet();
    devnet.faults.next({ kind: "accept-then-time-out" });
    const tx = await signed(devnet, trxTransfer(bob, 5n));
    const patience = new AbortController();
    const body = JSON.stringify({ transaction: tx.hex });
    const answer = fetch(`${devnet.url}/wallet/broadcasthex`, { method: "POST", body, signal: patience.signal });
    await arrived(devnet, "/wallet/broadcasthex");
    expect(devnet.ledger.pendingSize()).toBe(1);
    patience.abort();
    await expect(answer).rejects.toThrow("aborted");
    await devnet.mine();
    expect(devnet.ledger.transaction(tx.txId)?.outcome.result).toBe("SUCCESS");
  });

  test.each([
    ["accept-then-reset" as const, 1],
    ["reset-before-accept" as const, 0],
  ])("%s", async (kind, pooled) => {
    const devnet = await fundedDevnet();
    devnet.faults.next({ kind });
    await expect(broadcast(devnet, await signed(devnet, trxTransfer(bob, 5n)))).rejects.toThrow("fetch failed");
    expect(devnet.ledger.pendingSize()).toBe(pooled);
  });

  test.each([
    ["answer-dup" as const, { result: false, code: "DUP_TRANSACTION_ERROR", message: "Dup transaction." }, 1],
    [
      "p2p-failed" as const,
      { result: false, code: "NOT_ENOUGH_EFFECTIVE_CONNECTION", message: "P2P broadcast failed." },
      1,
    ],
    ["other-error" as const, { result: false, code: "OTHER_ERROR", message: "Error: null" }, 1],
    ["server-busy" as const, { result: false, code: "SERVER_BUSY", message: "Server busy." }, 0],
    ["refuse" as const, { result: false, code: "CONTRACT_VALIDATE_ERROR" }, 0],
    ["accept-then-drop" as const, { result: true, code: "SUCCESS" }, 0],
  ])("%s", async (kind, expected, pooled) => {
    const devnet = await fundedDevnet();
    devnet.faults.next({ kind });
    expect(await broadcast(devnet, await signed(devnet, trxTransfer(bob, 5n)))).toMatchObject(expected);
    expect(devnet.ledger.pendingSize()).toBe(pooled);
    expect(devnet.faults.played.get(kind)).toBe(1);
    expect(await broadcast(devnet, await signed(devnet, trxTransfer(bob, 6n)))).toMatchObject({ result: true });
  });

  test("a fault that lies about an accepted transaction tells the truth about a bad one", async () => {
    const devnet = await fundedDevnet();
    devnet.faults.next({ kind: "answer-dup" });
    expect((await broadcast(devnet, await signed(devnet, trxTransfer(bob, 5n), { signers: [bob] })))["code"]).toBe(
      "SIGERROR",
    );
  });

  test("a refusal can have any code and words", async () => {
    const devnet = await fundedDevnet();
    devnet.faults.next({ kind: "refuse", code: "BANDWITH_ERROR", message: "Account resource insufficient error." });
    expect(await broadcast(devnet, await signed(devnet, trxTransfer(bob, 5n)))).toMatchObject({
      code: "BANDWITH_ERROR",
    });
  });
});

describe("faults of any request", () => {
  test.each([
    ["rate-limit" as const, 429],
    ["suspend" as const, 403],
    ["html-500" as const, 500],
  ])("%s answers %d", async (kind, status) => {
    const devnet = await manualDevnet();
    devnet.faults.next({ kind });
    expect((await ask(devnet, "/wallet/getnowblock")).status).toBe(status);
    expect((await ask(devnet, "/wallet/getnowblock")).status).toBe(200);
  });

  test("a suspended key is told so as a provider does", async () => {
    const devnet = await manualDevnet();
    devnet.faults.next({ kind: "suspend" });
    expect(await post(devnet, "/wallet/getnowblock")).toEqual({
      Error: "The key exceeds the frequency limit(15), and the query server is suspended for 30s",
    });
  });

  test("JSON that is cut short is no JSON", async () => {
    const devnet = await manualDevnet();
    devnet.faults.next({ kind: "truncated-json" });
    const text = await (await ask(devnet, "/wallet/getnowblock")).text();
    expect(text).toMatch(/^\{/);
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
  });

  test("reset cuts the connection, hang never answers", async () => {
    const devnet = await manualDevnet();
    devnet.faults.next({ kind: "reset" });
    await expect(ask(devnet, "/wallet/getnowblock")).rejects.toThrow("fetch failed");
    devnet.requests.reset();
    devnet.faults.next({ kind: "hang" });
    const patience = new AbortController();
    const answer = ask(devnet, "/wallet/getnowblock", patience.signal);
    await arrived(devnet, "/wallet/getnowblock");
    patience.abort();
    await expect(answer).rejects.toThrow("aborted");
  });

  test("a stale head answers blocks, balances and lookups as they were", async () => {
    const devnet = await fundedDevnet();
    const tx = await pay(devnet, trxTransfer(bob, 5n));
    await devnet.mine(2);
    const head = devnet.ledger.headNumber();
    const stop = devnet.faults.set({ kind: "stale-head", blocks: 3 });
    expect((await post(devnet, "/wallet/getnowblock"))["block_header"].raw_data.number).toBe(head - 3);
    expect((await post(devnet, "/wallet/getaccount", { address: bob.hex41 }))["balance"]).toBe(1_000_000);
    expect(await infoOf(devnet, tx.txId)).toEqual({});
    expect(await post(devnet, "/wallet/getblockbynum", { num: head })).toEqual({});
    stop();
    expect((await post(devnet, "/wallet/getaccount", { address: bob.hex41 }))["balance"]).toBe(1_000_005);
    expect((await infoOf(devnet, tx.txId))["blockNumber"]).toBe(head - 2);
  });

  test("receipts can be missing for a block that has transactions", async () => {
    const devnet = await fundedDevnet();
    const tx = await pay(devnet, trxTransfer(bob, 5n));
    const stop = devnet.faults.set({ kind: "empty-infos" });
    const num = devnet.ledger.headNumber();
    expect(await post(devnet, "/wallet/gettransactioninfobyblocknum", { num })).toEqual([]);
    expect(await infoOf(devnet, tx.txId)).toEqual({});
    expect((await post(devnet, "/wallet/getblockbynum", { num }))["transactions"]).toHaveLength(1);
    stop();
    expect(await post(devnet, "/wallet/gettransactioninfobyblocknum", { num })).toHaveLength(1);
  });
});

describe("the plan", () => {
  test("a fault waits for a path that it fits", async () => {
    const devnet = await manualDevnet();
    devnet.faults.next({ kind: "rate-limit", path: "/walletsolidity/" });
    devnet.faults.next({ kind: "html-500", path: /getblock$/ });
    expect((await ask(devnet, "/wallet/getnowblock")).status).toBe(200);
    expect((await ask(devnet, "/wallet/getblock")).status).toBe(500);
    expect((await ask(devnet, "/walletsolidity/getnowblock")).status).toBe(429);
  });

  test("one-shot faults come in order and before sticky ones", async () => {
    const devnet = await manualDevnet();
    devnet.faults.set({ kind: "html-500" });
    devnet.faults.next({ kind: "rate-limit" });
    devnet.faults.next({ kind: "suspend" });
    const statuses = [];
    for (let count = 0; count < 4; count += 1) statuses.push((await ask(devnet, "/wallet/getnowblock")).status);
    expect(statuses).toEqual([429, 403, 500, 500]);
    devnet.faults.clear();
    expect((await ask(devnet, "/wallet/getnowblock")).status).toBe(200);
  });

  test("chance is the seed's: the same calls meet the same faults", async () => {
    const met = async (seed: string) => {
      const devnet = await manualDevnet({ seed });
      devnet.faults.set({ kind: "rate-limit" }, { probability: 0.5 });
      const statuses = [];
      for (let count = 0; count < 40; count += 1) statuses.push((await ask(devnet, "/wallet/getnowblock")).status);
      return statuses;
    };
    const [one, again, other] = [await met("a"), await met("a"), await met("b")];
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
    expect(new Set(one)).toEqual(new Set([200, 429]));
  });

  test("requests are counted by path", async () => {
    const devnet = await manualDevnet();
    await ask(devnet, "/wallet/getnowblock?visible=true");
    await ask(devnet, "/wallet/getnowblock");
    await ask(devnet, "/walletsolidity/getaccount");
    await ask(devnet, "/favicon.ico");
    expect([...devnet.requests.counts]).toEqual([
      ["/wallet/getnowblock", 2],
      ["/walletsolidity/getaccount", 1],
    ]);
    expect(devnet.requests.total()).toBe(3);
    devnet.requests.reset();
    expect(devnet.requests.total()).toBe(0);
    expect(devnet.ledger.trx(alice.address)).toBe(0n);
  });
});
