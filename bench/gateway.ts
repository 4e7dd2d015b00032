/** What the gateway adds to a bare request, in time and CPU, and how many reads its caches answer. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { Pool } from "undici";
import { GATEWAY_DEFAULTS, TronGateway } from "../src/chain/tron-gateway.ts";
import { units } from "../src/domain/money.ts";
import { systemClock } from "../src/operations/system-clock.ts";
import { silentLogger } from "../src/ports/telemetry.ts";
import { fromHex41 } from "../src/tron/address.ts";
import { Random } from "../test/support/random.ts";

export type GatewayFigures = {
  /** Medians of one request after the other, µs. */
  readonly bareMicros: number;
  readonly gatewayMicros: number;
  /** Gateway over bare, as a share: 0.05 is five percent. */
  readonly added: number;
  readonly addedCpuMicros: number;
};

const ADDRESS = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
const CALL = "wallet/triggerconstantcontract";
/** As long as what the gateway sends. */
const CALL_BODY = JSON.stringify({
  owner_address: "41".padEnd(42, "a"),
  contract_address: "41".padEnd(42, "b"),
  function_selector: "isBlackListed(address)",
  parameter: "0".repeat(64),
});

/** The two take turns in small groups, so that a busy machine disturbs both alike. */
export async function measureAddedLatency(given: {
  nodeDelayMs: number;
  requests: number;
  /** A header's hashes and its witness's signature are checked; a call has nothing to check but its shape. */
  question: "call" | "header";
}): Promise<GatewayFigures> {
  return withNode(given.nodeDelayMs, async (url) => {
    const gateway = openGateway(url);
    const bare = new Pool(url, { connections: GATEWAY_DEFAULTS.http.connections });
    const [path, body] = given.question === "call" ? [CALL, CALL_BODY] : ["walletsolidity/getnowblock", "{}"];
    const headers = { "content-type": "application/json", accept: "application/json" };
    const askBare = async (): Promise<unknown> => {
      const answer = await bare.request({ method: "POST", path: `/${path}`, headers, body });
      return answer.body.json();
    };
    const askGateway = () => (given.question === "call" ? gateway.isBlacklisted(ADDRESS) : gateway.solidBlock());
    await series(askBare, 200);
    await series(askGateway, 200);
    const [bareRuns, gatewayRuns]: [Run[], Run[]] = [[], []];
    for (let done = 0; done < given.requests; done += 20) {
      bareRuns.push(await series(askBare, 20));
      gatewayRuns.push(await series(askGateway, 20));
    }
    await Promise.all([gateway.close(), bare.close()]);
    const [bareMicros, gatewayMicros] = [median(bareRuns), median(gatewayRuns)];
    const cpu = (runs: readonly Run[]) => runs.reduce((sum, run) => sum + run.cpuMicros, 0) / given.requests;
    return {
      bareMicros,
      gatewayMicros,
      added: gatewayMicros / bareMicros - 1,
      addedCpuMicros: cpu(gatewayRuns) - cpu(bareRuns),
    };
  });
}

export type CacheFigures = { readonly reads: number; readonly hits: number; readonly share: number };

/** Accounts with few that are asked often, solidified blocks near the head, prices, the network: as people and payouts ask. */
export async function measureCacheHits(reads: number): Promise<CacheFigures> {
  return withNode(0, async (url) => {
    const gateway = openGateway(url);
    await gateway.solidBlock();
    const view = gateway.on({ budgetMs: 10_000, cachedBlocks: true });
    const random = new Random(7);
    // The square of a uniform number: a quarter of the reads go to a sixteenth of the names.
    const skewed = (below: number) => Math.floor(random.next() ** 2 * below);
    const read = async (): Promise<void> => {
      const kind = random.next();
      if (kind < 0.45) await view.account(fromHex41(`41${skewed(400).toString(16).padStart(40, "0")}`));
      else if (kind < 0.75) await view.block(100 - skewed(100));
      else if (kind < 0.95) await view.chainParameters();
      else await view.genesisId().catch(() => undefined);
    };
    for (let done = 0; done < reads; done += 32) await Promise.all(Array.from({ length: 32 }, read));
    const caches = Object.values(gateway.stats().caches);
    const hits = caches.reduce((sum, cache) => sum + cache.hits, 0);
    const all = hits + caches.reduce((sum, cache) => sum + cache.misses, 0);
    await gateway.close();
    return { reads: all, hits, share: hits / all };
  });
}

type Run = { readonly micros: number[]; readonly cpuMicros: number };

async function series(ask: () => Promise<unknown>, count: number): Promise<Run> {
  const micros: number[] = [];
  const cpu = process.cpuUsage();
  for (let i = 0; i < count; i += 1) {
    const started = performance.now();
    await ask();
    micros.push((performance.now() - started) * 1_000);
  }
  const { user, system } = process.cpuUsage(cpu);
  return { micros, cpuMicros: user + system };
}

function median(runs: readonly Run[]): number {
  const sorted = runs.flatMap(({ micros }) => micros).toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

function openGateway(url: string): TronGateway {
  return new TronGateway(
    {
      ...GATEWAY_DEFAULTS,
      nodes: [{ url }],
      usdtContract: ADDRESS,
      fees: { headroomPercent: 25, feeCapSun: units(50_000_000n) },
    },
    { clock: systemClock(), logger: silentLogger },
  );
}

async function withNode<T>(delayMs: number, use: (url: string) => Promise<T>): Promise<T> {
  const child = fork(new URL("gateway-node.ts", import.meta.url), [String(delayMs)]);
  try {
    const [address]: unknown[] = await once(child, "message");
    if (typeof address !== "object" || address === null || !("port" in address)) throw new Error("no node");
    return await use(`http://127.0.0.1:${String(address.port)}`);
  } finally {
    child.kill();
  }
}
