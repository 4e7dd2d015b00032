/** The world outside the engine: TRON nodes and keys. Owned by the engine, implemented by `chain` and `security`. */
import type {
  AccountFacts,
  Block,
  BlockHeader,
  BroadcastOutcome,
  ChainParameters,
  DestinationFacts,
  Estimate,
  PricedOrder,
  Receipt,
  ReferenceBlock,
  TokenTerms,
  TransferOrder,
  TronAddress,
  TxId,
} from "../domain/chain-facts.ts";
import type { Asset, Units } from "../domain/money.ts";
import type { Signatories } from "../domain/permissions.ts";

/**
 * Access to TRON nodes. Every method throws `Fault` (`chain_unavailable`, `chain_timeout`, `chain_error`) when no
 * answer can be trusted; "not found" is an answer, an error never is. `broadcast` never throws: what it cannot tell is
 * `ambiguous`.
 */
export interface ChainGateway {
  headBlock(signal?: AbortSignal): Promise<Block>;
  solidBlock(signal?: AbortSignal): Promise<BlockHeader>;
  /** `undefined`: the chain has no such block yet. */
  block(number: number, signal?: AbortSignal): Promise<Block | undefined>;
  /** Blocks `from`..`to` inclusive, at most 100, ascending; may stop early at the head. */
  blocks(from: number, to: number, signal?: AbortSignal): Promise<Block[]>;
  receipts(blockNumber: number, signal?: AbortSignal): Promise<Receipt[]>;
  /** `undefined`: not in a solidified block of the answering node. Discovery only, never proof of absence. */
  solidReceipt(txId: TxId, signal?: AbortSignal): Promise<Receipt | undefined>;
  genesisId(signal?: AbortSignal): Promise<string>;
  chainParameters(signal?: AbortSignal): Promise<ChainParameters>;
  account(address: TronAddress, signal?: AbortSignal): Promise<AccountFacts>;
  /** Who may sign for the account, as one node says; for people. */
  signatories(address: TronAddress, signal?: AbortSignal): Promise<Signatories>;
  /** Solidified balances, and the number of a block that was solidified before they were read. */
  solidBalances(address: TronAddress, signal?: AbortSignal): Promise<{ usdt: Units; trx: Units; atBlock: number }>;
  tokenBalance(address: TronAddress, signal?: AbortSignal): Promise<{ amount: Units; atBlock: number }>;
  isBlacklisted(address: TronAddress, signal?: AbortSignal): Promise<boolean>;
  /** Whether the token can be transferred, and what it takes from a transfer; for people. */
  tokenTerms(signal?: AbortSignal): Promise<TokenTerms>;
  /**
   * In one question, in the order of `addresses`, at most `DESTINATIONS_ASKED_MAX` of them. What one node says; for
   * warnings, not for decisions about money that is on its way.
   */
  destinations(addresses: readonly TronAddress[], asset: Asset, signal?: AbortSignal): Promise<DestinationFacts[]>;
  /** Throws `Fault("simulation_reverted")` or `Fault("fee_cap_exceeded")`. */
  estimate(order: PricedOrder, signal?: AbortSignal): Promise<Estimate>;
  /** Signed transaction bytes as hex. */
  broadcast(signedHex: string, signal?: AbortSignal): Promise<BroadcastOutcome>;
}

/** The bytes to sign and everything they must say. */
export type SigningOrder = TransferOrder & {
  readonly walletId: string;
  readonly reference: { readonly number: number; readonly id: string };
  readonly expiration: number;
  readonly timestamp: number;
  readonly feeLimitSun: Units;
};

export type BuiltTransaction = { readonly rawHex: string; readonly txId: TxId };
export type SignedTransaction = { readonly signedHex: string; readonly txId: TxId };
/** Without `signedHex` when the bytes could be built but not signed now; `sign` says why. */
export type PreparedTransaction = BuiltTransaction & { readonly signedHex?: string };

/** Builds bytes, and signs them only after decoding them and comparing every field with the order (`order_mismatch`). */
export interface Signer {
  build(order: SigningOrder): Promise<BuiltTransaction>;
  /** Both in one go. */
  prepare(order: SigningOrder): Promise<PreparedTransaction>;
  sign(order: SigningOrder, built: BuiltTransaction): Promise<SignedTransaction>;
}

export type Obstacle = { readonly code: "not_ready" | "nodes_disagree" | "chain_forked"; readonly detail: string };

/** What the block follower has seen; served from memory, no node call. */
export interface ChainView {
  /** `undefined` while nothing new should be signed; `obstacle` says why. */
  reference(): ReferenceBlock | undefined;
  /** Why nothing new should be signed now, as a code of the catalogue and in words. */
  obstacle(): Obstacle | undefined;
  /** Timestamp of the newest known block; 0 before the first. */
  headTimestamp(): number;
}

/** Watches one transaction until `stop`; facts arrive as messages to the actor. */
export type TransactionWatch = {
  readonly actor: { readonly kind: string; readonly id: string };
  readonly txId: TxId;
  readonly expiration: number;
  /** Number of the reference block: the transaction is in no block up to here. */
  readonly referenceNumber: number;
  /** Number of the block that the actor believes to hold it when the watch begins: a proof of absence has to reach it. */
  readonly seenIn?: number | undefined;
};

/** The follower as the engine uses it. */
export interface TransactionWatcher {
  watch(watch: TransactionWatch): void;
  unwatch(actor: TransactionWatch["actor"]): void;
}
