/** What the frames of one transaction share. */
import type { InternalTransaction } from "../outcome.ts";
import type { Log } from "../../tron/trc20.ts";
import type { World } from "./world.ts";

/** The block that code sees. In the pending session a node shows it an empty one: all zero. */
export type BlockScene = {
  readonly number: number;
  /** Seconds. */
  readonly timestamp: number;
  /** "41…" or "" */
  readonly witness: string;
  readonly idOf: (number: number) => string | undefined;
};

export type Run = {
  readonly world: World;
  readonly txId: string;
  readonly origin: string;
  readonly block: BlockScene;
  /** What BASEFEE says, in sun. */
  readonly energyFee: number;
  readonly isConstant: boolean;
  /** Counts the internal transactions; part of the addresses that CREATE makes. */
  nonce: number;
  readonly logs: Log[];
  readonly internals: InternalTransaction[];
  /** Contracts that destroyed themselves. */
  readonly destroyed: string[];
};

/** How far the lists of a run had come, so that a failed frame takes back what it added. */
export type Mark = { readonly logs: number; readonly internals: number; readonly destroyed: number };

export function markOf(run: Run): Mark {
  return { logs: run.logs.length, internals: run.internals.length, destroyed: run.destroyed.length };
}

/** Internal transactions of what failed stay in the list and say so. */
export function takeBack(run: Run, mark: Mark): void {
  run.logs.length = mark.logs;
  run.destroyed.length = mark.destroyed;
  for (let at = mark.internals; at < run.internals.length; at += 1) {
    const internal = run.internals[at];
    if (internal !== undefined) run.internals[at] = { ...internal, rejected: true };
  }
}
