/** Processes that run seeds: one per core, each with every n-th seed. */
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Fault } from "./plan.ts";
import type { Outcome } from "./run.ts";
import type { Asked, Said } from "./worker.ts";

/** Fewer are not worth a process. */
const PROCESS_SEEDS_MIN = 8;

export type Work = Omit<Asked, "seeds"> & { readonly from: number; readonly seeds: number };
export type Tell = (outcome: Outcome, schedule?: readonly Fault[]) => void;
export type Done = { readonly outcomes: readonly Outcome[]; readonly cpuMs: number; readonly processes: number };

export async function runCrew({ from, seeds, ...rest }: Work, tell: Tell): Promise<Done> {
  const processes = Math.max(1, Math.min(availableParallelism(), Math.floor(seeds / PROCESS_SEEDS_MIN)));
  const all = Array.from({ length: seeds }, (_, at) => from + at);
  const parts = await Promise.all(
    Array.from({ length: processes }, (_, part) =>
      runPart({ ...rest, seeds: all.filter((_seed, at) => at % processes === part) }, tell),
    ),
  );
  return {
    outcomes: parts.flatMap(({ outcomes }) => outcomes),
    cpuMs: parts.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    processes,
  };
}

export function runPart(asked: Asked, tell: Tell): Promise<{ outcomes: Outcome[]; cpuMs: number }> {
  const child = fork(join(import.meta.dirname, "worker.ts"), { execArgv: ["--max-semi-space-size=32"] });
  const outcomes: Outcome[] = [];
  return new Promise((resolve) => {
    let cpuMs = 0;
    child.on("message", (said: Said) => {
      if ("done" in said) cpuMs = said.cpuMs;
      else {
        outcomes.push(said.outcome);
        tell(said.outcome, said.schedule);
      }
    });
    child.on("exit", (code) => {
      if (code !== 0) {
        // It died with this seed, and with it all that it would have run.
        const outcome = brokenSeed(asked.seeds[outcomes.length] ?? 0, `the process ended with ${code ?? "a signal"}`);
        outcomes.push(outcome);
        tell(outcome);
      }
      resolve({ outcomes, cpuMs });
    });
    child.send(asked);
  });
}

function brokenSeed(seed: number, complaint: string): Outcome {
  const nothing = { hash: "", payouts: 0, paid: 0, crashes: 0, blocks: 0, tasks: 0, faults: {}, marks: {} };
  return { seed, complaints: [complaint], ...nothing };
}
