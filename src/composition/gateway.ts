/** The gateway of the configured network, with its counters in the metrics. */
import { GATEWAY_DEFAULTS, TronGateway } from "../chain/tron-gateway.ts";
import type { NodeReading } from "../chain/chain-node.ts";
import type { Config } from "../operations/config.ts";
import type { Metrics } from "../operations/metrics.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/telemetry.ts";
import type { Network } from "./network.ts";
import { nodeEndpoints } from "./nodes.ts";

export type GatewayPorts = { readonly clock: Clock; readonly logger: Logger; readonly metrics: Metrics };

/** Nothing is asked yet; the caller closes it. Throws `Fault("config_invalid")`. */
export async function openGateway(
  { config, network }: { readonly config: Config; readonly network: Network },
  { clock, logger, metrics }: GatewayPorts,
): Promise<TronGateway> {
  const { chain, fees } = config;
  const gateway = new TronGateway(
    {
      ...GATEWAY_DEFAULTS,
      nodes: await nodeEndpoints(chain, network.urls),
      usdtContract: network.usdtContract,
      agreeing: chain.finalityNodes,
      fees: { headroomPercent: fees.headroomPercent, feeCapSun: fees.capSun },
      http: {
        ...GATEWAY_DEFAULTS.http,
        timeoutMs: chain.timeoutMs,
        userAgent: `lucid-tron/${config.build.version ?? "0"}`,
      },
      budgetMs: chain.callBudgetMs,
      healthCheckMs: chain.healthCheckMs,
      retry: {
        ...GATEWAY_DEFAULTS.retry,
        maxRetries: chain.maxRetries,
        maxConnectionRetries: chain.maxConnectionRetries,
        factor: chain.retryBackoff,
        firstDelayMs: chain.initialRetryDelayMs,
      },
    },
    {
      clock,
      logger,
      observe: ({ node, path, outcome, milliseconds }) =>
        metrics.nodeRequest({ node, endpoint: path, outcome, seconds: milliseconds / 1_000 }),
    },
  );
  metrics.watchGateway(() => ({
    nodes: gateway.pool.all().map((node) => ({ node: node.name, ...figuresOf(node.reading(), clock.now()) })),
    caches: gateway.stats().caches,
  }));
  return gateway;
}

function figuresOf(reading: NodeReading, now: number) {
  const { breaker, head, solid, lagBlocks, errorRate, latencyMs, budget } = reading;
  return {
    breaker,
    head: head ?? undefined,
    solid: solid ?? undefined,
    lagBlocks: lagBlocks ?? undefined,
    errorRate,
    latencySeconds: latencyMs === null ? undefined : latencyMs / 1_000,
    perSecond: budget.perSecond ?? undefined,
    today: budget.today ?? undefined,
    waiting: budget.waiting,
    suspendedSeconds: budget.suspendedUntil === null ? 0 : (budget.suspendedUntil - now) / 1_000,
  };
}
