/**
 * An endpoint as data: where it is, who may call it, what goes in and out, what can go wrong. From this one value come
 * the canonical route, its aliases (same handler, never a redirect), the checks before the handler, and the document.
 */
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest, RawServerDefault, RouteGenericInterface } from "fastify";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { TObject, TSchema } from "typebox";
import { refuse, type ErrorCode, type Refusal } from "../domain/errors.ts";
import { JsonText } from "../domain/records.ts";
import type { Scope } from "../security/access.ts";
import { Nothing } from "./contract/payouts.ts";
import { recognise, requireScope, type Admission } from "./auth.ts";
import { readIdempotency, type Idempotency } from "./idempotency.ts";
import { sendProblem, type Rejected } from "./problem.ts";
import { coerceQuery } from "./validation.ts";

export const API_ROOT = "/api/v1/tron";
const ALIAS_ROOT = "/api/v1";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

export type Inputs = { readonly params?: TObject; readonly querystring?: TObject; readonly body?: TSchema };

export type Answer = {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};
/** `undefined`: the handler answers by itself, on the socket. */
export type Outcome = Answer | Rejected | undefined;

export type Call<S extends Inputs> = {
  readonly request: FastifyRequest<RouteGenericInterface, RawServerDefault, IncomingMessage, S, TypeBoxTypeProvider>;
  readonly reply: FastifyReply;
  /** Present whenever the header is; always on endpoints that require it. */
  readonly idempotency: Idempotency | undefined;
};

export type Description = {
  readonly method: Method;
  /** Canonical, from the root. */
  readonly path: string;
  /** Other full paths of the same endpoint; `/api/v1/…` beside each `/api/v1/tron/…` needs no mention. */
  readonly aliases?: readonly string[];
  /** Other methods that do the same at the same path. */
  readonly alsoMethod?: Method;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly scope: Scope | "public";
  /** Asked by orchestrators, who must not take a busy address for a dead process: never limited. */
  readonly isProbe?: boolean;
  readonly idempotencyKey?: "required" | "optional";
  readonly inputs?: Inputs;
  /** Other headers that it reads, and what they are for; none is required. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Schemas of the answers that are not problems. */
  readonly answers: Readonly<
    Record<number, { readonly description: string; readonly schema?: TSchema; readonly type?: string }>
  >;
  /** What else can go wrong, beyond what follows from the fields above. */
  readonly errors?: readonly ErrorCode[];
};

export type Endpoint = Description & {
  readonly urls: readonly string[];
  readonly handle: (call: AnyCall) => Outcome | Promise<Outcome>;
};
export type AnyCall = {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly idempotency: Idempotency | undefined;
};

/** Checks that `handle` fits the inputs, then forgets their types: Fastify has validated them when it is called. */
export function endpoint<const S extends Inputs>(
  definition: Omit<Description, "inputs"> & { readonly inputs?: S; handle(call: Call<S>): Outcome | Promise<Outcome> },
): Endpoint {
  const { path, aliases = [], method, inputs = {} } = definition;
  // A method's parameters are compared both ways, which is what lets the precise call go where any call is expected.
  const erased: { handle(call: AnyCall): Outcome | Promise<Outcome> } = definition;
  const urls = [path, ...aliases].flatMap(bothStyles);
  // What is sent where nothing is expected is a mistake that its sender should hear of.
  const read = method === "GET" ? definition : { ...definition, inputs: { body: Nothing, ...inputs } };
  return { ...read, urls, handle: (call) => erased.handle(call) };
}

function bothStyles(url: string): string[] {
  return url.startsWith(`${API_ROOT}/`) ? [url, ALIAS_ROOT + url.slice(API_ROOT.length)] : [url];
}

/** Endpoints of these tags read records, and a damaged one puts its actor in quarantine; or the disk refuses. */
const READ_RECORDS: ReadonlySet<string> = new Set(["Inspector", "Payouts", "Transactions", "TRX", "USDT", "Wallets"]);

/** What every client must expect from this endpoint, without repetition. */
export function errorsOf(described: Description): ErrorCode[] {
  const { scope, tag, inputs, idempotencyKey, method, isProbe, errors = [] } = described;
  const codes: ErrorCode[] = [...errors, "internal"];
  if (isProbe !== true) codes.push("rate_limited");
  if (scope !== "public") codes.push("unauthenticated", "forbidden");
  if (READ_RECORDS.has(tag)) codes.push("quarantined", "store_unavailable");
  if (inputs !== undefined) codes.push("validation_failed");
  if (inputs?.body !== undefined) codes.push("malformed_json", "body_too_large", "unsupported_media_type");
  if (idempotencyKey !== undefined) codes.push("idempotency_key_invalid", "idempotency_mismatch");
  if (idempotencyKey === "required") codes.push("idempotency_key_missing", "chain_forked");
  if (method !== "GET" && scope !== "public")
    codes.push("engine_busy", "mailbox_full", "not_ready", "read_only", "store_unavailable");
  return [...new Set(codes)];
}

/** Adds the routes of one endpoint to the server. */
export function mount(app: FastifyInstance, described: Endpoint, { tokens, limit }: Admission): void {
  const { inputs = {}, scope, method, alsoMethod, urls, path, isProbe } = described;
  const admission = { tokens, limit: isProbe === true ? undefined : limit };
  const guard = scope === "public" ? recognise(admission) : requireScope(admission, scope);
  const methods = alsoMethod === undefined ? [method] : [method, alsoMethod];
  const query = inputs.querystring;
  for (const url of urls) {
    for (const verb of methods) {
      app.route({
        method: verb,
        url,
        schema: inputs,
        exposeHeadRoute: methodsOf(described).includes("HEAD") && verb === "GET",
        config: { endpoint: described, isAlias: url !== path || verb !== method },
        onRequest: guard,
        ...(query === undefined && !mayBeEmpty(described)
          ? {}
          : { preValidation: prepare(query, mayBeEmpty(described)) }),
        handler: (request, reply) => run(described, { request, reply }),
      });
    }
  }
}

/** What the `Allow` of a path names. HEAD of a stream would keep it open and say nothing. */
export function methodsOf({ method, alsoMethod, answers }: Description): string[] {
  const methods = alsoMethod === undefined ? [method] : [method, alsoMethod];
  const isStream = answers[200]?.type === "text/event-stream";
  return methods.includes("GET") && !isStream ? [...methods, "HEAD"] : methods;
}

declare module "fastify" {
  interface FastifyContextConfig {
    endpoint?: Endpoint;
    isAlias?: boolean;
  }
}

/** Whether a request without a body means the same as one with `{}`. */
export function mayBeEmpty(described: Description | undefined): boolean {
  const body: unknown = described?.inputs?.body;
  if (typeof body !== "object" || body === null) return true;
  const required: unknown = Reflect.get(body, "required");
  return !Array.isArray(required) || required.length === 0;
}

function prepare(query: TObject | undefined, emptyAllowed: boolean) {
  return (request: FastifyRequest, _reply: FastifyReply, done: () => void): void => {
    if (query !== undefined) coerceQuery(query, request.query);
    if (emptyAllowed && request.body === undefined) request.body = {};
    done();
  };
}

type Run = { readonly request: FastifyRequest; readonly reply: FastifyReply };

async function run(described: Endpoint, { request, reply }: Run): Promise<FastifyReply> {
  const idempotency =
    described.idempotencyKey === undefined
      ? undefined
      : readIdempotency(request, `${described.method} ${described.path}`);
  if (idempotency === undefined && described.idempotencyKey === "required") {
    const refusal = refuse(
      "idempotency_key_missing",
      "Send an Idempotency-Key header, new for each intended payment and the same for its repeats",
    );
    return sendProblem({ refusal }, { request, reply });
  }
  if (isRefusal(idempotency)) return sendProblem({ refusal: idempotency }, { request, reply });
  const outcome = await described.handle({ request, reply, idempotency });
  if (outcome === undefined) return reply;
  if ("refusal" in outcome) return sendProblem(outcome, { request, reply });
  if (outcome.headers !== undefined) reply.headers(outcome.headers);
  return send(reply.code(outcome.status), outcome.body);
}

/** Every body is made field by field in a view, so the platform's own writer, the fastest there is, needs no schema. */
function send(reply: FastifyReply, body: unknown): FastifyReply {
  if (typeof body !== "object") return reply.send(body);
  const text = body instanceof JsonText ? body.text : JSON.stringify(body);
  return reply.header("content-type", "application/json; charset=utf-8").send(text);
}

function isRefusal(value: Idempotency | Refusal | undefined): value is Refusal {
  return value !== undefined && "code" in value;
}
