import type { BlockPlace, ChainStatus, NodeStatus } from "../ports.ts";
import { isoTime } from "./time.ts";

export function chainView({ head, solid, lagBlocks, watched, forks, halted, nodes }: ChainStatus) {
  return {
    head: placeView(head),
    solid: placeView(solid),
    lag_blocks: lagBlocks,
    watched,
    forks,
    halted: halted ?? null,
    nodes: nodes.map(nodeView),
  };
}

function nodeView(node: NodeStatus) {
  const { budget } = node;
  return {
    endpoint: node.endpoint,
    role: node.role,
    state: node.state,
    breaker: node.breaker,
    excluded: node.excluded,
    head: node.head,
    solid: node.solid,
    lag_blocks: node.lagBlocks,
    error_rate: Math.round(node.errorRate * 1_000) / 1_000,
    latency_ms: node.latencyMs === null ? null : Math.round(node.latencyMs * 10) / 10,
    budget: {
      per_second: budget.perSecond === null ? null : Math.round(budget.perSecond * 100) / 100,
      per_day: budget.perDay,
      today: budget.today,
      in_flight: budget.inFlight,
      waiting: { ...budget.waiting },
    },
    suspended_until: node.suspendedUntil === null ? null : isoTime(node.suspendedUntil),
    faults: { ...node.faults },
  };
}

function placeView(place: BlockPlace | undefined) {
  return place === undefined ? null : { number: place.number, id: place.id, time: isoTime(place.timestamp) };
}
