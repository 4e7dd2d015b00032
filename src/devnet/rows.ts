/**
 * What kinds of rows the state has, by the prefix of their keys. A new kind is its type and one line in `ROW_KINDS`; the
 * types of keys and rows, storage, layers and undo records follow from it.
 *
 * R1. A row is plain data: text, number, bigint, boolean, null, lists and records of them. No Map, no Date, no bytes.
 * R2. A prefix is never used for another kind again, and never is b, u or m, which the chain store uses (chain-store.ts).
 */
import type { Asset, Count, Holdings, Named, Names, Permissions, Proposal } from "./account-rows.ts";
import type { EnergyState, SmartContract } from "./evm/contract-rows.ts";

import type {
  Accumulated,
  Changed,
  ChangedVotes,
  Delegates,
  Delegation,
  Period,
  Schedule,
  Settlement,
  Stake,
  Voters,
  Weights,
  WitnessRow,
} from "./system-rows.ts";

export type Account = {
  readonly balance: bigint;
  /** ms */
  readonly createTime: number;
  readonly latestOperationTime: number;
  readonly freeNetUsage: number;
  /** In slots: ms / 3000. */
  readonly latestConsumeFreeTime: number;
  readonly isContract: boolean;
};

/** What belongs to no account. */
export type Totals = {
  readonly burnedSun: bigint;
  readonly publicNetUsage: number;
  /** In slots. */
  readonly publicNetTime: number;
};

/** Prefix -> whether a stored value is such a row. A check looks at what tells the kind from others, not at every field. */
export const ROW_KINDS = {
  /** `a!41…` */
  a: (row: unknown): row is Account => has(row, "balance"),
  /** `s!<contract>!<slot>` */
  s: (row: unknown): row is bigint => typeof row === "bigint",
  /** `t!<txID>`: the number of the block that holds it; -1 while it is pending. */
  t: (row: unknown): row is number => typeof row === "number",
  /** `g!totals` */
  g: (row: unknown): row is Totals => has(row, "burnedSun"),
  /** `c!41…` */
  c: (row: unknown): row is SmartContract => has(row, "origin_address"),
  /** `k!41…`: the code of a contract, as hex */
  k: (row: unknown): row is string => typeof row === "string",
  /** `e!41…` */
  e: (row: unknown): row is EnergyState => has(row, "factor"),
  /** `permissions!41…`; absent: the defaults */
  permissions: (row: unknown): row is Permissions => has(row, "actives"),
  /** `names!41…` */
  names: (row: unknown): row is Names => has(row, "name"),
  /** `named!name …`, `named!id …` */
  named: (row: unknown): row is Named => has(row, "address"),
  /** `holdings!41…` */
  holdings: (row: unknown): row is Holdings => has(row, "balances"),
  /** `asset!<number>` */
  asset: (row: unknown): row is Asset => has(row, "total_supply"),
  /** `proposal!<number>` */
  proposal: (row: unknown): row is Proposal => has(row, "proposal_id"),
  /** `count!assets`, `count!proposals` */
  count: (row: unknown): row is Count => has(row, "count"),
  /** `stake!41…` */
  stake: (row: unknown): row is Stake => has(row, "frozen"),
  /** `delegation!<from>!<to>` */
  delegation: (row: unknown): row is Delegation => has(row, "open"),
  /** `delegates!41…` */
  delegates: (row: unknown): row is Delegates => has(row, "to"),
  /** `weights!all` */
  weights: (row: unknown): row is Weights => has(row, "bandwidth"),
  /** `witness!41…` */
  witness: (row: unknown): row is WitnessRow => has(row, "voteCount"),
  /** `schedule!now` */
  schedule: (row: unknown): row is Schedule => has(row, "active"),
  /** `votes!41…`, for accounts whose votes changed since the last maintenance */
  votes: (row: unknown): row is ChangedVotes => has(row, "before"),
  /** `voters!changed` */
  voters: (row: unknown): row is Voters => has(row, "voters"),
  /** `period!now` */
  period: (row: unknown): row is Period => has(row, "nextMaintenance"),
  /** `cycle!<number>` */
  cycle: (row: unknown): row is Accumulated => has(row, "perVote"),
  /** `settled!41…` */
  settled: (row: unknown): row is Settlement => has(row, "begin"),
  /** `parameters!changed` */
  parameters: (row: unknown): row is Changed => has(row, "values"),
  /** `unlocked!41…`: its transactions need no signature (unlocked.ts) */
  unlocked: (row: unknown): row is true => row === true,
};

type Kinds = {
  [K in keyof typeof ROW_KINDS]: (typeof ROW_KINDS)[K] extends ((row: unknown) => row is infer R) ? R : never;
};
export type RowKind = keyof Kinds;
export type Row = Kinds[RowKind];
export type Key<K extends RowKind = RowKind> = `${K}!${string}`;
export type RowOf<K extends Key> = K extends `${infer Kind extends RowKind}!${string}` ? Kinds[Kind] : never;

/** Whether the row is of the kind that its key says. */
export function fits<K extends Key>(key: K, row: Row): row is RowOf<K> & Row {
  return CHECKS.get(key.slice(0, key.indexOf("!")))?.(row) ?? false;
}

const CHECKS = new Map<string, (row: unknown) => boolean>(Object.entries(ROW_KINDS));

/** Whether `row` is a record with this field. */
export function has(row: unknown, field: string): boolean {
  return typeof row === "object" && row !== null && Object.hasOwn(row, field);
}
