import { describe, expect, test } from "vitest";
import { fromHex41 } from "../../src/tron/address.ts";
import { addressOf, drain, openDoor, payout, solidify, type Door } from "../support/http.ts";

const PAYOUTS = "/api/v1/tron/payouts";
const WALLETS = "/api/v1/tron/wallets";
const LARGE = "1500";
const notAsked = () => Promise.reject(new Error("not asked"));
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

const view = async (door: Door, id: string) => (await door.get(`${PAYOUTS}/${id}`)).json();

async function confirmed(door: Door, change: Record<string, unknown> = {}): Promise<void> {
  await solidify(door, await order(door, change));
}

describe("an order to an address that looks like a known one", () => {
  test("needs an approval however small it is, and says like whom it looks", async () => {
    const door = await openDoor();
    await confirmed(door);
    const id = await order(door, { to: TWIN });
    expect(await view(door, id)).toMatchObject({ status: "awaiting_approval", to: TWIN, looks_like: KNOWN });
    expect(door.world.signatures).toHaveLength(1);
    expect(await view(door, await order(door))).toMatchObject({ status: "broadcast", looks_like: null });
  });

  test("is paid when somebody else approves it, and needs no approval once that is confirmed", async () => {
    const door = await openDoor();
    await confirmed(door);
    const first = await order(door, { to: TWIN });
    expect((await view(door, await order(door, { to: TWIN }))).status).toBe("awaiting_approval");
    const { payout_hash: hash } = await view(door, first);
    const approval = { token: "payouts:approve", body: { payout_hash: hash } };
    expect((await door.call("PUT", `${PAYOUTS}/${first}/approve`, approval)).statusCode).toBe(200);
    await drain();
    await solidify(door, first);
    expect((await view(door, first)).status).toBe("confirmed");
    expect(await view(door, await order(door, { to: TWIN }))).toMatchObject({ status: "broadcast", looks_like: null });
  });

  test.each(["usdt", "trx"])("is held as a transfer of %s too", async (asset) => {
    const door = await openDoor();
    await confirmed(door);
    const transfer = { from_wallet: "wal_1", to: TWIN, amount: "1" };
    const made = (await door.post(`/api/v1/tron/${asset}/transfer`, transfer)).json();
    expect(made).toMatchObject({ status: "awaiting_approval", looks_like: KNOWN });
  });

  test("is not held when the known one was never paid and was given up", async () => {
    const door = await openDoor();
    await cancelled(door);
    expect(await view(door, await order(door, { to: TWIN }))).toMatchObject({ status: "broadcast", looks_like: null });
  });

  test("is held also when it is watched, and the known one is not", async () => {
    const door = await openDoor();
    await confirmed(door);
    await door.post(WALLETS, { name: "poison", kind: "watch", address: TWIN }, { key: null });
    expect((await view(door, await order(door, { to: TWIN }))).status).toBe("awaiting_approval");
    expect((await view(door, await order(door))).status).toBe("broadcast");
  });

  test("does not hold up the known one, however busy that is", async () => {
    const door = await openDoor();
    await confirmed(door);
    await order(door, { to: TWIN });
    for (let i = 0; i < 120; i += 1) await door.post(PAYOUTS, payout({ to: KNOWN, amount: "10" }));
    expect((await view(door, await order(door, { amount: "11" }))).status).toBe("broadcast");
  });

  test("does not hold up a known one that is in no list by ends, because it was paid before there were any", async () => {
    const door = await openDoor();
    await confirmed(door);
    const { indexNames } = door.engine;
    door.engine.indexNames = async (...asked) => (await indexNames(...asked)).filter((name) => !name.includes(KNOWN));
    await order(door, { to: TWIN });
    expect((await view(door, await order(door))).status).toBe("broadcast");
  });

  test("is held when it looks like a wallet, and a wallet itself is not", async () => {
    const door = await openDoor({
      ports: {
        keys: { createHdWallet: async () => ({ address: KNOWN, path: "m" }), importKey: notAsked },
        ownAddress: (address) => address === KNOWN,
      },
    });
    await door.post(WALLETS, { name: "hd" }, { key: null });
    expect(await view(door, await order(door, { to: TWIN }))).toMatchObject({
      status: "awaiting_approval",
      looks_like: KNOWN,
    });
    const transfer = { from_wallet: "wal_1", to: KNOWN, amount: "1" };
    const { id } = (await door.post("/api/v1/tron/usdt/transfer", transfer)).json();
    await drain();
    expect(await view(door, id)).toMatchObject({ status: "broadcast", looks_like: null });
  });

  test("is answered as the first time when it is repeated, whoever is known by then", async () => {
    const door = await openDoor();
    const body = payout({ to: KNOWN });
    const first = await door.post(PAYOUTS, body, { key: "once" });
    await order(door, { to: TWIN });
    await door.clock.advance(61_000);
    expect((await door.post(PAYOUTS, body, { key: "once" })).body).toBe(first.body);
  });

  test("that was alone a minute ago is looked at again", async () => {
    const door = await openDoor();
    await cancelled(door);
    await confirmed(door, { to: TWIN });
    await door.clock.advance(61_000);
    expect((await view(door, await order(door))).status).toBe("awaiting_approval");
  });
});

describe("the lines of a batch", () => {
  const batch = (door: Door, to: readonly string[]) =>
    door.post(`${PAYOUTS}/batch`, {
      wallet: "wal_1",
      items: to.map((address, at) => ({ line_id: `l${at}`, to: address, amount: "12" })),
    });
  const lines = async (door: Door) => {
    await drain(40);
    const { items } = (await door.get(PAYOUTS)).json() as {
      items: { line_id: string | null; status: string; looks_like: string }[];
    };
    return items
      .filter(({ line_id: id }) => id !== null)
      .map(({ line_id: id, status, looks_like: like }) => `${id} ${status} ${like}`)
      .toSorted();
  };

  test("that look like a known address wait for an approval, and the others are paid", async () => {
    const door = await openDoor();
    await confirmed(door);
    expect((await batch(door, [addressOf(9), TWIN, KNOWN])).statusCode).toBe(202);
    expect(await lines(door)).toEqual(["l0 broadcast null", `l1 awaiting_approval ${KNOWN}`, "l2 broadcast null"]);
  });

  test("that look like each other wait both while neither is known", async () => {
    const door = await openDoor();
    expect((await batch(door, [TWIN, addressOf(9), KNOWN, TWIN])).statusCode).toBe(202);
    expect(await lines(door)).toEqual([
      `l0 awaiting_approval ${KNOWN}`,
      "l1 broadcast null",
      `l2 awaiting_approval ${TWIN}`,
      `l3 awaiting_approval ${KNOWN}`,
    ]);
  });
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
