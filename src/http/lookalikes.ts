/**
 * Address poisoning: somebody makes an address whose ends read like those of a known one and hopes that it is copied from
 * a list (threats.md A.10). People compare the ends, so that is what is compared here. Known is whom this engine was told
 * to pay, unless it was given up, and the address of each wallet; what others send to anybody makes nobody known.
 *
 * L1. An order to an address that looks like a known one needs an approval, until a payment to that very address is
 *     confirmed. The engine's own lists say so: no node is asked, and nothing is let through because one does not answer.
 * L2. Two addresses of one batch that look alike are held both, unless they were paid before.
 */
import { endsOf, type TronAddress } from "../domain/chain-facts.ts";
import { PAGE_LIMIT_MAX } from "../domain/limits.ts";
import { LOOKALIKE_FRESH_MS, LOOKALIKES_CACHED_MAX, LOOKALIKES_READ_MAX } from "./bounds.ts";
import type { HttpPorts } from "./ports.ts";
import { GIVEN_UP, payoutContext } from "./records.ts";

type Ports = Pick<HttpPorts, "engine">;
type Acquaintances = { readonly wallets: readonly TronAddress[]; readonly payees: readonly TronAddress[] };

/** Known addresses with the same ends that are others. */
export async function lookalikesOf(ports: Ports, address: TronAddress): Promise<TronAddress[]> {
  const { wallets, payees } = await alike(ports, address);
  const known = new Set(wallets);
  for (const payee of payees) if (!known.has(payee) && (await isPayee(ports, payee))) known.add(payee);
  known.delete(address);
  return [...known];
}

/** Which orders need an approval because of their destination. Owns a bounded cache of those that do not. */
export class Lookalikes {
  readonly #ports: Pick<HttpPorts, "engine" | "clock">;
  /** Addresses like which there was no other, and when. */
  readonly #alone = new Map<TronAddress, number>();

  constructor(ports: Pick<HttpPorts, "engine" | "clock">) {
    this.#ports = ports;
  }

  /** The known address that this one could be taken for. */
  twinOf(address: TronAddress): TronAddress | undefined | Promise<TronAddress | undefined> {
    const at = this.#alone.get(address);
    if (at !== undefined && this.#ports.clock.now() - at < LOOKALIKE_FRESH_MS) return undefined;
    return this.#look(address, []);
  }

  /** The same of each address of a batch; those without a twin are absent. */
  async twinsOf(addresses: readonly TronAddress[]): Promise<ReadonlyMap<TronAddress, TronAddress>> {
    const twins = new Map<TronAddress, TronAddress>();
    for (const [address, beside] of sideBySide(addresses)) {
      const twin = await (beside.length === 0 ? this.twinOf(address) : this.#look(address, beside));
      if (twin !== undefined) twins.set(address, twin);
    }
    return twins;
  }

  async #look(address: TronAddress, beside: readonly TronAddress[]): Promise<TronAddress | undefined> {
    const { wallets, payees } = await alike(this.#ports, address);
    const others = (of: readonly TronAddress[]) => of.filter((other) => other !== address);
    if (others([...wallets, ...payees, ...beside]).length === 0) {
      this.#remember(address);
      return undefined;
    }
    if (wallets.includes(address) || (payees.includes(address) && (await wasPaid(this.#ports, address))))
      return undefined;
    const [wallet] = others(wallets);
    if (wallet !== undefined) return wallet;
    for (const payee of others(payees)) if (await isPayee(this.#ports, payee)) return payee;
    return beside[0];
  }

  #remember(address: TronAddress): void {
    if (this.#alone.size >= LOOKALIKES_CACHED_MAX) this.#alone.clear();
    this.#alone.set(address, this.#ports.clock.now());
  }
}

/** Each address once, with the others among them that have its ends. */
function sideBySide(addresses: readonly TronAddress[]): (readonly [TronAddress, readonly TronAddress[]])[] {
  const groups = Map.groupBy(new Set(addresses), endsOf);
  return [...groups.values()].flatMap((group) =>
    group.map((address) => [address, group.filter((other) => other !== address)] as const),
  );
}

/** One seek per known address with these ends; of a million there is hardly ever a second one. */
async function alike({ engine }: Ports, address: TronAddress): Promise<Acquaintances> {
  const prefix = `ends:${endsOf(address)}:`;
  const named = async (kind: string) =>
    (await engine.indexNames(kind, prefix, LOOKALIKES_READ_MAX)).map((name) => name.slice(prefix.length));
  const [wallets, payees] = await Promise.all([named("wallet"), named("payout")]);
  return { wallets, payees };
}

/** One page is read; what is not, or cannot be, may be a payout that was paid. */
async function isPayee(ports: Ports, address: TronAddress): Promise<boolean> {
  const { records, damaged, next } = await newest(ports, address);
  return next !== undefined || damaged.length > 0 || records.some(({ tag }) => !GIVEN_UP.has(tag));
}

/** One page is read; what is not, or cannot be, may be a payout that was not paid. */
async function wasPaid(ports: Ports, address: TronAddress): Promise<boolean> {
  const { records } = await newest(ports, address);
  return records.some((record) => record.tag === "confirmed" && payoutContext(record).to === address);
}

function newest({ engine }: Ports, address: TronAddress) {
  return engine.records("payout", `party:${address}`, { limit: PAGE_LIMIT_MAX, newestFirst: true });
}
