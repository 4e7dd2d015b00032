/** A number that money is counted by, on the word of several nodes. */
import { Fault } from "../domain/errors.ts";
import { faultOf } from "./node-failure.ts";
import { countVoices } from "./votes.ts";

/** Nodes a block apart read different balances of a busy wallet; asked again they have usually met. */
const ROUNDS = 3;

/**
 * What `required` voices read alike, as `keyOf` tells. Throws `Fault("nodes_disagree")` when too few do, and the
 * fault of a node when too few answer.
 */
export async function agreedReading<T>(
  nodes: readonly { readonly voice: string; readonly read: () => Promise<T> }[],
  { required, keyOf }: { required: number; keyOf: (reading: T) => string },
): Promise<readonly T[]> {
  let failure: unknown;
  for (let round = 0; round < ROUNDS; round += 1) {
    const alike = new Map<string, { voice: string; reading: T }[]>();
    const answers = nodes.map(async ({ voice, read }) => ({ voice, reading: await read() }));
    for (const answer of await Promise.allSettled(answers)) {
      if (answer.status === "rejected") failure = answer.reason;
      else {
        const key = keyOf(answer.value.reading);
        alike.set(key, [...(alike.get(key) ?? []), answer.value]);
      }
    }
    const agreed = alike.values().find((readings) => countVoices(readings) >= required);
    if (agreed !== undefined) return agreed.map(({ reading }) => reading);
  }
  if (failure !== undefined) throw faultOf(failure);
  throw new Fault("nodes_disagree", "the nodes read different balances");
}
