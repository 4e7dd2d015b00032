import { describe, expect, test } from "vitest";
import { addressOf, drain, openDoor, payout, solidify, watchOf, type Door } from "../support/http.ts";

const API = "/api/v1/tron";
const WALLET = { kind: "wallet", id: "wal_1" };
const fragile = { restartsMax: 0, windowMs: 600_000, firstDelayMs: 1, delayMaxMs: 1 };

/** Its wallet cannot digest a message without its fields. */
async function quarantine(door: Door): Promise<void> {
  void door.engine.deliver([{ actor: WALLET, message: { type: "wallet.send" } }]);
  await drain(40);
  expect(door.engine.quarantine(WALLET)).toBeDefined();
}

async function release(door: Door): Promise<void> {
  // What it could not digest is parked, and would be met again.
  const parked = await door.engine.inbox(WALLET, { afterSequence: -1, limit: 10 });
  const wrong = parked.filter(({ message }) => message.type === "wallet.send");
  await door.engine.commit(wrong.map(({ actor, sequence }) => ({ delete: "inbox", actor, sequence })));
  expect((await door.call("POST", `${API}/inspector/actors/wallet/wal_1/release`)).statusCode).toBe(200);
}

const lines = [1, 2].map((number) => ({ line_id: `l${number}`, to: addressOf(number), amount: "20" }));
const ORDERS: readonly (readonly [name: string, path: string, body: object])[] = [
  ["a payout", `${API}/payouts`, payout()],
  ["a transfer", `${API}/usdt/transfer`, { from_wallet: "wal_1", to: addressOf(1), amount: "25" }],
  ["a sweep", `${API}/wallets/wal_1/sweep`, { to: addressOf(1), asset: "TRX" }],
  ["a batch of all or nothing", `${API}/payouts/batch`, { wallet: "wal_1", mode: "all_or_nothing", items: lines }],
  ["a batch of what is possible", `${API}/payouts/batch`, { wallet: "wal_1", mode: "best_effort", items: lines }],
];

describe("a wallet in quarantine", () => {
  test.each(ORDERS)("%s from it is refused, leaves nothing, and is right later", async (_, path, body) => {
    const door = await openDoor({ intensity: fragile });
    await quarantine(door);
    const before = await door.engine.inbox(WALLET, { afterSequence: -1, limit: 10 });
    const refused = await door.post(path, body, { key: "k" });
    expect(refused.json()).toMatchObject({ status: 423, code: "quarantined", evidence: { wallet: "wal_1" } });
    expect((await door.get(`${API}/payouts`)).json().items).toEqual([]);
    expect((await door.get(`${API}/inspector/actors?kind=payoutBatch`)).json().items).toEqual([]);
    expect(await door.engine.inbox(WALLET, { afterSequence: -1, limit: 10 })).toEqual(before);
    await release(door);
    expect((await door.post(path, body, { key: "k" })).statusCode).toBe(202);
  });

  test("no new attempt of its payouts is promised, whoever asks for it", async () => {
    const door = await openDoor({ intensity: fragile });
    const { id } = (await door.post(`${API}/payouts`, payout())).json();
    const { txId } = await watchOf(door, id);
    await solidify(door, id, "REVERT");
    await quarantine(door);
    for (const path of [`${API}/payouts/${id}/retry`, `${API}/transactions/${txId}/retry`])
      expect((await door.post(path, {})).json()).toMatchObject({ status: 423, code: "quarantined" });
    expect((await door.get(`${API}/payouts/${id}`)).json()).toMatchObject({
      status: "failed",
      attempts: [{ txid: txId }],
    });
    await release(door);
    expect((await door.post(`${API}/payouts/${id}/retry`, {})).statusCode).toBe(202);
  });

  test("a payout that was approved meanwhile can be cancelled, and stays so when the wallet is back", async () => {
    const door = await openDoor({ intensity: fragile });
    await quarantine(door);
    const order = (await door.post(`${API}/payouts`, payout({ amount: "2000" }))).json();
    const path = `${API}/payouts/${order.id}`;
    const approval = { payout_hash: order.payout_hash };
    const approved = await door.call("PUT", `${path}/approve`, { body: approval, token: "payouts:approve" });
    expect(approved.json()).toMatchObject({ status: "pending", waiting_for: "the wallet's answer" });
    expect((await door.post(`${path}/cancel`, {})).json()).toMatchObject({ status: "cancelled" });
    await release(door);
    await drain(40);
    expect((await door.get(path)).json()).toMatchObject({ status: "cancelled", waiting_for: "nothing" });
    expect((await door.get(`${API}/wallets/wal_1/balance`)).json().usdt.reserved).toBe("0");
    expect(door.world.signatures).toEqual([]);
  });

  test("an order that needs an approval is taken: it waits for a person first", async () => {
    const door = await openDoor({ intensity: fragile });
    await quarantine(door);
    const response = await door.post(`${API}/payouts`, payout({ amount: "2000" }));
    expect(response.json()).toMatchObject({ status: "awaiting_approval" });
  });
});
