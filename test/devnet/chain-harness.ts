import type { Backing, Entry } from "../../src/devnet/backing.ts";
import { Chain } from "../../src/devnet/chain.ts";
import type { Outcome, Rejection } from "../../src/devnet/outcome.ts";
import { transactionOf } from "../../src/devnet/transactions.ts";
import type { Contract } from "../../src/tron/contracts.ts";
import { sign } from "../../src/tron/signature.ts";
import { encodeRawTransaction, refBlockOf, txIdOf } from "../../src/tron/transaction.ts";
import type { Wallet } from "./support.ts";

/** A backing whose rows can be looked at. */
class OpenBacking implements Backing {
  readonly rows = new Map<string, unknown>();

  get(key: string): unknown {
    return this.rows.get(key);
  }

  async commit(entries: readonly Entry[], published: () => void): Promise<void> {
    for (const [key, value] of entries) {
      if (value === undefined) this.rows.delete(key);
      else this.rows.set(key, value);
    }
    published();
  }

  async keysOf(prefix: string): Promise<string[]> {
    return [...this.rows.keys()].filter((key) => key.startsWith(prefix)).toSorted();
  }

  async close(): Promise<void> {
    this.rows.clear();
  }
}

/** A chain without a socket, whose whole state can be compared. */
export class BareChain {
  readonly chain: Chain;
  readonly #backing: OpenBacking;
  #ticks = 0;

  private constructor(chain: Chain, backing: OpenBacking) {
    this.chain = chain;
    this.#backing = backing;
  }

  static async begin(witnesses: number): Promise<BareChain> {
    const backing = new OpenBacking();
    const identity = { seed: "bare", witnesses, genesisTimestamp: 1_777_440_000_000 };
    return new BareChain(await Chain.open(backing, {}, identity), backing);
  }

  /** Everything that accounts, contracts and witnesses are at the head; blocks and undo records are no part of it. */
  state(): Map<string, unknown> {
    return new Map([...this.#backing.rows].filter(([key]) => !/^[bum]!/.test(key)));
  }

  /** The same at an older block, out of the undo records. */
  stateAt(number: number, keys: Iterable<string>): Map<string, unknown> {
    const view = this.chain.store.viewAt(number);
    const rows = [...keys].map((key) => [key, view.row(key as Parameters<typeof view.row>[0])] as const);
    return new Map(rows.filter(([, row]) => row !== undefined));
  }

  async send(contract: Contract, from: Wallet): Promise<Rejection | undefined> {
    const { head } = this.chain.store;
    this.#ticks += 1;
    const rawHex = encodeRawTransaction({
      ...refBlockOf(1, this.chain.store.block(1)?.id ?? ""),
      expiration: BigInt(head.timestamp + 86_000_000),
      timestamp: BigInt(head.timestamp + this.#ticks),
      feeLimit: contract.type === "TriggerSmartContract" ? 100_000_000n : 0n,
      data: "",
      contracts: [contract],
    });
    return this.chain.offer(transactionOf(rawHex, [sign(txIdOf(rawHex), from.key)]));
  }

  /** What came of the transactions in a block. */
  outcomes(number: number): Outcome[] {
    return (this.chain.store.block(number)?.transactions ?? []).map(({ outcome }) => outcome);
  }
}
