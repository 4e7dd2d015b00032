/**
 * Many payouts ordered together. Lines are told apart by their line id: two lines to one address stay two payouts.
 *
 * all_or_nothing: the whole sum is reserved first, in one step; if it does not fit, no line exists.
 * best_effort: every valid line becomes a payout of its own and is judged by itself; invalid lines are kept with their reason.
 */
import { Type, type Static } from "typebox";
import { assertEvent, assign, emit, setup } from "xstate";
import { add, AssetSchema, saturatingSubtract, UnitsSchema, ZERO, type Units } from "../domain/money.ts";
import type { Refusal } from "../domain/errors.ts";
import { XSTATE_ITERATIONS_MAX } from "../domain/limits.ts";
import { durableActions, type Stamp, type StateMeta, type Tell } from "./durable.ts";
import { holdFor, sumOfHolds } from "./ledger.ts";
import type { PayoutInput } from "./payout-context.ts";
import { ActorAddressSchema, RefusalSchema } from "./schemas.ts";

export const BatchLineSchema = Type.Object({
  payoutId: Type.String(),
  lineId: Type.String(),
  to: Type.String(),
  amount: UnitsSchema,
  hash: Type.String(),
  needsApproval: Type.Boolean(),
  looksLike: Type.Optional(Type.String()),
  externalId: Type.Optional(Type.String()),
});

export const PayoutBatchContextSchema = Type.Object({
  self: ActorAddressSchema,
  mode: Type.Union([Type.Literal("all_or_nothing"), Type.Literal("best_effort")]),
  walletId: Type.String(),
  from: Type.String(),
  asset: AssetSchema,
  feeReserveSun: UnitsSchema,
  createdBy: Type.String(),
  /** Until the payouts exist; they own their lines afterwards. */
  lines: Type.Array(BatchLineSchema),
  invalid: Type.Array(Type.Object({ lineId: Type.String(), index: Type.Integer(), refusal: RefusalSchema })),
  count: Type.Integer(),
  total: UnitsSchema,
  /** Lines that reached each final status, and their sums. */
  counts: Type.Record(Type.String(), Type.Integer()),
  amounts: Type.Record(Type.String(), UnitsSchema),
  reason: Type.Optional(RefusalSchema),
});
export type PayoutBatchContext = Static<typeof PayoutBatchContextSchema>;
export type PayoutBatchInput = Omit<PayoutBatchContext, "count" | "total" | "counts" | "amounts" | "reason">;

type Events =
  | { type: "wallet.reserved"; sequence: number }
  | { type: "wallet.refused"; refusal: Refusal }
  | { type: "batch.line"; was?: string; status: string; amount: Units };
type BatchEvent = Events & Partial<Stamp>;

const meta = (waitingFor: string): StateMeta => ({ waitingFor });

export const payoutBatchMachine = setup({
  types: {
    context: {} as PayoutBatchContext,
    events: {} as BatchEvent,
    input: {} as PayoutBatchInput,
    emitted: {} as { type: string },
    meta: {} as StateMeta,
  },
  actions: {
    ...durableActions,
    count: assign(({ context, event }) => {
      assertEvent(event, "batch.line");
      return recount(context, event);
    }),
  },
  guards: {
    allOrNothing: ({ context }) => context.mode === "all_or_nothing",
    allEnded: ({ context }) => Object.values(context.counts).reduce((sum, n) => sum + n, 0) >= context.count,
  },
}).createMachine({
  id: "payoutBatch",
  options: { maxIterations: XSTATE_ITERATIONS_MAX },
  initial: "requested",
  context: ({ input }) => ({
    ...input,
    count: input.lines.length,
    total: input.lines.reduce((sum, line) => add(sum, line.amount), ZERO),
    counts: {},
    amounts: {},
  }),
  states: {
    requested: {
      tags: "pending",
      description: "The batch is recorded.",
      meta: meta("nothing"),
      entry: emit(({ context: c }) => ({ type: "batch.created", count: c.count, total: c.total })),
      always: [
        { guard: "allOrNothing", target: "reserving", description: "all lines or none" },
        {
          target: "running",
          actions: [{ type: "tell", params: ({ context: c }) => payoutsOf(c) }, assign({ lines: [] })],
          description: "every line is judged by itself",
        },
      ],
    },
    reserving: {
      tags: "pending",
      description: "The wallet is asked to set the whole sum aside.",
      meta: meta("the wallet's answer"),
      entry: { type: "tell", params: ({ context: c }) => reserveAll(c) },
      on: {
        "wallet.reserved": {
          target: "running",
          actions: [{ type: "tell", params: ({ context: c, event }) => payoutsOf(c, event) }, assign({ lines: [] })],
          description: "the whole sum is set aside",
        },
        "wallet.refused": {
          target: "rejected",
          actions: assign({ reason: ({ event }) => event.refusal }),
          description: "the wallet has no room for the whole sum",
        },
      },
    },
    running: {
      tags: "pending",
      description: "Its payouts are under way.",
      meta: meta("its payouts to end"),
      always: { guard: "allEnded", target: "finished", description: "every line has ended" },
      on: { "batch.line": { actions: "count", description: "a line ended, or left its end" } },
    },
    finished: {
      tags: "finished",
      description: "Every line has ended; see the counts for how.",
      meta: meta("nothing, unless an operator retries a failed line"),
      entry: emit(({ context: c }) => ({ type: "batch.finished", counts: c.counts })),
      on: {
        "batch.line": { target: "running", actions: "count", description: "a failed line was tried again and ended" },
      },
    },
    rejected: {
      type: "final",
      tags: "rejected",
      description: "Refused as a whole; no line exists.",
      meta: meta("nothing"),
      entry: emit(({ context: c }) => ({ type: "batch.rejected", reason: c.reason?.code })),
    },
  },
});

function recount(
  c: PayoutBatchContext,
  event: { was?: string; status: string; amount: Units },
): Partial<PayoutBatchContext> {
  const counts = { ...c.counts };
  const amounts = { ...c.amounts };
  if (event.was !== undefined) {
    counts[event.was] = (counts[event.was] ?? 1) - 1;
    amounts[event.was] = saturatingSubtract(amounts[event.was] ?? ZERO, event.amount);
  }
  counts[event.status] = (counts[event.status] ?? 0) + 1;
  amounts[event.status] = add(amounts[event.status] ?? ZERO, event.amount);
  return { counts, amounts };
}

function reserveAll(c: PayoutBatchContext): Tell {
  const hold = sumOfHolds(
    c.lines.map((line) => holdFor({ asset: c.asset, amount: line.amount, feeReserveSun: c.feeReserveSun })),
  );
  return {
    to: { kind: "wallet", id: c.walletId },
    message: { type: "wallet.reserve", from: c.self, hold, count: c.lines.length },
  };
}

function payoutsOf(c: PayoutBatchContext, reserved?: { sequence: number }): Tell[] {
  return c.lines.map((line, i) => {
    const input: PayoutInput = {
      self: { kind: "payout", id: line.payoutId },
      purpose: "payout",
      walletId: c.walletId,
      from: c.from,
      to: line.to,
      asset: c.asset,
      amount: line.amount,
      feeReserveSun: c.feeReserveSun,
      hash: line.hash,
      needsApproval: line.needsApproval,
      looksLike: line.looksLike,
      createdBy: c.createdBy,
      externalId: line.externalId,
      batch: c.self,
      lineId: line.lineId,
      reservation: reserved === undefined ? undefined : { sequence: reserved.sequence + i },
    };
    return { to: { kind: "payout", id: line.payoutId }, create: input };
  });
}
