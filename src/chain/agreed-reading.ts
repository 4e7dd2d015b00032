/** A number that money is counted by, on the word of several nodes. */
import { Fault } from "../domain/errors.ts";
import { faultOf } from "./node-failure.ts";

/** Nodes a block apart read different balances of a busy wallet; asked again they have usually met. */
const ROUNDS = 3;

/**
 * What `required` of the nodes read alike, as `keyOf` tells. Throws `Fault("nodes_disagree")` when too few do, and the
 * fault of a node when too few answer.
 */
export async function agreedReading<T>(
  ask: readonly (() => Promise<T>)[],
  { required, keyOf }: { required: number; keyOf: (reading: T) => string },
): Promise<readonly T[]> {
  let failure: unknown;
  for (let round = 0; round < ROUNDS; round += 1) {
    const alike = new Map<string, T[]>();
    for (const answer of await Promise.allSettled(ask.map((each) => each()))) {
      if (answer.status === "rejected") failure = answer.reason;
      else alike.set(keyOf(answer.value), [...(alike.get(keyOf(answer.value)) ?? []), answer.value]);
    }
    const agreed = alike.values().find((readings) => readings.length >= required);
    if (agreed !== undefined) return agreed;
  }
  if (failure !== undefined) throw faultOf(failure);
  throw new Fault("nodes_disagree", "the nodes read different balances");
}
