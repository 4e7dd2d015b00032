import type { AccountFacts } from "../../domain/chain-facts.ts";
import type { BlockPlace, ChainStatus, FinalityView, NodeStatus } from "../ports.ts";
import { isoTime } from "./time.ts";

export function resourcesView({ energyLimit, energyUsed, bandwidthLimit, bandwidthUsed }: AccountFacts) {
  const resource = (limit: number, used: number) => ({ limit, used, available: Math.max(0, limit - used) });
  return { energy: resource(energyLimit, energyUsed), bandwidth: resource(bandwidthLimit, bandwidthUsed) };
}

export function chainView(status: ChainStatus) {
  const { head, solid, lagBlocks, blocksPerSecond, etaSeconds, watched, forks, halted, nodes, finality } = status;
  return {
    head: placeView(head),
    solid: placeView(solid),
    lag_blocks: lagBlocks,
    blocks_per_second: Math.round(blocksPerSecond * 10) / 10,
    caught_up_in_s: etaSeconds === undefined ? null : Math.round(etaSeconds),
    watched,
    forks,
    halted: halted ?? null,
    finality: finalityView(finality),
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

function finalityView({ required, nodes, dispute }: FinalityView) {
  return {
    nodes_required: required,
    nodes: nodes.map(({ name, state, solid, detail }) => ({ name, state, solid_block: solid, detail: detail ?? null })),
    dispute:
      dispute === undefined ? null : { block: dispute.number, since: isoTime(dispute.since), detail: dispute.detail },
  };
}

function placeView(place: BlockPlace | undefined) {
  return place === undefined ? null : { number: place.number, id: place.id, time: isoTime(place.timestamp) };
}
