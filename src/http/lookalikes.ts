/**
 * Address poisoning: somebody makes an address whose ends read like those of a known one and hopes that it is copied from
 * a list (threats.md A.10). People compare the ends, so that is what is compared here. Known is whom this engine was told
 * to pay, unless it was given up, and the address of each wallet; what others send to anybody makes nobody known.
 *
 * L1. An order to an address that looks like a known one needs an approval, until a payment to that very address is
 *     confirmed; an address whose key the engine holds needs none. The engine's own lists say so: no node is asked, and
 *     nothing is let through because one does not answer.
 * L2. Two addresses of one batch that look alike are held both, unless they were paid before.
 */
import { endsOf, type TronAddress } from "../domain/chain-facts.ts";
import { PAGE_LIMIT_MAX } from "../domain/limits.ts";
import { LOOKALIKE_FRESH_MS, LOOKALIKES_AT_ONCE, LOOKALIKES_CACHED_MAX, LOOKALIKES_READ_MAX } from "./bounds.ts";
import type { HttpPorts } from "./ports.ts";
import { payoutContext } from "./records.ts";

type Ports = Pick<HttpPorts, "engine" | "clock" | "ownAddress">;
type Known = { readonly addresses: readonly TronAddress[]; readonly paid: ReadonlySet<TronAddress> };

const PAID = ":paid";

/** Known addresses with the same ends that are others. */
export async function lookalikesOf({ engine }: Pick<Ports, "engine">, address: TronAddress): Promise<TronAddress[]> {
  const { addresses } = await knownWith(engine, address);
  return addresses.filter((known) => known !== address);
}

/** Which orders need an approval because of their destination. Owns a bounded cache of those that do not. */
export class Lookalikes {
  readonly #ports: Ports;
  /** By the ends: the address that was looked at last and was like no other, and when. */
  readonly #alone = new Map<string, { readonly address: TronAddress; readonly at: number }>();

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** The known address that this one could be taken for. */
  twinOf(address: TronAddress): TronAddress | undefined | Promise<TronAddress | undefined> {
    const alone = this.#alone.get(endsOf(address));
    if (alone?.address === address && this.#ports.clock.now() - alone.at < LOOKALIKE_FRESH_MS) return undefined;
    return this.#look(address, []);
  }

  /** The same of each address of a batch; those without a twin are absent. */
  async twinsOf(addresses: readonly TronAddress[]): Promise<ReadonlyMap<TronAddress, TronAddress>> {
    const twins = new Map<TronAddress, TronAddress>();
    const look = async ([address, beside]: readonly [TronAddress, readonly TronAddress[]]): Promise<void> => {
      const twin = await (beside.length === 0 ? this.twinOf(address) : this.#look(address, beside));
      if (twin !== undefined) twins.set(address, twin);
    };
    const all = sideBySide(addresses);
    for (let at = 0; at < all.length; at += LOOKALIKES_AT_ONCE)
      await Promise.all(all.slice(at, at + LOOKALIKES_AT_ONCE).map(look));
    return twins;
  }

  async #look(address: TronAddress, beside: readonly TronAddress[]): Promise<TronAddress | undefined> {
    const { engine, ownAddress } = this.#ports;
    const { addresses, paid } = await knownWith(engine, address);
    const [twin] = [...addresses, ...beside].filter((other) => other !== address);
    if (twin === undefined) {
      this.#remember(address);
      return undefined;
    }
    if (paid.has(address) || ownAddress(address) || (await wasPaid(engine, address))) return undefined;
    return twin;
  }

  #remember(address: TronAddress): void {
    if (this.#alone.size >= LOOKALIKES_CACHED_MAX) this.#alone.clear();
    this.#alone.set(endsOf(address), { address, at: this.#ports.clock.now() });
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
async function knownWith(engine: Ports["engine"], address: TronAddress): Promise<Known> {
  const prefix = `ends:${endsOf(address)}:`;
  const named = async (kind: string) =>
    (await engine.indexNames(kind, prefix, LOOKALIKES_READ_MAX)).map((name) => name.slice(prefix.length));
  const [wallets, payees] = await Promise.all([named("wallet"), named("payout")]);
  const paid = payees.filter((name) => name.endsWith(PAID)).map((name) => name.slice(0, -PAID.length));
  const open = payees.filter((name) => !name.endsWith(PAID));
  return { addresses: [...new Set([...wallets, ...paid, ...open])], paid: new Set(paid) };
}

/** By the newest of its payouts: those that ended before there were lists by ends are in no such list. */
async function wasPaid(engine: Ports["engine"], address: TronAddress): Promise<boolean> {
  const { records } = await engine.records("payout", `party:${address}`, { limit: PAGE_LIMIT_MAX, newestFirst: true });
  return records.some((record) => record.tag === "confirmed" && payoutContext(record).to === address);
}
