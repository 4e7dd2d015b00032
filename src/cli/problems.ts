import type { FileProblem } from "./payout-file.ts";

const SHOWN_MAX = 10;

/** One line of text per problem: `payouts.csv:7: address: wrong checksum`. */
export function describeProblems(file: string, problems: readonly FileProblem[]): string {
  const shown = problems
    .slice(0, SHOWN_MAX)
    .map(({ line, column, message }) => `  ${file}:${line}: ${column === "" ? "" : `${column}: `}${message}`);
  const more = problems.length - shown.length;
  return [...shown, ...(more > 0 ? [`  and ${more} more`] : [])].join("\n");
}
