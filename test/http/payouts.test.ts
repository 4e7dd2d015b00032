import { describe, expect, test } from "vitest";
import { units } from "../../src/domain/money.ts";
import { addressOf, drain, openDoor, payout, solidify, watchOf, type Door } from "../support/http.ts";

const PAYOUTS = "/api/v1/tron/payouts";

async function accepted(
  door: Door,
  change: Record<string, unknown> = {},
  options: { key?: string; token?: string } = {},
) {
  const response = await door.post(PAYOUTS, payout(change), options);
  expect(response.statusCode, response.body).toBe(202);
  return response.json();
}

describe("a payout over HTTP", () => {
  test("a payout is accepted with its money reserved and told at its Location", async () => {
    const door = await openDoor();
    const response = await door.post(PAYOUTS, payout({ external_id: "order-7", metadata: { invoice: "A-1" } }));
    expect(response.statusCode).toBe(202);
    const body = response.json();
    expect(body).toMatchObject({
      status: "pending",
      amount: "25",
      amount_units: "25000000",
      asset: "USDT",
      wallet_id: "wal_1",
      external_id: "order-7",
      metadata: { invoice: "A-1" },
      created_by: "admin",
      txid: null,
    });
    expect(body.waiting_for).not.toBe("");
    expect(body.id).toMatch(/^po_[A-Za-z0-9_-]{22}$/);
    const read = await door.get(String(response.headers.location));
    expect(read.json()).toMatchObject({ id: body.id, amount: "25" });
    const balance = (await door.get("/api/v1/tron/wallets/wal_1/balance")).json();
    expect(balance.usdt).toMatchObject({ total: "1000000", reserved: "25", available: "999975" });
    expect(balance.trx.reserved).toBe("15");
  });

  test("a payout shows its transaction, its block and its cost when it is confirmed", async () => {
    const door = await openDoor();
    const { id } = await accepted(door);
    const watch = await watchOf(door, id);
    await drain();
    expect((await door.get(`${PAYOUTS}/${id}`)).json()).toMatchObject({ status: "broadcast", txid: watch.txId });
    await solidify(door, id);
    const view = (await door.get(`${PAYOUTS}/${id}`)).json();
    expect(view).toMatchObject({
      status: "confirmed",
      waiting_for: "nothing",
      block_number: 118,
      next_action_at: null,
    });
    expect(view.attempts).toEqual([
      {
        attempt: 1,
        transaction_id: `tx_${id}_1`,
        txid: watch.txId,
        outcome: "confirmed",
        block_number: 118,
        fee_trx: "6.7735",
        energy: 64_285,
      },
    ]);
  });

  test("the events of a payout tell each step with its reason, and never the signed bytes", async () => {
    const door = await openDoor();
    const { id } = await accepted(door);
    await solidify(door, id);
    const events = (await door.get(`${PAYOUTS}/${id}/events`)).json();
    const reasons = events.items.map((item: { reason: string }) => item.reason);
    expect(reasons).toContain("the money is set aside");
    expect(reasons).toContain("the bytes are signed and on disk");
    expect(reasons).toContain("its transaction succeeded in a solidified block");
    expect(reasons).not.toContain(null);
    expect(events.truncated).toBe(false);
    const signed = door.world.broadcasts[0] ?? "";
    expect(signed.length).toBeGreaterThan(10);
    expect(JSON.stringify(events)).not.toContain(signed);
  });

  test("lists are newest first, filtered by status, wallet and external id, and paged without gaps", async () => {
    const door = await openDoor();
    const ids: string[] = [];
    for (let i = 0; i < 7; i += 1) {
      ids.push((await accepted(door, { external_id: `e-${i}` })).id);
      await door.clock.advance(10);
    }
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: { items: { id: string }[]; next_cursor: string | null } = (
        await door.get(`${PAYOUTS}?limit=3${cursor === null ? "" : `&cursor=${cursor}`}`)
      ).json();
      seen.push(...page.items.map((item: { id: string }) => item.id));
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(seen).toEqual(ids.toReversed());
    const oldest = (await door.get(`${PAYOUTS}?limit=2&order=asc&wallet=wal_1`)).json();
    expect(oldest.items.map((item: { id: string }) => item.id)).toEqual(ids.slice(0, 2));
    const one = (await door.get(`${PAYOUTS}?external_id=e-4`)).json();
    expect(one.items.map((item: { id: string }) => item.id)).toEqual([ids[4]]);
    const confirmed = (await door.get(`${PAYOUTS}/status/confirmed`)).json();
    expect(confirmed.items).toEqual([]);
    await solidify(door, ids[2] ?? "");
    for (const url of [
      `${PAYOUTS}/status/confirmed`,
      `${PAYOUTS}?status=confirmed`,
      `${PAYOUTS}?status=confirmed&wallet=wal_1`,
    ]) {
      const items = (await door.get(url)).json().items;
      expect(items.map((item: { id: string }) => item.id)).toEqual([ids[2]]);
    }
    expect((await door.get(`${PAYOUTS}?wallet=wal_none`)).json().items).toEqual([]);
  });

  test("an estimate judges and prices an order and leaves nothing behind", async () => {
    const door = await openDoor();
    const response = await door.post(`${PAYOUTS}/estimate`, payout(), { key: null });
    expect(response.json()).toMatchObject({
      energy: 64_285,
      burn_trx: "6.7735",
      fee_limit_sun: "8035700",
      amount: "25",
    });
    expect((await door.get(PAYOUTS)).json().items).toEqual([]);
  });
});

describe("Idempotency-Key", () => {
  test("the same key and body give the same answer for ever, on either path, and one payout", async () => {
    const door = await openDoor();
    const first = await door.post(PAYOUTS, payout(), { key: "k" });
    await solidify(door, first.json().id);
    for (const url of [PAYOUTS, "/api/v1/payouts"]) {
      const again = await door.post(url, payout(), { key: "k" });
      expect(again.statusCode).toBe(202);
      expect(again.body).toBe(first.body);
      expect(again.headers["idempotency-replayed"]).toBe("true");
      expect(again.headers.location).toBe(first.headers.location);
    }
    expect(first.headers["idempotency-replayed"]).toBeUndefined();
    expect((await door.get(PAYOUTS)).json().items).toHaveLength(1);
  });

  test("a repeat is answered as then while the disk is full, and nothing new begins", async () => {
    const door = await openDoor();
    const first = await door.post(PAYOUTS, payout(), { key: "k" });
    door.engine.readOnly = true;
    const again = await door.post(PAYOUTS, payout(), { key: "k" });
    expect([again.statusCode, again.body]).toEqual([202, first.body]);
    expect((await door.post(PAYOUTS, payout(), { key: "other" })).json().code).toBe("read_only");
  });

  test("the order of keys in the body does not make another request", async () => {
    const door = await openDoor();
    const first = await door.call("POST", PAYOUTS, {
      key: "k",
      text: `{"wallet":"wal_1","to":"${addressOf(1)}","amount":"25"}`,
    });
    const again = await door.call("POST", PAYOUTS, {
      key: "k",
      text: `{ "amount":"25", "to":"${addressOf(1)}", "wallet":"wal_1" }`,
    });
    expect(again.body).toBe(first.body);
  });

  test("a hundred parallel repeats make one payout and one answer", async () => {
    const door = await openDoor();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => door.post(PAYOUTS, payout({ external_id: "x" }), { key: "k" })),
    );
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect((await door.get(PAYOUTS)).json().items).toHaveLength(1);
  });

  test("another body with the same key is refused, and pays nothing", async () => {
    const door = await openDoor();
    await door.post(PAYOUTS, payout(), { key: "k" });
    const other = await door.post(PAYOUTS, payout({ amount: "26" }), { key: "k" });
    expect(other.statusCode).toBe(422);
    expect(other.json().code).toBe("idempotency_mismatch");
    expect((await door.get(PAYOUTS)).json().items).toHaveLength(1);
  });

  test("keys of two tokens, and of two endpoints, never meet", async () => {
    const door = await openDoor();
    const ids = [
      (await door.post(PAYOUTS, payout(), { key: "k", token: "admin@a" })).json().id,
      (await door.post(PAYOUTS, payout(), { key: "k", token: "admin@b" })).json().id,
      (
        await door.post(
          "/api/v1/tron/usdt/transfer",
          { from_wallet: "wal_1", to: addressOf(1), amount: "25" },
          { key: "k" },
        )
      ).json().id,
    ];
    expect(new Set(ids).size).toBe(3);
  });

  test("a repeat is answered as before although the world would refuse it now", async () => {
    const door = await openDoor();
    const first = await door.post(PAYOUTS, payout(), { key: "k" });
    door.blacklisted.add(addressOf(1));
    await door.post("/api/v1/tron/wallets/wal_1/freeze", {});
    const again = await door.post(PAYOUTS, payout(), { key: "k" });
    expect(again.body).toBe(first.body);
  });

  test("a refused request leaves nothing: the same key works once there is room", async () => {
    const door = await openDoor({ limits: { daily: units(30_000_000n) } });
    const refused = await door.post(PAYOUTS, payout({ amount: "31" }), { key: "k" });
    expect(refused.json().code).toBe("daily_limit_exceeded");
    expect((await door.get(PAYOUTS)).json().items).toEqual([]);
    expect((await door.post(PAYOUTS, payout({ amount: "30" }), { key: "k" })).statusCode).toBe(202);
  });
});

describe("external ids", () => {
  test("of many parallel requests with one external id exactly one is accepted", async () => {
    const door = await openDoor();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => door.post(PAYOUTS, payout({ external_id: "order-1" }))),
    );
    expect(answers.filter(({ statusCode }) => statusCode === 202)).toHaveLength(1);
    const refused = answers.filter(({ statusCode }) => statusCode === 409).map((answer) => answer.json());
    expect(refused).toHaveLength(19);
    expect(refused[0]).toMatchObject({ code: "duplicate_external_id", evidence: { external_id: "order-1" } });
  });

  test("a refused payout does not use its external id up", async () => {
    const door = await openDoor({ limits: {} });
    expect((await door.post(PAYOUTS, payout({ external_id: "o", amount: "900000000" }))).statusCode).toBe(422);
    expect((await door.post(PAYOUTS, payout({ external_id: "o" }))).statusCode).toBe(202);
  });
});

describe("two hundred parallel payouts", () => {
  test("against room for ten reserve exactly ten", async () => {
    const door = await openDoor({ limits: { daily: units(250_000_000n) } });
    const answers = await Promise.all(Array.from({ length: 200 }, () => door.post(PAYOUTS, payout())));
    expect(answers.filter(({ statusCode }) => statusCode === 202)).toHaveLength(10);
    expect(new Set(answers.filter(({ statusCode }) => statusCode !== 202).map((answer) => answer.json().code))).toEqual(
      new Set(["daily_limit_exceeded"]),
    );
  });
});

describe("a decision about a payout", () => {
  const large = { amount: "2000" };

  test("a large payout waits, holds nothing, and is paid once somebody else approved what it says", async () => {
    const door = await openDoor();
    const { id, payout_hash: hash, status } = await accepted(door, large, { token: "payouts:create" });
    expect(status).toBe("awaiting_approval");
    expect((await door.get("/api/v1/wallets/wal_1/balance")).json().usdt.reserved).toBe("0");
    const approved = await door.call("PUT", `${PAYOUTS}/${id}/approve`, {
      token: "payouts:approve",
      body: { payout_hash: hash, comment: "seen" },
    });
    expect(approved.statusCode).toBe(200);
    expect(approved.json()).toMatchObject({ status: "pending", decided_by: "payouts:approve", comment: "seen" });
    await solidify(door, id);
    expect((await door.get(`${PAYOUTS}/${id}`)).json().status).toBe("confirmed");
  });

  test("a decision repeated with its Idempotency-Key is answered as the first time", async () => {
    const door = await openDoor();
    const { id, payout_hash: hash } = await accepted(door, large, { token: "payouts:create" });
    const approve = (key: string) => door.call("PUT", `${PAYOUTS}/${id}/approve`, { key, body: { payout_hash: hash } });
    const first = await approve("d");
    const again = await approve("d");
    expect(again.body).toBe(first.body);
    expect(again.headers["idempotency-replayed"]).toBe("true");
    expect((await approve("other")).json().code).toBe("already_decided");
    const { id: next } = await accepted(door, large, { token: "payouts:create" });
    const elsewhere = await door.call("PUT", `${PAYOUTS}/${next}/approve`, { key: "d", body: { payout_hash: hash } });
    expect(elsewhere.json().code).toBe("idempotency_mismatch");
  });

  test("POST approves like PUT", async () => {
    const door = await openDoor();
    const { id, payout_hash: hash } = await accepted(door, large, { token: "payouts:create" });
    expect((await door.post(`/api/v1/payouts/${id}/approve`, { payout_hash: hash })).statusCode).toBe(200);
  });

  test("the hash binds wallet, destination, asset and amount", async () => {
    const door = await openDoor();
    const hashes = await Promise.all(
      [{}, { amount: "2000.000001" }, { to: addressOf(2) }].map(
        async (change) => (await accepted(door, { ...large, ...change })).payout_hash,
      ),
    );
    expect(new Set(hashes).size).toBe(3);
  });

  test("a rejected payout is never paid, and cannot be approved later", async () => {
    const door = await openDoor();
    const { id, payout_hash: hash } = await accepted(door, large, { token: "payouts:create" });
    expect((await door.post(`${PAYOUTS}/${id}/reject`, { comment: "no" })).json()).toMatchObject({
      status: "rejected",
      comment: "no",
    });
    const late = await door.call("PUT", `${PAYOUTS}/${id}/approve`, { body: { payout_hash: hash } });
    expect(late.json()).toMatchObject({ status: 409, code: "already_decided" });
  });

  test("of a race of two approvals and a cancel exactly one outcome is told", async () => {
    const door = await openDoor();
    const { id, payout_hash: hash } = await accepted(door, large, { token: "payouts:create" });
    const [a, b, cancelled] = await Promise.all([
      door.call("PUT", `${PAYOUTS}/${id}/approve`, { token: "payouts:approve@a", body: { payout_hash: hash } }),
      door.call("PUT", `${PAYOUTS}/${id}/approve`, { token: "payouts:approve@b", body: { payout_hash: hash } }),
      door.post(`${PAYOUTS}/${id}/cancel`, {}),
    ]);
    expect(new Set([a.statusCode, b.statusCode])).toEqual(new Set([200, 409]));
    expect(cancelled.statusCode).toBe(200);
    expect((await door.get(`${PAYOUTS}/${id}`)).json().status).toBe("cancelled");
    await drain();
    expect(door.world.broadcasts).toEqual([]);
  });

  test("a cancel without a body wins while nothing is signed, and loses afterwards", async () => {
    const door = await openDoor();
    const waiting = await accepted(door, large);
    expect((await door.call("POST", `${PAYOUTS}/${waiting.id}/cancel`)).json().status).toBe("cancelled");
    const { id } = await accepted(door);
    await watchOf(door, id);
    expect((await door.post(`${PAYOUTS}/${id}/cancel`, {})).json()).toMatchObject({
      status: 409,
      code: "not_cancellable",
    });
  });

  test("a failed payout is tried again through the wallet's reservation", async () => {
    const door = await openDoor();
    const { id } = await accepted(door);
    await solidify(door, id, "REVERT");
    const failed = (await door.get(`${PAYOUTS}/${id}`)).json();
    expect(failed).toMatchObject({ status: "failed", reason: { code: "chain_error" } });
    expect((await door.get("/api/v1/wallets/wal_1/balance")).json().usdt).toMatchObject({
      reserved: "0",
      in_flight: "0",
    });
    const retried = await door.post(`${PAYOUTS}/${id}/retry`, {});
    expect(retried.statusCode).toBe(202);
    expect(retried.json().attempts).toHaveLength(2);
  });
});

describe("a transfer", () => {
  test("a transfer knows no minimum and may go to another wallet of the engine", async () => {
    const door = await openDoor();
    const wallet = (await door.post("/api/v1/wallets", { name: "second" }, { key: null })).json();
    const response = await door.post("/api/v1/usdt/transfer", {
      from_wallet: "wal_1",
      to: wallet.address,
      amount: "0.000001",
      reference: "move-1",
    });
    expect(response.statusCode).toBe(202);
    expect(response.json()).toMatchObject({
      purpose: "transfer",
      amount: "0.000001",
      amount_units: "1",
      external_id: "move-1",
    });
  });

  test("a TRX transfer holds its amount and fee in TRX only", async () => {
    const door = await openDoor();
    const response = await door.post("/api/v1/trx/transfer", { from_wallet: "wal_1", to: addressOf(3), amount: "7" });
    expect(response.json()).toMatchObject({ asset: "TRX", amount: "7" });
    expect((await door.get("/api/v1/wallets/wal_1/balance")).json()).toMatchObject({
      usdt: { reserved: "0" },
      trx: { reserved: "9" },
    });
  });
});

describe("a look at the destination", () => {
  test("asks the node once per address, and not at all for the ones it knows", async () => {
    const door = await openDoor();
    for (let i = 0; i < 5; i += 1) await accepted(door);
    expect(door.calls).toEqual({ account: 1, blacklist: 1 });
    await accepted(door, { to: addressOf(2) });
    expect(door.calls.account).toBe(2);
    await door.clock.advance(700_000);
    await accepted(door);
    expect(door.calls.account).toBe(3);
  });

  test("a node that does not answer keeps nobody waiting", async () => {
    const door = await openDoor();
    let asked = 0;
    door.ports.gateway.account = async () => {
      asked += 1;
      throw new Error("no answer");
    };
    await accepted(door, { to: addressOf(5) });
    await accepted(door, { to: addressOf(6) });
    expect(asked).toBe(1);
  });
});
