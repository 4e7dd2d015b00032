import { request } from "node:http";
import { describe, expect, test } from "vitest";
import type { Devnet } from "../../../src/devnet/handle.ts";
import { alice, bob, broadcast, fundedDevnet, type Json, manualDevnet, signed, trxTransfer } from "../support.ts";

type Answer = { status: number; body: Json };

async function control(devnet: Devnet, path: string, body?: unknown): Promise<Answer> {
  const init =
    body === undefined ? {} : { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) };
  const response = await fetch(`${devnet.url}/admin/devnet${path}`, init);
  return { status: response.status, body: (await response.json()) as Json };
}

describe("what the handle can, the control endpoints can", () => {
  test("they say what the devnet is", async () => {
    const devnet = await manualDevnet();
    const { body } = await control(devnet, "");
    expect(body).toEqual({
      url: devnet.url,
      genesis_id: devnet.genesisId,
      usdt_contract: devnet.usdtContract,
      block_ms: "manual",
      head_number: devnet.ledger.headNumber(),
      head_timestamp: devnet.ledger.headTimestamp(),
      solid_number: devnet.ledger.solidNumber(),
      pending_size: 0,
      burned_sun: "0",
    });
  });

  test("blocks, missed slots, censorship and the faucet", async () => {
    const devnet = await manualDevnet();
    const head = devnet.ledger.headNumber();
    const time = devnet.ledger.headTimestamp();
    await control(devnet, "/censor", { on: true });
    await control(devnet, "/faucet", { address: alice.address, trx_sun: "7", usdt: 5 });
    const { body } = await control(devnet, "/mine", { count: 2 });
    expect(body).toMatchObject({ mined: 2, head: { number: head + 2 } });
    expect(devnet.ledger.trx(alice.address)).toBe(0n);
    await control(devnet, "/censor", { on: false });
    await control(devnet, "/miss-slots", { count: 9 });
    await control(devnet, "/mine", {});
    expect(devnet.ledger.headTimestamp()).toBe(time + 12 * 3_000);
    const balance = await control(devnet, `/ledger/balance?address=${alice.address}`);
    expect(balance.body).toEqual({ trx_sun: "7", usdt: "5" });
  });

  test("a day goes by at once", async () => {
    const devnet = await manualDevnet();
    const time = devnet.ledger.headTimestamp();
    const { body } = await control(devnet, "/advance", { ms: 86_400_000 });
    expect(body["head"].timestamp).toBe(time + 86_400_000);
    expect((await control(devnet, "/advance", { ms: 1e15 })).status).toBe(400);
  });

  test("a fork, and what is true after it", async () => {
    const devnet = await fundedDevnet();
    const tx = await signed(devnet, trxTransfer(bob, 11n));
    await broadcast(devnet, tx);
    await devnet.mine();
    const found = await control(devnet, `/ledger/transaction?tx_id=${tx.txId}`);
    expect(found.body["transaction"]).toMatchObject({ block_number: devnet.ledger.headNumber(), result: "SUCCESS" });
    const payments = await control(devnet, `/ledger/payments?to=${bob.address}&asset=TRX&from=${alice.address}`);
    expect(payments.body["payments"]).toMatchObject([{ tx_id: tx.txId, amount: "11", solid: false }]);
    expect((await control(devnet, "/fork", { depth: 1, drop: [tx.txId] })).status).toBe(200);
    expect((await control(devnet, `/ledger/transaction?tx_id=${tx.txId}`)).body).toEqual({ transaction: null });
    const tooDeep = await control(devnet, "/fork", { depth: 500 });
    expect(tooDeep).toMatchObject({ status: 400, body: { code: "validation_failed" } });
  });

  test("faults, once and always, until they are cleared", async () => {
    const devnet = await manualDevnet();
    const status = async () => (await fetch(`${devnet.url}/wallet/getnowblock`)).status;
    await control(devnet, "/faults/next", { kind: "html-500", path: "getnowblock" });
    expect([await status(), await status()]).toEqual([500, 200]);
    await control(devnet, "/faults/set", { kind: "rate-limit", path_pattern: "^/wallet/" });
    expect([await status(), await status()]).toEqual([429, 429]);
    await control(devnet, "/faults/clear", {});
    expect(await status()).toBe(200);
    expect((await control(devnet, "/faults")).body).toEqual({ played: { "html-500": 1, "rate-limit": 2 } });
  });

  test("a fault without a path does not lock its own switch out", async () => {
    const devnet = await manualDevnet();
    await control(devnet, "/faults/set", { kind: "html-500" });
    expect((await fetch(`${devnet.url}/wallet/getnowblock`)).status).toBe(500);
    expect((await control(devnet, "/faults/clear", {})).status).toBe(200);
  });

  test("refusals and stale heads have their fields", async () => {
    const devnet = await fundedDevnet();
    await control(devnet, "/faults/next", { kind: "refuse", code: "TAPOS_ERROR", message: "no" });
    expect(await broadcast(devnet, await signed(devnet, trxTransfer(bob, 1n)))).toMatchObject({
      code: "TAPOS_ERROR",
      message: "no",
    });
    await control(devnet, "/faults/next", { kind: "stale-head", blocks: 3 });
    const stale = (await (await fetch(`${devnet.url}/wallet/getnowblock`)).json()) as Json;
    expect(stale["block_header"].raw_data.number).toBe(devnet.ledger.headNumber() - 3);
  });

  test("the token's owner acts", async () => {
    const devnet = await fundedDevnet();
    await control(devnet, "/usdt/paused", { paused: true });
    await control(devnet, "/usdt/blacklisted", { address: bob.address, blacklisted: true });
    await control(devnet, "/usdt/fee", { basis_points: 10, max_fee_usdt: 5 });
    expect(devnet.ledger.pendingSize()).toBe(3);
  });

  test("the schedule", async () => {
    const devnet = await manualDevnet();
    await control(devnet, "/schedule", { block_ms: 2 });
    expect((await control(devnet, "")).body["block_ms"]).toBe(2);
    const from = devnet.ledger.headNumber();
    while (devnet.ledger.headNumber() < from + 2) await new Promise(setImmediate);
    for (const word of ["fast", "instant", "manual"]) {
      expect((await control(devnet, "/schedule", { block_ms: word })).status).toBe(200);
    }
    expect(devnet.slotMs).toBe("manual");
  });

  test("requests are counted, the control's own are not", async () => {
    const devnet = await manualDevnet();
    await fetch(`${devnet.url}/wallet/getnowblock`);
    expect((await control(devnet, "/requests")).body).toEqual({ total: 1, counts: { "/wallet/getnowblock": 1 } });
    await control(devnet, "/requests/reset", {});
    expect(devnet.requests.total()).toBe(0);
  });
});

describe("bad input changes nothing and names the field", () => {
  test.each([
    ["/mine", { count: 0 }, "count must be a whole number from 1 to 100000"],
    ["/mine", { cuont: 2 }, "unknown field cuont; known: count"],
    ["/mine", "{", "the body is not JSON"],
    ["/mine", "[]", "the body must be a JSON object"],
    ["/censor", { on: "yes" }, "on must be true or false"],
    ["/faucet", { address: "T", trx_sun: "1" }, "address must be a base58 address"],
    ["/faucet", { address: alice.address, trx_sun: "1.5" }, "trx_sun must be a positive whole number of base units"],
    ["/faults/next", { kind: "fire" }, "kind must be one of accept-then-time-out"],
    ["/faults/next", { kind: "refuse", code: "NO" }, "code must be one of SUCCESS"],
    ["/faults/next", { kind: "reset", path: 7 }, "path must be a text"],
    ["/faults/next", { kind: "reset", path_pattern: "(" }, "path_pattern must be a regular expression"],
    ["/schedule", { block_ms: 0 }, "must be 1 to 3600000 (ms), fast, manual or instant"],
    ["/fork", { depth: 1, drop: [1] }, "drop must be a list of texts"],
    ["/limits", { keyed: 3 }, "keyed must be an object"],
    ["/limits", { keyed: { status: 430 } }, "status must be a whole number from 403 to 429"],
    ["/limits", { keyed: { status: 410 } }, "status must be 403 or 429"],
  ])("%s %j", async (path, body, message) => {
    const devnet = await manualDevnet();
    const head = devnet.ledger.headNumber();
    const answer = await control(devnet, path, body);
    expect(answer.status).toBe(400);
    expect(answer.body["code"]).toBe("validation_failed");
    expect(answer.body["error"]).toContain(message);
    expect(devnet.ledger.headNumber()).toBe(head);
    expect(devnet.ledger.pendingSize()).toBe(0);
  });

  test("a query needs its parameters too", async () => {
    const devnet = await manualDevnet();
    expect((await control(devnet, "/ledger/balance")).status).toBe(400);
    expect((await control(devnet, "/ledger/transaction")).status).toBe(400);
  });

  test("an unknown path lists the known ones, a wrong method the right one", async () => {
    const devnet = await manualDevnet();
    const unknown = await control(devnet, "/mien", {});
    expect(unknown.status).toBe(404);
    expect(unknown.body["error"]).toContain("/admin/devnet/mine");
    expect(await control(devnet, "/mine")).toMatchObject({ status: 405, body: { error: "use POST" } });
  });

  test("what the chain refuses is said with its code", async () => {
    const devnet = await manualDevnet();
    const answer = await control(devnet, "/faucet", { address: alice.address, trx_sun: "9000000000000000000" });
    expect(answer).toMatchObject({ status: 409, body: { code: "chain_error" } });
  });
});

describe("a program in a browser", () => {
  test("may ask a node from its own origin, with the headers that clients send", async () => {
    const devnet = await manualDevnet();
    const headers = {
      origin: "https://dapp.example",
      "access-control-request-headers": "content-type,tron-pro-api-key",
    };
    const preflight = await fetch(`${devnet.url}/wallet/getnowblock`, { method: "OPTIONS", headers });
    expect(preflight.status).toBe(200);
    for (const name of ["origin", "headers"]) expect(preflight.headers.get(`access-control-allow-${name}`)).toBe("*");
    const answer = await fetch(`${devnet.url}/wallet/getnowblock`, { method: "POST", body: "{}", headers });
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(devnet.requests.total()).toBe(1);
  });
});

describe("only this machine turns the dial", () => {
  const asked = (devnet: Devnet, headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const sent = request({ port: devnet.port, path: "/admin/devnet/mine", method: "POST", headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      sent.on("error", reject);
      sent.end();
    });

  test("a foreign name for this host, or a web page, is turned away", async () => {
    const devnet = await manualDevnet();
    const head = devnet.ledger.headNumber();
    expect(await asked(devnet, { host: "devnet.example" })).toBe(403);
    expect(await asked(devnet, { host: "127.0.0.1", origin: "https://example.org" })).toBe(403);
    expect(devnet.ledger.headNumber()).toBe(head);
    expect(await asked(devnet, { host: "localhost:9090" })).toBe(200);
  });
});
