/**
 * `ChainGateway` over a pool of nodes, on one caller's terms. Owns nothing: nodes and caches are the gateway's.
 *
 * G1. Every fact has passed a schema and the cross-checks of `facts.ts`.
 * G2. "Not found" is only what the node says as `{}` where tron.md §2.3 allows it; an error is never "not found".
 * G3. `broadcast` never throws and asks no node twice; what it tells is the most cautious sum of their answers.
 * G4. Only chain parameters, accounts, the genesis id and, for who wants it so, solidified blocks are cached; nothing
 *     that proves inclusion, absence or a balance is.
 */
import { hash } from "node:crypto";
import type {
  AccountFacts,
  Block,
  BlockHeader,
  BroadcastOutcome,
  ChainParameters,
  DestinationFacts,
  Estimate,
  Receipt,
  PricedOrder,
  TokenTerms,
  TronAddress,
  TxId,
} from "../domain/chain-facts.ts";
import { Fault } from "../domain/errors.ts";
import { DESTINATIONS_ASKED_MAX } from "../domain/limits.ts";
import type { Asset, Units } from "../domain/money.ts";
import type { Signatories } from "../domain/permissions.ts";
import type { ChainGateway } from "../ports/world.ts";
import { toEvmWord } from "../tron/address.ts";
import { encodeUint } from "../tron/trc20.ts";
import { agreedReading } from "./agreed-reading.ts";
import type { Asker, Lane } from "./asking.ts";
import { outcomeOfAnswer, outcomeOfFailure, sumOf } from "./broadcast-class.ts";
import type { ChainNode } from "./chain-node.ts";
import { unitsFact } from "./facts.ts";
import type { Failover, ReadTerms } from "./failover.ts";
import { cappedBy, trxEstimate, usdtEstimate, type FeePolicy } from "./fees.ts";
import type { FreshCache } from "./fresh-cache.ts";
import type { NodePool } from "./node-pool.ts";
import * as ask from "./questions.ts";

export type ReaderParts = {
  readonly pool: NodePool;
  readonly failover: Failover;
  readonly usdtContract: TronAddress;
  /** Voices that have to read a solidified balance alike. */
  readonly agreeing: number;
  readonly fees: FeePolicy;
  readonly parameters: FreshCache<ChainParameters>;
  readonly accounts: FreshCache<AccountFacts>;
  readonly identity: FreshCache<string>;
  readonly blocks: FreshCache<Block | undefined>;
};

export type ReaderTerms = {
  /** For one call, with all its nodes, rounds and waits. */
  readonly budgetMs: number;
  /** For every question instead of its own lane; bytes keep theirs. */
  readonly lane?: Lane;
  /** Blocks below the solidified head may come from the cache: for people, never for proofs. */
  readonly cachedBlocks?: boolean;
};

const BASIS_POINTS = 10_000n;
/** Blocks in one answer; the nodes' own limit (tron.md §2.3). */
export const BLOCK_PAGE_MAX = 100;

export class ChainReader implements ChainGateway {
  readonly #parts: ReaderParts;
  readonly #terms: ReaderTerms;

  constructor(parts: ReaderParts, terms: ReaderTerms) {
    this.#parts = parts;
    this.#terms = terms;
  }

  async headBlock(signal?: AbortSignal): Promise<Block> {
    return this.#read(ask.askHead, { api: "full", lane: "follow", signal });
  }

  async solidBlock(signal?: AbortSignal): Promise<BlockHeader> {
    return this.#read(ask.askSolid, { api: "solidity", lane: "follow", signal });
  }

  async block(number: number, signal?: AbortSignal): Promise<Block | undefined> {
    const load = () => this.#read((node) => ask.askBlock(node, number), { api: "full", lane: "follow", signal });
    if (this.#terms.cachedBlocks !== true || number > this.#parts.pool.solidHint()) return load();
    return this.#parts.blocks.get(String(number), load, signal);
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
    const load = () => this.#read((node) => ask.askGenesisId(node), { api: "full", lane: "read" });
    return this.#parts.identity.get("", load, signal);
  }

  async chainParameters(signal?: AbortSignal): Promise<ChainParameters> {
    const load = () => this.#read(ask.askParameters, { api: "full", lane: "read" });
    return this.#parts.parameters.get("", load, signal);
  }

  /** May be as old as `accountTtlMs`; good for fees and warnings, not for deciding what a wallet can spend. */
  async account(address: TronAddress, signal?: AbortSignal): Promise<AccountFacts> {
    const load = () => this.#read((node) => ask.askAccount(node, address), { api: "full", lane: "read" });
    return this.#parts.accounts.get(address, load, signal);
  }

  async signatories(address: TronAddress, signal?: AbortSignal): Promise<Signatories> {
    return this.#read((node) => ask.askSignatories(node, address), { api: "full", lane: "read", signal });
  }

  async solidBalances(
    address: TronAddress,
    signal?: AbortSignal,
  ): Promise<{ usdt: Units; trx: Units; atBlock: number }> {
    const contract = this.#parts.usdtContract;
    const balances = async (node: Asker) => {
      // The block first: what is read after it can only be newer.
      const { number } = await ask.askSolid(node);
      const [trx, usdt] = await Promise.all([
        ask.askSolidTrx(node, address),
        ask.askView(node, { prefix: "walletsolidity", contract, selector: "balanceOf(address)", subject: address }),
      ]);
      return { usdt: unitsFact(usdt), trx, atBlock: number };
    };
    const { agreeing, pool } = this.#parts;
    if (agreeing === 1) return this.#read(balances, { api: "solidity", lane: "read", signal });
    // All are waited for, so one that wants to be left alone must not be waited for longer than for an answer.
    const termsOf = (node: ChainNode) => ({ lane: "read", signal, until: node.deadline("read") }) as const;
    const nodes = pool.nodes("solidity").map((node) => ({
      voice: node.voice,
      read: () => balances(node.on(termsOf(node))),
    }));
    const keyOf = ({ usdt, trx }: { usdt: Units; trx: Units }) => `${usdt} ${trx}`;
    const readings = await agreedReading(nodes, { required: agreeing, keyOf });
    // All hold for the older block at least.
    return readings.reduce((oldest, reading) => (reading.atBlock < oldest.atBlock ? reading : oldest));
  }

  async tokenBalance(address: TronAddress, signal?: AbortSignal): Promise<{ amount: Units; atBlock: number }> {
    const contract = this.#parts.usdtContract;
    const balance = async (node: Asker) => {
      const { number } = await ask.askHeadHeader(node);
      const call = { prefix: "wallet", contract, selector: "balanceOf(address)", subject: address } as const;
      return { amount: unitsFact(await ask.askView(node, call)), atBlock: number };
    };
    return this.#read(balance, { api: "full", lane: "read", signal });
  }

  async isBlacklisted(address: TronAddress, signal?: AbortSignal): Promise<boolean> {
    const contract = this.#parts.usdtContract;
    const call = { prefix: "wallet", contract, selector: "isBlackListed(address)", subject: address } as const;
    return this.#read(async (node) => (await ask.askView(node, call)) !== 0n, { api: "full", lane: "read", signal });
  }

  async tokenTerms(signal?: AbortSignal): Promise<TokenTerms> {
    const contract = this.#parts.usdtContract;
    const terms = async (node: Asker): Promise<TokenTerms> => {
      const [paused, points, most] = await Promise.all([
        ask.askTokenWord(node, contract, "paused()"),
        ask.askTokenWord(node, contract, "basisPointsRate()"),
        ask.askTokenWord(node, contract, "maximumFee()"),
      ]);
      if (points > BASIS_POINTS) throw new Fault("chain_error", "the token takes more than there is");
      return { isPaused: paused !== 0n, feeBasisPoints: Number(points), feeMax: unitsFact(most) };
    };
    return this.#read(terms, { api: "full", lane: "read", signal });
  }

  async destinations(
    addresses: readonly TronAddress[],
    asset: Asset,
    signal?: AbortSignal,
  ): Promise<DestinationFacts[]> {
    if (addresses.length === 0) return [];
    if (addresses.length > DESTINATIONS_ASKED_MAX) throw new Fault("internal", "too many addresses for one question");
    const look = { addresses, token: asset === "USDT" ? this.#parts.usdtContract : undefined };
    return this.#read((node) => ask.askDestinations(node, look), { api: "full", lane: "read", signal, once: true });
  }

  async estimate(order: PricedOrder, signal?: AbortSignal): Promise<Estimate> {
    const parameters = await this.chainParameters(signal);
    const policy = cappedBy(order.maxFeeSun, this.#parts.fees);
    if (order.asset === "TRX") {
      const { activated } = await this.account(order.to, signal);
      return trxEstimate(order, { parameters, recipientActivated: activated, policy });
    }
    const call = {
      from: order.from,
      contract: this.#parts.usdtContract,
      selector: "transfer(address,uint256)",
      parameter: toEvmWord(order.to) + encodeUint(BigInt(order.amount)),
    };
    const use = await this.#read((node) => ask.askEnergy(node, call), { api: "full", lane: "read", signal });
    return usdtEstimate(use, { parameters, policy });
  }

  async broadcast(signedHex: string, signal?: AbortSignal): Promise<BroadcastOutcome> {
    const push = async (node: Asker): Promise<BroadcastOutcome> => {
      try {
        return outcomeOfAnswer(await ask.askBroadcast(node, signedHex), node.name);
      } catch (error) {
        return outcomeOfFailure(error, node.name);
      }
    };
    // The same bytes at the next node are the same transaction: whoever has not taken them does not end the round.
    const bytes = {
      id: hash("sha256", signedHex, "base64"),
      seen: (result: BroadcastOutcome) => result.class !== "busy",
      taken: (result: BroadcastOutcome) => result.class === "accepted",
    };
    const outcomes = await this.#parts.failover.push(push, bytes, { signal, budgetMs: this.#terms.budgetMs });
    const outcome = sumOf(outcomes);
    return outcome ?? { class: "busy", code: "NO_NODE", message: "no TRON node can be used now", node: "none" };
  }

  #read<T>(operation: (node: Asker) => Promise<T>, terms: Omit<ReadTerms, "budgetMs">): Promise<T> {
    const { budgetMs, lane } = this.#terms;
    return this.#parts.failover.read(operation, { ...terms, lane: lane ?? terms.lane, budgetMs });
  }
}
