/** What Prometheus sees of the nodes and of the gateway's caches. Read when it is asked for, never in between. */
import { Gauge, type Registry } from "prom-client";

type Breaker = "closed" | "open" | "half_open";
const BREAKERS: readonly Breaker[] = ["closed", "open", "half_open"];

/** `undefined`: not known. */
export type NodeFigures = {
  readonly node: string;
  readonly breaker: Breaker;
  readonly head: number | undefined;
  readonly solid: number | undefined;
  readonly lagBlocks: number | undefined;
  readonly errorRate: number;
  readonly latencySeconds: number | undefined;
  readonly perSecond: number | undefined;
  readonly today: number | undefined;
  readonly waiting: Readonly<Record<string, number>>;
  readonly suspendedSeconds: number;
};
export type CacheFigures = { readonly hits: number; readonly misses: number; readonly size: number };
export type GatewayFigures = {
  readonly nodes: readonly NodeFigures[];
  readonly caches: Readonly<Record<string, CacheFigures>>;
};

export function gatewayMetrics(registry: Registry, read: () => GatewayFigures): void {
  for (const { name, help, of } of NODE_GAUGES) {
    gauge(registry, { name, help, labels: ["node"] }, (set) => {
      for (const figures of read().nodes) {
        const value = of(figures);
        if (value !== undefined) set({ node: figures.node }, value);
      }
    });
  }
  const breaker = { name: "engine_node_breaker_state", help: "1 for the state that a node's breaker is in" };
  gauge(registry, { ...breaker, labels: ["node", "state"] }, (set) => {
    for (const figures of read().nodes) {
      for (const state of BREAKERS) set({ node: figures.node, state }, figures.breaker === state ? 1 : 0);
    }
  });
  const waiting = { name: "engine_node_waiting_requests", help: "Requests that wait for a node's budget, by lane" };
  gauge(registry, { ...waiting, labels: ["node", "lane"] }, (set) => {
    for (const figures of read().nodes) {
      for (const [lane, count] of Object.entries(figures.waiting)) set({ node: figures.node, lane }, count);
    }
  });
  cacheGauges(registry, read);
}

type NodeGauge = {
  readonly name: string;
  readonly help: string;
  readonly of: (figures: NodeFigures) => number | undefined;
};

const NODE_GAUGES: readonly NodeGauge[] = [
  { name: "engine_node_head_block", help: "Newest block that a node named", of: ({ head }) => head },
  { name: "engine_node_solid_block", help: "Newest solidified block that a node named", of: ({ solid }) => solid },
  { name: "engine_node_lag_blocks", help: "Blocks behind the best node", of: ({ lagBlocks }) => lagBlocks },
  { name: "engine_node_error_ratio", help: "Moving average of failed requests", of: ({ errorRate }) => errorRate },
  {
    name: "engine_node_latency_seconds",
    help: "Moving average of the time of an answer",
    of: ({ latencySeconds }) => latencySeconds,
  },
  {
    name: "engine_node_budget_requests_per_second",
    help: "Learned rate; absent while no limit is known",
    of: ({ perSecond }) => perSecond,
  },
  { name: "engine_node_budget_requests_today", help: "Requests of this day (UTC)", of: ({ today }) => today },
  {
    name: "engine_node_suspended_seconds",
    help: "Time for which the node wants no requests",
    of: ({ suspendedSeconds }) => suspendedSeconds,
  },
];

/** They only grow, but belong to the gateway: a counter of prom-client could not take their values. */
function cacheGauges(registry: Registry, read: () => GatewayFigures): void {
  for (const what of ["hits", "misses", "size"] as const) {
    const name = what === "size" ? "engine_chain_cache_entries" : `engine_chain_cache_${what}`;
    gauge(registry, { name, help: `Cached reads of the chain: ${what}`, labels: ["cache"] }, (set) => {
      for (const [cache, figures] of Object.entries(read().caches)) set({ cache }, figures[what]);
    });
  }
}

function gauge(
  registry: Registry,
  about: { readonly name: string; readonly help: string; readonly labels: string[] },
  collect: (set: (labels: Record<string, string>, value: number) => void) => void,
): void {
  const made: Gauge = new Gauge({
    name: about.name,
    help: about.help,
    labelNames: about.labels,
    registers: [registry],
    collect: () => {
      made.reset();
      collect((labels, value) => made.set(labels, value));
    },
  });
}
