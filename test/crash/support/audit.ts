/** Holds what the API promised against what the chain's ledger says. The engine's own word counts only as a promise. */
import { join } from "node:path";
import type { Payment } from "../../../src/devnet/ledger.ts";
import type { PayoutView } from "../../../src/http/contract/payouts.ts";
import { catalog } from "../../../src/machines/catalog.ts";
import { openLevelStore } from "../../../src/persistence/open-level-store.ts";

export type Audit = {
  readonly payouts: number;
  readonly confirmed: number;
  /** Ended without being paid, and say so. */
  readonly unpaid: number;
  /** Successful payments on the chain. */
  readonly paid: number;
  readonly doubled: readonly string[];
  /** Every sentence is a broken promise. */
  readonly complaints: readonly string[];
};

/** Payouts are told apart by their amounts: no two are equal. */
export function audit(payouts: readonly PayoutView[], payments: readonly Payment[]): Audit {
  const complaints: string[] = [];
  const doubled: string[] = [];
  const succeeded = payments.filter((payment) => payment.result === "SUCCESS" && payment.asset === "USDT");
  const byAmount = Map.groupBy(succeeded, ({ amount }) => amount.toString());
  for (const payout of payouts) {
    const paid = byAmount.get(payout.amount_units) ?? [];
    byAmount.delete(payout.amount_units);
    if (paid.length > 1)
      doubled.push(`${payout.id} was paid ${paid.length} times: ${paid.map(({ txId }) => txId).join(" ")}`);
    complaints.push(...complaintsAbout(payout, paid));
  }
  for (const [amount, [payment]] of byAmount) complaints.push(`nobody ordered ${amount} to ${payment?.to}`);
  const confirmed = payouts.filter(({ status }) => status === "confirmed").length;
  return {
    payouts: payouts.length,
    confirmed,
    unpaid: payouts.length - confirmed,
    paid: succeeded.length,
    doubled,
    complaints: [...doubled, ...complaints],
  };
}

function complaintsAbout(payout: PayoutView, paid: readonly Payment[]): string[] {
  const complaints: string[] = [];
  const [payment] = paid;
  if (payout.status !== "confirmed") {
    if (payment !== undefined) complaints.push(`${payout.id} is ${payout.status} and was paid by ${payment.txId}`);
    return complaints;
  }
  if (payment === undefined) return [`${payout.id} says confirmed and was not paid`];
  if (!payment.solid) complaints.push(`${payout.id} says confirmed before its block is solidified`);
  if (payment.to !== payout.to) complaints.push(`${payout.id} went to ${payment.to}`);
  if (payout.txid !== payment.txId) complaints.push(`${payout.id} names ${payout.txid}, the chain has ${payment.txId}`);
  if (payout.block_number !== payment.blockNumber) complaints.push(`${payout.id} names another block than the chain`);
  return complaints;
}

export type Remains = {
  /** Effects that nobody performed, but for readings of balances. */
  readonly outbox: number;
  readonly quarantined: number;
  readonly deadLetters: number;
  /** Payouts whose feed says "confirmed" more or less often than once. */
  readonly miscounted: readonly string[];
  readonly reserved: readonly string[];
};

/** What is left in the store of an engine that was stopped. */
export async function remainsOf(dataDir: string, walletId: string): Promise<Remains> {
  const contextSchemas = Object.fromEntries(
    Object.values(catalog).map((entry) => [entry.kind, { version: entry.version, schema: entry.contextSchema }]),
  );
  const { store, verify } = await openLevelStore({ directory: join(dataDir, "store"), contextSchemas });
  try {
    await verify();
    let outbox = 0;
    for (const source of await store.outboxSources()) {
      if (source !== "readBalances") outbox += (await store.outbox({ source, limit: 1_000 })).length;
    }
    const confirmations = new Map<string, number>();
    let expected = 0;
    for (let afterSequence = 0; ;) {
      const page = await store.feed({ afterSequence, limit: 500 });
      for (const { event, actor, sequence } of page) {
        if (sequence !== afterSequence + 1) throw new Error(`the feed has a hole before ${sequence}`);
        afterSequence = sequence;
        if (event.type === "payout.created") expected += 1;
        if (event.type === "payout.confirmed") confirmations.set(actor.id, (confirmations.get(actor.id) ?? 0) + 1);
      }
      if (page.length < 500) break;
    }
    if (expected === 0) throw new Error("the feed knows of no payout");
    const wallet = store.record({ kind: "wallet", id: walletId })?.context as
      | { ledger: Record<"usdt" | "trx", { reserved: string; inFlight: string }> }
      | undefined;
    const purses = wallet === undefined ? [] : [wallet.ledger.usdt, wallet.ledger.trx];
    return {
      outbox,
      quarantined: (await store.quarantines(100)).length,
      deadLetters: (await store.deadLetters({ limit: 100 })).length,
      miscounted: [...confirmations].filter(([, count]) => count !== 1).map(([id, count]) => `${id} ×${count}`),
      reserved: purses.flatMap(({ reserved, inFlight }) => [reserved, inFlight]).filter((amount) => amount !== "0"),
    };
  } finally {
    await store.close();
  }
}
