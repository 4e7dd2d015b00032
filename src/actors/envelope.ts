/** One message on its way to one actor, and what becomes of it. */
import type { Refusal } from "../domain/errors.ts";
import type { ActorAddress, ActorRecord, Message } from "../domain/records.ts";
import type { Reply } from "../machines/durable.ts";
import type { Write } from "../ports/store.ts";

/** What a request led to, seen at the end of its step and before the commit. */
export type Outcome = {
  /** The machine's answer. A message that the state does not handle is answered with `state_conflict`. */
  readonly reply: Reply;
  /** The actor after the step. */
  readonly record: ActorRecord;
  /** False when this very request created it. */
  readonly existed: boolean;
  /** Any other actor as it will be after this commit. */
  read(actor: ActorAddress): ActorRecord | undefined;
};

export type Kept = { readonly status: number; readonly body: unknown };
/** `keep` is committed with the step; `discard` undoes the whole step: nothing of it ever happened. */
export type Verdict = { readonly keep: Kept } | { readonly discard: Refusal };

/**
 * - request: somebody outside waits for an answer; may be refused when the mailbox is full
 * - answer: of an effect; its outbox row goes in the same commit
 * - timer: its row goes in the same commit
 * - fact: from the block follower, which repeats it until it is committed
 * - parked: was kept in the inbox while the actor was quarantined
 */
export type Origin = "request" | "answer" | "timer" | "fact" | "parked";

export type Envelope = {
  readonly origin: Origin;
  readonly to: ActorAddress;
  readonly message: Message;
  /** Present when the actor is to be created with this input. */
  readonly create?: { readonly input: unknown };
  /** The record the message applies to, or undefined when the message is stale and only `writes` count. */
  readonly gate?: (record: ActorRecord) => ActorRecord | undefined;
  /** Committed together with the step, and also when the message turns out stale. */
  readonly writes?: readonly Write[];
  readonly respond?: (outcome: Outcome) => Verdict;
  /** More writes that depend on the answer that is kept: the stored reply of an idempotent request. */
  readonly witness?: (answer: Kept) => readonly Write[];
  /** Called once: after the commit, or when it is certain that there will be none. */
  readonly settle: (end: Ending) => void;
};

export type Ending =
  | { readonly end: "committed"; readonly verdict: Verdict | undefined }
  | { readonly end: "discarded"; readonly refusal: Refusal }
  | { readonly end: "refused"; readonly refusal: Refusal }
  | { readonly end: "failed"; readonly error: unknown };

export function keyOf(actor: ActorAddress): string {
  return `${actor.kind}!${actor.id}`;
}
