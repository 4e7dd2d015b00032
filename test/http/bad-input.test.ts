import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BLACKHOLE_ADDRESS, ZERO_ADDRESS } from "../../src/tron/address.ts";
import { PAYER } from "../support/engine.ts";
import { addressOf, openDoor, OWN, payout, USDT, type Door } from "../support/http.ts";

const PAYOUTS = "/api/v1/tron/payouts";
let door: Door;
beforeAll(async () => {
  door = await openDoor();
  door.facts.set(addressOf(50), { isContract: true });
  door.blacklisted.add(addressOf(51));
});
afterAll(() => door.app.close());

type Row = [what: string, body: unknown, status: number, code: string, says: string | RegExp];

const good = payout();
const rows: Row[] = [
  ["an unknown field", payout({ extra: 1 }), 400, "validation_failed", "/extra is not a known field"],
  ["a misspelt optional field", payout({ externalId: "x" }), 400, "validation_failed", "/externalId"],
  ["a missing recipient", { wallet: "wal_1", amount: "25" }, 400, "validation_failed", "/to is required"],
  ["a missing wallet", { to: addressOf(1), amount: "25" }, 400, "validation_failed", "/wallet is required"],
  ["an array as the body", [good], 400, "validation_failed", "must be object"],
  ["null as the body", null, 400, "validation_failed", "must be object"],
  ["text as the body", "payout", 400, "validation_failed", "must be object"],
  ["a number as the amount", payout({ amount: 25 }), 400, "invalid_amount", "decimal text"],
  ["a float as the amount", payout({ amount: 12.5 }), 400, "invalid_amount", "decimal text"],
  ["null as the amount", payout({ amount: null }), 400, "invalid_amount", "must be string"],
  ["seven decimals", payout({ amount: "25.0000001" }), 400, "invalid_amount", "at most 6 places"],
  ["a negative amount", payout({ amount: "-25" }), 400, "invalid_amount", "decimal text"],
  ["an amount with a plus", payout({ amount: "+25" }), 400, "invalid_amount", "decimal text"],
  ["an exponent", payout({ amount: "1e3" }), 400, "invalid_amount", "decimal text"],
  ["a hexadecimal amount", payout({ amount: "0x19" }), 400, "invalid_amount", "decimal text"],
  ["a leading zero", payout({ amount: "025" }), 400, "invalid_amount", "decimal text"],
  ["a comma", payout({ amount: "2,5" }), 400, "invalid_amount", "decimal text"],
  ["no digits after the point", payout({ amount: "25." }), 400, "invalid_amount", "decimal text"],
  ["an empty amount", payout({ amount: "" }), 400, "invalid_amount", "decimal text"],
  ["spaces around the amount", payout({ amount: " 25 " }), 400, "invalid_amount", "decimal text"],
  ["zero", payout({ amount: "0" }), 400, "invalid_amount", "more than 0"],
  ["zero with decimals", payout({ amount: "0.000000" }), 400, "invalid_amount", "more than 0"],
  [
    "one more than int64",
    payout({ amount: "9223372036854.775808" }),
    400,
    "invalid_amount",
    "at most 9223372036854.775807",
  ],
  [
    "all of int64 in TRX, to which fees are added",
    payout({ amount: "9223372036854.775807", asset: "TRX" }),
    422,
    "insufficient_funds",
    "9223372036854.775807 TRX",
  ],
  ["a hundred digits", payout({ amount: "9".repeat(100) }), 400, "invalid_amount", "decimal text"],
  ["a wrong checksum", payout({ to: `${addressOf(1).slice(0, -1)}2` }), 400, "invalid_address", "checksum"],
  [
    "two characters exchanged",
    payout({ to: "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjjL6t" }),
    400,
    "invalid_address",
    "checksum",
  ],
  ["an address in lower case", payout({ to: USDT.toLowerCase() }), 400, "invalid_address", "base58"],
  ["an address in hex", payout({ to: `41${"a".repeat(40)}` }), 400, "invalid_address", "base58"],
  ["an Ethereum address", payout({ to: `0x${"a".repeat(40)}` }), 400, "invalid_address", "base58"],
  ["a number as the recipient", payout({ to: 7 }), 400, "invalid_address", "base58"],
  ["the zero address", payout({ to: ZERO_ADDRESS }), 422, "destination_is_zero", "lost"],
  ["the black hole", payout({ to: BLACKHOLE_ADDRESS }), 422, "destination_is_zero", "lost"],
  ["the paying wallet itself", payout({ to: PAYER }), 422, "destination_is_self", "pay itself"],
  ["another wallet of the engine", payout({ to: OWN }), 422, "destination_is_own_wallet", "transfer"],
  ["the USDT contract", payout({ to: USDT }), 422, "destination_is_contract", "contract"],
  ["a contract", payout({ to: addressOf(50) }), 422, "destination_is_contract", "contract"],
  ["a frozen destination", payout({ to: addressOf(51) }), 422, "destination_blacklisted", "frozen"],
  ["an unknown wallet", payout({ wallet: "wal_none" }), 404, "not_found", "wal_none"],
  ["a wallet id with a path in it", payout({ wallet: "../../etc/passwd" }), 400, "validation_failed", "/wallet"],
  ["an unknown asset", payout({ asset: "USDC" }), 400, "validation_failed", /USDT|TRX/],
  ["less than the minimum", payout({ amount: "9.999999" }), 422, "below_minimum", "10 USDT"],
  ["an external id with a space", payout({ external_id: "a b" }), 400, "validation_failed", "/external_id"],
  [
    "an external id of 129 characters",
    payout({ external_id: "a".repeat(129) }),
    400,
    "validation_failed",
    "/external_id",
  ],
  ["metadata that is no text", payout({ metadata: { a: 1 } }), 400, "validation_failed", "/metadata/a"],
  [
    "33 metadata entries",
    payout({ metadata: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`k${i}`, "v"])) }),
    400,
    "validation_failed",
    "/metadata",
  ],
  ["metadata of 257 characters", payout({ metadata: { a: "x".repeat(257) } }), 400, "validation_failed", "/metadata/a"],
];

describe("a wrong payout is refused with a code of its own and with what to change", () => {
  test.each(rows)("%s", async (_what, body, status, code, says) => {
    const response = await door.post(PAYOUTS, body);
    const problem = response.json();
    expect({ status: response.statusCode, code: problem.code }).toEqual({ status, code });
    expect(JSON.stringify(problem)).toMatch(
      says instanceof RegExp ? says : new RegExp(says.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")),
    );
    expect(problem).toMatchObject({
      type: `/docs/errors#${code}`,
      status,
      request_id: response.headers["x-request-id"],
    });
    expect(response.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
  });
});

const bodies: [what: string, text: string, status: number, code: string, says: string][] = [
  ["half a body", '{"wallet":"wal_1"', 400, "malformed_json", "not valid JSON"],
  ["a trailing comma", '{"wallet":"wal_1",}', 400, "malformed_json", "not valid JSON"],
  ["an empty body", "", 400, "malformed_json", "empty"],
  ["a __proto__ key", '{"__proto__":{"isAdmin":true},"wallet":"wal_1"}', 400, "validation_failed", "/__proto__"],
  ["a nested __proto__ key", '{"metadata":{"__proto__":"x"}}', 400, "validation_failed", "/metadata/__proto__"],
  ["an escaped __proto__ key", '{"\\u005f\\u005fproto__":{"isAdmin":true}}', 400, "validation_failed", "/__proto__"],
  ["a constructor key", '{"constructor":{"prototype":{"isAdmin":true}}}', 400, "validation_failed", "/constructor"],
  ["a plain constructor key", '{"metadata":{"constructor":"x"}}', 400, "validation_failed", "/metadata/constructor"],
  ["a prototype key", '{"metadata":{"prototype":"x"}}', 400, "validation_failed", "/metadata"],
  ["a 1 MB body", `{"wallet":"${"x".repeat(1_000_000)}"}`, 413, "body_too_large", "524288"],
  ["a deep body", `${"[".repeat(100_000)}${"]".repeat(100_000)}`, 400, "validation_failed", "must be object"],
];

describe("a body that is no order", () => {
  test.each(bodies)("%s is refused", async (_what, text, status, code, says) => {
    const response = await door.call("POST", PAYOUTS, { key: "k", text });
    expect({ status: response.statusCode, code: response.json().code }).toEqual({ status, code });
    expect(response.body).toContain(says);
    expect(Reflect.get({}, "isAdmin")).toBeUndefined();
  });

  test("the message about broken JSON does not repeat what was sent", async () => {
    const secret = "f".repeat(64);
    const response = await door.call("POST", "/api/v1/wallets/import", { text: `{"private_key":"${secret}",}` });
    expect(response.json().code).toBe("malformed_json");
    expect(response.body).not.toContain("fff");
  });

  test("a 1 MB body is refused", async () => {
    const text = `{"wallet":"${"x".repeat(1_000_000)}"}`;
    const response = await door.call("POST", PAYOUTS, { key: "k", text });
    expect([response.statusCode, response.json().code]).toEqual([413, "body_too_large"]);
  });

  test.each([
    "text/plain",
    "application/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonx",
  ])("the content type %s is refused", async (type) => {
    const response = await door.call("POST", PAYOUTS, { key: "k", text: "a=b", headers: { "content-type": type } });
    expect(response.json()).toMatchObject({ status: 415, code: "unsupported_media_type" });
  });

  test("a missing content type is refused as a missing body", async () => {
    const response = await door.call("POST", PAYOUTS, { key: "k" });
    expect(response.json()).toMatchObject({ status: 400, code: "validation_failed" });
  });
});

describe("a wrong Idempotency-Key", () => {
  test("a missing one is named", async () => {
    expect((await door.post(PAYOUTS, good, { key: null })).json()).toMatchObject({
      status: 400,
      code: "idempotency_key_missing",
    });
  });

  test.each(["", "a".repeat(256), "tab\there", "höhe"])("%j is refused", async (key) => {
    expect((await door.post(PAYOUTS, good, { key })).json()).toMatchObject({
      status: 400,
      code: "idempotency_key_invalid",
    });
  });
});

describe("a wrong path or query", () => {
  test.each([
    ["/api/v1/tron/payouts?limit=0", "validation_failed", "/limit"],
    ["/api/v1/tron/payouts?limit=101", "validation_failed", "/limit"],
    ["/api/v1/tron/payouts?limit=ten", "validation_failed", "/limit"],
    ["/api/v1/tron/payouts?limit=1&limit=2", "validation_failed", "/limit"],
    ["/api/v1/tron/payouts?offset=3", "validation_failed", "/offset"],
    ["/api/v1/tron/payouts?__proto__=1", "validation_failed", "__proto__"],
    ["/api/v1/tron/payouts?order=down", "validation_failed", "/order"],
    ["/api/v1/tron/payouts?cursor=AAAA", "invalid_cursor", "cursor"],
    ["/api/v1/tron/payouts?cursor=", "invalid_cursor", "cursor"],
    ["/api/v1/tron/payouts?status=paid", "unknown_status", "awaiting_approval"],
    ["/api/v1/tron/payouts/status/paid", "unknown_status", "awaiting_approval"],
    ["/api/v1/tron/payouts/po_none", "not_found", "po_none"],
    ["/api/v1/tron/payouts/po%2F..%2Fx", "validation_failed", "payout_id"],
    ["/api/v1/tron/transactions/xyz", "validation_failed", "txid"],
    [`/api/v1/tron/transactions/${"A".repeat(64)}`, "validation_failed", "txid"],
    ["/api/v1/tron/network/block/-1", "validation_failed", "block"],
    ["/api/v1/tron/usdt/balance/abc", "invalid_address", "base58"],
    [`/api/v1/tron/usdt/balance/${addressOf(1).slice(0, -1)}2`, "invalid_address", "checksum"],
    ["/api/v1/tron/inspector/actors?kind=nobody", "validation_failed", "payout"],
    ["/api/v1/tron/inspector/actors?kind=__proto__", "validation_failed", "payout"],
    ["/api/v1/tron/wallets?label=a%20b", "validation_failed", "/label"],
  ])("GET %s is refused", async (url, code, says) => {
    const response = await door.get(url);
    expect(response.json().code).toBe(code);
    expect(response.body).toContain(says);
  });

  test.each([
    "/nothing",
    "/api/v1/tron",
    "/api/v1/tron/payouts/po_1/nothing",
    `/api/v1/tron/payouts/${"x".repeat(200)}`,
    "/%2e%2e/etc/passwd",
    "/openapi-json",
    "/docs/docs-css",
  ])("GET %s is not found", async (url) => {
    expect((await door.get(url)).statusCode).toBe(404);
  });

  test("a path that is no URL text is not found, as a problem", async () => {
    const response = await door.get("/api/v1/tron/payouts/%E0%A4%A");
    expect(response.json()).toMatchObject({ status: 404, code: "not_found" });
  });

  test("a cursor of another list is refused", async () => {
    const rich = await openDoor();
    for (let i = 0; i < 3; i += 1) await rich.post(PAYOUTS, payout());
    const cursor = (await rich.get(`${PAYOUTS}?limit=1`)).json().next_cursor;
    expect((await rich.get(`${PAYOUTS}?limit=1&cursor=${cursor}`)).statusCode).toBe(200);
    expect((await rich.get(`${PAYOUTS}?limit=1&cursor=${cursor}&status=pending`)).json().code).toBe("invalid_cursor");
  });

  test.each([
    ["PATCH", PAYOUTS, "GET, HEAD, POST"],
    ["DELETE", `${PAYOUTS}/po_1`, "GET, HEAD"],
    ["GET", "/api/v1/payouts/po_1/approve", "POST, PUT"],
    ["POST", "/health", "GET, HEAD"],
    ["POST", "/api/v1/tron/inspector/stream", "GET"],
    ["GET", "/restart/payout-router", "POST"],
  ])("%s %s is told which methods there are", async (method, url, allow) => {
    const response = await door.call(method, url);
    expect(response.json()).toMatchObject({ status: 405, code: "method_not_allowed" });
    expect(response.headers.allow).toBe(allow);
  });
});

test("nothing half-written stays: after all of the above there is still only the wallet", async () => {
  expect((await door.get(PAYOUTS)).json().items).toEqual([]);
  expect((await door.get("/api/v1/wallets")).json().items).toHaveLength(1);
  expect(door.engine.status().actorsInMemory).toBe(1);
});

test("null is no body where a body may be left out, and is refused like any other body that is no object", async () => {
  const frozen = await door.call("POST", "/api/v1/tron/wallets/wal_1/freeze", { text: "null" });
  expect(frozen.json()).toMatchObject({ status: 400, code: "validation_failed" });
  expect((await door.call("POST", "/api/v1/tron/wallets/wal_1/freeze")).statusCode).toBe(200);
});
