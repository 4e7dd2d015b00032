/** Who asks, and whether the scope of the route is theirs. Runs before a byte of the body is read. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { refuse, type Refusal } from "../domain/errors.ts";
import { allows, type Authenticator, type Principal, type Scope } from "../security/access.ts";
import { sendProblem } from "./problem.ts";
import type { Caller, RateLimit } from "./rate-limit.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks; `ANONYMOUS` on public routes without a token. */
    principal: Principal;
  }
}

export const ANONYMOUS: Principal = { id: "", name: "anonymous", scopes: [] };

/** How callers are told apart, and how often they may ask. */
export type Admission = { readonly tokens: Authenticator; readonly limit: RateLimit | undefined };

type Hook = (request: FastifyRequest, reply: FastifyReply, done: () => void) => void;

/** A route with a scope. A token travels in the header only: addresses end up in logs. */
export function requireScope({ tokens, limit }: Admission, scope: Scope): Hook {
  return (request, reply, done) => {
    const verdict = tokens.verify(request.headers.authorization);
    const tooFast = take(limit, callerOf(request, verdict.ok ? verdict.principal : undefined), reply);
    if (tooFast !== undefined) {
      sendProblem({ refusal: tooFast }, { request, reply });
      return;
    }
    if (!verdict.ok) {
      sendProblem({ refusal: verdict.refusal }, { request, reply });
      return;
    }
    if (!allows(verdict.principal, scope)) {
      const refusal = refuse("forbidden", `This endpoint needs a token with the scope ${scope}`, { scope });
      sendProblem({ refusal }, { request, reply });
      return;
    }
    request.principal = verdict.principal;
    done();
  };
}

/** A public route that says more to a known caller; a wrong token is the same as none. */
export function recognise({ tokens, limit }: Admission): Hook {
  return (request, reply, done) => {
    const verdict =
      request.headers.authorization === undefined ? undefined : tokens.verify(request.headers.authorization);
    const known = verdict?.ok === true ? verdict.principal : undefined;
    const tooFast = take(limit, callerOf(request, known), reply);
    if (tooFast !== undefined) {
      sendProblem({ refusal: tooFast }, { request, reply });
      return;
    }
    if (known !== undefined) request.principal = known;
    done();
  };
}

/** Whoever is limited is told how much is left, also when it is nothing. */
export function take(limit: RateLimit | undefined, caller: Caller, reply: FastifyReply): Refusal | undefined {
  if (limit === undefined) return undefined;
  const refusal = limit.take(caller);
  reply.headers(limit.headersOf(caller));
  return refusal;
}

/** The address is that of the socket: a header that anybody can write tells nobody apart. */
export function callerOf(request: FastifyRequest, principal: Principal | undefined): Caller {
  return { tokenId: principal?.id, address: request.ip };
}
