/** Waiting for work that others wait for too: who leaves does not end it for them. */
import type { Clock } from "../ports/clock.ts";

export type Patience = {
  readonly signal?: AbortSignal | undefined;
  /** Clock time, ms. */
  readonly until?: number | undefined;
};

/** What `work` gives, or rejects with `leave(reason)` when this caller's signal or time ends first. */
export function patiently<T>(
  work: Promise<T>,
  { signal, until }: Patience,
  given: { readonly clock: Clock; readonly leave: (reason: "aborted" | "timeout") => Error },
): Promise<T> {
  if (signal === undefined && until === undefined) return work;
  const { clock, leave } = given;
  return new Promise((resolve, reject) => {
    const abort = () => reject(leave("aborted"));
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort, { once: true });
    const cancel =
      until === undefined
        ? undefined
        : clock.schedule(Math.max(0, until - clock.now()), () => reject(leave("timeout")));
    const over = () => {
      signal?.removeEventListener("abort", abort);
      cancel?.();
    };
    void work.then(resolve, reject).finally(over);
  });
}
