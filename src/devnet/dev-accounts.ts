/**
 * The funded accounts of a devnet, whose keys everybody may know.
 *
 * A1. They are funded by ordinary transfers of the faucet, so every balance on the chain has a history.
 * A2. The sets are kept beside the chain: a restart shows the same accounts, and funds none a second time.
 */
import { Fault } from "../domain/errors.ts";
import { privateKeyToAddress, toHex41 } from "../tron/address.ts";
import type { Chain } from "./chain.ts";
import type { Faucet } from "./faucet.ts";
import { ACCOUNTS_MAX, DEFAULT_HD_PATH, deriveKeys, type KeySet, mnemonicFrom, WELL_KNOWN_KEYS } from "./key-sets.ts";
import { accountOf } from "./state.ts";

export type AccountPlan = {
  /** How many, 10 if absent. */
  readonly count?: number;
  /** Made from the seed if absent. */
  readonly mnemonic?: string;
  readonly hdPath?: string;
  /** What each account gets, 10,000 TRX if absent. */
  readonly balanceSun?: bigint;
  /** The first account is the one of the quickstart image. */
  readonly useDefaultPrivateKey?: boolean;
};

export type FundedAccount = { readonly privateKey: string; readonly address: string; readonly balanceSun: bigint };

type Kept = { readonly main: KeySet; readonly more: readonly KeySet[] };

const NOTE = "accounts";
const DEFAULT_COUNT = 10;
const DEFAULT_BALANCE_SUN = 10_000_000_000n;
/** For the keys that default configurations use: enough for any test. */
const WELL_KNOWN_SUN = 100_000_000_000_000n;

export class DevAccounts {
  readonly #chain: Chain;
  readonly #faucet: Faucet;
  readonly #balanceSun: bigint;
  #kept: Kept;

  private constructor(parts: { chain: Chain; faucet: Faucet; balanceSun: bigint; kept: Kept }) {
    this.#chain = parts.chain;
    this.#faucet = parts.faucet;
    this.#balanceSun = parts.balanceSun;
    this.#kept = parts.kept;
  }

  /** Throws `Fault("config_invalid")` for a plan that cannot be, or that is not the one the stored chain began with. */
  static async open(chain: Chain, faucet: Faucet, asked: { plan: AccountPlan; seed: string }): Promise<DevAccounts> {
    const { plan, seed } = asked;
    const planned = setOf(plan, seed);
    const stored = chain.noted(NOTE);
    if (isKept(stored)) checkSame(plan, { planned, stored: stored.main });
    const kept: Kept = isKept(stored) ? stored : { main: planned, more: [] };
    const balanceSun = plan.balanceSun ?? DEFAULT_BALANCE_SUN;
    const accounts = new DevAccounts({ chain, faucet, balanceSun, kept });
    if (isKept(stored)) return accounts;
    await accounts.#fund(Object.values(WELL_KNOWN_KEYS), WELL_KNOWN_SUN);
    await accounts.#fund(planned.privateKeys, balanceSun);
    await chain.note(NOTE, kept);
    return accounts;
  }

  /** As `accounts-json` shows them. */
  get sets(): KeySet & { readonly more: readonly KeySet[] } {
    return { ...this.#kept.main, more: this.#kept.more };
  }

  /** All of them, the temporary ones last. Balances are those of the head. */
  list(): FundedAccount[] {
    const keys = [this.#kept.main, ...this.#kept.more].flatMap((set) => set.privateKeys);
    return keys.map((privateKey) => {
      const address = privateKeyToAddress(privateKey);
      const balanceSun = accountOf(this.#chain.store, toHex41(address))?.balance ?? 0n;
      return { privateKey, address, balanceSun };
    });
  }

  /** More accounts, from words of their own. Throws `Fault("config_invalid")`. */
  async generate(plan: AccountPlan = {}): Promise<KeySet> {
    const made = setOf(plan, `${this.#kept.main.mnemonic} / ${this.#kept.more.length}`);
    await this.#fund(made.privateKeys, plan.balanceSun ?? this.#balanceSun);
    this.#kept = { ...this.#kept, more: [...this.#kept.more, made] };
    await this.#chain.note(NOTE, this.#kept);
    return made;
  }

  /** Gives again to those accounts that have nothing left. */
  async refill(): Promise<void> {
    await this.#fund(this.#kept.main.privateKeys, this.#balanceSun);
  }

  async #fund(privateKeys: readonly string[], trxSun: bigint): Promise<void> {
    const poor = privateKeys
      .map((privateKey) => privateKeyToAddress(privateKey))
      .filter((address) => (accountOf(this.#chain.store, toHex41(address))?.balance ?? 0n) === 0n);
    for (const address of new Set(poor)) await this.#faucet.give({ address, trxSun });
    if (poor.length > 0) await this.#chain.mine();
  }
}

function setOf(plan: AccountPlan, seed: string): KeySet {
  const { count = DEFAULT_COUNT, hdPath = DEFAULT_HD_PATH, balanceSun = DEFAULT_BALANCE_SUN } = plan;
  if (!Number.isInteger(count) || count < 0 || count > ACCOUNTS_MAX) {
    throw new Fault("config_invalid", `the number of accounts must be 0 to ${ACCOUNTS_MAX}`);
  }
  if (balanceSun <= 0n) throw new Fault("config_invalid", "the balance of an account must be positive");
  const own = plan.useDefaultPrivateKey === true && count > 0 ? [WELL_KNOWN_KEYS.quickstart] : [];
  const mnemonic = (plan.mnemonic ?? mnemonicFrom(seed)).trim();
  const derived = deriveKeys({ mnemonic, hdPath, count: count - own.length });
  return { ...derived, privateKeys: [...own, ...derived.privateKeys] };
}

function checkSame(plan: AccountPlan, sets: { planned: KeySet; stored: KeySet }): void {
  const differs =
    (plan.mnemonic !== undefined && sets.planned.mnemonic !== sets.stored.mnemonic) ||
    (plan.hdPath !== undefined && sets.planned.hdPath !== sets.stored.hdPath) ||
    (plan.count !== undefined && sets.planned.privateKeys.length !== sets.stored.privateKeys.length);
  if (differs) throw new Fault("config_invalid", "the stored devnet chain was started with other accounts");
}

function isKept(value: unknown): value is Kept {
  return typeof value === "object" && value !== null && "main" in value && "more" in value;
}
