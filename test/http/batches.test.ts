import { describe, expect, test } from "vitest";
import { units } from "../../src/domain/money.ts";
import { addressOf, drain, openDoor, OWN, solidify, USDT } from "../support/http.ts";

const BATCH = "/api/v1/tron/payouts/batch";
const line = (number: number, change: Record<string, unknown> = {}) => ({
  line_id: `l${number}`,
  to: addressOf(number),
  amount: "20",
  ...change,
});
const batch = (items: unknown[], change: Record<string, unknown> = {}) => ({ wallet: "wal_1", items, ...change });

describe("a batch over HTTP", () => {
  test("all lines become payouts with the sum reserved, and the batch counts their ends", async () => {
    const door = await openDoor();
    const response = await door.post(BATCH, batch([line(1), line(2), line(3, { amount: "30.5", external_id: "x" })]));
    expect(response.statusCode, response.body).toBe(202);
    const { id } = response.json();
    expect(response.json()).toMatchObject({
      status: "pending",
      mode: "all_or_nothing",
      count: 3,
      total: "70.5",
      total_units: "70500000",
      ended: 0,
      invalid: [],
    });
    expect((await door.get("/api/v1/wallets/wal_1/balance")).json().usdt.reserved).toBe("70.5");
    const page = (await door.get(`/api/v1/tron/payouts/batches/${id}/payouts?order=asc`)).json();
    expect(page.items.map((item: { line_id: string }) => item.line_id).toSorted()).toEqual(["l1", "l2", "l3"]);
    for (const item of page.items) await solidify(door, item.id);
    const done = (await door.get(String(response.headers.location))).json();
    expect(done).toMatchObject({
      status: "finished",
      ended: 3,
      by_status: { confirmed: { count: 3, amount: "70.5" } },
    });
  });

  test("two lines to one address stay two payouts", async () => {
    const door = await openDoor();
    const { id } = (await door.post(BATCH, batch([line(1), line(2, { to: addressOf(1) })]))).json();
    const { items } = (await door.get(`/api/v1/payouts/batches/${id}/payouts`)).json();
    expect(items).toHaveLength(2);
    expect(new Set(items.map((item: { id: string }) => item.id)).size).toBe(2);
  });

  test("the same key and body make one batch, whatever the number of repeats", async () => {
    const door = await openDoor();
    const answers = [];
    for (let i = 0; i < 5; i += 1)
      answers.push(await door.post(BATCH, batch([line(1, { external_id: "x" })]), { key: "b" }));
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect((await door.get("/api/v1/payouts")).json().items).toHaveLength(1);
  });

  test("all_or_nothing names every wrong line and accepts none", async () => {
    const door = await openDoor();
    const items = [
      line(1),
      line(2, { amount: "1.0000001" }),
      line(3, { to: "nobody" }),
      line(4, { to: OWN }),
      line(5, { amount: "9" }),
      line(6, { to: USDT }),
    ];
    const response = await door.post(BATCH, batch(items));
    expect(response.json()).toMatchObject({ status: 422, code: "batch_invalid" });
    expect(
      response.json().evidence.lines.map(({ line_id, index, code }: Record<string, unknown>) => [line_id, index, code]),
    ).toEqual([
      ["l2", 1, "invalid_amount"],
      ["l3", 2, "invalid_address"],
      ["l4", 3, "destination_is_own_wallet"],
      ["l5", 4, "below_minimum"],
      ["l6", 5, "destination_is_contract"],
    ]);
    expect((await door.get("/api/v1/payouts")).json().items).toEqual([]);
  });

  test("best_effort pays the right lines and keeps the wrong ones with their reasons", async () => {
    const door = await openDoor();
    const response = await door.post(BATCH, batch([line(1), line(2, { amount: "-1" })], { mode: "best_effort" }));
    expect(response.statusCode).toBe(202);
    expect(response.json()).toMatchObject({
      count: 1,
      total: "20",
      invalid: [{ line_id: "l2", index: 1, code: "invalid_amount" }],
    });
  });

  test("best_effort without one right line is refused", async () => {
    const door = await openDoor();
    expect((await door.post(BATCH, batch([line(2, { amount: "-1" })], { mode: "best_effort" }))).json().code).toBe(
      "batch_invalid",
    );
  });

  test("best_effort lets the wallet judge each line by itself", async () => {
    const door = await openDoor({ limits: { daily: units(45_000_000n) } });
    const { id } = (await door.post(BATCH, batch([line(1), line(2), line(3)], { mode: "best_effort" }))).json();
    const view = (await door.get(`/api/v1/payouts/batches/${id}`)).json();
    expect(view.by_status).toEqual({ rejected: { count: 1, amount: "20" } });
    const rejected = (await door.get("/api/v1/payouts?status=rejected")).json().items;
    expect(rejected.map((item: { reason: { code: string } }) => item.reason.code)).toEqual(["daily_limit_exceeded"]);
  });

  test("all_or_nothing without room for the whole sum leaves nothing", async () => {
    const door = await openDoor({ limits: { daily: units(45_000_000n) } });
    const response = await door.post(BATCH, batch([line(1), line(2), line(3)]));
    expect(response.json()).toMatchObject({ status: 422, code: "daily_limit_exceeded" });
    expect((await door.get("/api/v1/payouts")).json().items).toEqual([]);
    expect((await door.get("/api/v1/wallets/wal_1/balance")).json().usdt.reserved).toBe("0");
  });

  test("two lines with one line id are refused in either mode", async () => {
    const door = await openDoor();
    for (const mode of ["all_or_nothing", "best_effort"]) {
      const problem = (
        await door.post(BATCH, batch([line(1), line(2), line(1, { to: addressOf(9) })], { mode }))
      ).json();
      expect(problem).toMatchObject({
        status: 422,
        code: "duplicate_line_id",
        evidence: { line_id: "l1", indexes: [0, 2] },
      });
      expect(problem.errors).toEqual([
        { path: "/items/2/line_id", message: "is the same as /items/0/line_id", value: "l1" },
      ]);
    }
  });

  test("an external id counts once in a batch and once in the engine", async () => {
    const door = await openDoor();
    await door.post("/api/v1/payouts", { wallet: "wal_1", to: addressOf(1), amount: "20", external_id: "taken" });
    const items = [
      line(1, { external_id: "taken" }),
      line(2, { external_id: "twice" }),
      line(3, { external_id: "twice" }),
    ];
    const problem = (await door.post(BATCH, batch(items))).json();
    expect(problem.evidence.lines.map(({ line_id, code }: Record<string, unknown>) => [line_id, code])).toEqual([
      ["l1", "duplicate_external_id"],
      ["l3", "duplicate_external_id"],
    ]);
  });

  test("a thousand lines are taken with ten questions to a node, one more line is refused", async () => {
    const door = await openDoor();
    const items = Array.from({ length: 1_000 }, (_, i) => line(i + 1, { amount: "10" }));
    const response = await door.post(BATCH, batch(items));
    expect(response.json()).toMatchObject({ count: 1_000, total: "10000" });
    expect(door.looks.map((addresses) => addresses.length)).toEqual(Array.from({ length: 10 }, () => 100));
    expect(door.calls).toEqual({ account: 0, blacklist: 0 });
    expect((await door.post(BATCH, batch([...items, line(1_001)]))).json()).toMatchObject({
      status: 422,
      code: "batch_too_large",
    });
  });

  test("a line of the wrong shape is named by its place", async () => {
    const door = await openDoor();
    const problem = (await door.post(BATCH, batch([line(1), line(2, { amount: 20 })]))).json();
    expect(problem).toMatchObject({ status: 400, code: "invalid_amount" });
    expect(problem.errors[0].path).toBe("/items/1/amount");
    expect((await door.post(BATCH, batch([]))).json().code).toBe("validation_failed");
  });

  test("an unknown batch is not found", async () => {
    const door = await openDoor();
    expect((await door.get("/api/v1/payouts/batches/pb_x")).json().code).toBe("not_found");
    expect((await door.get("/api/v1/payouts/batches/pb_x/payouts")).json().code).toBe("not_found");
  });
});

describe("a batch whose sum is more than an amount can be", () => {
  const most = "9223372036854.775807";

  test.each(["all_or_nothing", "best_effort"])("is refused whole in mode %s", async (mode) => {
    const door = await openDoor();
    const response = await door.post(BATCH, batch([line(1, { amount: most }), line(2, { amount: most })], { mode }));
    expect([response.statusCode, response.json().code]).toEqual([400, "invalid_amount"]);
    expect((await door.get("/api/v1/payouts")).json().items).toEqual([]);
  });

  test("is refused for lack of money when only its fees make it so", async () => {
    const door = await openDoor();
    const response = await door.post(BATCH, batch([line(1, { amount: most })], { asset: "TRX" }));
    expect([response.statusCode, response.json().code]).toEqual([422, "insufficient_funds"]);
  });
});

describe("money that came after the wallet was read", () => {
  const poor = async () => {
    const door = await openDoor();
    const [{ usdt }, cold] = [
      door.world,
      { address: OWN, name: "cold", kind: "hd", labels: {}, limits: {}, hot: false },
    ];
    door.world.usdt = units(0n);
    await door.engine.request({
      to: { kind: "wallet", id: "wal_2" },
      create: cold,
      respond: () => ({ keep: { status: 201, body: null } }),
    });
    await drain();
    return { door, arrive: () => (door.world.usdt = usdt) };
  };

  test("is seen by the try after the one that was refused", async () => {
    const { door, arrive } = await poor();
    const order = batch([line(1)], { wallet: "wal_2" });
    arrive();
    await door.clock.advance(3_000);
    expect((await door.post(BATCH, order)).json().code).toBe("insufficient_funds");
    await drain();
    expect((await door.post(BATCH, order)).statusCode).toBe(202);
  });

  test("is seen by the lines of a batch of what is possible that come after", async () => {
    const { door, arrive } = await poor();
    arrive();
    await door.clock.advance(3_000);
    const order = batch([line(1), line(2)], { wallet: "wal_2", mode: "best_effort" });
    const { id } = (await door.post(BATCH, order)).json();
    expect((await door.get(`/api/v1/payouts/batches/${id}`)).json().by_status).toMatchObject({
      rejected: { count: 2 },
    });
    await drain();
    expect((await door.post("/api/v1/payouts", { wallet: "wal_2", to: addressOf(3), amount: "20" })).statusCode).toBe(
      202,
    );
  });

  test("is seen by a payout that was approved before", async () => {
    const { door, arrive } = await poor();
    const limits = { approval_above: "15" };
    await door.call("PUT", "/api/v1/wallets/wal_2", { body: { limits } });
    const made = (await door.post("/api/v1/payouts", { wallet: "wal_2", to: addressOf(3), amount: "20" })).json();
    const approval = { token: "payouts:approve,payouts:read", body: { payout_hash: made.payout_hash }, key: "a" };
    await door.call("PUT", `/api/v1/payouts/${made.id}/approve`, approval);
    await drain();
    const status = async () => (await door.get(`/api/v1/payouts/${made.id}`)).json().status;
    expect(await status()).toBe("approved");
    arrive();
    // The wallet is asked every 30 s: once to be refused and to read, once to set aside.
    await door.clock.advance(30_000);
    await door.clock.advance(30_000);
    expect(await status()).not.toBe("approved");
  });
});

test("a batch of what is possible is not accepted only to be refused because the wallet was not read yet", async () => {
  const door = await openDoor();
  const unread = { address: OWN, name: "new", kind: "hd", labels: {}, limits: {}, hot: false };
  door.world.gateway.solidBalances = () => new Promise(() => {});
  await door.engine.request({
    to: { kind: "wallet", id: "wal_2" },
    create: unread,
    respond: () => ({ keep: { status: 201, body: null } }),
  });
  const order = batch([line(1), line(2)], { wallet: "wal_2", mode: "best_effort" });
  const response = await door.post(BATCH, order, { key: "same" });
  expect([response.statusCode, response.json()]).toMatchObject([503, { code: "not_ready", retryable: true }]);
  expect((await door.get("/api/v1/payouts")).json().items).toEqual([]);
});

test("a payment that no day allows is over the daily limit, also after another one", async () => {
  const door = await openDoor({ limits: { daily: units(45_000_000n) } });
  await door.post("/api/v1/payouts", { wallet: "wal_1", to: line(1).to, amount: "25" });
  const response = await door.post("/api/v1/payouts", {
    wallet: "wal_1",
    to: line(2).to,
    amount: "9223372036854.775807",
  });
  expect([response.statusCode, response.json().code]).toEqual([422, "daily_limit_exceeded"]);
});

test("the external id of a line that was refused or cancelled is free again, that of a live one is not", async () => {
  const door = await openDoor({ limits: { daily: units(45_000_000n), approvalAbove: units(21_000_000n) } });
  const lines = [line(1, { amount: "22" }), line(2), line(3), line(4)].map((each) => ({
    ...each,
    external_id: each.line_id,
  }));
  const { id } = (await door.post(BATCH, batch(lines, { mode: "best_effort" }))).json();
  const { items } = (await door.get(`/api/v1/payouts/batches/${id}/payouts?order=asc`)).json();
  const byLine = new Map<string, { id: string; status: string }>(
    items.map((item: { line_id: string }) => [item.line_id, item]),
  );
  expect(byLine.get("l4")?.status).toBe("rejected");
  await door.post(`/api/v1/payouts/${byLine.get("l1")?.id}/cancel`, {});
  const again = async (externalId: string, wallet: string) =>
    (await door.post("/api/v1/payouts", { wallet, to: addressOf(9), amount: "10", external_id: externalId })).json();
  const other = (await door.post("/api/v1/wallets", { name: "other" })).json().id;
  await drain();
  expect(await again("l4", other)).toMatchObject({ external_id: "l4" });
  expect(await again("l1", other)).toMatchObject({ external_id: "l1" });
  expect(await again("l1", other)).toMatchObject({ code: "duplicate_external_id" });
  expect(await again("l2", other)).toMatchObject({ code: "duplicate_external_id" });
});
