/** Contexts of stored actors, checked before they are read. A record that does not fit is damage, never an answer. */
import type { Static, TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { Fault } from "../domain/errors.ts";
import type { ActorRecord } from "../domain/records.ts";
import { PayoutBatchContextSchema, type PayoutBatchContext } from "../machines/payout-batch.machine.ts";
import { PayoutContextSchema, type PayoutContext } from "../machines/payout-context.ts";
import { RelayContextSchema, type RelayContext } from "../machines/relay.machine.ts";
import { TransactionContextSchema, type TransactionContext } from "../machines/transaction-context.ts";
import { WalletContextSchema, type WalletContext } from "../machines/wallet.machine.ts";

export const payoutContext: (record: ActorRecord) => PayoutContext = reader(PayoutContextSchema);
export const batchContext: (record: ActorRecord) => PayoutBatchContext = reader(PayoutBatchContextSchema);
export const walletContext: (record: ActorRecord) => WalletContext = reader(WalletContextSchema);
export const transactionContext: (record: ActorRecord) => TransactionContext = reader(TransactionContextSchema);
export const relayContext: (record: ActorRecord) => RelayContext = reader(RelayContextSchema);

function reader<S extends TSchema>(schema: S): (record: ActorRecord) => Static<S> {
  const compiled = Compile(schema);
  return ({ kind, id, context }) => {
    if (compiled.Check(context)) return context;
    throw new Fault("store_corrupt", `the context of ${kind} ${id} does not fit its schema`);
  };
}
