/** What the engine knows about the chain: facts that a gateway has checked, never node JSON. Times are ms since epoch. */
import type { Units } from "./money.ts";

/** 64 lower-case hex characters. */
export type TxId = string;
/** Base58check, 34 characters starting with T. */
export type TronAddress = string;

export type BlockHeader = {
  readonly number: number;
  /** 64 hex; the first 8 bytes are the number. */
  readonly id: string;
  readonly parentId: string;
  readonly timestamp: number;
};

export type Block = BlockHeader & {
  readonly transactions: readonly BlockTransaction[];
  /** The list could not be checked against the header: it is only the word of the node that sent it. */
  readonly unproved?: true;
};

/** A transaction as it stands in a block. `result` is "SUCCESS" or the chain's failure word (REVERT, OUT_OF_ENERGY, …). */
export type BlockTransaction = {
  readonly txId: TxId;
  readonly result: string;
  /** Its bytes, which the txID is the hash of, where it moves TRX by itself; nobody reads those of others. */
  readonly rawHex?: string;
};

/** An event of a contract as a node reports it: 20-byte address without 41, topics and data as hex. */
export type ContractLog = { readonly address: string; readonly topics: readonly string[]; readonly data: string };

/** The cost and outcome of one transaction in one block. All zero fields are present. */
export type Receipt = {
  readonly txId: TxId;
  readonly blockNumber: number;
  readonly blockTimestamp: number;
  /** "SUCCESS", or the chain's failure word. */
  readonly result: string;
  /** Everything burned, in sun. */
  readonly feeSun: Units;
  readonly energyUsed: number;
  readonly bandwidthUsed: number;
  readonly message?: string;
  readonly transfers: readonly TokenTransfer[];
  /** In the order of the transaction; absent where nobody asked a node for them. */
  readonly logs?: Iterable<ContractLog>;
};

export type TokenTransfer = {
  readonly logIndex: number;
  readonly token: TronAddress;
  readonly from: TronAddress;
  readonly to: TronAddress;
  readonly amount: string;
};

/** Money that a transaction moves to or from a watched address. */
export type AddressTransfer = {
  readonly txId: TxId;
  /** A log of the token's contract, or a contract of the transaction itself, which moves TRX. */
  readonly source: "log" | "contract";
  /** The place among the logs, or among the contracts, of the transaction. */
  readonly index: number;
  readonly asset: "TRX" | "USDT";
  readonly from: TronAddress;
  readonly to: TronAddress;
  readonly amount: Units;
};

/** A log that looks like such money: of another contract, whatever it calls itself, or of an amount that none can have. */
export type IgnoredTransfer = {
  readonly txId: TxId;
  readonly index: number;
  readonly contract: TronAddress;
  readonly from: TronAddress;
  readonly to: TronAddress;
  readonly because: "other_contract" | "no_amount";
};

/** Where a watched transaction was seen. */
export type Inclusion = {
  readonly blockNumber: number;
  readonly blockId: string;
  readonly blockTimestamp: number;
  readonly result: string;
  readonly feeSun: Units;
  readonly energyUsed: number;
};

/**
 * Proof that a transaction can never execute (tron.md §1.8): a solidified block at or past its expiration, and every
 * solidified block from `scannedFrom` to `scannedTo` read without finding it.
 */
export type AbsenceProof = {
  readonly solidNumber: number;
  readonly solidId: string;
  readonly solidTimestamp: number;
  readonly scannedFrom: number;
  readonly scannedTo: number;
  /** The nodes that agreed about the solidified block; absent in proofs of versions that asked one. */
  readonly nodes?: readonly string[];
};

/** Why a block counts as solidified: this block at or above it is, by the word of these nodes. */
export type SolidEvidence = {
  readonly solidNumber: number;
  readonly solidId: string;
  readonly solidTimestamp: number;
  readonly nodes: readonly string[];
};

export type ChainParameters = {
  /** sun per energy unit */
  readonly energyFeeSun: number;
  /** sun per byte of bandwidth */
  readonly bandwidthFeeSun: number;
  readonly maxFeeLimitSun: number;
  readonly createAccountFeeSun: number;
  readonly newAccountFeeSun: number;
  readonly memoFeeSun: number;
  readonly unfreezeDelayDays: number;
  readonly raw: Readonly<Record<string, number>>;
};

export type AccountFacts = {
  readonly address: TronAddress;
  readonly activated: boolean;
  readonly isContract: boolean;
  readonly trxSun: Units;
  readonly energyLimit: number;
  readonly energyUsed: number;
  readonly bandwidthLimit: number;
  readonly bandwidthUsed: number;
};

const SHOWN_ENDS = 4;

/** What wallets and explorers show of an address, and people compare: its first and last characters (threats.md A.10). */
export function endsOf(address: TronAddress): string {
  return address.slice(0, SHOWN_ENDS) + address.slice(-SHOWN_ENDS);
}

/** What one node says about the USDT contract as a whole. */
export type TokenTerms = {
  /** Nothing can be transferred. */
  readonly isPaused: boolean;
  /** Taken from what the recipient gets, in 1/10,000 of the amount and at most `feeMax`. 0 as long as it is not used. */
  readonly feeBasisPoints: number;
  readonly feeMax: Units;
};

/** What one node says about where money is to go. */
export type DestinationFacts = {
  /** It has code. */
  readonly isContract: boolean;
  /** `undefined`: the token was not asked, or did not say. */
  readonly isFrozen: boolean | undefined;
};

/**
 * What handing bytes to a node told us (tron.md §3.1). None of these is proof of anything but `accepted` = "this node took it".
 * - accepted: SUCCESS
 * - known: DUP_TRANSACTION_ERROR; the node has seen this id, perhaps in a block, perhaps rejected
 * - busy: the node did not look at it; push the same bytes again
 * - refused: the node looked and said no, here and now
 * - ambiguous: time-out, reset, OTHER_ERROR, `P2P broadcast failed.`, unparsable answer
 */
export type BroadcastClass = "accepted" | "known" | "busy" | "refused" | "ambiguous";
export type BroadcastOutcome = {
  readonly class: BroadcastClass;
  readonly code: string;
  readonly message: string;
  readonly node: string;
};

export type TransferOrder = {
  readonly asset: "USDT" | "TRX";
  readonly from: TronAddress;
  readonly to: TronAddress;
  readonly amount: Units;
};

/** `maxFeeSun`: the most TRX that this transfer may cost, when that is less than the cap of every transfer. */
export type PricedOrder = TransferOrder & { readonly maxFeeSun?: Units };

export type EnergyUse = {
  readonly energy: number;
  /** How much of it a much used contract takes on top (tron.md §4.3). */
  readonly penalty: number;
};

export type Estimate = EnergyUse & {
  readonly bandwidth: number;
  /** What the transfer would burn if nothing is staked, in sun. */
  readonly burnSun: Units;
  /** fee_limit to sign with, in sun; "0" for a TRX transfer. */
  readonly feeLimitSun: Units;
};

/** The solidified block that new transactions refer to, and the time they count from. */
export type ReferenceBlock = {
  readonly number: number;
  readonly id: string;
  /** Timestamp of the newest known block; expirations are counted from it. */
  readonly headTimestamp: number;
};
