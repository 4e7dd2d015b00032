/** Plants each deliberate bug and counts the seeds until an invariant breaks. Two bugs at a time, one per core. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { runPart } from "./crew.ts";
import { MUTATIONS, type Mutation } from "./mutations.ts";

/** What is known of each bug; the documentation is made from it (`npm run docs`). */
export const FINDINGS = "test/simulation/findings.json";

export type Finding = { readonly name: string; readonly invariant: string | null; readonly seeds: number };

export async function runMutations(given: { from: number; seeds: number; named: string }): Promise<number> {
  const waiting = MUTATIONS.filter(({ name }) => name.includes(given.named));
  let missed = 0;
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const finding = await find(next, given);
      if (finding.invariant === null) missed += 1;
      console.log(
        `${finding.invariant === null ? "MISSED" : "found"}\t${finding.seeds}\t${finding.invariant ?? "-"}\t${next.name}`,
      );
      keep(finding);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  console.log(`${MUTATIONS.length} deliberate bugs, ${missed} of those that ran were not found`);
  return missed === 0 ? 0 : 1;
}

async function find({ name, edits }: Mutation, { from, seeds }: { from: number; seeds: number }): Promise<Finding> {
  const all = Array.from({ length: seeds }, (_, at) => from + at);
  const { outcomes } = await runPart({ seeds: all, edits, stopAtFailure: true }, () => {});
  const [complaint] = outcomes.at(-1)?.complaints ?? [];
  return { name, invariant: complaint?.split(":", 1)[0] ?? null, seeds: outcomes.length };
}

/** Kept as each is found: the whole takes a while. */
function keep(finding: Finding): void {
  const known = findings().filter(({ name }) => name !== finding.name && MUTATIONS.some((each) => each.name === name));
  const order = (name: string) => MUTATIONS.findIndex((each) => each.name === name);
  const all = [...known, finding].toSorted((a, b) => order(a.name) - order(b.name));
  writeFileSync(FINDINGS, `${JSON.stringify(all, null, 2)}\n`);
}

export function findings(): Finding[] {
  return existsSync(FINDINGS) ? (JSON.parse(readFileSync(FINDINGS, "utf8")) as Finding[]) : [];
}
