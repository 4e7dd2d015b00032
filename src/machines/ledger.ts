/**
 * The arithmetic of a wallet: what it holds, what is promised, what is on the wire. Pure.
 *
 * L1. available = onChain - spentSince - reserved - inFlight, for each asset, never negative.
 * L2. `onChain` is a solidified balance read at `balanceBlock`; what left in later blocks is in `spent` until a later
 *     reading covers it. A reading is never older than the one it replaces.
 * L3. A hold moves reserved -> inFlight when the bytes are signed, and leaves only on settlement or proof of death.
 * L4. The rolling limit counts every hold however old it is, since it may leave at any time, and what left by the time of
 *     its block, in slices that count in full until all of them has left the window; the sum is never too small.
 */
import { Type, type Static } from "typebox";
import { assert } from "../domain/assert.ts";
import { refuse, type Refusal } from "../domain/errors.ts";
import { LIMIT_SLICE_MS, LIMIT_WINDOW_MS } from "../domain/limits.ts";
import {
  add,
  big,
  formatDecimal,
  isLess,
  saturatingAdd,
  saturatingSubtract,
  subtract,
  units,
  UnitsSchema,
  ZERO,
  type Asset,
  type Units,
} from "../domain/money.ts";

/** What one payment takes out of a wallet at most: its amount, and TRX for fees. */
export const HoldSchema = Type.Object({ usdt: UnitsSchema, trx: UnitsSchema });
export type Hold = Static<typeof HoldSchema>;

export const PurseSchema = Type.Object({ onChain: UnitsSchema, reserved: UnitsSchema, inFlight: UnitsSchema });
export type Purse = Static<typeof PurseSchema>;

export const LedgerSchema = Type.Object({
  usdt: PurseSchema,
  trx: PurseSchema,
  /** Number of a solidified block that `onChain` reflects at least; -1 before the first reading. */
  balanceBlock: Type.Integer(),
  /** Sum of `spent`. */
  spentSum: HoldSchema,
  spent: Type.Array(Type.Object({ block: Type.Integer(), usdt: UnitsSchema, trx: UnitsSchema })),
  /** USDT that left per slice of block time. */
  slices: Type.Array(Type.Object({ slice: Type.Integer(), amount: UnitsSchema })),
});
export type Ledger = Static<typeof LedgerSchema>;

export const LimitsSchema = Type.Object({
  /** Smallest payout, USDT base units. Plain transfers are exempt. */
  minimum: Type.Optional(UnitsSchema),
  /** Largest single payout or transfer, USDT base units. */
  maximum: Type.Optional(UnitsSchema),
  /** USDT base units that may leave in any 24 h. */
  daily: Type.Optional(UnitsSchema),
  /** Payouts above this wait for an approval. */
  approvalAbove: Type.Optional(UnitsSchema),
});
export type Limits = Static<typeof LimitsSchema>;

const SPENT_ENTRIES_MAX = 256;
const purse: Purse = { onChain: ZERO, reserved: ZERO, inFlight: ZERO };

export const emptyLedger: Ledger = {
  usdt: purse,
  trx: purse,
  balanceBlock: -1,
  spentSum: { usdt: ZERO, trx: ZERO },
  spent: [],
  slices: [],
};

export function holdFor(payment: { asset: Asset; amount: Units; feeReserveSun: Units }): Hold {
  return payment.asset === "USDT"
    ? { usdt: payment.amount, trx: payment.feeReserveSun }
    : { usdt: ZERO, trx: saturatingAdd(payment.amount, payment.feeReserveSun) };
}

/** What a payment that ended in a block really cost. A reverted one cost only its fee. */
export function spendOf(
  payment: { asset: Asset; amount: Units },
  outcome: { feeSun: Units; succeeded: boolean },
): Hold {
  const moved = outcome.succeeded ? payment.amount : ZERO;
  return payment.asset === "USDT"
    ? { usdt: moved, trx: outcome.feeSun }
    : { usdt: ZERO, trx: add(moved, outcome.feeSun) };
}

export function available(ledger: Ledger, asset: Asset): Units {
  const { onChain, reserved, inFlight } = asset === "USDT" ? ledger.usdt : ledger.trx;
  const left = asset === "USDT" ? ledger.spentSum.usdt : ledger.spentSum.trx;
  return saturatingSubtract(onChain, add(left, add(reserved, inFlight)));
}

function sliceOf(time: number): number {
  assert(time >= 0, "a payment leaves at a time");
  return Math.floor(time / LIMIT_SLICE_MS);
}

/** L4: USDT base units that left in the rolling window that ends at `time`, or may still leave. */
export function promisedInWindow({ usdt, slices }: Ledger, time: number): Units {
  const oldest = oldestSlice(sliceOf(time));
  return slices.reduce(
    (sum, { slice, amount }) => (slice >= oldest ? saturatingAdd(sum, amount) : sum),
    saturatingAdd(usdt.reserved, usdt.inFlight),
  );
}

/** The limits of a single payment; the door uses it on each line of a batch. */
export function judgeAmount(
  limits: Limits,
  payment: { asset: Asset; amount: Units; purpose: "payout" | "transfer" },
): Refusal | undefined {
  if (payment.asset !== "USDT") return undefined;
  if (payment.purpose === "payout" && limits.minimum !== undefined && isLess(payment.amount, limits.minimum)) {
    return refuse("below_minimum", `the minimum payout is ${formatDecimal(limits.minimum)} USDT`, {
      minimum: formatDecimal(limits.minimum),
    });
  }
  if (limits.maximum !== undefined && isLess(limits.maximum, payment.amount)) {
    return refuse("above_maximum", `the maximum per payment is ${formatDecimal(limits.maximum)} USDT`, {
      maximum: formatDecimal(limits.maximum),
    });
  }
  return undefined;
}

/** Why this hold cannot be reserved now, or undefined. */
export function judgeHold(ledger: Ledger, limits: Limits, hold: Hold, time: number): Refusal | undefined {
  if (ledger.balanceBlock < 0) return refuse("not_ready", "the wallet's balance has not been read from the chain yet");
  // Without the time nobody knows what has left the window.
  if (time === 0) return refuse("not_ready", "no block has been seen since the start");
  if (
    hold.usdt !== ZERO &&
    limits.daily !== undefined &&
    big(promisedInWindow(ledger, time)) + big(hold.usdt) > big(limits.daily)
  ) {
    const left = saturatingSubtract(limits.daily, promisedInWindow(ledger, time));
    return refuse("daily_limit_exceeded", `the rolling 24 h limit leaves ${formatDecimal(left)} USDT`, {
      left: formatDecimal(left),
    });
  }
  if (isLess(available(ledger, "USDT"), hold.usdt)) {
    return refuse(
      "insufficient_funds",
      `${formatDecimal(hold.usdt)} USDT needed, ${formatDecimal(available(ledger, "USDT"))} available`,
      {
        asset: "USDT",
        available: formatDecimal(available(ledger, "USDT")),
      },
    );
  }
  if (isLess(available(ledger, "TRX"), hold.trx)) {
    const code = hold.usdt === ZERO ? "insufficient_funds" : "insufficient_trx_for_fees";
    return refuse(code, `${formatDecimal(hold.trx)} TRX needed, ${formatDecimal(available(ledger, "TRX"))} available`, {
      asset: "TRX",
      available: formatDecimal(available(ledger, "TRX")),
    });
  }
  return undefined;
}

/** What money that comes may mend. */
export function isLackOfMoney(refusal: Refusal | undefined): boolean {
  return refusal?.code === "insufficient_funds" || refusal?.code === "insufficient_trx_for_fees";
}

export function reserve(ledger: Ledger, hold: Hold): Ledger {
  return move(ledger, hold, (p, n) => ({ ...p, reserved: add(p.reserved, n) }));
}

export function send(ledger: Ledger, hold: Hold): Ledger {
  return move(ledger, hold, (p, n) => ({ ...p, reserved: subtract(p.reserved, n), inFlight: add(p.inFlight, n) }));
}

/** A block: its number, and its time in ms. */
export type SpentIn = { readonly block: number; readonly time: number };

/** L4: counted also while there is no limit: one that is set later looks back. */
export function settle(ledger: Ledger, hold: Hold, spend: Hold, { block, time }: SpentIn): Ledger {
  const left = move(ledger, hold, (p, n) => ({ ...p, inFlight: subtract(p.inFlight, n) }));
  return spendAt({ ...left, slices: charge(ledger.slices, sliceOf(time), spend.usdt) }, spend, block);
}

/** The attempt is dead and another will follow: back to reserved, minus what the chain burned. */
export function takeBack(ledger: Ledger, hold: Hold, spend: Hold, block: number): Ledger {
  return spendAt(
    move(ledger, hold, (p, n) => ({ ...p, inFlight: subtract(p.inFlight, n), reserved: add(p.reserved, n) })),
    spend,
    block,
  );
}

export function release(ledger: Ledger, hold: Hold): Ledger {
  return move(ledger, hold, (p, n) => ({ ...p, reserved: subtract(p.reserved, n) }));
}

/** L2: takes a reading unless a newer one is known. */
export function readBalance(ledger: Ledger, reading: { usdt: Units; trx: Units; atBlock: number }): Ledger {
  if (reading.atBlock < ledger.balanceBlock) return ledger;
  const spent = ledger.spent.filter((entry) => entry.block > reading.atBlock);
  return {
    ...ledger,
    usdt: { ...ledger.usdt, onChain: reading.usdt },
    trx: { ...ledger.trx, onChain: reading.trx },
    balanceBlock: reading.atBlock,
    spent,
    spentSum: sumOfHolds(spent),
  };
}

export function isIdle(ledger: Ledger): boolean {
  return [ledger.usdt, ledger.trx].every((p) => p.reserved === ZERO && p.inFlight === ZERO);
}

function move(ledger: Ledger, hold: Hold, change: (purse: Purse, amount: Units) => Purse): Ledger {
  return { ...ledger, usdt: change(ledger.usdt, hold.usdt), trx: change(ledger.trx, hold.trx) };
}

function spendAt(ledger: Ledger, spend: Hold, block: number): Ledger {
  if (block <= ledger.balanceBlock || (spend.usdt === ZERO && spend.trx === ZERO)) return ledger;
  const spentSum = sumOfHolds([ledger.spentSum, spend]);
  const last = ledger.spent.at(-1);
  if (last === undefined || last.block !== block)
    return { ...ledger, spentSum, spent: bounded([...ledger.spent, { block, ...spend }]) };
  return { ...ledger, spentSum, spent: [...ledger.spent.slice(0, -1), { block, ...sumOfHolds([last, spend]) }] };
}

/** Merging the two oldest entries into the younger block keeps the sum and only delays when it is forgiven. */
function bounded(spent: Ledger["spent"]): Ledger["spent"] {
  const [first, second, ...rest] = spent;
  if (spent.length <= SPENT_ENTRIES_MAX || first === undefined || second === undefined) return spent;
  const block = Math.max(first.block, second.block);
  return [{ block, usdt: add(first.usdt, second.usdt), trx: add(first.trx, second.trx) }, ...rest];
}

/** The oldest slice of a window that ends in `slice`. */
function oldestSlice(slice: number): number {
  return slice - LIMIT_WINDOW_MS / LIMIT_SLICE_MS;
}

/** Blocks may become known out of order, so what is too old for the newest of them is forgotten, and nothing else. */
function charge(slices: Ledger["slices"], slice: number, amount: Units): Ledger["slices"] {
  if (amount === ZERO) return slices;
  const oldest = oldestSlice(slices.reduce((newest, entry) => Math.max(newest, entry.slice), slice));
  const others = slices.filter((entry) => entry.slice !== slice && entry.slice >= oldest);
  const counted = slices.find((entry) => entry.slice === slice)?.amount ?? ZERO;
  return [...others, { slice, amount: saturatingAdd(counted, amount) }];
}

/** Σ of several holds. */
export function sumOfHolds(holds: readonly Hold[]): Hold {
  return holds.reduce(
    (sum, hold) => ({ usdt: saturatingAdd(sum.usdt, hold.usdt), trx: saturatingAdd(sum.trx, hold.trx) }),
    {
      usdt: units(0n),
      trx: units(0n),
    },
  );
}
