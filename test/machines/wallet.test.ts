import { describe, expect, test } from "vitest";
import { units } from "../../src/domain/money.ts";
import type { Message } from "../../src/domain/records.ts";
import type { WalletContext, WalletInput } from "../../src/machines/wallet.machine.ts";
import { Driven, STAMP } from "../support/kernel.ts";

const FROM = { kind: "payout", id: "po_1" };
const HOLD = { usdt: units(25n), trx: units(15n) };
const READING = { usdt: units(100n), trx: units(100n), atBlock: 50 };
const NOBODY = { code: "chain_timeout", message: "no node answered", retryable: true } as const;
const reserve = (hold = HOLD, count = 1): Message => ({ type: "wallet.reserve", from: FROM, hold, count });
const born = (change: Partial<WalletInput> = {}) =>
  Driven.born("wallet", { address: "T-w", name: "w", kind: "hd", labels: {}, limits: {}, hot: true, ...change });
const fresh = (change: Partial<WalletInput> = {}) => born(change).answer("balances", READING);
const empty = () => born().answer("balances", { ...READING, usdt: units(0n), trx: units(0n) });
const context = (driven: Driven) => driven.context<WalletContext>();
const refusalOf = (driven: Driven) => (driven.last.reply?.ok === false ? driven.last.reply.refusal.code : undefined);
const answerOf = (driven: Driven) =>
  driven.tells.map((message) => (message as { refusal?: { code: string } }).refusal?.code ?? message.type);

describe("the balance", () => {
  test("is read first, and nothing is promised before", () => {
    expect(born().last.started).toMatchObject([{ source: "readBalances", input: { address: "T-w" } }]);
    expect(answerOf(born().send(reserve()))).toEqual(["not_ready"]);
  });

  test("is not trusted to outlive an unknown time", () => {
    expect(answerOf(fresh().send(reserve(), { at: STAMP.at, blockTime: 0 }))).toEqual(["not_ready"]);
    expect(answerOf(fresh().send(reserve(), { at: STAMP.at } as never))).toEqual(["not_ready"]);
  });

  test("of a hot wallet is read again every minute", () => {
    expect(fresh().state).toBe("active.fresh");
    expect(fresh().last.timersSet[0]?.due).toBe(STAMP.at + 60_000);
    expect(fresh().elapse().state).toBe("active.reading");
  });

  test("of a cold wallet is read again when asked", () => {
    const cold = fresh({ hot: false });
    expect(cold.elapse().state).toBe("active.fresh");
    expect(cold.elapse().record.timers).toEqual({});
    expect(cold.elapse().record.revision).toBe(cold.record.revision + 1);
    expect(cold.send({ type: "wallet.refresh" }).state).toBe("active.reading");
  });

  test("that cannot be read is tried again after 5 s, and the one before still counts", () => {
    const stale = fresh().send({ type: "wallet.refresh" }).fail("balances", NOBODY);
    expect(stale.state).toBe("active.stale");
    expect(context(stale)).toMatchObject({ balanceError: "no node answered", ledger: { balanceBlock: 50 } });
    expect(stale.last.timersSet[0]?.due).toBe(STAMP.at + 5_000);
    expect(answerOf(stale.send(reserve()))).toEqual(["wallet.reserved"]);
    expect(stale.elapse().state).toBe("active.reading");
    expect(context(stale.elapse().answer("balances", READING)).balanceError).toBeUndefined();
    expect(stale.send({ type: "wallet.refresh" }).state).toBe("active.reading");
  });

  test("of a watch-only wallet that cannot be read is tried again after a minute, or when asked", () => {
    const stale = born({ kind: "watch" }).fail("balances", NOBODY);
    expect([stale.state, stale.last.timersSet[0]?.due]).toEqual(["active.stale", STAMP.at + 60_000]);
    expect(stale.elapse().state).toBe("active.reading");
    expect(stale.send({ type: "wallet.refresh" }).state).toBe("active.reading");
  });
});

describe("a refusal for lack of money", () => {
  const POOR = { usdt: units(101n), trx: units(1n) };
  const later = { ...STAMP, at: STAMP.at + 3_000 };

  test("by a reading of some age begins another one, for money may have come", () => {
    const refused = fresh().send(reserve(POOR), later);
    expect([refused.state, answerOf(refused)]).toEqual(["active.reading", ["insufficient_funds"]]);
    expect(refused.last.started).toMatchObject([{ source: "readBalances" }]);
    // While it is read nothing else begins.
    const again = refused.send(reserve(POOR), { ...later, at: later.at + 3_000 });
    expect([answerOf(again), again.last.started]).toEqual([["insufficient_funds"], []]);
    const rich = again.answer("balances", { usdt: units(500n), trx: units(100n), atBlock: 60 });
    expect(answerOf(rich.send(reserve(POOR)))).toEqual(["wallet.reserved"]);
    const fees = fresh().send(reserve({ usdt: units(1n), trx: units(101n) }), later);
    expect([fees.state, answerOf(fees)]).toEqual(["active.reading", ["insufficient_trx_for_fees"]]);
  });

  test("by a reading of which nobody knows when it was begins another one, and no refusal of which nobody knows when", () => {
    const { readAt: _, ...older } = context(fresh());
    const revived = new Driven(fresh().entry, { ...fresh().last, record: { ...fresh().record, context: older } });
    expect(revived.send(reserve(POOR), later).state).toBe("active.reading");
    expect(fresh().send(reserve(POOR), { blockTime: STAMP.blockTime } as never).state).toBe("active.fresh");
  });

  test("by the reading of this block does not, nor does any other refusal or a hold that fits", () => {
    expect(fresh().send(reserve(POOR), { ...later, at: later.at - 1 }).state).toBe("active.fresh");
    expect(fresh().send(reserve(HOLD), later).state).toBe("active.fresh");
    const limited = fresh({ limits: { daily: units(10n) } }).send(reserve(HOLD), later);
    expect([limited.state, answerOf(limited)]).toEqual(["active.fresh", ["daily_limit_exceeded"]]);
  });
});

describe("a hold", () => {
  test("is promised once, with a sequence number", () => {
    const held = fresh().send(reserve());
    expect(held.last.tells).toEqual([{ to: FROM, message: { type: "wallet.reserved", sequence: 1 } }]);
    expect(context(held).ledger).toMatchObject({ usdt: { reserved: "25" }, trx: { reserved: "15" } });
    const batch = held.send(reserve(HOLD, 3));
    expect(batch.tells).toMatchObject([{ sequence: 2 }]);
    expect(context(batch).sequence).toBe(4);
  });

  test("that does not fit is refused and changes nothing", () => {
    const refused = fresh().send(reserve({ usdt: units(101n), trx: units(1n) }));
    expect(answerOf(refused)).toEqual(["insufficient_funds"]);
    expect(context(refused)).toEqual(context(fresh()));
  });

  test("of a watch-only wallet is refused in every state, whatever it holds, and no balance is read for it", () => {
    const watched = { kind: "watch" } as const;
    const frozen = fresh(watched).send({ type: "wallet.freeze", reason: "r" });
    const stale = born(watched).fail("balances", NOBODY);
    const archived = fresh(watched).send({ type: "wallet.archive" });
    const later = { ...STAMP, at: STAMP.at + 3_000 };
    for (const wallet of [born(watched), fresh(watched), stale, frozen, archived]) {
      for (const wanted of [HOLD, { usdt: units(101n), trx: units(1n) }]) {
        const refused = wallet.send(reserve(wanted), later);
        expect(answerOf(refused)).toEqual(["wallet_watch_only"]);
        expect([refused.state, refused.context()]).toEqual([wallet.state, wallet.context()]);
      }
    }
  });

  test("goes from reserved over in flight to spent", () => {
    const sent = fresh().send(reserve()).send({ type: "wallet.send", hold: HOLD });
    expect(context(sent).ledger.usdt).toEqual({ onChain: "100", reserved: "0", inFlight: "25" });
    const spend = { usdt: units(25n), trx: units(7n) };
    const settled = sent.send({ type: "wallet.settle", hold: HOLD, spend, block: 60, time: 1_800_000 });
    expect(context(settled).ledger).toMatchObject({
      usdt: { inFlight: "0" },
      slices: [{ slice: 3, amount: "25" }],
      spent: [{ block: 60, ...spend }],
      spentSum: spend,
    });
  });

  test("settled by a message of version 1, which knew no time, counts from now on", () => {
    const sent = fresh().send(reserve()).send({ type: "wallet.send", hold: HOLD });
    const old = { type: "wallet.settle", hold: HOLD, spend: HOLD, block: 60 };
    const slices = (stamp: object) => context(sent.send(old, stamp as never)).ledger.slices;
    const slice = (time: number) => [{ slice: Math.floor(time / 600_000), amount: "25" }];
    expect(slices(STAMP)).toEqual(slice(STAMP.blockTime));
    expect(slices({ at: STAMP.at, blockTime: 0 })).toEqual(slice(STAMP.at));
    expect(slices({})).toEqual(slice(0));
  });

  test("comes back when the attempt is dead, and is free when the payment gives up", () => {
    const sent = fresh().send(reserve()).send({ type: "wallet.send", hold: HOLD });
    const back = sent.send({
      type: "wallet.takeBack",
      hold: HOLD,
      spend: { usdt: units(0n), trx: units(7n) },
      block: 60,
    });
    expect(context(back).ledger).toMatchObject({ usdt: { reserved: "25", inFlight: "0" }, spentSum: { trx: "7" } });
    const free = back.send({ type: "wallet.release", hold: HOLD });
    expect(context(free).ledger).toMatchObject({ usdt: { reserved: "0" }, slices: [] });
  });

  test("that was never promised cannot be sent: a bug, and the books stay", () => {
    expect(() => fresh().send({ type: "wallet.send", hold: HOLD })).toThrow("out of range");
  });
});

describe("operators", () => {
  test("a frozen wallet promises nothing, but what is on the wire goes on", () => {
    const sent = fresh().send(reserve()).send({ type: "wallet.send", hold: HOLD });
    const frozen = sent.send({ type: "wallet.freeze", reason: "audit" });
    expect([frozen.state, frozen.tag, frozen.last.reply?.ok]).toEqual(["frozen", "frozen", true]);
    expect(context(frozen).frozenBecause).toBe("audit");
    expect(answerOf(frozen.send(reserve()))).toEqual(["wallet_frozen"]);
    const settled = frozen.send({ type: "wallet.settle", hold: HOLD, spend: HOLD, block: 60 });
    expect(context(settled).ledger.usdt.inFlight).toBe("0");
    const thawed = settled.send({ type: "wallet.unfreeze" });
    expect([thawed.state, context(thawed).frozenBecause]).toEqual(["active.reading", undefined]);
  });

  test("a freeze while the balance is being read drops the reading", () => {
    expect(born().send({ type: "wallet.freeze", reason: "r" }).last.stopped).toEqual([
      { source: "readBalances", key: "1.balances" },
    ]);
  });

  test.each(["active", "frozen"])("an %s wallet is archived only when it is known to be empty and idle", (state) => {
    const at = (driven: Driven) => (state === "frozen" ? driven.send({ type: "wallet.freeze", reason: "r" }) : driven);
    const archive = (driven: Driven) => at(driven).send({ type: "wallet.archive" });
    expect(refusalOf(archive(fresh()))).toBe("wallet_not_empty");
    expect(refusalOf(archive(fresh().send(reserve())))).toBe("wallet_in_use");
    expect(refusalOf(archive(born()))).toBe("not_ready");
    expect(refusalOf(archive(born().answer("balances", { ...READING, usdt: units(0n) })))).toBe("wallet_not_empty");
    const dusty = born().answer("balances", { ...READING, usdt: units(0n), trx: units(2_000_000n) });
    expect(refusalOf(at(dusty).send({ type: "wallet.archive", dustSun: "1999999" }))).toBe("wallet_not_empty");
    expect(at(dusty).send({ type: "wallet.archive", dustSun: "2000000" }).state).toBe("archived");
    const archived = archive(empty());
    expect([archived.state, archived.last.reply?.ok]).toEqual(["archived", true]);
    expect(answerOf(archived.send(reserve()))).toEqual(["wallet_archived"]);
  });

  test.each(["active", "frozen"])(
    "an %s watch-only wallet is archived whatever it holds, or if nobody knows",
    (state) => {
      const at = (driven: Driven) =>
        state === "frozen" ? driven.send({ type: "wallet.freeze", reason: "r" }) : driven;
      for (const watched of [born({ kind: "watch" }), fresh({ kind: "watch" })]) {
        const archived = at(watched).send({ type: "wallet.archive" });
        expect([archived.state, archived.last.reply]).toEqual(["archived", { ok: true }]);
      }
    },
  );

  test("name, labels and limits change one by one", () => {
    const wallet = fresh();
    const renamed = wallet.send({ type: "wallet.update", name: "n2" });
    expect(context(renamed)).toMatchObject({ name: "n2", labels: {}, limits: {} });
    const limited = renamed.send({ type: "wallet.update", labels: { a: "b" }, limits: { daily: "40" } });
    expect(context(limited)).toMatchObject({ name: "n2", labels: { a: "b" }, limits: { daily: "40" } });
    expect(limited.last.reply).toEqual({ ok: true });
  });

  test("a limit set later counts what was promised before", () => {
    const limited = fresh()
      .send(reserve())
      .send({ type: "wallet.update", limits: { daily: "40" } });
    expect(answerOf(limited.send(reserve()))).toEqual(["daily_limit_exceeded"]);
  });
});
