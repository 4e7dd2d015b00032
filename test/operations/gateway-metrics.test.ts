import { afterEach, expect, test } from "vitest";
import type { GatewayFigures, NodeFigures } from "../../src/operations/gateway-metrics.ts";
import { createMetrics, type Metrics } from "../../src/operations/metrics.ts";

let metrics: Metrics | undefined;
afterEach(() => metrics?.stop());

const idle: NodeFigures = {
  node: "a:8090",
  breaker: "closed",
  head: undefined,
  solid: undefined,
  lagBlocks: undefined,
  errorRate: 0,
  latencySeconds: undefined,
  perSecond: undefined,
  today: undefined,
  waiting: { broadcast: 0 },
  suspendedSeconds: 0,
};

test("nodes and caches are read at each exposition, and what is not known is absent", async () => {
  let figures: GatewayFigures = { nodes: [idle], caches: { accounts: { hits: 1, misses: 2, size: 2 } } };
  metrics = createMetrics({ defaults: false });
  metrics.watchGateway(() => figures);
  const lines = async () =>
    (await metrics?.exposition())?.body.split("\n").filter((line) => /^engine_(node|chain_cache)_/.test(line));
  expect(await lines()).toEqual([
    `engine_node_error_ratio{node="a:8090"} 0`,
    `engine_node_suspended_seconds{node="a:8090"} 0`,
    `engine_node_breaker_state{node="a:8090",state="closed"} 1`,
    `engine_node_breaker_state{node="a:8090",state="open"} 0`,
    `engine_node_breaker_state{node="a:8090",state="half_open"} 0`,
    `engine_node_waiting_requests{node="a:8090",lane="broadcast"} 0`,
    `engine_chain_cache_hits{cache="accounts"} 1`,
    `engine_chain_cache_misses{cache="accounts"} 2`,
    `engine_chain_cache_entries{cache="accounts"} 2`,
  ]);
  const known = { head: 90, solid: 72, lagBlocks: 3, latencySeconds: 0.08, perSecond: 7.5, today: 12 };
  figures = { ...figures, nodes: [{ ...idle, ...known, breaker: "open", suspendedSeconds: 30 }] };
  expect(await lines()).toEqual(
    expect.arrayContaining([
      `engine_node_head_block{node="a:8090"} 90`,
      `engine_node_solid_block{node="a:8090"} 72`,
      `engine_node_lag_blocks{node="a:8090"} 3`,
      `engine_node_latency_seconds{node="a:8090"} 0.08`,
      `engine_node_budget_requests_per_second{node="a:8090"} 7.5`,
      `engine_node_budget_requests_today{node="a:8090"} 12`,
      `engine_node_suspended_seconds{node="a:8090"} 30`,
      `engine_node_breaker_state{node="a:8090",state="open"} 1`,
      `engine_node_breaker_state{node="a:8090",state="closed"} 0`,
    ]),
  );
});
