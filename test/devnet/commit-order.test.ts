import { describe, expect, test } from "vitest";
import { type Backing, type Entry, MemoryBacking } from "../../src/devnet/backing.ts";
import { Chain } from "../../src/devnet/chain.ts";
import { Faucet } from "../../src/devnet/faucet.ts";
import { accountOf } from "../../src/devnet/state.ts";
import { alice, bob } from "./support.ts";

/** A disk that is as slow as the test wants, or broken. */
class GatedBacking implements Backing {
  readonly #inner = new MemoryBacking();
  #gate: Promise<void> = Promise.resolve();

  get(key: string): unknown {
    return this.#inner.get(key);
  }

  async commit(entries: readonly Entry[], published: () => void): Promise<void> {
    await this.#gate;
    await this.#inner.commit(entries, published);
  }

  shut(): PromiseWithResolvers<void> {
    const gate = Promise.withResolvers<void>();
    this.#gate = gate.promise;
    return gate;
  }

  keysOf(prefix: string): Promise<string[]> {
    return this.#inner.keysOf(prefix);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

async function slowChain() {
  const backing = new GatedBacking();
  const chain = await Chain.open(backing, {}, { seed: "slow", witnesses: 27, genesisTimestamp: 1_777_440_000_000 });
  return { backing, chain, faucet: new Faucet(chain) };
}

const turns = async () => {
  for (let count = 0; count < 20; count += 1) await Promise.resolve();
};

describe("a block that is being written", () => {
  test("is not visible in any way before it is stored, and then in all ways at once", async () => {
    const { backing, chain, faucet } = await slowChain();
    await faucet.give({ address: alice.address, trxSun: 5n });
    const head = chain.store.head;
    const gate = backing.shut();
    const mining = chain.mine();
    await turns();
    expect(chain.store.head).toBe(head);
    expect(chain.store.block(head.number + 1)).toBeUndefined();
    expect(accountOf(chain.store, alice.hex41)).toBeUndefined();
    expect(chain.pool.size).toBe(1);
    gate.resolve();
    const block = await mining;
    expect(chain.store.head.id).toBe(block.id);
    expect(accountOf(chain.store, alice.hex41)?.balance).toBe(5n);
    expect(chain.pool.size).toBe(0);
  });

  test("does not lose a transaction that arrives meanwhile", async () => {
    const { backing, chain, faucet } = await slowChain();
    await faucet.give({ address: alice.address, trxSun: 5n });
    const gate = backing.shut();
    const mining = chain.mine();
    await turns();
    const giving = faucet.give({ address: bob.address, trxSun: 7n });
    await turns();
    expect(chain.pool.size).toBe(1);
    gate.resolve();
    await mining;
    await giving;
    expect(chain.pool.size).toBe(1);
    await chain.mine();
    expect(accountOf(chain.store, bob.hex41)?.balance).toBe(7n);
  });

  test("is not there when the disk refuses it", async () => {
    const { backing, chain, faucet } = await slowChain();
    await faucet.give({ address: alice.address, trxSun: 5n });
    const head = chain.store.head;
    const gate = backing.shut();
    const mining = chain.mine();
    gate.reject(new Error("no space left"));
    await expect(mining).rejects.toThrow("no space left");
    expect(chain.store.head).toBe(head);
    expect(accountOf(chain.store, alice.hex41)).toBeUndefined();
  });

  test("and a fork wait for each other", async () => {
    const { chain } = await slowChain();
    const before = chain.store.head.number;
    await Promise.all([chain.mine(), chain.fork({ depth: 1 }), chain.mine()]);
    expect(chain.store.head.number).toBe(before + 3);
    const [parent, head] = [chain.store.block(before + 2), chain.store.block(before + 3)];
    expect(head?.parentId).toBe(parent?.id);
  });
});
