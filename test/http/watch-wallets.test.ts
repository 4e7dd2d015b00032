import { describe, expect, test } from "vitest";
import { units } from "../../src/domain/money.ts";
import { BLACKHOLE_ADDRESS, ZERO_ADDRESS } from "../../src/tron/address.ts";
import { PAYER } from "../support/engine.ts";
import { addressOf, drain, openDoor, payout, USDT, type Door } from "../support/http.ts";
import { openTestKeystore, temporaryFolder, vectors } from "../security/support.ts";

const WALLETS = "/api/v1/tron/wallets";
const COLD = addressOf(900);
const unkeyed = { key: null };
const order = { name: "cold", kind: "watch", address: COLD };

async function watch(door: Door, body: Record<string, unknown> = {}) {
  const response = await door.post(WALLETS, { ...order, ...body }, unkeyed);
  expect(response.statusCode, response.body).toBe(201);
  await drain();
  return response.json();
}
const putAway = (door: Door, id: string) => door.call("DELETE", `${WALLETS}/${id}?confirm=${id}`);
const listed = async (door: Door, query = "") => (await door.get(`${WALLETS}${query}`)).json().items;

/** A door before the keys as they are on a disk. */
async function openShop() {
  const keystore = await openTestKeystore(temporaryFolder());
  const keys = {
    createHdWallet: keystore.createHdWallet.bind(keystore),
    importKey: keystore.importKey.bind(keystore),
  };
  return { keystore, door: await openDoor({ ports: { keys } }) };
}

describe("watching an address", () => {
  test("makes a wallet of that address, and no key", async () => {
    const { door, keystore } = await openShop();
    const made = await door.post(WALLETS, { ...order, labels: { team: "a" } }, unkeyed);
    expect(made.statusCode, made.body).toBe(201);
    expect(made.json()).toMatchObject({
      name: "cold",
      kind: "watch",
      address: COLD,
      path: null,
      status: "active",
      labels: { team: "a" },
      limits: { minimum: null, maximum: null, daily: null, approval_above: null },
      hot: true,
    });
    expect((await door.get(String(made.headers.location))).json().id).toBe(made.json().id);
    expect(await listed(door, "?kind=watch")).toHaveLength(1);
    expect(keystore.size()).toBe(0);
  });

  test.each([
    [{ address: undefined }, "validation_failed", "/address"],
    [{ kind: undefined }, "validation_failed", "/address"],
    [{ kind: "hd" }, "validation_failed", "/address"],
    [{ kind: "imported" }, "validation_failed", "/kind"],
    [{ limits: { maximum: "5" } }, "validation_failed", "/limits"],
    [{ limits: {} }, "validation_failed", "/limits"],
    [{ address: ZERO_ADDRESS }, "validation_failed", "/address"],
    [{ address: BLACKHOLE_ADDRESS }, "validation_failed", "/address"],
    [{ address: USDT }, "validation_failed", "/address"],
    [{ address: "nobody" }, "invalid_address", "/address"],
    [{ address: `${COLD.slice(0, -1)}${COLD.endsWith("1") ? "2" : "1"}` }, "invalid_address", undefined],
  ])("with %j is refused, names the field and leaves nothing", async (change, code, path) => {
    const { door, keystore } = await openShop();
    const refused = await door.post(WALLETS, { ...order, ...change }, unkeyed);
    expect(refused.json()).toMatchObject({ status: 400, code });
    if (path !== undefined) {
      expect(refused.json().errors[0].path).toBe(path);
      expect(refused.json().detail).toContain(path);
    }
    expect(await listed(door)).toHaveLength(1);
    expect(keystore.size()).toBe(0);
  });

  test("of another wallet is a conflict that names it, until that one is archived", async () => {
    const { door } = await openShop();
    const hd = (await door.post(WALLETS, { name: "h" }, unkeyed)).json();
    const watched = await watch(door);
    for (const [address, wallet] of [
      [PAYER, "wal_1"],
      [hd.address, hd.id],
      [COLD, watched.id],
    ]) {
      const taken = await door.post(WALLETS, { ...order, address }, unkeyed);
      expect(taken.json()).toMatchObject({ status: 409, code: "conflict", evidence: { wallet } });
    }
    expect((await putAway(door, watched.id)).json()).toMatchObject({ status: "archived" });
    expect((await watch(door)).id).not.toBe(watched.id);
    const [again] = await listed(door, "?kind=watch&status=active");
    expect((await door.post(WALLETS, order, unkeyed)).json().evidence).toEqual({ wallet: again.id });
  });

  test("that a damaged wallet may have is a conflict that names it", async () => {
    const { door } = await openShop();
    const { id } = await watch(door);
    const read = door.engine.records.bind(door.engine);
    door.engine.records = async (...asked) => {
      const { records, next } = await read(...asked);
      return { records: [], damaged: records.map((each) => ({ kind: each.kind, id: each.id })), next };
    };
    expect((await door.post(WALLETS, order, unkeyed)).json()).toMatchObject({
      code: "conflict",
      evidence: { wallet: id },
    });
  });

  test("with an Idempotency-Key a repeat gives the same wallet, and another body is a mismatch", async () => {
    const door = await openDoor();
    const first = await door.post(WALLETS, order, { key: "w" });
    expect(first.statusCode).toBe(201);
    const repeat = await door.post(WALLETS, order, { key: "w" });
    expect([repeat.statusCode, repeat.body, repeat.headers.location]).toEqual([
      201,
      first.body,
      first.headers.location,
    ]);
    for (const other of [{ name: "cold" }, { ...order, address: addressOf(901) }, { ...order, name: "x" }]) {
      const mismatch = await door.post(WALLETS, other, { key: "w" });
      expect(mismatch.json()).toMatchObject({ status: 422, code: "idempotency_mismatch" });
    }
    expect((await door.post(WALLETS, order, { key: "other" })).json().code).toBe("conflict");
    expect(await listed(door)).toHaveLength(2);
  });

  test("a repeat is answered as then, also when the wallet is archived since", async () => {
    const door = await openDoor();
    const first = await door.post(WALLETS, order, { key: "w" });
    await putAway(door, first.json().id);
    expect((await door.post(WALLETS, order, { key: "w" })).body).toBe(first.body);
    expect(await listed(door, "?status=active")).toHaveLength(1);
  });

  test("a repeat is answered as then, also when no such address may be watched by now", async () => {
    const door = await openDoor();
    const first = await door.post(WALLETS, order, { key: "w" });
    const { network, addresses } = door.ports;
    const { usdtContract } = network;
    for (const change of [
      () => Object.assign(network, { usdtContract: COLD }),
      () => [Object.assign(network, { usdtContract }), Object.assign(addresses, { isBurned: () => true })],
    ]) {
      change();
      const repeat = await door.post(WALLETS, order, { key: "w" });
      expect([repeat.statusCode, repeat.body]).toEqual([201, first.body]);
      expect((await door.post(WALLETS, order, { key: "v" })).json().errors[0].path).toBe("/address");
    }
  });

  test.each([
    [
      [null, null],
      [201, 409],
    ],
    [
      ["a", "b"],
      [201, 409],
    ],
    [
      ["a", "a"],
      [201, 201],
    ],
  ])("twice at the same time, under the keys %j, makes one wallet", async (keys, statuses) => {
    const door = await openDoor();
    const answers = await Promise.all(keys.map((key) => door.post(WALLETS, order, { key })));
    expect(answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual(statuses);
    expect(await listed(door, "?kind=watch")).toHaveLength(1);
  });

  test("nothing is made while the engine accepts nothing, and the repeat makes the wallet", async () => {
    const door = await openDoor();
    door.engine.readOnly = true;
    expect((await door.post(WALLETS, order, { key: "w" })).json().code).toBe("read_only");
    door.engine.readOnly = false;
    expect((await door.post(WALLETS, order, { key: "w" })).statusCode).toBe(201);
  });

  test("under a key whose HD wallet was refused has nothing of the key that was made for that", async () => {
    const { door, keystore } = await openShop();
    door.ports.keys.createHdWallet = async (id) => {
      const key = await keystore.createHdWallet(id);
      door.refusals.push({ code: "engine_busy", detail: "busy" });
      return key;
    };
    expect((await door.post(WALLETS, { name: "h" }, { key: "w" })).statusCode).toBe(503);
    expect(keystore.size()).toBe(1);
    const watched = await door.post(WALLETS, order, { key: "w" });
    expect(watched.statusCode, watched.body).toBe(201);
    expect(keystore.has(watched.json().id)).toBe(false);
  });
});

describe("a key and an address that is watched", () => {
  const { privateKey, address } = vectors.pkB;
  const key = { name: "k", private_key: privateKey };

  test("the key is imported only when the wallet that watches is archived, and is not kept before", async () => {
    const { door, keystore } = await openShop();
    const watched = await watch(door, { address });
    for (const idempotency of [null, "i"]) {
      const refused = await door.post(`${WALLETS}/import`, key, { key: idempotency });
      expect(refused.json()).toMatchObject({ status: 409, code: "conflict", evidence: { wallet: watched.id } });
      expect(refused.json().detail).toContain("archive it");
    }
    expect(keystore.size()).toBe(0);
    await putAway(door, watched.id);
    const imported = await door.post(`${WALLETS}/import`, key, { key: "i" });
    expect(imported.json()).toMatchObject({ kind: "imported", address });
    expect(imported.json().id).not.toBe(watched.id);
    expect((await door.post(WALLETS, { ...order, address }, unkeyed)).json()).toMatchObject({
      code: "conflict",
      evidence: { wallet: imported.json().id },
    });
  });

  test("a key that has a wallet stays a conflict that names it, also when it is archived and its address watched", async () => {
    const { door } = await openShop();
    Object.assign(door.world, { usdt: units(0n), trx: units(0n) });
    const { id } = (await door.post(`${WALLETS}/import`, key, unkeyed)).json();
    await drain();
    expect((await door.post(`${WALLETS}/import`, key, unkeyed)).json().code).toBe("conflict");
    expect((await putAway(door, id)).json().status).toBe("archived");
    await refused(door, id, "not opened again");
    const watched = await watch(door, { address });
    await refused(door, id, "not opened again");
    await putAway(door, watched.id);
    await refused(door, id, "not opened again");
  });

  async function refused(door: Door, wallet: string, words: string) {
    const { status, code, evidence, detail } = (await door.post(`${WALLETS}/import`, key, unkeyed)).json();
    expect({ status, code, evidence }).toEqual({ status: 409, code: "conflict", evidence: { wallet } });
    expect(detail).toContain(words);
    expect(detail).not.toContain("import the key");
  }

  test("of an import and a watch at the same time one makes the wallet", async () => {
    const { door } = await openShop();
    const answers = await Promise.all([
      door.post(WALLETS, { ...order, address }, unkeyed),
      door.post(`${WALLETS}/import`, key, unkeyed),
    ]);
    expect(answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([201, 409]);
    expect(await listed(door)).toHaveLength(2);
  });

  test("an HD wallet whose address happens to be watched pays, the other still does not, and an import names the first", async () => {
    const createHdWallet = async () => ({ address, path: "m/44'/195'/0'/0/7" });
    const importKey = () => Promise.reject(new Error("not asked"));
    const door = await openDoor({ ports: { keys: { createHdWallet, importKey } } });
    const watched = await watch(door, { address });
    const hd = (await door.post(WALLETS, { name: "h" }, unkeyed)).json();
    await drain();
    expect(hd).toMatchObject({ kind: "hd", address });
    expect((await door.post("/api/v1/payouts", payout({ wallet: hd.id }))).statusCode).toBe(202);
    expect((await door.post("/api/v1/payouts", payout({ wallet: watched.id }))).json().code).toBe("wallet_watch_only");
    await refused(door, hd.id, "already has");
  });
});

describe("a watch-only wallet", () => {
  test("shows the balance of its address, and is read again when it is old", async () => {
    const door = await openDoor();
    door.world.usdt = units(7_000_000n);
    const { id } = await watch(door, { hot: false });
    const balance = async () => (await door.get(`${WALLETS}/${id}/balance`)).json();
    expect(await balance()).toMatchObject({ address: COLD, usdt: { total: "7" }, as_of_block: 100, problem: null });
    door.world.usdt = units(9_000_000n);
    door.world.solid = 130;
    door.status.chain = { ...door.status.chain, solid: { number: 130, id: "0".repeat(64), timestamp: 0 } };
    expect((await balance()).refreshing).toBe(true);
    await drain();
    expect(await balance()).toMatchObject({ usdt: { total: "9" }, as_of_block: 130 });
  });

  test("that is hot is read every minute", async () => {
    const door = await openDoor();
    const { id } = await watch(door);
    door.world.usdt = units(3_000_000n);
    door.world.solid = 101;
    await door.clock.advance(60_000);
    await drain();
    expect((await door.get(`${WALLETS}/${id}/balance`)).json()).toMatchObject({ usdt: { total: "3" } });
  });

  const pay = (wallet: string, to = addressOf(5)): readonly (readonly [string, object])[] => [
    ["/api/v1/payouts", payout({ wallet, to })],
    ["/api/v1/tron/usdt/transfer", { from_wallet: wallet, to, amount: "25" }],
    ["/api/v1/tron/trx/transfer", { from_wallet: wallet, to, amount: "25" }],
    ["/api/v1/payouts/batch", { wallet, items: [{ line_id: "a", to, amount: "25" }] }],
    ["/api/v1/payouts/batch", { wallet, mode: "best_effort", items: [{ line_id: "a", to, amount: "25" }] }],
    ["/api/v1/payouts/estimate", { wallet, to, amount: "25" }],
    ["/api/v1/tron/transactions/create", { type: "usdt_transfer", from_wallet: wallet, to, amount: "25" }],
  ];

  test.each(pay("").map(([path], at) => [path, at] as const))("pays nothing through %s (%i)", async (path, at) => {
    const door = await openDoor();
    const { id } = await watch(door);
    const { steps } = door.engine.status();
    const [, body = {}] = pay(id)[at] ?? [];
    expect((await door.post(path, body)).json()).toMatchObject({ status: 422, code: "wallet_watch_only" });
    await door.post(`${WALLETS}/${id}/freeze`, {});
    expect((await door.post(path, body)).json()).toMatchObject({ status: 422, code: "wallet_watch_only" });
    // The freeze, and nothing else.
    expect(door.engine.status().steps).toBe(steps + 1);
    for (const kind of ["payout", "payoutBatch", "transaction"])
      expect((await door.engine.records(kind, undefined, { limit: 5 })).records).toEqual([]);
  });

  test("is paid like anybody else, and its history shows that", async () => {
    const door = await openDoor();
    const { id } = await watch(door);
    expect((await door.post("/api/v1/payouts", payout({ to: COLD }))).statusCode).toBe(202);
    expect((await door.get(`${WALLETS}/${id}/history`)).json().items).toMatchObject([{ to: COLD }]);
    const { own } = (await door.post("/api/v1/tron/network/validate-address", { address: COLD })).json();
    expect(own).toBe(false);
  });

  test("has a name and labels that change, and no limits", async () => {
    const door = await openDoor();
    const { id } = await watch(door);
    const put = (body: unknown) => door.call("PUT", `${WALLETS}/${id}`, { body });
    expect((await put({ name: "vault", labels: { a: "b" } })).json()).toMatchObject({
      name: "vault",
      labels: { a: "b" },
      limits: { maximum: null },
    });
    const refused = await put({ name: "other", limits: { maximum: "5" } });
    expect(refused.json()).toMatchObject({
      status: 400,
      code: "validation_failed",
      errors: [{ path: "/limits" }],
    });
    expect((await door.get(`${WALLETS}/${id}`)).json().name).toBe("vault");
  });

  test("can be frozen and unfrozen", async () => {
    const door = await openDoor();
    const { id } = await watch(door);
    expect((await door.post(`${WALLETS}/${id}/freeze`, {})).json().status).toBe("frozen");
    expect((await door.call("POST", `${WALLETS}/${id}/unfreeze`)).json().status).toBe("active");
  });

  test("is put away with money in it, and before its balance was ever read", async () => {
    const door = await openDoor();
    const { id } = await watch(door);
    expect((await door.get(`${WALLETS}/${id}/balance`)).json().usdt.total).not.toBe("0");
    expect((await door.call("DELETE", `${WALLETS}/${id}`)).json().code).toBe("validation_failed");
    expect((await putAway(door, id)).json()).toMatchObject({ id, status: "archived" });
    door.world.gateway.solidBalances = () => Promise.reject(new Error("no answer"));
    const unread = await watch(door, { address: addressOf(901) });
    await door.post(`${WALLETS}/${unread.id}/freeze`, {});
    expect((await putAway(door, unread.id)).json().status).toBe("archived");
  });
});
