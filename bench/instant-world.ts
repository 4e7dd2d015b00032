/**
 * A chain without a network, for benches: every broadcast is in a block at the next turn of the event loop and solidified
 * at the one after. What is left is the cost of the engine itself.
 */
import type { BroadcastOutcome, Inclusion } from "../src/domain/chain-facts.ts";
import { units } from "../src/domain/money.ts";
import type { ActorAddress, Message } from "../src/domain/records.ts";
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
} from "../src/ports/world.ts";

type Fact = { readonly actor: ActorAddress; readonly message: Message };

export class InstantWorld implements ChainView, TransactionWatcher, Signer {
  deliver: (facts: readonly Fact[]) => Promise<void> = async () => {};
  private readonly watches = new Map<string, ActorAddress>();
  private readonly txIds = new Map<string, string>();
  private block = 1_000;
  private built = 0;
  private fresh: ActorAddress[] = [];
  private scheduled = false;

  readonly gateway: Pick<ChainGateway, "estimate" | "solidBalances"> = {
    estimate: async () => ({
      energy: 64_285,
      penalty: 0,
      bandwidth: 345,
      burnSun: units(6_773_500n),
      feeLimitSun: units(8_035_700n),
    }),
    solidBalances: async () => ({ usdt: units(10n ** 17n), trx: units(10n ** 17n), atBlock: this.block }),
  };

  /** Takes the place of the gateway's broadcast: the id saves decoding the bytes. */
  take({ txId }: { txId: string }): BroadcastOutcome {
    const actor = this.watches.get(txId);
    if (actor !== undefined) this.fresh.push(actor);
    if (!this.scheduled) {
      this.scheduled = true;
      setImmediate(() => void this.mine());
    }
    return { class: "accepted", code: "SUCCESS", message: "", node: "instant" };
  }

  obstacle() {
    return undefined;
  }

  reference() {
    return { number: this.block, id: "c".repeat(64), headTimestamp: this.headTimestamp() };
  }

  headTimestamp(): number {
    return 1_700_000_000_000 + this.block * 3_000;
  }

  watch({ txId, actor }: TransactionWatch): void {
    this.txIds.set(actor.id, txId);
    this.watches.set(txId, actor);
  }

  unwatch({ id }: ActorAddress): void {
    const txId = this.txIds.get(id);
    this.txIds.delete(id);
    if (txId !== undefined) this.watches.delete(txId);
  }

  async build(_order: SigningOrder): Promise<BuiltTransaction> {
    this.built += 1;
    const txId = this.built.toString(16).padStart(64, "0");
    return { rawHex: `aa${txId}${"ab".repeat(180)}`, txId };
  }

  async sign(_order: SigningOrder, built: BuiltTransaction): Promise<SignedTransaction> {
    return { signedHex: `${built.rawHex}${"cd".repeat(65)}`, txId: built.txId };
  }

  async prepare(order: SigningOrder): Promise<PreparedTransaction> {
    const built = await this.build(order);
    return { ...built, ...(await this.sign(order, built)) };
  }

  private async mine(): Promise<void> {
    this.scheduled = false;
    const actors = this.fresh;
    this.fresh = [];
    this.block += 1;
    const inclusion: Inclusion = {
      blockNumber: this.block,
      blockId: "b".repeat(64),
      blockTimestamp: this.headTimestamp(),
      result: "SUCCESS",
      feeSun: units(6_773_500n),
      energyUsed: 64_285,
    };
    await this.deliver(actors.map((actor) => ({ actor, message: { type: "chain.included", inclusion } })));
    await this.deliver(actors.map((actor) => ({ actor, message: { type: "chain.solidified", inclusion } })));
  }
}
