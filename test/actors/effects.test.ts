import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expirationOf, serviceOf } from "../../src/actors/effects/table.ts";
import { Fault } from "../../src/domain/errors.ts";
import { LANDING_MS_MIN } from "../../src/domain/limits.ts";
import { units } from "../../src/domain/money.ts";
import { MemoryKeyValue } from "../../src/persistence/memory-key-value.ts";
import { ledgerOf, memoryStore, openWallet, pay, send, startRig, tagOf, type Rig } from "../support/engine.ts";
import { drain } from "../support/manual-clock.ts";

const TX = { kind: "transaction", id: "tx_po_1_1" };

describe("the effects of a payment", () => {
  test("a watch that is taken up again after a restart says in which block its actor believes the payment to be", async () => {
    const rig = await startRig();
    await openWallet(rig);
    await pay(rig, "po_1");
    await drain();
    expect(rig.world.watches.get(TX.id)).toMatchObject({ seenIn: undefined });
    const inclusion = {
      blockNumber: 54,
      blockId: "b54",
      blockTimestamp: 1,
      result: "SUCCESS",
      feeSun: "0",
      energyUsed: 0,
    };
    await rig.engine.deliver([{ actor: TX, message: { type: "chain.included", inclusion } }]);
    const { world } = await startRig({ store: rig.store });
    expect(world.watches.get(TX.id)).toMatchObject({ seenIn: 54 });
  });

  test("nothing is built before a solidified block was seen, and it is tried again", async () => {
    const rig = await startRig();
    await openWallet(rig);
    const reference = rig.world.reference.bind(rig.world);
    rig.world.reference = () => undefined;
    await pay(rig, "po_1");
    await drain();
    expect(rig.engine.record(TX)).toMatchObject({
      state: "waitingToBuild",
      context: { failure: { code: "not_ready" } },
    });
    rig.world.reference = reference;
    await rig.clock.advance(2_000);
    expect(tagOf(rig, "payout", "po_1")).toBe("broadcast");
  });

  test("nothing is built or signed while nodes disagree about the chain, and everything once they agree", async () => {
    const rig = await startRig();
    await openWallet(rig);
    rig.world.inTheWay = { code: "nodes_disagree", detail: "waiting for the nodes to agree about block 7" };
    await pay(rig, "po_1");
    await drain();
    expect(rig.engine.record(TX)).toMatchObject({
      state: "waitingToBuild",
      context: { failure: { code: "nodes_disagree", detail: "waiting for the nodes to agree about block 7" } },
    });
    expect(rig.world.signatures).toEqual([]);
    rig.world.inTheWay = undefined;
    await rig.clock.advance(2_000);
    expect([rig.world.signatures.length, tagOf(rig, "payout", "po_1")]).toEqual([1, "broadcast"]);
  });

  test("while the newest blocks are still being read nothing is built, and what is built is signed", async () => {
    const rig = await startRig();
    await openWallet(rig);
    rig.world.inTheWay = { code: "not_ready", detail: "the newest blocks are still being read" };
    await pay(rig, "po_1");
    await drain();
    expect(rig.engine.record(TX)?.context).toMatchObject({ failure: { code: "not_ready" } });
    rig.world.inTheWay = undefined;
    const build = rig.world.build.bind(rig.world);
    rig.world.build = async (order) => {
      rig.world.inTheWay = { code: "not_ready", detail: "the newest blocks are still being read" };
      return build(order);
    };
    await rig.clock.advance(2_000);
    expect([rig.world.signatures.length, tagOf(rig, "payout", "po_1")]).toEqual([1, "broadcast"]);
  });

  test("nothing is signed while the disk is full, and everything once there is room", async () => {
    let isFull = true;
    const rig = await startRig({ maySign: () => !isFull });
    await openWallet(rig);
    await pay(rig, "po_1");
    await drain();
    expect(rig.engine.record(TX)?.context).toMatchObject({ failure: { code: "read_only" } });
    expect(rig.world.signatures).toEqual([]);
    isFull = false;
    await rig.clock.advance(2_000);
    expect(rig.world.signatures).toHaveLength(1);
  });

  test("nothing of a frozen wallet is signed until it is unfrozen", async () => {
    const rig = await startRig();
    await openWallet(rig);
    const go = await payWithFeeOnHold(rig);
    await send(rig, "wallet", "wal_1", { type: "wallet.freeze", reason: "r" });
    go();
    await drain();
    expect(rig.engine.record(TX)?.context).toMatchObject({ failure: { code: "wallet_frozen" } });
    await send(rig, "wallet", "wal_1", { type: "wallet.unfreeze" });
    await rig.clock.advance(2_000);
    expect([rig.world.signatures.length, tagOf(rig, "payout", "po_1")]).toEqual([1, "broadcast"]);
  });

  describe("while what stops it stands", () => {
    const HOUR = 3_600_000;
    const lengthOf = async (rig: Rig, id: string) =>
      (await rig.engine.journal({ kind: "transaction", id }, { afterRevision: 0, limit: 500 })).length;

    test("a payment writes nothing for hours, also across a restart, and goes on soon after", async () => {
      const disk = new MemoryKeyValue();
      let isFull = true;
      const before = await startRig({ store: memoryStore(disk), maySign: () => !isFull });
      await openWallet(before);
      await pay(before, "po_1");
      await drain();
      await before.clock.advance(HOUR);
      const length = await lengthOf(before, TX.id);
      expect(length).toBeLessThan(5);
      await before.clock.advance(3 * HOUR);
      expect(await lengthOf(before, TX.id)).toBe(length);
      await before.engine.drain();
      const rig = await startRig({ store: memoryStore(disk), maySign: () => !isFull });
      await rig.clock.advance(HOUR);
      expect(await lengthOf(rig, TX.id)).toBe(length);
      isFull = false;
      await rig.clock.advance(5_000);
      expect([rig.world.signatures.length, tagOf(rig, "payout", "po_1")]).toEqual([1, "broadcast"]);
    });

    test("another reason is told, and one that is over leads on", async () => {
      let isFull = true;
      const rig = await startRig({ maySign: () => !isFull });
      await openWallet(rig);
      await pay(rig, "po_1");
      await drain();
      await rig.clock.advance(60_000);
      await send(rig, "wallet", "wal_1", { type: "wallet.freeze", reason: "r" });
      isFull = false;
      await rig.clock.advance(5_000);
      expect(rig.engine.record(TX)?.context).toMatchObject({ failure: { code: "wallet_frozen" } });
      await rig.clock.advance(HOUR);
      const length = await lengthOf(rig, TX.id);
      await rig.clock.advance(HOUR);
      expect(await lengthOf(rig, TX.id)).toBe(length);
      await send(rig, "wallet", "wal_1", { type: "wallet.unfreeze" });
      await rig.clock.advance(5_000);
      expect(tagOf(rig, "payout", "po_1")).toBe("broadcast");
    });

    test("many wait without a place in memory, can be cancelled, and all go on", async () => {
      const rig = await startRig();
      await openWallet(rig);
      rig.world.inTheWay = { code: "nodes_disagree", detail: "two nodes, two blocks" };
      const ids = Array.from({ length: 1_500 }, (_, at) => `po_${at}`);
      for (const id of ids) await pay(rig, id);
      await rig.clock.advance(60_000);
      expect(rig.engine.status()).toMatchObject({ effectsQueued: { buildTransaction: 0 } });
      await send(rig, "payout", "po_7", { type: "payout.cancel", by: "me" });
      rig.world.inTheWay = undefined;
      await rig.clock.advance(60_000);
      expect(ids.filter((id) => tagOf(rig, "payout", id) !== "broadcast")).toEqual(["po_7"]);
      expect(tagOf(rig, "payout", "po_7")).toBe("cancelled");
    });

    test("an engine that drains looks at nothing any more", async () => {
      const rig = await startRig({ maySign: () => false });
      await openWallet(rig);
      await pay(rig, "po_1");
      await drain();
      await rig.clock.advance(10_000);
      await rig.engine.drain();
      await rig.clock.advance(60_000);
      expect(rig.world.signatures).toEqual([]);
    });
  });

  test("nothing is signed while the wallet's record is damaged, and everything once it is whole again", async () => {
    const disk = new MemoryKeyValue();
    const before = await startRig({ store: memoryStore(disk) });
    await openWallet(before);
    await payWithFeeOnHold(before);
    const whole = disk.getSync("s!wallet!wal_1") ?? "";
    disk.writeNow([{ key: "s!wallet!wal_1", value: whole.replace('"kind"', '"kinb"') }]);
    const rig = await startRig({ store: memoryStore(disk) });
    await drain();
    expect(rig.engine.record(TX)).toMatchObject({
      state: "waitingToBuild",
      context: { failure: { code: "quarantined" } },
    });
    await rig.clock.advance(60_000);
    disk.writeNow([{ key: "s!wallet!wal_1", value: whole }]);
    await rig.engine.release({ kind: "wallet", id: "wal_1" }, "me");
    await rig.clock.advance(60_000);
    expect([rig.world.signatures.length, tagOf(rig, "payout", "po_1")]).toEqual([1, "broadcast"]);
  });

  test("a payment that is signed at once takes no step of its own for it", async () => {
    const rig = await startRig();
    await openWallet(rig);
    await pay(rig, "po_1");
    await drain();
    const journal = await rig.engine.journal(TX, { afterRevision: 0, limit: 9 });
    expect(journal.map(({ to }) => to)).toEqual(["building", "onWire.broadcasting", "onWire.pending"]);
  });

  test("a payment that cannot be signed at once says why, and is signed later", async () => {
    const rig = await startRig();
    await openWallet(rig);
    rig.world.onSign = () => Promise.reject(new Fault("signer_unavailable", "the thread ended"));
    await pay(rig, "po_1");
    await drain();
    expect(rig.engine.record(TX)).toMatchObject({
      state: "waitingToBuild",
      context: { failure: { code: "signer_unavailable" } },
    });
    rig.world.onSign = async () => {};
    await rig.clock.advance(2_000);
    expect([rig.world.signatures.length, tagOf(rig, "payout", "po_1")]).toEqual([1, "broadcast"]);
  });

  test("nothing is signed of a payment that is cancelled while its fee is asked for", async () => {
    const rig = await startRig();
    await openWallet(rig);
    const go = await payWithFeeOnHold(rig);
    await send(rig, "payout", "po_1", { type: "payout.cancel", by: "me" });
    go();
    await drain();
    expect([rig.world.signatures, tagOf(rig, "payout", "po_1")]).toEqual([[], "cancelled"]);
  });

  test("two equal payments have different bytes", async () => {
    const rig = await startRig();
    await openWallet(rig);
    await Promise.all([pay(rig, "po_1"), pay(rig, "po_2")]);
    await drain();
    const [a, b] = rig.world.signatures;
    expect([a?.to, a?.amount]).toEqual([b?.to, b?.amount]);
    expect(a?.timestamp).not.toBe(b?.timestamp);
    expect(new Set(rig.world.broadcasts).size).toBe(2);
  });

  test("a local clock that is ten minutes off decides nothing", async () => {
    const rig = await startRig();
    await openWallet(rig);
    await pay(rig, "po_1");
    await drain();
    await rig.clock.advance(600_000);
    expect(tagOf(rig, "payout", "po_1")).toBe("broadcast");
    expect(new Set(rig.world.broadcasts).size).toBe(1);
    expect(rig.world.broadcasts.length).toBeGreaterThan(5);
    expect(ledgerOf(rig).usdt.inFlight).toBe("25000000");
  });
});

test("every effect belongs to a service", () => {
  expect(serviceOf("signTransaction")).toBe("wallet-manager");
  expect(() => serviceOf("ghost")).toThrow("belongs to no service");
});

/** The answer about the fee of `po_1` comes when the function that this resolves with is called; later ones come at once. */
async function payWithFeeOnHold(rig: Rig): Promise<() => void> {
  const { onEstimate } = rig.world;
  let go = () => {};
  rig.world.onEstimate = () => new Promise((resolve) => (go = () => resolve(onEstimate())));
  await pay(rig, "po_1");
  await drain();
  rig.world.onEstimate = onEstimate;
  return () => go();
}

describe("the bounds of an order", () => {
  test("no bytes live longer than its not_after, and they are signed with the time that is left", async () => {
    const rig = await startRig();
    await openWallet(rig);
    const notAfter = rig.world.headTimestamp() + 20_500;
    await pay(rig, "po_1", { notAfter });
    await drain();
    const [order] = rig.world.signatures;
    expect(order?.expiration).toBeLessThanOrEqual(notAfter);
    expect(order?.expiration).toBeGreaterThan(notAfter - 1_000);
    expect(rig.world.watches.get(TX.id)).toMatchObject({ expiration: order?.expiration });
  });

  test("a not_after that is later than the bytes live anyway changes nothing", async () => {
    const rig = await startRig();
    await openWallet(rig);
    await pay(rig, "po_1");
    await pay(rig, "po_2", { notAfter: rig.world.headTimestamp() + 86_400_000 });
    await drain();
    const [one, two] = rig.world.signatures;
    expect(two?.expiration).toBe(one?.expiration);
  });

  test("what could not land in time any more is not signed, is rejected and gives its money back", async () => {
    const rig = await startRig();
    await openWallet(rig);
    await pay(rig, "po_1", { notAfter: rig.world.headTimestamp() + LANDING_MS_MIN - 1 });
    await drain();
    expect(rig.world.signatures).toEqual([]);
    expect(rig.engine.record({ kind: "payout", id: "po_1" })).toMatchObject({
      tag: "rejected",
      context: { reason: { code: "not_after_passed" } },
    });
    expect(ledgerOf(rig).usdt).toMatchObject({ reserved: "0", inFlight: "0" });
  });

  test("a payout whose nodes do not answer until it is too late is not signed afterwards", async () => {
    const rig = await startRig();
    await openWallet(rig);
    const { onEstimate } = rig.world;
    rig.world.onEstimate = () => Promise.reject(new Fault("chain_unavailable", "no node answered"));
    await pay(rig, "po_1", { notAfter: rig.world.headTimestamp() + 30_000 });
    await drain();
    expect(tagOf(rig, "payout", "po_1")).toBe("pending");
    rig.world.onEstimate = onEstimate;
    rig.world.head += 8;
    await rig.clock.advance(5_000);
    expect([rig.world.signatures.length, tagOf(rig, "payout", "po_1")]).toEqual([0, "rejected"]);
  });

  test.each([
    ["its wallet is frozen", (rig: Rig) => send(rig, "wallet", "wal_1", { type: "wallet.freeze", reason: "drill" })],
    [
      "nodes disagree",
      async (rig: Rig) => {
        rig.world.inTheWay = { code: "nodes_disagree", detail: "about block 7" };
      },
    ],
    [
      "it would cost too much",
      async (rig: Rig) => {
        rig.world.onEstimate = () => Promise.reject(new Fault("fee_cap_exceeded", "too dear"));
      },
    ],
  ])("a payout that cannot be signed because %s does not keep its money beyond its time", async (_, stop) => {
    const rig = await startRig();
    await openWallet(rig);
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const { onEstimate } = rig.world;
    rig.world.onEstimate = () => held.then(() => rig.world.onEstimate());
    await pay(rig, "po_1", { notAfter: rig.world.headTimestamp() + 30_000 });
    rig.world.onEstimate = onEstimate;
    await stop(rig);
    release();
    await drain();
    await rig.clock.advance(20_000);
    expect([tagOf(rig, "payout", "po_1"), ledgerOf(rig).usdt.reserved]).toEqual(["pending", "25000000"]);
    rig.world.head += 10;
    await rig.clock.advance(70_000);
    expect(rig.engine.record({ kind: "payout", id: "po_1" })).toMatchObject({
      tag: "rejected",
      context: { reason: { code: "not_after_passed" } },
    });
    expect([rig.world.signatures.length, ledgerOf(rig).usdt.reserved]).toEqual([0, "0"]);
  });

  test("two payments of a wallet on one block differ in their times, whatever their bounds", () => {
    const head = 1_700_000_000_000;
    const times = (sequence: number, notAfter: number | undefined) => {
      const bounds = notAfter === undefined ? {} : { notAfter };
      return `${head + (sequence % 1_000)} ${expirationOf({ sequence, ...bounds }, head, 60_000)}`;
    };
    const bound = fc.option(fc.integer({ min: head + 11_000, max: head + 62_000 }), { nil: undefined });
    fc.assert(
      fc.property(fc.nat(999), fc.nat(999), fc.nat(999), bound, bound, (low, a, b, one, other) => {
        fc.pre(a !== b);
        expect(times(a * 1_000 + low, one)).not.toBe(times(b * 1_000 + low, other));
      }),
    );
  });

  test("the node's price is held against the order's own cap", async () => {
    const rig = await startRig();
    await openWallet(rig);
    await pay(rig, "po_1", { maxFeeSun: units(7_000_000n) });
    await pay(rig, "po_2");
    await drain();
    expect(rig.world.estimates.map(({ maxFeeSun }) => maxFeeSun)).toEqual(["7000000", undefined]);
  });
});
