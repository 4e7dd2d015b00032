/** The engine's access to TRON nodes. Owns the pool of nodes, the caches and the counters; `ChainReader` asks. */
import type { AccountFacts, Block, ChainParameters, TronAddress } from "../domain/chain-facts.ts";
import type { ChainGateway } from "../ports/world.ts";
import { ChainReader, type ReaderParts, type ReaderTerms } from "./chain-reader.ts";
import { Failover } from "./failover.ts";
import type { FeePolicy } from "./fees.ts";
import { FreshCache, type CacheCounts } from "./fresh-cache.ts";
import type { NodeRequestEvent } from "./http-node.ts";
import type { NodePool } from "./node-pool.ts";
import { openPool, type NodeEndpoint, type PoolOptions, type PoolPorts } from "./open-pool.ts";
import type { RetryPolicy } from "./retry.ts";

export type TronGatewayOptions = {
  /** In order of preference. */
  readonly nodes: readonly NodeEndpoint[];
  readonly usdtContract: TronAddress;
  /** Voices that have to read a solidified balance alike; one unless set. */
  readonly agreeing?: number;
  readonly fees: FeePolicy;
  readonly http: PoolOptions["http"];
  readonly healthCheckMs?: number;
  readonly retry: RetryPolicy;
  /** For one call of the gateway, with all its nodes, rounds and waits. */
  readonly budgetMs: number;
  readonly parameterTtlMs: number;
  readonly accountTtlMs: number;
  readonly accountCapacity: number;
};

/** `observe` is called after every request, for metrics. */
export type TronGatewayPorts = PoolPorts;

export const GATEWAY_DEFAULTS = {
  http: {
    timeoutMs: 15_000,
    connectTimeoutMs: 4_000,
    maxBodyBytes: 64 * 1024 * 1024,
    connections: 16,
    userAgent: "lucid-tron",
  },
  retry: { maxRetries: 3, maxConnectionRetries: 5, factor: 2, firstDelayMs: 1_000, maxDelayMs: 30_000 },
  budgetMs: 60_000,
  headroomPercent: 25,
  parameterTtlMs: 30_000,
  accountTtlMs: 3_000,
  accountCapacity: 10_000,
} as const;

/** A block of two thousand transactions is some 300 kB of memory. */
const BLOCKS_CACHED = { ttlMs: 600_000, capacity: 200 };
/** The genesis block does not change, but nodes may be exchanged behind a name. */
const IDENTITY_CACHED = { ttlMs: 600_000, capacity: 1 };

export type GatewayStats = {
  /** Requests sent, by path, answered or not. */
  readonly requests: Readonly<Record<string, number>>;
  readonly failures: number;
  readonly retries: number;
  readonly failovers: number;
  readonly caches: Readonly<Record<"parameters" | "accounts" | "identity" | "blocks", CacheCounts>>;
};

export class TronGateway extends ChainReader {
  /** For those who ask the same question of several nodes. */
  readonly pool: NodePool;
  readonly #parts: ReaderParts;
  readonly #budgetMs: number;
  readonly #counters: Counters;

  constructor(options: TronGatewayOptions, ports: TronGatewayPorts) {
    const counters = new Counters();
    const parts = partsOf(options, ports, counters);
    super(parts, { budgetMs: options.budgetMs });
    this.pool = parts.pool;
    this.#parts = parts;
    this.#budgetMs = options.budgetMs;
    this.#counters = counters;
  }

  /** The same nodes and caches on other terms. */
  on(terms: ReaderTerms): ChainGateway {
    return new ChainReader(this.#parts, terms);
  }

  /** As `verifyNetwork`; from then on nodes in reserve are looked at now and then. */
  async start(expected: { expectedGenesisId: string }): Promise<void> {
    await this.verifyNetwork(expected);
    this.pool.startProbes();
  }

  /** Throws `Fault("wrong_network")` when a reachable node is on another network; later ones are checked before first use. */
  async verifyNetwork(expected: { expectedGenesisId: string }, signal?: AbortSignal): Promise<void> {
    const terms = { signal, budgetMs: this.#budgetMs };
    await this.#parts.failover.requireGenesis(expected.expectedGenesisId, terms);
  }

  stats(): GatewayStats {
    const { parameters, accounts, identity, blocks } = this.#parts;
    const { requests, failures, retries, failovers } = this.#counters;
    return {
      requests: Object.fromEntries(requests),
      failures,
      retries,
      failovers,
      caches: {
        parameters: parameters.counts(),
        accounts: accounts.counts(),
        identity: identity.counts(),
        blocks: blocks.counts(),
      },
    };
  }

  async close(): Promise<void> {
    await this.pool.close();
  }
}

class Counters {
  readonly requests = new Map<string, number>();
  failures = 0;
  retries = 0;
  failovers = 0;

  count(event: NodeRequestEvent): void {
    this.requests.set(event.path, (this.requests.get(event.path) ?? 0) + 1);
    if (event.outcome !== "ok") this.failures += 1;
  }
}

function partsOf(options: TronGatewayOptions, ports: TronGatewayPorts, counters: Counters): ReaderParts {
  const { clock, logger, observe } = ports;
  const counted = (event: NodeRequestEvent) => {
    counters.count(event);
    observe?.(event);
  };
  const pool = openPool(options, { clock, logger, observe: counted });
  const hooks = { onFailover: () => (counters.failovers += 1), onRetry: () => (counters.retries += 1) };
  return {
    pool,
    failover: new Failover({ retry: options.retry, ...hooks }, { pool, clock, logger }),
    usdtContract: options.usdtContract,
    agreeing: options.agreeing ?? 1,
    fees: options.fees,
    parameters: new FreshCache<ChainParameters>({ ttlMs: options.parameterTtlMs, capacity: 1 }, clock),
    accounts: new FreshCache<AccountFacts>({ ttlMs: options.accountTtlMs, capacity: options.accountCapacity }, clock),
    identity: new FreshCache<string>(IDENTITY_CACHED, clock),
    // "Not there yet" is true for a moment only.
    blocks: new FreshCache<Block | undefined>({ ...BLOCKS_CACHED, keeps: (block) => block !== undefined }, clock),
  };
}
