import { describe, expect, test } from "vitest";
import { units } from "../../src/domain/money.ts";
import { addressOf, drain, openDoor, payout, type Door } from "../support/http.ts";

const API = "/api/v1/tron";
const PAYOUTS = `${API}/payouts`;
const ORDERS = [
  ["a payout", PAYOUTS, payout()],
  ["a USDT transfer", `${API}/usdt/transfer`, { from_wallet: "wal_1", to: addressOf(1), amount: "25" }],
  ["a TRX transfer", `${API}/trx/transfer`, { from_wallet: "wal_1", to: addressOf(1), amount: "25" }],
  ["a sweep", `${API}/wallets/wal_1/sweep`, { to: addressOf(1), asset: "TRX" }],
] as const;

/** ms after the newest block. */
function inTime(door: Door, ms: number): string {
  return new Date(door.world.headTimestamp() + ms).toISOString();
}

async function codeOf(door: Door, change: Record<string, unknown>): Promise<string> {
  const response = await door.post(PAYOUTS, payout(change));
  expect((await door.get(PAYOUTS)).json().items).toEqual([]);
  return `${response.statusCode} ${response.json().code}`;
}

describe("the bounds of an order over HTTP", () => {
  test.each(ORDERS)("%s is signed within them and shows them", async (_, url, body) => {
    const door = await openDoor();
    const notAfter = inTime(door, 30_000);
    const response = await door.post(url, { ...body, not_after: notAfter, max_fee_trx: "7.5" });
    expect(response.statusCode, response.body).toBe(202);
    expect(response.json()).toMatchObject({ not_after: notAfter, max_fee_trx: "7.5" });
    await drain();
    expect(door.world.signatures[0]?.expiration).toBeLessThanOrEqual(Date.parse(notAfter));
  });

  test("an order without them says null", async () => {
    const door = await openDoor();
    expect((await door.post(PAYOUTS, payout())).json()).toMatchObject({ not_after: null, max_fee_trx: null });
  });

  test("no more is set aside for the fee than it may cost, and the cap of the engine stays", async () => {
    for (const [maximum, reserved] of [
      ["7.5", "7.5"],
      ["400", "15"],
    ]) {
      const door = await openDoor();
      await door.post(PAYOUTS, payout({ max_fee_trx: maximum }));
      expect((await door.get(`${API}/wallets/wal_1/balance`)).json().trx.reserved).toBe(reserved);
    }
  });

  test("an approval binds them", async () => {
    const hashes = new Set<string>();
    for (const bounds of [
      {},
      { max_fee_trx: "7" },
      { not_after: "2030-01-31T12:00:00Z" },
      { not_after: "2030-01-31T12:00:01Z" },
    ]) {
      const door = await openDoor();
      hashes.add((await door.post(PAYOUTS, payout(bounds))).json().payout_hash);
    }
    expect(hashes.size).toBe(4);
  });

  test("an order that comes too late is refused with the time of the chain, and leaves nothing", async () => {
    const door = await openDoor();
    const response = await door.post(PAYOUTS, payout({ not_after: inTime(door, 8_000) }));
    expect(response.statusCode).toBe(422);
    expect(response.json()).toMatchObject({
      code: "not_after_passed",
      evidence: { block_time: inTime(door, 0) },
    });
    expect((await door.get(PAYOUTS)).json().items).toEqual([]);
  });

  test("a repeat of an accepted order is answered as then, although it is too late now", async () => {
    const door = await openDoor();
    const order = payout({ not_after: inTime(door, 30_000) });
    const first = await door.post(PAYOUTS, order, { key: "once" });
    door.world.head += 100;
    const second = await door.post(PAYOUTS, order, { key: "once" });
    expect([second.statusCode, second.body]).toEqual([202, first.body]);
  });

  test("an approval that comes too late is refused, and the payout is rejected by itself", async () => {
    const door = await openDoor({ limits: { approvalAbove: units(1n) } });
    const made = (await door.post(PAYOUTS, payout({ not_after: inTime(door, 90_000) }))).json();
    expect(made.status).toBe("awaiting_approval");
    door.world.head += 40;
    const approval = { token: "payouts:approve", body: { payout_hash: made.payout_hash } };
    const approved = await door.call("PUT", `${PAYOUTS}/${made.id}/approve`, approval);
    expect([approved.statusCode, approved.json().code]).toEqual([422, "not_after_passed"]);
    await door.clock.advance(61_000);
    expect((await door.get(`${PAYOUTS}/${made.id}`)).json()).toMatchObject({
      status: "rejected",
      reason: { code: "not_after_passed" },
    });
  });

  test.each([
    ["a day that its month does not have", { not_after: "2030-02-30T12:00:00Z" }, "400 validation_failed"],
    ["a month that no year has", { not_after: "2030-13-01T12:00:00Z" }, "400 validation_failed"],
    ["an hour that no day has", { not_after: "2030-01-01T25:00:00Z" }, "400 validation_failed"],
    ["a time without its zone", { not_after: "2030-01-01T12:00:00" }, "400 validation_failed"],
    ["a number of milliseconds", { not_after: 1_900_000_000_000 }, "400 validation_failed"],
    ["a fee of nothing", { max_fee_trx: "0" }, "400 invalid_amount"],
    ["a fee of more than there is", { max_fee_trx: "9999999999999" }, "400 invalid_amount"],
    ["a fee with seven places", { max_fee_trx: "1.0000001" }, "400 validation_failed"],
    ["a fee that is a number", { max_fee_trx: 5 }, "400 validation_failed"],
  ])("%s is refused", async (_, change, expected) => {
    expect(await codeOf(await openDoor(), change)).toBe(expected);
  });
});
