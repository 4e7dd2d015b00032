/**
 * A chain and a follower with a will of their own, for random runs. It may land ANY bytes ever handed to a node until it has
 * proved that they are dead; it knows who was paid, and it shouts when bytes are exposed while others for the same payee can
 * still land. The follower tells the truth, in order, and tells everything again to a new watch.
 */
import { big, units } from "../../src/domain/money.ts";
import { Fault, type ErrorCode } from "../../src/domain/errors.ts";
import type { BroadcastOutcome, Inclusion } from "../../src/domain/chain-facts.ts";
import type { ActorAddress, Message } from "../../src/domain/records.ts";
import type { BuiltTransaction, SignedTransaction, SigningOrder, TransactionWatch } from "../../src/ports/world.ts";
import { blockId, OK, ScriptedWorld } from "./scripted-world.ts";
import type { Random } from "./random.ts";

type Exposed = {
  readonly txId: string;
  readonly order: SigningOrder;
  place: "nowhere" | "block" | "solid";
  inclusion: Inclusion | undefined;
};
type Fact = { readonly actor: ActorAddress; readonly txId: string; readonly message: Message };

export class ChaosWorld extends ScriptedWorld {
  readonly exposed = new Map<string, Exposed>();
  /** Successful transfers on the solidified chain, by payee. */
  readonly paid = new Map<string, number>();
  readonly violations: string[] = [];
  calm = false;
  private facts: Fact[] = [];
  private readonly signed = new Map<string, { txId: string; order: SigningOrder }>();
  private readonly random: Random;

  constructor(random: Random) {
    super();
    this.random = random;
    this.onBroadcast = (signedHex) => this.receive(signedHex);
    const { onEstimate } = this;
    this.onEstimate = async () => {
      this.stumble(0.1, ["chain_unavailable", "simulation_reverted", "tx_malformed"]);
      return onEstimate();
    };
    const read = this.gateway.solidBalances.bind(this.gateway);
    this.gateway.solidBalances = async (address) => {
      this.stumble(0.2, ["chain_timeout"]);
      return read(address);
    };
  }

  override async sign(order: SigningOrder, built: BuiltTransaction): Promise<SignedTransaction> {
    this.stumble(0.1, ["signer_unavailable", "signer_unavailable", "order_mismatch"]);
    if (this.random.chance(0.3)) await new Promise((resolve) => setImmediate(resolve));
    const made = await super.sign(order, built);
    this.signed.set(made.signedHex, { txId: made.txId, order });
    return made;
  }

  override watch(watch: TransactionWatch): void {
    super.watch(watch);
    const known = this.exposed.get(watch.txId);
    if (known?.inclusion !== undefined) {
      this.tell(watch, { type: "chain.included", inclusion: known.inclusion });
      if (known.place === "solid") this.tell(watch, { type: "chain.solidified", inclusion: known.inclusion });
    } else this.tellIfDead(watch);
  }

  /** Puts the bytes into a block, if the chain still would. */
  land(tx: Exposed): void {
    if (tx.place !== "nowhere" || this.timeOf(this.head) >= tx.order.expiration) return;
    this.head += 1 + this.random.below(3);
    if (this.timeOf(this.head - 1) >= tx.order.expiration) return;
    tx.place = "block";
    const result = this.calm ? "SUCCESS" : this.random.pick(["SUCCESS", "SUCCESS", "OUT_OF_ENERGY", "REVERT"]);
    tx.inclusion = this.inclusion(result, this.head);
    this.tellAll(tx.txId, { type: "chain.included", inclusion: tx.inclusion });
  }

  /** A fork removes it. It may come back later, with another result. */
  orphan(tx: Exposed): void {
    if (tx.place !== "block" || tx.inclusion === undefined) return;
    const { blockNumber, blockId: id } = tx.inclusion;
    tx.place = "nowhere";
    tx.inclusion = undefined;
    this.head += 1;
    this.tellAll(tx.txId, { type: "chain.orphaned", blockNumber, blockId: id });
  }

  /** Everything in blocks up to `number` is final; what has expired by then and is in none of them is dead. */
  solidifyTo(number: number): void {
    if (number <= this.solid) return;
    for (const tx of this.exposed.values()) {
      if (tx.place !== "block" || tx.inclusion === undefined || tx.inclusion.blockNumber > number) continue;
      tx.place = "solid";
      this.settle(tx, tx.inclusion);
      this.tellAll(tx.txId, { type: "chain.solidified", inclusion: tx.inclusion });
    }
    this.solid = number;
    this.head = Math.max(this.head, number + 1);
    for (const watch of this.watches.values()) this.tellIfDead(watch);
  }

  /** What the follower would deliver now, at most `count`, in order. */
  takeFacts(count: number): { actor: ActorAddress; message: Message }[] {
    return this.facts.splice(0, count).filter(({ actor, txId }) => this.watches.get(actor.id)?.txId === txId);
  }

  /** The follower ended with its process; the next one watches again. */
  forgetWatches(): void {
    this.facts = [];
    this.watches.clear();
  }

  get factsWaiting(): number {
    return this.facts.length;
  }

  private async receive(signedHex: string): Promise<BroadcastOutcome> {
    const signed = this.signed.get(signedHex);
    if (signed === undefined) throw new Error("bytes that nobody signed");
    this.expose(signed);
    if (this.calm) return OK;
    const answer = this.random.pick([
      "accepted",
      "known",
      "busy",
      "refused",
      "ambiguous",
      "lost",
      "bug",
      "slow",
    ] as const);
    if (answer === "lost") throw new Fault("chain_timeout");
    if (answer === "bug") throw new Error("a bug in the gateway");
    if (answer === "slow") {
      await new Promise((resolve) => setImmediate(resolve));
      return OK;
    }
    return { class: answer, code: answer.toUpperCase(), message: "", node: "chaos" };
  }

  private expose({ txId, order }: { txId: string; order: SigningOrder }): void {
    if (this.exposed.has(txId)) return;
    for (const other of this.exposed.values()) {
      if (other.order.to === order.to && !this.isDead(other))
        this.violations.push(`${order.to}: ${txId} exposed while ${other.txId} is ${other.place}`);
    }
    this.exposed.set(txId, { txId, order, place: "nowhere", inclusion: undefined });
  }

  private isDead(tx: Exposed): boolean {
    if (tx.place === "solid") return tx.inclusion?.result !== "SUCCESS";
    return tx.place === "nowhere" && this.timeOf(this.solid) >= tx.order.expiration;
  }

  private settle({ order }: Exposed, inclusion: Inclusion): void {
    this.trx = units(big(this.trx) - big(inclusion.feeSun));
    if (inclusion.result !== "SUCCESS") return;
    this.paid.set(order.to, (this.paid.get(order.to) ?? 0) + 1);
    if (order.asset === "USDT") this.usdt = units(big(this.usdt) - big(order.amount));
    else this.trx = units(big(this.trx) - big(order.amount));
  }

  private tellIfDead(watch: TransactionWatch): void {
    const inBlock = this.exposed.get(watch.txId)?.inclusion !== undefined;
    if (inBlock || this.timeOf(this.solid) < watch.expiration) return;
    const proof = {
      solidNumber: this.solid,
      solidId: blockId(this.solid),
      solidTimestamp: this.timeOf(this.solid),
      scannedFrom: watch.referenceNumber + 1,
      scannedTo: this.solid,
    };
    this.tell(watch, { type: "chain.expired", proof });
  }

  private tellAll(txId: string, message: Message): void {
    for (const watch of this.watches.values()) if (watch.txId === txId) this.tell(watch, message);
  }

  private tell({ actor, txId }: TransactionWatch, message: Message): void {
    this.facts.push({ actor, txId, message });
  }

  private stumble(probability: number, codes: readonly ErrorCode[]): void {
    if (!this.calm && this.random.chance(probability)) throw new Fault(this.random.pick(codes));
  }
}
