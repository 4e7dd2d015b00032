/** From what is configured to a pool of nodes: one HTTP client per node, one budget per key and host. */
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/telemetry.ts";
import type { NodeRole } from "./asking.ts";
import { Budget } from "./budget.ts";
import { ChainNode } from "./chain-node.ts";
import { Heights } from "./heights.ts";
import { HttpNode, type HttpNodeOptions, type NodeRequestEvent } from "./http-node.ts";
import { NodePool } from "./node-pool.ts";

/** What differs between nodes. */
export type NodeEndpoint = Pick<HttpNodeOptions, "url" | "apiKey" | "proxyUrl" | "tls"> & {
  /** Both unless set. */
  readonly role?: NodeRole;
  /** Whose word its answers are: nodes with the same one count as one. Host and port unless set. */
  readonly voice?: string;
  /** Unlimited until the node says otherwise. */
  readonly perSecond?: number | undefined;
  readonly perDay?: number | undefined;
};

export type PoolOptions = {
  /** In order of preference. */
  readonly nodes: readonly NodeEndpoint[];
  readonly http: Omit<HttpNodeOptions, keyof NodeEndpoint>;
  /** A node in reserve is asked for its height at least this often. */
  readonly healthCheckMs?: number;
};

export type PoolPorts = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observe?: ((event: NodeRequestEvent) => void) | undefined;
};

/** Nothing is connected yet. Throws `Fault("config_invalid")`. */
export function openPool({ nodes, http, healthCheckMs }: PoolOptions, ports: PoolPorts): NodePool {
  const { clock, logger, observe } = ports;
  const budgets = new Map<string, Budget>();
  const heights = new Heights();
  const opened = nodes.map(({ role = "both", voice, perSecond, perDay, ...endpoint }) => {
    const client = new HttpNode({ ...http, ...endpoint }, { clock, observe });
    // A provider counts by key, or by the client's address where there is none.
    const account = `${endpoint.apiKey ?? ""} ${client.name}`;
    const budget = budgets.get(account) ?? new Budget({ inFlight: http.connections, perSecond, perDay }, clock);
    budgets.set(account, budget);
    return new ChainNode({ http: client, role, voice: voice ?? client.name, budget, heights }, { clock, logger });
  });
  return new NodePool(opened, { clock, heights, healthCheckMs });
}
