/**
 * The few words that machines use to talk to the outside. All of them are data; the kernel acts after the commit.
 *
 * - an effect is an `invoke` of `effect<Input, Output>()`: its answer comes back as `onDone` or `onError`
 * - a subscription is an `invoke` of `subscription<Input>()`: it never answers; its facts come as messages
 * - `tell` sends a message to another actor, or creates it, in the same atomic commit
 * - `reply` answers the request that this message carried
 * - `emit` (XState's own) publishes a feed entry
 */
import { fromPromise } from "xstate";
import type { ErrorCode, Refusal } from "../domain/errors.ts";
import type { ActorAddress, Message } from "../domain/records.ts";

/** What the engine adds to every message: its own clock, and the newest block's timestamp (0 before the first block). */
export type Stamp = { readonly at: number; readonly blockTime: number };

export type Tell =
  | { readonly to: ActorAddress; readonly message: Message }
  | { readonly to: ActorAddress; readonly create: unknown };

export type Reply = { readonly ok: true; readonly value?: unknown } | { readonly ok: false; readonly refusal: Refusal };

/** The error of an effect as a machine sees it. */
export type EffectError = { readonly code: ErrorCode; readonly message: string; readonly retryable: boolean };

export type TellParams = Tell | readonly Tell[] | undefined;

/** Register these in `setup({ actions })`. They do nothing by themselves; the kernel reads their params. */
export const durableActions = {
  tell: (_: unknown, _params: TellParams): void => {},
  reply: (_: unknown, _params: Reply): void => {},
};

const performedByTheEngine = () => Promise.reject(new Error("effects are performed by the engine, never by XState"));

export function effect<Input, Output>() {
  return fromPromise<Output, Input>(performedByTheEngine);
}

export function subscription<Input>() {
  return fromPromise<never, Input>(performedByTheEngine);
}

/** Every state says what it is and what it waits for; `status` is the public word of the table in docs/states.md. */
export type StateMeta = { readonly waitingFor: string };

/** The error of an `onError` event, for use in guards and actions. */
export function effectError(event: object): EffectError {
  const error = "error" in event ? event.error : undefined;
  if (typeof error === "object" && error !== null && "code" in error && "message" in error && "retryable" in error) {
    return error as EffectError;
  }
  return { code: "internal", message: "unknown effect error", retryable: true };
}
