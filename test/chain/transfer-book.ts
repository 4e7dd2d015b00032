import { transferKey, type SeenTransfer, type TransferFact, type TransferReceiver } from "../../src/ports/transfers.ts";

/** A receiver with a disk: it credits what is final once, and complains about facts that come in an impossible order. */
export class TransferBook implements TransferReceiver {
  readonly facts: TransferFact[] = [];
  readonly open = new Map<string, SeenTransfer>();
  readonly credited = new Map<string, SeenTransfer>();
  /** Runs before facts are taken; may throw. */
  onAccept: (facts: readonly TransferFact[]) => void = () => {};

  get words(): string[] {
    return this.facts.map(({ type }) => type.replace("transfer", "").toLowerCase());
  }

  seen(): readonly SeenTransfer[] {
    return [...this.open.values()];
  }

  async accept(facts: readonly TransferFact[]): Promise<void> {
    await Promise.resolve();
    this.onAccept(facts);
    for (const fact of facts) this.take(fact);
  }

  /** Base units that came to the address, by asset. */
  sumTo(address: string): { TRX: bigint; USDT: bigint } {
    const sums = { TRX: 0n, USDT: 0n };
    for (const { asset, to, amount } of this.credited.values()) if (to === address) sums[asset] += BigInt(amount);
    return sums;
  }

  private take(fact: TransferFact): void {
    this.facts.push(fact);
    if (fact.type === "transferIgnored") return;
    const { transfer } = fact;
    const key = transferKey(transfer);
    if (fact.type === "transferSeen") this.open.set(key, transfer);
    else if (!this.open.delete(key)) throw new Error(`${fact.type} of ${key}, which is not open`);
    if (fact.type === "transferSolidified") this.credited.set(key, transfer);
  }
}
