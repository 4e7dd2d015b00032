import fc from "fast-check";
import { expect, test } from "vitest";
import { INITIAL_WEIGHTS } from "../../src/devnet/parameters.ts";
import { ROW_KINDS } from "../../src/devnet/rows.ts";
import type { Stake } from "../../src/devnet/system-rows.ts";
import type { Contract } from "../../src/tron/contracts.ts";
import { BareChain } from "./chain-harness.ts";
import { alice, bob, carol, trxTransfer, type Wallet } from "./support.ts";
import {
  cancelUnfreezing,
  DAY,
  delegate,
  freeze,
  TRX,
  undelegate,
  unfreeze,
  vote,
  withdrawReward,
  withdrawUnfrozen,
} from "./stake-support.ts";

const WALLETS = [alice, bob, carol] as const;
const WITNESSES = 3;

type Step =
  | {
      readonly kind: "send";
      readonly from: number;
      readonly contract: (from: Wallet, to: Wallet, sr: string) => Contract;
    }
  | { readonly kind: "mine"; readonly count: number }
  | { readonly kind: "wait"; readonly ms: number };

const trx = fc.bigInt({ min: 1n, max: 900n });
const resource = fc.nat(1);
const contract: fc.Arbitrary<(from: Wallet, to: Wallet, sr: string) => Contract> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(trx, resource).map(
      ([sum, code]) =>
        (from: Wallet) =>
          freeze(sum, code, from),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(trx, resource).map(
      ([sum, code]) =>
        (from: Wallet) =>
          unfreeze(sum, code, from),
    ),
  },
  { weight: 1, arbitrary: fc.constant((from: Wallet) => withdrawUnfrozen(from)) },
  { weight: 1, arbitrary: fc.constant((from: Wallet) => cancelUnfreezing(from)) },
  {
    weight: 3,
    arbitrary: fc.tuple(trx, resource, fc.boolean(), fc.bigInt({ min: 0n, max: 30_000n })).map(
      ([sum, code, lock, blocks]) =>
        (from: Wallet, to: Wallet) =>
          delegate(sum, code, { from, to, lock, blocks }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(trx, resource).map(
      ([sum, code]) =>
        (from: Wallet, to: Wallet) =>
          undelegate(sum, code, { from, to }),
    ),
  },
  { weight: 2, arbitrary: trx.map((sum) => (from: Wallet, _: Wallet, sr: string) => vote({ [sr]: sum }, from)) },
  { weight: 1, arbitrary: fc.constant((from: Wallet) => withdrawReward(from)) },
  { weight: 2, arbitrary: fc.constant((from: Wallet, to: Wallet) => trxTransfer(to, 5n, from)) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("send" as const), from: fc.nat(2), contract }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("mine" as const), count: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 16 * DAY }) }),
  },
);

async function funded(witnesses = WITNESSES): Promise<BareChain> {
  const bare = await BareChain.begin(witnesses);
  const { faucet } = bare.chain.genesis;
  const rich = { hex41: faucet.address, key: faucet.privateKey } as unknown as Wallet;
  for (const wallet of WALLETS) await bare.send(trxTransfer(wallet, 10_000n * TRX, rich), rich);
  await bare.chain.mine();
  // So that most of what follows is not refused.
  for (const wallet of WALLETS) {
    for (const code of [0, 1]) await bare.send(freeze(2_000n, code, wallet), wallet);
    await bare.send(vote({ [bare.chain.genesis.witnesses[0]?.address ?? ""]: 3_500n }, wallet), wallet);
  }
  await bare.chain.mine();
  return bare;
}

async function take(bare: BareChain, next: Step, at: number): Promise<void> {
  if (next.kind === "mine") for (let made = 0; made < next.count; made += 1) await bare.chain.mine();
  else if (next.kind === "wait") await bare.chain.advance(next.ms);
  else {
    const from = WALLETS[next.from] ?? alice;
    const to = WALLETS[(next.from + 1) % WALLETS.length] ?? bob;
    const sr = bare.chain.genesis.witnesses[at % WITNESSES]?.address ?? "";
    // Some orders of a random sequence are refused; that must change nothing, which the sums below see.
    await bare.send(next.contract(from, to, sr), from);
  }
}

const sum = (values: Iterable<bigint>): bigint => [...values].reduce((total, value) => total + value, 0n);

function ledgerOf(state: ReadonlyMap<string, unknown>) {
  const rows = [...state];
  const stakes = new Map<string, Stake>(
    rows.flatMap(([key, row]) => (key.startsWith("stake!") && ROW_KINDS.stake(row) ? [[key.slice(6), row]] : [])),
  );
  const balances = sum(rows.flatMap(([key, row]) => (key.startsWith("a!") && ROW_KINDS.a(row) ? [row.balance] : [])));
  const burned = sum(rows.flatMap(([, row]) => (ROW_KINDS.g(row) ? [row.burnedSun] : [])));
  const staked = sum(
    [...stakes.values()].map(
      ({ frozen, delegated, unfreezing }) =>
        frozen.bandwidth +
        frozen.energy +
        delegated.bandwidth +
        delegated.energy +
        sum(unfreezing.map(({ amount }) => amount)),
    ),
  );
  return { stakes, total: balances + burned + staked };
}

function checkStakes(state: ReadonlyMap<string, unknown>): void {
  const { stakes } = ledgerOf(state);
  for (const kind of ["bandwidth", "energy"] as const) {
    const lent = new Map<string, bigint>();
    const borrowed = new Map<string, bigint>();
    for (const [key, row] of state) {
      if (!key.startsWith("delegation!") || !ROW_KINDS.delegation(row)) continue;
      const [, from = "", to = ""] = key.split("!");
      const amount = (row.open?.[kind] ?? 0n) + (row.locked?.[kind] ?? 0n);
      expect(amount).toBeGreaterThanOrEqual(0n);
      lent.set(from, (lent.get(from) ?? 0n) + amount);
      borrowed.set(to, (borrowed.get(to) ?? 0n) + amount);
    }
    let weight = 0n;
    for (const [address, stake] of stakes) {
      expect(stake.frozen[kind]).toBeGreaterThanOrEqual(0n);
      expect(stake.delegated[kind]).toBe(lent.get(address) ?? 0n);
      expect(stake.acquired[kind]).toBe(borrowed.get(address) ?? 0n);
      expect(stake.used[kind].usage).toBeGreaterThanOrEqual(0);
      weight += (stake.frozen[kind] + stake.delegated[kind]) / TRX;
    }
    const weights = state.get("weights!all") as { bandwidth: number; energy: number };
    expect(BigInt(weights[kind])).toBe(BigInt(INITIAL_WEIGHTS[kind]) + weight);
  }
  for (const { votes, frozen, delegated, unfreezing, allowance } of stakes.values()) {
    const power = frozen.bandwidth + frozen.energy + delegated.bandwidth + delegated.energy;
    expect(sum(votes.map(({ count }) => count)) * TRX).toBeLessThanOrEqual(power);
    expect(unfreezing.length).toBeLessThanOrEqual(32);
    expect(allowance).toBeGreaterThanOrEqual(0n);
  }
}

test("whatever is staked, lent and voted: no TRX comes or goes but rewards, and lenders own what they lend", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const bare = await funded();
      const start = bare.chain.store.head.number;
      const { total } = ledgerOf(bare.state());
      for (const [at, next] of steps.entries()) await take(bare, next, at);
      await bare.chain.mine();
      const numbers = Array.from({ length: bare.chain.store.head.number - start }, (_, at) => start + 1 + at);
      const withdrawn = sum(
        numbers.flatMap((number) => bare.outcomes(number)).map(({ amounts }) => amounts?.withdraw_amount ?? 0n),
      );
      expect(ledgerOf(bare.state()).total).toBe(total + withdrawn);
      checkStakes(bare.state());
    }),
    { numRuns: 25 },
  );
});

test("every older state above the solidified block can be seen again exactly", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async (steps) => {
      const bare = await funded();
      const seen = new Map<number, Map<string, unknown>>();
      for (const [at, next] of steps.entries()) {
        await take(bare, next, at);
        seen.set(bare.chain.store.head.number, bare.state());
      }
      const keys = new Set([...seen.values()].flatMap((state) => [...state.keys()]));
      const open = [...seen].filter(([number]) => number >= bare.chain.store.solidNumber);
      expect(open.map(([number]) => bare.stateAt(number, keys))).toEqual(open.map(([, state]) => state));
    }),
    { numRuns: 15 },
  );
});

test("a fork that drops everything leaves the state of a chain on which nothing of it was ever sent", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 12 }),
      fc.array(fc.record({ kind: fc.constant("send" as const), from: fc.nat(2), contract }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 2 }),
      fc.boolean(),
      async (before, dropped, depth, overMaintenance) => {
        const [forked, plain] = await Promise.all([funded(), funded()]);
        for (const bare of [forked, plain]) {
          for (const [at, next] of before.entries()) await take(bare, next, at);
          await bare.chain.mine();
          if (overMaintenance) {
            const { nextMaintenance } = bare.state().get("period!now") as { nextMaintenance: number };
            await bare.chain.advance(nextMaintenance - 3_000 - bare.chain.store.head.timestamp);
          }
          for (let made = 0; made < 3; made += 1) await bare.chain.mine();
        }
        for (let made = 0; made < depth; made += 1) {
          for (const [at, next] of dropped.entries()) await take(forked, next, at);
          await forked.chain.mine();
        }
        await forked.chain.fork({ depth, drop: "all" });
        plain.chain.missSlots(1);
        for (let made = 0; made <= depth; made += 1) await plain.chain.mine();
        expect(forked.chain.store.head.id).toBe(plain.chain.store.head.id);
        expect(forked.state()).toEqual(plain.state());
      },
    ),
    { numRuns: 15 },
  );
});

test("a fork of 18 blocks across a maintenance takes back the election, and the branch makes its own", async () => {
  const [forked, plain] = await Promise.all([funded(27), funded(27)]);
  for (const bare of [forked, plain]) {
    const { nextMaintenance } = bare.state().get("period!now") as { nextMaintenance: number };
    await bare.chain.advance(nextMaintenance - 9 * 3_000 - bare.chain.store.head.timestamp);
  }
  const scheduled = () => forked.state().get("schedule!now");
  const before = scheduled();
  const last = forked.chain.genesis.witnesses[26]?.address ?? "";
  // Together enough to change places with the last but one, whose votes are 10,000 more.
  for (const wallet of WALLETS) await forked.send(vote({ [last]: 3_900n }, wallet), wallet);
  for (let made = 0; made < 18; made += 1) await forked.chain.mine();
  expect(scheduled()).not.toEqual(before);
  await forked.chain.fork({ depth: 18, drop: "all" });
  plain.chain.missSlots(1);
  for (let made = 0; made < 19; made += 1) await plain.chain.mine();
  expect(forked.chain.store.head.id).toBe(plain.chain.store.head.id);
  expect(forked.state()).toEqual(plain.state());
  expect(scheduled()).toEqual(before);
});
