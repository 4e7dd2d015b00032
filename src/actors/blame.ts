/** Whose fault it is that a cascade left something that cannot be stored. Runs only when that has happened. */
import type { ActorAddress, Message } from "../domain/records.ts";
import type { Tell } from "../machines/durable.ts";
import type { Store, Write } from "../ports/store.ts";
import { PoisonError, type CascadeResult } from "./cascade.ts";
import { keyOf, type Envelope } from "./envelope.ts";

type Judge = Pick<Store, "unstorable">;
type JournalWrite = Extract<Write, { put: "journal" }>;

/** The first value of the cascade that no schema allows, as the failure of the actor that made it. */
export function findPoison(envelope: Envelope, result: CascadeResult, judge: Judge): PoisonError | undefined {
  const flaw = judge.unstorable(result.writes);
  if (flaw === undefined) return undefined;
  const actor = tellerOf(result, judge) ?? writerOf(flaw.write) ?? envelope.to;
  const heard = result.writes.findLast((write): write is JournalWrite => isJournalOf(write, actor))?.entry;
  return new PoisonError(actor, heard?.event ?? envelope.message, (heard?.revision ?? 1) - 1, flaw.problem);
}

export function isStorable(message: Message, judge: Judge): boolean {
  const actor = { kind: "-", id: "-" };
  return judge.unstorable([{ put: "inbox", entry: { actor, sequence: 0, message } }]) === undefined;
}

/** What was told is written with its receiver, but it was made by the teller. */
function tellerOf({ news: { steps } }: CascadeResult, judge: Judge): ActorAddress | undefined {
  return steps.find(({ step }) => step.tells.some((tell) => !isStorable(messageOf(tell), judge)))?.actor;
}

function messageOf(tell: Tell): Message {
  return "message" in tell ? tell.message : { type: "xstate.init", input: tell.create };
}

/** What is not of one actor (a reply, a parked message) is the fault of whoever set the cascade off. */
function writerOf(write: Write): ActorAddress | undefined {
  if ("put" in write && write.put === "record") return { kind: write.record.kind, id: write.record.id };
  if ("put" in write && write.put === "journal") return write.actor;
  return "put" in write && write.put === "feed" ? write.entry.actor : undefined;
}

function isJournalOf(write: Write, actor: ActorAddress): boolean {
  return "put" in write && write.put === "journal" && keyOf(write.actor) === keyOf(actor);
}
