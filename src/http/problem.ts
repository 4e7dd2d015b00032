/**
 * Every "no" of the API as `application/problem+json` (RFC 9457). The code is the contract; the text is for people.
 * What the engine itself got wrong (500) is told without any detail: its cause goes to the log, under the request id.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { ERRORS, isFault, refuse, type ErrorCode, type Refusal } from "../domain/errors.ts";

export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: "Where the code is explained" }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: "Stable; branch on this" }),
    detail: Type.String({ description: "What happened and what to change" }),
    request_id: Type.String(),
    retryable: Type.Boolean({ description: "Whether the same request can succeed later" }),
    retry_after: Type.Optional(Type.Integer({ description: "Seconds" })),
    evidence: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    errors: Type.Optional(
      Type.Array(Type.Object({ path: Type.String(), message: Type.String(), value: Type.Optional(Type.Unknown()) }), {
        description: "Wrong fields of the request",
      }),
    ),
  },
  { $id: "Problem", title: "Problem" },
);
export type Problem = Static<typeof ProblemSchema>;

export type FieldError = { readonly path: string; readonly message: string; readonly value?: unknown };
/** A refusal of the door itself, with the wrong fields named. */
export type Rejected = { readonly refusal: Refusal; readonly errors?: readonly FieldError[] };

export const PROBLEM_TYPE = "application/problem+json; charset=utf-8";

/** Seconds after which a repeat is sensible, where the code alone tells. */
const RETRY_AFTER: Partial<Record<ErrorCode, number>> = {
  idempotency_in_flight: 1,
  restart_in_progress: 2,
  receipt_pending: 3,
  tx_may_still_confirm: 30,
  rate_limited: 1,
  mailbox_full: 1,
  engine_busy: 1,
  not_ready: 2,
  read_only: 60,
  chain_unavailable: 5,
  chain_busy: 5,
  nodes_disagree: 30,
  chain_forked: 300,
  chain_timeout: 5,
  chain_error: 5,
  signer_unavailable: 2,
};

export function problemOf({ refusal, errors }: Rejected, requestId: string): Problem {
  const entry = ERRORS[refusal.code];
  const retryAfter = RETRY_AFTER[refusal.code];
  return {
    type: `/docs/errors#${refusal.code}`,
    title: entry.title,
    status: entry.status,
    code: refusal.code,
    detail: refusal.detail,
    request_id: requestId,
    retryable: entry.retryable,
    ...(retryAfter === undefined ? {} : { retry_after: retryAfter }),
    ...(refusal.evidence === undefined ? {} : { evidence: { ...refusal.evidence } }),
    ...(errors === undefined ? {} : { errors: [...errors] }),
  };
}

export function sendProblem(rejected: Rejected, to: { request: FastifyRequest; reply: FastifyReply }): FastifyReply {
  const problem = problemOf(rejected, to.request.id);
  if (problem.retry_after !== undefined) to.reply.header("retry-after", String(problem.retry_after));
  if (problem.status === 401) to.reply.header("www-authenticate", 'Bearer realm="lucid-tron"');
  return to.reply.code(problem.status).header("content-type", PROBLEM_TYPE).send(JSON.stringify(problem));
}

/** What a thrown value may be told as. `undefined`: a bug, nothing of it may leave. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!isFault(error) || ERRORS[error.code].status === 500) return undefined;
  return refuse(error.code, error.message, error.evidence === undefined ? undefined : { ...error.evidence });
}

/** What was read, or why it cannot be: a damaged record keeps no repeat from its answer. */
export function orRefusal<T>(read: () => T): T | Refusal {
  try {
    return read();
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    return refusal;
  }
}

export const BUG: Rejected = {
  refusal: refuse("internal", "The request could not be handled; quote the request id to the operator"),
};
