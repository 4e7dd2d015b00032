/**
 * The engine's access to TRON nodes: `ChainGateway` over a pool of HTTP nodes.
 *
 * G1. Every fact has passed a schema and the cross-checks of `facts.ts`.
 * G2. "Not found" is only what the node says as `{}` where tron.md §2.3 allows it; an error is never "not found".
 * G3. `broadcast` never throws and never repeats itself on a node that may have seen the bytes.
 * G4. Only chain parameters and account reads are cached; nothing that proves inclusion, absence or a balance is.
 */
import type {
  AccountFacts,
  Block,
  BlockHeader,
  BroadcastOutcome,
  ChainParameters,
  Estimate,
  Receipt,
  TransferOrder,
  TronAddress,
  TxId,
} from "../domain/chain-facts.ts";
import { Fault } from "../domain/errors.ts";
import type { Units } from "../domain/money.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/telemetry.ts";
import type { ChainGateway } from "../ports/world.ts";
import { toEvmWord } from "../tron/address.ts";
import { encodeUint } from "../tron/trc20.ts";
import type { Api, Asker, Lane, NodeRole } from "./asking.ts";
import { outcomeOfAnswer, outcomeOfFailure } from "./broadcast-class.ts";
import { ChainNode } from "./chain-node.ts";
import { unitsFact } from "./facts.ts";
import { Failover } from "./failover.ts";
import { trxEstimate, usdtEstimate, type FeePolicy } from "./fees.ts";
import { FreshCache, type CacheCounts } from "./fresh-cache.ts";
import { HttpNode, type HttpNodeOptions, type NodeRequestEvent } from "./http-node.ts";
import { NodePool } from "./node-pool.ts";
import * as ask from "./questions.ts";
import type { RetryPolicy } from "./retry.ts";

/** What differs between nodes; the rest is `http` of the gateway. */
export type NodeEndpoint = Pick<HttpNodeOptions, "url" | "apiKey" | "proxyUrl" | "tls"> & {
  /** Both unless set. */
  readonly role?: NodeRole;
};

export type TronGatewayOptions = {
  /** In order of preference. */
  readonly nodes: readonly NodeEndpoint[];
  readonly usdtContract: TronAddress;
  readonly fees: FeePolicy;
  readonly http: Omit<HttpNodeOptions, keyof NodeEndpoint>;
  readonly retry: RetryPolicy;
  /** For one call of the gateway, with all its nodes, rounds and waits. */
  readonly budgetMs: number;
  readonly parameterTtlMs: number;
  readonly accountTtlMs: number;
  readonly accountCapacity: number;
};

export type TronGatewayPorts = {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called after every request, for metrics. */
  readonly observe?: (event: NodeRequestEvent) => void;
};

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

export type GatewayStats = {
  /** Requests sent, by path, answered or not. */
  readonly requests: Readonly<Record<string, number>>;
  readonly failures: number;
  readonly retries: number;
  readonly failovers: number;
  readonly parameterCache: CacheCounts;
  readonly accountCache: CacheCounts;
};

/** Blocks in one answer; the nodes' own limit (tron.md §2.3). */
export const BLOCK_PAGE_MAX = 100;

export class TronGateway implements ChainGateway {
  readonly #options: TronGatewayOptions;
  /** For those who ask the same question of several nodes. */
  readonly pool: NodePool;
  readonly #failover: Failover;
  readonly #parameters: FreshCache<ChainParameters>;
  readonly #accounts: FreshCache<AccountFacts>;
  readonly #requests = new Map<string, number>();
  #failures = 0;
  #retries = 0;
  #failovers = 0;

  constructor(options: TronGatewayOptions, ports: TronGatewayPorts) {
    this.#options = options;
    const { clock, logger, observe } = ports;
    const counted = (event: NodeRequestEvent) => {
      this.#requests.set(event.path, (this.#requests.get(event.path) ?? 0) + 1);
      if (event.outcome !== "ok") this.#failures += 1;
      observe?.(event);
    };
    const nodes = options.nodes.map(({ role, ...endpoint }) => {
      const http = new HttpNode({ ...options.http, ...endpoint }, { clock, observe: counted });
      return new ChainNode({ http, role: role ?? "both" }, { clock, logger });
    });
    this.pool = new NodePool(nodes, clock);
    const counters = { onFailover: () => (this.#failovers += 1), onRetry: () => (this.#retries += 1) };
    this.#failover = new Failover({ retry: options.retry, ...counters }, { pool: this.pool, clock, logger });
    this.#parameters = new FreshCache({ ttlMs: options.parameterTtlMs, capacity: 1 }, clock);
    this.#accounts = new FreshCache({ ttlMs: options.accountTtlMs, capacity: options.accountCapacity }, clock);
  }

  /** Throws `Fault("wrong_network")` when a reachable node is on another network; later ones are checked before first use. */
  async verifyNetwork(expected: { expectedGenesisId: string }, signal?: AbortSignal): Promise<void> {
    await this.#failover.requireGenesis(expected.expectedGenesisId, { signal, budgetMs: this.#options.budgetMs });
  }

  async headBlock(signal?: AbortSignal): Promise<Block> {
    return this.#read(ask.askHead, { api: "full", lane: "follow", signal });
  }

  async solidBlock(signal?: AbortSignal): Promise<BlockHeader> {
    return this.#read(ask.askSolid, { api: "solidity", lane: "follow", signal });
  }

  async block(number: number, signal?: AbortSignal): Promise<Block | undefined> {
    return this.#read((node) => ask.askBlock(node, number), { api: "full", lane: "follow", signal });
  }

  async blocks(from: number, to: number, signal?: AbortSignal): Promise<Block[]> {
    if (to < from) return [];
    if (to - from >= BLOCK_PAGE_MAX) throw new Fault("internal", "a page has at most 100 blocks");
    return this.#read((node) => ask.askBlocks(node, from, to), { api: "full", lane: "follow", signal });
  }

  async receipts(blockNumber: number, signal?: AbortSignal): Promise<Receipt[]> {
    return this.#read((node) => ask.askReceipts(node, blockNumber), { api: "full", lane: "follow", signal });
  }

  async solidReceipt(txId: TxId, signal?: AbortSignal): Promise<Receipt | undefined> {
    return this.#read((node) => ask.askSolidReceipt(node, txId), { api: "solidity", lane: "history", signal });
  }

  async genesisId(signal?: AbortSignal): Promise<string> {
    return this.#read((node) => ask.askGenesisId(node), { api: "full", lane: "read", signal });
  }

  async chainParameters(signal?: AbortSignal): Promise<ChainParameters> {
    return this.#parameters.get("", () => this.#read(ask.askParameters, { api: "full", lane: "read" }), signal);
  }

  /** May be as old as `accountTtlMs`; good for fees and warnings, not for deciding what a wallet can spend. */
  async account(address: TronAddress, signal?: AbortSignal): Promise<AccountFacts> {
    const load = () => this.#read((node) => ask.askAccount(node, address), { api: "full", lane: "read" });
    return this.#accounts.get(address, load, signal);
  }

  async solidBalances(
    address: TronAddress,
    signal?: AbortSignal,
  ): Promise<{ usdt: Units; trx: Units; atBlock: number }> {
    const contract = this.#options.usdtContract;
    const balances = async (node: Asker) => {
      // The block first: what is read after it can only be newer.
      const { number } = await ask.askSolid(node);
      const [trx, usdt] = await Promise.all([
        ask.askSolidTrx(node, address),
        ask.askView(node, { prefix: "walletsolidity", contract, selector: "balanceOf(address)", subject: address }),
      ]);
      return { usdt: unitsFact(usdt), trx, atBlock: number };
    };
    return this.#read(balances, { api: "solidity", lane: "read", signal });
  }

  async tokenBalance(address: TronAddress, signal?: AbortSignal): Promise<{ amount: Units; atBlock: number }> {
    const contract = this.#options.usdtContract;
    const balance = async (node: Asker) => {
      const { number } = await ask.askHeadHeader(node);
      const call = { prefix: "wallet", contract, selector: "balanceOf(address)", subject: address } as const;
      return { amount: unitsFact(await ask.askView(node, call)), atBlock: number };
    };
    return this.#read(balance, { api: "full", lane: "read", signal });
  }

  async isBlacklisted(address: TronAddress, signal?: AbortSignal): Promise<boolean> {
    const contract = this.#options.usdtContract;
    const call = { prefix: "wallet", contract, selector: "isBlackListed(address)", subject: address } as const;
    return this.#read(async (node) => (await ask.askView(node, call)) !== 0n, { api: "full", lane: "read", signal });
  }

  async estimate(order: TransferOrder, signal?: AbortSignal): Promise<Estimate> {
    const parameters = await this.chainParameters(signal);
    const policy = this.#options.fees;
    if (order.asset === "TRX") {
      const { activated } = await this.account(order.to, signal);
      return trxEstimate(order, { parameters, recipientActivated: activated, policy });
    }
    const call = {
      from: order.from,
      contract: this.#options.usdtContract,
      selector: "transfer(address,uint256)",
      parameter: toEvmWord(order.to) + encodeUint(BigInt(order.amount)),
    };
    const energy = await this.#read((node) => ask.askEnergy(node, call), { api: "full", lane: "read", signal });
    return usdtEstimate(energy, { parameters, policy });
  }

  async broadcast(signedHex: string, signal?: AbortSignal): Promise<BroadcastOutcome> {
    const push = async (node: Asker): Promise<BroadcastOutcome> => {
      try {
        return outcomeOfAnswer(await ask.askBroadcast(node, signedHex), node.name);
      } catch (error) {
        return outcomeOfFailure(error, node.name);
      }
    };
    // A node that did not look at the bytes costs nothing; the same bytes at the next node are the same transaction.
    const next = (result: BroadcastOutcome) => result.class === "busy" && signal?.aborted !== true;
    const outcome = await this.#failover.push(push, next, { signal, budgetMs: this.#options.budgetMs });
    return outcome ?? { class: "busy", code: "NO_NODE", message: "no TRON node can be used now", node: "none" };
  }

  stats(): GatewayStats {
    return {
      requests: Object.fromEntries(this.#requests),
      failures: this.#failures,
      retries: this.#retries,
      failovers: this.#failovers,
      parameterCache: this.#parameters.counts(),
      accountCache: this.#accounts.counts(),
    };
  }

  async close(): Promise<void> {
    await this.pool.close();
  }

  #read<T>(
    operation: (node: Asker) => Promise<T>,
    terms: { readonly api: Api; readonly lane: Lane; readonly signal?: AbortSignal | undefined },
  ): Promise<T> {
    return this.#failover.read(operation, { ...terms, budgetMs: this.#options.budgetMs });
  }
}
