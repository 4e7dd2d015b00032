/** The chain and its nodes do what chains and nodes do; each payout is paid once, and says what happened. */
import { describe, expect, test } from "vitest";
import type { NodeFault } from "../../src/devnet/faults.ts";
import { fastClock } from "../support/fast-clock.ts";
import { until } from "../support/poll.ts";
import { recipient, withRig, type Rig } from "./support/rig.ts";

test("a transfer whose block is replaced and that comes into another block is confirmed once", async () => {
  await withRig({}, async (rig) => {
    await rig.fundedWallet();
    const id = await includedPayout(rig);
    await rig.devnet.fork({ depth: 1, length: 2, move: true });
    await rig.untilEvent(id, "chain.orphaned");
    await rig.devnet.mine(1);
    rig.run();
    const payout = await rig.untilStatus(id, "confirmed");
    expect(payout.attempts).toHaveLength(1);
    expect(rig.paid().map(({ txId }) => txId)).toEqual([payout.txid]);
    await rig.expectLedgerEqualsChain();
  });
});

test("a transfer that a fork dropped is pushed again with the same bytes and confirmed once", async () => {
  await withRig({}, async (rig) => {
    await rig.fundedWallet();
    const id = await includedPayout(rig);
    const { txid } = await rig.client.payout(id);
    await rig.devnet.fork({ depth: 1, length: 2, drop: "all" });
    expect(rig.paid()).toEqual([]);
    await rig.untilEvent(id, "chain.orphaned");
    await rig.untilPooled();
    rig.run();
    const payout = await rig.untilStatus(id, "confirmed");
    expect(payout.txid).toBe(txid);
    expect(payout.attempts).toHaveLength(1);
    expect(rig.paid().map(({ txId }) => txId)).toEqual([txid]);
    await rig.expectLedgerEqualsChain();
  });
});

test("a transfer that was dropped and expired is replaced after the proof, and exactly one payment is on the chain", async () => {
  await withRig({}, async (rig) => {
    await rig.fundedWallet();
    const id = await includedPayout(rig);
    rig.devnet.setCensoring(true);
    await rig.devnet.fork({ depth: 1, length: 2, drop: "all" });
    rig.run();
    await rig.untilEvent(id, "chain.expired");
    rig.devnet.setCensoring(false);
    const payout = await rig.untilStatus(id, "confirmed");
    const [first, ...later] = payout.attempts;
    expect(first).toMatchObject({ outcome: "expired", proof: { scanned_to: expect.any(Number) } });
    expect(later.at(-1)).toMatchObject({ outcome: "confirmed", txid: payout.txid });
    expect(first?.txid).not.toBe(payout.txid);
    expect(rig.paid().map(({ txId }) => txId)).toEqual([payout.txid]);
    await rig.expectLedgerEqualsChain();
  });
});

test("a transfer that missed slots carry past its expiration by the block's own time is confirmed, not replaced", async () => {
  await withRig({}, async (rig) => {
    await rig.fundedWallet();
    const id = await rig.pay("31", "late");
    await rig.untilPooled();
    // The chain compares an expiration with the time of the parent block (tron.md §1.3).
    rig.devnet.missSlots(40);
    await rig.devnet.mine(1);
    expect(rig.paid()).toHaveLength(1);
    rig.run();
    const payout = await rig.untilStatus(id, "confirmed");
    expect(payout.attempts).toHaveLength(1);
    expect(rig.paid()).toHaveLength(1);
  });
});

const ANSWERS: readonly NodeFault[] = [
  { kind: "accept-then-time-out" },
  { kind: "accept-then-reset" },
  { kind: "accept-then-drop" },
  { kind: "reset-before-accept" },
  { kind: "answer-dup" },
  { kind: "p2p-failed" },
  { kind: "server-busy" },
  { kind: "other-error" },
  { kind: "refuse" },
  { kind: "rate-limit", path: "broadcasthex" },
  { kind: "truncated-json", path: "broadcasthex" },
  { kind: "html-500", path: "broadcasthex" },
];

test.for(ANSWERS)("a broadcast answered by $kind ends in one payment", async (fault) => {
  await withRig({ environment: { TRON_TIMEOUT_MS: "20000" } }, async (rig) => {
    await rig.fundedWallet();
    rig.devnet.faults.next(fault);
    const id = await rig.pay("44.1", "ambiguous");
    await until("the fault to be played", () => rig.devnet.faults.played.get(fault.kind) === 1);
    rig.run();
    const payout = await rig.untilStatus(id, "confirmed");
    expect(rig.paid().map(({ txId }) => txId)).toEqual([payout.txid]);
    await rig.expectLedgerEqualsChain();
  });
});

test("a transfer that runs out of energy in its block is tried again with a new estimate and paid once", async () => {
  // On a quick machine the engine builds before it has seen the blocks that bring the money: its bytes outlive them.
  const environment = { FEE_HEADROOM_PERCENT: "0", TX_EXPIRATION_SECONDS: "120" };
  await withRig({ speed: 10, environment }, async (rig) => {
    await rig.fundedWallet();
    const payer = rig.wallet;
    const holder = await rig.client.createWallet({ name: "holder" });
    await rig.devnet.faucet({ address: holder.address, trxSun: 100_000_000n, usdt: 50_000_000n });
    await rig.devnet.mine(6);
    await until("the holder's money", async () => {
      return (await rig.client.balance(holder.id, { refresh: true })).usdt.available_units === "50000000";
    });
    rig.devnet.faults.next({ kind: "accept-then-drop" });
    const id = await transfer(rig, { from_wallet: payer.id, to: holder.address, amount: "90" });
    await until("the transaction to be lost", () => rig.devnet.faults.played.get("accept-then-drop") === 1);
    // Paying somebody who holds nothing costs twice the energy (tron.md §7), and no estimate could know of this.
    await transfer(rig, { from_wallet: holder.id, to: recipient(1), amount: "50" });
    await rig.untilPooled();
    await rig.devnet.mine(1);
    expect(rig.devnet.ledger.usdt(holder.address)).toBe(0n);
    await rig.untilPooled();
    rig.run();
    const payout = await rig.untilStatus(id, "confirmed");
    expect(payout.attempts.map(({ outcome }) => outcome)).toEqual(["reverted", "confirmed"]);
    expect(rig.devnet.ledger.payments({ txId: payout.attempts[0]?.txid ?? "" })).toMatchObject([
      { result: "OUT_OF_ENERGY" },
    ]);
    expect(rig.paid()).toHaveLength(1);
    await rig.expectLedgerEqualsChain();
  });
});

test("a transfer that the token reverts ends as failed, moved nothing, and gives its hold back", async () => {
  await withRig({}, async (rig) => {
    await rig.fundedWallet();
    rig.devnet.faults.next({ kind: "accept-then-drop" });
    const id = await rig.pay("55", "revert");
    await afterItsSignature(rig, () => rig.devnet.usdt.setBlacklisted(rig.wallet.address, true));
    rig.run();
    const payout = await rig.untilEnded(id);
    expect(payout).toMatchObject({ status: "failed", reason: { evidence: { result: "REVERT" } } });
    expect(rig.paid()).toEqual([]);
    await rig.expectLedgerEqualsChain();
  });
});

describe("a transfer that the simulation says would revert", () => {
  /** The token stands still, so that the simulation of every transfer reverts. */
  async function payWhilePaused(rig: Rig): Promise<string> {
    await rig.fundedWallet();
    await rig.devnet.usdt.setPaused(true);
    await rig.devnet.mine(6);
    return rig.pay("66", "paused");
  }

  test("is not signed, says why, and is paid when it can be", async () => {
    // Slow enough for the engine to go on trying while the test looks at it.
    await withRig({ speed: 20 }, async (rig) => {
      const id = await payWhilePaused(rig);
      const payout = await until("a reason", async () => {
        const seen = await rig.client.payout(id);
        return seen.reason === null ? undefined : seen;
      });
      expect(payout).toMatchObject({ status: "pending", txid: null, reason: { code: "simulation_reverted" } });
      await rig.devnet.usdt.setPaused(false);
      rig.run(20);
      await rig.untilStatus(id, "confirmed");
      expect(rig.paid()).toHaveLength(1);
    });
  });

  test("is left to a person when that goes on, unsigned and with its money free", async () => {
    await withRig({ speed: 1_000 }, async (rig) => {
      const id = await payWhilePaused(rig);
      const payout = await rig.untilStatus(id, "needs_attention");
      expect(payout).toMatchObject({ txid: null, reason: { code: "simulation_reverted" } });
      await rig.expectLedgerEqualsChain();
      await rig.devnet.usdt.setPaused(false);
      await rig.devnet.mine(6);
      const again = await rig.client.insist("POST", `/api/v1/tron/payouts/${id}/retry`, { key: "again" });
      expect(again.status).toBe(202);
      rig.run(20);
      await rig.untilStatus(id, "confirmed");
      expect(rig.paid()).toHaveLength(1);
      await rig.expectLedgerEqualsChain();
    });
  });
});

test.for([
  { name: "10 minutes ahead", offsetMs: 600_000 },
  { name: "10 minutes behind", offsetMs: -600_000 },
  { name: "a year behind", offsetMs: -31_536_000_000 },
])("with a local clock $name nothing expires early or late", async ({ offsetMs }) => {
  const clock = fastClock({ speed: 150, origin: Date.now() });
  const skewed = { ...clock, now: () => clock.now() + offsetMs };
  await withRig({ clock: skewed }, async (rig) => {
    await rig.fundedWallet();
    const paidAtOnce = await rig.pay("21", "plain");
    await rig.untilPooled();
    await rig.devnet.mine(1);
    await rig.untilEvent(paidAtOnce, "chain.included");
    rig.devnet.setCensoring(true);
    const replaced = await rig.pay("22", "censored");
    await rig.untilPooled();
    // Time passes here and not on the chain: nothing may be decided by it.
    await until("two more pushes", async () => count(await rig.events(replaced), "xstate.done.actor.broadcast") >= 3);
    expect(await rig.events(replaced)).not.toContain("chain.expired");
    rig.run();
    await rig.untilEvent(replaced, "chain.expired");
    rig.devnet.setCensoring(false);
    expect((await rig.untilStatus(paidAtOnce, "confirmed")).attempts).toHaveLength(1);
    expect((await rig.untilStatus(replaced, "confirmed")).attempts[0]?.outcome).toBe("expired");
    expect(rig.paid()).toHaveLength(2);
  });
});

async function transfer(rig: Rig, body: { from_wallet: string; to: string; amount: string }): Promise<string> {
  const key = `transfer from ${body.from_wallet}`;
  const answer = await rig.client.insist<{ id: string }>("POST", "/api/v1/tron/usdt/transfer", { body, key });
  expect(answer.status, JSON.stringify(answer.body)).toBe(202);
  return answer.body.id;
}

/** A payout whose transaction is in the newest block, and the engine has seen it there. */
async function includedPayout(rig: Rig): Promise<string> {
  const id = await rig.pay("70.5", "included");
  await rig.untilPooled();
  await rig.devnet.mine(1);
  await rig.untilEvent(id, "chain.included");
  return id;
}

/** The node loses the transaction; the token changes; then the same bytes come again. No estimate can know of the change. */
async function afterItsSignature(rig: Rig, change: () => Promise<void>): Promise<void> {
  await until("the transaction to be lost", () => rig.devnet.faults.played.get("accept-then-drop") === 1);
  await change();
  await rig.devnet.mine(1);
  await rig.untilPooled();
}

function count(events: readonly string[], wanted: string): number {
  return events.filter((event) => event === wanted).length;
}
