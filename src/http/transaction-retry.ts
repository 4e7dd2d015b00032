/**
 * "Retry" without ever paying twice. New bytes only follow a recorded proof; everything else pushes the same bytes
 * again or says what has to be waited for:
 *
 * 1. succeeded in a solidified block            409 tx_already_succeeded
 * 2. on the wire, not expired by block time     200 rebroadcast, the same txid
 * 3. in a block that is not solidified, or
 *    expired without solidified proof           409 tx_may_still_confirm
 * 4. failed in a solidified block, or proved
 *    dead                                       202 new_attempt, through the wallet's reservation
 */
import { refuse, type Refusal } from "../domain/errors.ts";
import type { ActorAddress, ActorRecord } from "../domain/records.ts";
import type { TransactionContext } from "../machines/transaction-context.ts";
import type { Outcome as EngineOutcome, Verdict } from "../supervisor/facade.ts";
import { answerOf } from "./answers.ts";
import type { Outcome } from "./endpoint.ts";
import type { Idempotency } from "./idempotency.ts";
import { stateText } from "./machine-view.ts";
import { payoutContext, transactionContext } from "./records.ts";
import type { Surface } from "./surface.ts";
import { isoTime } from "./views/time.ts";
import { unanswered } from "./wallet-answer.ts";

type Ports = Pick<Surface, "engine" | "chain">;
export type RetryOrder = {
  readonly transaction: ActorAddress;
  readonly by: string;
  readonly idempotency: Idempotency | undefined;
};

/**
 * The transaction is always asked first: a repeated request is answered from what was stored, and the state that
 * decides is the one in the actor's own mailbox, not the one read before.
 */
export async function retryTransaction({ engine, chain }: Ports, order: RetryOrder): Promise<Outcome> {
  const { transaction, idempotency } = order;
  const headTime = chain.headTimestamp();
  const keyed = idempotency === undefined ? {} : { idempotency };
  let dead: TransactionContext | undefined;
  const answer = await engine.request({
    to: transaction,
    message: { type: "transaction.rebroadcast" },
    ...keyed,
    respond: (outcome) => {
      const context = transactionContext(outcome.record);
      if (isDead(outcome.record)) {
        if (outcome.read(context.owner)?.tag === "needs_attention") return { discard: usedUp(context) };
        dead = context;
      }
      return pushed(outcome, { context, headTime });
    },
    instead: () => (dead === undefined ? undefined : newAttempt(dead, order)),
  });
  return answerOf(answer);
}

function newAttempt(dead: TransactionContext, { by }: RetryOrder) {
  const respond = (outcome: EngineOutcome) => attempted(outcome, dead);
  return { to: dead.owner, message: { type: "payout.retry", by }, respond };
}

function pushed({ reply, record }: EngineOutcome, at: { context: TransactionContext; headTime: number }): Verdict {
  const { context } = at;
  const state = stateText(record.state);
  if (state === "confirmed") {
    const { blockNumber } = context.inclusion ?? {};
    return {
      discard: refuse("tx_already_succeeded", "It succeeded in a solidified block; there is nothing to retry", {
        block_number: blockNumber,
      }),
    };
  }
  if (state === "onWire.included") return { discard: inBlock(context) };
  if ((context.expiration ?? 0) <= at.headTime) return { discard: unproven(context) };
  // While a push is under way the machine takes no other; the bytes are on their way already.
  if (!reply.ok && state !== "onWire.broadcasting") return { discard: reply.refusal };
  const body = {
    action: "rebroadcast",
    txid: context.txId ?? null,
    attempt: context.attempt,
    payout_id: context.owner.id,
    replaces: null,
  };
  return { keep: { status: 200, body } };
}

function attempted({ reply, record }: EngineOutcome, dead: TransactionContext): Verdict {
  const c = payoutContext(record);
  if (!reply.ok && reply.refusal.code !== "state_conflict") return { discard: reply.refusal };
  if (!reply.ok) {
    const detail = `The payout is ${record.tag} with attempt ${c.attempt}; this transaction was attempt ${dead.attempt}`;
    return {
      discard: refuse("state_conflict", detail, { payout_id: record.id, status: record.tag, txid: c.txId ?? null }),
    };
  }
  const refusal = unanswered(record);
  if (refusal !== undefined) return { discard: refusal };
  const body = {
    action: "new_attempt",
    txid: null,
    attempt: c.attempt,
    payout_id: record.id,
    replaces: dead.txId ?? null,
  };
  return { keep: { status: 202, body } };
}

/** Case 4: the record holds a solidified failure, or the proof of absence. */
function isDead({ state }: ActorRecord): boolean {
  return state === "reverted" || state === "expired";
}

function usedUp({ owner }: TransactionContext): Refusal {
  const detail = "The payout stopped trying by itself; a person decides with POST /payouts/{payout_id}/retry";
  return refuse("max_attempts", detail, { payout_id: owner.id });
}

function inBlock({ inclusion }: TransactionContext): Refusal {
  return refuse("tx_may_still_confirm", "It is in a block that is not solidified yet; wait for it", {
    block_number: inclusion?.blockNumber,
  });
}

function unproven({ expiration = 0, txId }: TransactionContext): Refusal {
  return refuse(
    "tx_may_still_confirm",
    "It has expired, but no solidified block proves yet that it can never land; the engine goes on by itself when one does",
    {
      txid: txId,
      retry_after_block_time: isoTime(expiration),
    },
  );
}
