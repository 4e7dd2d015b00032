/** What many seeds add up to, and whether they did what they claim. */
import { createHash } from "node:crypto";
import type { Outcome } from "./run.ts";

export type Tally = {
  readonly outcomes: readonly Outcome[];
  readonly failed: readonly Outcome[];
};

/** What every seed has to do, or it proves nothing. */
export const CLAIMS = { payouts: 100, faults: 20, crashes: 1 } as const;

/** `undefined`: the seed did what it claims. */
export function vacuityOf({ payouts, faults, crashes }: Outcome): string | undefined {
  const played = Object.values(faults).reduce((sum, count) => sum + count, 0);
  if (payouts < CLAIMS.payouts) return `vacuous: ${payouts} payouts, fewer than ${CLAIMS.payouts}`;
  if (played < CLAIMS.faults) return `vacuous: ${played} faults, fewer than ${CLAIMS.faults}`;
  if (crashes < CLAIMS.crashes) return "vacuous: no crash";
  return undefined;
}

export function tallyOf(outcomes: readonly Outcome[]): Tally {
  const sorted = outcomes.toSorted((a, b) => a.seed - b.seed);
  return { outcomes: sorted, failed: sorted.filter(({ complaints }) => complaints.length > 0) };
}

export function summed(counts: readonly Readonly<Record<string, number>>[]): [name: string, count: number][] {
  const sum = new Map<string, number>();
  for (const each of counts)
    for (const [name, count] of Object.entries(each)) sum.set(name, (sum.get(name) ?? 0) + count);
  return [...sum].toSorted(([a, x], [b, y]) => y - x || a.localeCompare(b));
}

/** One hash for the whole run: the same seeds of the same commit give the same. */
export function hashOf({ outcomes }: Tally): string {
  const all = createHash("sha256");
  for (const { seed, hash } of outcomes) all.update(`${seed} ${hash}\n`);
  return all.digest("hex").slice(0, 24);
}

/** By seed. */
export function hashesOf({ outcomes }: Tally): Record<string, string> {
  return Object.fromEntries(outcomes.map(({ seed, hash }) => [String(seed), hash]));
}
