/**
 * The configured nodes. Owns their order and the probes of those that nobody asks.
 *
 * P1. A node of another network and an excluded one are in no list that leaves `nodes`.
 * P2. The order is by health; equal nodes keep the configured order. Health decides who is asked, never what is believed.
 */
import { Fault } from "../domain/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Api } from "./asking.ts";
import type { ChainNode } from "./chain-node.ts";
import type { Heights } from "./heights.ts";
import { worseOf } from "./retry.ts";

export type NodePoolParts = {
  readonly clock: Clock;
  readonly heights: Heights;
  /** A node in reserve is asked for its height at least this often. */
  readonly healthCheckMs?: number | undefined;
};

export class NodePool {
  readonly #heights: Heights;
  readonly #nodes: readonly ChainNode[];
  readonly #clock: Clock;
  readonly #healthCheckMs: number;
  #cancelProbe: (() => void) | undefined;
  #closed = false;

  constructor(nodes: readonly ChainNode[], { clock, heights, healthCheckMs = 60_000 }: NodePoolParts) {
    if (nodes.length === 0) throw new Fault("config_invalid", "at least one TRON node is needed");
    for (const api of ["full", "solidity"] as const) {
      if (!nodes.some((node) => node.serves(api))) throw new Fault("config_invalid", `no node serves the ${api} API`);
    }
    this.#nodes = nodes;
    this.#clock = clock;
    this.#heights = heights;
    this.#healthCheckMs = healthCheckMs;
  }

  /** Who may be asked, the best one first; only those that serve `api`, if given. */
  nodes(api?: Api): ChainNode[] {
    const usable = this.#nodes.filter(
      (node) => node.excluded() === undefined && (api === undefined || node.serves(api)),
    );
    if (usable.length < 2) return usable;
    const fastestMs = Math.min(...usable.map((node) => node.latencyMs() ?? Number.POSITIVE_INFINITY));
    const scores = new Map(usable.map((node) => [node, node.score(fastestMs)]));
    return usable.toSorted((a, b) => (scores.get(a) ?? 0) - (scores.get(b) ?? 0));
  }

  /** The highest solidified block that nodes named lately, or −1: a hint, not a fact. */
  solidHint(): number {
    return this.#heights.best("solid", this.#clock.now()) ?? -1;
  }

  /** Every configured node, in the configured order, also those that are not used. */
  all(): readonly ChainNode[] {
    return this.#nodes;
  }

  /**
   * From now on only nodes with this genesis block are used; nodes that cannot be reached now are checked before their
   * first use. Throws `Fault("wrong_network")` when a node has another one, `NodeFailure` when none answers.
   */
  async requireGenesis(genesisId: string): Promise<void> {
    for (const node of this.#nodes) node.expectGenesis(genesisId);
    const failures: unknown[] = [];
    const identify = (node: ChainNode) => node.identify().catch((error: unknown) => void failures.push(error));
    await Promise.all(this.#nodes.map(identify));
    const wrong = this.#nodes.find((node) => node.excluded() !== undefined);
    if (wrong !== undefined) {
      throw new Fault("wrong_network", `${wrong.name} is a node of another network than configured`);
    }
    if (failures.length === this.#nodes.length) throw failures.reduce(worseOf);
  }

  /** Keeps the health of nodes in reserve known. One node alone is known from what it is asked. */
  startProbes(): void {
    if (this.#nodes.length < 2 || this.#closed) return;
    // Whoever was heard a quarter of the time ago is asked by the next round, which is at most a half away.
    const quarter = this.#healthCheckMs / 4;
    this.#cancelProbe = this.#clock.schedule(quarter * (1 + this.#clock.random()), () => {
      void Promise.allSettled(this.#nodes.map((node) => node.probe(quarter))).then(() => this.startProbes());
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelProbe?.();
    await Promise.all(this.#nodes.map((node) => node.close()));
  }
}
