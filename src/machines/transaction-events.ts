/** What can happen to a transaction, and how its machine reads it. Pure. */
import type {
  AbsenceProof,
  BroadcastClass,
  BroadcastOutcome,
  Inclusion,
  SolidEvidence,
} from "../domain/chain-facts.ts";
import { BUILD_OBJECTIONS_MAX } from "../domain/limits.ts";
import { effectError, type Stamp } from "./durable.ts";
import { isObjection, type BuildOutput, type TransactionContext } from "./transaction-context.ts";

type Events =
  | { type: "transaction.cancel" }
  | { type: "transaction.rebroadcast" }
  | { type: "chain.included"; inclusion: Inclusion }
  | { type: "chain.orphaned"; blockNumber: number; blockId: string }
  | { type: "chain.solidified"; inclusion: Inclusion; evidence?: SolidEvidence }
  | { type: "chain.disputed"; detail: string }
  | { type: "chain.expired"; proof: AbsenceProof };
export type TransactionEvent = Events & Partial<Stamp>;

export const outcomeIs =
  (wanted: BroadcastClass) =>
  ({ event }: { event: { output: BroadcastOutcome } }) =>
    event.output.class === wanted;
export const isRetryable = ({ event }: { event: object }) => effectError(event).retryable;
export const objectionsWith = ({ objections = 0 }: TransactionContext, event: object) =>
  isObjection(effectError(event)) ? objections + 1 : objections;
/** T6 */
export const isObjectedTooOften = ({ context, event }: { context: TransactionContext; event: object }) =>
  isObjection(effectError(event)) && objectionsWith(context, event) >= BUILD_OBJECTIONS_MAX;
export const isSigned = ({ event }: { event: { output: BuildOutput } }) => event.output.signedHex !== undefined;
