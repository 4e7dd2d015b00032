/** One process of a simulation: takes the machine over, then runs the seeds that it is sent, one after the other. */
import { installMachine, type Mutation } from "./machine/install.ts";
import type { Fault } from "./plan.ts";
import type { Outcome } from "./run.ts";

export type Asked = {
  readonly seeds: readonly number[];
  readonly faults?: readonly Fault[];
  readonly mutation?: Mutation;
  /** Stop at the first seed that fails. */
  readonly stopAtFailure?: boolean;
};
export type Said = { readonly outcome: Outcome } | { readonly done: true; readonly cpuMs: number };

process.once("message", (asked: Asked) => {
  void work(asked).then(({ user, system }) => {
    say({ done: true, cpuMs: (user + system) / 1_000 }, () => process.exit(0));
  });
});

async function work({ seeds, faults, mutation, stopAtFailure }: Asked): Promise<NodeJS.CpuUsage> {
  installMachine(mutation);
  const { runSeed } = await import("./run.ts");
  const before = process.cpuUsage();
  for (const seed of seeds) {
    const outcome = await runSeed(seed, faults);
    say({ outcome });
    if (stopAtFailure === true && outcome.complaints.length > 0) break;
  }
  return process.cpuUsage(before);
}

function say(said: Said, then: () => void = () => {}): void {
  process.send?.(said, then);
}
