/**
 * Answers of requests that have no actor to remember them: the push of bytes that somebody else signed. Kept in memory
 * only; that is enough, because the same bytes are the same transaction however often they are pushed.
 */
import { refuse } from "../domain/errors.ts";
import type { Answer, Outcome } from "./endpoint.ts";
import type { Idempotency } from "./idempotency.ts";

const KEPT_MAX = 1_000;

function isDone(outcome: Outcome): outcome is Answer {
  return outcome !== undefined && "status" in outcome;
}

export class RecentAnswers {
  readonly #kept = new Map<string, { readonly fingerprint: string; readonly answer: Promise<Outcome> }>();

  /** Only what was done is kept: after a refusal or a failure the same key asks anew. */
  async once({ key, fingerprint }: Idempotency, work: () => Promise<Outcome>): Promise<Outcome> {
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      if (kept.fingerprint !== fingerprint) {
        return {
          refusal: refuse(
            "idempotency_mismatch",
            "The first request with this key had another body; use a new key for a new request",
          ),
        };
      }
      const answer = await kept.answer;
      return isDone(answer) ? { ...answer, headers: { "idempotency-replayed": "true" } } : answer;
    }
    const answer = work();
    this.#kept.set(key, { fingerprint, answer });
    this.#forgetOldest();
    if (!(await answer.then(isDone, () => false))) this.#kept.delete(key);
    return answer;
  }

  #forgetOldest(): void {
    if (this.#kept.size <= KEPT_MAX) return;
    for (const key of this.#kept.keys()) {
      this.#kept.delete(key);
      return;
    }
  }
}
