/**
 * What the auditor finds on the disk itself: that each journal leads to its record (A10), and which rare branches the
 * actors took.
 */
import type { ActorRecord, JournalEntry, StateValue } from "../../src/domain/records.ts";
import type { Invariant } from "./invariants.ts";
import { differenceOf } from "./journal-replay.ts";
import { parseRow } from "./row.ts";

type Row = readonly [key: string, value: string];
type Report = {
  readonly complain: (invariant: Invariant, what: string) => void;
  readonly mark: (name: string) => void;
};

export function auditDisk(rows: readonly Row[], report: Report): void {
  const journals = new Map<string, JournalEntry[]>();
  const records: ActorRecord[] = [];
  for (const [key, value] of rows) {
    const [prefix, kind = "", id = ""] = key.split("!");
    if (prefix === "s") records.push(parseRow<ActorRecord>(value));
    if (prefix !== "j") continue;
    const name = `${kind}!${id}`;
    const steps = journals.get(name) ?? [];
    // The entries of one commit share a row.
    const entries = parseRow<JournalEntry | JournalEntry[]>(value);
    steps.push(...(Array.isArray(entries) ? entries : [entries]));
    journals.set(name, steps);
  }
  for (const record of records) {
    const name = `${record.kind}!${record.id}`;
    const steps = journals.get(name) ?? [];
    journals.delete(name);
    follow(name, { record, steps }, report);
    for (const mark of marksOf(steps.flatMap(wordsOf))) report.mark(mark);
  }
  rowsOf(rows, records, report);
  for (const name of journals.keys()) report.complain("journal leads to record", `${name} has a journal and no record`);
}

function follow(
  name: string,
  { record, steps }: { record: ActorRecord; steps: readonly JournalEntry[] },
  { complain }: Report,
): void {
  let at = "";
  for (const [index, { revision, from, to }] of steps.entries()) {
    if (revision !== index + 1) return complain("journal leads to record", `${name} has no revision ${index + 1}`);
    if (from !== at) return complain("journal leads to record", `${name} at ${revision} begins at ${from}, not ${at}`);
    at = to;
  }
  if (steps.length !== record.revision || at !== pathOf(record.state))
    return complain("journal leads to record", `${name} ends at ${at}, and stands at ${pathOf(record.state)}`);
  const difference = differenceOf(record, steps);
  if (difference !== undefined) complain("journal leads to record", `${name}: ${difference}`);
  return undefined;
}

/** Every row of outbox, timers, and lists is one that a record names, and every one that a record names is there. */
function rowsOf(rows: readonly Row[], records: readonly ActorRecord[], { complain }: Report): void {
  const named = new Set<string>();
  for (const { kind, id, effects, timers, indexes, status } of records) {
    if (status === "active") {
      for (const key of Object.values(effects)) named.add(`o ${kind} ${id} ${key}`);
      for (const [timer, { due }] of Object.entries(timers)) named.add(`t ${due} ${kind} ${id} ${timer}`);
    }
    for (const index of indexes) named.add(`x ${kind} ${index} ${id}`);
  }
  for (const [key] of rows) {
    const [prefix, a = "", b = "", c = "", d = ""] = key.split("!").map(unescaped);
    const name =
      prefix === "o"
        ? `o ${b} ${c} ${d}`
        : prefix === "t"
          ? `t ${Number(a)} ${b} ${c} ${d}`
          : prefix === "x"
            ? `x ${a} ${b} ${d}`
            : undefined;
    if (name !== undefined && !named.delete(name))
      complain("journal leads to record", `${key} is a row that no record names`);
  }
  for (const name of named) complain("journal leads to record", `the row of ${name} is missing`);
}

function unescaped(part: string): string {
  return decodeURIComponent(part);
}

function pathOf(state: StateValue): string {
  if (typeof state === "string") return state;
  return Object.entries(state)
    .map(([name, inner]) => `${name}.${pathOf(inner)}`)
    .join();
}

/** What happened, and where that led. */
function wordsOf({ event, to }: JournalEntry): string[] {
  const answer = (event["output"] as { class?: string } | undefined)?.class;
  return [answer === undefined ? event.type : `${event.type} ${answer}`, `to ${to}`];
}

const BROADCAST = "xstate.done.actor.broadcast";

/** Rare branches as what must come before what in the journal of one actor. */
const BRANCHES: Readonly<Record<string, readonly string[]>> = {
  "ambiguous broadcast": [`${BROADCAST} ambiguous`],
  "ambiguous broadcast, then confirmed": [`${BROADCAST} ambiguous`, "chain.solidified"],
  "ambiguous broadcast, then expired": [`${BROADCAST} ambiguous`, "chain.expired"],
  "ambiguous broadcast, then a fork": [`${BROADCAST} ambiguous`, "chain.orphaned"],
  "refused by a node, then confirmed": [`${BROADCAST} refused`, "chain.solidified"],
  "refused by a node, then expired": [`${BROADCAST} refused`, "chain.expired"],
  "node too busy, then confirmed": [`${BROADCAST} busy`, "chain.solidified"],
  "included, then orphaned, then confirmed": ["chain.included", "chain.orphaned", "chain.solidified"],
  "included, then orphaned, then expired": ["chain.included", "chain.orphaned", "chain.expired"],
  "accepted by a node, then expired": [`${BROADCAST} accepted`, "chain.expired"],
  "orphaned twice": ["chain.orphaned", "chain.orphaned"],
  "nodes disagree about a block": ["chain.disputed"],
  "nodes disagreed, then confirmed": ["chain.disputed", "chain.solidified"],
  "building failed, then worked": ["xstate.error.actor.build", "xstate.done.actor.build"],
  "cancelled before it was signed": ["transaction.cancel"],
  "an operator tried again": ["payout.retry"],
  "an operator pushed the bytes": ["transaction.rebroadcast"],
  "cancelled while the wallet owed an answer": ["to withdrawing", "wallet.reserved"],
  approved: ["payout.approve"],
  rejected: ["payout.reject"],
};

/** Marks that a run of many seeds has to hit. */
export const BRANCH_MARKS: readonly string[] = Object.keys(BRANCHES);

function marksOf(words: readonly string[]): string[] {
  return BRANCH_MARKS.filter((name) => {
    let at = 0;
    for (const wanted of BRANCHES[name] ?? []) {
      at = words.indexOf(wanted, at) + 1;
      if (at === 0) return false;
    }
    return true;
  });
}
