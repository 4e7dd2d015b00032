import { expect, test } from "vitest";
import { MemoryKeyValue } from "../../src/persistence/memory-key-value.ts";
import { memoryStore } from "../support/engine.ts";
import { drain, openDoor, payout, type Door } from "../support/http.ts";

const API = "/api/v1/tron";
const WALLET = { kind: "wallet", id: "wal_1" };
const DAMAGED = {
  status: 423,
  code: "quarantined",
  detail: expect.stringMatching(/wallet!wal_1 is damaged/),
  evidence: { kind: "wallet", id: "wal_1" },
};

/** Nobody has read the wallet since its record was damaged; `mend` puts it back. */
async function damagedDoor(): Promise<{ door: Door; mend: () => void }> {
  const disk = new MemoryKeyValue();
  const door = await openDoor({ store: memoryStore(disk) });
  const key = "s!wallet!wal_1";
  const whole = disk.getSync(key) ?? "";
  disk.writeNow([{ key, value: whole.replace('"kind"', '"kinb"') }]);
  expect(disk.getSync(key)).not.toBe(whole);
  return { door, mend: () => disk.writeNow([{ key, value: whole }]) };
}

const QUESTIONS: readonly (readonly [name: string, ask: (door: Door) => ReturnType<Door["get"]>])[] = [
  ["an order for it", (door) => door.post(`${API}/payouts`, payout(), { key: "k" })],
  ["its page in the inspector", (door) => door.get(`${API}/inspector/actors/wallet/wal_1`)],
  ["its page by its id alone", (door) => door.get(`${API}/inspector/actors/wal_1`)],
  ["the wallet", (door) => door.get(`${API}/wallets/wal_1`)],
  ["its balance", (door) => door.get(`${API}/wallets/wal_1/balance`)],
  ["the list of wallets", (door) => door.get(`${API}/wallets`)],
  ["the list of all actors", (door) => door.get(`${API}/inspector/actors`)],
];

test.each(QUESTIONS)("%s is answered with the quarantine of the damaged record", async (_, ask) => {
  const { door } = await damagedDoor();
  expect((await ask(door)).json()).toMatchObject(DAMAGED);
  await drain();
  expect(door.engine.quarantine(WALLET)).toMatchObject({ reason: expect.stringContaining("checksum does not match") });
  expect((await door.get(`${API}/payouts`)).json().items).toEqual([]);
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
