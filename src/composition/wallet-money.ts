/**
 * Money that comes to the engine's own wallets, as the block follower tells it: counted, logged, and the wallet reads its
 * balance as soon as it is final instead of when it is asked. Part of the composition root.
 *
 * Nothing is credited here: what a wallet has is the balance that nodes agree about. So a fact that comes twice costs
 * one more reading at most, and nothing has to be remembered.
 */
import { Transfers } from "../chain/transfers.ts";
import { isDamage } from "../supervisor/stored-records.ts";
import type { ActorAddress } from "../domain/records.ts";
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

class WalletMoney implements TransferReceiver {
  readonly #ports: WalletMoneyPorts;
  /** By address. One that is watched may be that of a wallet with a key too, or was watched before by another. */
  readonly #wallets = new Map<string, readonly string[]>();
  /** When a wallet was asked last, or will be. */
  readonly #asked = new Map<string, number>();

  constructor(ports: WalletMoneyPorts) {
    this.#ports = ports;
  }

  /** True for an address that was not known yet. */
  add(address: string, walletId: string): boolean {
    const known = this.#wallets.get(address);
    if (known?.includes(walletId) !== true) this.#wallets.set(address, [...(known ?? []), walletId]);
    return known === undefined;
  }

  seen(): readonly SeenTransfer[] {
    return [];
  }

  async accept(facts: readonly TransferFact[]): Promise<void> {
    const wallets = new Set<string>();
    for (const fact of facts) {
      const known = this.#wallets.get(fact.transfer.to);
      if (known === undefined) continue;
      if (fact.type === "transferIgnored") this.#ports.metrics.moneyCame("ignored");
      if (fact.type !== "transferSolidified") continue;
      const { asset, amount, txId, index, blockNumber } = fact.transfer;
      this.#ports.metrics.moneyCame(asset);
      this.#ports.logger.debug({ wallets: known, asset, amount, txId, index, blockNumber }, "money came to a wallet");
      for (const walletId of known) wallets.add(walletId);
    }
    for (const walletId of wallets) await this.#read(walletId);
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
  /** An actor moved: it may be a new wallet. */
  readonly moved: (actor: ActorAddress, context: unknown) => void;
};

/**
 * Knows every wallet of the store before the follower reads its first block: money may have come while nobody looked. One
 * whose record is damaged is known when it moves again; its balance is read then.
 */
export async function openWalletMoney(
  { store, usdt }: { readonly store: Store; readonly usdt: string },
  ports: WalletMoneyPorts,
): Promise<OpenedWalletMoney> {
  const receiver = new WalletMoney(ports);
  const transfers = new Transfers({ usdt, receiver });
  const moved = ({ kind, id }: ActorAddress, context: unknown): void => {
    const address = kind === "wallet" ? addressOf(context) : undefined;
    if (address !== undefined && receiver.add(address, id)) transfers.watchAddress(address);
  };
  let cursor: string | undefined;
  do {
    const page = await store.ids("wallet", { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    for (const { id } of page.ids) {
      const actor = { kind: "wallet", id };
      moved(
        actor,
        undamaged(() => store.record(actor)?.context),
      );
    }
    cursor = page.next;
  } while (cursor !== undefined);
  return { transfers, moved };
}

function undamaged(context: () => unknown): unknown {
  try {
    return context();
  } catch (error) {
    if (!isDamage(error)) throw error;
    return undefined;
  }
}

function addressOf(context: unknown): string | undefined {
  const isWallet = typeof context === "object" && context !== null && "address" in context;
  return isWallet && typeof context.address === "string" ? context.address : undefined;
}
