import { describe, expect, test } from "vitest";
import { units } from "../../src/domain/money.ts";
import { PAYER } from "../support/engine.ts";
import { addressOf, drain, openDoor, type Door } from "../support/http.ts";

const WALLETS = "/api/v1/tron/wallets";
const SWEEP = `${WALLETS}/wal_1/sweep`;
const TO = addressOf(1);
const NO_LIMITS = {};
const SOLID = { number: 100, id: "00".repeat(32), timestamp: 1_700_000_300_000 };

const sweep = (door: Door, body: Record<string, unknown>, key?: string) =>
  door.post(SWEEP, { to: TO, ...body }, key === undefined ? {} : { key });
const balance = async (door: Door) => (await door.get(`${WALLETS}/wal_1/balance`)).json();

describe("everything that a wallet has", () => {
  test("of USDT is ordered as one transfer, and nothing is available after it", async () => {
    const door = await openDoor({ limits: NO_LIMITS });
    const { usdt } = await balance(door);
    const response = await sweep(door, { asset: "USDT", reference: "end-of-year" });
    expect(response.statusCode, response.body).toBe(202);
    const payout = response.json();
    expect(payout).toMatchObject({
      purpose: "transfer",
      wallet_id: "wal_1",
      from: PAYER,
      to: TO,
      asset: "USDT",
      amount: usdt.available,
      external_id: "end-of-year",
    });
    expect(response.headers["location"]).toBe(`/api/v1/tron/payouts/${payout.id}`);
    expect((await balance(door)).usdt.available).toBe("0");
  });

  test("is without what it has promised", async () => {
    const door = await openDoor({ limits: NO_LIMITS });
    const { usdt } = await balance(door);
    await door.post("/api/v1/tron/usdt/transfer", { from_wallet: "wal_1", to: addressOf(2), amount: "25.5" });
    const { amount } = (await sweep(door, { asset: "USDT" })).json();
    expect(amount).toBe(String(Number(usdt.available) - 25.5));
  });

  test.each([
    ["the transfer's own fee", {}, 2],
    ["no more than it may cost", { max_fee_trx: "0.5" }, 0.5],
    ["no more than is set aside for any transfer", { max_fee_trx: "30" }, 2],
  ])("of TRX leaves %s", async (_name, bounds, fee) => {
    const door = await openDoor({ limits: NO_LIMITS });
    const { trx } = await balance(door);
    const { amount } = (await sweep(door, { asset: "TRX", ...bounds })).json();
    expect(amount).toBe(String(Number(trx.available) - fee));
    expect((await balance(door)).trx.available).toBe("0");
  });

  test("is refused when there is nothing, also to two who want it at once", async () => {
    const door = await openDoor({ limits: NO_LIMITS });
    const answers = await Promise.all([sweep(door, { asset: "USDT" }), sweep(door, { asset: "USDT" })]);
    expect(answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([202, 422]);
    const third = (await sweep(door, { asset: "USDT" })).json();
    expect(third).toMatchObject({ code: "insufficient_funds", evidence: { asset: "USDT", available: "0" } });
    await sweep(door, { asset: "TRX" });
    expect((await sweep(door, { asset: "TRX" })).json()).toMatchObject({
      code: "insufficient_funds",
      detail: expect.stringContaining("beyond the 2 TRX for the transfer's own fee"),
    });
  });

  test("is answered as the first time when the order is repeated, whatever the wallet has by then", async () => {
    const door = await openDoor({ limits: NO_LIMITS });
    const first = await sweep(door, { asset: "USDT" }, "once");
    expect((await sweep(door, { asset: "USDT" }, "once")).body).toBe(first.body);
    door.world.usdt = units(5_000_000_000_000n);
    await door.get(`${WALLETS}/wal_1/balance?refresh=true`);
    await drain();
    expect((await sweep(door, { asset: "USDT" }, "once")).body).toBe(first.body);
    expect((await sweep(door, { asset: "TRX" }, "once")).json().code).toBe("idempotency_mismatch");
    expect((await door.get("/api/v1/tron/payouts")).json().items).toHaveLength(1);
  });

  test("of another wallet is another order, never the answer of the first one", async () => {
    const door = await openDoor({ limits: NO_LIMITS });
    const { id } = (await door.post(WALLETS, { name: "second" }, { key: null })).json();
    await sweep(door, { asset: "TRX" }, "once");
    const second = await door.post(`${WALLETS}/${id}/sweep`, { to: TO, asset: "TRX" }, { key: "once" });
    expect(second.json()).toMatchObject({ status: 422, code: "idempotency_mismatch" });
  });

  test("is not paid twice when two sweeps of it are approved: the second one is over, whatever comes later", async () => {
    const door = await openDoor({ limits: { approvalAbove: units(1_000_000n) } });
    const orders = [(await sweep(door, { asset: "USDT" })).json(), (await sweep(door, { asset: "USDT" })).json()];
    expect(orders.map(({ status }) => status)).toEqual(["awaiting_approval", "awaiting_approval"]);
    const views = [];
    for (const { id, payout_hash } of orders) {
      const path = `/api/v1/tron/payouts/${id}`;
      await door.call("PUT", `${path}/approve`, { token: "payouts:approve", body: { payout_hash } });
      await drain();
      views.push((await door.get(path)).json());
    }
    expect(views.map(({ status }) => status)).toEqual(["broadcast", "rejected"]);
    expect(views[1]).toMatchObject({ reason: { code: "insufficient_funds" } });
    door.world.usdt = units(3_000_000_000_000n);
    door.world.solid += 1;
    // A payout that waits for room asks again within this time.
    for (let pause = 0; pause < 3; pause += 1) {
      await door.clock.advance(61_000);
      await drain();
    }
    expect((await balance(door)).usdt.total).toBe("3000000");
    expect((await door.get(`/api/v1/tron/payouts/${orders[1].id}`)).json()).toMatchObject({ status: "rejected" });
    expect(door.world.signatures).toHaveLength(1);
  });

  test("is counted anew when the last reading is old, and nothing is ordered by the old one", async () => {
    const door = await openDoor({ limits: NO_LIMITS });
    door.status.chain = { ...door.status.chain, solid: { ...SOLID, number: 121 } };
    door.world.usdt = units(7_000_000_000_000n);
    door.world.solid = 121;
    await door.clock.advance(3_000);
    expect((await sweep(door, { asset: "USDT" }, "k")).json()).toMatchObject({ status: 503, code: "not_ready" });
    expect((await door.get("/api/v1/tron/payouts")).json().items).toEqual([]);
    // The refusal began another reading.
    await drain();
    expect((await sweep(door, { asset: "USDT" }, "k")).json()).toMatchObject({ amount: "7000000" });
  });

  test("needs the approval that any transfer of the amount needs, and is within the same limits", async () => {
    const held = await openDoor({ limits: { approvalAbove: units(1_000_000n) } });
    expect((await sweep(held, { asset: "USDT" })).json()).toMatchObject({ status: "awaiting_approval" });
    const capped = await openDoor({ limits: { maximum: units(1_000_000n) } });
    expect((await sweep(capped, { asset: "USDT" })).json().code).toBe("above_maximum");
    const daily = await openDoor({ limits: { daily: units(1_000_000n) } });
    expect((await sweep(daily, { asset: "USDT" })).json().code).toBe("daily_limit_exceeded");
  });

  test.each([
    ["to itself", { to: PAYER, asset: "USDT" }, "destination_is_self"],
    ["to a wrong address", { to: `${TO.slice(0, -1)}2`, asset: "USDT" }, "invalid_address"],
    ["of an unknown asset", { asset: "BTC" }, "validation_failed"],
    ["with an amount", { asset: "USDT", amount: "5" }, "validation_failed"],
  ])("%s is refused", async (_name, body, code) => {
    const door = await openDoor({ limits: NO_LIMITS });
    expect((await sweep(door, body)).json().code).toBe(code);
    expect((await balance(door)).usdt.reserved).toBe("0");
  });

  test("of a wallet that does not exist, is watched or was not read yet is refused for that", async () => {
    const door = await openDoor({ limits: NO_LIMITS });
    const of = async (id: string) => (await door.post(`${WALLETS}/${id}/sweep`, { to: TO, asset: "TRX" })).json().code;
    expect(await of("wal_none")).toBe("not_found");
    const watched = { name: "cold", kind: "watch", address: addressOf(8) };
    expect(await of((await door.post(WALLETS, watched, { key: null })).json().id)).toBe("wallet_watch_only");
    door.world.gateway.solidBalances = () => new Promise(() => {});
    expect(await of((await door.post(WALLETS, { name: "new" }, { key: null })).json().id)).toBe("not_ready");
  });
});
