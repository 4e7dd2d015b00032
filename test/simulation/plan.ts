/**
 * What a seed does: every order with the outcome it is meant to have, every deed of the operators, and every fault, each
 * at its time. All of it is written down before the world begins, so that a schedule can be shown, cut and played again.
 */
import { fromHex41 } from "../../src/tron/address.ts";
import { ANY_FAULTS, BROADCAST_FAULTS, CLUMSY_LIES, READ_FAULTS, type Fault as NodeFault } from "../campaign/tricks.ts";
import { Random } from "../support/random.ts";
import { CLAIMS } from "./tally.ts";

/** ms from the beginning. */
type At = { readonly at: number };

/** What a caller means to happen. */
export type Meaning =
  | "paid"
  | "approved"
  | "rejected"
  | "cancelled"
  /** Approved, and cancelled in the next moment: which of the two wins is not known before. */
  | "taken_back"
  /** It looks like another payee, who was paid before or is being paid: nobody approves it. */
  | "held"
  | "below_minimum"
  | "above_maximum"
  | "invalid_address"
  | "insufficient_funds"
  | "daily_limit_exceeded"
  | "duplicate_external_id";

export type Order = At & {
  readonly meaning: Meaning;
  readonly key: string;
  /** Index of the wallet in the plan. */
  readonly wallet: number;
  readonly asset: "TRX" | "USDT";
  readonly to: string;
  /** Decimal text. */
  readonly amount: string;
  readonly externalId?: string;
  /** Sent so many times at once under one key. */
  readonly times: number;
  /** ms until somebody decides about it. */
  readonly decidedAfter: number;
  /** It may be paid for so long, ms of the chain's time since it was sent first. */
  readonly withinMs?: number;
};

export type Batch = At & {
  readonly key: string;
  readonly wallet: number;
  readonly asset: "TRX" | "USDT";
  readonly mode: "all_or_nothing" | "best_effort";
  readonly lines: readonly { readonly line_id: string; readonly to: string; readonly amount: string }[];
  /** Lines of a best effort that no amount of effort pays. */
  readonly invalid: readonly string[];
};

/** A transfer that somebody else signed, sent so many times at once under one key. */
export type RelayPlan = At & {
  readonly key: string;
  readonly to: string;
  readonly amountSun: bigint;
  readonly times: number;
};

export type WalletPlan = {
  readonly name: string;
  /** Imported, so that its money can be there before it is. */
  readonly privateKey: string;
  readonly limits: Readonly<Record<string, string>> | undefined;
  readonly trxSun: bigint;
  readonly usdt: bigint;
};

export type Deed = At &
  (
    | { readonly deed: "restart"; readonly service: string }
    | { readonly deed: "freeze"; readonly wallet: number; readonly forMs: number }
    | { readonly deed: "retry" }
    | { readonly deed: "look" }
  );

export type Fault = At &
  (
    | { readonly kind: "crash"; readonly power: boolean; readonly before: string }
    | { readonly kind: "disk write"; readonly how: "fails" | "fails but is stored" | "full" }
    | { readonly kind: "disk full"; readonly forMs: number }
    | { readonly kind: "disk read"; readonly forMs: number }
    | { readonly kind: "threads die" }
    | { readonly kind: "clock"; readonly ms: number }
    | { readonly kind: "node"; readonly node: number; readonly fault: NodeFault; readonly times: number }
    | { readonly kind: "node away"; readonly node: number; readonly forMs: number }
    | { readonly kind: "node lags"; readonly node: number; readonly blocks: number; readonly forMs: number }
    | { readonly kind: "false branch"; readonly shows: "nothing" | "what was lost"; readonly forMs: number }
    | { readonly kind: "row rots"; readonly whose: (typeof WHOSE)[number]; readonly forMs: number }
    /** All nodes follow a chain that parts from the real one so many blocks below what the engine has as solidified. */
    | { readonly kind: "nodes leave the chain"; readonly depth: number; readonly forMs: number }
    | {
        readonly kind: "fork";
        readonly depth: number;
        readonly more: number;
        readonly how: "same" | "move" | "drop" | "late";
      }
    | { readonly kind: "slots missed"; readonly count: number }
    | { readonly kind: "token paused"; readonly forMs: number }
    | { readonly kind: "censoring"; readonly forMs: number }
  );

export type Plan = {
  readonly seed: number;
  readonly nodes: number;
  readonly wallets: readonly WalletPlan[];
  readonly orders: readonly Order[];
  readonly batches: readonly Batch[];
  readonly relays: readonly RelayPlan[];
  readonly deeds: readonly Deed[];
  readonly faults: readonly Fault[];
  /** How long faults happen, ms. */
  readonly busyMs: number;
};

export const SLOT_MS = 3_000;
const BUSY_SLOTS = 26;
/** Orders begin when the wallets have their money. */
const FIRST_ORDER_MS = 2_000;
const SERVICES = ["tron-client", "wallet-manager", "usdt-manager", "payout-router", "trx-staking", "payment-gateway"];
/** Part of the seeds in which all nodes leave the solidified chain. */
const LEAVING = 0.15;
/** Part of the seeds in which the disk refuses to be read for a while. */
const REFUSING = 0.35;
/** Part of the seeds in which a row rots. */
const ROTTING = 0.25;
/** Whose row. */
export const WHOSE = ["anybody's", "a wallet's", "an open transaction's"] as const;
/** Part of the nodes that lie clumsily and do not stop. */
const STUBBORN = 0.25;
/** What a crash waits for: the names of the tasks it may strike before. */
const CRASH_POINTS = [
  "disk write",
  "disk write",
  "disk read",
  "told /wallet/broadcast",
  "ask",
  "told",
  "reply",
  "thread",
  "timer",
  "file",
  "",
] as const;

export function planOf(seed: number): Plan {
  const random = new Random(Math.imul(seed, 2_654_435_761));
  const busyMs = BUSY_SLOTS * SLOT_MS;
  const nodes = 1 + random.below(3);
  const names = new Names(seed);
  const orders = ordersOf(random, names, busyMs);
  const singles = orders.filter(isSurelyAccepted).length + OTHERS_MIN;
  const batches = batchesOf(random, names, { payouts: CLAIMS.payouts - singles });
  const added = new Random(Math.imul(seed, 74_017));
  const hasty = hastyOrdersOf(added, names, busyMs);
  const alike = alikeOrdersOf(added, names, busyMs);
  const relays = relaysOf(added, names, busyMs);
  const refusals = refusalsOf(new Random(Math.imul(seed, 40_503)), busyMs);
  const faults = [...faultsOf(random, { nodes, busyMs }), ...refusals].toSorted((a, b) => a.at - b.at);
  return {
    seed,
    nodes,
    wallets: WALLETS,
    orders: [...orders, ...hasty, ...alike],
    batches,
    relays,
    deeds: deedsOf(random, busyMs),
    faults,
    busyMs,
  };
}

const WALLETS: readonly WalletPlan[] = [
  { name: "main", privateKey: "a1".repeat(32), limits: undefined, trxSun: 3_000_000_000n, usdt: 2_000_000_000n },
  {
    name: "strict",
    privateKey: "b2".repeat(32),
    limits: { minimum: "5", maximum: "400", daily: "900", approval_above: "100" },
    trxSun: 400_000_000n,
    usdt: 5_000_000_000n,
  },
  { name: "poor", privateKey: "c3".repeat(32), limits: undefined, trxSun: 40_000_000n, usdt: 30_000_000n },
];
const MAIN = 0;
const STRICT = 1;
const POOR = 2;
/** Comes from the engine's own phrase, so that nobody knows its address before it is made. */
export const OWN = 3;
/** What somebody sends there once it is. */
export const OWN_SUN = 30_000_000n;

/**
 * Every payee is paid by one order at most, so that the chain itself says what was paid; and none looks like another by
 * chance, which would hold its order.
 */
class Names {
  private readonly seed: number;
  private readonly ends = new Set<string>();
  private count = 0;

  constructor(seed: number) {
    this.seed = seed;
  }

  payee(): string {
    for (;;) {
      this.count += 1;
      const address = fromHex41(`41${(this.seed * 1_000 + this.count).toString(16).padStart(40, "d")}`);
      const ends = address.slice(0, 4) + address.slice(-4);
      if (this.ends.has(ends)) continue;
      this.ends.add(ends);
      return address;
    }
  }

  key(): string {
    this.count += 1;
    return `seed ${this.seed} order ${this.count}`;
  }
}

/** At least `whole`, and no two alike. */
function amount(random: Random, whole: number, spread: number): string {
  return `${whole + random.below(spread)}.${String(random.below(1_000_000)).padStart(6, "0")}`;
}

/** Of the other wallets: one poor enough for one order, and four that fill the daily limit, whatever comes first. */
const OTHERS_MIN = 5;

/** What waits for an approval has no room set aside, and is accepted while there is none. */
const WAITING: ReadonlySet<Meaning> = new Set(["approved", "taken_back", "rejected", "cancelled"]);

function isSurelyAccepted({ wallet, meaning }: Order): boolean {
  if (wallet === MAIN) return meaning === "paid" || meaning === "cancelled";
  return wallet === STRICT && WAITING.has(meaning);
}

/** `payouts`: lines that can be paid, in both batches together. */
function batchesOf(random: Random, names: Names, { payouts }: { payouts: number }): Batch[] {
  const lines = (count: number, of: () => string) =>
    Array.from({ length: count }, (_, at) => ({ line_id: `l${at}`, to: names.payee(), amount: of() }));
  const usdt = lines(3 + random.below(4), () => amount(random, 10, 20));
  const trx = lines(payouts - usdt.length, () => amount(random, 1, 4));
  const isBest = random.chance(0.5);
  const wrong = isBest ? [{ line_id: "wrong", to: names.payee(), amount: "0.0000001" }] : [];
  const best = isBest ? "best_effort" : "all_or_nothing";
  return [
    {
      at: at(random, 20_000),
      key: names.key(),
      wallet: MAIN,
      asset: "TRX",
      mode: "all_or_nothing",
      lines: trx,
      invalid: [],
    },
    {
      at: at(random, 40_000),
      key: names.key(),
      wallet: MAIN,
      asset: "USDT",
      mode: best,
      lines: [...usdt, ...wrong],
      invalid: wrong.map(({ line_id: id }) => id),
    },
  ];
}

function at(random: Random, within: number): number {
  return FIRST_ORDER_MS + Math.floor(random.next() * within);
}

type OrderTerms = Pick<Order, "wallet" | "asset" | "amount"> & Partial<Order>;

function orderMaker(random: Random, names: Names, busyMs: number): (meaning: Meaning, terms: OrderTerms) => Order {
  return (meaning, terms) => ({
    meaning,
    key: names.key(),
    to: names.payee(),
    times: random.chance(0.15) ? 2 : 1,
    decidedAfter: 500 + random.below(12_000),
    at: at(random, busyMs - 10_000),
    ...terms,
  });
}

/** Orders that may be paid for some time only; with chance of their own, so that they change no other order. */
function hastyOrdersOf(random: Random, names: Names, busyMs: number): Order[] {
  const order = orderMaker(random, names, busyMs);
  const withinMs = () => 12_000 + random.below(30_000);
  const usdt = { wallet: STRICT, asset: "USDT" } as const;
  return [
    ...[1, 2].map(() =>
      order("paid", { wallet: MAIN, asset: "TRX", amount: amount(random, 1, 5), withinMs: withinMs() }),
    ),
    order("approved", {
      ...usdt,
      amount: amount(random, 101, 90),
      withinMs: withinMs(),
      decidedAfter: random.below(50_000),
    }),
  ];
}

function relaysOf(random: Random, names: Names, busyMs: number): RelayPlan[] {
  return [1, 2].map((times) => ({
    at: at(random, busyMs - 10_000),
    key: names.key(),
    to: names.payee(),
    amountSun: BigInt(1_000_000 + random.below(5_000_000)),
    times,
  }));
}

/** Two addresses with the same first and last four characters. */
const ALIKE = ["TT5rFsUvWWtqT5pzAKG66DXBxmCUjjPgox", "TT5rFsUvWWtqT5pzAKG66DXBxmJYNSPgox"] as const;

function alikeOrdersOf(random: Random, names: Names, busyMs: number): Order[] {
  const order = orderMaker(random, names, busyMs);
  const trx = () => ({ wallet: MAIN, asset: "TRX", amount: amount(random, 1, 5) }) as const;
  const [known, twin] = ALIKE;
  return [
    order("paid", { ...trx(), to: known, at: at(random, 20_000) }),
    order("held", { ...trx(), to: twin, at: busyMs - random.below(40_000) }),
  ];
}

function ordersOf(random: Random, names: Names, busyMs: number): Order[] {
  const order = orderMaker(random, names, busyMs);
  const many = (count: number, of: () => Order) => Array.from({ length: count }, of);
  const external = `invoice-${names.payee()}`;
  return [
    ...many(10 + random.below(8), () => order("paid", { wallet: MAIN, asset: "TRX", amount: amount(random, 1, 9) })),
    ...many(3 + random.below(4), () => order("paid", { wallet: MAIN, asset: "USDT", amount: amount(random, 10, 30) })),
    ...many(2 + random.below(3), () =>
      order("cancelled", {
        wallet: MAIN,
        asset: "TRX",
        amount: amount(random, 1, 5),
        decidedAfter: random.below(1_500),
      }),
    ),
    ...many(2, () => order("approved", { wallet: STRICT, asset: "USDT", amount: amount(random, 101, 90) })),
    ...many(3, () =>
      order("taken_back", { wallet: STRICT, asset: "USDT", amount: amount(random, 101, 90), at: at(random, 20_000) }),
    ),
    order("rejected", { wallet: STRICT, asset: "USDT", amount: amount(random, 101, 90) }),
    order("cancelled", { wallet: STRICT, asset: "USDT", amount: amount(random, 101, 90) }),
    ...many(3, () => order("paid", { wallet: STRICT, asset: "USDT", amount: amount(random, 60, 39) })),
    ...many(9, () => order("daily_limit_exceeded", { wallet: STRICT, asset: "USDT", amount: amount(random, 90, 9) })),
    order("below_minimum", { wallet: STRICT, asset: "USDT", amount: "4.999999" }),
    order("above_maximum", { wallet: STRICT, asset: "USDT", amount: "400.000001" }),
    order("invalid_address", { wallet: MAIN, asset: "TRX", amount: "2", to: "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwc" }),
    ...many(2, () => order("paid", { wallet: OWN, asset: "TRX", amount: amount(random, 1, 5) })),
    ...many(3, () => order("insufficient_funds", { wallet: POOR, asset: "TRX", amount: amount(random, 30, 9) })),
    order("paid", {
      wallet: MAIN,
      asset: "TRX",
      amount: amount(random, 1, 5),
      externalId: external,
      at: at(random, 10_000),
    }),
    order("duplicate_external_id", {
      wallet: MAIN,
      asset: "TRX",
      amount: "3",
      externalId: external,
      at: busyMs - random.below(9_000),
    }),
  ];
}

function deedsOf(random: Random, busyMs: number): Deed[] {
  const deeds: Deed[] = [];
  for (let count = 1 + random.below(3); count > 0; count -= 1)
    deeds.push({ at: random.below(busyMs), deed: "restart", service: random.pick(SERVICES) });
  if (random.chance(0.4))
    deeds.push({
      at: random.below(busyMs),
      deed: "freeze",
      wallet: random.below(2),
      forMs: 2_000 + random.below(20_000),
    });
  // Most of what ends without paying has ended by the later one; every seed cannot be so long.
  if (random.chance(0.15)) deeds.push({ at: busyMs + 240_000, deed: "retry" });
  deeds.push({ at: random.below(busyMs), deed: "retry" }, { at: busyMs / 2, deed: "look" });
  return deeds;
}

type Setting = { readonly nodes: number; readonly busyMs: number };

function faultsOf(random: Random, setting: Setting): Fault[] {
  const count = 34 + random.below(24);
  const faults = Array.from({ length: count }, () => faultOf(random, setting));
  const crashes = 1 + random.below(4);
  for (let made = 0; made < crashes; made += 1) faults.push(crash(random, setting));
  if (random.chance(LEAVING)) faults.push(leaving(random, setting));
  if (random.chance(ROTTING)) faults.push(rotting(random, setting));
  return faults.toSorted((a, b) => a.at - b.at);
}

/** Times in which the disk refuses to be read; with chance of their own, so that they change no other fault. */
function refusalsOf(random: Random, busyMs: number): Fault[] {
  if (!random.chance(REFUSING)) return [];
  return Array.from({ length: 1 + random.below(3) }, () => ({
    at: random.below(busyMs),
    kind: "disk read",
    forMs: 300 + random.below(9_000),
  }));
}

function leaving(random: Random, { busyMs }: Setting): Fault {
  const forMs = 8_000 + random.below(30_000);
  return { at: random.below(busyMs), kind: "nodes leave the chain", depth: random.below(6), forMs };
}

/**
 * Of all that can rot wallets are few: one is gone while payouts are approved for which it still has room. A transaction
 * is gone until its block is solidified and below everything that the engine still has in memory.
 */
function rotting(random: Random, { busyMs }: Setting): Fault {
  const kind = "row rots";
  const forMs = 2_000 + random.below(30_000);
  switch (random.pick(WHOSE)) {
    case "anybody's":
      return { at: random.below(busyMs), kind, whose: "anybody's", forMs };
    case "a wallet's":
      return { at: random.below(busyMs / 2), kind, whose: "a wallet's", forMs: forMs + 10_000 };
    case "an open transaction's":
      return { at: 4_000 + random.below(16_000), kind, whose: "an open transaction's", forMs: busyMs };
  }
}

function crash(random: Random, { busyMs }: Setting): Fault {
  return { at: random.below(busyMs), kind: "crash", power: random.chance(0.5), before: random.pick(CRASH_POINTS) };
}

function faultOf(random: Random, setting: Setting): Fault {
  const when = random.below(setting.busyMs);
  const node = random.below(setting.nodes);
  const onNode = (fault: NodeFault, times: number): Fault => ({ at: when, kind: "node", node, fault, times });
  const forMs = 1_000 + random.below(20_000);
  switch (random.below(21)) {
    case 0:
      return crash(random, setting);
    case 1:
      return { at: when, kind: "disk write", how: random.pick(["fails", "fails but is stored", "full"]) };
    case 2:
      return { at: when, kind: "disk full", forMs };
    case 3:
      return { at: when, kind: "threads die" };
    case 4:
      return { at: when, kind: "clock", ms: random.below(1_200_000) - 600_000 };
    case 5:
      return { at: when, kind: "node away", node, forMs };
    case 6:
      return { at: when, kind: "node lags", node, blocks: 1 + random.below(25), forMs };
    case 7:
    case 8:
      return {
        at: when,
        kind: "fork",
        depth: 1 + random.below(17),
        more: 1 + random.below(2),
        how: random.pick(["same", "move", "drop", "late", "late"]),
      };
    case 9:
      return { at: when, kind: "slots missed", count: 1 + random.below(15) };
    case 10:
      return { at: when, kind: "censoring", forMs: forMs * 2 };
    case 20:
      return { at: when, kind: "token paused", forMs: 3_000 + random.below(9_000) };
    case 11:
      return liar(random, setting, when);
    case 12:
    case 13:
    case 14:
      return onNode(random.pick(ANY_FAULTS), 1 + random.below(4));
    case 15:
    case 16:
      return onNode(random.pick(READ_FAULTS), 1 + random.below(3));
    case 17:
      return onNode(random.pick(CLUMSY_LIES), 1 + random.below(random.chance(STUBBORN) ? 12 : 2));
    default:
      return onNode(random.pick(BROADCAST_FAULTS), 1 + random.below(4));
  }
}

/** With one node there is nobody who could be right against it, so a single node does not lie in ways that fit together. */
function liar(random: Random, { nodes }: Setting, when: number): Fault {
  if (nodes === 1) return { at: when, kind: "slots missed", count: 1 + random.below(5) };
  if (random.chance(0.5))
    return { at: when, kind: "node", node: nodes - 1, fault: "changes a fee", times: 1 + random.below(3) };
  const shows = random.chance(0.5) ? "nothing" : "what was lost";
  return { at: when, kind: "false branch", shows, forMs: 5_000 + random.below(40_000) };
}
