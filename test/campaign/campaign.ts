/** Many seeds, in worlds of one, two and three nodes. A world lives for some seeds, so that each meets what others left. */
import { runSeed, type Outcome } from "./schedule.ts";
import { World } from "./world.ts";

export type Tally = {
  passed: number;
  failed: number;
  accepted: number;
  paid: number;
  facts: number;
  forks: number;
  /** How often each fault was played. */
  faults: Record<string, number>;
};

/** Seeds of one round of worlds; a chain that is too long makes each look at the ledger slow. */
const ROUND_SEEDS = 60;

export const NOTHING: Tally = { passed: 0, failed: 0, accepted: 0, paid: 0, facts: 0, forks: 0, faults: {} };

/** The worlds of a round go on together: each waits for its sockets most of the time. */
export async function runCampaign(
  { from, seeds }: { from: number; seeds: number },
  tell: (outcome: Outcome) => void,
): Promise<Tally> {
  let sum = NOTHING;
  for (let first = from; first < from + seeds; first += ROUND_SEEDS) {
    const round = Array.from({ length: Math.min(ROUND_SEEDS, from + seeds - first) }, (_, at) => first + at);
    // The number of nodes belongs to the seed, so that a seed that is run alone meets the same.
    const worlds = [1, 2, 3].map((doors) =>
      runWorld(doors, { seeds: round.filter((seed) => 1 + (seed % 3) === doors), tell }),
    );
    for (const tally of await Promise.all(worlds)) sum = added(sum, tally);
  }
  return sum;
}

/** A run in which nothing was paid or nothing went wrong proves nothing. */
export function isVacuous({ paid, faults }: Tally): boolean {
  return paid === 0 || Object.keys(faults).length === 0;
}

export function added(a: Tally, b: Tally): Tally {
  const faults = { ...a.faults };
  for (const [fault, count] of Object.entries(b.faults)) faults[fault] = (faults[fault] ?? 0) + count;
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    accepted: a.accepted + b.accepted,
    paid: a.paid + b.paid,
    facts: a.facts + b.facts,
    forks: a.forks + b.forks,
    faults,
  };
}

async function runWorld(
  doors: number,
  { seeds, tell }: { seeds: readonly number[]; tell: (outcome: Outcome) => void },
): Promise<Tally> {
  if (seeds.length === 0) return NOTHING;
  const world = await World.open(doors);
  let sum = NOTHING;
  try {
    for (const seed of seeds) {
      const outcome = await runSeed(world, seed).catch((error: unknown) => broken(seed, error));
      const isGood = outcome.complaints.length === 0;
      const { accepted, paid, forks } = outcome;
      sum = added(sum, { ...NOTHING, passed: isGood ? 1 : 0, failed: isGood ? 0 : 1, accepted, paid, forks });
      tell(outcome);
    }
    return added(sum, { ...NOTHING, facts: world.facts, faults: Object.fromEntries(world.played()) });
  } finally {
    await world.close();
  }
}

function broken(seed: number, error: unknown): Outcome {
  const complaint = error instanceof Error ? (error.stack ?? error.message) : "unknown";
  return { seed, complaints: [complaint], accepted: 0, paid: 0, forks: 0 };
}
