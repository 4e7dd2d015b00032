import { Type } from "typebox";
import {
  Address,
  Amount,
  AmountUnits,
  Asset,
  ExternalId,
  HistoryQuery,
  Id,
  Refusal,
  strict,
  Time,
  TxId,
} from "./common.ts";
import { Push } from "./network.ts";
import { EstimateView, orderBounds } from "./payouts.ts";

/** One transfer of the engine, seen from an address. */
export const HistoryEntry = Type.Object({
  payout_id: Type.String(),
  direction: Type.String({ description: "out or in; self when both ends are the address" }),
  asset: Type.String(),
  amount: Type.String(),
  amount_units: AmountUnits,
  from: Type.String(),
  to: Type.String(),
  status: Type.String({ description: "Of the payout" }),
  txid: Type.Union([Type.String(), Type.Null()]),
  block_number: Type.Union([Type.Integer(), Type.Null()]),
  created_at: Time,
  updated_at: Time,
});

const Receipt = Type.Object({
  block_number: Type.Integer(),
  block_time: Time,
  result: Type.String({ description: "SUCCESS, or the chain's failure word" }),
  fee_trx: Type.String(),
  fee_sun: AmountUnits,
  energy: Type.Integer(),
});

export const TokenHistoryQuery = Type.Object(
  {
    ...HistoryQuery.properties,
    hide_spam: Type.Optional(
      Type.Boolean({ description: "Changes nothing: the engine's own transfers have no spam among them" }),
    ),
  },
  strict,
);

export const TransactionView = Type.Object({
  txid: TxId,
  known: Type.Boolean({ description: "Whether this engine signed it" }),
  transaction_id: Type.Union([Type.String(), Type.Null()], {
    description: "id of its actor, a transaction or a relay",
  }),
  payout_id: Type.Union([Type.String(), Type.Null()]),
  attempt: Type.Union([Type.Integer(), Type.Null()]),
  status: Type.String({
    description:
      "pending, broadcast, unknown, confirmed, failed or cancelled; of one that others signed also handed_over, refused or over, until a solidified block has it",
  }),
  state: Type.Union([Type.String(), Type.Null()]),
  status_text: Type.String(),
  waiting_for: Type.Union([Type.String(), Type.Null()]),
  asset: Type.Union([Type.String(), Type.Null()]),
  from: Type.Union([Type.String(), Type.Null()]),
  to: Type.Union([Type.String(), Type.Null()]),
  amount: Type.Union([Type.String(), Type.Null()]),
  amount_units: Type.Union([Type.String(), Type.Null()]),
  expires_at: Type.Union([Time, Type.Null()]),
  pushes: Type.Integer({ description: "Times its bytes were handed to a node" }),
  last_push: Type.Union([Push, Type.Null()]),
  receipt: Type.Union([Receipt, Type.Null()]),
  solidified: Type.Boolean(),
  confirmations: Type.Integer({
    description: "Blocks from its own to the newest, both counted; 0 while it is in none",
  }),
  failure: Type.Union([Refusal, Type.Null()]),
});

export const ReceiptView = Type.Object({
  txid: TxId,
  ...Receipt.properties,
  bandwidth: Type.Union([Type.Integer(), Type.Null()]),
  solidified: Type.Boolean(),
  confirmations: Type.Integer(),
  message: Type.Union([Type.String(), Type.Null()]),
  transfers: Type.Array(
    Type.Object({
      log_index: Type.Integer(),
      token: Type.String(),
      from: Type.String(),
      to: Type.String(),
      amount_units: Type.String(),
    }),
    { description: "Token transfers that it logged; known once it is solidified" },
  ),
});

export const RetryView = Type.Object({
  action: Type.String({ description: "rebroadcast: the same bytes were pushed again. new_attempt: new bytes follow" }),
  txid: Type.Union([TxId, Type.Null()]),
  attempt: Type.Integer(),
  payout_id: Type.String(),
  replaces: Type.Union([TxId, Type.Null()], { description: "The transaction that provably cannot pay any more" }),
});

export const TransactionOrder = Type.Object(
  {
    type: Type.Union([Type.Literal("usdt_transfer"), Type.Literal("trx_transfer")]),
    from_wallet: Id,
    to: Address,
    amount: Amount,
    sign: Type.Optional(Type.Boolean({ description: "Together with broadcast only; default false: a preview" })),
    broadcast: Type.Optional(
      Type.Boolean({
        description:
          "Together with sign only. Signed bytes that nobody follows could be sent by anybody later, and the wallet would not know",
      }),
    ),
    reference: Type.Optional(ExternalId),
    ...orderBounds,
  },
  strict,
);
export const Preview = Type.Object({
  type: Type.String(),
  order: Type.Object({
    asset: Type.String(),
    from: Type.String(),
    to: Type.String(),
    amount: Type.String(),
    amount_units: AmountUnits,
  }),
  needs_approval: Type.Boolean(),
  looks_like: Type.Union([Type.String(), Type.Null()], {
    description:
      "A payee or wallet here with the same first and last four characters, which is another address; told with payouts:read",
  }),
  fee_reserve_trx: Type.String(),
  reference_block: Type.Union([Type.Object({ number: Type.Integer(), id: Type.String() }), Type.Null()]),
  estimate: EstimateView,
  signed: Type.Boolean({ description: "Always false: nothing is signed, stored or sent" }),
});

export const FeeQuestion = Type.Object(
  { from: Address, to: Address, amount: Amount, asset: Type.Optional(Asset) },
  strict,
);
