import { Type, type Static } from "typebox";
import {
  Address,
  Amount,
  AmountUnits,
  Anything,
  Asset,
  ExternalId,
  FutureTime,
  Id,
  Labels,
  pageQuery,
  Refusal,
  strict,
  Time,
  TxId,
} from "./common.ts";

/** The public words; docs/states.md maps machine states to them. */
export const PAYOUT_STATUSES = [
  "pending",
  "awaiting_approval",
  "approved",
  "broadcast",
  "unknown",
  "retry",
  "confirmed",
  "failed",
  "needs_attention",
  "rejected",
  "cancelled",
] as const;

/** How much it may cost, and how late it may be paid. */
export const orderBounds = {
  max_fee_trx: Type.Optional(
    Type.Unsafe<string>({
      ...Amount,
      description:
        "TRX. The most that one attempt may cost; no more is set aside for it either. More than the cap of the engine (FEE_CAP_TRX) changes nothing. While the transfer would cost more if nothing was staked, nothing is signed (fee_cap_exceeded)",
    }),
  ),
  not_after: Type.Optional(
    Type.Unsafe<string>({
      ...FutureTime,
      description:
        "ISO 8601, UTC, by block time. Nothing is signed that could be in a block later than the one after this time; what was not paid by then is rejected or fails with not_after_passed",
    }),
  ),
};

export const PayoutOrder = Type.Object(
  {
    wallet: Type.Unsafe<string>({ ...Id, description: "id of the wallet that pays" }),
    to: Address,
    amount: Amount,
    asset: Type.Optional(Asset),
    external_id: Type.Optional(ExternalId),
    metadata: Type.Optional(Labels),
    ...orderBounds,
  },
  strict,
);

export const TransferOrder = Type.Object(
  { from_wallet: Id, to: Address, amount: Amount, reference: Type.Optional(ExternalId), ...orderBounds },
  strict,
);

export const SweepOrder = Type.Object(
  { to: Address, asset: Asset, reference: Type.Optional(ExternalId), ...orderBounds },
  strict,
);

export const PayoutEstimateOrder = Type.Object(
  { wallet: Id, to: Address, amount: Amount, asset: Type.Optional(Asset) },
  strict,
);

export const Attempt = Type.Object({
  attempt: Type.Integer(),
  transaction_id: Type.String({ description: "id of the transaction actor" }),
  txid: Type.Union([TxId, Type.Null()]),
  outcome: Type.Union([Type.String(), Type.Null()], {
    description: "confirmed, reverted, expired, failed; null while it runs",
  }),
  block_number: Type.Union([Type.Integer(), Type.Null()]),
  fee_trx: Type.Union([Type.String(), Type.Null()], { description: "TRX burned" }),
  energy: Type.Union([Type.Integer(), Type.Null()]),
  proof: Type.Optional(
    Type.Object(
      {
        solid_number: Type.Integer(),
        solid_id: Type.String(),
        solid_time: Time,
        scanned_from: Type.Integer(),
        scanned_to: Type.Integer(),
        nodes: Type.Array(Type.String(), { description: "The nodes that agreed about the solidified block" }),
      },
      { description: "Why it can never land: every solidified block of the range was read without it" },
    ),
  ),
});

export const Payout = Type.Object({
  id: Type.String(),
  purpose: Type.String({ description: "payout or transfer" }),
  status: Type.String({ description: `One of ${PAYOUT_STATUSES.join(", ")}` }),
  status_text: Type.String(),
  waiting_for: Type.String(),
  wallet_id: Type.String(),
  from: Type.String(),
  to: Type.String(),
  asset: Type.String(),
  amount: Type.String(),
  amount_units: AmountUnits,
  external_id: Type.Union([Type.String(), Type.Null()]),
  batch_id: Type.Union([Type.String(), Type.Null()]),
  line_id: Type.Union([Type.String(), Type.Null()]),
  metadata: Type.Record(Type.String(), Type.String()),
  max_fee_trx: Type.Union([Type.String(), Type.Null()], { description: "As ordered; null: the cap of the engine" }),
  not_after: Type.Union([Time, Type.Null()]),
  created_by: Type.String({ description: "id of the token" }),
  created_at: Time,
  updated_at: Time,
  attempts: Type.Array(Attempt),
  txid: Type.Union([Type.String(), Type.Null()], { description: "Of the attempt that counts now" }),
  block_number: Type.Union([Type.Integer(), Type.Null()]),
  reason: Type.Union([Refusal, Type.Null()], { description: "Why it is where it is, when that is not plain progress" }),
  payout_hash: Type.String({
    description: "An approval names it; it binds wallet, destination, asset, amount, fee reserve and not_after",
  }),
  looks_like: Type.Union([Type.String(), Type.Null()], {
    description:
      "A payee or wallet here with the same first and last four characters, which is another address: why an approval is needed. Compare the whole address with its owner",
  }),
  decided_by: Type.Union([Type.String(), Type.Null()]),
  comment: Type.Union([Type.String(), Type.Null()]),
  next_action_at: Type.Union([Time, Type.Null()], { description: "When the engine does something next by itself" }),
});
export type PayoutView = Static<typeof Payout>;

export const PayoutQuery = Type.Object(
  {
    ...pageQuery,
    status: Type.Optional(Type.String({ maxLength: 64 })),
    wallet: Type.Optional(Id),
    external_id: Type.Optional(ExternalId),
  },
  strict,
);

export const Approval = Type.Object(
  {
    payout_hash: Type.String({
      pattern: "^[A-Za-z0-9_-]{43}$",
      description: "payout_hash of the payout that was looked at",
    }),
    comment: Type.Optional(Type.String({ maxLength: 500 })),
  },
  strict,
);
export const Rejection = Type.Object({ comment: Type.Optional(Type.String({ maxLength: 500 })) }, strict);
export const Nothing = Type.Object({}, strict);

/** A line is judged by itself, so that best_effort can keep the good ones; only its shape is checked here. */
export const BatchLine = Type.Object(
  {
    line_id: Type.String({ pattern: "^[A-Za-z0-9_.:-]{1,64}$" }),
    to: Type.String({ maxLength: 128, description: "TRON address, base58check" }),
    amount: Type.String({ maxLength: 64, description: 'Decimal text with at most 6 places, such as "12.5"' }),
    external_id: Type.Optional(ExternalId),
  },
  strict,
);

export const BatchOrder = Type.Object(
  {
    wallet: Id,
    asset: Type.Optional(Asset),
    mode: Type.Optional(
      Type.Union([Type.Literal("all_or_nothing"), Type.Literal("best_effort")], {
        description: "all_or_nothing (default): one wrong line refuses all. best_effort: wrong lines are kept aside",
      }),
    ),
    items: Type.Array(BatchLine, { minItems: 1, description: "At most 1000 lines" }),
  },
  strict,
);

export const Batch = Type.Object({
  id: Type.String(),
  status: Type.String({ description: "pending, finished or rejected" }),
  status_text: Type.String(),
  waiting_for: Type.String(),
  mode: Type.String(),
  wallet_id: Type.String(),
  asset: Type.String(),
  count: Type.Integer({ description: "Valid lines" }),
  total: Type.String(),
  total_units: AmountUnits,
  ended: Type.Integer({ description: "Lines that reached an end" }),
  by_status: Type.Record(Type.String(), Type.Object({ count: Type.Integer(), amount: Type.String() }), {
    description: "Lines that reached an end, by how",
  }),
  invalid: Type.Array(
    Type.Object({ line_id: Type.String(), index: Type.Integer(), code: Type.String(), detail: Type.String() }),
  ),
  reason: Type.Union([Refusal, Type.Null()]),
  created_by: Type.String(),
  created_at: Time,
  updated_at: Time,
});
export type BatchView = Static<typeof Batch>;

export const TimelineEntry = Type.Object({
  at: Time,
  actor: Type.Object({ kind: Type.String(), id: Type.String() }),
  revision: Type.Integer(),
  event: Type.String(),
  from: Type.String(),
  to: Type.String(),
  reason: Type.Union([Type.String(), Type.Null()]),
  effects: Type.Array(Type.String(), { description: "Work that the step asked for" }),
  detail: Anything,
});

export const PayoutEvents = Type.Object({
  payout_id: Type.String(),
  items: Type.Array(TimelineEntry),
  truncated: Type.Boolean({ description: "Whether an actor has more entries than are shown; the inspector lists all" }),
});

export const EstimateView = Type.Object({
  asset: Type.String(),
  from: Type.String(),
  to: Type.String(),
  amount: Type.String(),
  energy: Type.Integer(),
  penalty: Type.Integer({ description: "How much of the energy the contract takes because it is much used now" }),
  bandwidth: Type.Integer(),
  burn_trx: Type.String({ description: "What the transfer burns when nothing is staked" }),
  burn_sun: AmountUnits,
  fee_limit_trx: Type.String({ description: "The most it can burn for energy; signed into the transaction" }),
  fee_limit_sun: AmountUnits,
});
