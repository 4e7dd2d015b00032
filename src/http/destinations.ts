/**
 * Looks at a destination on the chain before a payout to it is accepted: contracts and frozen addresses are refused
 * early, with words. Nothing later would: the chain takes a transfer to either. Still it is a courtesy, because a payout
 * must not wait for a node that does not answer; what cannot be told quickly is let through. Owns a bounded cache.
 *
 * D1. At most `DESTINATION_CHECKS_MAX` looks at a time; a burst beyond that is let through.
 * D2. After a node failed to answer, nobody waits for it again until `DESTINATION_REST_MS` later.
 */
import { refuse, type Refusal } from "../domain/errors.ts";
import type { TronAddress } from "../domain/chain-facts.ts";
import type { Asset } from "../domain/money.ts";
import {
  DESTINATION_CHECKS_MAX,
  DESTINATION_FRESH_MS,
  DESTINATION_REST_MS,
  DESTINATION_TIMEOUT_MS,
  DESTINATIONS_CACHED_MAX,
} from "./bounds.ts";
import type { HttpPorts } from "./ports.ts";

type Finding = { readonly at: number; readonly contract: boolean; readonly frozen: boolean };
type Ports = Pick<HttpPorts, "gateway" | "clock" | "network">;

export class Destinations {
  readonly #ports: Ports;
  readonly #found = new Map<string, Finding>();
  #running = 0;
  #restUntil = 0;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** Known without waiting, or the promise of a look; `undefined` is "nothing against it". */
  judge(to: { address: TronAddress; asset: Asset }): Refusal | undefined | Promise<Refusal | undefined> {
    const { network, clock } = this.#ports;
    if (to.address === network.usdtContract) return refusalOf("destination_is_contract", to.address);
    if (!network.checkDestinations) return undefined;
    const key = `${to.asset} ${to.address}`;
    const found = this.#found.get(key);
    if (found !== undefined && clock.now() - found.at < DESTINATION_FRESH_MS) return verdict(found, to.address);
    if (this.#running >= DESTINATION_CHECKS_MAX || clock.now() < this.#restUntil) return undefined;
    return this.#look(to, key);
  }

  async #look(to: { address: TronAddress; asset: Asset }, key: string): Promise<Refusal | undefined> {
    const { gateway, clock } = this.#ports;
    this.#running += 1;
    try {
      const signal = AbortSignal.timeout(DESTINATION_TIMEOUT_MS);
      const [account, frozen] = await Promise.all([
        gateway.account(to.address, signal),
        to.asset === "USDT" ? gateway.isBlacklisted(to.address, signal) : false,
      ]);
      const finding = { at: clock.now(), contract: account.isContract, frozen };
      this.#remember(key, finding);
      return verdict(finding, to.address);
    } catch {
      // Whatever the reason: it is no fact about the destination (D2).
      this.#restUntil = clock.now() + DESTINATION_REST_MS;
      return undefined;
    } finally {
      this.#running -= 1;
    }
  }

  #remember(key: string, finding: Finding): void {
    this.#found.delete(key);
    this.#found.set(key, finding);
    if (this.#found.size <= DESTINATIONS_CACHED_MAX) return;
    for (const oldest of this.#found.keys()) {
      this.#found.delete(oldest);
      return;
    }
  }
}

function verdict({ contract, frozen }: Finding, address: TronAddress): Refusal | undefined {
  if (contract) return refusalOf("destination_is_contract", address);
  return frozen ? refusalOf("destination_blacklisted", address) : undefined;
}

function refusalOf(code: "destination_is_contract" | "destination_blacklisted", address: TronAddress): Refusal {
  const detail =
    code === "destination_is_contract"
      ? "The destination is a contract, which may never give the money back; pay to a person's address"
      : "The USDT contract has frozen the destination; a transfer to it would be lost";
  return refuse(code, detail, { to: address });
}
