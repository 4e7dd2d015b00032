import { Type } from "typebox";
import { refuse, type Refusal } from "../../domain/errors.ts";
import type { ActorRecord, Message } from "../../domain/records.ts";
import type { Principal } from "../../security/access.ts";
import type { Outcome as EngineOutcome, Verdict } from "../../supervisor/facade.ts";
import { answerOf } from "../answers.ts";
import { Id, pageOf, PageQuery, pathParams } from "../contract/common.ts";
import {
  Approval,
  Nothing,
  Payout,
  PAYOUT_STATUSES,
  PayoutOrder,
  PayoutQuery,
  Rejection,
} from "../contract/payouts.ts";
import { API_ROOT, endpoint, type Description, type Endpoint, type Outcome } from "../endpoint.ts";
import type { Idempotency } from "../idempotency.ts";
import { listRecords, toPage, type PageQuery as Paging } from "../pages.ts";
import { payoutContext, walletContext } from "../records.ts";
import type { Surface } from "../surface.ts";
import { payoutView } from "../views/payout.ts";
import { unanswered } from "../wallet-answer.ts";

const params = pathParams({ payout_id: Id });
const one = { 200: { description: "The payout", schema: Payout } };
const many = { 200: { description: "Payouts", schema: pageOf(Payout) } };

/** What can be wrong with an order to pay. */
export const ORDER_ERRORS = [
  "invalid_address",
  "invalid_amount",
  "not_found",
  "duplicate_external_id",
  "below_minimum",
  "above_maximum",
  "not_after_passed",
  "daily_limit_exceeded",
  "insufficient_funds",
  "insufficient_trx_for_fees",
  "destination_is_zero",
  "destination_is_self",
  "destination_is_own_wallet",
  "destination_is_contract",
  "destination_blacklisted",
  "wallet_watch_only",
  "wallet_frozen",
  "wallet_archived",
] as const satisfies Description["errors"];

export function payoutEndpoints(surface: Surface): Endpoint[] {
  return [...intake(surface), ...reading(surface), ...deciding(surface)];
}

function intake({ intake: payouts }: Surface): Endpoint[] {
  return [
    endpoint({
      method: "POST",
      path: `${API_ROOT}/payouts`,
      tag: "Payouts",
      scope: "payouts:create",
      summary: "Pay somebody",
      description:
        "Answered when the payout is on disk and its money is reserved, or when it waits for an approval. Follow it at Location. The same Idempotency-Key and body give the same answer for as long as the payout is kept.",
      idempotencyKey: "required",
      inputs: { body: PayoutOrder },
      answers: { 202: { description: "Accepted", schema: Payout } },
      errors: ORDER_ERRORS,
      handle: ({ request, idempotency }) => {
        const { wallet, to, amount, asset = "USDT", external_id: externalId, metadata } = request.body;
        const { max_fee_trx: maxFee, not_after: notAfter } = request.body;
        const order = { purpose: "payout", wallet, to, amount, asset, externalId, metadata, maxFee, notAfter } as const;
        return idempotency === undefined ? undefined : payouts.accept(order, { by: request.principal.id, idempotency });
      },
    }),
  ];
}

function reading({ engine, words }: Surface): Endpoint[] {
  const view = (record: ActorRecord) => payoutView(record, words);
  const list = async (query: Paging & { wallet?: string; external_id?: string }, status?: string): Promise<Outcome> => {
    if (status !== undefined && !PAYOUT_STATUSES.some((known) => known === status))
      return { refusal: unknownStatus(status) };
    const { wallet, external_id: externalId } = query;
    const index =
      externalId !== undefined
        ? `external:${externalId}`
        : status !== undefined
          ? `status:${status}`
          : indexOfWallet(engine, wallet);
    const matches = (record: ActorRecord) =>
      (wallet === undefined || payoutContext(record).walletId === wallet) &&
      (status === undefined || record.tag === status);
    return { status: 200, body: toPage(await listRecords(engine, { kind: "payout", index, query, matches }), view) };
  };
  return [
    endpoint({
      method: "GET",
      path: `${API_ROOT}/payouts`,
      tag: "Payouts",
      scope: "payouts:read",
      summary: "List payouts, newest first",
      description: "Filters can be combined. A page can be shorter than limit and still have a next one.",
      inputs: { querystring: PayoutQuery },
      answers: many,
      errors: ["invalid_cursor", "unknown_status"],
      handle: ({ request }) => list(request.query, request.query.status),
    }),
    endpoint({
      method: "GET",
      path: `${API_ROOT}/payouts/status/:status`,
      tag: "Payouts",
      scope: "payouts:read",
      summary: "List payouts of one status",
      inputs: { params: pathParams({ status: Type.String() }), querystring: PageQuery },
      answers: many,
      errors: ["invalid_cursor", "unknown_status"],
      handle: ({ request }) => list(request.query, request.params.status),
    }),
    endpoint({
      method: "GET",
      path: `${API_ROOT}/payouts/:payout_id`,
      tag: "Payouts",
      scope: "payouts:read",
      summary: "Read a payout",
      inputs: { params },
      answers: one,
      errors: ["not_found"],
      handle: ({ request }) => {
        const record = engine.record({ kind: "payout", id: request.params.payout_id });
        return record === undefined
          ? { refusal: noPayout(request.params.payout_id) }
          : { status: 200, body: view(record) };
      },
    }),
  ];
}

function deciding(surface: Surface): Endpoint[] {
  return [
    endpoint({
      ...decision("approve", "payouts:approve", "Approve exactly the payout that was looked at"),
      method: "PUT",
      alsoMethod: "POST",
      description: "The creator cannot approve. payout_hash names what was looked at; another hash is refused.",
      inputs: { params, body: Approval },
      errors: ["not_found", "stale_hash", "self_approval", "not_after_passed", "already_decided", "state_conflict"],
      handle: (call) => {
        const { payout_hash: hash, comment } = call.request.body;
        return tell(surface, call, { type: "payout.approve", hash, ...noted(comment) });
      },
    }),
    endpoint({
      ...decision("reject", "payouts:approve", "Reject a payout that waits for an approval"),
      inputs: { params, body: Rejection },
      errors: ["not_found", "already_decided", "state_conflict"],
      handle: (call) => tell(surface, call, { type: "payout.reject", ...noted(call.request.body.comment) }),
    }),
    endpoint({
      ...decision("cancel", "payouts:cancel", "Cancel a payout of which nothing is signed"),
      description:
        "Wins or loses in one commit: 200 means that it will never be paid, 409 not_cancellable that only the chain decides now.",
      inputs: { params, body: Nothing },
      errors: ["not_found", "not_cancellable", "state_conflict"],
      handle: (call) => tell(surface, call, { type: "payout.cancel" }),
    }),
    endpoint({
      ...decision(
        "retry",
        "payouts:create",
        "Try a payout again that provably cannot be paid by what was signed before",
      ),
      idempotencyKey: "required",
      inputs: { params, body: Nothing },
      answers: { 202: { description: "A new attempt begins", schema: Payout } },
      errors: ["state_conflict", ...ORDER_ERRORS],
      handle: (call) => tell(surface, call, { type: "payout.retry" }, 202),
    }),
  ];
}

type Decision = "approve" | "reject" | "cancel" | "retry";

function decision(name: Decision, scope: Description["scope"], summary: string) {
  return {
    method: "POST",
    path: `${API_ROOT}/payouts/:payout_id/${name}`,
    tag: "Payouts",
    scope,
    summary,
    idempotencyKey: "optional",
    answers: one,
  } as const satisfies Partial<Description>;
}

type PayoutCall = {
  readonly request: { readonly params: { payout_id: string }; readonly principal: Principal };
  readonly idempotency: Idempotency | undefined;
};

async function tell(surface: Surface, call: PayoutCall, message: Message, status = 200): Promise<Outcome> {
  const id = call.request.params.payout_id;
  const answer = await surface.engine.request({
    to: { kind: "payout", id },
    message: { ...message, by: call.request.principal.id },
    ...(call.idempotency === undefined ? {} : { idempotency: call.idempotency }),
    respond: (outcome) => decided(outcome, { surface, status, decides: DECISIONS.has(message.type) }),
  });
  return "refusal" in answer && answer.refusal.code === "not_found" ? { refusal: noPayout(id) } : answerOf(answer);
}

const DECISIONS = new Set(["payout.approve", "payout.reject"]);

type Asked = { surface: Surface; status: number; decides: boolean };

function decided({ reply, record }: EngineOutcome, { surface, status, decides }: Asked): Verdict {
  if (reply.ok) {
    // An approval is noted whatever the wallet is up to; a new attempt is promised only with money for it.
    const refusal = decides ? undefined : unanswered(record);
    return refusal === undefined ? { keep: { status, body: payoutView(record, surface.words) } } : { discard: refusal };
  }
  const { refusal } = reply;
  if (refusal.code !== "state_conflict") return { discard: refusal };
  const { description, waitingFor } = surface.words.of(record);
  const isDecided = decides && payoutContext(record).decidedBy !== undefined;
  const detail = `The payout is ${record.tag}: ${description} It waits for ${waitingFor}.`;
  return { discard: refuse(isDecided ? "already_decided" : "state_conflict", detail, { status: record.tag }) };
}

function noted(comment: string | undefined): { comment?: string } {
  return comment === undefined ? {} : { comment };
}

function noPayout(id: string): Refusal {
  return refuse("not_found", `There is no payout ${id}`);
}

function unknownStatus(status: string): Refusal {
  return refuse("unknown_status", `Use one of ${PAYOUT_STATUSES.join(", ")}`, { status });
}

/** A payout of a wallet is found under the wallet's address; an unknown wallet has an empty list of its own. */
function indexOfWallet(engine: Surface["engine"], walletId: string | undefined): string {
  if (walletId === undefined) return "all";
  const record = engine.record({ kind: "wallet", id: walletId });
  return record === undefined ? "party:" : `party:${walletContext(record).address}`;
}
