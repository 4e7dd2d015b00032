import { describe, expect, test } from "vitest";
import { Fault } from "../../src/domain/errors.ts";
import { units } from "../../src/domain/money.ts";
import { PAYER } from "../support/engine.ts";
import { addressOf, drain, openDoor, payout, solidify, type Door } from "../support/http.ts";

const WALLETS = "/api/v1/tron/wallets";
const KEY = "11".repeat(32);

async function create(door: Door, body: Record<string, unknown> = {}) {
  const response = await door.post(WALLETS, { name: "w", ...body }, { key: null });
  expect(response.statusCode, response.body).toBe(201);
  return response.json();
}

describe("creating wallets", () => {
  test("an HD wallet has an address, a path and the limits of the configuration", async () => {
    const door = await openDoor();
    const response = await door.post(WALLETS, { name: "shop", labels: { team: "a" } }, { key: null });
    expect(response.json()).toMatchObject({
      name: "shop",
      kind: "hd",
      status: "active",
      labels: { team: "a" },
      limits: { minimum: "10", maximum: null, daily: null, approval_above: null },
      hot: true,
    });
    expect(response.json().path).toMatch(/^m\/44'\/195'\/0'\/0\/\d+$/);
    expect((await door.get(String(response.headers.location))).json().address).toBe(response.json().address);
  });

  test("limits that are left out are those of the configuration, and null is no limit", async () => {
    const door = await openDoor();
    const kept = await create(door, { limits: { maximum: "500" } });
    expect(kept.limits).toEqual({ minimum: "10", maximum: "500", daily: null, approval_above: null });
    const without = await create(door, { limits: { minimum: null, daily: "70", approval_above: null } });
    expect(without.limits).toEqual({ minimum: null, maximum: null, daily: "70", approval_above: null });
  });

  test("with an Idempotency-Key a repeat gives the same wallet", async () => {
    const door = await openDoor();
    const first = await door.post(WALLETS, { name: "a" }, { key: "w" });
    expect((await door.post(WALLETS, { name: "a" }, { key: "w" })).body).toBe(first.body);
    expect((await door.post(WALLETS, { name: "b" }, { key: "w" })).json().code).toBe("idempotency_mismatch");
    expect((await door.get(WALLETS)).json().items).toHaveLength(2);
  });

  test("a repeat is answered as then, although the configuration would not allow it now", async () => {
    const payments = { limits: { minimum: units(10_000_000n) }, feeReserveSun: { USDT: units(1n), TRX: units(1n) } };
    const door = await openDoor({ ports: { payments } });
    const order = { name: "a", limits: { maximum: "50" } };
    const first = await door.post(WALLETS, order, { key: "w" });
    Object.assign(payments, { limits: { minimum: units(100_000_000n) } });
    expect((await door.post(WALLETS, order, { key: "other" })).json().code).toBe("validation_failed");
    expect((await door.post(WALLETS, order, { key: "w" })).body).toBe(first.body);
  });

  test("another key to import under the same Idempotency-Key is a mismatch, and is not imported", async () => {
    const imported: string[] = [];
    const importKey = async (walletId: string, key: string) => {
      imported.push(key);
      return { walletId, address: addressOf(900), path: null };
    };
    const door = await openDoor({ ports: { keys: { createHdWallet: importKey as never, importKey } } });
    const order = { name: "old", private_key: KEY };
    const first = await door.post(`${WALLETS}/import`, order, { key: "w" });
    expect((await door.post(`${WALLETS}/import`, order, { key: "w" })).body).toBe(first.body);
    const other = await door.post(`${WALLETS}/import`, { ...order, private_key: "ab".repeat(32) }, { key: "w" });
    expect(other.json()).toMatchObject({ status: 422, code: "idempotency_mismatch" });
    expect(imported).toEqual([KEY]);
  });

  test("an imported key becomes a wallet, and is in no answer", async () => {
    const door = await openDoor();
    const response = await door.post(`${WALLETS}/import`, { name: "old", private_key: KEY }, { key: null });
    expect(response.json()).toMatchObject({ kind: "imported", path: null, name: "old" });
    const wrong = await door.post(
      `${WALLETS}/import`,
      { name: "old", private_key: `${KEY}zz`, pass: KEY },
      { key: null },
    );
    expect(wrong.json().code).toBe("validation_failed");
    for (const { body } of [response, wrong]) expect(body).not.toContain("1111");
  });

  test("a key that another wallet has is a conflict", async () => {
    const importKey = () => Promise.reject(new Fault("conflict", "the key already belongs to wallet wal_1"));
    const door = await openDoor({ ports: { keys: { createHdWallet: importKey, importKey } } });
    expect((await door.post(`${WALLETS}/import`, { name: "x", private_key: KEY })).json()).toMatchObject({
      status: 409,
      code: "conflict",
    });
  });

  test("many wallets at once are named in turn, and a repeat makes no more", async () => {
    const door = await openDoor();
    const order = { count: 3, prefix: "shop", labels: { batch: "1" } };
    const first = await door.post(`${WALLETS}/batch/create`, order, { key: "b" });
    expect(first.statusCode).toBe(201);
    expect(first.json().items.map((wallet: { name: string; hot: boolean }) => [wallet.name, wallet.hot])).toEqual([
      ["shop-1", false],
      ["shop-2", false],
      ["shop-3", false],
    ]);
    expect((await door.post(`${WALLETS}/batch/create`, order, { key: "b" })).body).toBe(first.body);
    expect((await door.get(`${WALLETS}?label=batch=1`)).json().items).toHaveLength(3);
    expect((await door.post(`${WALLETS}/batch/create`, { ...order, count: 4 }, { key: "b" })).json().code).toBe(
      "idempotency_mismatch",
    );
  });

  test.each([
    [{ count: 0 }, "validation_failed"],
    [{ count: 101 }, "batch_too_large"],
    [{ count: 1.5 }, "validation_failed"],
    [{ count: "3" }, "validation_failed"],
    [{ count: 3, prefix: "a/b" }, "validation_failed"],
  ])("a batch of %j is refused", async (order, code) => {
    const door = await openDoor();
    expect((await door.post(`${WALLETS}/batch/create`, order)).json().code).toBe(code);
  });

  test.each([
    [{ name: "" }, "validation_failed"],
    [{ name: "a\u0000b" }, "validation_failed"],
    [{ name: "a", limits: { minimum: "1.0000001" } }, "validation_failed"],
    [{ name: "a", limits: { minimum: "9999999999999" } }, "invalid_amount"],
    [{ name: "a", limits: { minimum: "100", maximum: "10" } }, "validation_failed"],
    [{ name: "a", limits: { minimum: "100", daily: "10" } }, "validation_failed"],
    [{ name: "a", labels: { "a b": "c" } }, "validation_failed"],
    [{ name: "a", kind: "watch" }, "validation_failed"],
  ])("a wallet of %j is refused, and no key is made for it", async (order, code) => {
    const door = await openDoor();
    expect((await door.post(WALLETS, order)).json().code).toBe(code);
    expect((await door.get(WALLETS)).json().items).toHaveLength(1);
  });
});

describe("listing wallets", () => {
  test("by status, kind and label", async () => {
    const door = await openDoor();
    const a = await create(door, { name: "a", labels: { team: "x" } });
    const b = await create(door, { name: "b", labels: { team: "y", constructor2: "z" } });
    await door.post(`${WALLETS}/${b.id}/freeze`, {});
    const ids = async (query: string) =>
      (await door.get(`${WALLETS}?${query}`)).json().items.map((item: { id: string }) => item.id);
    expect(await ids("label=team")).toEqual(expect.arrayContaining([a.id, b.id]));
    expect(await ids("label=team=x")).toEqual([a.id]);
    expect(await ids("label=toString")).toEqual([]);
    expect(await ids("status=frozen")).toEqual([b.id]);
    expect(await ids("frozen=true")).toEqual([b.id]);
    expect(await ids("frozen=false")).not.toContain(b.id);
    expect(await ids("kind=imported")).toEqual([]);
  });
});

describe("changing a wallet", () => {
  test("If-Match takes a list, and compares strong tags only", async () => {
    const door = await openDoor();
    const etag = String((await door.get(`${WALLETS}/wal_1`)).headers.etag);
    const put = async (ifMatch: string) =>
      (await door.call("PUT", `${WALLETS}/wal_1`, { body: { labels: {} }, headers: { "if-match": ifMatch } })).json();
    for (const list of [etag, `"zzz", ${etag}`, `W/"a,b",${etag} , "y"`, " * "])
      expect((await put(list)).id, list).toBe("wal_1");
    for (const stale of ['"zzz"', '"zzz", W/"y"'])
      expect(await put(stale)).toMatchObject({
        code: "precondition_failed",
        detail: expect.stringContaining("changed"),
      });
    for (const noTag of [`W/${etag}`, etag.slice(1, -1), ""]) {
      const { code, detail } = await put(noTag);
      expect(code, noTag).toBe("precondition_failed");
      expect(detail).toContain("in quotes, without W/");
      expect(detail).not.toContain("changed");
    }
  });

  test("the ETag of a read guards a change, and payments do not spoil it", async () => {
    const door = await openDoor();
    const { headers } = await door.get(`${WALLETS}/wal_1`);
    await door.post("/api/v1/payouts", payout());
    const changed = await door.call("PUT", `${WALLETS}/wal_1`, {
      body: { name: "new" },
      headers: { "if-match": String(headers.etag) },
    });
    expect(changed.json()).toMatchObject({ name: "new", limits: { minimum: "10" } });
    expect(changed.headers.etag).not.toBe(headers.etag);
    const late = await door.call("PUT", `${WALLETS}/wal_1`, {
      body: { name: "other" },
      headers: { "if-match": String(headers.etag) },
    });
    expect(late.json()).toMatchObject({
      status: 412,
      code: "precondition_failed",
      evidence: { etag: changed.headers.etag },
    });
    const any = await door.call("PUT", `${WALLETS}/wal_1`, { body: { name: "last" }, headers: { "if-match": "*" } });
    expect(any.json().name).toBe("last");
  });

  test("of two changes with one ETag one wins", async () => {
    const door = await openDoor();
    const etag = String((await door.get(`${WALLETS}/wal_1`)).headers.etag);
    const answers = await Promise.all(
      ["a", "b", "c"].map((name) =>
        door.call("PUT", `${WALLETS}/wal_1`, { body: { name }, headers: { "if-match": etag } }),
      ),
    );
    expect(answers.map(({ statusCode }) => statusCode).filter((status) => status === 200)).toHaveLength(1);
    expect(answers.map(({ statusCode }) => statusCode).filter((status) => status === 412)).toHaveLength(2);
  });

  test("new limits count for the next payout", async () => {
    const door = await openDoor();
    await door.call("PUT", `${WALLETS}/wal_1`, { body: { limits: { maximum: "20" } } });
    expect((await door.post("/api/v1/payouts", payout())).json().code).toBe("above_maximum");
  });

  test("a limit that is not named stays, and null takes one away", async () => {
    const door = await openDoor({ limits: { minimum: units(10_000_000n), approvalAbove: units(90_000_000n) } });
    const change = async (limits: Record<string, string | null>) =>
      (await door.call("PUT", `${WALLETS}/wal_1`, { body: { limits } })).json().limits;
    expect(await change({ maximum: "200" })).toEqual({
      minimum: "10",
      maximum: "200",
      daily: null,
      approval_above: "90",
    });
    expect(await change({ approval_above: null })).toEqual({
      minimum: "10",
      maximum: "200",
      daily: null,
      approval_above: null,
    });
    expect(await change({})).toMatchObject({ minimum: "10", maximum: "200" });
  });

  test("a limit that contradicts one that stays is refused", async () => {
    const door = await openDoor();
    const response = await door.call("PUT", `${WALLETS}/wal_1`, { body: { limits: { maximum: "9" } } });
    expect(response.json()).toMatchObject({ status: 400, code: "validation_failed" });
    expect(response.json().detail).toContain("maximum");
  });

  test("an empty change is refused", async () => {
    const door = await openDoor();
    expect((await door.call("PUT", `${WALLETS}/wal_1`, { body: {} })).json().code).toBe("validation_failed");
  });

  test("a change that payments keep overtaking ends as a conflict, never as a lost update", async () => {
    const door = await openDoor();
    const engine = door.engine;
    const original = engine.request.bind(engine);
    engine.request = async (request) => {
      if (request.message?.type === "wallet.update") {
        await original({
          to: request.to,
          message: { type: "wallet.update" },
          respond: () => ({ keep: { status: 200, body: null } }),
        });
      }
      return original(request);
    };
    const response = await door.call("PUT", `${WALLETS}/wal_1`, { body: { name: "new" } });
    expect(response.json()).toMatchObject({ status: 409, code: "conflict" });
    expect((await door.get(`${WALLETS}/wal_1`)).json().name).toBe("treasury");
  });
});

describe("stopping a wallet", () => {
  test("a frozen wallet accepts nothing, keeps what is under way, and goes on after it is unfrozen", async () => {
    const door = await openDoor();
    const running = (await door.post("/api/v1/payouts", payout())).json();
    const frozen = (await door.post(`${WALLETS}/wal_1/freeze`, { reason: "audit" })).json();
    expect(frozen).toMatchObject({ status: "frozen", frozen_because: "audit" });
    expect((await door.post("/api/v1/payouts", payout())).json()).toMatchObject({ status: 423, code: "wallet_frozen" });
    await solidify(door, running.id);
    expect((await door.get(`/api/v1/payouts/${running.id}`)).json().status).toBe("confirmed");
    expect((await door.call("POST", `${WALLETS}/wal_1/unfreeze`)).json()).toMatchObject({
      status: "active",
      frozen_because: null,
    });
    await drain();
    expect((await door.post("/api/v1/payouts", payout())).statusCode).toBe(202);
    expect((await door.post(`${WALLETS}/wal_1/unfreeze`, {})).json()).toMatchObject({
      status: 409,
      code: "state_conflict",
    });
  });

  test("a wallet is put away only when it is empty and idle, and only when asked twice", async () => {
    const door = await openDoor();
    const url = `${WALLETS}/wal_1`;
    expect((await door.call("DELETE", url)).json().code).toBe("validation_failed");
    expect((await door.call("DELETE", `${url}?confirm=wal_2`)).json().code).toBe("validation_failed");
    expect((await door.call("DELETE", `${url}?confirm=wal_1`)).json().code).toBe("wallet_not_empty");
    await door.post("/api/v1/payouts", payout());
    expect((await door.call("DELETE", `${url}?confirm=wal_1`)).json().code).toBe("wallet_in_use");
    door.world.usdt = units(0n);
    door.world.trx = units(2_000_000n);
    const empty = await create(door);
    await drain();
    const archived = await door.call("DELETE", `${WALLETS}/${empty.id}?confirm=${empty.id}`);
    expect(archived.json()).toMatchObject({ status: "archived" });
    expect((await door.post("/api/v1/payouts", payout({ wallet: empty.id }))).json()).toMatchObject({
      status: 423,
      code: "wallet_archived",
    });
  });

  test("a wallet that was emptied is read again for who is refused by the reading from before", async () => {
    const door = await openDoor();
    const { id } = await create(door, { name: "cold", hot: false });
    await drain();
    door.world.usdt = units(0n);
    door.world.trx = units(0n);
    const remove = async () => (await door.call("DELETE", `${WALLETS}/${id}?confirm=${id}`)).json();
    // Whoever repeats at once has nobody ask the nodes.
    expect(await remove()).toMatchObject({ code: "wallet_not_empty", evidence: { as_of_block: 100 } });
    await drain();
    expect((await remove()).code).toBe("wallet_not_empty");
    await door.clock.advance(3_000);
    expect((await remove()).code).toBe("wallet_not_empty");
    await drain();
    expect(await remove()).toMatchObject({ status: "archived" });
  });

  test("a wallet without a key pays nothing", async () => {
    const door = await openDoor();
    const input = { address: addressOf(900), name: "cold", kind: "watch", labels: {}, limits: {}, hot: false };
    await door.engine.request({
      to: { kind: "wallet", id: "wal_w" },
      create: input,
      respond: () => ({ keep: { status: 201, body: null } }),
    });
    expect((await door.post("/api/v1/payouts", payout({ wallet: "wal_w" }))).json()).toMatchObject({
      status: 422,
      code: "wallet_watch_only",
    });
  });
});

describe("a wallet's money", () => {
  test("an old reading is told at once while a new one begins", async () => {
    const door = await openDoor();
    expect((await door.get(`${WALLETS}/wal_1/balance`)).json()).toMatchObject({ as_of_block: 100, refreshing: false });
    door.world.usdt = units(7_000_000n);
    door.world.solid = 130;
    door.status.chain = { ...door.status.chain, solid: { number: 130, id: "0".repeat(64), timestamp: 0 } };
    expect((await door.get(`${WALLETS}/wal_1/balance`)).json()).toMatchObject({
      usdt: { total: "1000000" },
      refreshing: true,
    });
    await drain();
    expect((await door.get(`${WALLETS}/wal_1/balance`)).json()).toMatchObject({
      usdt: { total: "7" },
      as_of_block: 130,
      refreshing: false,
    });
  });

  test("a balance is read again on demand, and not when it could not be newer", async () => {
    const door = await openDoor();
    const ask = async () => (await door.get(`${WALLETS}/wal_1/balance?refresh=true`)).json();
    const revision = () => door.engine.record({ kind: "wallet", id: "wal_1" })?.revision;
    const before = revision();
    expect(await ask()).toMatchObject({ as_of_block: 100, refreshing: false });
    expect(revision()).toBe(before);
    door.world.solid = 101;
    door.status.chain = { ...door.status.chain, solid: { number: 101, id: "0".repeat(64), timestamp: 0 } };
    expect((await ask()).refreshing).toBe(true);
    expect((await ask()).refreshing).toBe(true);
    await drain();
    const once = revision();
    expect(await ask()).toMatchObject({ as_of_block: 101, refreshing: false });
    expect(revision()).toBe(once);
  });

  test("a balance is read again on demand while the blocks are behind the nodes, every three seconds at most", async () => {
    const door = await openDoor();
    const ask = async () => (await door.get(`${WALLETS}/wal_1/balance?refresh=true`)).json();
    door.status.chain = { ...door.status.chain, solid: { number: 50, id: "0".repeat(64), timestamp: 0 } };
    door.world.solid = 130;
    await door.clock.advance(3_000);
    expect((await ask()).refreshing, "nothing is in the way").toBe(false);
    door.world.inTheWay = { code: "not_ready", detail: "the newest blocks are still being read" };
    expect((await ask()).refreshing).toBe(true);
    await drain();
    expect(await ask()).toMatchObject({ as_of_block: 130, refreshing: false });
    await door.clock.advance(3_000);
    expect((await ask()).refreshing).toBe(true);
  });

  test("nodes that fail to tell a balance are not asked once for every demand", async () => {
    const door = await openDoor();
    const readings = countReadings(door, async () => Promise.reject(new Error("no answer")));
    door.world.inTheWay = { code: "not_ready", detail: "the newest blocks are still being read" };
    await door.clock.advance(3_000);
    for (let i = 0; i < 5; i += 1) {
      await door.get(`${WALLETS}/wal_1/balance?refresh=true`);
      await drain();
    }
    expect(readings.count).toBe(1);
  });

  test("repeats of a refused payout read the balance once in three seconds", async () => {
    const door = await openDoor({ limits: {} });
    await door.clock.advance(3_000);
    const readings = countReadings(door, async () => ({ usdt: units(0n), trx: units(0n), atBlock: 101 }));
    for (let i = 0; i < 10; i += 1) {
      const refused = await door.post("/api/v1/payouts", payout({ amount: "2000000" }));
      expect(refused.json().code).toBe("insufficient_funds");
      await drain();
    }
    expect(readings.count).toBe(1);
  });

  test("a refused payout for lack of money has the balance read again", async () => {
    const door = await openDoor({ limits: {} });
    door.world.usdt = units(5_000_000_000_000_000n);
    await door.clock.advance(3_000);
    const order = payout({ amount: "2000000" });
    expect((await door.post("/api/v1/payouts", order)).json()).toMatchObject({
      code: "insufficient_funds",
      retryable: true,
    });
    await drain();
    expect((await door.post("/api/v1/payouts", order)).statusCode).toBe(202);
  });

  test.each(["", "/balance", "/history"])("GET %s of an unknown wallet is not found", async (path) => {
    const door = await openDoor();
    expect((await door.get(`${WALLETS}/wal_none${path}`)).json()).toMatchObject({ status: 404, code: "not_found" });
  });

  test.each(["freeze", "unfreeze"])("%s of an unknown wallet is not found", async (action) => {
    const door = await openDoor();
    expect((await door.post(`${WALLETS}/wal_none/${action}`, {})).json().detail).toBe("There is no wallet wal_none");
  });
});

function countReadings(door: Door, read: Door["ports"]["gateway"]["solidBalances"]): { count: number } {
  const readings = { count: 0 };
  door.world.gateway.solidBalances = (address, signal) => {
    readings.count += 1;
    return read(address, signal);
  };
  return readings;
}

test("a balance tells energy and bandwidth to who asks for them, as far as a node does", async () => {
  const door = await openDoor();
  const ask = async (query: string) => (await door.get(`${WALLETS}/wal_1/balance${query}`)).json();
  expect((await ask("")).resources).toBeNull();
  expect(door.calls.account).toBe(0);
  door.facts.set(PAYER, { energyLimit: 1_000, energyUsed: 400, bandwidthUsed: 700 });
  expect((await ask("?resources=true")).resources).toEqual({
    energy: { limit: 1_000, used: 400, available: 600 },
    bandwidth: { limit: 600, used: 700, available: 0 },
  });
  door.ports.gateway.account = () => Promise.reject(new Fault("chain_unavailable"));
  expect(await ask("?resources=true")).toMatchObject({ usdt: { total: "1000000" }, resources: null });
});

describe("who can sign for a wallet's address", () => {
  const thief = { id: 0, name: "owner", threshold: 1n, keys: [{ address: addressOf(9), weight: 1n }] };

  test("is its own key alone, until the account's owner changes that", async () => {
    const door = await openDoor();
    const response = await door.get(`${WALLETS}/wal_1/permissions`);
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({
      wallet_id: "wal_1",
      address: PAYER,
      activated: true,
      signs_alone: true,
      other_keys: [],
      permissions: {
        owner: { id: 0, name: "owner", threshold: "1", keys: [{ address: PAYER, weight: "1" }], operations: null },
        witness: null,
        active: [],
      },
      warnings: [],
    });
  });

  test("is somebody else after it was handed over, with what that means", async () => {
    const door = await openDoor();
    door.ports.gateway.signatories = async () => ({
      kind: "account",
      owner: thief,
      witness: { ...thief, id: 1 },
      actives: [{ ...thief, id: 2, operations: "7f".repeat(32) }],
    });
    expect((await door.get(`${WALLETS}/wal_1/permissions`)).json()).toMatchObject({
      signs_alone: false,
      other_keys: [addressOf(9)],
      permissions: { witness: { id: 1 }, active: [{ operations: "7f".repeat(32) }] },
      warnings: [expect.stringMatching(/nodes refuse what the engine signs/), expect.stringMatching(/keys of others/)],
    });
  });

  test("of a watch-only wallet is told too; that its key does not sign is no news there", async () => {
    const door = await openDoor();
    const address = addressOf(8);
    const { id } = await create(door, { name: "cold", kind: "watch", address });
    const ask = async () => (await door.get(`${WALLETS}/${id}/permissions`)).json();
    door.ports.gateway.signatories = async () => ({ kind: "account", owner: thief, actives: [] });
    expect(await ask()).toMatchObject({ address, signs_alone: false, warnings: [expect.stringMatching(/of others/)] });
    door.ports.gateway.signatories = async () => ({ kind: "contract" });
    expect(await ask()).toMatchObject({ permissions: null, warnings: [expect.stringMatching(/its code decides/)] });
  });

  test("is unknown for a wallet that does not exist, and while no node answers", async () => {
    const door = await openDoor();
    expect((await door.get(`${WALLETS}/wal_none/permissions`)).json()).toMatchObject({
      status: 404,
      code: "not_found",
    });
    door.ports.gateway.signatories = () => Promise.reject(new Fault("chain_unavailable"));
    expect((await door.get(`${WALLETS}/wal_1/permissions`)).json()).toMatchObject({ code: "chain_unavailable" });
  });
});
