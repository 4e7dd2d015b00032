import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BUCKETS_MAX } from "../../src/http/bounds.ts";
import { RateLimit } from "../../src/http/rate-limit.ts";
import { openDoor } from "../support/http.ts";
import { ManualClock } from "../support/manual-clock.ts";

const LIMITS = { perToken: 5, perAddress: 2 };
const somebody = (address: string) => ({ tokenId: undefined, address });

describe("a caller", () => {
  test("gets two seconds' worth at once and then as many as the seconds allow", async () => {
    const clock = new ManualClock();
    const limit = new RateLimit(LIMITS, { clock });
    const granted = (tries: number) =>
      Array.from({ length: tries }, () => limit.take(somebody("a"))).filter((refusal) => refusal === undefined).length;
    expect(granted(9)).toBe(4);
    await clock.advance(499);
    expect(granted(9)).toBe(0);
    await clock.advance(1);
    expect(granted(9)).toBe(1);
    await clock.advance(3_600_000);
    expect(granted(9)).toBe(4);
    expect(limit.take(somebody("a"))).toMatchObject({ code: "rate_limited", evidence: { per_second: 2, burst: 4 } });
  });

  test("is never granted more in any stretch of time than its burst and its rate", () => {
    const steps = fc.array(fc.nat(900), { minLength: 50, maxLength: 120, size: "max" });
    fc.assert(
      fc.property(steps, (pauses) => {
        let now = 1_000;
        const limit = new RateLimit(LIMITS, { clock: { now: () => now } });
        const granted: number[] = [];
        for (const pause of pauses) {
          now += pause % 3 === 0 ? 0 : pause;
          if (limit.take({ tokenId: "t", address: "a" }) === undefined) granted.push(now);
        }
        const tooMany = granted.flatMap((from, first) =>
          granted.slice(first).filter((to, i) => i + 1 > 10 + ((to - from) / 1_000) * 5),
        );
        expect(tooMany).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test("loses nothing and gains nothing when the clock is set back", () => {
    let now = 10_000;
    const limit = new RateLimit(LIMITS, { clock: { now: () => now } });
    for (let i = 0; i < 4; i += 1) limit.take(somebody("a"));
    now = 0;
    expect(limit.take(somebody("a"))?.code).toBe("rate_limited");
    now = 500;
    expect(limit.take(somebody("a"))).toBeUndefined();
  });

  test("does not use up what is another's, and those who were not seen for longest are forgotten", () => {
    const limit = new RateLimit(LIMITS, { clock: new ManualClock() });
    for (let i = 0; i < 4; i += 1) limit.take(somebody("first"));
    expect(limit.take(somebody("first"))?.code).toBe("rate_limited");
    expect(limit.take({ tokenId: "first", address: "first" })).toBeUndefined();
    for (let i = 0; i < 3 * BUCKETS_MAX; i += 1) limit.take(somebody(`address ${i}`));
    expect(limit.size).toBe(BUCKETS_MAX);
    expect(limit.take(somebody("first"))).toBeUndefined();
  });
});

describe("the door", () => {
  const limited = () => openDoor({ http: { corsOrigins: [], rateLimits: LIMITS } });

  test("limits who asks for what is no address, and names the request", async () => {
    const door = await openDoor({ http: { rateLimits: { perToken: 5, perAddress: 1 } } });
    const wrong = ["/%zz", `/api/v1/payouts/${"x".repeat(200)}`];
    for (const url of wrong) {
      const response = await door.get(url, { headers: { "x-request-id": "mine" } });
      expect(response.json()).toMatchObject({ status: 404, code: "not_found", request_id: "mine" });
      expect(response.headers).toMatchObject({
        "x-request-id": "mine",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
      });
    }
    for (const url of wrong)
      expect((await door.get(url)).json()).toMatchObject({ status: 429, code: "rate_limited", retry_after: 1 });
  });

  test("answers 429 with Retry-After, for the one token that asked too often", async () => {
    const door = await limited();
    for (let i = 0; i < 10; i += 1) expect((await door.get("/status", { token: "admin" })).statusCode).toBe(200);
    const refused = await door.post("/api/v1/tron/wallets", { name: "w" }, { token: "admin" });
    expect([refused.statusCode, refused.headers["retry-after"]]).toEqual([429, "1"]);
    expect(refused.json()).toMatchObject({ code: "rate_limited", retryable: true, retry_after: 1 });
    expect((await door.get("/status", { token: "admin@another" })).statusCode).toBe(200);
    await door.clock.advance(1_000);
    expect((await door.post("/api/v1/tron/wallets", { name: "w" }, { token: "admin" })).statusCode).toBe(201);
  });

  test("says with each answer how much is left, and until when that is filled up", async () => {
    const door = await limited();
    const told = async (token: string | null) => {
      const { headers } = await door.get("/status", { token });
      return [headers["ratelimit-policy"], headers.ratelimit];
    };
    expect(await told("admin")).toEqual(['"token";q=10;w=2', '"token";r=9;t=1']);
    expect(await told("admin")).toEqual(['"token";q=10;w=2', '"token";r=8;t=1']);
    expect(await told(null)).toEqual(['"address";q=4;w=2', '"address";r=3;t=1']);
    for (let i = 0; i < 8; i += 1) await told("admin");
    expect(await told("admin")).toEqual(['"token";q=10;w=2', '"token";r=0;t=2']);
    expect((await door.get("/nothing", { token: "admin" })).headers.ratelimit).toBe('"address";r=2;t=1');
    const { headers } = await (await openDoor()).get("/status");
    expect(headers).not.toHaveProperty("ratelimit");
  });

  test.each([
    ["without a token", "/status", null],
    ["with a wrong token", "/status", "wrong"],
    ["for pages that need none", "/docs", null],
    ["for what does not exist", "/nothing", "admin"],
  ])("limits an address %s, which costs those with a token nothing", async (_, path, token) => {
    const door = await limited();
    const statuses: number[] = [];
    for (let i = 0; i < 6; i += 1) statuses.push((await door.get(path, { token })).statusCode);
    expect(statuses.slice(4)).toEqual([429, 429]);
    expect(statuses.slice(0, 4)).not.toContain(429);
    expect((await door.get("/status", { token: "admin" })).statusCode).toBe(200);
  });

  test("never limits a health probe", async () => {
    const door = await limited();
    const statuses = new Set<number>();
    for (let i = 0; i < 30; i += 1) statuses.add((await door.get("/health/live", { token: null })).statusCode);
    expect([...statuses]).toEqual([200]);
  });
});
