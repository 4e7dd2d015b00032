/** Waiting for several answers, without letting the slowest decide how long. */
import type { Clock } from "../ports/clock.ts";

/**
 * Resolves when all have answered or failed, and `patienceMs` after the answers are `enough` at the latest. Never rejects;
 * `error` is what one of those that failed threw.
 */
export function firstAnswers<T>(
  pending: readonly Promise<T>[],
  { enough, patienceMs, clock }: { enough: (answers: readonly T[]) => boolean; patienceMs: number; clock: Clock },
): Promise<{ answers: T[]; error: unknown }> {
  return new Promise((resolve) => {
    const answers: T[] = [];
    let error: unknown;
    let open = pending.length;
    let cancel: (() => void) | undefined;
    const finish = () => {
      cancel?.();
      resolve({ answers: [...answers], error });
    };
    const ended = () => {
      open -= 1;
      if (open === 0) finish();
      else if (enough(answers)) cancel ??= clock.schedule(patienceMs, finish);
    };
    for (const each of pending) {
      each
        .then((answer) => answers.push(answer))
        .catch((reason: unknown) => {
          error = reason;
        })
        .finally(ended);
    }
    if (open === 0) finish();
  });
}
