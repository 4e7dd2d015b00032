/**
 * The life of one on-chain transaction, shared by everything that sends.
 *
 *   building -> (signing) -> (signed) -> broadcasting -> pending -> included -> confirmed | reverted | expired
 *
 * T1. Signed bytes are in this record before they are handed to any node, and they are never replaced.
 * T2. The same bytes are pushed as often as needed. `unknown` is a state, never a failure.
 * T3. `expired` needs an `AbsenceProof` that covers every block the bytes could be in (tron.md §1.8).
 * T4. `reverted` needs a solidified block: the same txID can never run again.
 * T5. Until the bytes are signed it can be cancelled; afterwards only the chain decides.
 * T6. A simulated revert or a price above the cap is tried `BUILD_OBJECTIONS_MAX` times; then it ends, never signed.
 */
import { assertEvent, assign, setup } from "xstate";
import type { BroadcastOutcome } from "../domain/chain-facts.ts";
import { XSTATE_ITERATIONS_MAX } from "../domain/limits.ts";
import { durableActions, effect, effectError, subscription, type Stamp, type StateMeta } from "./durable.ts";
import {
  broadcastInput,
  buildInput,
  signInput,
  watchInput,
  type BroadcastInput,
  type BuildInput,
  type BuildOutput,
  type SignInput,
  type SignOutput,
  type TransactionContext,
  type TransactionInput,
  type WatchInput,
} from "./transaction-context.ts";
import {
  isObjectedTooOften,
  isRetryable,
  isSigned,
  objectionsWith,
  outcomeIs,
  type TransactionEvent,
} from "./transaction-events.ts";
import { disputed, toOwner } from "./transaction-messages.ts";

const meta = (waitingFor: string): StateMeta => ({ waitingFor });
const CANCEL_UNSIGNED = { target: "cancelled", description: "the owner cancelled before anything was signed" } as const;
const PUSH_ON_REQUEST = { target: "broadcasting", description: "an operator asked to push the same bytes" } as const;

export const transactionMachine = setup({
  types: {
    context: {} as TransactionContext,
    events: {} as TransactionEvent,
    input: {} as TransactionInput,
    meta: {} as StateMeta,
  },
  actors: {
    buildTransaction: effect<BuildInput, BuildOutput>(),
    signTransaction: effect<SignInput, SignOutput>(),
    broadcastTransaction: effect<BroadcastInput, BroadcastOutcome>(),
    watchTransaction: subscription<WatchInput>(),
  },
  actions: {
    ...durableActions,
    recordFailure: assign(({ context, event }) => {
      const { code, message } = effectError(event);
      const objections = objectionsWith(context, event);
      return {
        failure: { code, detail: message },
        stumbles: context.stumbles + 1,
        ...(objections === 0 ? {} : { objections }),
      };
    }),
    recordDoubt: assign({ doubted: true }),
    recordFinality: assign(({ event }) => {
      assertEvent(event, "chain.solidified");
      return { inclusion: event.inclusion, evidence: event.evidence };
    }),
    recordPush: assign(({ context, event }) => {
      const { output, at = 0 } = event as unknown as { output: BroadcastOutcome } & Partial<Stamp>;
      const doubted = output.class === "accepted" ? false : context.doubted;
      return { pushes: context.pushes + 1, lastPush: { ...output, at }, doubted };
    }),
  },
  guards: {
    /**
     * T3: the proof must cover the whole range of blocks that could hold the bytes. An inclusion at a height that the
     * solidified blocks of the proof have passed without it stands no more: a fork removed it while nobody watched.
     */
    proofHolds: ({ context, event }) => {
      assertEvent(event, "chain.expired");
      const { proof } = event;
      const { expiration, reference, inclusion } = context;
      return (
        expiration !== undefined &&
        reference !== undefined &&
        proof.solidTimestamp >= expiration &&
        proof.scannedFrom <= reference.number + 1 &&
        proof.scannedTo >= proof.solidNumber &&
        (inclusion === undefined || inclusion.blockNumber <= proof.scannedTo)
      );
    },
    /** A block that it has left already may be orphaned later; that says nothing about where it is now. */
    ofStandingBlock: ({ context, event }) =>
      event.type === "chain.orphaned" && event.blockId === context.inclusion?.blockId,
    succeeded: ({ event }) => event.type === "chain.solidified" && event.inclusion.result === "SUCCESS",
  },
  delays: {
    retryDelay: ({ context }) => Math.min(60_000, 1_000 * 2 ** Math.min(context.stumbles, 6)),
    /** Three slots are enough to see a healthy push in a block; a node forgets what waits for a minute. */
    rebroadcastDelay: ({ context }) => Math.min(60_000, 9_000 * 2 ** Math.min(Math.max(context.pushes - 1, 0), 3)),
    busyDelay: ({ context }) => Math.min(20_000, 1_000 * 2 ** Math.min(context.pushes, 5)),
  },
}).createMachine({
  id: "transaction",
  options: { maxIterations: XSTATE_ITERATIONS_MAX },
  initial: "building",
  context: ({ input }) => ({ ...input, stumbles: 0, pushes: 0, doubted: false }),
  states: {
    building: {
      tags: "pending",
      description: "The transfer is estimated, its bytes are built and signed. No signature has left the process.",
      meta: meta("a fee estimate, a solidified reference block and the signature"),
      invoke: {
        src: "buildTransaction",
        id: "build",
        input: ({ context: c }) => buildInput(c),
        onDone: [
          {
            guard: isSigned,
            target: "signed",
            // The signed bytes contain those that an earlier try may have left.
            actions: assign(({ event }) => ({ ...event.output, rawHex: undefined, failure: undefined })),
            description: "the bytes are built, compared with the order, signed and recorded",
          },
          {
            target: "signing",
            actions: assign(({ event }) => event.output),
            description: "the bytes are built and recorded; the signature could not be had at once",
          },
        ],
        onError: [
          {
            guard: isObjectedTooOften,
            target: "failed",
            actions: "recordFailure",
            description: "the transfer would revert or cost too much, once too often; nothing was signed",
          },
          {
            guard: isRetryable,
            target: "waitingToBuild",
            actions: "recordFailure",
            description: "the transfer cannot be built right now",
          },
          {
            target: "failed",
            actions: "recordFailure",
            description: "the transfer cannot be built; nothing was signed",
          },
        ],
      },
      on: { "transaction.cancel": CANCEL_UNSIGNED },
    },
    waitingToBuild: {
      tags: "pending",
      description: "Building or signing did not work; it is tried again after a pause. Nothing is signed.",
      meta: meta("the pause before the next try to build"),
      entry: {
        type: "tell",
        params: ({ context: c }) => toOwner(c, { type: "transaction.delayed", failure: c.failure }),
      },
      after: { retryDelay: { target: "building", description: "the pause is over" } },
      on: { "transaction.cancel": CANCEL_UNSIGNED },
    },
    signing: {
      tags: "pending",
      description: "The bytes are compared with the order and signed. The signature has not left the process.",
      meta: meta("the signature"),
      invoke: {
        src: "signTransaction",
        id: "sign",
        input: ({ context: c }) => signInput(c),
        onDone: {
          target: "signed",
          actions: assign({
            signedHex: ({ event }) => event.output.signedHex,
            // The signed bytes contain them.
            rawHex: undefined,
            failure: undefined,
          }),
          description: "the signed bytes are recorded",
        },
        onError: [
          {
            guard: isRetryable,
            target: "waitingToBuild",
            actions: "recordFailure",
            description: "the signer could not work right now",
          },
          { target: "failed", actions: "recordFailure", description: "the signer refused; nothing was signed" },
        ],
      },
      on: {
        "transaction.cancel": {
          target: "cancelled",
          description: "the owner cancelled; the signature was never recorded nor sent",
        },
      },
    },
    signed: {
      tags: "pending",
      description: "The signed bytes are on disk and the owner knows. They may now be sent.",
      meta: meta("nothing"),
      entry: {
        type: "tell",
        params: ({ context: c }) => toOwner(c, { type: "transaction.signed", expiration: c.expiration }),
      },
      always: { target: "onWire", description: "the bytes may be sent" },
    },
    onWire: {
      description: "Signed bytes may be in the hands of nodes. Only the chain decides now.",
      meta: meta("the chain"),
      initial: "broadcasting",
      invoke: { src: "watchTransaction", id: "watch", input: ({ context: c }) => watchInput(c) },
      on: {
        "chain.included": {
          target: ".included",
          actions: [
            {
              type: "tell",
              params: ({ context: c }) => (c.doubted ? toOwner(c, { type: "transaction.seen" }) : undefined),
            },
            assign({ inclusion: ({ event }) => event.inclusion, doubted: false }),
          ],
          description: "the follower saw it in a block that is not solidified yet",
        },
        "chain.solidified": [
          {
            guard: "succeeded",
            target: "confirmed",
            actions: "recordFinality",
            description: "it is in a solidified block and succeeded",
          },
          {
            target: "reverted",
            actions: "recordFinality",
            description: "it is in a solidified block and failed there for good",
          },
        ],
        "chain.disputed": {
          actions: [{ type: "tell", params: ({ context: c, event }) => disputed(c, event.detail) }, "recordDoubt"],
          description: "nodes do not agree about the block that would decide",
        },
        "chain.expired": {
          guard: "proofHolds",
          target: "expired",
          actions: assign({ proof: ({ event }) => event.proof, inclusion: undefined }),
          description: "a solidified block is past its expiration and none up to it holds it",
        },
      },
      states: {
        broadcasting: {
          tags: "broadcast",
          description: "The recorded bytes are handed to a node.",
          meta: meta("the node's answer"),
          invoke: {
            src: "broadcastTransaction",
            id: "broadcast",
            input: ({ context: c }) => broadcastInput(c),
            onDone: [
              {
                guard: outcomeIs("accepted"),
                target: "pending",
                actions: [
                  {
                    type: "tell",
                    params: ({ context: c }) => (c.doubted ? toOwner(c, { type: "transaction.seen" }) : undefined),
                  },
                  "recordPush",
                ],
                description: "a node accepted the bytes",
              },
              {
                guard: outcomeIs("busy"),
                target: "busy",
                actions: "recordPush",
                description: "the node did not look at the bytes",
              },
              {
                guard: outcomeIs("refused"),
                target: "refused",
                actions: "recordPush",
                description: "the node refused the bytes here and now",
              },
              { target: "unknown", actions: "recordPush", description: "the answer proves nothing" },
            ],
            onError: { target: "unknown", description: "the answer was lost" },
          },
        },
        pending: {
          tags: "broadcast",
          description: "A node has the bytes; no block has shown them yet.",
          meta: meta("a block with the transaction, or proof that it expired"),
          after: { rebroadcastDelay: { target: "broadcasting", description: "the same bytes are pushed again" } },
          on: { "transaction.rebroadcast": PUSH_ON_REQUEST },
        },
        busy: {
          tags: "broadcast",
          description: "The node was too busy to look at the bytes.",
          meta: meta("the pause before the same bytes are pushed again"),
          after: { busyDelay: { target: "broadcasting", description: "the same bytes are pushed again" } },
          on: { "transaction.rebroadcast": PUSH_ON_REQUEST },
        },
        refused: {
          tags: "broadcast",
          description:
            "A node refused the bytes. Another may still take them until they expire, so nothing new is signed.",
          meta: meta("proof that the transaction expired, or a block that holds it after all"),
          after: { rebroadcastDelay: { target: "broadcasting", description: "the same bytes are pushed again" } },
          on: { "transaction.rebroadcast": PUSH_ON_REQUEST },
        },
        unknown: {
          tags: "unknown",
          description: "Whether any node has the bytes cannot be told. Unknown waits.",
          meta: meta("a block with the transaction, or proof that it expired"),
          entry: [
            {
              type: "tell",
              params: ({ context: c }) => (c.doubted ? undefined : toOwner(c, { type: "transaction.doubted" })),
            },
            "recordDoubt",
          ],
          after: { rebroadcastDelay: { target: "broadcasting", description: "the same bytes are pushed again" } },
          on: { "transaction.rebroadcast": PUSH_ON_REQUEST },
        },
        included: {
          tags: "broadcast",
          description: "It is in a block that can still be replaced.",
          meta: meta("its block to be solidified"),
          on: {
            "chain.orphaned": {
              guard: "ofStandingBlock",
              target: "broadcasting",
              actions: assign({ inclusion: undefined }),
              description: "a fork removed its block; the same bytes are pushed again",
            },
          },
        },
      },
    },
    confirmed: {
      type: "final",
      tags: "confirmed",
      description: "It succeeded in a solidified block.",
      meta: meta("nothing"),
      entry: {
        type: "tell",
        params: ({ context: c }) => toOwner(c, { type: "transaction.confirmed", inclusion: c.inclusion }),
      },
    },
    reverted: {
      type: "final",
      tags: "failed",
      description: "It failed in a solidified block. The chain took the fee and moved nothing.",
      meta: meta("nothing"),
      entry: {
        type: "tell",
        params: ({ context: c }) => toOwner(c, { type: "transaction.reverted", inclusion: c.inclusion }),
      },
    },
    expired: {
      type: "final",
      tags: "failed",
      description: "It is proved that it can never land.",
      meta: meta("nothing"),
      entry: { type: "tell", params: ({ context: c }) => toOwner(c, { type: "transaction.expired", proof: c.proof }) },
    },
    failed: {
      type: "final",
      tags: "failed",
      description: "It could not be built or signed. Nothing was ever sent.",
      meta: meta("nothing"),
      entry: {
        type: "tell",
        params: ({ context: c }) => toOwner(c, { type: "transaction.failed", failure: c.failure }),
      },
    },
    cancelled: {
      type: "final",
      tags: "cancelled",
      description: "The owner cancelled it before it was signed.",
      meta: meta("nothing"),
    },
  },
});
