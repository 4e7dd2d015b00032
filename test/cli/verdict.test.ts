import { describe, expect, test } from "vitest";
import { units } from "../../src/domain/money.ts";
import type { SolidReceipt } from "../../src/cli/chain-witness.ts";
import type { PayoutRow } from "../../src/cli/engine-view.ts";
import { judgeOnChain, type Sources } from "../../src/cli/verdict.ts";

const PAYER = "TPayer";
const ANN = "TAnn";
const BOB = "TBob";

type Paid = { readonly id: string; readonly to: string; readonly amount: bigint; readonly txId?: string };

function row({ id, to, amount, txId = `tx-${id}` }: Paid): PayoutRow {
  return {
    id,
    lineId: id,
    to,
    amount: units(amount),
    status: "confirmed",
    waitingFor: "",
    reason: undefined,
    txId,
    blockNumber: 7,
  };
}

function receipt({ to, amount }: Paid, over: Partial<SolidReceipt> = {}): SolidReceipt {
  return {
    succeeded: true,
    blockNumber: 7,
    energy: 1,
    feeSun: units(1n),
    moves: [{ from: PAYER, to, amount }],
    ...over,
  };
}

type World = {
  balances: Record<string, bigint>;
  receipts: Record<string, SolidReceipt>;
  others?: Record<string, string[]>;
};

function sources({ balances, receipts, others = {} }: World): Sources {
  return {
    witness: {
      balances: (addresses) => Promise.resolve(new Map(addresses.map((address) => [address, balances[address] ?? 0n]))),
      receipts: (txIds) => Promise.resolve(txIds.map((txId) => receipts[txId])),
    },
    paymentsTo: (address) =>
      Promise.resolve((others[address] ?? []).map((txId) => ({ payoutId: `other-${txId}`, txId }))),
    pause: () => Promise.resolve(),
  };
}

const ann = { id: "1", to: ANN, amount: 10n };
const bob = { id: "2", to: BOB, amount: 20n };
const good: World = { balances: { [ANN]: 110n, [BOB]: 20n }, receipts: { "tx-1": receipt(ann), "tx-2": receipt(bob) } };

function judge(world: World, payouts = [row(ann), row(bob)], lines = [ann, bob]) {
  return judgeOnChain(
    {
      lines: lines.map(({ id, to, amount }, index) => ({
        line: index + 2,
        lineId: id,
        address: to,
        amount: units(amount),
      })),
      payouts,
      payerAddress: PAYER,
      before: { block: 5, balances: new Map([[ANN, 100n]]) },
    },
    sources(world),
  );
}

describe("a verdict", () => {
  test("is good when receipts and balances say exactly what was ordered", async () => {
    expect(await judge(good)).toMatchObject({ exact: 2, explained: 0, problems: [] });
  });

  test("finds an address that got its money twice", async () => {
    const { problems } = await judge({ ...good, balances: { ...good.balances, [ANN]: 120n } });
    expect(problems).toEqual([
      expect.stringMatching(/TAnn: ordered 0\.00001 USDT, but its balance changed by 0\.00002/),
    ]);
  });

  test("accepts growth beyond the order when receipts of other payouts explain all of it", async () => {
    const world = { ...good, balances: { ...good.balances, [ANN]: 115n }, others: { [ANN]: ["t9"] } };
    const explained = { ...good.receipts, t9: receipt({ ...ann, amount: 5n }) };
    expect(await judge({ ...world, receipts: explained })).toMatchObject({ exact: 1, explained: 1, problems: [] });
    const older = { ...good.receipts, t9: receipt({ ...ann, amount: 5n }, { blockNumber: 5 }) };
    expect((await judge({ ...world, receipts: older })).problems).toHaveLength(1);
  });

  test.each([
    ["is in no solidified block", {}],
    ["failed", { "tx-1": receipt(ann, { succeeded: false }) }],
    ["moved another amount", { "tx-1": receipt({ ...ann, amount: 9n }) }],
    ["moved it to somebody else", { "tx-1": receipt({ ...ann, to: BOB }) }],
    ["moved money of somebody else", { "tx-1": receipt(ann, { moves: [{ from: BOB, to: ANN, amount: 10n }] }) }],
    ["moved nothing", { "tx-1": receipt(ann, { moves: [] }) }],
    ["moved it twice", { "tx-1": receipt(ann, { moves: [...receipt(ann).moves, ...receipt(ann).moves] }) }],
  ])("finds a transaction that %s", async (_, changed) => {
    const receipts = { "tx-2": receipt(bob), ...changed };
    expect((await judge({ ...good, receipts })).problems).toEqual([expect.stringMatching(/^1: .*tx-1/)]);
  });

  test("finds two payouts with one transaction", async () => {
    const twin = { ...ann, id: "2", txId: "tx-1" };
    const { problems } = await judge(good, [row(ann), row(twin)], [ann, twin]);
    expect(problems[0]).toMatch(/2 and 1 name the same transaction tx-1/);
  });

  test("finds a line without a payout, one with two, and one with another order", async () => {
    expect((await judge(good, [row(ann)])).problems).toContain("line 2: the engine has no payout for it");
    expect((await judge(good, [row(ann), row(bob), { ...row(bob), id: "3" }])).problems).toContain(
      "line 2: the engine has 2 payouts for it",
    );
    expect((await judge(good, [row(ann), row(bob)], [ann, { ...bob, amount: 21n }])).problems).toContain(
      "line 2: payout 2 is another order than the line",
    );
  });

  test("expects nothing on the chain for a payout that was not paid", async () => {
    const failed = { ...row(bob), status: "failed" };
    expect((await judge({ ...good, balances: { [ANN]: 110n } }, [row(ann), failed])).problems).toEqual([]);
    expect((await judge(good, [row(ann), failed])).problems).toEqual([expect.stringMatching(/TBob: ordered 0 USDT/)]);
  });
});
