import { expect, test } from "vitest";
import { MemoryKeyValue } from "../../src/persistence/memory-key-value.ts";
import { memoryStore } from "../support/engine.ts";
import { addressOf, drain, openDoor, payout, watchOf, type Door } from "../support/http.ts";

const API = "/api/v1/tron";
const WALLET = { kind: "wallet", id: "wal_1" };
const DAMAGED = {
  status: 423,
  code: "quarantined",
  detail: expect.stringMatching(/wallet!wal_1 is damaged/),
  evidence: { kind: "wallet", id: "wal_1" },
};

/** The row is another one from now on; the answer puts it back. */
function damage(disk: MemoryKeyValue, key: string): () => void {
  const whole = disk.getSync(key) ?? "";
  disk.writeNow([{ key, value: whole.replace('"kind"', '"kinb"') }]);
  expect(disk.getSync(key)).not.toBe(whole);
  return () => disk.writeNow([{ key, value: whole }]);
}

/** Nobody has read the wallet since its record was damaged; `mend` puts it back. */
async function damagedDoor(): Promise<{ door: Door; mend: () => void }> {
  const disk = new MemoryKeyValue();
  const door = await openDoor({ store: memoryStore(disk) });
  return { door, mend: damage(disk, "s!wallet!wal_1") };
}

const QUESTIONS: readonly (readonly [name: string, ask: (door: Door) => ReturnType<Door["get"]>])[] = [
  ["an order for it", (door) => door.post(`${API}/payouts`, payout(), { key: "k" })],
  ["its page in the inspector", (door) => door.get(`${API}/inspector/actors/wallet/wal_1`)],
  ["its page by its id alone", (door) => door.get(`${API}/inspector/actors/wal_1`)],
  ["the wallet", (door) => door.get(`${API}/wallets/wal_1`)],
  ["its balance", (door) => door.get(`${API}/wallets/wal_1/balance`)],
];

test.each(QUESTIONS)("%s is answered with the quarantine of the damaged record", async (_, ask) => {
  const { door } = await damagedDoor();
  expect((await ask(door)).json()).toMatchObject(DAMAGED);
  await drain();
  expect(door.engine.quarantine(WALLET)).toMatchObject({ reason: expect.stringContaining("checksum does not match") });
  expect((await door.get(`${API}/payouts`)).json().items).toEqual([]);
});

test.each([
  ["payouts", "/payouts"],
  ["payouts of one status", "/payouts/status/broadcast"],
  ["payouts of one wallet", "/payouts?wallet=wal_1"],
  ["payments of a wallet", "/wallets/wal_1/history"],
  ["actors of a kind", "/inspector/actors?kind=payout"],
  ["actors", "/inspector/actors"],
])("a list of %s names what is damaged in it, and shows all the others", async (_, path) => {
  const disk = new MemoryKeyValue();
  const door = await openDoor({ store: memoryStore(disk) });
  const paid: string[] = [];
  for (const key of ["1", "2", "3"]) paid.push((await door.post(`${API}/payouts`, payout(), { key })).json().id);
  await drain(40);
  damage(disk, `s!payout!${paid[1]}`);
  const shown: string[] = [];
  const damaged: unknown[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const url = new URL(`http://engine${API}${path}`);
    url.searchParams.set("limit", "1");
    if (cursor !== "") url.searchParams.set("cursor", cursor);
    const page = (await door.get(url.pathname + url.search)).json();
    shown.push(...page.items.map((item: { id?: string; payout_id?: string }) => item.payout_id ?? item.id));
    damaged.push(...page.damaged);
    cursor = page.next_cursor;
  }
  expect(damaged).toEqual([{ kind: "payout", id: paid[1] }]);
  const payouts = shown.filter((id) => id.startsWith("po_"));
  expect(new Set(payouts)).toEqual(new Set([paid[0], paid[2]]));
  expect(payouts).toHaveLength(2);
  await drain();
  expect(door.engine.quarantine({ kind: "payout", id: paid[1] ?? "" })).toBeDefined();
});

test("a damaged wallet is named in the list of wallets", async () => {
  const { door } = await damagedDoor();
  expect((await door.get(`${API}/wallets`)).json()).toMatchObject({ items: [], damaged: [WALLET], next_cursor: null });
});

test("a damaged record is released when it is put back, not before, and an order is right again", async () => {
  const { door, mend } = await damagedDoor();
  const order = () => door.post(`${API}/payouts`, payout(), { key: "k" });
  const release = () => door.call("POST", `${API}/inspector/actors/wallet/wal_1/release`);
  await order();
  await drain();
  expect((await release()).json()).toMatchObject(DAMAGED);
  expect((await order()).json()).toMatchObject(DAMAGED);
  mend();
  expect((await release()).statusCode).toBe(200);
  expect((await order()).statusCode).toBe(202);
});

const line = { line_id: "l1", to: addressOf(1), amount: "20" };
const ORDERS: readonly (readonly [name: string, path: string, body: object, kind: string])[] = [
  ["an order", `${API}/payouts`, payout(), "payout"],
  ["a transfer", `${API}/usdt/transfer`, { from_wallet: "wal_1", to: addressOf(1), amount: "25" }, "payout"],
  ["a sweep", `${API}/wallets/wal_1/sweep`, { to: addressOf(1), asset: "USDT" }, "payout"],
  [
    "a batch",
    `${API}/payouts/batch`,
    { wallet: "wal_1", mode: "all_or_nothing", items: [line, { ...line, line_id: "l2" }] },
    "payoutBatch",
  ],
];

test.each(ORDERS)(
  "%s that was accepted is answered as then when its records are damaged",
  async (_, path, body, kind) => {
    const disk = new MemoryKeyValue();
    const door = await openDoor({ store: memoryStore(disk) });
    const accepted = await door.post(path, body, { key: "k" });
    const again = async () => {
      const { statusCode, body: text } = await door.post(path, body, { key: "k" });
      expect([statusCode, text]).toEqual([202, accepted.body]);
    };
    await again();
    expect((await door.call("POST", `${API}/wallets/wal_1/freeze`)).statusCode).toBe(200);
    damage(disk, `s!${kind}!${accepted.json().id}`);
    await again();
    damage(disk, "s!wallet!wal_1");
    await again();
  },
);

test.each(ORDERS)(
  "%s that is refused brings nothing to life, also when a look at the disk failed",
  async (_, path, body) => {
    const door = await openDoor();
    expect((await door.call("POST", `${API}/wallets/wal_1/freeze`)).statusCode).toBe(200);
    const asked: object[] = [];
    const request = door.engine.request.bind(door.engine);
    door.engine.has = () => true;
    door.engine.request = (wanted) => (asked.push(wanted), request(wanted));
    expect((await door.post(path, body, { key: "k" })).statusCode).toBeGreaterThanOrEqual(400);
    expect(asked.filter((wanted) => "create" in wanted)).toEqual([]);
  },
);

test.each([
  ["pushing the bytes again", false, 200],
  ["a new attempt", true, 202],
])("%s that was answered is answered as then when the records are damaged", async (_, isDead, status) => {
  const disk = new MemoryKeyValue();
  const door = await openDoor({ store: memoryStore(disk) });
  const { id } = (await door.post(`${API}/payouts`, payout(), { key: "k" })).json();
  const watch = await watchOf(door, id);
  if (isDead) await door.engine.deliver([{ actor: watch.actor, message: door.world.expired(watch) }]);
  const retry = (key: string) => door.post(`${API}/transactions/${watch.txId}/retry`, {}, { key });
  const first = await retry("r");
  expect(first.statusCode).toBe(status);
  await drain(40);
  damage(disk, `s!transaction!${watch.actor.id}`);
  damage(disk, `s!payout!${id}`);
  expect((await retry("r")).body).toBe(first.body);
});
