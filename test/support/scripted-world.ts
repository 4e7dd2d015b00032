/** A world that does what the test says: a gateway, a signer and a chain of which every answer can be scripted. */
import type {
  BroadcastOutcome,
  Estimate,
  Inclusion,
  PricedOrder,
  ReferenceBlock,
} from "../../src/domain/chain-facts.ts";
import { units } from "../../src/domain/money.ts";
import { soleOwner } from "../../src/domain/permissions.ts";
import type { Message } from "../../src/domain/records.ts";
import type {
  BuiltTransaction,
  ChainGateway,
  ChainView,
  PreparedTransaction,
  SignedTransaction,
  Signer,
  SigningOrder,
  TransactionWatch,
  TransactionWatcher,
  Obstacle,
} from "../../src/ports/world.ts";

export const OK: BroadcastOutcome = { class: "accepted", code: "SUCCESS", message: "", node: "scripted" };
const unused = () => Promise.reject(new Error("not scripted"));

export class ScriptedWorld implements ChainView, TransactionWatcher, Signer {
  readonly watches = new Map<string, TransactionWatch>();
  readonly broadcasts: string[] = [];
  readonly signatures: SigningOrder[] = [];
  readonly estimates: PricedOrder[] = [];
  /** What keeps anything new from being signed. */
  inTheWay: Obstacle | undefined;
  usdt = units(1_000_000_000_000n);
  trx = units(1_000_000_000_000n);
  solid = 100;
  head = 118;
  genesisTime = 1_700_000_000_000;
  onBroadcast: (signedHex: string) => Promise<BroadcastOutcome> = async () => OK;
  onEstimate: () => Promise<Estimate> = async () => ({
    energy: 64_285,
    penalty: 0,
    bandwidth: 345,
    burnSun: units(6_773_500n),
    feeLimitSun: units(8_035_700n),
  });
  onSign: (order: SigningOrder) => Promise<void> = async () => {};
  private built = 0;

  readonly gateway: ChainGateway = {
    headBlock: unused,
    solidBlock: unused,
    block: unused,
    blocks: unused,
    receipts: unused,
    solidReceipt: unused,
    genesisId: unused,
    chainParameters: unused,
    account: unused,
    tokenBalance: async () => ({ amount: this.usdt, atBlock: this.solid }),
    signatories: async (address) => ({ kind: "account", ...soleOwner(address) }),
    isBlacklisted: async () => false,
    tokenTerms: async () => ({ isPaused: false, feeBasisPoints: 0, feeMax: units(0n) }),
    destinations: async (addresses) => addresses.map(() => ({ isContract: false, isFrozen: false })),
    solidBalances: async () => ({ usdt: this.usdt, trx: this.trx, atBlock: this.solid }),
    estimate: (order) => {
      this.estimates.push(order);
      return this.onEstimate();
    },
    broadcast: async (signedHex) => {
      this.broadcasts.push(signedHex);
      return this.onBroadcast(signedHex);
    },
  };

  obstacle(): Obstacle | undefined {
    return this.inTheWay;
  }

  reference(): ReferenceBlock | undefined {
    if (this.inTheWay !== undefined) return undefined;
    return { number: this.solid, id: blockId(this.solid), headTimestamp: this.timeOf(this.head) };
  }

  headTimestamp(): number {
    return this.timeOf(this.head);
  }

  watch(watch: TransactionWatch): void {
    this.watches.set(watch.actor.id, watch);
  }

  unwatch(actor: { id: string }): void {
    this.watches.delete(actor.id);
  }

  async build(order: SigningOrder): Promise<BuiltTransaction> {
    this.built += 1;
    const txId = `${this.built.toString(16).padStart(8, "0")}${order.timestamp.toString(16).padStart(56, "0")}`;
    return { rawHex: `aa${txId}`, txId };
  }

  async sign(order: SigningOrder, built: BuiltTransaction): Promise<SignedTransaction> {
    await this.onSign(order);
    this.signatures.push(order);
    return { signedHex: `${built.rawHex}bb`, txId: built.txId };
  }

  async prepare(order: SigningOrder): Promise<PreparedTransaction> {
    const built = await this.build(order);
    return { ...built, ...(await this.sign(order, built).catch(() => undefined)) };
  }

  timeOf(block: number): number {
    return this.genesisTime + block * 3_000;
  }

  inclusion(result = "SUCCESS", blockNumber = this.head): Inclusion {
    return {
      blockNumber,
      blockId: blockId(blockNumber),
      blockTimestamp: this.timeOf(blockNumber),
      result,
      feeSun: units(6_773_500n),
      energyUsed: 64_285,
    };
  }

  included(result?: string): Message {
    return { type: "chain.included", inclusion: this.inclusion(result) };
  }

  solidified(result?: string): Message {
    return { type: "chain.solidified", inclusion: this.inclusion(result) };
  }

  /** A proof for `watch` as an honest follower would give it; moves the chain past the expiration. */
  expired(watch: TransactionWatch): Message {
    this.solid = Math.max(this.solid, Math.ceil((watch.expiration - this.genesisTime) / 3_000));
    this.head = Math.max(this.head, this.solid + 18);
    const proof = {
      solidNumber: this.solid,
      solidId: blockId(this.solid),
      solidTimestamp: this.timeOf(this.solid),
      scannedFrom: watch.referenceNumber + 1,
      scannedTo: this.solid,
    };
    return { type: "chain.expired", proof };
  }
}

export function blockId(number: number): string {
  return number.toString(16).padStart(16, "0").padEnd(64, "c");
}
