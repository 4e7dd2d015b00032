/**
 * An ordered list of nodes, asked in order. Owns which nodes are on the right network and which ones to ask last.
 *
 * F1. A node is used only after it named the expected genesis block, once that block is known; one that names another
 *     is never used again.
 * F2. An operation runs on one node from its first request to its last: facts of two nodes are never mixed in one answer.
 * F3. A node that failed is asked last for a while. The order is otherwise the configured one. Breakers and pacing
 *     replace `#order` and nothing else.
 */
import { Fault } from "../domain/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/telemetry.ts";
import { faultOf, NodeFailure, type FailureKind, type HttpNode } from "./http-node.ts";
import { retryabilityOf, withRetry, type RetryPolicy } from "./retry.ts";

export type FailoverPorts = { readonly clock: Clock; readonly logger: Logger };

export type FailoverOptions = {
  readonly retry: RetryPolicy;
  /** Reads the genesis block id of one node. */
  readonly identify: (node: HttpNode) => Promise<string>;
  readonly onFailover?: () => void;
  readonly onRetry?: () => void;
};

/** Gateways in front of public nodes suspend a client for 30 s (tron.md §2.4); other trouble is usually shorter. */
const ASK_LAST_MS: Partial<Record<FailureKind, number>> = {
  throttled: 30_000,
  unreachable: 5_000,
  timeout: 5_000,
  overloaded: 2_000,
};

type Place = { readonly node: HttpNode; identity: "unknown" | "right" | "wrong"; lastUntil: number };

export class Failover {
  readonly #places: readonly Place[];
  readonly #options: FailoverOptions;
  readonly #ports: FailoverPorts;
  #genesisId: string | undefined;

  constructor(nodes: readonly HttpNode[], options: FailoverOptions, ports: FailoverPorts) {
    if (nodes.length === 0) throw new Fault("config_invalid", "at least one TRON node is needed");
    this.#places = nodes.map((node) => ({ node, identity: "unknown", lastUntil: 0 }));
    this.#options = options;
    this.#ports = ports;
  }

  /**
   * From now on only nodes with this genesis block are used; nodes that cannot be reached now are checked before their
   * first use. Throws `Fault("wrong_network")` when a reachable node has another one, `chain_unavailable` when none answers.
   */
  async requireGenesis(genesisId: string, signal?: AbortSignal): Promise<void> {
    this.#genesisId = genesisId;
    for (const place of this.#places) place.identity = "unknown";
    try {
      await withRetry(() => this.#identifyAll(), this.#retryOptions(signal));
    } catch (error) {
      throw faultOf(error);
    }
    const wrong = this.#places.find((place) => place.identity === "wrong");
    if (wrong !== undefined)
      throw new Fault("wrong_network", `${wrong.node.name} is a node of another network than configured`);
  }

  /** Runs the operation on the first node that answers, in rounds with back-off. Throws `Fault`. */
  async read<T>(operation: (node: HttpNode) => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await withRetry(() => this.#round(operation), this.#retryOptions(signal));
    } catch (error) {
      throw faultOf(error);
    }
  }

  /**
   * Hands the operation to one node after the other while `next` says so of what came back. One round, no waiting: the
   * caller owns the bytes and decides when to push them again. Returns the last result, `undefined` without usable node.
   */
  async push<T>(operation: (node: HttpNode) => Promise<T>, next: (result: T) => boolean): Promise<T | undefined> {
    let result: T | undefined;
    for (const place of this.#order()) {
      if (!(await this.#isUsable(place))) continue;
      result = await operation(place.node);
      if (!next(result)) return result;
    }
    return result;
  }

  async close(): Promise<void> {
    await Promise.all(this.#places.map((place) => place.node.close()));
  }

  async #round<T>(operation: (node: HttpNode) => Promise<T>): Promise<T> {
    const failures: unknown[] = [];
    for (const place of this.#order()) {
      try {
        await this.#identify(place);
        return await operation(place.node);
      } catch (error) {
        if (isAnswer(error)) throw error;
        this.#noteFailure(place, error);
        failures.push(error);
      }
    }
    if (failures.length === 0) {
      throw new Fault("chain_unavailable", "no configured node belongs to the configured network");
    }
    throw failures.reduce(worseOf);
  }

  /** Throws only when no node at all could say who it is. */
  async #identifyAll(): Promise<void> {
    const failures: unknown[] = [];
    const identify = (place: Place) => this.#identify(place).catch((error: unknown) => void failures.push(error));
    await Promise.all(this.#places.map(identify));
    if (failures.length === this.#places.length && !this.#places.some((place) => place.identity === "wrong")) {
      throw failures.reduce(worseOf);
    }
  }

  async #isUsable(place: Place): Promise<boolean> {
    try {
      await this.#identify(place);
      return true;
    } catch (error) {
      this.#noteFailure(place, error);
      return false;
    }
  }

  async #identify(place: Place): Promise<void> {
    if (this.#genesisId === undefined || place.identity === "right") return;
    if (place.identity === "unknown") {
      place.identity = (await this.#options.identify(place.node)) === this.#genesisId ? "right" : "wrong";
    }
    if (place.identity === "right") return;
    this.#ports.logger.warn({ node: place.node.name }, "a node of another network is not used");
    throw new NodeFailure({ kind: "rejected", node: place.node.name, message: "a node of another network" });
  }

  #noteFailure(place: Place, error: unknown): void {
    if (!(error instanceof NodeFailure)) return;
    place.lastUntil = this.#ports.clock.now() + (ASK_LAST_MS[error.kind] ?? 0);
    if (this.#places.length > 1) this.#options.onFailover?.();
    this.#ports.logger.debug({ node: error.node, kind: error.kind }, "a node did not answer");
  }

  #order(): Place[] {
    const now = this.#ports.clock.now();
    const usable = this.#places.filter((place) => place.identity !== "wrong");
    const [first, last] = [
      usable.filter((place) => place.lastUntil <= now),
      usable.filter((place) => place.lastUntil > now),
    ];
    return [...first, ...last];
  }

  #retryOptions(signal: AbortSignal | undefined) {
    const { retry: policy, onRetry } = this.#options;
    return { policy, clock: this.#ports.clock, signal, onRetry: () => onRetry?.() };
  }
}

/** A fault that answers the question, or a caller that left: no other node is asked. */
function isAnswer(error: unknown): boolean {
  if (error instanceof NodeFailure) return error.kind === "aborted";
  return retryabilityOf(error) === "final";
}

/** Of two nodes' failures the one worth retrying, so that one hopeless node does not end the attempt for all. */
function worseOf(a: unknown, b: unknown): unknown {
  const rank = { final: 0, connection: 1, transient: 2 };
  return rank[retryabilityOf(b)] > rank[retryabilityOf(a)] ? b : a;
}
