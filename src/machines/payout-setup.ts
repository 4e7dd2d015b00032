/** What the states of a payout (payout.machine.ts) are made of: its actions, guards and pauses. Pure. */
import { assertEvent, assign, setup } from "xstate";
import { ATTEMPTS_MAX } from "../domain/limits.ts";
import { refuse } from "../domain/errors.ts";
import { durableActions, type StateMeta } from "./durable.ts";
import type { PayoutContext, PayoutInput } from "./payout-context.ts";
import {
  amendLast,
  hasBeenSwept,
  isMendable,
  isOfSignedBytes,
  isTooLate,
  outcomeOf,
  ranOutOfTime,
  untilTooLate,
  wasObjectedTo,
  type PayoutEvent,
} from "./payout-events.ts";
import { transactionId } from "./payout-messages.ts";

export const payoutSetup = setup({
  types: {
    context: {} as PayoutContext,
    events: {} as PayoutEvent,
    input: {} as PayoutInput,
    emitted: {} as { type: string },
    meta: {} as StateMeta,
  },
  actions: {
    ...durableActions,
    takeReservation: assign(({ event }) => {
      assertEvent(event, "wallet.reserved");
      return { reservation: { sequence: event.sequence }, reason: undefined };
    }),
    dropReservation: assign({ reservation: undefined }),
    noteRefusal: assign(({ event }) => {
      assertEvent(event, "wallet.refused");
      return { reason: event.refusal };
    }),
    decide: assign(({ event }) => {
      assertEvent(event, ["payout.approve", "payout.reject"]);
      return { decidedBy: event.by, comment: event.comment };
    }),
    beginAttempt: assign(({ context }) => ({
      attempt: context.attempt + 1,
      txId: undefined,
      attempts: [...context.attempts, { transaction: transactionId(context, context.attempt + 1) }],
    })),
    noteSigned: assign(({ context, event }) => {
      assertEvent(event, "transaction.signed");
      return { txId: event.txId, attempts: amendLast(context, { txId: event.txId }), reason: undefined };
    }),
    noteDelay: assign(({ event }) => {
      assertEvent(event, "transaction.delayed");
      return { reason: event.failure };
    }),
    noteOutcome: assign(({ context, event }) => outcomeOf(context, event)),
    /** The hold was settled or released with it. */
    noteEnd: assign(({ context, event }) => ({ ...outcomeOf(context, event), reservation: undefined })),
    noteTooLate: assign({ reason: refuse("not_after_passed", "the time until which it may be paid has passed") }),
    allowMore: assign({ attemptsAllowed: ({ context }) => context.attempt + ATTEMPTS_MAX }),
  },
  guards: {
    needsApproval: ({ context }) => context.needsApproval && context.decidedBy === undefined,
    needsApprovalInTime: ({ context }) => context.needsApproval && context.notAfter !== undefined,
    tooLate: ({ context, event }) => isTooLate(context, event),
    holdsMoney: ({ context }) => context.reservation !== undefined,
    staysApproved: ({ context, event }) => context.decidedBy !== undefined && !hasBeenSwept(context, event),
    wasTried: ({ context }) => context.attempt > 0,
    hashDiffers: ({ context, event }) => event.type === "payout.approve" && event.hash !== context.hash,
    byCreator: ({ context, event }) => event.type === "payout.approve" && event.by === context.createdBy,
    ofThisAttempt: ({ context, event }) => "attempt" in event && event.attempt === context.attempt,
    ranOutOfTime: ({ context, event }) => ranOutOfTime(context, event),
    wasObjectedTo: ({ context, event }) => wasObjectedTo(context, event),
    ofTheSignedBytes: ({ context, event }) => isOfSignedBytes(context, event),
    mendable: ({ context, event }) =>
      isOfSignedBytes(context, event) && isMendable(event) && context.attempt < context.attemptsAllowed,
    mayTryAgain: ({ context, event }) => isOfSignedBytes(context, event) && context.attempt < context.attemptsAllowed,
  },
  delays: {
    fundsRetryDelay: 30_000,
    deadlineDelay: ({ context, event }) => untilTooLate(context, event),
    nextAttemptDelay: ({ context }) => Math.min(60_000, 2_000 * 2 ** Math.min(context.attempt, 5)),
  },
});
