/**
 * The HTTP server: every endpoint on one Fastify instance, and what holds for all of them: request ids, problems,
 * headers, bounds. Owns its sockets and live streams; state of payments is the engine's.
 */
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { nanoid } from "nanoid";
import { isFault, refuse, type ErrorCode } from "../domain/errors.ts";
import { BODY_BYTES_MAX } from "../domain/limits.ts";
import { ANONYMOUS, callerOf, take } from "./auth.ts";
import { answerClientError, refuseExpectation } from "./bad-http.ts";
import {
  CONNECTIONS_CHECK_MS,
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_TIMEOUT_MS,
  PARAM_LENGTH_MAX,
  REQUEST_ID_LENGTH_MAX,
  REQUEST_TIMEOUT_MS,
} from "./bounds.ts";
import { allowCrossOrigin } from "./cors.ts";
import { mayBeEmpty, mount } from "./endpoint.ts";
import { endpointsOf } from "./endpoints.ts";
import { buildLazyValidator } from "./lazy-validation.ts";
import { MethodTable } from "./method-table.ts";
import { serveDocument } from "./openapi.ts";
import type { HttpOptions, HttpPorts } from "./ports.ts";
import { BUG, refusalOf, sendProblem } from "./problem.ts";
import { RateLimit } from "./rate-limit.ts";
import { StepStream } from "./step-stream.ts";
import { parseJsonBody, rejectInvalid } from "./validation.ts";

/** Call `listen` on what it returns; `close` ends live streams first. */
export async function createServer(options: HttpOptions, ports: HttpPorts): Promise<FastifyInstance> {
  const limit = options.rateLimits === undefined ? undefined : new RateLimit(options.rateLimits, ports);
  const app = bareServer(ports, limit);
  const stream = new StepStream(ports);
  app.addHook("preClose", (done) => {
    stream.close();
    done();
  });
  app.decorateRequest("principal");
  allowCrossOrigin(app, options.corsOrigins);
  observe(app, ports);
  handleErrors(app, ports);
  await serveDocument(app, { build: ports.build });
  const endpoints = endpointsOf(ports, { stream, document: () => app.swagger() });
  for (const endpoint of endpoints) mount(app, endpoint, { tokens: ports.tokens, limit });
  refuseUnknown(app, new MethodTable(endpoints), limit);
  return app;
}

function bareServer(ports: HttpPorts, limit: RateLimit | undefined): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
      // Node would refuse without a word; `observe` refuses with a problem.
      requireHostHeader: false,
    },
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX, ignoreTrailingSlash: true },
    trustProxy: false,
    requestIdHeader: false,
    genReqId: ({ headers }) => acceptedRequestId(headers["x-request-id"]) ?? `req_${nanoid()}`,
    // The engine refuses by itself while it drains, in the words of the catalogue.
    return503OnClosing: false,
    exposeHeadRoutes: false,
    schemaController: { compilersFactory: { buildValidator: buildLazyValidator } },
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        strict: false,
      },
    },
    frameworkErrors: (_error, request, reply) => {
      // No hook runs for these, so what holds for all answers is done here.
      markAnswer(request, reply);
      const tooFast = take(limit, callerOf(request, undefined), reply);
      sendProblem({ refusal: tooFast ?? refuse("not_found", "The address is not valid") }, { request, reply });
    },
    clientErrorHandler: answerClientError,
  });
  app.server.on("checkExpectation", refuseExpectation);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    try {
      const text = String(body);
      done(null, text === "" && mayBeEmpty(request.routeOptions.config.endpoint) ? undefined : parseJsonBody(text));
    } catch (error) {
      done(error instanceof Error ? error : new Error("the body could not be read"));
    }
  });
  ports.logger.debug({}, "http server made");
  return app;
}

const requestId = new RegExp(`^[\\x21-\\x7e]{1,${REQUEST_ID_LENGTH_MAX}}$`);

/** A caller's own id is taken over when it is harmless in a log line and a header; otherwise one is made. */
function acceptedRequestId(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" && requestId.test(header) ? header : undefined;
}

function observe(app: FastifyInstance, { metrics }: HttpPorts): void {
  app.addHook("onRequest", (request, reply, done) => {
    request.principal = ANONYMOUS;
    markAnswer(request, reply);
    if (request.headers.host === undefined && request.raw.httpVersion === "1.1") {
      sendProblem({ refusal: refuse("validation_failed", "Send the header Host") }, { request, reply });
    } else done();
  });
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.config.endpoint?.path ?? "unmatched";
    metrics.httpRequest({
      method: request.method,
      route,
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1_000,
    });
    done();
  });
}

function markAnswer(request: FastifyRequest, reply: FastifyReply): void {
  reply.header("x-request-id", request.id);
  reply.header("cache-control", "no-store");
  reply.header("x-content-type-options", "nosniff");
}

function handleErrors(app: FastifyInstance, { logger }: HttpPorts): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (error.validation !== undefined) {
      const part = error.validationContext ?? "body";
      return sendProblem(rejectInvalid(error.validation, { part, input: inputOf(request, part) }), { request, reply });
    }
    const refusal = refusalOf(error) ?? framework(error);
    if (refusal !== undefined) return sendProblem({ refusal }, { request, reply });
    logger.error({ requestId: request.id, route: request.routeOptions.url, error }, "a request met a bug");
    return sendProblem(BUG, { request, reply });
  });
}

function inputOf(request: FastifyRequest, part: string): unknown {
  if (part === "querystring") return request.query;
  return part === "params" ? request.params : request.body;
}

const FRAMEWORK_CODES: Readonly<Record<string, [ErrorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ["body_too_large", `Send at most ${BODY_BYTES_MAX} bytes`],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ["unsupported_media_type", "Send the header Content-Type: application/json"],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ["malformed_json", "The body is not as long as Content-Length says"],
};

function framework(error: FastifyError) {
  const known = FRAMEWORK_CODES[error.code];
  if (known !== undefined) return refuse(known[0], known[1]);
  const isClients = error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500;
  return isClients && !isFault(error) ? refuse("validation_failed", "The request is not valid HTTP") : undefined;
}

function refuseUnknown(app: FastifyInstance, table: MethodTable, limit: RateLimit | undefined): void {
  app.setNotFoundHandler((request, reply) => {
    const tooFast = take(limit, callerOf(request, undefined), reply);
    if (tooFast !== undefined) return sendProblem({ refusal: tooFast }, { request, reply });
    const path = request.url.split("?", 1)[0] ?? "";
    const methods = table.methodsOf(path);
    if (methods.length === 0) {
      return sendProblem(
        { refusal: refuse("not_found", "No such endpoint; /openapi.json lists all") },
        { request, reply },
      );
    }
    reply.header("allow", methods.join(", "));
    return sendProblem(
      { refusal: refuse("method_not_allowed", `Use ${methods.filter((method) => method !== "HEAD").join(" or ")}`) },
      { request, reply },
    );
  });
}
