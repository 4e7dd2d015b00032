/** One process of a simulation: takes the machine over, then runs the seeds that it is sent, one after the other. */
import { installMachine, type Mutation } from "./machine/install.ts";
import type { Fault } from "./plan.ts";
import type { Outcome } from "./run.ts";

export type Asked = {
  readonly seeds: readonly number[];
  readonly faults?: readonly Fault[];
  /** One deliberate bug. */
  readonly mutation?: Mutation;
  /** Stop at the first seed that fails; do not look for a smaller schedule. */
  readonly stopAtFailure?: boolean;
};
/** `schedule`: the few faults with which a seed fails as it did with all of them. */
export type Said =
  | { readonly outcome: Outcome; readonly schedule?: readonly Fault[] }
  | { readonly done: true; readonly cpuMs: number };

/** Seeds of one process whose schedules are made small; it takes a minute each. */
const SHRUNK_MAX = 2;

process.once("message", (asked: Asked) => {
  void work(asked).then(({ user, system }) => {
    say({ done: true, cpuMs: (user + system) / 1_000 }, () => process.exit(0));
  });
});

async function work({ seeds, faults, mutation, stopAtFailure }: Asked): Promise<NodeJS.CpuUsage> {
  installMachine(mutation);
  const [{ runSeed }, { shrunkFaults }] = await Promise.all([import("./run.ts"), import("./shrink.ts")]);
  const before = process.cpuUsage();
  let shrunk = 0;
  for (const seed of seeds) {
    const outcome = await runSeed(seed, faults);
    const isGood = outcome.complaints.length === 0;
    if (isGood || stopAtFailure === true || shrunk >= SHRUNK_MAX) say({ outcome });
    else {
      shrunk += 1;
      say({ outcome, schedule: await shrunkFaults(outcome, faults) });
    }
    if (stopAtFailure === true && !isGood) break;
  }
  return process.cpuUsage(before);
}

function say(said: Said, then: () => void = () => {}): void {
  process.send?.(said, then);
}
