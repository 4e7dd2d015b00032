/** The transactions that somebody waits for, found by transaction id and by actor. */
import type { TxId } from "../domain/chain-facts.ts";
import type { ActorAddress } from "../domain/records.ts";
import type { TransactionWatch } from "../ports/world.ts";

/** Kept small: there may be a hundred thousand. */
export type Watch = {
  readonly actor: ActorAddress;
  readonly txId: TxId;
  readonly expiration: number;
  readonly referenceNumber: number;
  /** A proof of absence that ends below this block would be refused by the actor. */
  readonly seenIn: number;
  /** False once nobody waits any more. */
  live: boolean;
  /** Its fate is in the queue of messages; nothing else is said about it. */
  decided: boolean;
  /** Highest solidified block that passed before this watch was here and was not compared with it; 0 when there is none. */
  gapTo: number;
  /** It is in a block in memory, and its actor was not told yet. */
  late: boolean;
  /** The block that its actor believes it to be in. */
  toldNumber: number;
  toldId: string | undefined;
  /** Its actor was told that nodes disagree about the block that would decide. */
  disputed: boolean;
  /** Another watch of the same transaction. */
  next: Watch | undefined;
};

export class WatchTable {
  readonly #byTx = new Map<TxId, Watch>();
  readonly #byActor = new Map<string, Map<string, Watch>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** One actor waits for one transaction: a second watch replaces the first, and everything is told again. */
  add(request: TransactionWatch): { added: Watch; replaced: Watch | undefined } {
    const { actor, txId, expiration, referenceNumber, seenIn = 0 } = request;
    const replaced = this.ofActor(actor);
    if (replaced !== undefined) this.remove(replaced);
    const added: Watch = {
      actor,
      txId,
      expiration,
      referenceNumber,
      seenIn,
      live: true,
      decided: false,
      gapTo: 0,
      late: false,
      toldNumber: 0,
      toldId: undefined,
      disputed: false,
      next: this.#byTx.get(txId),
    };
    this.#byTx.set(txId, added);
    const ofKind = this.#byActor.get(actor.kind) ?? new Map<string, Watch>();
    this.#byActor.set(actor.kind, ofKind.set(actor.id, added));
    this.#size += 1;
    return { added, replaced };
  }

  ofActor(actor: ActorAddress): Watch | undefined {
    return this.#byActor.get(actor.kind)?.get(actor.id);
  }

  has(txId: TxId): boolean {
    return this.#byTx.has(txId);
  }

  *of(txId: TxId): Generator<Watch> {
    for (let watch = this.#byTx.get(txId); watch !== undefined; watch = watch.next) yield watch;
  }

  *all(): Generator<Watch> {
    for (const ofKind of this.#byActor.values()) yield* ofKind.values();
  }

  remove(watch: Watch): void {
    if (!watch.live) return;
    watch.live = false;
    this.#size -= 1;
    const ofKind = this.#byActor.get(watch.actor.kind);
    if (ofKind?.get(watch.actor.id) === watch) ofKind.delete(watch.actor.id);
    const rest = [...this.of(watch.txId)].filter((other) => other !== watch);
    rest.forEach((other, index) => (other.next = rest[index + 1]));
    const [first] = rest;
    if (first === undefined) this.#byTx.delete(watch.txId);
    else this.#byTx.set(watch.txId, first);
  }
}
