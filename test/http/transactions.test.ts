import { describe, expect, test } from "vitest";
import { Fault } from "../../src/domain/errors.ts";
import { units } from "../../src/domain/money.ts";
import type { Receipt } from "../../src/domain/chain-facts.ts";
import { addressOf, drain, openDoor, payout, solidify, USDT, watchOf, type Door } from "../support/http.ts";

const TX = "/api/v1/tron/transactions";
const FOREIGN = "ab".repeat(32);

async function sent(door: Door): Promise<{ id: string; txid: string }> {
  const { id } = (await door.post("/api/v1/payouts", payout())).json();
  const watch = await watchOf(door, id);
  await drain();
  return { id, txid: watch.txId };
}

const receipt = (txId: string): Receipt => ({
  txId,
  blockNumber: 90,
  blockTimestamp: 1_700_000_270_000,
  result: "SUCCESS",
  feeSun: units(6_773_500n),
  energyUsed: 64_285,
  bandwidthUsed: 345,
  transfers: [{ logIndex: 0, token: USDT, from: addressOf(3), to: addressOf(4), amount: "25000000" }],
});

describe("reading a transaction", () => {
  test("an own one is told from the engine's record, with what it waits for", async () => {
    const door = await openDoor();
    const { id, txid } = await sent(door);
    const view = (await door.get(`${TX}/${txid}`)).json();
    expect(view).toMatchObject({
      txid,
      known: true,
      payout_id: id,
      status: "broadcast",
      confirmations: 0,
      solidified: false,
      pushes: 1,
      receipt: null,
    });
    expect(view.waiting_for).not.toBe("");
    expect(view.last_push).toMatchObject({ class: "accepted", code: "SUCCESS" });
    await solidify(door, id);
    expect((await door.get(`/api/v1/transactions/${txid}`)).json()).toMatchObject({
      status: "confirmed",
      solidified: true,
      confirmations: 1,
      receipt: { block_number: 118, result: "SUCCESS", fee_trx: "6.7735" },
    });
  });

  test("somebody else's is told from a solidified block, or not found", async () => {
    const door = await openDoor();
    door.ports.gateway.solidReceipt = async (txId) => (txId === FOREIGN ? receipt(txId) : undefined);
    expect((await door.get(`${TX}/${FOREIGN}`)).json()).toMatchObject({
      known: false,
      status: "confirmed",
      solidified: true,
      confirmations: 29,
    });
    expect((await door.get(`${TX}/${"cd".repeat(32)}`)).json()).toMatchObject({ status: 404, code: "not_found" });
  });

  test("a receipt comes with logs from a node, and without them from the record while no node answers", async () => {
    const door = await openDoor();
    const { id, txid } = await sent(door);
    expect((await door.get(`${TX}/${txid}/receipt`)).json()).toMatchObject({
      status: 409,
      code: "receipt_pending",
      retryable: true,
    });
    await solidify(door, id);
    door.ports.gateway.solidReceipt = () => Promise.reject(new Fault("chain_unavailable"));
    expect((await door.get(`${TX}/${txid}/receipt`)).json()).toMatchObject({
      result: "SUCCESS",
      bandwidth: null,
      transfers: [],
      solidified: true,
    });
    door.ports.gateway.solidReceipt = async (txId) => receipt(txId);
    expect((await door.get(`${TX}/${txid}/receipt`)).json()).toMatchObject({
      bandwidth: 345,
      transfers: [{ log_index: 0, amount_units: "25000000" }],
    });
    door.ports.gateway.solidReceipt = async () => undefined;
    expect((await door.get(`${TX}/${FOREIGN}/receipt`)).json().code).toBe("not_found");
    door.ports.gateway.solidReceipt = () => Promise.reject(new Fault("chain_timeout"));
    expect((await door.get(`${TX}/${FOREIGN}/receipt`)).json()).toMatchObject({ status: 504, code: "chain_timeout" });
  });
});

describe("retry of a transaction", () => {
  const retry = (door: Door, txid: string, key?: string) =>
    door.post(`${TX}/${txid}/retry`, {}, key === undefined ? {} : { key });

  test("1. one that succeeded is left alone", async () => {
    const door = await openDoor();
    const { id, txid } = await sent(door);
    await solidify(door, id);
    expect((await retry(door, txid)).json()).toMatchObject({
      status: 409,
      code: "tx_already_succeeded",
      evidence: { block_number: 118 },
    });
  });

  test("2. one on the wire has the same bytes pushed again", async () => {
    const door = await openDoor();
    const { id, txid } = await sent(door);
    const response = await retry(door, txid);
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({ action: "rebroadcast", txid, attempt: 1, payout_id: id, replaces: null });
    await drain();
    expect(door.world.broadcasts).toHaveLength(2);
    expect(new Set(door.world.broadcasts).size).toBe(1);
    expect(door.world.signatures).toHaveLength(1);
  });

  test("2. one of which nothing is known has the same bytes pushed again", async () => {
    const door = await openDoor();
    door.world.onBroadcast = async () => ({ class: "ambiguous", code: "TIMEOUT", message: "", node: "n" });
    const { id, txid } = await sent(door);
    expect((await door.get(`/api/v1/payouts/${id}`)).json().status).toBe("unknown");
    expect((await retry(door, txid)).json()).toMatchObject({ action: "rebroadcast", txid });
    expect(door.world.signatures).toHaveLength(1);
  });

  test("2. while a push is under way the answer is the same, and no second push begins", async () => {
    const door = await openDoor();
    door.world.onBroadcast = () => new Promise(() => {});
    const { txid } = await sent(door);
    expect((await retry(door, txid)).json()).toMatchObject({ action: "rebroadcast", txid });
    await drain();
    expect(door.world.broadcasts).toHaveLength(1);
  });

  test("3. one in a block that is not solidified is waited for", async () => {
    const door = await openDoor();
    const { id, txid } = await sent(door);
    const watch = await watchOf(door, id);
    await door.engine.deliver([{ actor: watch.actor, message: door.world.included() }]);
    expect((await retry(door, txid)).json()).toMatchObject({
      status: 409,
      code: "tx_may_still_confirm",
      evidence: { block_number: 118 },
    });
  });

  test("3. one past its expiration without solidified proof is waited for, and says until when", async () => {
    const door = await openDoor();
    const { id, txid } = await sent(door);
    const watch = await watchOf(door, id);
    door.world.head = Math.ceil((watch.expiration - door.world.genesisTime) / 3_000) + 1;
    const problem = (await retry(door, txid)).json();
    expect(problem).toMatchObject({ status: 409, code: "tx_may_still_confirm", retryable: true });
    expect(problem.evidence.retry_after_block_time).toBe(new Date(watch.expiration).toISOString());
    await drain();
    expect(door.world.signatures).toHaveLength(1);
    expect(door.world.broadcasts).toHaveLength(1);
  });

  test("4. one that is proved dead gets a new attempt of its payout", async () => {
    const door = await openDoor();
    const { id, txid } = await sent(door);
    const watch = await watchOf(door, id);
    await door.engine.deliver([{ actor: watch.actor, message: door.world.expired(watch) }]);
    const response = await retry(door, txid, "r");
    expect(response.statusCode).toBe(202);
    expect(response.json()).toEqual({ action: "new_attempt", txid: null, attempt: 2, payout_id: id, replaces: txid });
    await drain(40);
    const view = (await door.get(`/api/v1/payouts/${id}`)).json();
    expect(view.attempts).toHaveLength(2);
    expect(view.attempts[0].proof).toMatchObject({ solid_number: expect.any(Number), scanned_to: expect.any(Number) });
    expect(view.txid).not.toBe(txid);
    // The second click: the old transaction is no longer the one that counts.
    expect((await retry(door, txid)).json()).toMatchObject({ status: 409, code: "state_conflict" });
    const repeat = await retry(door, txid, "r");
    expect(repeat.body).toBe(response.body);
    expect(repeat.headers["idempotency-replayed"]).toBe("true");
    expect((await door.get(`/api/v1/payouts/${id}`)).json().attempts).toHaveLength(2);
  });

  test("4. asked for twice at once under one key, both are told the same", async () => {
    const door = await openDoor();
    const { id, txid } = await sent(door);
    const watch = await watchOf(door, id);
    await door.engine.deliver([{ actor: watch.actor, message: door.world.expired(watch) }]);
    const [first, second] = await Promise.all([retry(door, txid, "r"), retry(door, txid, "r")]);
    expect(first.json()).toMatchObject({ action: "new_attempt", attempt: 2 });
    expect(second.body).toBe(first.body);
    expect((await retry(door, txid, "r")).body).toBe(first.body);
    await drain(40);
    expect((await door.get(`/api/v1/payouts/${id}`)).json().attempts).toHaveLength(2);
  });

  test("4. one that failed in a solidified block goes through the wallet's reservation again", async () => {
    const door = await openDoor();
    const { id, txid } = await sent(door);
    await solidify(door, id, "REVERT");
    await door.post("/api/v1/wallets/wal_1/freeze", {});
    const response = await retry(door, txid);
    expect(response.statusCode, response.body).toBe(202);
    expect((await door.get(`/api/v1/payouts/${id}`)).json()).toMatchObject({
      status: "failed",
      reason: { code: "wallet_frozen" },
    });
  });

  test("4. one whose order may not be paid so late any more is told so", async () => {
    const door = await openDoor();
    const notAfter = new Date(door.world.headTimestamp() + 30_000).toISOString();
    const { id } = (await door.post("/api/v1/payouts", payout({ not_after: notAfter }))).json();
    const { txId } = await watchOf(door, id);
    await solidify(door, id, "REVERT");
    door.world.head += 10;
    expect((await retry(door, txId)).json()).toMatchObject({ status: 422, code: "not_after_passed" });
  });

  test("4. a payout without attempts left is decided by a person", async () => {
    const door = await openDoor();
    const { id } = (await door.post("/api/v1/payouts", payout())).json();
    let txid = "";
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      const watch = await watchOf(door, `${id}_${attempt}`);
      txid = watch.txId;
      await door.engine.deliver([{ actor: watch.actor, message: door.world.expired(watch) }]);
      await door.clock.advance(120_000);
    }
    expect((await door.get(`/api/v1/payouts/${id}`)).json().status).toBe("needs_attention");
    expect((await retry(door, txid)).json()).toMatchObject({ status: 409, code: "max_attempts" });
    expect((await door.post(`/api/v1/payouts/${id}/retry`, {})).statusCode).toBe(202);
  });

  test("one that this engine did not send is not found", async () => {
    const door = await openDoor();
    expect((await retry(door, FOREIGN)).json().code).toBe("not_found");
  });
});

describe("planning a transaction", () => {
  test("a preview tells what would be signed, and signs nothing", async () => {
    const door = await openDoor();
    const order = { type: "usdt_transfer", from_wallet: "wal_1", to: addressOf(1), amount: "2000" };
    const view = (await door.post(`${TX}/create`, order, { key: null })).json();
    expect(view).toMatchObject({
      signed: false,
      needs_approval: true,
      order: { amount_units: "2000000000" },
      fee_reserve_trx: "15",
      estimate: { energy: 64_285 },
    });
    expect(view.reference_block.number).toBe(100);
    expect((await door.post(`${TX}/create`, { ...order, type: "trx_transfer" })).json().order.asset).toBe("TRX");
    await drain();
    expect(door.world.signatures).toEqual([]);
    expect((await door.get("/api/v1/payouts")).json().items).toEqual([]);
  });

  const TRANSFER = { type: "usdt_transfer", from_wallet: "wal_1", to: addressOf(1), amount: "20" };
  const DONE = { ...TRANSFER, sign: true, broadcast: true };

  test("a preview within bounds has the reserve and the estimate of them", async () => {
    const door = await openDoor();
    const view = (await door.post(`${TX}/create`, { ...TRANSFER, max_fee_trx: "7.5" })).json();
    expect([view.fee_reserve_trx, view.looks_like]).toEqual(["7.5", null]);
    expect(door.world.estimates[0]?.maxFeeSun).toBe("7500000");
  });

  test("with sign and broadcast it is a transfer, once per Idempotency-Key", async () => {
    const door = await openDoor();
    const notAfter = new Date(door.world.headTimestamp() + 30_000).toISOString();
    const order = { ...DONE, reference: "r-1", max_fee_trx: "9", not_after: notAfter };
    const first = await door.post(`${TX}/create`, order, { key: "once" });
    expect(first.statusCode, first.body).toBe(202);
    const { id } = first.json();
    expect(first.json()).toMatchObject({
      purpose: "transfer",
      external_id: "r-1",
      max_fee_trx: "9",
      not_after: notAfter,
      to: TRANSFER.to,
    });
    expect(first.headers.location).toBe(`/api/v1/tron/payouts/${id}`);
    expect((await door.post(`${TX}/create`, order, { key: "once" })).body).toBe(first.body);
    await drain();
    expect(door.world.signatures).toHaveLength(1);
    expect((await door.get(`/api/v1/payouts/${id}`)).json().status).toBe("broadcast");
  });

  test.each([
    ["signed bytes are not handed out", { ...TRANSFER, sign: true }, {}, 400, "validation_failed"],
    ["nothing unsigned is sent", { ...TRANSFER, broadcast: true, sign: false }, {}, 400, "validation_failed"],
    ["a transfer needs its key", DONE, { key: null }, 400, "idempotency_key_missing"],
    ["a transfer needs its scope", DONE, { token: "tx:create" }, 403, "forbidden"],
  ])("%s", async (_, order, options, status, code) => {
    const door = await openDoor();
    expect((await door.post(`${TX}/create`, order, options)).json()).toMatchObject({ status, code });
    await drain();
    expect([door.world.signatures, (await door.get("/api/v1/payouts")).json().items]).toEqual([[], []]);
  });

  test("a preview looks its destination up as an order does", async () => {
    const door = await openDoor();
    door.blacklisted.add(TRANSFER.to);
    expect((await door.post(`${TX}/create`, TRANSFER)).json().code).toBe("destination_blacklisted");
    expect((await door.post(`${TX}/create`, { ...TRANSFER, not_after: "2020-01-01T00:00:00Z" })).json().code).toBe(
      "not_after_passed",
    );
  });

  test.each([
    [{ type: "approve" }, "validation_failed"],
    [{ from_wallet: "wal_x" }, "not_found"],
    [{ amount: "0" }, "invalid_amount"],
    [{ to: addressOf(1).slice(0, -1) + "2" }, "invalid_address"],
  ])("a preview of %j is refused", async (change, code) => {
    const door = await openDoor();
    const order = { type: "usdt_transfer", from_wallet: "wal_1", to: addressOf(1), amount: "20", ...change };
    expect((await door.post(`${TX}/create`, order)).json().code).toBe(code);
  });

  test("an estimate of any two addresses tells energy, burn and limit", async () => {
    const door = await openDoor();
    const order = { from: addressOf(2), to: addressOf(1), amount: "20" };
    const { onEstimate } = door.world;
    door.world.onEstimate = async () => ({ ...(await onEstimate()), penalty: 9_000 });
    expect((await door.post(`${TX}/estimate-fee`, order)).json()).toMatchObject({
      asset: "USDT",
      energy: 64_285,
      penalty: 9_000,
      fee_limit_trx: "8.0357",
    });
    expect((await door.post(`${TX}/estimate-fee`, { ...order, amount: "0" })).json().code).toBe("invalid_amount");
    expect((await door.post(`${TX}/estimate-fee`, { ...order, from: `${order.from.slice(0, -1)}2` })).json().code).toBe(
      "invalid_address",
    );
    door.world.onEstimate = () => Promise.reject(new Fault("simulation_reverted", "the transfer would revert"));
    expect((await door.post(`${TX}/estimate-fee`, order)).json()).toMatchObject({
      status: 422,
      code: "simulation_reverted",
    });
    door.world.onEstimate = () => Promise.reject(new Fault("fee_cap_exceeded"));
    expect((await door.post("/api/v1/payouts/estimate", payout())).json()).toMatchObject({
      status: 422,
      code: "fee_cap_exceeded",
    });
  });
});
