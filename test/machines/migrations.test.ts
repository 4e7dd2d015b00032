import fc from "fast-check";
import { expect, test } from "vitest";
import { LIMIT_SLICE_MS, LIMIT_WINDOW_MS } from "../../src/domain/limits.ts";
import { units, type Units } from "../../src/domain/money.ts";
import { upgrade } from "../../src/actors/step.ts";
import { emptyLedger, promisedInWindow, type Ledger } from "../../src/machines/ledger.ts";
import type { PayoutContext } from "../../src/machines/payout-context.ts";
import type { WalletContext } from "../../src/machines/wallet.machine.ts";
import { Driven, entryOf } from "../support/kernel.ts";
import { payoutInput } from "../support/engine.ts";

const u = (amount: number): Units => units(BigInt(amount));
const WALLET = { address: "T-w", name: "w", kind: "hd", labels: {}, limits: {}, hot: true };

function upgradedLedger(change: { reserved: number; inFlight: number; slices: readonly [number, number][] }): Ledger {
  const slices = change.slices.map(([slice, amount]) => ({ slice, amount: u(amount) }));
  const usdt = { ...emptyLedger.usdt, reserved: u(change.reserved), inFlight: u(change.inFlight) };
  const { record } = Driven.born("wallet", WALLET);
  const context = { ...(record.context as WalletContext), ledger: { ...emptyLedger, usdt, slices } };
  return (upgrade(entryOf("wallet"), { ...record, version: "1", context }).context as WalletContext).ledger;
}

test("after the upgrade of a wallet the limit never counts less than the payments that stand", () => {
  const payments = fc.array(
    fc.record({ slice: fc.nat(200), amount: fc.integer({ min: 1, max: 50 }), isHeld: fc.boolean() }),
    {
      maxLength: 30,
    },
  );
  fc.assert(
    fc.property(payments, fc.nat(400), fc.nat(200), (all, now, forgottenAgo) => {
      const oldest = now - LIMIT_WINDOW_MS / LIMIT_SLICE_MS;
      const forgottenBefore = oldest - forgottenAgo;
      const perSlice = new Map<number, number>();
      for (const { slice, amount } of all) perSlice.set(slice, (perSlice.get(slice) ?? 0) + amount);
      const sum = (of: typeof all) => of.reduce((total, { amount }) => total + amount, 0);
      const held = all.filter(({ isHeld }) => isHeld);
      // Version 1 forgot slices that had left the window, also of what was still held.
      const remembered = [...perSlice].filter(([slice]) => slice >= forgottenBefore);
      const ledger = upgradedLedger({ reserved: sum(held), inFlight: 0, slices: remembered });

      const truth = sum(held) + sum(all.filter(({ isHeld, slice }) => !isHeld && slice >= oldest));
      expect(Number(promisedInWindow(ledger, now * LIMIT_SLICE_MS))).toBeGreaterThanOrEqual(truth);
    }),
    { numRuns: 500 },
  );
});

test("a payout of version 1 keeps its number and forgets its slice", () => {
  const { record } = Driven.born("payout", payoutInput("po_1", {}), { id: "po_1" });
  const asIn1 = (reservation: object | undefined) =>
    upgrade(entryOf("payout"), {
      ...record,
      version: "1",
      context: { ...(record.context as PayoutContext), ...(reservation === undefined ? {} : { reservation }) },
    }).context as PayoutContext;
  expect(asIn1({ sequence: 3, slice: 5 }).reservation).toEqual({ sequence: 3 });
  expect(asIn1(undefined)).not.toHaveProperty("reservation");
});
