/** The rewards of voters and witnesses, added up block by block and cycle by cycle, as java-tron did before it kept sums. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { allowanceOf, brokerageOf, periodOf, rewardOf } from "../../src/devnet/rewards.ts";
import { stakeOf } from "../../src/devnet/stake.ts";
import { allWitnesses } from "../../src/devnet/witnesses.ts";
import { BareChain } from "./chain-harness.ts";
import { alice, bob, trxTransfer, type Wallet } from "./support.ts";
import { freeze, order, TRX, unfreeze, vote, withdrawReward } from "./stake-support.ts";

const VOTERS = [alice, bob] as const;
const BLOCK_PAY = 8_000_000;
const STANDBY_PAY = 128_000_000;

class Reference {
  readonly #bare: BareChain;
  /** Paid in the running cycle for the voters of a witness. */
  #shared = new Map<string, number>();
  /** What each vote of the running cycle stands on: the witness's votes, and the voter's. */
  #counted: { total: Map<string, bigint>; own: Map<string, ReturnType<typeof stakeOf>["votes"]> };
  readonly incomes = new Map<string, number>();
  readonly earned = new Map<string, number>();
  cycles = 0;

  constructor(bare: BareChain) {
    this.#bare = bare;
    this.#counted = this.#count();
  }

  /** Makes a block and pays for it by the state before it. */
  async mine(missed: number): Promise<void> {
    const { chain } = this.#bare;
    const witnesses = allWitnesses(chain.store);
    const brokerages = new Map(witnesses.map(({ address }) => [address, brokerageOf(chain.store, address)]));
    const votes = Number(witnesses.reduce((sum, { voteCount }) => sum + voteCount, 0n));
    const { cycle } = periodOf(chain.store);
    chain.missSlots(missed);
    const head = await chain.mine();
    const pay = (to: string, sun: number) => {
      const kept = Math.trunc(((brokerages.get(to) ?? 0) / 100) * sun);
      this.#shared.set(to, (this.#shared.get(to) ?? 0) + sun - kept);
      this.incomes.set(to, (this.incomes.get(to) ?? 0) + kept);
    };
    pay(head.witness, BLOCK_PAY);
    for (const { address, voteCount } of witnesses) {
      if (voteCount > 0n) pay(address, Math.trunc(Number(voteCount) * (STANDBY_PAY / votes)));
    }
    if (periodOf(chain.store).cycle !== cycle) this.#close();
  }

  #close(): void {
    for (const [voter, own] of this.#counted.own) {
      for (const { witness, count } of own) {
        const total = Number(this.#counted.total.get(witness) ?? 0n);
        const part = total === 0 ? 0 : (Number(count) / total) * (this.#shared.get(witness) ?? 0);
        this.earned.set(voter, (this.earned.get(voter) ?? 0) + part);
      }
    }
    this.cycles += 1;
    this.#shared = new Map();
    this.#counted = this.#count();
  }

  #count() {
    const { store } = this.#bare.chain;
    return {
      total: new Map(allWitnesses(store).map(({ address, voteCount }) => [address, voteCount])),
      own: new Map(VOTERS.map(({ hex41 }) => [hex41, stakeOf(store, hex41).votes])),
    };
  }
}

type Step = (bare: BareChain, reference: Reference) => Promise<unknown>;

const voter = fc.constantFrom(...VOTERS);
/** Of the order of what the witnesses have from the start, so that a cycle earns much more than is cut off. */
const count = fc.bigInt({ min: 1n, max: 1_500_000n });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.nat(6).map(
      (missed): Step =>
        (_, reference) =>
          reference.mine(missed),
    ),
  },
  { weight: 3, arbitrary: fc.constant<Step>((_, reference) => reference.mine(7_200)) },
  {
    weight: 3,
    arbitrary: fc.tuple(voter, fc.nat(2), count, count).map(([from, at, a, b]): Step => (bare) => {
      const other = bare.chain.genesis.witnesses[at]?.address ?? "";
      return bare.send(vote({ [other]: a, [alice.hex41]: b }, from), from);
    }),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(voter, count).map(
      ([from, sum]): Step =>
        (bare) =>
          bare.send(unfreeze(sum, 1, from), from),
    ),
  },
  {
    weight: 1,
    arbitrary: voter.map(
      (from): Step =>
        (bare) =>
          bare.send(withdrawReward(from), from),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(2), fc.nat(100)).map(([at, brokerage]): Step => async (bare) => {
      const witness = asWallet(bare.chain.genesis.witnesses[at]);
      return witness && bare.send(order("UpdateBrokerageContract", { brokerage }, witness), witness);
    }),
  },
);

function asWallet(pair: { address: string; privateKey: Uint8Array } | undefined): Wallet | undefined {
  return pair && ({ hex41: pair.address, key: pair.privateKey } as unknown as Wallet);
}

test("rewards are what java-tron would have paid block by block, whatever is voted, cut, settled and withdrawn", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const bare = await BareChain.begin(3);
      const { store, genesis } = bare.chain;
      const rich = asWallet(genesis.faucet) ?? alice;
      const reference = new Reference(bare);
      for (const wallet of VOTERS) await bare.send(trxTransfer(wallet, 20_000_000n * TRX, rich), rich);
      await reference.mine(0);
      // A witness that may withdraw what it earns, other than those of the genesis block.
      await bare.send(order("WitnessCreateContract", { url: "61" }), alice);
      for (const wallet of VOTERS) await bare.send(freeze(3_000_000n, 1, wallet), wallet);
      const before = new Map(genesis.witnesses.map(({ address }) => [address, Number(allowanceOf(store, address))]));
      reference.incomes.clear();
      for (const next of steps) await next(bare, reference);
      await reference.mine(7_200);
      let withdrawn = 0n;
      for (let number = 1; number <= store.head.number; number += 1) {
        for (const { amounts } of bare.outcomes(number)) withdrawn += amounts?.withdraw_amount ?? 0n;
      }
      for (const { address } of genesis.witnesses) {
        expect(Number(allowanceOf(store, address)) - (before.get(address) ?? 0)).toBe(reference.incomes.get(address));
      }
      const got = VOTERS.reduce((sum, { hex41 }) => sum + Number(rewardOf(store, hex41)), Number(withdrawn));
      const income = reference.incomes.get(alice.hex41) ?? 0;
      const due = VOTERS.reduce((sum, { hex41 }) => sum + (reference.earned.get(hex41) ?? 0), income);
      // Each vote of each cycle may be cut to whole sun, never rounded up.
      expect(got).toBeLessThanOrEqual(due + 1);
      expect(got).toBeGreaterThan(due - 4 * (reference.cycles + steps.length) - 1);
    }),
    { numRuns: 20 },
  );
});
