/** From a schedule with which a seed fails to a small one with which it fails in the same way. */
import { planOf, type Fault } from "./plan.ts";
import { runSeed, type Outcome } from "./run.ts";

/** Runs; a schedule that could still be smaller is better than an answer tomorrow. */
const TRIES_MAX = 40;

/** The name of the first invariant that is broken. */
export function invariantOf({ complaints }: Outcome): string {
  return complaints[0]?.split(":", 1)[0] ?? "";
}

/** Leaves out ever smaller parts of the faults for as long as the seed goes on failing (delta debugging). */
export async function shrunkFaults(failed: Outcome, given?: readonly Fault[]): Promise<readonly Fault[]> {
  const { seed } = failed;
  const invariant = invariantOf(failed);
  let faults = given ?? planOf(seed).faults;
  let tries = 0;
  const fails = async (fewer: readonly Fault[]) => {
    tries += 1;
    return invariantOf(await runSeed(seed, fewer)) === invariant;
  };
  for (let size = Math.ceil(faults.length / 2); size >= 1 && tries < TRIES_MAX; size = Math.floor(size / 2)) {
    for (let at = 0; at < faults.length && tries < TRIES_MAX;) {
      const fewer = [...faults.slice(0, at), ...faults.slice(at + size)];
      if (await fails(fewer)) faults = fewer;
      else at += size;
    }
  }
  return faults;
}
