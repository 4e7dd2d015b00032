/** Which web pages may call the API from a browser. Credentials mode is never allowed: a token is sent on purpose. */
import type { FastifyInstance } from "fastify";

const EXPOSED = "X-Request-Id, Location, ETag, Retry-After, Idempotency-Replayed, RateLimit, RateLimit-Policy";
const PREFLIGHT_SECONDS = "600";

export function allowCrossOrigin(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const everyone = origins.includes("*");
  const listed = new Set(origins);
  app.addHook("onRequest", (request, reply, done) => {
    const { origin } = request.headers;
    if (!everyone) reply.header("vary", "Origin");
    if (origin === undefined || !(everyone || listed.has(origin))) return done();
    reply.header("access-control-allow-origin", everyone ? "*" : origin);
    reply.header("access-control-expose-headers", EXPOSED);
    if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) return done();
    reply.header("access-control-allow-methods", "GET, POST, PUT, DELETE");
    reply.header(
      "access-control-allow-headers",
      "Authorization, Content-Type, Idempotency-Key, If-Match, X-Request-Id, Last-Event-ID",
    );
    reply.header("access-control-max-age", PREFLIGHT_SECONDS);
    reply.code(204).send();
  });
}
