/** Rare branches that a run of many seeds has to take; what a run did not take, it says. */
import { BRANCH_MARKS } from "./disk-audit.ts";

/** Marks of the machine, the callers, and the operators; those of the actors are read from their journals. */
const OTHER_MARKS = [
  "crash",
  "crash inside start",
  "crash inside recovery",
  "commit on its way stored",
  "commit on its way torn",
  "commit on its way lost",
  "disk write failed",
  "the disk refused to be read",
  "start refused",
  "signing thread died",
  "a second attempt",
  "a third attempt",
  "a key was answered twice",
  "expiry across missed slots",
  "a node in quarantine",
  "the follower stopped",
  "a row rotted",
  "an actor in quarantine was released",
  "a new attempt refused without proof",
  "an order was held because of whom it looks like",
  "a relay is confirmed",
  "a relay is over",
  "an order ran out of its time",
  "an order was paid within its time",
  "an order refused while the follower was stopped",
] as const;

export function marksMissedBy(hit: ReadonlySet<string>): string[] {
  return [...BRANCH_MARKS, ...OTHER_MARKS].filter((name) => !hit.has(name));
}
