/**
 * Money that comes to wallets, and that leaves those without a key, as the block follower tells it: what comes is counted
 * and logged, and the wallet reads its balance as soon as it is final instead of when it is asked. What leaves a wallet
 * with a key is the engine's own payment, of which its ledger knows. Part of the composition root.
 *
 * Nothing is credited here: what a wallet has is the balance that nodes agree about. So a fact that comes twice costs
 * one more reading at most, and nothing has to be remembered.
 */
import { Transfers } from "../chain/transfers.ts";
import { isDamage } from "../supervisor/stored-records.ts";
import type { ActorAddress, ActorRecord } from "../domain/records.ts";
import type { SeenTransfer, TransferFact, TransferReceiver } from "../ports/transfers.ts";
import type { Metrics } from "../operations/metrics.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import type { Logger } from "../ports/telemetry.ts";

/** Dust in every block must not cost a reading of the balance in every block. */
const READ_EVERY_MS = 15_000;
const PAGE = 500;

type WalletMoneyPorts = {
  readonly metrics: Pick<Metrics, "moneyCame">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Asks the wallet to read its balance. */
  readonly refresh: (walletId: string) => Promise<void>;
};

type Wallet = {
  readonly id: string;
  readonly isWatchOnly: boolean;
  /** False while a reading that failed makes one without a key pause, at the end of which it reads by itself. */
  readonly isTold: boolean;
};

class WalletMoney implements TransferReceiver {
  readonly #ports: WalletMoneyPorts;
  /** By address, those that are not archived. One that is watched may be that of a wallet with a key too. */
  readonly #wallets = new Map<string, readonly Wallet[]>();
  /** When a wallet was asked last, or will be. */
  readonly #asked = new Map<string, number>();

  constructor(ports: WalletMoneyPorts) {
    this.#ports = ports;
  }

  /** True for an address that was not known yet. */
  add(address: string, wallet: Wallet): boolean {
    const known = this.#wallets.get(address);
    this.#wallets.set(address, [...without(known, wallet), wallet]);
    return known === undefined;
  }

  /** True when nobody has the address any more. */
  forget(address: string, wallet: Wallet): boolean {
    this.#asked.delete(wallet.id);
    const known = this.#wallets.get(address);
    const others = without(known, wallet);
    if (others.length > 0) this.#wallets.set(address, others);
    else this.#wallets.delete(address);
    return known !== undefined && others.length === 0;
  }

  seen(): readonly SeenTransfer[] {
    return [];
  }

  async accept(facts: readonly TransferFact[]): Promise<void> {
    const wallets = new Set<string>();
    for (const fact of facts) {
      const { from, to } = fact.transfer;
      const receivers = this.#wallets.get(to);
      if (receivers !== undefined) this.#count(fact, receivers);
      if (fact.type !== "transferSolidified") continue;
      const senders = this.#wallets.get(from)?.filter(({ isWatchOnly }) => isWatchOnly) ?? [];
      for (const { id, isTold } of [...(receivers ?? []), ...senders]) if (isTold) wallets.add(id);
    }
    for (const walletId of wallets) await this.#read(walletId);
  }

  #count(fact: TransferFact, receivers: readonly Wallet[]): void {
    const { metrics, logger } = this.#ports;
    if (fact.type === "transferIgnored") metrics.moneyCame("ignored");
    if (fact.type !== "transferSolidified") return;
    const { asset, amount, txId, index, blockNumber } = fact.transfer;
    metrics.moneyCame(asset);
    const wallets = receivers.map(({ id }) => id);
    logger.debug({ wallets, asset, amount, txId, index, blockNumber }, "money came to a wallet");
  }

  async #read(walletId: string): Promise<void> {
    const { clock, refresh } = this.#ports;
    const now = clock.now();
    const next = (this.#asked.get(walletId) ?? -Infinity) + READ_EVERY_MS;
    if (next > now + READ_EVERY_MS) return;
    this.#asked.set(walletId, Math.max(now, next));
    if (next <= now) return refresh(walletId);
    // What came meanwhile is in the reading at the end of the pause. Whoever pays from a wallet reads its balance anyway.
    clock.schedule(next - now, () => void refresh(walletId).catch(() => {}));
  }
}

export type OpenedWalletMoney = {
  /** For the follower. */
  readonly transfers: Transfers;
  /** An actor moved: it may be a new wallet, or one that is archived. */
  readonly moved: (actor: ActorAddress, record: Moved) => void;
};
type Moved = Pick<ActorRecord, "tag" | "context">;

/**
 * Knows every wallet of the store that is not archived before the follower reads its first block: money may have come
 * while nobody looked. One whose record is damaged is known when it moves again; its balance is read then.
 */
export async function openWalletMoney(
  { store, usdt }: { readonly store: Store; readonly usdt: string },
  ports: WalletMoneyPorts,
): Promise<OpenedWalletMoney> {
  const receiver = new WalletMoney(ports);
  const transfers = new Transfers({ usdt, receiver });
  const moved = ({ kind, id }: ActorAddress, { tag, context }: Moved): void => {
    const address = kind === "wallet" ? textOf(context, "address") : undefined;
    if (address === undefined) return;
    const isWatchOnly = textOf(context, "kind") === "watch";
    const wallet = { id, isWatchOnly, isTold: !isWatchOnly || textOf(context, "balanceError") === undefined };
    if (tag === "archived") {
      if (receiver.forget(address, wallet)) transfers.unwatchAddress(address);
    } else if (receiver.add(address, wallet)) transfers.watchAddress(address);
  };
  let cursor: string | undefined;
  do {
    const page = await store.ids("wallet", { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    for (const { id } of page.ids) {
      const actor = { kind: "wallet", id };
      const record = undamaged(() => store.record(actor));
      if (record !== undefined) moved(actor, record);
    }
    cursor = page.next;
  } while (cursor !== undefined);
  return { transfers, moved };
}

function undamaged<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!isDamage(error)) throw error;
    return undefined;
  }
}

function textOf(context: unknown, field: string): string | undefined {
  const value: unknown = typeof context === "object" && context !== null ? Reflect.get(context, field) : undefined;
  return typeof value === "string" ? value : undefined;
}

function without(known: readonly Wallet[] = [], { id }: Wallet): readonly Wallet[] {
  return known.filter((other) => other.id !== id);
}
