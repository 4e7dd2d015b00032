/**
 * Looks at destinations on the chain before a payout to them is accepted: contracts and frozen addresses are refused
 * early, with words. Nothing later would: the chain takes a transfer to either. Still it is a courtesy, because a payout
 * must not wait for a node that does not answer; what cannot be told quickly is let through. Owns a bounded cache, one
 * for single payouts and for batches.
 *
 * D1. At most `DESTINATION_CHECKS_MAX` looks at one destination at a time; a burst beyond that is let through.
 * D2. After a node failed to answer, nobody waits for it again until `DESTINATION_REST_MS` later.
 * D3. The destinations of a batch are asked for together, `DESTINATIONS_ASKED_MAX` in a question. All batches share
 *     `DESTINATION_QUESTIONS_MAX` questions at a time; one that waits for its turn waits within its own batch's
 *     `DESTINATIONS_TIMEOUT_MS`, and what is not told by then is let through.
 * D4. Only what was told is remembered: that a token did not answer is asked again.
 * D5. The question about many sees less than the look at one, which knows the type of the account: for a single payout it
 *     counts only when it speaks against the address.
 */
import { refuse, type Refusal } from "../domain/errors.ts";
import type { DestinationFacts, TronAddress } from "../domain/chain-facts.ts";
import { BATCH_LINES_MAX, DESTINATIONS_ASKED_MAX } from "../domain/limits.ts";
import type { Asset } from "../domain/money.ts";
import {
  DESTINATION_CHECKS_MAX,
  DESTINATION_FRESH_MS,
  DESTINATION_QUESTIONS_MAX,
  DESTINATION_REST_MS,
  DESTINATION_TIMEOUT_MS,
  DESTINATIONS_CACHED_MAX,
  DESTINATIONS_TIMEOUT_MS,
} from "./bounds.ts";
import type { HttpPorts } from "./ports.ts";

type Finding = {
  readonly at: number;
  readonly contract: boolean;
  readonly frozen: boolean;
  readonly look: "one" | "many";
};
type Known = { readonly against: Refusal | undefined; readonly look?: Finding["look"] };
type Ports = Pick<HttpPorts, "gateway" | "clock" | "network">;
type Destination = { readonly address: TronAddress; readonly asset: Asset };
type Findings = readonly (readonly [TronAddress, Finding])[];

if (DESTINATIONS_CACHED_MAX < BATCH_LINES_MAX) throw new Error("the findings of a batch must fit into the cache");

export class Destinations {
  readonly #ports: Ports;
  readonly #found = new Map<string, Finding>();
  /** D3: the last question of each lane. */
  readonly #lanes: Promise<unknown>[] = Array.from({ length: DESTINATION_QUESTIONS_MAX }, () => Promise.resolve());
  #nextLane = 0;
  #running = 0;
  #restUntil = 0;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** Known without waiting, or the promise of a look; `undefined` is "nothing against it". */
  judge(to: Destination): Refusal | undefined | Promise<Refusal | undefined> {
    const known = this.#known(to);
    if (known?.against !== undefined || (known !== undefined && known.look !== "many")) return known.against;
    if (this.#running >= DESTINATION_CHECKS_MAX || this.#rests()) return undefined;
    return this.#look(to);
  }

  /** What speaks against each of them; about the others there is nothing, or nothing could be told. */
  async judgeMany(addresses: readonly TronAddress[], asset: Asset): Promise<ReadonlyMap<TronAddress, Refusal>> {
    const against = new Map<TronAddress, Refusal>();
    const note = (address: TronAddress, refusal: Refusal | undefined): void => {
      if (refusal !== undefined) against.set(address, refusal);
    };
    const unknown: TronAddress[] = [];
    for (const address of new Set(addresses)) {
      const known = this.#known({ address, asset });
      if (known === undefined) unknown.push(address);
      else note(address, known.against);
    }
    if (unknown.length === 0 || this.#rests()) return against;
    const signal = AbortSignal.timeout(DESTINATIONS_TIMEOUT_MS);
    const looks = pages(unknown).map((page) => this.#inTurn(() => this.#lookAt(page, { asset, signal })));
    for (const [address, finding] of (await Promise.all(looks)).flat()) note(address, verdict(finding, address));
    return against;
  }

  /** `undefined`: the chain has to be asked. */
  #known({ address, asset }: Destination): Known | undefined {
    const { network, clock } = this.#ports;
    if (address === network.usdtContract) return { against: refusalOf("destination_is_contract", address) };
    if (!network.checkDestinations) return { against: undefined };
    const found = this.#found.get(keyOf(address, asset));
    if (found === undefined || clock.now() - found.at >= DESTINATION_FRESH_MS) return undefined;
    return { against: verdict(found, address), look: found.look };
  }

  #rests(): boolean {
    return this.#ports.clock.now() < this.#restUntil;
  }

  async #look({ address, asset }: Destination): Promise<Refusal | undefined> {
    const { gateway, clock } = this.#ports;
    this.#running += 1;
    try {
      const signal = AbortSignal.timeout(DESTINATION_TIMEOUT_MS);
      const [account, frozen] = await Promise.all([
        gateway.account(address, signal),
        asset === "USDT" ? gateway.isBlacklisted(address, signal) : false,
      ]);
      const finding = { at: clock.now(), contract: account.isContract, frozen, look: "one" as const };
      this.#remember(keyOf(address, asset), finding);
      return verdict(finding, address);
    } catch {
      this.#failed();
      return undefined;
    } finally {
      this.#running -= 1;
    }
  }

  /** D3. A look ends with its signal and never fails, so that no lane is ever blocked. */
  #inTurn(look: () => Promise<Findings>): Promise<Findings> {
    const lane = this.#nextLane;
    this.#nextLane = (lane + 1) % DESTINATION_QUESTIONS_MAX;
    const turn = (this.#lanes[lane] ?? Promise.resolve()).then(look);
    this.#lanes[lane] = turn;
    return turn;
  }

  async #lookAt(
    page: readonly TronAddress[],
    { asset, signal }: { asset: Asset; signal: AbortSignal },
  ): Promise<Findings> {
    if (signal.aborted || this.#rests()) return [];
    const { gateway, clock } = this.#ports;
    try {
      const facts = await Promise.race([gateway.destinations(page, asset, signal), abortOf(signal)]);
      const at = clock.now();
      const findings = page.flatMap((address, index) => {
        const finding = findingOf(facts[index], { asset, at });
        return finding === undefined ? [] : [[address, finding] as const];
      });
      for (const [address, finding] of findings) this.#remember(keyOf(address, asset), finding);
      return findings;
    } catch {
      this.#failed();
      return [];
    }
  }

  /** Whatever the reason: it is no fact about the destination (D2). */
  #failed(): void {
    this.#restUntil = this.#ports.clock.now() + DESTINATION_REST_MS;
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

function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("too late")), { once: true });
  });
}

function keyOf(address: TronAddress, asset: Asset): string {
  return `${asset} ${address}`;
}

function pages(addresses: readonly TronAddress[]): (readonly TronAddress[])[] {
  return Array.from({ length: Math.ceil(addresses.length / DESTINATIONS_ASKED_MAX) }, (_, page) =>
    addresses.slice(page * DESTINATIONS_ASKED_MAX, (page + 1) * DESTINATIONS_ASKED_MAX),
  );
}

/** D4. That it is a contract is enough to know, whatever the token says. */
function findingOf(
  facts: DestinationFacts | undefined,
  { asset, at }: { asset: Asset; at: number },
): Finding | undefined {
  if (facts === undefined) return undefined;
  const { isContract: contract, isFrozen } = facts;
  if (isFrozen === undefined && asset === "USDT" && !contract) return undefined;
  return { at, contract, frozen: isFrozen === true, look: "many" };
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
