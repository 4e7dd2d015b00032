/**
 * The configured nodes. Owns their order and who of them may be asked.
 *
 * P1. A node of another network and an excluded one are in no list that leaves the pool.
 */
import { Fault } from "../domain/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Api } from "./asking.ts";
import type { ChainNode } from "./chain-node.ts";
import { NodeFailure, type FailureKind } from "./node-failure.ts";
import { worseOf } from "./retry.ts";

/** Gateways in front of public nodes suspend a client for 30 s (tron.md §2.4); other trouble is usually shorter. */
const ASK_LAST_MS: Partial<Record<FailureKind, number>> = {
  throttled: 30_000,
  unreachable: 5_000,
  timeout: 5_000,
  overloaded: 2_000,
};

export class NodePool {
  readonly #nodes: readonly ChainNode[];
  readonly #clock: Clock;
  readonly #lastUntil = new Map<ChainNode, number>();

  constructor(nodes: readonly ChainNode[], clock: Clock) {
    if (nodes.length === 0) throw new Fault("config_invalid", "at least one TRON node is needed");
    this.#nodes = nodes;
    this.#clock = clock;
  }

  /** Who may be asked, the best one first; only those that serve `api`, if given. */
  nodes(api?: Api): ChainNode[] {
    const now = this.#clock.now();
    const usable = this.#nodes.filter(
      (node) => node.excluded() === undefined && (api === undefined || node.serves(api)),
    );
    const rests = (node: ChainNode) => (this.#lastUntil.get(node) ?? 0) > now;
    return [...usable.filter((node) => !rests(node)), ...usable.filter(rests)];
  }

  /** Every configured node, in the configured order, also those that are not used. */
  all(): readonly ChainNode[] {
    return this.#nodes;
  }

  /**
   * From now on only nodes with this genesis block are used; nodes that cannot be reached now are checked before their
   * first use. Throws `Fault("wrong_network")` when a node has another one, `NodeFailure` when none answers.
   */
  async requireGenesis(genesisId: string, signal?: AbortSignal): Promise<void> {
    for (const node of this.#nodes) node.expectGenesis(genesisId);
    const failures: unknown[] = [];
    const identify = (node: ChainNode) =>
      node.identify({ lane: "follow", signal }).catch((error: unknown) => void failures.push(error));
    await Promise.all(this.#nodes.map(identify));
    const wrong = this.#nodes.find((node) => node.excluded() !== undefined);
    if (wrong !== undefined) {
      throw new Fault("wrong_network", `${wrong.name} is a node of another network than configured`);
    }
    if (failures.length === this.#nodes.length) throw failures.reduce(worseOf);
  }

  noteFailure(node: ChainNode, error: unknown): void {
    if (!(error instanceof NodeFailure)) return;
    this.#lastUntil.set(node, this.#clock.now() + (ASK_LAST_MS[error.kind] ?? 0));
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.close()));
  }
}
