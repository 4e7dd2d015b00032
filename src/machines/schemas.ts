/** Schemas that several machines share in their contexts. */
import { Type } from "typebox";
import type { AbsenceProof, Inclusion, SolidEvidence } from "../domain/chain-facts.ts";
import type { Refusal } from "../domain/errors.ts";
import { UnitsSchema } from "../domain/money.ts";

export const ActorAddressSchema = Type.Object({ kind: Type.String(), id: Type.String() });

export const InclusionSchema = Type.Unsafe<Inclusion>(
  Type.Object({
    blockNumber: Type.Integer(),
    blockId: Type.String(),
    blockTimestamp: Type.Integer(),
    result: Type.String(),
    feeSun: UnitsSchema,
    energyUsed: Type.Integer(),
  }),
);

export const AbsenceProofSchema = Type.Unsafe<AbsenceProof>(
  Type.Object({
    solidNumber: Type.Integer(),
    solidId: Type.String(),
    solidTimestamp: Type.Integer(),
    scannedFrom: Type.Integer(),
    scannedTo: Type.Integer(),
    nodes: Type.Optional(Type.Array(Type.String())),
  }),
);

export const SolidEvidenceSchema = Type.Unsafe<SolidEvidence>(
  Type.Object({
    solidNumber: Type.Integer(),
    solidId: Type.String(),
    solidTimestamp: Type.Integer(),
    nodes: Type.Array(Type.String()),
  }),
);

/** What handing bytes to a node told; `at` is engine time, ms. */
export const PushSchema = Type.Object({
  class: Type.String(),
  code: Type.String(),
  message: Type.String(),
  node: Type.String(),
  at: Type.Integer(),
});

export const RefusalSchema = Type.Unsafe<Refusal>(
  Type.Object({
    code: Type.String(),
    detail: Type.String(),
    evidence: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  }),
);
