/**
 * Money that moves to or from watched addresses. The block follower implements `AddressWatcher` and calls
 * `TransferReceiver`; whoever credits somebody owns the receiver.
 *
 * T1. A transfer is named by txID, source and index (`transferKey`): one transaction can hold many, and the same
 *     transfer in another block after a fork has the same name.
 * T2. `transferSolidified` is final and rests on the word of as many nodes as have to agree (ARCHITECTURE.md). Before it
 *     there was `transferSeen`; what was seen and is not on the solidified chain ends with `transferUnseen`.
 * T3. Facts may come again after a restart. The follower's cursor does not pass a block before `accept` has resolved for
 *     what is in it, so nothing is left out, however long the follower was away.
 * T4. Told is what is in blocks that are read after `watchAddress`. Addresses are not stored: whoever watches them says
 *     so again before the follower starts, and an address that was not shown to anybody yet has no money coming.
 */
import type { AddressTransfer, IgnoredTransfer, SolidEvidence } from "../domain/chain-facts.ts";
import type { TronAddress } from "../domain/chain-facts.ts";

export type TransferPlace = {
  readonly blockNumber: number;
  readonly blockId: string;
  readonly blockTimestamp: number;
};
export type SeenTransfer = AddressTransfer & TransferPlace;

export type TransferFact =
  | { readonly type: "transferSeen"; readonly transfer: SeenTransfer }
  | { readonly type: "transferUnseen"; readonly transfer: SeenTransfer }
  | { readonly type: "transferSolidified"; readonly transfer: SeenTransfer; readonly evidence: SolidEvidence }
  /** Looks like money and is none. Said of solidified blocks only. */
  | { readonly type: "transferIgnored"; readonly transfer: IgnoredTransfer & TransferPlace };

/** Costs a node's receipts of every block as long as there is at least one address, and nothing before. */
export interface AddressWatcher {
  watchAddress(address: TronAddress): void;
  /** Nothing more is said about it, also not how something seen ended, unless the other party is watched too. */
  unwatchAddress(address: TronAddress): void;
}

export interface TransferReceiver {
  /** What it was told as seen and of which it does not know the end; asked once, before the first fact. */
  seen(): readonly SeenTransfer[];
  /** Resolves when it will not forget them. In the order in which they became known. */
  accept(facts: readonly TransferFact[]): Promise<void>;
}

/** The name of a transfer (T1). */
export function transferKey({ txId, source, index }: Pick<AddressTransfer, "txId" | "source" | "index">): string {
  return `${txId}/${source}/${index}`;
}
