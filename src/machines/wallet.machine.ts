/**
 * A wallet: the single writer for its money.
 *
 * Every payment asks it for a hold and gets exactly one answer in the same atomic commit, so two payments can never
 * count on the same coin. The arithmetic is in ledger.ts. Because messages between actors are part of one commit, each
 * arrives exactly once and the wallet needs no list of who holds what.
 */
import { Type, type Static } from "typebox";
import { assertEvent, assign, setup } from "xstate";
import { assert } from "../domain/assert.ts";
import { refuse, type Refusal } from "../domain/errors.ts";
import { formatDecimal, isLess, ZERO, type Units } from "../domain/money.ts";
import type { ActorAddress } from "../domain/records.ts";
import { BALANCE_REST_MS, XSTATE_ITERATIONS_MAX } from "../domain/limits.ts";
import { durableActions, effect, effectError, type Reply, type Stamp, type StateMeta, type Tell } from "./durable.ts";
import {
  emptyLedger,
  isIdle,
  isLackOfMoney,
  judgeHold,
  LedgerSchema,
  LimitsSchema,
  readBalance,
  release,
  reserve,
  send,
  settle,
  takeBack,
  type Hold,
  type Ledger,
  type Limits,
} from "./ledger.ts";

export const WalletContextSchema = Type.Object({
  address: Type.String(),
  name: Type.String(),
  kind: Type.Union([Type.Literal("hd"), Type.Literal("imported"), Type.Literal("watch")]),
  path: Type.Optional(Type.String()),
  labels: Type.Record(Type.String(), Type.String()),
  limits: LimitsSchema,
  ledger: LedgerSchema,
  /** Payments ever reserved; makes the bytes of two equal transfers differ. */
  sequence: Type.Integer(),
  /** Balance is read again every minute, not only when asked. */
  hot: Type.Boolean(),
  frozenBecause: Type.Optional(Type.String()),
  balanceError: Type.Optional(Type.String()),
  /** When the balance was read last, engine time, ms. */
  readAt: Type.Optional(Type.Integer()),
});
export type WalletContext = Static<typeof WalletContextSchema>;

export type WalletInput = Pick<WalletContext, "address" | "name" | "kind" | "path" | "labels" | "limits" | "hot">;

export type BalanceReading = { readonly usdt: Units; readonly trx: Units; readonly atBlock: number };

/** `count` payments that need `hold` together. The answer goes to `from`. */
export type ReserveMessage = { type: "wallet.reserve"; from: ActorAddress; hold: Hold; count: number };
type Events =
  | ReserveMessage
  | { type: "wallet.send"; hold: Hold }
  /** `time`: of the block, ms. One that was parked by version 1 has none. */
  | { type: "wallet.settle"; hold: Hold; spend: Hold; block: number; time?: number }
  | { type: "wallet.takeBack"; hold: Hold; spend: Hold; block: number }
  | { type: "wallet.release"; hold: Hold }
  | { type: "wallet.refresh" }
  | { type: "wallet.freeze"; reason: string }
  | { type: "wallet.unfreeze" }
  /** `dustSun`: what is too little to be moved out, as it would not pay for its own transfer. */
  | { type: "wallet.archive"; dustSun?: Units }
  | { type: "wallet.update"; name?: string; labels?: Record<string, string>; limits?: Limits };
type WalletEvent = Events & Partial<Stamp>;

/** The limit's time: block time, so that a wrong local clock cannot open the window. */
const limitTime = (event: WalletEvent) => event.blockTime ?? 0;

/** Never before a block that is known by now. */
const latest = ({ blockTime = 0, at = 0 }: Partial<Stamp>) => (blockTime === 0 ? at : blockTime);

const meta = (waitingFor: string): StateMeta => ({ waitingFor });

const ARCHIVE = {
  guard: "isEmpty",
  target: "archived",
  actions: { type: "reply", params: { ok: true } },
  description: "an operator archived the empty wallet",
} as const;
const LET_GO = {
  guard: "isWatchOnly",
  target: "archived",
  actions: { type: "reply", params: { ok: true } },
  description: "an operator archived a wallet without a key, which leaves its money to whoever has that",
} as const;
const NO_KEY = {
  guard: "isWatchOnly",
  actions: {
    type: "tell",
    params: ({ event }: { event: ReserveMessage }) =>
      refused(event.from, refuse("wallet_watch_only", "the engine holds no key for the wallet")),
  },
  description: "nothing can be paid without a key",
} as const;
const GRANT = {
  guard: "hasRoom",
  actions: [
    {
      type: "tell",
      params: ({ context, event }: { context: WalletContext; event: ReserveMessage }) => reserved(context, event),
    },
    "hold",
  ],
  description: "the hold fits and is reserved",
} as const;
const tellRefusal = {
  type: "tell",
  params: ({ context, event }: { context: WalletContext; event: ReserveMessage & Partial<Stamp> }) =>
    refused(event.from, refusalOf(context, event)),
} as const;
const NOT_EMPTY = {
  actions: { type: "reply", params: ({ context }: { context: WalletContext }) => notEmpty(context.ledger) },
  description: "the wallet is not empty, or nobody knows",
} as const;

export const walletMachine = setup({
  types: { context: {} as WalletContext, events: {} as WalletEvent, input: {} as WalletInput, meta: {} as StateMeta },
  actors: { readBalances: effect<{ address: string }, BalanceReading>() },
  actions: {
    ...durableActions,
    hold: assign(({ context, event }) => {
      assertEvent(event, "wallet.reserve");
      return {
        ledger: reserve(context.ledger, event.hold),
        sequence: context.sequence + event.count,
      };
    }),
    send: assign(({ context, event }) => {
      assertEvent(event, "wallet.send");
      return { ledger: send(context.ledger, event.hold) };
    }),
    settle: assign(({ context, event }) => {
      assertEvent(event, "wallet.settle");
      const { hold, spend, block, time = latest(event) } = event;
      return { ledger: settle(context.ledger, hold, spend, { block, time }) };
    }),
    takeBack: assign(({ context, event }) => {
      assertEvent(event, "wallet.takeBack");
      return { ledger: takeBack(context.ledger, event.hold, event.spend, event.block) };
    }),
    release: assign(({ context, event }) => {
      assertEvent(event, "wallet.release");
      return { ledger: release(context.ledger, event.hold) };
    }),
    takeReading: assign(({ context, event }) => {
      const { output } = event as unknown as { output: BalanceReading };
      return { ledger: readBalance(context.ledger, output), balanceError: undefined, readAt: event.at };
    }),
    update: assign(({ context, event }) => {
      assertEvent(event, "wallet.update");
      return {
        name: event.name ?? context.name,
        labels: event.labels ?? context.labels,
        limits: event.limits ?? context.limits,
      };
    }),
  },
  guards: {
    hasRoom: ({ context, event }) =>
      event.type === "wallet.reserve" &&
      judgeHold(context.ledger, context.limits, event.hold, limitTime(event)) === undefined,
    /** Known to be empty: a balance that was never read may be anything. */
    isEmpty: ({ context, event }) =>
      isIdle(context.ledger) &&
      context.ledger.balanceBlock >= 0 &&
      context.ledger.usdt.onChain === ZERO &&
      !isLess(dustOf(event), context.ledger.trx.onChain),
    isWatchOnly: ({ context }) => context.kind === "watch",
    isHot: ({ context }) => context.hot,
    /** Refused for lack of money by a reading that may be out of date: money may have come since. */
    lacksMoney: ({ context, event }) =>
      event.type === "wallet.reserve" &&
      (event.at ?? 0) - (context.readAt ?? 0) >= BALANCE_REST_MS &&
      isLackOfMoney(judgeHold(context.ledger, context.limits, event.hold, limitTime(event))),
  },
  delays: {
    refreshDelay: 60_000,
    /** Nodes may never agree about the address of a busy exchange, and wallets that pay need the readers too. */
    balanceRetryDelay: ({ context }) => (context.kind === "watch" ? 60_000 : 5_000),
  },
}).createMachine({
  id: "wallet",
  options: { maxIterations: XSTATE_ITERATIONS_MAX },
  initial: "active",
  context: ({ input }) => ({ ...input, ledger: emptyLedger, sequence: 0 }),
  on: {
    // Payments that hold money go on to their end whatever state the wallet is in.
    "wallet.send": { actions: "send", description: "the payment's bytes are signed" },
    "wallet.settle": { actions: "settle", description: "the payment is in a solidified block" },
    "wallet.takeBack": { actions: "takeBack", description: "the attempt is dead and another will follow" },
    "wallet.release": { actions: "release", description: "the payment needs its hold no more" },
    "wallet.update": {
      actions: ["update", { type: "reply", params: { ok: true } }],
      description: "an operator changed name, labels or limits",
    },
  },
  states: {
    active: {
      tags: "active",
      description: "The wallet pays.",
      meta: meta("payments"),
      initial: "reading",
      on: {
        "wallet.reserve": [NO_KEY, GRANT, { actions: tellRefusal, description: "the hold does not fit" }],
        "wallet.freeze": {
          target: "frozen",
          actions: [assign({ frozenBecause: ({ event }) => event.reason }), { type: "reply", params: { ok: true } }],
          description: "an operator froze the wallet",
        },
        "wallet.archive": [ARCHIVE, LET_GO, NOT_EMPTY],
      },
      states: {
        reading: {
          description: "The solidified balance is being read.",
          meta: meta("the balance from a node"),
          invoke: {
            src: "readBalances",
            id: "balances",
            input: ({ context }) => ({ address: context.address }),
            onDone: { target: "fresh", actions: "takeReading", description: "the balance was read" },
            onError: {
              target: "stale",
              actions: assign({ balanceError: ({ event }) => effectError(event).message }),
              description: "no node could tell the balance",
            },
          },
        },
        fresh: {
          description: "The balance is known.",
          meta: meta("payments"),
          after: { refreshDelay: [{ guard: "isHot", target: "reading", description: "the balance is read again" }] },
          on: {
            "wallet.refresh": { target: "reading", description: "somebody asked for a fresh balance" },
            // What fits is asked first, so that it is not judged twice.
            "wallet.reserve": [
              NO_KEY,
              GRANT,
              {
                guard: "lacksMoney",
                target: "reading",
                actions: tellRefusal,
                description: "the hold does not fit, and the balance is read again: money may have come",
              },
            ],
          },
        },
        stale: {
          description:
            "The last reading of the balance failed; the one before still counts. A watch-only wallet waits longer than others.",
          meta: meta("the pause before the balance is read again"),
          after: { balanceRetryDelay: { target: "reading", description: "the balance is read again" } },
          on: { "wallet.refresh": { target: "reading", description: "somebody asked for a fresh balance" } },
        },
      },
    },
    frozen: {
      tags: "frozen",
      description: "An operator stopped the wallet: nothing new is reserved or signed. What is on the wire goes on.",
      meta: meta("an operator to unfreeze it"),
      on: {
        "wallet.reserve": [
          NO_KEY,
          {
            actions: {
              type: "tell",
              params: ({ event }) => refused(event.from, refuse("wallet_frozen", "the wallet is frozen")),
            },
            description: "a frozen wallet reserves nothing",
          },
        ],
        "wallet.unfreeze": {
          target: "active",
          actions: [assign({ frozenBecause: undefined }), { type: "reply", params: { ok: true } }],
          description: "an operator unfroze the wallet",
        },
        "wallet.archive": [ARCHIVE, LET_GO, NOT_EMPTY],
      },
    },
    archived: {
      tags: "archived",
      description: "The wallet is put away. Its key, if the engine has one, is kept.",
      meta: meta("nothing"),
      on: {
        "wallet.reserve": [
          NO_KEY,
          {
            actions: {
              type: "tell",
              params: ({ event }) => refused(event.from, refuse("wallet_archived", "the wallet is archived")),
            },
            description: "an archived wallet reserves nothing",
          },
        ],
      },
    },
  },
});

/** Told before the ledger changes: the first of `count` sequence numbers. */
function reserved(context: WalletContext, event: ReserveMessage): Tell {
  return { to: event.from, message: { type: "wallet.reserved", sequence: context.sequence + 1 } };
}

function refusalOf({ ledger, limits }: WalletContext, event: ReserveMessage & Partial<Stamp>): Refusal {
  const refusal = judgeHold(ledger, limits, event.hold, limitTime(event));
  assert(refusal !== undefined, "a hold that fits is not refused");
  return refusal;
}

function refused(to: ActorAddress, refusal: Refusal): Tell {
  return { to, message: { type: "wallet.refused", refusal } };
}

function notEmpty(ledger: Ledger): Reply {
  if (!isIdle(ledger))
    return { ok: false, refusal: refuse("wallet_in_use", "payments of this wallet are still under way") };
  if (ledger.balanceBlock < 0)
    return { ok: false, refusal: refuse("not_ready", "the wallet's balance has not been read from the chain yet") };
  const [usdt, trx] = [formatDecimal(ledger.usdt.onChain), formatDecimal(ledger.trx.onChain)];
  return {
    ok: false,
    refusal: refuse(
      "wallet_not_empty",
      `${usdt} USDT and ${trx} TRX were left in block ${ledger.balanceBlock}; move the money out before archiving`,
      { usdt, trx, as_of_block: ledger.balanceBlock },
    ),
  };
}

function dustOf(event: WalletEvent): Units {
  assertEvent(event, "wallet.archive");
  return event.dustSun ?? ZERO;
}
