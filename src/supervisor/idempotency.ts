/**
 * One request per key. The stored reply is written in the same batch as the step it answers, so a key whose reply is
 * missing never led to anything.
 */
import { refuse } from "../domain/errors.ts";
import type { StoredReply } from "../domain/records.ts";
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
  once({ key, fingerprint }: IdempotencyKey, { work, isUnused }: Once): Promise<EngineAnswer> {
    const first = this.running.get(key);
    if (first !== undefined)
      return first.fingerprint === fingerprint ? first.answer.then(asReplay) : Promise.resolve(mismatch());
    if (!isUnused()) {
      const stored = this.store.reply(key);
      if (stored !== undefined) return Promise.resolve(answerOf(stored, fingerprint));
    }
    const answer = work();
    this.running.set(key, { fingerprint, answer });
    const end = () => void this.running.delete(key);
    // Before whoever asked hears the answer: this is the first who waits for it.
    answer.then(end, end);
    return answer;
  }
}

function answerOf(stored: StoredReply, fingerprint: string): EngineAnswer {
  if (stored.fingerprint !== fingerprint) return mismatch();
  return { status: stored.status, body: stored.body, replayed: true };
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
