/**
 * One request per key. The stored reply is written in the same batch as the step it answers, so a key whose reply is
 * missing never led to anything.
 */
import { refuse } from "../domain/errors.ts";
import type { Store } from "../ports/store.ts";
import type { EngineAnswer } from "./facade.ts";

export type IdempotencyKey = { readonly key: string; readonly fingerprint: string };

type Once = { readonly work: () => Promise<EngineAnswer>; readonly isUnused: () => boolean };

export class Idempotency {
  private readonly running = new Map<
    string,
    { readonly fingerprint: string; readonly answer: Promise<EngineAnswer> }
  >();
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  /** `isUnused`: what is known of the key without looking for its reply. */
  async once({ key, fingerprint }: IdempotencyKey, { work, isUnused }: Once): Promise<EngineAnswer> {
    const first = this.running.get(key);
    if (first !== undefined) return first.fingerprint === fingerprint ? asReplay(await first.answer) : mismatch();
    if (!isUnused()) {
      const stored = this.store.reply(key);
      if (stored !== undefined) {
        return stored.fingerprint === fingerprint
          ? { status: stored.status, body: stored.body, replayed: true }
          : mismatch();
      }
    }
    const answer = work();
    this.running.set(key, { fingerprint, answer });
    try {
      return await answer;
    } finally {
      this.running.delete(key);
    }
  }
}

function asReplay(answer: EngineAnswer): EngineAnswer {
  return "refusal" in answer ? answer : { ...answer, replayed: true };
}

function mismatch(): EngineAnswer {
  return {
    refusal: refuse(
      "idempotency_mismatch",
      "the first request with this key had another body; use a new key for a new request",
    ),
  };
}
