/** What a transaction remembers, and what its effects take and give. */
import { Type, type Static } from "typebox";
import type { ErrorCode } from "../domain/errors.ts";
import { AssetSchema, UnitsSchema, type Units } from "../domain/money.ts";
import type { ActorAddress } from "../domain/records.ts";
import {
  AbsenceProofSchema,
  ActorAddressSchema,
  InclusionSchema,
  PushSchema,
  RefusalSchema,
  SolidEvidenceSchema,
} from "./schemas.ts";

export const TransactionContextSchema = Type.Object({
  owner: ActorAddressSchema,
  walletId: Type.String(),
  asset: AssetSchema,
  from: Type.String(),
  to: Type.String(),
  amount: UnitsSchema,
  /** Makes the bytes of this payment unlike those of any other of the wallet. */
  sequence: Type.Integer(),
  attempt: Type.Integer(),
  /** The most TRX that it may cost, sun; absent: the cap of every transfer. */
  maxFeeSun: Type.Optional(UnitsSchema),
  /** No bytes that live longer are signed, ms of block time; absent: they live as long as any. */
  notAfter: Type.Optional(Type.Integer()),
  feeLimitSun: Type.Optional(UnitsSchema),
  reference: Type.Optional(Type.Object({ number: Type.Integer(), id: Type.String() })),
  expiration: Type.Optional(Type.Integer()),
  timestamp: Type.Optional(Type.Integer()),
  rawHex: Type.Optional(Type.String()),
  txId: Type.Optional(Type.String()),
  signedHex: Type.Optional(Type.String()),
  /** Failed tries to build or sign, for the back-off. */
  stumbles: Type.Integer(),
  /** Those of them that were objections to the transfer itself; absent before the first. */
  objections: Type.Optional(Type.Integer()),
  /** Times the bytes were handed to a node. */
  pushes: Type.Integer(),
  /** Some push ended without a clear answer and the chain has not shown the transaction since. */
  doubted: Type.Boolean(),
  lastPush: Type.Optional(PushSchema),
  inclusion: Type.Optional(InclusionSchema),
  /** Who says that the block with it is final, and by which block. */
  evidence: Type.Optional(SolidEvidenceSchema),
  proof: Type.Optional(AbsenceProofSchema),
  failure: Type.Optional(RefusalSchema),
});
export type TransactionContext = Static<typeof TransactionContextSchema>;

export type TransactionInput = {
  readonly owner: ActorAddress;
  readonly walletId: string;
  readonly asset: "USDT" | "TRX";
  readonly from: string;
  readonly to: string;
  readonly amount: Units;
  readonly sequence: number;
  readonly attempt: number;
  readonly maxFeeSun?: Units;
  readonly notAfter?: number;
};

export type BuildInput = Omit<TransactionInput, "owner">;
export type BuildOutput = {
  /** Absent when the bytes could be signed at once: the signed bytes contain them. */
  readonly rawHex?: string;
  readonly txId: string;
  readonly feeLimitSun: Units;
  readonly expiration: number;
  readonly timestamp: number;
  readonly reference: { readonly number: number; readonly id: string };
  readonly signedHex?: string;
};
export type SignInput = Omit<BuildOutput, "rawHex" | "signedHex"> & { readonly rawHex: string } & BuildInput;
export type SignOutput = { readonly signedHex: string; readonly txId: string };
export type BroadcastInput = { readonly txId: string; readonly signedHex: string };
export type WatchInput = { readonly txId: string; readonly expiration: number; readonly referenceNumber: number };

/**
 * A simulated revert, or a price above the cap, is no failure of the world: every node would say it, and asking again
 * helps only if the chain's state changes. It is one view of one moment, so it proves nothing for good either.
 */
export function isObjection({ code }: { readonly code: ErrorCode }): boolean {
  return code === "simulation_reverted" || code === "fee_cap_exceeded";
}

/** What the order may cost and how late it may be paid; what it does not say is absent. */
export function boundsOf({ maxFeeSun, notAfter }: Pick<TransactionInput, "maxFeeSun" | "notAfter">) {
  return { ...(maxFeeSun === undefined ? {} : { maxFeeSun }), ...(notAfter === undefined ? {} : { notAfter }) };
}

export function buildInput(c: TransactionContext): BuildInput {
  const { walletId, asset, from, to, amount, sequence, attempt } = c;
  return { walletId, asset, from, to, amount, sequence, attempt, ...boundsOf(c) };
}

export function signInput(c: TransactionContext): SignInput {
  const { rawHex, txId, feeLimitSun, expiration, timestamp, reference } = c;
  if (!rawHex || !txId || !feeLimitSun || !expiration || !timestamp || !reference)
    throw new Error("signing before the bytes are built");
  return { ...buildInput(c), rawHex, txId, feeLimitSun, expiration, timestamp, reference };
}

export function watchInput(c: TransactionContext): WatchInput {
  if (!c.txId || !c.expiration || !c.reference) throw new Error("watching before the bytes are signed");
  return { txId: c.txId, expiration: c.expiration, referenceNumber: c.reference.number };
}

export function broadcastInput(c: TransactionContext): BroadcastInput {
  if (!c.txId || !c.signedHex) throw new Error("broadcasting before the bytes are signed");
  return { txId: c.txId, signedHex: c.signedHex };
}
