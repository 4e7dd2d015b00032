/**
 * One answer out of several nodes.
 *
 * F1. An operation runs on one node from its first request to its last: facts of two nodes are never mixed in one answer.
 * F2. What time the caller has is divided among the nodes that are left to ask, and is never exceeded.
 * F3. Bytes are handed over in one round, without waiting: the caller owns them and decides when to push them again.
 *     The round of a later push begins with nodes that did not see them yet.
 */
import { Fault } from "../domain/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/telemetry.ts";
import type { Api, Asker, Lane } from "./asking.ts";
import { faultOf, NodeFailure } from "./node-failure.ts";
import type { NodePool } from "./node-pool.ts";
import { PushTurns } from "./push-turns.ts";
import { retryabilityOf, withRetry, worseOf, type RetryPolicy } from "./retry.ts";

export type FailoverPorts = { readonly pool: NodePool; readonly clock: Clock; readonly logger: Logger };

export type FailoverOptions = {
  readonly retry: RetryPolicy;
  readonly onFailover?: () => void;
  readonly onRetry?: () => void;
};

export type ReadTerms = {
  readonly api: Api;
  readonly lane: Lane;
  readonly signal?: AbortSignal | undefined;
  /** For everything together: nodes, rounds and the waits between them. */
  readonly budgetMs: number;
  /** No second round once a node was reached: whoever cannot answer this now cannot answer it a moment later. */
  readonly once?: boolean;
};

export class Failover {
  readonly #options: FailoverOptions;
  readonly #ports: FailoverPorts;
  readonly #turns = new PushTurns();

  constructor(options: FailoverOptions, ports: FailoverPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /** Runs the operation on the first node that answers, in rounds with back-off. Throws `Fault`. */
  async read<T>(operation: (node: Asker) => Promise<T>, terms: ReadTerms): Promise<T> {
    const until = this.#ports.clock.now() + terms.budgetMs;
    let told: unknown;
    const round = async (): Promise<T> => {
      try {
        return await this.#round(operation, terms, until);
      } catch (error) {
        if (!(error instanceof NodeFailure) || error.sent) told = error;
        throw error;
      }
    };
    try {
      return await withRetry(round, this.#retryOptions(terms, until));
    } catch (error) {
      // That a node is left alone now says less than what it did when it was asked.
      throw faultOf(error instanceof NodeFailure && !error.sent ? (told ?? error) : error);
    }
  }

  /** As `NodePool.requireGenesis`, in rounds. Throws `Fault`. */
  async requireGenesis(
    genesisId: string,
    terms: { signal?: AbortSignal | undefined; budgetMs: number },
  ): Promise<void> {
    const until = this.#ports.clock.now() + terms.budgetMs;
    const { pool } = this.#ports;
    try {
      await withRetry(() => pool.requireGenesis(genesisId), this.#retryOptions(terms, until));
    } catch (error) {
      throw faultOf(error);
    }
  }

  /**
   * Hands the bytes to one node after the other until one took them, and returns all results; none without usable node.
   * The operation must not throw.
   */
  async push<T>(
    operation: (node: Asker) => Promise<T>,
    bytes: { readonly id: string; readonly seen: (result: T) => boolean; readonly taken: (result: T) => boolean },
    terms: { readonly signal?: AbortSignal | undefined; readonly budgetMs: number },
  ): Promise<T[]> {
    const results: T[] = [];
    const until = this.#ports.clock.now() + terms.budgetMs;
    const nodes = this.#turns.ordered(bytes.id, this.#ports.pool.nodes("full"));
    for (const [index, node] of nodes.entries()) {
      const share = this.#share(until, nodes.length - index);
      const result = await operation(node.on({ lane: "broadcast", signal: terms.signal, until: share }));
      results.push(result);
      if (bytes.seen(result)) this.#turns.saw(bytes.id, node);
      if (bytes.taken(result) || terms.signal?.aborted === true) break;
    }
    return results;
  }

  async #round<T>(operation: (node: Asker) => Promise<T>, terms: ReadTerms, until: number): Promise<T> {
    const failures: unknown[] = [];
    const { pool, logger } = this.#ports;
    const nodes = pool.nodes(terms.api);
    for (const [index, node] of nodes.entries()) {
      const share = this.#share(until, nodes.length - index);
      try {
        return await operation(node.on({ lane: terms.lane, signal: terms.signal, until: share }));
      } catch (error) {
        if (isAnswer(error)) throw error;
        if (nodes.length > 1) this.#options.onFailover?.();
        if (error instanceof NodeFailure) logger.debug({ node: error.node, kind: error.kind }, "a node did not answer");
        failures.push(error);
      }
    }
    if (failures.length === 0) {
      throw new Fault("chain_unavailable", "no configured node can be used on the configured network");
    }
    throw failures.reduce(worseOf);
  }

  /** Clock time at which the next of `left` nodes has used its share of the time that remains. */
  #share(until: number, left: number): number {
    const now = this.#ports.clock.now();
    return now + Math.max(0, until - now) / left;
  }

  #retryOptions({ signal, once }: Pick<ReadTerms, "signal" | "once">, until: number) {
    const { retry, onRetry } = this.#options;
    const policy = once === true ? { ...retry, maxRetries: 0 } : retry;
    return { policy, clock: this.#ports.clock, signal, until, onRetry: () => onRetry?.() };
  }
}

/** A fault that answers the question, or a caller that left: no other node is asked. */
function isAnswer(error: unknown): boolean {
  if (error instanceof NodeFailure) return error.kind === "aborted";
  return retryabilityOf(error) === "final";
}
