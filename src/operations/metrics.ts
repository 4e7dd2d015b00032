/**
 * Every number that Prometheus can read, named `engine_<noun>_<unit>`. The rest of the program sees only the functions
 * below: a label is one of a closed set or of the program's own names, never text that a caller of the API chose.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { big, type Units } from "../domain/money.ts";
import { gatewayMetrics, type GatewayFigures } from "./gateway-metrics.ts";

export type EffectOutcome = "done" | "failed" | "dropped";
export type DiskState = "ok" | "low" | "full";
const DISK_STATES: readonly DiskState[] = ["ok", "low", "full"];

export type HttpRequest = {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
};
export type ChainHeads = {
  readonly head: number;
  readonly solid: number;
  readonly lagBlocks: number;
  readonly blocksPerSecond: number;
  readonly halted: boolean;
};
/** How far the nodes' words can be taken. `disputed`: they do not agree now. */
export type NodeTrust = { readonly disputed: boolean; readonly quarantined: number };

/** `outcome` is "ok" or a kind of failure; `node` is host and port of a configured node. */
export type NodeRequest = {
  readonly node: string;
  readonly endpoint: string;
  readonly outcome: string;
  readonly seconds: number;
};

export type Metrics = {
  /** Text for GET /metrics. */
  exposition(): Promise<{ readonly contentType: string; readonly body: string }>;
  readonly committed: (commit: { readonly writes: number; readonly seconds: number }) => void;
  readonly stepped: (kind: string) => void;
  readonly mailboxDepth: (messages: number) => void;
  readonly mailboxRefused: (code: "mailbox_full" | "engine_busy") => void;
  readonly effectFinished: (effect: {
    readonly source: string;
    readonly outcome: EffectOutcome;
    readonly seconds: number;
  }) => void;
  readonly timerFired: () => void;
  readonly deadLettered: (kind: string) => void;
  readonly quarantined: (actors: number) => void;
  readonly actorRestarted: (kind: string) => void;
  /** How many payouts are in each public status now. A status left out keeps its last value. */
  readonly payouts: (byStatus: Readonly<Record<string, number>>) => void;
  readonly chainHeads: (heads: ChainHeads) => void;
  readonly nodeTrust: (trust: NodeTrust) => void;
  /** Nodes began to disagree, or one was put into quarantine: somebody should look. */
  readonly nodeAlert: (what: "disputed" | "quarantined") => void;
  readonly nodeRequest: (request: NodeRequest) => void;
  /** Money that came to a wallet and is final, or looked like it and was none. */
  readonly moneyCame: (what: "TRX" | "USDT" | "ignored") => void;
  /** `read` is called for each exposition. */
  readonly watchGateway: (read: () => GatewayFigures) => void;
  readonly httpRequest: (request: HttpRequest) => void;
  readonly disk: (state: DiskState) => void;
  readonly feeBurned: (fee: Units) => void;
  /** Stops the event-loop monitor. */
  readonly stop: () => void;
};

/** `defaults` adds the process metrics of prom-client (memory, CPU, handles). */
export function createMetrics({ defaults }: { readonly defaults: boolean }): Metrics {
  const registry = new Registry();
  if (defaults) collectDefaultMetrics({ register: registry });
  const loop = eventLoopDelay(registry);
  return {
    exposition: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
    ...engineMetrics(registry),
    ...effectMetrics(registry),
    ...payoutMetrics(registry),
    ...chainMetrics(registry),
    ...trustMetrics(registry),
    ...moneyMetrics(registry),
    ...doorMetrics(registry),
    stop: () => loop.disable(),
  };
}

const fastSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const slowSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];

function engineMetrics(
  registry: Registry,
): Pick<Metrics, "committed" | "stepped" | "mailboxDepth" | "mailboxRefused" | "timerFired"> {
  const registers = [registry];
  const commits = new Counter({
    name: "engine_commits_total",
    help: "Group commits, each one synced batch",
    registers,
  });
  const writes = new Counter({
    name: "engine_commit_writes_total",
    help: "Entries written by group commits",
    registers,
  });
  const seconds = new Histogram({
    name: "engine_commit_seconds",
    help: "Time of one synced batch",
    buckets: fastSeconds,
    registers,
  });
  const steps = new Counter({
    name: "engine_steps_total",
    help: "Messages applied to actors",
    labelNames: ["kind"],
    registers,
  });
  const depth = new Gauge({
    name: "engine_mailbox_depth_messages",
    help: "Messages waiting in all mailboxes",
    registers,
  });
  const refused = new Counter({
    name: "engine_mailbox_refusals_total",
    help: "Messages refused because a queue was full",
    labelNames: ["code"],
    registers,
  });
  const timers = new Counter({ name: "engine_timers_fired_total", help: "Durable timers that fired", registers });
  return {
    committed: (commit) => {
      commits.inc();
      writes.inc(commit.writes);
      seconds.observe(commit.seconds);
    },
    stepped: (kind) => steps.inc({ kind }),
    mailboxDepth: (messages) => depth.set(messages),
    mailboxRefused: (code) => refused.inc({ code }),
    timerFired: () => timers.inc(),
  };
}

function effectMetrics(
  registry: Registry,
): Pick<Metrics, "effectFinished" | "deadLettered" | "quarantined" | "actorRestarted"> {
  const registers = [registry];
  const effects = new Counter({
    name: "engine_effects_total",
    help: "Effects by what became of them",
    labelNames: ["source", "outcome"],
    registers,
  });
  const seconds = new Histogram({
    name: "engine_effect_seconds",
    help: "Time of one effect",
    labelNames: ["source"],
    buckets: slowSeconds,
    registers,
  });
  const letters = new Counter({
    name: "engine_dead_letters_total",
    help: "Messages that an actor could not digest",
    labelNames: ["kind"],
    registers,
  });
  const quarantined = new Gauge({
    name: "engine_quarantined_actors",
    help: "Actors waiting for an operator",
    registers,
  });
  const restarts = new Counter({
    name: "engine_actor_restarts_total",
    help: "Actors restarted by the supervisor",
    labelNames: ["kind"],
    registers,
  });
  return {
    effectFinished: (effect) => {
      effects.inc({ source: effect.source, outcome: effect.outcome });
      seconds.observe({ source: effect.source }, effect.seconds);
    },
    deadLettered: (kind) => letters.inc({ kind }),
    quarantined: (actors) => quarantined.set(actors),
    actorRestarted: (kind) => restarts.inc({ kind }),
  };
}

function payoutMetrics(registry: Registry): Pick<Metrics, "payouts" | "feeBurned"> {
  const registers = [registry];
  const payouts = new Gauge({
    name: "engine_payouts",
    help: "Payouts by public status",
    labelNames: ["status"],
    registers,
  });
  const fees = new Counter({
    name: "engine_fee_burned_sun_total",
    help: "TRX burned by confirmed transactions, in sun",
    registers,
  });
  return {
    payouts: (byStatus) => {
      for (const [status, count] of Object.entries(byStatus)) payouts.set({ status }, count);
    },
    // A metric is a float by its format; the exact sum is in the ledger of each wallet.
    feeBurned: (fee) => fees.inc(Number(big(fee))),
  };
}

function chainMetrics(registry: Registry): Pick<Metrics, "chainHeads" | "nodeRequest" | "watchGateway"> {
  const registers = [registry];
  const pace = new Gauge({
    name: "engine_chain_read_blocks_per_second",
    help: "Blocks read per second over the last half minute",
    registers,
  });
  const halted = new Gauge({
    name: "engine_chain_halted",
    help: "1 after the nodes left the solidified chain, until an operator restarts the follower",
    registers,
  });
  const head = new Gauge({ name: "engine_chain_head_block", help: "Newest block seen", registers });
  const solid = new Gauge({ name: "engine_chain_solid_block", help: "Newest solidified block seen", registers });
  const lag = new Gauge({
    name: "engine_chain_lag_blocks",
    help: "Blocks between the newest one and the last one read",
    registers,
  });
  const requests = new Counter({
    name: "engine_node_requests_total",
    help: "Requests to TRON nodes",
    labelNames: ["endpoint", "outcome"],
    registers,
  });
  const faults = new Counter({
    name: "engine_node_faults_total",
    help: "Requests to a TRON node that gave no answer that can be used, by kind",
    labelNames: ["node", "kind"],
    registers,
  });
  const seconds = new Histogram({
    name: "engine_node_request_seconds",
    help: "Time of one request to a TRON node",
    labelNames: ["endpoint"],
    buckets: slowSeconds,
    registers,
  });
  return {
    chainHeads: (heads) => {
      head.set(heads.head);
      solid.set(heads.solid);
      lag.set(heads.lagBlocks);
      pace.set(heads.blocksPerSecond);
      halted.set(heads.halted ? 1 : 0);
    },
    nodeRequest: ({ node, endpoint, outcome, seconds: taken }) => {
      requests.inc({ endpoint, outcome });
      seconds.observe({ endpoint }, taken);
      if (outcome !== "ok") faults.inc({ node, kind: outcome });
    },
    watchGateway: (read) => gatewayMetrics(registry, read),
  };
}

function moneyMetrics(registry: Registry): Pick<Metrics, "moneyCame"> {
  const came = new Counter({
    name: "engine_wallet_transfers_total",
    help: "Solidified transfers to wallets by asset, and logs that only look like one",
    labelNames: ["asset"],
    registers: [registry],
  });
  return { moneyCame: (asset) => came.inc({ asset }) };
}

function trustMetrics(registry: Registry): Pick<Metrics, "nodeTrust" | "nodeAlert"> {
  const registers = [registry];
  const disputed = new Gauge({
    name: "engine_nodes_disagree",
    help: "1 while the nodes disagree about the chain",
    registers,
  });
  const quarantined = new Gauge({
    name: "engine_nodes_quarantined",
    help: "Nodes that contradicted themselves and are not asked",
    registers,
  });
  const alerts = new Counter({
    name: "engine_node_alerts_total",
    help: "Times that nodes began to disagree or one was put into quarantine",
    labelNames: ["what"],
    registers,
  });
  return {
    nodeTrust: (trust) => {
      disputed.set(trust.disputed ? 1 : 0);
      quarantined.set(trust.quarantined);
    },
    nodeAlert: (what) => alerts.inc({ what }),
  };
}

function doorMetrics(registry: Registry): Pick<Metrics, "httpRequest" | "disk"> {
  const registers = [registry];
  const requests = new Counter({
    name: "engine_http_requests_total",
    help: "Requests to the API by route",
    labelNames: ["method", "route", "status"],
    registers,
  });
  const seconds = new Histogram({
    name: "engine_http_request_seconds",
    help: "Time of one request to the API",
    labelNames: ["method", "route"],
    buckets: fastSeconds,
    registers,
  });
  const disk = new Gauge({
    name: "engine_disk_state",
    help: "1 for the state that the disk is in",
    labelNames: ["state"],
    registers,
  });
  const setDisk = (now: DiskState): void => {
    for (const state of DISK_STATES) disk.set({ state }, state === now ? 1 : 0);
  };
  setDisk("ok");
  return {
    httpRequest: ({ method, route, status, seconds: taken }) => {
      requests.inc({ method, route, status });
      seconds.observe({ method, route }, taken);
    },
    disk: setDisk,
  };
}

/** The delay is measured since the last reading, so that one slow minute does not hide the next fast hour. */
function eventLoopDelay(registry: Registry): { disable(): void } {
  const monitor = monitorEventLoopDelay({ resolution: 10 });
  monitor.enable();
  new Gauge({
    name: "engine_event_loop_delay_p99_seconds",
    help: "99th percentile of the event loop's delay since the last reading",
    registers: [registry],
    collect() {
      const nanoseconds = monitor.count === 0 ? 0 : monitor.percentile(99);
      this.set(nanoseconds / 1e9);
      monitor.reset();
    },
  });
  return { disable: () => monitor.disable() };
}
