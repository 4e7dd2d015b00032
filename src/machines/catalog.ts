/** The single registration list of machines: kind, version, where its context schema is, how it is listed. */
import type { TSchema } from "typebox";
import type { AnyStateMachine } from "xstate";
import { endsOf, type TronAddress } from "../domain/chain-facts.ts";
import type { ActorRecord } from "../domain/records.ts";
import { payoutFrom1, walletFrom1 } from "./migrations.ts";
import { payoutBatchMachine, PayoutBatchContextSchema } from "./payout-batch.machine.ts";
import { PayoutContextSchema, type PayoutContext } from "./payout-context.ts";
import { payoutMachine } from "./payout.machine.ts";
import { relayMachine, RelayContextSchema, type RelayContext } from "./relay.machine.ts";
import { TransactionContextSchema, type TransactionContext } from "./transaction-context.ts";
import { transactionMachine } from "./transaction.machine.ts";
import { walletMachine, WalletContextSchema, type WalletContext } from "./wallet.machine.ts";

/** The services of the API; each is a supervisor branch that can be restarted alone. */
export const SERVICES = [
  "tron-client",
  "wallet-manager",
  "usdt-manager",
  "payout-router",
  "trx-staking",
  "payment-gateway",
] as const;
export type ServiceName = (typeof SERVICES)[number];

export type CatalogEntry = {
  readonly kind: string;
  /**
   * Raise it when a state, invoke id, timer or event is renamed or removed, or the context's shape changes; add the step
   * to `migrate` and fixtures of the old version. Adding a state or an optional field needs no new version.
   */
  readonly version: string;
  readonly machine: AnyStateMachine;
  readonly contextSchema: TSchema;
  readonly service: ServiceName;
  /** `migrate[v]` turns a record of version `v` into its successor; pure. */
  readonly migrate: Readonly<Record<string, (record: ActorRecord) => ActorRecord>>;
  /** Names of the lists this record belongs to: "name" or "name:value". */
  readonly indexes: (record: { readonly id: string; readonly tag: string; readonly context: unknown }) => string[];
};
export type Catalog = Readonly<Record<string, CatalogEntry>>;

export const catalog: Catalog = {
  transaction: {
    kind: "transaction",
    version: "1",
    machine: transactionMachine,
    contextSchema: TransactionContextSchema,
    service: "tron-client",
    migrate: {},
    indexes: ({ context }) => {
      const { txId, signedHex } = context as TransactionContext;
      return txId !== undefined && signedHex !== undefined ? [`tx:${txId}`] : [];
    },
  },
  relay: {
    kind: "relay",
    version: "1",
    machine: relayMachine,
    contextSchema: RelayContextSchema,
    service: "tron-client",
    migrate: {},
    indexes: ({ tag, context }) => ["all", `status:${tag}`, `tx:${(context as RelayContext).txId}`],
  },
  payout: {
    kind: "payout",
    version: "2",
    machine: payoutMachine,
    contextSchema: PayoutContextSchema,
    service: "payout-router",
    migrate: { "1": payoutFrom1 },
    indexes: ({ tag, context }) => {
      const { from, to, batch, externalId } = context as PayoutContext;
      const lists = ["all", `status:${tag}`, `party:${from}`, `party:${to}`];
      if (!GIVEN_UP.has(tag)) lists.push(tag === "confirmed" ? `${looksOf(to)}:paid` : looksOf(to));
      if (batch !== undefined) lists.push(`batch:${batch.id}`);
      if (externalId !== undefined) lists.push(`external:${externalId}`);
      return lists;
    },
  },
  payoutBatch: {
    kind: "payoutBatch",
    version: "1",
    machine: payoutBatchMachine,
    contextSchema: PayoutBatchContextSchema,
    service: "payout-router",
    migrate: {},
    indexes: ({ tag }) => ["all", `status:${tag}`],
  },
  wallet: {
    kind: "wallet",
    version: "2",
    machine: walletMachine,
    contextSchema: WalletContextSchema,
    service: "wallet-manager",
    migrate: { "1": walletFrom1 },
    indexes: ({ tag, context }) => {
      const { address } = context as WalletContext;
      return ["all", `status:${tag}`, `address:${address}`, looksOf(address)];
    },
  },
};

/** They are over and were not paid, so that what they were for may be ordered again. One that failed can be tried again. */
export const GIVEN_UP: ReadonlySet<string> = new Set(["rejected", "cancelled"]);

/** Addresses whose ends are the same stand beside each other by the names of these lists. */
function looksOf(address: TronAddress): string {
  return `ends:${endsOf(address)}:${address}`;
}
