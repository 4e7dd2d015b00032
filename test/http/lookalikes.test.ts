import { expect, test } from "vitest";
import type { ActorRecord } from "../../src/domain/records.ts";
import { fromHex41 } from "../../src/tron/address.ts";
import { addressOf, drain, openDoor, payout, type Door } from "../support/http.ts";

const PAYOUTS = "/api/v1/tron/payouts";
const WALLETS = "/api/v1/tron/wallets";
const LARGE = "1500";
const [KNOWN, TWIN] = twins();

async function ask(door: Door, address: string, token = "network:read,payouts:read") {
  return (await door.post("/api/v1/tron/network/validate-address", { address }, { key: null, token })).json();
}

async function order(door: Door, change: Record<string, unknown> = {}): Promise<string> {
  const made = await door.post(PAYOUTS, payout({ to: KNOWN, ...change }));
  expect(made.statusCode, made.body).toBe(202);
  await drain();
  return made.json().id;
}

async function cancelled(door: Door): Promise<void> {
  const id = await order(door, { amount: LARGE });
  expect((await door.post(`${PAYOUTS}/${id}/cancel`, {})).json().status).toBe("cancelled");
}

test("an address that looks like a known one is named with it, and a known one is not", async () => {
  const door = await openDoor();
  expect([KNOWN.slice(0, 4), KNOWN.slice(-4)]).toEqual([TWIN.slice(0, 4), TWIN.slice(-4)]);
  expect((await ask(door, TWIN)).lookalikes).toEqual([]);
  await order(door);
  expect((await ask(door, KNOWN)).lookalikes).toEqual([]);
  const findings = await ask(door, TWIN);
  expect(findings.lookalikes).toEqual([KNOWN]);
  expect(findings.warnings.join("; ")).toContain(`looks like ${KNOWN}`);
  expect((await ask(door, addressOf(5))).lookalikes).toEqual([]);
});

test("an address is known while one order to it was not given up", async () => {
  const door = await openDoor();
  await cancelled(door);
  const rejected = await order(door, { amount: LARGE });
  expect((await ask(door, TWIN)).lookalikes).toEqual([KNOWN]);
  await door.post(`${PAYOUTS}/${rejected}/reject`, {}, { token: "admin@other" });
  expect((await door.get(`${PAYOUTS}/${rejected}`)).json().status).toBe("rejected");
  expect((await ask(door, TWIN)).lookalikes).toEqual([]);
  await order(door);
  expect((await ask(door, TWIN)).lookalikes).toEqual([KNOWN]);
});

const named = (records: readonly ActorRecord[]) => records.map(({ kind, id }) => ({ kind, id }));
test.each([
  ["is damaged", (records: readonly ActorRecord[]) => ({ records: [], damaged: named(records), next: undefined })],
  ["is beyond one page", (records: readonly ActorRecord[]) => ({ records, damaged: [], next: "more" })],
])("an order that %s may be one that was paid, and makes its address known", async (_, page) => {
  const door = await openDoor();
  await cancelled(door);
  const read = door.engine.records.bind(door.engine);
  door.engine.records = async (...asked) => page((await read(...asked)).records);
  expect((await ask(door, TWIN)).lookalikes).toEqual([KNOWN]);
});

test("the address of a wallet is known, also when it is only watched, or archived", async () => {
  const createHdWallet = async () => ({ address: TWIN, path: "m" });
  const importKey = () => Promise.reject(new Error("not asked"));
  const door = await openDoor({ ports: { keys: { createHdWallet, importKey } } });
  const { id } = (await door.post(WALLETS, { name: "cold", kind: "watch", address: KNOWN }, { key: null })).json();
  expect((await ask(door, TWIN)).lookalikes).toEqual([KNOWN]);
  expect((await door.call("DELETE", `${WALLETS}/${id}?confirm=${id}`)).statusCode).toBe(200);
  expect((await ask(door, TWIN)).lookalikes).toEqual([KNOWN]);
  await door.post(WALLETS, { name: "hd" }, { key: null });
  await order(door);
  // Once, though it was paid too.
  expect((await ask(door, TWIN)).lookalikes).toEqual([KNOWN]);
  expect((await ask(door, KNOWN)).lookalikes).toEqual([TWIN]);
});

test("who is paid is told to nobody who may not read payouts", async () => {
  const door = await openDoor();
  await order(door);
  for (const address of [TWIN, "nobody"]) {
    const { lookalikes, warnings } = await ask(door, address, "network:read");
    expect(lookalikes).toBeNull();
    expect(warnings.join()).not.toContain("looks like");
  }
  expect((await ask(door, TWIN, "admin")).lookalikes).toEqual([KNOWN]);
  expect((await ask(door, "nobody")).lookalikes).toEqual([]);
});

/** Two addresses with the same ends: among a few thousand with one beginning there are some. */
function twins(): [string, string] {
  const seen = new Map<string, string>();
  for (let number = 1; ; number += 1) {
    const address = fromHex41(`41aaaaaaaa${number.toString(16).padStart(32, "0")}`);
    const ends = address.slice(0, 4) + address.slice(-4);
    const other = seen.get(ends);
    if (other !== undefined) return [other, address];
    seen.set(ends, address);
  }
}
