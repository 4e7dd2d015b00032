/**
 * Address poisoning: somebody makes an address whose ends read like those of a known one and hopes that it is copied from
 * a list (threats.md A.10). People compare the ends, so that is what is compared here. Known is whom this engine was told
 * to pay and who pays; what others send to anybody on the chain makes nobody known.
 */
import type { TronAddress } from "../domain/chain-facts.ts";
import { LOOKALIKES_READ_MAX } from "./bounds.ts";
import type { HttpPorts } from "./ports.ts";

/** Characters that wallets and explorers show of each end. */
const SHOWN_ENDS = 4;
const PARTY = "party:";

/** Known addresses with the same ends that are others. */
export async function lookalikesOf(
  { engine }: Pick<HttpPorts, "engine">,
  address: TronAddress,
): Promise<TronAddress[]> {
  const prefix = PARTY + address.slice(0, SHOWN_ENDS);
  const names = await engine.indexNames("payout", prefix, LOOKALIKES_READ_MAX);
  return names
    .map((name) => name.slice(PARTY.length))
    .filter((known) => known !== address && known.slice(-SHOWN_ENDS) === address.slice(-SHOWN_ENDS));
}
