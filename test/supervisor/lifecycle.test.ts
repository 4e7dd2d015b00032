import { describe, expect, test } from "vitest";
import { Fault } from "../../src/domain/errors.ts";
import { BUILD_OBJECTIONS_MAX } from "../../src/domain/limits.ts";
import { ledgerOf, openWallet, pay, send, startRig, tagOf } from "../support/engine.ts";
import { drain } from "../support/manual-clock.ts";

describe("a payout through the engine", () => {
  test("is confirmed only when its transaction is in a solidified block", async () => {
    const rig = await startRig();
    await openWallet(rig);
    expect(await pay(rig, "po_1")).toMatchObject({ status: 202, body: { status: "pending" } });
    await drain();
    expect(tagOf(rig, "payout", "po_1")).toBe("broadcast");
    expect(rig.world.broadcasts).toHaveLength(1);
    const tx = { kind: "transaction", id: "tx_po_1_1" };
    await rig.engine.deliver([{ actor: tx, message: rig.world.included() }]);
    expect(tagOf(rig, "payout", "po_1")).toBe("broadcast");
    await rig.engine.deliver([{ actor: tx, message: rig.world.solidified() }]);
    await drain();
    expect(tagOf(rig, "payout", "po_1")).toBe("confirmed");
    expect(ledgerOf(rig)).toMatchObject({
      usdt: { reserved: "0", inFlight: "0" },
      trx: { reserved: "0", inFlight: "0" },
      spent: [{ usdt: "25000000", trx: "6773500" }],
    });
    expect(await rig.store.outboxSources()).toEqual([]);
    expect(await rig.store.nextTimer()).toBeDefined();
  });

  test("says why while its transaction cannot be built, and forgets it once the bytes are signed", async () => {
    const rig = await startRig();
    await openWallet(rig);
    const estimate = rig.world.onEstimate;
    rig.world.onEstimate = () => Promise.reject(new Fault("fee_cap_exceeded", "the transfer would burn 50 TRX"));
    await pay(rig, "po_1");
    await drain();
    const payout = { kind: "payout", id: "po_1" };
    const reason = () => (rig.engine.record(payout)?.context as { reason?: unknown } | undefined)?.reason;
    expect(tagOf(rig, "payout", "po_1")).toBe("pending");
    expect(reason()).toEqual({ code: "fee_cap_exceeded", detail: "the transfer would burn 50 TRX" });
    expect(rig.world.signatures).toEqual([]);
    rig.world.onEstimate = estimate;
    await rig.clock.advance(60_000);
    expect(tagOf(rig, "payout", "po_1")).toBe("broadcast");
    expect(reason()).toBeUndefined();
  });

  test("that would cost too much for too long ends unsigned with its money free, and is paid when an operator retries", async () => {
    const rig = await startRig();
    await openWallet(rig);
    const estimate = rig.world.onEstimate;
    let asked = 0;
    rig.world.onEstimate = () => {
      asked += 1;
      return Promise.reject(new Fault("fee_cap_exceeded", "the transfer would burn 50 TRX"));
    };
    await pay(rig, "po_1");
    await drain();
    expect(ledgerOf(rig).usdt).toMatchObject({ reserved: "25000000" });
    for (let minute = 0; minute < 30; minute += 1) await rig.clock.advance(60_000);
    expect([tagOf(rig, "payout", "po_1"), tagOf(rig, "transaction", "tx_po_1_1")]).toEqual([
      "needs_attention",
      "failed",
    ]);
    expect([asked, rig.world.signatures]).toEqual([BUILD_OBJECTIONS_MAX, []]);
    const idle = { usdt: { reserved: "0", inFlight: "0" }, trx: { reserved: "0", inFlight: "0" } };
    expect(ledgerOf(rig)).toMatchObject(idle);
    expect(await rig.store.outboxSources()).toEqual([]);

    rig.world.onEstimate = estimate;
    expect(await send(rig, "payout", "po_1", { type: "payout.retry", by: "a" })).toMatchObject({ status: 200 });
    await drain();
    expect(tagOf(rig, "payout", "po_1")).toBe("broadcast");
    const tx = { kind: "transaction", id: "tx_po_1_2" };
    await rig.engine.deliver([{ actor: tx, message: rig.world.solidified() }]);
    expect(tagOf(rig, "payout", "po_1")).toBe("confirmed");
    expect(ledgerOf(rig)).toMatchObject(idle);
    expect(rig.world.broadcasts).toHaveLength(1);
  });

  test("a cancel wins before the signature and loses after it", async () => {
    const rig = await startRig();
    await openWallet(rig);
    let release = () => {};
    rig.world.onSign = () => new Promise((resolve) => (release = resolve));
    await pay(rig, "po_1");
    await drain();
    expect(await send(rig, "payout", "po_1", { type: "payout.cancel", by: "a" })).toMatchObject({
      status: 200,
      body: { tag: "cancelled" },
    });
    release();
    await drain();
    expect(tagOf(rig, "transaction", "tx_po_1_1")).toBe("cancelled");
    expect(rig.world.broadcasts).toEqual([]);
    expect(ledgerOf(rig).usdt).toMatchObject({ reserved: "0", inFlight: "0" });
    rig.world.onSign = async () => {};
    await pay(rig, "po_2");
    await drain();
    expect(await send(rig, "payout", "po_2", { type: "payout.cancel", by: "a" })).toMatchObject({
      refusal: { code: "not_cancellable" },
    });
    expect(tagOf(rig, "payout", "po_2")).toBe("broadcast");
  });

  test("200 payouts at once against room for 10 reserve exactly 10, and the others leave nothing behind", async () => {
    const rig = await startRig();
    await openWallet(rig, { daily: "250000000" as never });
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => pay(rig, `po_${i}`)));
    expect(answers.filter((answer) => "status" in answer)).toHaveLength(10);
    expect(
      answers.filter((answer) => "refusal" in answer && answer.refusal.code === "daily_limit_exceeded"),
    ).toHaveLength(190);
    await drain();
    expect((await rig.engine.index("payout", "all", { limit: 100 })).ids).toHaveLength(10);
    expect(ledgerOf(rig).usdt.inFlight).toBe("250000000");
  });
});
