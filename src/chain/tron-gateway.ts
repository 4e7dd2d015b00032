/**
 * The engine's access to TRON nodes: `ChainGateway` over an ordered list of HTTP nodes.
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
import { toEvmWord, toHex41 } from "../tron/address.ts";
import { encodeUint } from "../tron/trc20.ts";
import { outcomeOfAnswer, outcomeOfFailure } from "./broadcast-class.ts";
import { accountFact, blockFact, chainParametersFact, headerFact, receiptFact, unitsFact } from "./facts.ts";
import { Failover } from "./failover.ts";
import { trxEstimate, usdtEstimate, type FeePolicy } from "./fees.ts";
import { FreshCache, type CacheCounts } from "./fresh-cache.ts";
import { HttpNode, type HttpNodeOptions, type NodeEndpoint, type NodeRequestEvent } from "./http-node.ts";
import type { RetryPolicy } from "./retry.ts";
import * as wire from "./wire.ts";

export type TronGatewayOptions = {
  /** Asked in this order. */
  readonly nodes: readonly NodeEndpoint[];
  readonly usdtContract: TronAddress;
  readonly fees: FeePolicy;
  readonly http: HttpNodeOptions;
  readonly retry: RetryPolicy;
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
  http: { timeoutMs: 15_000, connectTimeoutMs: 4_000, maxBodyBytes: 64 * 1024 * 1024, connections: 16 },
  retry: { maxRetries: 3, maxConnectionRetries: 5, factor: 2, firstDelayMs: 1_000, maxDelayMs: 30_000 },
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
  readonly #nodes: Failover;
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
    const nodes = options.nodes.map((endpoint) => new HttpNode(endpoint, options.http, { clock, observe: counted }));
    const failover = {
      retry: options.retry,
      identify: genesisIdOf,
      onFailover: () => (this.#failovers += 1),
      onRetry: () => (this.#retries += 1),
    };
    this.#nodes = new Failover(nodes, failover, { clock, logger });
    this.#parameters = new FreshCache({ ttlMs: options.parameterTtlMs, capacity: 1 }, clock);
    this.#accounts = new FreshCache({ ttlMs: options.accountTtlMs, capacity: options.accountCapacity }, clock);
  }

  /** Throws `Fault("wrong_network")` when a reachable node is on another network; later ones are checked before first use. */
  async verifyNetwork(expected: { expectedGenesisId: string }, signal?: AbortSignal): Promise<void> {
    await this.#nodes.requireGenesis(expected.expectedGenesisId, signal);
  }

  async headBlock(signal?: AbortSignal): Promise<Block> {
    return this.#nodes.read(async (node) => {
      const answer = await node.post({ path: "wallet/getnowblock", body: {}, signal });
      return blockFact(wire.readBlock(answer));
    }, signal);
  }

  async solidBlock(signal?: AbortSignal): Promise<BlockHeader> {
    return this.#nodes.read((node) => solidHeader(node, signal), signal);
  }

  async block(number: number, signal?: AbortSignal): Promise<Block | undefined> {
    return this.#nodes.read(async (node) => {
      const answer = await node.post({ path: "wallet/getblockbynum", body: { num: number }, signal });
      const found = wire.readBlockOrNothing(answer);
      if (found === undefined) return undefined;
      const block = blockFact(found);
      if (block.number !== number) throw new Fault("chain_error", `asked for block ${number}, got ${block.number}`);
      return block;
    }, signal);
  }

  async blocks(from: number, to: number, signal?: AbortSignal): Promise<Block[]> {
    if (to < from) return [];
    if (to - from >= BLOCK_PAGE_MAX) throw new Fault("internal", "a page has at most 100 blocks");
    return this.#nodes.read(async (node) => {
      const body = { startNum: from, endNum: to + 1 };
      const answer = wire.readBlockList(await node.post({ path: "wallet/getblockbylimitnext", body, signal }));
      const page = (answer.block ?? []).map(blockFact).toSorted((a, b) => a.number - b.number);
      if (page.some((block, index) => block.number !== from + index) || page.length > to - from + 1) {
        throw new Fault("chain_error", `the page ${from}..${to} has a hole or blocks that were not asked for`);
      }
      return page;
    }, signal);
  }

  async receipts(blockNumber: number, signal?: AbortSignal): Promise<Receipt[]> {
    // The genesis block has none, and the node answers `{}` for it.
    if (blockNumber <= 0) return [];
    return this.#nodes.read(async (node) => {
      const answer = await node.post({
        path: "wallet/gettransactioninfobyblocknum",
        body: { num: blockNumber },
        signal,
      });
      const receipts = wire.readInfos(answer).map(receiptFact);
      if (receipts.some((receipt) => receipt.blockNumber !== blockNumber)) {
        throw new Fault("chain_error", `the receipts of block ${blockNumber} name another block`);
      }
      return receipts;
    }, signal);
  }

  async solidReceipt(txId: TxId, signal?: AbortSignal): Promise<Receipt | undefined> {
    return this.#nodes.read(async (node) => {
      const answer = await node.post({ path: "walletsolidity/gettransactioninfobyid", body: { value: txId }, signal });
      const found = wire.readInfoOrNothing(answer);
      if (found === undefined) return undefined;
      if (found.id !== txId)
        throw new Fault("chain_error", "the node answered with the receipt of another transaction");
      return receiptFact(found);
    }, signal);
  }

  async genesisId(signal?: AbortSignal): Promise<string> {
    return this.#nodes.read((node) => genesisIdOf(node, signal), signal);
  }

  async chainParameters(signal?: AbortSignal): Promise<ChainParameters> {
    const load = () =>
      this.#nodes.read(async (node) =>
        chainParametersFact(wire.readChainParameters(await node.post({ path: "wallet/getchainparameters", body: {} }))),
      );
    return this.#parameters.get("", load, signal);
  }

  /** May be as old as `accountTtlMs`; good for fees and warnings, not for deciding what a wallet can spend. */
  async account(address: TronAddress, signal?: AbortSignal): Promise<AccountFacts> {
    const body = { address: toHex41(address) };
    const load = () =>
      this.#nodes.read(async (node) => {
        const account = wire.readAccountOrNothing(await node.post({ path: "wallet/getaccount", body }));
        if (account === undefined) return accountFact({ address, account, resource: {} });
        const resource = wire.readAccountResource(await node.post({ path: "wallet/getaccountresource", body }));
        return accountFact({ address, account, resource });
      });
    return this.#accounts.get(address, load, signal);
  }

  async solidBalances(
    address: TronAddress,
    signal?: AbortSignal,
  ): Promise<{ usdt: Units; trx: Units; atBlock: number }> {
    const body = { address: toHex41(address) };
    return this.#nodes.read(async (node) => {
      // The block first: what is read after it can only be newer.
      const { number } = await solidHeader(node, signal);
      const [account, usdt] = await Promise.all([
        node.post({ path: "walletsolidity/getaccount", body, signal }),
        this.#viewNumber(node, { prefix: "walletsolidity", selector: "balanceOf(address)", subject: address, signal }),
      ]);
      return {
        usdt: unitsFact(usdt),
        trx: unitsFact(wire.readAccountOrNothing(account)?.balance ?? 0),
        atBlock: number,
      };
    }, signal);
  }

  async tokenBalance(address: TronAddress, signal?: AbortSignal): Promise<{ amount: Units; atBlock: number }> {
    return this.#nodes.read(async (node) => {
      const head = headerFact(
        wire.readBlockHeader(await node.post({ path: "wallet/getblock", body: { detail: false }, signal })),
      );
      const amount = await this.#viewNumber(node, {
        prefix: "wallet",
        selector: "balanceOf(address)",
        subject: address,
        signal,
      });
      return { amount: unitsFact(amount), atBlock: head.number };
    }, signal);
  }

  async isBlacklisted(address: TronAddress, signal?: AbortSignal): Promise<boolean> {
    return this.#nodes.read(async (node) => {
      const call = { prefix: "wallet", selector: "isBlackListed(address)", subject: address, signal } as const;
      return (await this.#viewNumber(node, call)) !== 0n;
    }, signal);
  }

  async estimate(order: TransferOrder, signal?: AbortSignal): Promise<Estimate> {
    const parameters = await this.chainParameters(signal);
    const policy = this.#options.fees;
    if (order.asset === "TRX") {
      const { activated } = await this.account(order.to, signal);
      return trxEstimate(order, { parameters, recipientActivated: activated, policy });
    }
    return usdtEstimate(await this.#transferEnergy(order, signal), { parameters, policy });
  }

  async broadcast(signedHex: string, signal?: AbortSignal): Promise<BroadcastOutcome> {
    const push = async (node: HttpNode): Promise<BroadcastOutcome> => {
      try {
        const answer = await node.post({ path: "wallet/broadcasthex", body: { transaction: signedHex }, signal });
        return outcomeOfAnswer(wire.readBroadcastReturn(answer), node.name);
      } catch (error) {
        return outcomeOfFailure(error, node.name);
      }
    };
    // A node that did not look at the bytes costs nothing; the same bytes at the next node are the same transaction.
    const outcome = await this.#nodes.push(push, (result) => result.class === "busy" && signal?.aborted !== true);
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
    await this.#nodes.close();
  }

  /** Energy that the node measured for this very transfer. Throws `Fault("simulation_reverted")`. */
  async #transferEnergy(order: TransferOrder, signal: AbortSignal | undefined): Promise<number> {
    const body = {
      owner_address: toHex41(order.from),
      contract_address: toHex41(this.#options.usdtContract),
      function_selector: "transfer(address,uint256)",
      parameter: toEvmWord(order.to) + encodeUint(BigInt(order.amount)),
    };
    return this.#nodes.read(async (node) => {
      const answer = await node.post({ path: "wallet/triggerconstantcontract", body, signal });
      const call = succeeded(wire.readCallResult(answer), "simulation_reverted");
      // A transfer that uses nothing was not executed; a fee limit of zero would burn and send nothing.
      if (call.energy_used === undefined || call.energy_used === 0) {
        throw new Fault("chain_error", "the node simulated the transfer without using energy");
      }
      return call.energy_used;
    }, signal);
  }

  /** The first word that a view of the token contract returns. */
  async #viewNumber(
    node: HttpNode,
    call: {
      prefix: "wallet" | "walletsolidity";
      selector: "balanceOf(address)" | "isBlackListed(address)";
      subject: TronAddress;
      signal: AbortSignal | undefined;
    },
  ): Promise<bigint> {
    const body = {
      owner_address: toHex41(call.subject),
      contract_address: toHex41(this.#options.usdtContract),
      function_selector: call.selector,
      parameter: toEvmWord(call.subject),
    };
    const answer = await node.post({ path: `${call.prefix}/triggerconstantcontract`, body, signal: call.signal });
    const word = succeeded(wire.readCallResult(answer), "chain_error").constant_result?.[0];
    if (word === undefined || word.length !== 64) throw new Fault("chain_error", `${call.selector} returned no word`);
    return BigInt(`0x${word}`);
  }
}

/** A constant call can say `result: true` and have failed all the same (tron.md §2.3, §12.20). */
function succeeded(call: wire.WireCallResult, onRevert: "simulation_reverted" | "chain_error"): wire.WireCallResult {
  const message = wire.messageText(call.result.message);
  if (call.result.result !== true) {
    throw new Fault(
      "chain_error",
      `the node did not run the call: ${call.result.code ?? "no code"} ${message.slice(0, 200)}`,
    );
  }
  const failed = call.transaction?.ret?.some((ret) => ret.ret !== undefined && ret.ret !== "SUCESS") === true;
  if (failed || message !== "") throw new Fault(onRevert, message === "" ? undefined : message.slice(0, 200));
  return call;
}

async function solidHeader(node: HttpNode, signal: AbortSignal | undefined): Promise<BlockHeader> {
  return headerFact(wire.readBlockHeader(await node.post({ path: "walletsolidity/getnowblock", body: {}, signal })));
}

async function genesisIdOf(node: HttpNode, signal?: AbortSignal): Promise<string> {
  const genesis = headerFact(
    wire.readBlockHeader(await node.post({ path: "wallet/getblockbynum", body: { num: 0 }, signal })),
  );
  if (genesis.number !== 0) throw new Fault("chain_error", "asked for the genesis block, got another");
  return genesis.id;
}
