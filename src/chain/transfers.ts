/**
 * Tells a receiver which money moves to and from watched addresses. Owns the set of addresses, what was seen and has not
 * ended, and the facts that are not accepted yet.
 *
 * R1. Facts leave in the order in which they became known; those that were not accepted are offered again first.
 * R2. A transfer is seen before it is solidified, and unseen before it is seen in another block.
 * R3. What was seen ends: once the cursor is at its block it was solidified or is unseen.
 */
import type { Block, SolidEvidence, TronAddress } from "../domain/chain-facts.ts";
import { transferKey, type AddressWatcher, type SeenTransfer, type TransferFact } from "../ports/transfers.ts";
import type { TransferReceiver } from "../ports/transfers.ts";
import { toHex41 } from "../tron/address.ts";
import { AddressSet } from "./address-set.ts";
import type { ChainPoint, SegmentBlock } from "./segment.ts";
import { coinsOf, matchTransfers, type Matched, type MatchedBlock } from "./transfer-match.ts";

const ACCEPTED_MAX = 512;

export type TransferPorts = { readonly usdt: TronAddress; readonly receiver: TransferReceiver };

export class Transfers implements AddressWatcher {
  readonly #watched = new AddressSet();
  readonly #ports: TransferPorts;
  #told: Map<string, SeenTransfer> | undefined;
  #outbox: TransferFact[] = [];
  #version = 0;
  /** The last block whose final facts were queued. */
  #finalTo = 0;

  constructor(ports: TransferPorts) {
    this.#ports = ports;
  }

  /** Whether anybody's money is looked for. */
  get active(): boolean {
    return this.#watched.size > 0;
  }

  /** Another one with every change of the addresses. */
  get version(): number {
    return this.#version;
  }

  watchAddress(address: TronAddress): void {
    this.#watched.add(hexOf(address));
    this.#version += 1;
  }

  unwatchAddress(address: TronAddress): void {
    this.#watched.delete(hexOf(address));
    this.#version += 1;
    for (const [key, { from, to }] of this.#seen) {
      if (!this.#watched.has(hexOf(from)) && !this.#watched.has(hexOf(to))) this.#seen.delete(key);
    }
  }

  /** `undefined` while receipts are missing. */
  match(block: Block, receipts: MatchedBlock["receipts"]): Matched | undefined {
    const results = block.transactions.map(({ txId, result }) => [txId, result] as const);
    const coins = coinsOf(block.transactions, this.#watched);
    return matchTransfers({ ...block, results, coins, receipts }, this.#terms);
  }

  /** Of a block in memory, by other receipts. Its TRX is proved by the block itself. */
  matchAgain(
    { number, timestamp, results, matched }: SegmentBlock,
    receipts: MatchedBlock["receipts"],
  ): Matched | undefined {
    const own = matched.transfers.filter(({ source }) => source === "contract");
    const coins = new Map(own.map((coin) => [coin.txId, coin]));
    return matchTransfers({ number, timestamp, results, coins, receipts }, this.#terms);
  }

  seen(block: ChainPoint, { transfers }: Matched): void {
    for (const transfer of transfers) this.#see({ ...transfer, ...placeOf(block) });
  }

  /** The block was taken back. */
  unseen(block: ChainPoint, { transfers }: Matched): void {
    for (const transfer of transfers) {
      const told = this.#seen.get(transferKey(transfer));
      if (told?.blockId === block.id) this.#unsee(told);
    }
  }

  solidified(block: ChainPoint, { transfers, ignored }: Matched, evidence: SolidEvidence): void {
    // The receiver may have refused them before, and the cursor with them: they are in the queue.
    if (block.number <= this.#finalTo) return;
    this.#finalTo = block.number;
    const place = placeOf(block);
    for (const each of transfers) {
      const transfer = { ...each, ...place };
      this.#see(transfer);
      this.#seen.delete(transferKey(transfer));
      this.#outbox.push({ type: "transferSolidified", transfer, evidence });
    }
    for (const each of ignored) this.#outbox.push({ type: "transferIgnored", transfer: { ...each, ...place } });
  }

  /** Everything solidified up to here was told: what was seen there and is not among it was not on this chain. */
  passed(number: number): void {
    for (const told of this.#seen.values()) if (told.blockNumber <= number) this.#unsee(told);
  }

  /** Resolves when everything known is accepted; rejects as the receiver does, and keeps what was not accepted. */
  async flush(): Promise<void> {
    while (this.#outbox.length > 0) {
      const facts = this.#outbox.slice(0, ACCEPTED_MAX);
      await this.#ports.receiver.accept(facts);
      this.#outbox = this.#outbox.slice(facts.length);
    }
  }

  get #seen(): Map<string, SeenTransfer> {
    this.#told ??= new Map(this.#ports.receiver.seen().map((transfer) => [transferKey(transfer), transfer]));
    return this.#told;
  }

  get #terms() {
    return { watched: this.#watched, usdt: this.#ports.usdt };
  }

  #see(transfer: SeenTransfer): void {
    const key = transferKey(transfer);
    const told = this.#seen.get(key);
    if (told?.blockId === transfer.blockId) return;
    if (told !== undefined) this.#unsee(told);
    this.#seen.set(key, transfer);
    this.#outbox.push({ type: "transferSeen", transfer });
  }

  #unsee(transfer: SeenTransfer): void {
    this.#seen.delete(transferKey(transfer));
    this.#outbox.push({ type: "transferUnseen", transfer });
  }
}

function hexOf(address: TronAddress): string {
  return toHex41(address).slice(2);
}

function placeOf({ number, id, timestamp }: ChainPoint) {
  return { blockNumber: number, blockId: id, blockTimestamp: timestamp };
}
