import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ERRORS } from "../../src/domain/errors.ts";
import { SCOPES } from "../../src/security/access.ts";
import { openDoor, type Document, type Door } from "../support/http.ts";

type Schema = {
  type?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: unknown;
  items?: Schema;
  anyOf?: Schema[];
  required?: string[];
};
type Operation = Document["paths"][string][string] & {
  operationId: string;
  summary: string;
  description: string;
  tags: string[];
  security: unknown[];
  "x-scope": string;
  parameters?: { name: string; in: string; required?: boolean }[];
  requestBody?: { required?: boolean; content: Record<string, { schema: Schema }> };
};

let door: Door;
let operations: { method: string; path: string; operation: Operation }[];
let document: { openapi: string; info: object; components: { schemas: Record<string, unknown> } };

beforeAll(async () => {
  door = await openDoor();
  document = (await door.get("/openapi.json", { token: null })).json();
  const { paths } = document as unknown as { paths: Record<string, Record<string, Operation>> };
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
});
afterAll(() => door.app.close());

const name = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;
/** Concrete text for a documented path. */
const concrete = (path: string) => path.replace(/\{[a-z_]+\}|:[a-z_]+/g, "none");

/** Every endpoint of the issue, by its canonical path. */
const REQUIRED = `
GET /network/status, GET /network/info, GET /network/block/{block_number}, GET /network/chain-parameters,
POST /broadcast/raw, POST /network/validate-address, GET /network/account/{address}, GET /network/resources/price,
POST /wallets, GET /wallets, GET /wallets/{wallet_id}, PUT /wallets/{wallet_id}, DELETE /wallets/{wallet_id},
GET /wallets/{wallet_id}/balance, GET /wallets/{wallet_id}/history, GET /wallets/{wallet_id}/permissions, POST /wallets/batch/create, POST /wallets/import,
POST /wallets/{wallet_id}/sweep, POST /wallets/{wallet_id}/freeze, POST /wallets/{wallet_id}/unfreeze,
GET /usdt/balance/{address}, POST /usdt/transfer, GET /usdt/transactions/{address}, GET /usdt/contract, POST /trx/transfer,
POST /payouts, GET /payouts/{payout_id}, GET /payouts/status/{status}, PUT /payouts/{payout_id}/approve, GET /payouts,
POST /payouts/batch, GET /payouts/batches/{batch_id}, GET /payouts/batches/{batch_id}/payouts,
POST /payouts/{payout_id}/cancel, POST /payouts/{payout_id}/reject, POST /payouts/{payout_id}/retry,
GET /payouts/{payout_id}/events, POST /payouts/estimate,
GET /transactions/{txid}, POST /transactions/create, GET /transactions/history/{address}, POST /transactions/estimate-fee,
GET /transactions/{txid}/receipt, POST /transactions/{txid}/retry,
GET /inspector/machines, GET /inspector/actors, GET /inspector/actors/{kind}/{id}, GET /inspector/actors/{id}, POST /inspector/actors/{kind}/{id}/release,
GET /inspector/stream`
  .split(",")
  .map((text) => text.trim().replace(" /", " /api/v1/tron/"));

const SERVICE = ["tron-client", "wallet-manager", "usdt-manager", "payout-router", "trx-staking", "payment-gateway"]
  .map((service) => `GET /${service}/stats`)
  .concat(
    "GET /health",
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
    "GET /status",
    "GET /stats",
    "GET /config",
    "POST /restart/{service_name}",
  );

describe("the document", () => {
  test("is OpenAPI 3.1 and lists every endpoint under its canonical path", () => {
    expect(document.openapi).toBe("3.1.0");
    const listed = operations.map(name);
    for (const wanted of [...REQUIRED, ...SERVICE]) expect(listed).toContain(wanted);
    expect(listed.filter((text) => / \/api\/v1\/(?!tron\/)/.test(text))).toEqual([]);
  });

  test("has no operation that makes, shows or revokes a token", () => {
    expect(operations.map(name).filter((text) => /token|grant|role/i.test(text))).toEqual([]);
    expect(SCOPES.filter((scope) => /token|grant|role/i.test(scope))).toEqual([]);
  });

  test("gives every operation words, a scope, its own id and all its answers", () => {
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
    for (const each of operations) {
      const { operation } = each;
      expect(operation.summary, name(each)).not.toBe("");
      expect(operation.tags, name(each)).toHaveLength(1);
      const isPublic = operation["x-scope"] === "public";
      if (isPublic) expect(operation.security).toEqual([]);
      else {
        expect(SCOPES).toContain(operation["x-scope"]);
        expect(operation.security).toEqual([{ token: [operation["x-scope"]] }]);
        expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(["401", "403"]));
      }
      const statuses = Object.keys(operation.responses);
      expect(
        statuses.some((status) => status.startsWith("2")),
        name(each),
      ).toBe(true);
      expect(statuses, name(each)).toContain("500");
      for (const code of operation["x-errors"])
        expect(statuses, `${name(each)} ${code}`).toContain(String(ERRORS[code as keyof typeof ERRORS].status));
    }
  });

  test("asks for a body only where a field of it is required", () => {
    const bodies = operations.filter(({ operation }) => operation.requestBody !== undefined);
    const optional = bodies.filter(({ operation }) => operation.requestBody?.required === false).map(name);
    expect(optional).toContain("POST /api/v1/tron/wallets/{wallet_id}/freeze");
    for (const each of bodies) {
      const fields = each.operation.requestBody?.content["application/json"]?.schema.required ?? [];
      expect(optional.includes(name(each)), name(each)).toBe(fields.length === 0);
    }
  });

  test("leaves only health and the documents open", () => {
    expect(
      operations
        .filter(({ operation }) => operation["x-scope"] === "public")
        .map(({ path }) => path)
        .toSorted(),
    ).toEqual(["/docs", "/docs/docs.css", "/docs/errors", "/health", "/health/live", "/health/ready", "/openapi.json"]);
  });

  test("uses every scope, so that none is granted for nothing", () => {
    const used = new Set(operations.map(({ operation }) => operation["x-scope"]));
    expect(SCOPES.filter((scope) => !used.has(scope))).toEqual([]);
  });

  test("refuses unknown fields in every body and query, at every depth", () => {
    const loose: string[] = [];
    const walk = (schema: Schema, place: string) => {
      if (schema.type === "object" && schema.additionalProperties === undefined) loose.push(place);
      for (const [field, inner] of Object.entries(schema.properties ?? {})) walk(inner, `${place}/${field}`);
      if (schema.items !== undefined) walk(schema.items, `${place}[]`);
      for (const inner of schema.anyOf ?? []) walk(inner, place);
    };
    for (const each of operations) {
      for (const { schema } of Object.values(each.operation.requestBody?.content ?? {})) walk(schema, name(each));
    }
    expect(loose).toEqual([]);
  });

  test("has amounts of requests as text, never as numbers", () => {
    const numbers: string[] = [];
    const walk = (schema: Schema, place: string) => {
      if (schema.type === "number") numbers.push(place);
      for (const [field, inner] of Object.entries(schema.properties ?? {})) walk(inner, `${place}/${field}`);
      if (schema.items !== undefined) walk(schema.items, `${place}[]`);
    };
    for (const each of operations) {
      for (const { schema } of Object.values(each.operation.requestBody?.content ?? {})) walk(schema, name(each));
    }
    expect(numbers).toEqual([]);
  });

  test("names the headers that an endpoint reads", () => {
    const headersOf = (wanted: string) =>
      operations
        .find((each) => name(each) === wanted)
        ?.operation.parameters?.filter(({ name: header }) => /^[A-Z]/.test(header))
        .map(({ name: header, required }) => [header, required === true]);
    expect(headersOf("PUT /api/v1/tron/wallets/{wallet_id}")).toEqual([["If-Match", false]]);
    expect(headersOf("GET /api/v1/tron/inspector/stream")).toEqual([["Last-Event-ID", false]]);
    expect(headersOf("POST /api/v1/tron/wallets")?.map(([header]) => header)).toEqual(["Idempotency-Key"]);
  });

  test("has what can go wrong with a body wherever one is read, and takes none with unknown fields", async () => {
    for (const each of operations.filter(({ method }) => method !== "GET"))
      expect(each.operation["x-errors"], name(each)).toEqual(
        expect.arrayContaining(["validation_failed", "malformed_json", "body_too_large", "unsupported_media_type"]),
      );
    const wrong = { code: "validation_failed", detail: expect.stringContaining("/force") };
    const restart = "/restart/payout-router";
    expect((await door.call("POST", restart, { body: { force: true } })).json()).toMatchObject(wrong);
    const archive = "/api/v1/wallets/wal_none?confirm=wal_none";
    expect((await door.call("DELETE", archive, { body: { force: true } })).json()).toMatchObject(wrong);
    expect((await door.call("DELETE", archive)).json().code).toBe("not_found");
    expect(
      (await door.call("POST", restart, { text: "a", headers: { "content-type": "text/plain" } })).statusCode,
    ).toBe(415);
    expect((await door.call("POST", restart, { body: {} })).statusCode).toBe(202);
  });

  test("demands an Idempotency-Key wherever money is moved", () => {
    const demanding = operations
      .filter(({ operation }) =>
        operation.parameters?.some((parameter) => parameter.name === "Idempotency-Key" && parameter.required === true),
      )
      .map(name)
      .toSorted();
    expect(demanding).toEqual(
      [
        "POST /api/v1/tron/broadcast/raw",
        "POST /api/v1/tron/payouts",
        "POST /api/v1/tron/payouts/batch",
        "POST /api/v1/tron/payouts/{payout_id}/retry",
        "POST /api/v1/tron/transactions/{txid}/retry",
        "POST /api/v1/tron/trx/transfer",
        "POST /api/v1/tron/usdt/transfer",
        "POST /api/v1/tron/wallets/{wallet_id}/sweep",
      ].toSorted(),
    );
  });

  test("refers to nothing that it does not contain", () => {
    const text = JSON.stringify(document);
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target);
    expect(new Set(references)).toEqual(new Set(["#/components/schemas/Problem"]));
    expect(Object.keys(document.components.schemas)).toEqual(["Problem"]);
  });
});

describe("every endpoint", () => {
  test("answers without a token, with a wrong one and without its scope in the documented way", async () => {
    for (const each of operations) {
      const { method, path, operation } = each;
      if (operation["x-scope"] === "public") continue;
      const url = concrete(path);
      expect((await door.call(method, url, { token: null })).json().code, name(each)).toBe("unauthenticated");
      const wrong = await door.call(method, url, { token: "wrong" });
      expect(wrong.statusCode, name(each)).toBe(401);
      expect(wrong.headers["www-authenticate"]).toContain("Bearer");
      const others = SCOPES.filter((scope) => scope !== operation["x-scope"]).join(",");
      const refused = (await door.call(method, url, { token: others })).json();
      expect(refused, name(each)).toMatchObject({
        status: 403,
        code: "forbidden",
        evidence: { scope: operation["x-scope"] },
      });
    }
  });

  test("checks who asks before it reads what is asked", async () => {
    for (const each of operations) {
      if (each.operation.requestBody === undefined) continue;
      const response = await door.call(each.method, concrete(each.path), { token: null, text: "{broken" });
      expect(response.statusCode, name(each)).toBe(401);
    }
  });

  test("has schemas that compile, which happens with its first request", async () => {
    for (const each of operations) {
      const { requestBody, parameters = [] } = each.operation;
      if (requestBody === undefined && parameters.length === 0) continue;
      const body = requestBody === undefined ? {} : { text: '{"no_such_field":1}' };
      const response = await door.call(each.method, `${concrete(each.path)}?no_such_field=1`, body);
      expect(response.body, name(each)).not.toContain('"code":"internal"');
    }
  });

  test("answers on each of its aliases as on its canonical path", async () => {
    let compared = 0;
    for (const each of operations) {
      const { method, path, operation } = each;
      if (path.endsWith("/stream")) continue;
      const body = operation.requestBody === undefined ? {} : { text: "{}" };
      const canonical = await door.call(method, concrete(path), body);
      for (const alias of operation["x-aliases"]) {
        const [first = "", second] = alias.split(" ");
        const [verb, url] = second === undefined ? [method, first] : [first, second];
        const answer = await door.call(verb, concrete(url), body);
        expect([answer.statusCode, scrub(answer.body)], `${verb} ${url}`).toEqual([
          canonical.statusCode,
          scrub(canonical.body),
        ]);
        expect(answer.headers.location).toBe(canonical.headers.location);
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(60);
  });

  test("has its alias under /api/v1 when it is under /api/v1/tron", () => {
    for (const each of operations) {
      if (!each.path.startsWith("/api/v1/tron/")) continue;
      const alias = each.path.replace("/api/v1/tron/", "/api/v1/").replace(/\{([a-z_]+)\}/g, ":$1");
      expect(each.operation["x-aliases"], name(each)).toContain(alias);
    }
  });
});

/** Without what differs between any two requests, and between two reads of a clock or a counter. */
function scrub(body: string): string {
  return body.replace(/"(request_id|steps|commits|writes|messages_waiting|etag)":("[^"]*"|\d+)/g, '"$1":""');
}
