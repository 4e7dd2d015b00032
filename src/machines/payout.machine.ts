/**
 * A payout (or a plain transfer): one order to pay, whatever it takes.
 *
 *   requested -> (awaitingApproval -> approved) -> reserving -> transacting -> confirmed
 *                                                     ^  |            |-> retrying | failed | needsAttention
 *                                                        -> withdrawing -> cancelled
 *
 * P1. It pays through one `transaction` actor at a time; the next attempt starts only after the one before reported
 *     `expired` (with proof), `reverted` (solidified) or `failed`/`cancelled` (never signed).
 * P2. It holds money in its wallet from `reserving` until it is confirmed, or provably will not be.
 * P3. A cancel wins only while nothing is signed; the answer says which, in the same commit.
 * P4. Nothing that could land after its `notAfter` is signed: the bytes themselves expire before.
 */
import { assign, emit } from "xstate";
import { ATTEMPTS_MAX, XSTATE_ITERATIONS_MAX } from "../domain/limits.ts";
import type { StateMeta } from "./durable.ts";
import { holdFor } from "./ledger.ts";
import {
  heldByBatch,
  listed,
  releaseHold,
  settleHold,
  startTransaction,
  takeBackHold,
  toBatch,
  toWallet,
  transactionOf,
} from "./payout-messages.ts";
import { reply } from "./payout-replies.ts";
import { payoutSetup } from "./payout-setup.ts";

const meta = (waitingFor: string): StateMeta => ({ waitingFor });
const NEW_ATTEMPT = {
  target: "reserving",
  actions: ["allowMore", reply.ok],
  description: "an operator asked for a new attempt",
} as const;
const CLOSE = { target: "cancelled", actions: reply.ok, description: "an operator closed it" } as const;

const TOO_LATE = {
  guard: "tooLate",
  actions: reply.tooLate,
  description: "the time in which it may be paid has passed",
} as const;
const APPROVAL = {
  "payout.approve": [
    { guard: "hashDiffers", actions: reply.staleHash, description: "the approval names another version" },
    { guard: "byCreator", actions: reply.selfApproval, description: "the creator cannot approve" },
    TOO_LATE,
    {
      guard: "holdsMoney",
      target: "transacting",
      actions: ["decide", reply.ok],
      description: "approved; the money was already reserved",
    },
    { target: "reserving", actions: ["decide", reply.ok], description: "approved" },
  ],
  "payout.reject": { target: "rejected", actions: ["decide", reply.ok], description: "an approver rejected it" },
  "payout.cancel": { target: "cancelled", actions: reply.ok, description: "cancelled before it was approved" },
} as const;

export const payoutMachine = payoutSetup.createMachine({
  id: "payout",
  options: { maxIterations: XSTATE_ITERATIONS_MAX },
  initial: "requested",
  context: ({ input }) => ({ ...input, attempt: 0, attemptsAllowed: ATTEMPTS_MAX, attempts: [] }),
  states: {
    requested: {
      tags: "pending",
      description: "The order is recorded.",
      meta: meta("nothing"),
      entry: emit(({ context: c }) => ({ type: "payout.created", amount: c.amount, asset: c.asset, to: c.to })),
      always: [
        {
          guard: "needsApprovalInTime",
          target: "awaitingApprovalInTime",
          description: "it needs an approval, in time",
        },
        { guard: "needsApproval", target: "awaitingApproval", description: "it needs an approval" },
        { guard: "holdsMoney", target: "transacting", description: "its batch already reserved the money" },
        { target: "reserving", description: "no approval is needed" },
      ],
    },
    awaitingApproval: {
      tags: "awaiting_approval",
      description: "Somebody other than the creator has to approve exactly this payout.",
      meta: meta("an approver"),
      on: APPROVAL,
    },
    awaitingApprovalInTime: {
      tags: "awaiting_approval",
      description: "Somebody other than the creator has to approve exactly this payout while it may still be paid.",
      meta: meta("an approver, or the end of the time in which it may be paid"),
      after: {
        deadlineDelay: [
          { guard: "tooLate", target: "rejected", actions: "noteTooLate", description: "nobody approved it in time" },
          { target: "awaitingApprovalInTime", reenter: true, description: "it may still be paid" },
        ],
      },
      on: APPROVAL,
    },
    approved: {
      tags: "approved",
      description: "Approved, but the wallet has no room for it yet.",
      meta: meta("the wallet to have room for it"),
      after: {
        fundsRetryDelay: [
          { guard: "tooLate", target: "rejected", actions: "noteTooLate", description: "there was no room in time" },
          { target: "reserving", description: "the wallet is asked again" },
        ],
      },
      on: {
        "payout.retry": [
          TOO_LATE,
          { target: "reserving", actions: reply.ok, description: "an operator asked to try now" },
        ],
        "payout.cancel": {
          target: "cancelled",
          actions: reply.ok,
          description: "cancelled before anything was signed",
        },
      },
    },
    reserving: {
      tags: "pending",
      description: "The wallet is asked to set the money aside.",
      meta: meta("the wallet's answer"),
      entry: {
        type: "tell",
        params: ({ context: c }) => toWallet(c, { type: "wallet.reserve", from: c.self, hold: holdFor(c), count: 1 }),
      },
      on: {
        "wallet.reserved": { target: "transacting", actions: "takeReservation", description: "the money is set aside" },
        "wallet.refused": [
          {
            guard: "wasTried",
            target: "failed",
            actions: "noteRefusal",
            description: "the wallet has no room for another attempt",
          },
          {
            guard: "staysApproved",
            target: "approved",
            actions: "noteRefusal",
            description: "the wallet has no room for it yet",
          },
          { target: "rejected", actions: "noteRefusal", description: "the wallet refused it" },
        ],
        "payout.cancel": {
          target: "withdrawing",
          actions: reply.ok,
          description: "cancelled before the wallet answered",
        },
      },
    },
    withdrawing: {
      tags: "cancelled",
      description: "Cancelled while its wallet is asked for the money. It is never paid.",
      meta: meta("the wallet's answer, to give back what it sets aside"),
      on: {
        "wallet.reserved": {
          target: "cancelled",
          actions: "takeReservation",
          description: "what it set aside goes back",
        },
        "wallet.refused": { target: "cancelled", description: "it set nothing aside" },
        "payout.cancel": { actions: reply.ok, description: "it is cancelled already" },
      },
    },
    transacting: {
      description: "A transaction pays it.",
      meta: meta("its transaction"),
      initial: "preparing",
      entry: ["beginAttempt", { type: "tell", params: ({ context: c }) => startTransaction(c) }],
      on: {
        "transaction.doubted": {
          guard: "ofTheSignedBytes",
          target: ".unknown",
          actions: "noteOutcome",
          description: "no node gave a clear answer, or nodes disagree",
        },
        "transaction.confirmed": {
          guard: "ofTheSignedBytes",
          target: "confirmed",
          actions: [{ type: "tell", params: ({ context: c, event }) => settleHold(c, event.inclusion) }, "noteEnd"],
          description: "its transaction succeeded in a solidified block",
        },
        "transaction.reverted": [
          {
            guard: "mendable",
            target: "retrying",
            actions: [
              { type: "tell", params: ({ context: c, event }) => takeBackHold(c, event.inclusion) },
              "noteOutcome",
            ],
            description: "its transaction failed for good in a way that another attempt can mend",
          },
          {
            guard: "ofTheSignedBytes",
            target: "failed",
            actions: [
              { type: "tell", params: ({ context: c, event }) => [takeBackHold(c, event.inclusion), releaseHold(c)] },
              "noteEnd",
            ],
            description: "its transaction failed for good",
          },
        ],
        "transaction.expired": [
          {
            guard: "mayTryAgain",
            target: "retrying",
            actions: [{ type: "tell", params: ({ context: c }) => takeBackHold(c) }, "noteOutcome"],
            description: "its transaction is proved dead",
          },
          {
            guard: "ofTheSignedBytes",
            target: "needsAttention",
            actions: [{ type: "tell", params: ({ context: c }) => [takeBackHold(c), releaseHold(c)] }, "noteEnd"],
            description: "its last allowed transaction is proved dead",
          },
        ],
      },
      states: {
        preparing: {
          tags: "pending",
          description: "Its transaction is being built and signed.",
          meta: meta("its transaction to be signed"),
          on: {
            "transaction.delayed": {
              guard: "ofThisAttempt",
              actions: "noteDelay",
              description: "its transaction cannot be built right now; it will be tried again",
            },
            "transaction.signed": {
              guard: "ofThisAttempt",
              target: "onWire",
              actions: [
                { type: "tell", params: ({ context: c }) => toWallet(c, { type: "wallet.send", hold: holdFor(c) }) },
                "noteSigned",
              ],
              description: "the bytes are signed and on disk",
            },
            "transaction.failed": [
              {
                guard: "ranOutOfTime",
                target: "#payout.rejected",
                actions: [{ type: "tell", params: ({ context: c }) => releaseHold(c) }, "noteEnd"],
                description: "its first transaction could not be signed in time",
              },
              {
                guard: "wasObjectedTo",
                target: "#payout.needsAttention",
                actions: [{ type: "tell", params: ({ context: c }) => releaseHold(c) }, "noteEnd"],
                description: "nodes kept saying that it would revert or cost too much; nothing was signed",
              },
              {
                guard: "ofThisAttempt",
                target: "#payout.failed",
                actions: [{ type: "tell", params: ({ context: c }) => releaseHold(c) }, "noteEnd"],
                description: "its transaction could not be built; nothing was signed",
              },
            ],
            "payout.cancel": {
              target: "#payout.cancelled",
              actions: [
                {
                  type: "tell",
                  params: ({ context: c }) => [
                    { to: transactionOf(c), message: { type: "transaction.cancel" } },
                    releaseHold(c),
                  ],
                },
                "dropReservation",
                reply.ok,
              ],
              description: "cancelled before anything was signed",
            },
          },
        },
        onWire: {
          tags: "broadcast",
          description: "Its signed transaction may be in the hands of nodes.",
          meta: meta("a solidified block with its transaction, or proof that it expired"),
          entry: emit(({ context: c }) => ({ type: "payout.broadcast", txId: c.txId })),
          on: {
            "payout.cancel": { actions: reply.notCancellable, description: "too late to cancel" },
          },
        },
        unknown: {
          tags: "unknown",
          description:
            "Whether its transaction reached the network cannot be told. Unknown waits; nothing new is signed.",
          meta: meta("a block with its transaction, or proof that it expired"),
          on: {
            "transaction.seen": {
              guard: "ofThisAttempt",
              target: "onWire",
              actions: "noteOutcome",
              description: "the transaction was seen again",
            },
            "payout.cancel": { actions: reply.notCancellable, description: "too late to cancel" },
          },
        },
      },
    },
    retrying: {
      tags: "retry",
      description: "The attempt before is provably dead; a new one follows.",
      meta: meta("the pause before the next attempt"),
      entry: emit(({ context: c }) => ({ type: "payout.retrying", attempt: c.attempt })),
      after: { nextAttemptDelay: { target: "transacting", description: "the next attempt begins" } },
      on: {
        "payout.retry": {
          target: "transacting",
          actions: reply.ok,
          description: "an operator asked for the next attempt now",
        },
        "payout.cancel": {
          target: "cancelled",
          actions: [{ type: "tell", params: ({ context: c }) => releaseHold(c) }, "dropReservation", reply.ok],
          description: "cancelled while no transaction could land",
        },
      },
    },
    failed: {
      tags: "failed",
      description: "It ended without paying, and provably never will by itself.",
      meta: meta("an operator, if it should be tried again"),
      entry: [
        emit(({ context: c }) => ({ type: "payout.failed", reason: c.reason?.code })),
        { type: "tell", params: ({ context: c }) => toBatch(c, "failed") },
        assign({ reported: "failed" }),
      ],
      on: {
        "payout.retry": [TOO_LATE, NEW_ATTEMPT],
        "payout.cancel": CLOSE,
      },
    },
    needsAttention: {
      tags: "needs_attention",
      description:
        "It stopped trying: no attempt can land any more, and another one might fail the same way. A person has to look.",
      meta: meta("an operator"),
      entry: [
        emit(({ context: c }) => ({ type: "payout.needs_attention", reason: c.reason?.code })),
        { type: "tell", params: ({ context: c }) => toBatch(c, "needs_attention") },
        assign({ reported: "needs_attention" }),
      ],
      on: {
        "payout.retry": [TOO_LATE, NEW_ATTEMPT],
        "payout.cancel": CLOSE,
      },
    },
    confirmed: {
      type: "final",
      tags: "confirmed",
      description: "Paid: its transaction succeeded in a solidified block.",
      meta: meta("nothing"),
      entry: [
        emit(({ context: c }) => ({
          type: "payout.confirmed",
          txId: c.txId,
          blockNumber: c.attempts.at(-1)?.inclusion?.blockNumber,
        })),
        { type: "tell", params: ({ context: c }) => toBatch(c, "confirmed") },
      ],
    },
    rejected: {
      type: "final",
      tags: "rejected",
      description: "Refused before anything was signed.",
      meta: meta("nothing"),
      entry: [
        emit(({ context: c }) => ({ type: "payout.rejected", reason: c.reason?.code })),
        { type: "tell", params: ({ context: c }) => [...heldByBatch(c), ...listed(toBatch(c, "rejected"))] },
      ],
    },
    cancelled: {
      type: "final",
      tags: "cancelled",
      description: "Cancelled while nothing of it could land.",
      meta: meta("nothing"),
      entry: [
        emit({ type: "payout.cancelled" }),
        { type: "tell", params: ({ context: c }) => [...heldByBatch(c), ...listed(toBatch(c, "cancelled"))] },
      ],
    },
  },
});
