import { afterEach, expect, test } from "vitest";
import { units } from "../../src/domain/money.ts";
import { createMetrics, type Metrics } from "../../src/operations/metrics.ts";

let metrics: Metrics | undefined;
afterEach(() => metrics?.stop());

async function exposed(use: (metrics: Metrics) => void): Promise<string[]> {
  metrics = createMetrics({ defaults: false });
  use(metrics);
  const { contentType, body } = await metrics.exposition();
  expect(contentType).toMatch(/^text\/plain/);
  return body.split("\n").filter((line) => line.startsWith("engine_"));
}

test.each<[string, (metrics: Metrics) => void, string[]]>([
  [
    "a commit",
    (m) => m.committed({ writes: 7, seconds: 0.002 }),
    ["engine_commits_total 1", "engine_commit_writes_total 7", "engine_commit_seconds_sum 0.002"],
  ],
  ["a step", (m) => m.stepped("payout"), [`engine_steps_total{kind="payout"} 1`]],
  ["waiting messages", (m) => m.mailboxDepth(12), ["engine_mailbox_depth_messages 12"]],
  [
    "a refused message",
    (m) => m.mailboxRefused("mailbox_full"),
    [`engine_mailbox_refusals_total{code="mailbox_full"} 1`],
  ],
  [
    "an effect",
    (m) => m.effectFinished({ source: "sign", outcome: "done", seconds: 1 }),
    [`engine_effects_total{source="sign",outcome="done"} 1`, `engine_effect_seconds_sum{source="sign"} 1`],
  ],
  ["a timer", (m) => m.timerFired(), ["engine_timers_fired_total 1"]],
  ["a dead letter", (m) => m.deadLettered("wallet"), [`engine_dead_letters_total{kind="wallet"} 1`]],
  ["a quarantine", (m) => m.quarantined(2), ["engine_quarantined_actors 2"]],
  ["a restart", (m) => m.actorRestarted("wallet"), [`engine_actor_restarts_total{kind="wallet"} 1`]],
  [
    "payouts by status",
    (m) => m.payouts({ confirmed: 3, unknown: 1 }),
    [`engine_payouts{status="confirmed"} 3`, `engine_payouts{status="unknown"} 1`],
  ],
  [
    "the heads of the chain",
    (m) => m.chainHeads({ head: 30, solid: 12, lagBlocks: 1, blocksPerSecond: 40, halted: true }),
    [
      "engine_chain_head_block 30",
      "engine_chain_solid_block 12",
      "engine_chain_lag_blocks 1",
      "engine_chain_read_blocks_per_second 40",
      "engine_chain_halted 1",
    ],
  ],
  [
    "the trust in nodes",
    (m) => m.nodeTrust({ disputed: true, quarantined: 1 }),
    ["engine_nodes_disagree 1", "engine_nodes_quarantined 1"],
  ],
  ["money that came", (m) => m.moneyCame("USDT"), [`engine_wallet_transfers_total{asset="USDT"} 1`]],
  ["an alert about nodes", (m) => m.nodeAlert("disputed"), [`engine_node_alerts_total{what="disputed"} 1`]],
  [
    "a request to a node",
    (m) => m.nodeRequest({ node: "a:1", endpoint: "wallet/getnowblock", outcome: "timeout", seconds: 2 }),
    [
      `engine_node_requests_total{endpoint="wallet/getnowblock",outcome="timeout"} 1`,
      `engine_node_request_seconds_sum{endpoint="wallet/getnowblock"} 2`,
      `engine_node_faults_total{node="a:1",kind="timeout"} 1`,
    ],
  ],
  [
    "a request to the API",
    (m) => m.httpRequest({ method: "POST", route: "/payouts", status: 202, seconds: 0.5 }),
    [
      `engine_http_requests_total{method="POST",route="/payouts",status="202"} 1`,
      `engine_http_request_seconds_sum{method="POST",route="/payouts"} 0.5`,
    ],
  ],
  ["burned fees", (m) => m.feeBurned(units(13_844_850n)), ["engine_fee_burned_sun_total 13844850"]],
  ["the disk", (m) => m.disk("full"), [`engine_disk_state{state="ok"} 0`, `engine_disk_state{state="full"} 1`]],
])("%s is counted", async (_, use, lines) => {
  expect(await exposed(use)).toEqual(expect.arrayContaining(lines));
});

test("the delay of the event loop is measured anew for each reading", async () => {
  const delay = (lines: string[]): number =>
    Number(lines.find((line) => line.startsWith("engine_event_loop_delay_p99_seconds"))?.split(" ")[1]);
  expect(delay(await exposed(() => undefined))).toBeGreaterThanOrEqual(0);
});

test("process metrics come beside the engine's own when asked for", async () => {
  metrics = createMetrics({ defaults: true });
  expect((await metrics.exposition()).body).toContain("process_resident_memory_bytes");
});

test("two instances in one process do not disturb each other", async () => {
  const other = createMetrics({ defaults: false });
  other.timerFired();
  expect(await exposed((m) => m.timerFired())).toContain("engine_timers_fired_total 1");
  other.stop();
});
