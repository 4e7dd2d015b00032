/** The OpenAPI 3.1 document, made from the endpoints: canonical paths with their aliases named beside them. */
import fastifySwagger from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import { ERRORS, type ErrorCode } from "../domain/errors.ts";
import { IDEMPOTENCY_KEY_MAX } from "../domain/limits.ts";
import { errorsOf, type Description, type Endpoint } from "./endpoint.ts";
import type { Build } from "./ports.ts";
import { ProblemSchema } from "./problem.ts";

export async function serveDocument(app: FastifyInstance, about: { build: Build }): Promise<void> {
  app.addSchema(ProblemSchema);
  await app.register(fastifySwagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "lucid-tron",
        version: about.build.version,
        description:
          "A payment engine for TRON that never pays twice. Amounts are decimal text; times are ISO 8601; every refusal is a problem with a stable code. Every path under /api/v1/tron is also served under /api/v1.",
      },
      components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) =>
        typeof json.$id === "string" ? json.$id : `part${index}`,
    },
    transform: ({ schema, url, route }) => {
      const described = route.config?.endpoint;
      if (described === undefined || route.config?.isAlias === true) return { schema: { ...schema, hide: true }, url };
      return { schema: { ...schema, ...operationOf(described) }, url };
    },
    transformObject: (document) => {
      if (!("openapiObject" in document)) return document.swaggerObject;
      for (const item of Object.values(document.openapiObject.paths ?? {})) {
        for (const operation of [item?.post, item?.put, item?.delete]) allowEmptyBody(operation?.requestBody);
      }
      return document.openapiObject;
    },
  });
}

type Body = { required?: boolean; content: Record<string, { schema?: object }> };

/** The plugin calls every body required; one without a required field may be left out (`mayBeEmpty`). */
function allowEmptyBody(body: Body | { $ref: string } | undefined): void {
  if (body === undefined || "$ref" in body) return;
  const schema = body.content["application/json"]?.schema;
  if (schema !== undefined && !("required" in schema)) body.required = false;
}

function operationOf(described: Endpoint) {
  const { summary, description, tag, scope, urls, path, method, alsoMethod } = described;
  const aliases = [
    ...urls.filter((url) => url !== path),
    ...(alsoMethod === undefined ? [] : [`${alsoMethod} ${path}`]),
  ];
  return {
    summary,
    description: [description, scope === "public" ? "No token needed." : `Scope: ${scope}.`]
      .filter(Boolean)
      .join("\n\n"),
    tags: [tag],
    operationId: `${method.toLowerCase()}${path.replace(/[/:_-]+([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase()).replace(/[^A-Za-z0-9]/g, "")}`,
    security: scope === "public" ? [] : [{ token: [scope] }],
    "x-scope": scope,
    "x-aliases": aliases,
    "x-errors": errorsOf(described),
    ...headersOf(described),
    response: responsesOf(described),
  };
}

const IDEMPOTENCY_HEADER = {
  type: "string",
  minLength: 1,
  maxLength: IDEMPOTENCY_KEY_MAX,
  pattern: "^[\\x20-\\x7e]+$",
  description: "The same for each repeat of one intended request",
};

function headersOf({ idempotencyKey, headers = {} }: Description) {
  if (idempotencyKey === undefined && Object.keys(headers).length === 0) return {};
  const others = Object.entries(headers).map(([name, description]): [string, object] => [
    name,
    { type: "string", description },
  ]);
  const properties: Record<string, object> = {
    ...(idempotencyKey === undefined ? {} : { "Idempotency-Key": IDEMPOTENCY_HEADER }),
    ...Object.fromEntries(others),
  };
  return {
    headers: {
      type: "object",
      properties,
      ...(idempotencyKey === "required" ? { required: ["Idempotency-Key"] } : {}),
    },
  };
}

function responsesOf(described: Endpoint): Record<string, object> {
  const { answers } = described;
  const good = Object.entries(answers).map(([status, { description, schema, type }]): [string, object] => [
    status,
    schema === undefined
      ? {
          description,
          ...(type === undefined ? { type: "null" } : { content: { [type]: { schema: { type: "string" } } } }),
        }
      : { ...schema, description },
  ]);
  const byStatus = Map.groupBy(errorsOf(described), (code) => ERRORS[code].status);
  const bad = [...byStatus].map(([status, codes]): [string, object] => [String(status), problems(codes)]);
  return Object.fromEntries([...good, ...bad.filter(([status]) => !(status in answers))]);
}

function problems(codes: readonly ErrorCode[]): object {
  const description = codes.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join("; ");
  return { description, content: { "application/problem+json": { schema: { $ref: "Problem#" } } } };
}
