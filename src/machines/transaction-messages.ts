/** What a transaction tells its owner. Pure. */
import { refuse } from "../domain/errors.ts";
import type { Tell } from "./durable.ts";
import type { TransactionContext } from "./transaction-context.ts";

export function toOwner(context: TransactionContext, message: Record<string, unknown> & { type: string }): Tell {
  return { to: context.owner, message: { ...message, txId: context.txId, attempt: context.attempt } };
}

/** The owner shows what everybody waits for. */
export function disputed(context: TransactionContext, detail: string): Tell {
  return toOwner(context, { type: "transaction.doubted", reason: refuse("nodes_disagree", detail) });
}
