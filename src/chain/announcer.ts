/**
 * Tells actors what happened to their transactions. Owns the messages that are not accepted yet.
 *
 * A1. Messages leave in the order in which the facts became known; one that was not accepted is offered again first.
 * A2. An actor hears of an inclusion before it hears of its solidification, and that a block was orphaned before it
 *     hears of another block.
 * A3. Once a fate is in the queue nothing else is said; the watch goes when the fate is accepted.
 * A4. Nothing is said for a watch that ended: its actor may wait for another transaction now, and messages name blocks,
 *     not transactions.
 */
import type { AbsenceProof, Inclusion, SolidEvidence, TxId } from "../domain/chain-facts.ts";
import type { ActorAddress, Message } from "../domain/records.ts";
import type { Watch, WatchTable } from "./watch-table.ts";

export type Outgoing = { readonly actor: ActorAddress; readonly message: Message };
/** Resolves when every message is committed. Messages may come again and must be idempotent. */
export type Deliver = (messages: readonly Outgoing[]) => Promise<void>;

const DELIVERY_MAX = 512;

export class Announcer {
  readonly #watches: WatchTable;
  readonly #deliver: Deliver;
  #outbox: { readonly watch: Watch; readonly message: Message }[] = [];
  #decided: Watch[] = [];

  constructor(watches: WatchTable, deliver: Deliver) {
    this.#watches = watches;
    this.#deliver = deliver;
  }

  included(txId: TxId, inclusion: Inclusion): void {
    for (const watch of this.#watches.of(txId)) this.#tellIncluded(watch, inclusion);
  }

  orphaned(block: { number: number; id: string }, txId: TxId): void {
    for (const watch of this.#watches.of(txId)) {
      if (watch.toldId === block.id && !watch.decided) this.#tellOrphaned(watch);
    }
  }

  /** The actor believes in a block that is not on the solidified chain. */
  contradicted(watch: Watch): void {
    if (watch.toldId !== undefined && !watch.decided) this.#tellOrphaned(watch);
  }

  solidified(txId: TxId, inclusion: Inclusion, evidence: SolidEvidence): void {
    for (const watch of this.#watches.of(txId)) {
      if (watch.decided) continue;
      this.#tellIncluded(watch, inclusion);
      this.#tell(watch, { type: "chain.solidified", inclusion, evidence });
      this.#decide(watch);
    }
  }

  /** The block that would decide about it is not agreed upon. Said once for as long as that lasts. */
  disputed(watch: Watch, detail: string): void {
    if (watch.decided || watch.disputed) return;
    watch.disputed = true;
    this.#tell(watch, { type: "chain.disputed", detail });
  }

  expired(watch: Watch, proof: AbsenceProof): void {
    if (watch.decided) return;
    this.#tell(watch, { type: "chain.expired", proof });
    this.#decide(watch);
  }

  /** Resolves when everything queued is accepted; rejects as `deliver` does, and keeps what was not accepted. */
  async flush(): Promise<void> {
    while (this.#outbox.length > 0) {
      const offered = this.#outbox.slice(0, DELIVERY_MAX).filter(({ watch }) => watch.live);
      if (offered.length > 0) await this.#deliver(offered.map(({ watch: { actor }, message }) => ({ actor, message })));
      this.#outbox = this.#outbox.slice(DELIVERY_MAX);
    }
    for (const watch of this.#decided) this.#watches.remove(watch);
    this.#decided = [];
  }

  #tellIncluded(watch: Watch, inclusion: Inclusion): void {
    if (watch.decided || watch.toldId === inclusion.blockId) return;
    if (watch.toldId !== undefined) this.#tellOrphaned(watch);
    watch.toldNumber = inclusion.blockNumber;
    watch.toldId = inclusion.blockId;
    this.#tell(watch, { type: "chain.included", inclusion });
  }

  #tellOrphaned(watch: Watch): void {
    this.#tell(watch, { type: "chain.orphaned", blockNumber: watch.toldNumber, blockId: watch.toldId });
    watch.toldNumber = 0;
    watch.toldId = undefined;
  }

  #decide(watch: Watch): void {
    watch.decided = true;
    this.#decided.push(watch);
  }

  #tell(watch: Watch, message: Message): void {
    this.#outbox.push({ watch, message });
  }
}
