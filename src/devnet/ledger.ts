/** The truth about the money on the chain, for tests and auditors; never reached over HTTP. */
import type { TronAddress, TxId } from "../domain/chain-facts.ts";
import type { Asset } from "../domain/money.ts";
import { fromHex41, isHex41, toHex41 } from "../tron/address.ts";
import { decodeTransferCall, decodeTransferLog } from "../tron/trc20.ts";
import { type Included, rawOf } from "./block.ts";
import type { Chain } from "./chain.ts";
import type { Outcome } from "./outcome.ts";
import { accountOf, totalsOf } from "./state.ts";
import { usdtBalance } from "./usdt.ts";

/** One movement of money that a block of the chain holds, or a token transfer that failed there. */
export type Payment = {
  readonly txId: TxId;
  readonly blockNumber: number;
  readonly from: TronAddress;
  readonly to: TronAddress;
  readonly asset: Asset;
  readonly amount: bigint;
  /** "SUCCESS", or the chain's failure word: then nothing moved. */
  readonly result: string;
  readonly solid: boolean;
};

export type PaymentFilter = {
  readonly from?: TronAddress;
  readonly to?: TronAddress;
  readonly asset?: Asset;
  readonly txId?: TxId;
  /** First block to look at. */
  readonly sinceBlock?: number;
  /** Last block to look at; the head unless set. */
  readonly untilBlock?: number;
};

export type Ledger = {
  payments(filter?: PaymentFilter): Payment[];
  /** Balance at the head in sun, without what is pending. */
  trx(address: TronAddress): bigint;
  usdt(address: TronAddress): bigint;
  burnedSun(): bigint;
  solidNumber(): number;
  headNumber(): number;
  headTimestamp(): number;
  pendingSize(): number;
  /** What came of a transaction, and in which block. */
  transaction(txId: TxId): { blockNumber: number; solid: boolean; outcome: Outcome; expiration: number } | undefined;
};

export function ledgerOf(chain: Chain): Ledger {
  const { store } = chain;
  return {
    payments: (filter = {}) => payments(chain, filter),
    trx: (address) => accountOf(store, toHex41(address))?.balance ?? 0n,
    usdt: (address) => usdtBalance(store, chain.genesis.usdt, toHex41(address)),
    burnedSun: () => totalsOf(store).burnedSun,
    solidNumber: () => store.solidNumber,
    headNumber: () => store.head.number,
    headTimestamp: () => store.head.timestamp,
    pendingSize: () => chain.pool.size,
    transaction: (txId) => {
      const block = store.blockOf(txId);
      const included = block?.transactions.find((tx) => tx.id === txId);
      if (block === undefined || included === undefined) return undefined;
      const { number: blockNumber } = block;
      const expiration = Number(rawOf(included).expiration);
      return { blockNumber, solid: blockNumber <= store.solidNumber, outcome: included.outcome, expiration };
    },
  };
}

function payments(chain: Chain, filter: PaymentFilter): Payment[] {
  const found: Payment[] = [];
  const last = Math.min(filter.untilBlock ?? chain.store.head.number, chain.store.head.number);
  for (let number = filter.sinceBlock ?? 1; number <= last; number += 1) {
    const block = chain.store.block(number);
    const solid = number <= chain.store.solidNumber;
    for (const tx of block?.transactions ?? []) {
      for (const movement of movementsOf(tx, chain.genesis.usdt)) {
        const payment = { ...movement, txId: tx.id, blockNumber: number, result: tx.outcome.result, solid };
        if (matches(payment, filter)) found.push(payment);
      }
    }
  }
  return found;
}

type Movement = Pick<Payment, "from" | "to" | "asset" | "amount">;

function movementsOf(tx: Included, usdt: string): Movement[] {
  const [contract] = rawOf(tx).contracts;
  if (contract?.type === "TransferContract") {
    const { owner_address: from, to_address: to, amount } = contract.value;
    return [{ from: fromHex41(from), to: fromHex41(to), asset: "TRX", amount }];
  }
  if (contract?.type !== "TriggerSmartContract") return [];
  if (tx.outcome.result === "SUCCESS") {
    // Whoever was called: the token says what moved.
    const logs = tx.outcome.call?.logs.filter((log) => log.address === usdt.slice(2)) ?? [];
    return logs.flatMap((log) => decodeTransferLog(log) ?? []).map((moved) => ({ ...moved, asset: "USDT" }));
  }
  if (contract.value.contract_address !== usdt) return [];
  const meant = decodeTransferCall(contract.value.data);
  const owner = contract.value.owner_address;
  if (meant === undefined || !isHex41(owner)) return [];
  return [{ ...meant, from: fromHex41(owner), asset: "USDT" }];
}

function matches(payment: Payment, filter: PaymentFilter): boolean {
  return (
    (filter.from === undefined || filter.from === payment.from) &&
    (filter.to === undefined || filter.to === payment.to) &&
    (filter.asset === undefined || filter.asset === payment.asset) &&
    (filter.txId === undefined || filter.txId === payment.txId)
  );
}
