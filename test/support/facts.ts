/** Facts of one ordinary payment, for machines that are driven by hand. */
import type { AbsenceProof, BroadcastClass, BroadcastOutcome, Inclusion } from "../../src/domain/chain-facts.ts";
import { units } from "../../src/domain/money.ts";
import type { BuildOutput, SignOutput, TransactionInput } from "../../src/machines/transaction-context.ts";

export const BUILT: BuildOutput = {
  rawHex: "aa01",
  txId: "1".repeat(64),
  feeLimitSun: units(8_035_700n),
  expiration: 1_700_000_390_000,
  timestamp: 1_700_000_300_001,
  reference: { number: 100, id: "c".repeat(64) },
};
export const SIGNED: SignOutput = { signedHex: "aa01bb", txId: BUILT.txId };

export const INCLUSION: Inclusion = {
  blockNumber: 119,
  blockId: "a".repeat(64),
  blockTimestamp: 1_700_000_357_000,
  result: "SUCCESS",
  feeSun: units(6_773_500n),
  energyUsed: 64_285,
};

/** Exactly covers the bytes of `BUILT`. */
export const PROOF: AbsenceProof = {
  solidNumber: 130,
  solidId: "d".repeat(64),
  solidTimestamp: BUILT.expiration,
  scannedFrom: BUILT.reference.number + 1,
  scannedTo: 130,
};

export function outcome(kind: BroadcastClass): BroadcastOutcome {
  return { class: kind, code: kind.toUpperCase(), message: "", node: "n1" };
}

export function transactionInput(change: Partial<TransactionInput> = {}): TransactionInput {
  return {
    owner: { kind: "payout", id: "po_1" },
    walletId: "wal_1",
    asset: "USDT",
    from: "T-from",
    to: "T-to",
    amount: units(25_000_000n),
    sequence: 1,
    attempt: 1,
    ...change,
  };
}
