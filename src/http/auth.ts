/** Who asks, and whether the scope of the route is theirs. Runs before a byte of the body is read. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { refuse } from "../domain/errors.ts";
import { allows, type Authenticator, type Principal, type Scope } from "../security/access.ts";
import { sendProblem } from "./problem.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks; `ANONYMOUS` on public routes without a token. */
    principal: Principal;
  }
}

export const ANONYMOUS: Principal = { id: "", name: "anonymous", scopes: [] };

type Hook = (request: FastifyRequest, reply: FastifyReply, done: () => void) => void;

/** A route with a scope. A token travels in the header only: addresses end up in logs. */
export function requireScope(tokens: Authenticator, scope: Scope): Hook {
  return (request, reply, done) => {
    const verdict = tokens.verify(request.headers.authorization);
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
export function recognise(tokens: Authenticator): Hook {
  return (request, _reply, done) => {
    if (request.headers.authorization !== undefined) {
      const verdict = tokens.verify(request.headers.authorization);
      if (verdict.ok) request.principal = verdict.principal;
    }
    done();
  };
}
