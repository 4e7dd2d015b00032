/**
 * A transaction that somebody else signed: its bytes are on disk before a node has them, and are pushed until a node took
 * or refused them, or their time is over. What became of it is asked from the chain; nothing here depends on it.
 *
 *   pushing -> handedOver | refused | waiting -> over
 *
 * R1. The bytes of a relay never change; they are one transaction, however often and by whom they are pushed.
 */
import { Type, type Static } from "typebox";
import { assign, setup } from "xstate";
import type { BroadcastOutcome } from "../domain/chain-facts.ts";
import { XSTATE_ITERATIONS_MAX } from "../domain/limits.ts";
import { AssetSchema, UnitsSchema } from "../domain/money.ts";
import { durableActions, effect, type Stamp, type StateMeta } from "./durable.ts";
import { PushSchema } from "./schemas.ts";
import type { BroadcastInput } from "./transaction-context.ts";

export const RelayContextSchema = Type.Object({
  txId: Type.String(),
  signedHex: Type.String(),
  /** ms of block time. */
  expiration: Type.Integer(),
  asset: AssetSchema,
  from: Type.String(),
  to: Type.String(),
  amount: UnitsSchema,
  /** id of the token that brought it. */
  createdBy: Type.String(),
  pushes: Type.Integer(),
  lastPush: Type.Optional(PushSchema),
});
export type RelayContext = Static<typeof RelayContextSchema>;
export type RelayInput = Omit<RelayContext, "pushes" | "lastPush">;

type RelayEvent = { readonly type: "relay.push" } & Partial<Stamp>;

const meta = (waitingFor: string): StateMeta => ({ waitingFor });
const PAUSE_MS = { least: 60_000, most: 3_600_000 } as const;
const classOf = (event: object) => (event as { output: BroadcastOutcome }).output.class;
const PUSH = {
  target: "pushing",
  actions: { type: "reply", params: { ok: true } },
  description: "somebody asked to push the same bytes",
} as const;
const isPast = ({ expiration }: RelayContext, { blockTime = 0 }: Partial<Stamp>) => blockTime >= expiration;
const untilEnd = ({ expiration }: RelayContext, { blockTime = 0 }: Partial<Stamp>) =>
  Math.min(PAUSE_MS.most, Math.max(PAUSE_MS.least, expiration - blockTime));

export const relayMachine = setup({
  types: {
    context: {} as RelayContext,
    events: {} as RelayEvent,
    input: {} as RelayInput,
    meta: {} as StateMeta,
  },
  actors: { relayTransaction: effect<BroadcastInput, BroadcastOutcome>() },
  actions: {
    ...durableActions,
    recordPush: assign(({ context, event }) => {
      const { output, at = 0 } = event as unknown as { output: BroadcastOutcome } & Partial<Stamp>;
      return { pushes: context.pushes + 1, lastPush: { ...output, at } };
    }),
  },
  guards: {
    taken: ({ event }) => ["accepted", "known"].includes(classOf(event)),
    refused: ({ event }) => classOf(event) === "refused",
    past: ({ context, event }) => isPast(context, event),
  },
  delays: {
    pushDelay: ({ context }) => Math.min(60_000, 3_000 * 2 ** Math.min(context.pushes, 5)),
    /** Until the bytes die, as far as is known. */
    endDelay: ({ context, event }) => untilEnd(context, event),
  },
}).createMachine({
  id: "relay",
  options: { maxIterations: XSTATE_ITERATIONS_MAX },
  initial: "pushing",
  context: ({ input }) => ({ ...input, pushes: 0 }),
  states: {
    pushing: {
      tags: "broadcast",
      description: "The recorded bytes are handed to a node.",
      meta: meta("the node's answer"),
      invoke: {
        src: "relayTransaction",
        id: "broadcast",
        input: ({ context: { txId, signedHex } }) => ({ txId, signedHex }),
        onDone: [
          { guard: "taken", target: "handedOver", actions: "recordPush", description: "a node has the bytes" },
          { guard: "refused", target: "refused", actions: "recordPush", description: "the nodes refused the bytes" },
          { target: "waiting", actions: "recordPush", description: "the answer proves nothing" },
        ],
        onError: { target: "waiting", description: "the answer was lost" },
      },
      on: {
        "relay.push": {
          actions: { type: "reply", params: { ok: true } },
          description: "the bytes are on their way already",
        },
      },
    },
    waiting: {
      tags: "broadcast",
      description: "Whether any node has the bytes cannot be told.",
      meta: meta("the pause before the same bytes are pushed again"),
      after: {
        pushDelay: [
          { guard: "past", target: "over", description: "the time of the bytes is over" },
          { target: "pushing", description: "the same bytes are pushed again" },
        ],
      },
      on: { "relay.push": PUSH },
    },
    handedOver: {
      tags: "handed_over",
      description: "A node has the bytes. Whether a block will the chain decides.",
      meta: meta("the end of the time of the bytes"),
      after: {
        endDelay: [
          { guard: "past", target: "over", description: "the time of the bytes is over" },
          { target: "handedOver", reenter: true, description: "a block may still take them" },
        ],
      },
      on: { "relay.push": PUSH },
    },
    refused: {
      tags: "refused",
      description: "The nodes refused the bytes here and now. Until their time is over somebody can push them again.",
      meta: meta("somebody who pushes them again, or the end of their time"),
      after: {
        endDelay: [
          { guard: "past", target: "over", description: "the time of the bytes is over" },
          { target: "refused", reenter: true, description: "they can still be pushed" },
        ],
      },
      on: { "relay.push": PUSH },
    },
    over: {
      type: "final",
      tags: "over",
      description: "The time of the bytes is over: they are in a block by now, or never will be.",
      meta: meta("nothing"),
    },
  },
});
