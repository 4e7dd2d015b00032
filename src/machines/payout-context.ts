/** What a payout remembers. */
import { Type, type Static } from "typebox";
import { AssetSchema, UnitsSchema } from "../domain/money.ts";
import { AbsenceProofSchema, ActorAddressSchema, InclusionSchema, RefusalSchema } from "./schemas.ts";

const AttemptSchema = Type.Object({
  /** id of the transaction actor */
  transaction: Type.String(),
  txId: Type.Optional(Type.String()),
  outcome: Type.Optional(Type.String()),
  inclusion: Type.Optional(InclusionSchema),
  proof: Type.Optional(AbsenceProofSchema),
});

export const PayoutContextSchema = Type.Object({
  self: ActorAddressSchema,
  purpose: Type.Union([Type.Literal("payout"), Type.Literal("transfer")]),
  walletId: Type.String(),
  from: Type.String(),
  to: Type.String(),
  asset: AssetSchema,
  amount: UnitsSchema,
  /** The amount is all that the wallet had: once that has left another way, there is nothing to wait for. */
  isSweep: Type.Optional(Type.Literal(true)),
  /** TRX set aside for the fee of one attempt, sun. */
  feeReserveSun: UnitsSchema,
  /** The most TRX that an attempt may cost, sun; absent: the cap of every transfer. */
  maxFeeSun: Type.Optional(UnitsSchema),
  /** Nothing that could land later is signed, ms of block time. */
  notAfter: Type.Optional(Type.Integer()),
  /** Binds an approval to (wallet, destination, asset, amount, fee reserve) and to how late it may be paid. */
  hash: Type.String(),
  needsApproval: Type.Boolean(),
  /** A known address that the destination could be taken for; then an approval is needed. */
  looksLike: Type.Optional(Type.String()),
  createdBy: Type.String(),
  externalId: Type.Optional(Type.String()),
  metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
  batch: Type.Optional(ActorAddressSchema),
  lineId: Type.Optional(Type.String()),
  /** The wallet's answer: this payout's sequence number. */
  reservation: Type.Optional(Type.Object({ sequence: Type.Integer() })),
  attempt: Type.Integer(),
  attemptsAllowed: Type.Integer(),
  attempts: Type.Array(AttemptSchema),
  txId: Type.Optional(Type.String()),
  decidedBy: Type.Optional(Type.String()),
  comment: Type.Optional(Type.String()),
  /** Why it is where it is, when that is not plain progress. */
  reason: Type.Optional(RefusalSchema),
  /** What its batch was told last. */
  reported: Type.Optional(Type.String()),
});
export type PayoutContext = Static<typeof PayoutContextSchema>;
export type PayoutInput = Omit<
  PayoutContext,
  "attempt" | "attemptsAllowed" | "attempts" | "txId" | "decidedBy" | "comment" | "reason" | "reported"
>;
