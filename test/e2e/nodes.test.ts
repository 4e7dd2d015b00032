/** What an operator sees of the nodes, and how the program lives with one that is gone. */
import { expect, test } from "vitest";
import { until } from "../support/poll.ts";
import { ScriptedNode } from "../chain/support.ts";
import { recipient, withRig, type Rig } from "./support/rig.ts";

const ROOT = "/api/v1/tron";
const KEY = "canary-key-52f1";

type Provider = Record<string, unknown> & { readonly breaker: string; readonly faults: Record<string, number> };

async function providers(rig: Rig): Promise<Provider[]> {
  const { body } = await rig.client.insist<{ providers: Provider[] }>("GET", `${ROOT}/network/status`);
  return body.providers;
}

test("a provider that suspends at any moment costs time and nothing else: each payout is paid once", async () => {
  const environment = {
    TRON_REQUESTS_PER_SECOND: "50",
    TRON_REQUESTS_PER_DAY: "10000000",
    // Engine and chain share a core with the machine: bytes outlive a slow push, which is not what is tested here.
    TX_EXPIRATION_SECONDS: "600",
  };
  await withRig({ environment }, async (rig) => {
    await rig.fundedWallet();
    rig.devnet.faults.set({ kind: "suspend" }, { probability: 0.03 });
    rig.run();
    const ids = await Promise.all(
      Array.from({ length: 20 }, (_, i) => rig.pay("10.5", `suspended ${i}`, recipient(i + 1))),
    );
    for (const id of ids) await rig.untilStatus(id, "confirmed");
    expect(rig.paid()).toHaveLength(20);
    expect(new Set(rig.paid().map(({ to }) => to)).size).toBe(20);
    const [node] = await providers(rig);
    expect(node?.faults["throttled"]).toBeGreaterThan(0);
  });
});

test("each node's state is in /network/status and the metrics, its key is nowhere, and a dead node does no harm", async () => {
  const dead = await ScriptedNode.open();
  const { url } = dead;
  const log: string[] = [];
  const environment = { TRON_API_KEY: `${KEY},-`, LOG_LEVEL: "trace" };
  await withRig({ log, keeps: true, environment, secondNode: url }, async (rig) => {
    await dead.close();
    await rig.fundedWallet();
    await until("the rest of the dead node", async () => {
      const seen = (await providers(rig)).at(1);
      return (seen?.faults["unreachable"] ?? 0) + (seen?.faults["broken"] ?? 0) > 0;
    });
    const [good, gone] = await providers(rig);
    expect(good).toMatchObject({
      endpoint: rig.devnet.url,
      role: "both",
      state: "ready",
      breaker: "closed",
      excluded: null,
      head: expect.any(Number),
      solid: expect.any(Number),
      latency_ms: expect.any(Number),
      budget: { per_second: null, per_day: null, waiting: { broadcast: 0 } },
      suspended_until: null,
    });
    expect(gone).toMatchObject({ endpoint: url, head: null });
    const { body: metrics } = await rig.client.insist<string>("GET", "/metrics");
    expect(metrics).toContain(`engine_node_breaker_state{node="${new URL(rig.devnet.url).host}",state="closed"} 1`);
    expect(metrics).toMatch(/engine_chain_cache_misses\{cache="parameters"\} [0-9]/);
    const { body: config } = await rig.client.insist<object>("GET", "/config");
    expect(JSON.stringify(config)).toContain('"TRON_API_KEY","value":"[set]"');
    expect([...rig.client.heard, ...log].join("\n")).not.toContain(KEY);
  });
});
