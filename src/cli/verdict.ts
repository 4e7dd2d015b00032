/**
 * Compares what was ordered with what the chain shows.
 *
 * V1. A payout counts as paid when its own transaction is in a solidified block, succeeded, and moved exactly its amount
 *     of USDT from the wallet to its recipient, and nothing else. No transaction counts for two payouts.
 * V2. Each recipient's balance grew by exactly the sum of its lines since the order was sent. Growth beyond that has to
 *     be explained, to the last unit, by receipts of other payouts of the engine; otherwise somebody was paid twice.
 */
import { big, formatDecimal, units } from "../domain/money.ts";
import type { ChainWitness, SolidReceipt } from "./chain-witness.ts";
import type { Payment, PayoutRow } from "./engine-view.ts";
import type { PayoutLine } from "./payout-file.ts";

/** Another node may be a few blocks behind the one that the engine reads. */
const REREADS = 6;
const REREAD_AFTER_MS = 2_000;

export type Case = {
  readonly lines: readonly PayoutLine[];
  readonly payouts: readonly PayoutRow[];
  readonly payerAddress: string;
  /** Balances before the order was sent, and the block of the reading; `undefined` when nobody noted them. */
  readonly before: { readonly block: number; readonly balances: ReadonlyMap<string, bigint> } | undefined;
};

export type Verdict = {
  /** By payout id. */
  readonly receipts: ReadonlyMap<string, SolidReceipt>;
  /** Recipients whose balance grew by exactly their amount, and those with other payments besides. */
  readonly exact: number;
  readonly explained: number;
  readonly problems: readonly string[];
};

export type Sources = {
  readonly witness: Pick<ChainWitness, "balances" | "receipts">;
  readonly paymentsTo: (address: string) => Promise<readonly Payment[]>;
  /** Lets time pass, ms. */
  readonly pause: (ms: number) => Promise<void>;
};

export async function judgeOnChain(facts: Case, sources: Sources): Promise<Verdict> {
  const { receipts, problems } = await judgeReceipts(facts, sources.witness);
  const missing = judgeLines(facts);
  if (facts.before === undefined) return { receipts, exact: 0, explained: 0, problems: [...missing, ...problems] };
  const balances = await judgeBalances({ ...facts, before: facts.before }, sources);
  return {
    receipts,
    exact: balances.exact,
    explained: balances.explained,
    problems: [...missing, ...problems, ...balances.problems],
  };
}

/** Every line of the file has one payout that says the same. */
function judgeLines({ lines, payouts }: Case): string[] {
  const byLine = Map.groupBy(payouts, ({ lineId }) => lineId);
  const wrong = lines.flatMap(({ lineId, address, amount }) => {
    const [payout, ...more] = byLine.get(lineId) ?? [];
    if (payout === undefined) return [`line ${lineId}: the engine has no payout for it`];
    if (more.length > 0) return [`line ${lineId}: the engine has ${more.length + 1} payouts for it`];
    return payout.to === address && payout.amount === amount
      ? []
      : [`line ${lineId}: payout ${payout.id} is another order than the line`];
  });
  return payouts.length === lines.length
    ? wrong
    : [...wrong, `the engine has ${payouts.length} payouts for ${lines.length} lines`];
}

async function judgeReceipts(
  { payouts, payerAddress }: Case,
  witness: Sources["witness"],
): Promise<{ receipts: Map<string, SolidReceipt>; problems: string[] }> {
  const confirmed = payouts.filter(({ status }) => status === "confirmed");
  const txIds = confirmed.map(({ txId }) => txId ?? "");
  const found = await witness.receipts(txIds);
  const receipts = new Map<string, SolidReceipt>();
  const seen = new Map<string, string>();
  const problems = confirmed.flatMap((payout, index) => {
    const [receipt, txId] = [found[index], txIds[index] ?? ""];
    const other = seen.get(txId);
    seen.set(txId, payout.id);
    if (other !== undefined) return [`${payout.id} and ${other} name the same transaction ${txId}`];
    if (receipt === undefined) return [`${payout.id}: no solidified block has its transaction ${txId}`];
    receipts.set(payout.id, receipt);
    return receiptProblems(payout, { receipt, payerAddress });
  });
  return { receipts, problems };
}

function receiptProblems(
  payout: PayoutRow,
  { receipt, payerAddress }: { receipt: SolidReceipt; payerAddress: string },
): string[] {
  const { id, to, amount, txId } = payout;
  if (!receipt.succeeded) return [`${id}: its transaction ${txId} failed on the chain`];
  const [move, ...more] = receipt.moves;
  if (
    move === undefined ||
    more.length > 0 ||
    move.from !== payerAddress ||
    move.to !== to ||
    move.amount !== BigInt(amount ?? "-1")
  ) {
    return [
      `${id}: its transaction ${txId} moved something else than ${amount === undefined ? "?" : formatDecimal(amount)} USDT to ${to}`,
    ];
  }
  return [];
}

type KnownCase = Case & { readonly before: NonNullable<Case["before"]> };
type Growth = { readonly address: string; readonly expected: bigint; readonly grown: bigint };

async function judgeBalances(
  facts: KnownCase,
  sources: Sources,
): Promise<{ exact: number; explained: number; problems: string[] }> {
  const expected = expectedGrowth(facts);
  let unexpected = await differences([...expected.keys()], { facts, expected, sources });
  const exact = (): number => expected.size - unexpected.length;
  for (let tries = 0; tries < REREADS && unexpected.some(({ grown, expected: due }) => grown < due); tries += 1) {
    await sources.pause(REREAD_AFTER_MS);
    unexpected = await differences(
      unexpected.map(({ address }) => address),
      { facts, expected, sources },
    );
  }
  const problems: string[] = [];
  let explained = 0;
  for (const growth of unexpected) {
    const others = await otherPayments(growth.address, { facts, sources });
    if (growth.grown === growth.expected + others) explained += 1;
    else problems.push(describe(growth, others));
  }
  return { exact: exact(), explained, problems };
}

/** Only what was confirmed is due; what failed must not have arrived. */
function expectedGrowth({ payouts, lines }: Case): Map<string, bigint> {
  const due = new Map(lines.map(({ address }) => [address, 0n]));
  for (const { to, amount, status } of payouts) {
    if (status === "confirmed" && amount !== undefined) due.set(to, (due.get(to) ?? 0n) + big(amount));
  }
  return due;
}

type Comparison = {
  readonly facts: KnownCase;
  readonly expected: ReadonlyMap<string, bigint>;
  readonly sources: Sources;
};

async function differences(addresses: readonly string[], { facts, expected, sources }: Comparison): Promise<Growth[]> {
  const now = await sources.witness.balances(addresses);
  return addresses
    .map((address) => ({
      address,
      expected: expected.get(address) ?? 0n,
      grown: (now.get(address) ?? 0n) - (facts.before.balances.get(address) ?? 0n),
    }))
    .filter(({ expected: due, grown }) => due !== grown);
}

/** What other payouts of the engine brought to an address since the balances were noted, by their receipts. */
async function otherPayments(
  address: string,
  { facts, sources }: Pick<Comparison, "facts" | "sources">,
): Promise<bigint> {
  const own = new Set(facts.payouts.map(({ id }) => id));
  const others = (await sources.paymentsTo(address)).filter(({ payoutId }) => !own.has(payoutId));
  const receipts = await sources.witness.receipts([...new Set(others.flatMap(({ txId }) => txId ?? []))]);
  return receipts
    .filter((receipt) => receipt?.succeeded === true && receipt.blockNumber > facts.before.block)
    .flatMap((receipt) => receipt?.moves ?? [])
    .filter(({ to }) => to === address)
    .reduce((sum, { amount }) => sum + amount, 0n);
}

function describe({ address, expected, grown }: Growth, others: bigint): string {
  const text = (amount: bigint): string =>
    amount < 0n ? `-${formatDecimal(units(-amount))}` : formatDecimal(units(amount));
  const besides = others === 0n ? "" : ` (and ${text(others)} by other payouts)`;
  return `${address}: ordered ${text(expected)} USDT${besides}, but its balance changed by ${text(grown)}`;
}
