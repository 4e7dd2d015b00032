/**
 * When to ask again. For reads only: asking twice changes nothing there. Handing over bytes is never repeated here;
 * the engine pushes the same stored bytes again when it wants to (tron.md §3.1).
 */
import { Fault, isFault } from "../domain/errors.ts";
import type { Clock } from "../ports/clock.ts";
import { NodeFailure, type FailureKind } from "./node-failure.ts";

export type RetryPolicy = {
  /** Rounds over all nodes after the first, when at least one node could be reached. */
  readonly maxRetries: number;
  /** Rounds after the first when no node could be reached at all. */
  readonly maxConnectionRetries: number;
  readonly factor: number;
  readonly firstDelayMs: number;
  /** No single delay exceeds this. */
  readonly maxDelayMs: number;
};

/** - connection: never arrived. - transient: worth another round. - final: the same answer would come again. */
export type Retryability = "connection" | "transient" | "final";

const FINAL: ReadonlySet<FailureKind> = new Set(["rejected", "excluded", "oversized", "aborted"]);
const CONNECTION: ReadonlySet<FailureKind> = new Set(["unreachable", "resting"]);

export function retryabilityOf(error: unknown): Retryability {
  if (error instanceof NodeFailure) {
    if (CONNECTION.has(error.kind)) return "connection";
    // Who asked for too much can ask for less; the same question has the same answer.
    return FINAL.has(error.kind) ? "final" : "transient";
  }
  // A shape that cannot be trusted is this answer's fault; every other fault is an answer about the question.
  return isFault(error) && error.code === "chain_error" ? "transient" : "final";
}

/** Of two nodes' failures the one worth retrying, so that one hopeless node does not end the attempt for all. */
export function worseOf(a: unknown, b: unknown): unknown {
  return rankOf(b) > rankOf(a) ? b : a;
}

function rankOf(error: unknown): number {
  if (error instanceof NodeFailure && error.kind === "excluded") return 0;
  return { final: 1, connection: 2, transient: 3 }[retryabilityOf(error)];
}

/** Delay before round `round` (1 is the first repetition): exponential, then jittered to 50-100 %. */
export function backoffMs(policy: RetryPolicy, round: number, random: number): number {
  const full = Math.min(policy.firstDelayMs * policy.factor ** (round - 1), policy.maxDelayMs);
  return Math.round(full * (0.5 + random / 2));
}

/**
 * Runs `attempt` until it answers, its failure is final, the rounds of its kind are used up, or the time is; then throws that
 * failure.
 * Throws `Fault("chain_unavailable")` as soon as the signal aborts.
 */
export async function withRetry<T>(
  attempt: () => Promise<T>,
  options: {
    policy: RetryPolicy;
    clock: Clock;
    signal?: AbortSignal | undefined;
    /** Clock time, ms: no round begins after it, and no wait ends after it. */
    until?: number;
    onRetry?: (error: unknown, round: number) => void;
  },
): Promise<T> {
  const { policy, clock, signal, until = Number.POSITIVE_INFINITY, onRetry } = options;
  for (let round = 1; ; round += 1) {
    try {
      return await attempt();
    } catch (error) {
      const retryability = retryabilityOf(error);
      const rounds = retryability === "connection" ? policy.maxConnectionRetries : policy.maxRetries;
      if (retryability === "final" || round > rounds) throw error;
      const delay = backoffMs(policy, round, clock.random());
      if (clock.now() + delay >= until) throw error;
      onRetry?.(error, round);
      await pause(delay, { clock, signal });
    }
  }
}

/** Resolves after `delayMs`, or throws `Fault("chain_unavailable")` as soon as the signal aborts. */
export function pause(delayMs: number, options: { clock: Clock; signal?: AbortSignal | undefined }): Promise<void> {
  const { clock, signal } = options;
  return new Promise((resolve, reject) => {
    const stop = () => {
      cancel();
      reject(new Fault("chain_unavailable", "the caller gave up"));
    };
    const cancel = clock.schedule(delayMs, () => {
      signal?.removeEventListener("abort", stop);
      resolve();
    });
    if (signal?.aborted === true) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
