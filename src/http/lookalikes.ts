/**
 * Address poisoning: somebody makes an address whose ends read like those of a known one and hopes that it is copied from
 * a list (threats.md A.10). People compare the ends, so that is what is compared here. Known is whom this engine was told
 * to pay, unless it was given up, and the address of each wallet; what others send to anybody makes nobody known.
 */
import type { TronAddress } from "../domain/chain-facts.ts";
import { PAGE_LIMIT_MAX } from "../domain/limits.ts";
import { LOOKALIKES_READ_MAX } from "./bounds.ts";
import { GIVEN_UP } from "./payout-intake.ts";
import type { HttpPorts } from "./ports.ts";

type Ports = Pick<HttpPorts, "engine">;

/** Characters that wallets and explorers show of each end. */
const SHOWN_ENDS = 4;
const WALLETS = { kind: "wallet", prefix: "address:" };
const PARTIES = { kind: "payout", prefix: "party:" };

/** Known addresses with the same ends that are others. */
export async function lookalikesOf(ports: Ports, address: TronAddress): Promise<TronAddress[]> {
  const [wallets, parties] = await Promise.all([alike(ports, WALLETS, address), alike(ports, PARTIES, address)]);
  const known = new Set(wallets);
  for (const party of parties) if (!known.has(party) && (await isPayee(ports, party))) known.add(party);
  return [...known];
}

async function alike(
  { engine }: Ports,
  { kind, prefix }: typeof WALLETS,
  address: TronAddress,
): Promise<TronAddress[]> {
  const names = await engine.indexNames(kind, prefix + address.slice(0, SHOWN_ENDS), LOOKALIKES_READ_MAX);
  return names
    .map((name) => name.slice(prefix.length))
    .filter((other) => other !== address && other.slice(-SHOWN_ENDS) === address.slice(-SHOWN_ENDS));
}

/** One page is read; what is not, or cannot be, may be a payout that was paid. */
async function isPayee({ engine }: Ports, address: TronAddress): Promise<boolean> {
  const page = { limit: PAGE_LIMIT_MAX, newestFirst: true };
  const { records, damaged, next } = await engine.records("payout", PARTIES.prefix + address, page);
  return next !== undefined || damaged.length > 0 || records.some(({ tag }) => !GIVEN_UP.has(tag));
}
