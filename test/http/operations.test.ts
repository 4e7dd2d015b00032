import { describe, expect, test } from "vitest";
import { ERRORS, Fault } from "../../src/domain/errors.ts";
import { SERVICES } from "../../src/machines/catalog.ts";
import { drain, openDoor, payout } from "../support/http.ts";

describe("health", () => {
  test("a healthy engine says so to everybody, and figures only to whom may see them", async () => {
    const door = await openDoor();
    for (const url of ["/health", "/health/ready", "/api/v1/tron/system/health", "/api/v1/system/health/ready"]) {
      const response = await door.get(url, { token: null });
      expect(response.statusCode, url).toBe(200);
      expect(response.json()).toEqual({ status: "ok", reasons: [] });
    }
    expect((await door.get("/health", { token: "ops:read" })).json().checks).toMatchObject({
      engine: { phase: "running" },
      disk: { state: "ok" },
    });
    expect((await door.get("/health", { token: "payouts:read" })).json()).not.toHaveProperty("checks");
    expect((await door.get("/health", { token: "wrong" })).statusCode).toBe(200);
    expect((await door.get("/health/live", { token: null })).json()).toEqual({ status: "ok" });
  });

  test("each thing that stops payouts turns ready to 503 with its reason, while reads and live go on", async () => {
    const door = await openDoor();
    const reasons = async () => {
      const response = await door.get("/health/ready");
      expect(response.statusCode).toBe(503);
      expect(response.json().status).toBe("unavailable");
      expect((await door.get("/health/live")).statusCode).toBe(200);
      expect((await door.get("/api/v1/payouts")).statusCode).toBe(200);
      return response.json().reasons.join("; ");
    };
    door.status.disk = "full";
    expect(await reasons()).toContain("disk is full");
    door.status.disk = "low";
    expect((await door.get("/health/ready")).statusCode).toBe(200);
    const { chain } = door.status;
    door.status.chain = { ...chain, halted: "a fork below the cursor" };
    expect(await reasons()).toContain("a fork below the cursor");
    door.status.chain = { ...chain, head: undefined, lastProgressAt: undefined };
    expect(await reasons()).toContain("no block");
    door.status.chain = { ...chain, lastProgressAt: door.clock.now() - 61_000 };
    expect(await reasons()).toContain("60 seconds");
    door.status.chain = chain;
    door.engine.readOnly = true;
    expect(await reasons()).toContain("disk is full");
    door.engine.readOnly = false;
    await door.engine.drain();
    expect(await reasons()).toContain("the engine is stopped");
  });

  test.each([
    ["not_ready", "the newest blocks are still being read"],
    ["nodes_disagree", "waiting for the nodes to agree about block 7"],
  ] as const)("while nothing may be signed (%s) it is not ready, and healthy", async (code, detail) => {
    const door = await openDoor();
    door.world.inTheWay = { code, detail };
    const response = await door.get("/health/ready", { token: null });
    expect([response.statusCode, response.json()]).toEqual([
      503,
      { status: "unavailable", reasons: [`nothing is signed (${code}): ${detail}`] },
    ]);
    expect((await door.get("/status")).json()).toMatchObject({
      ready: false,
      reasons: [expect.stringContaining(code)],
    });
    for (const url of ["/health", "/health/live"]) expect((await door.get(url)).statusCode, url).toBe(200);
    door.world.inTheWay = undefined;
    expect((await door.get("/health/ready")).statusCode).toBe(200);
  });

  test("while the nodes disagree no block comes, which no restart changes: it is healthy, and not ready", async () => {
    const door = await openDoor();
    const { chain } = door.status;
    for (const change of [{ lastProgressAt: door.clock.now() - 61_000 }, { head: undefined }]) {
      door.status.chain = { ...chain, ...change };
      door.world.inTheWay = undefined;
      expect((await door.get("/health")).statusCode).toBe(503);
      door.world.inTheWay = { code: "nodes_disagree", detail: "waiting for the nodes to agree about block 7" };
      expect((await door.get("/health", { token: null })).json()).toEqual({ status: "ok", reasons: [] });
      const ready = await door.get("/health/ready", { token: null });
      expect([ready.statusCode, ready.json().reasons.length]).toEqual([503, 2]);
    }
    door.status.chain = { ...chain, halted: "a fork below the cursor" };
    expect((await door.get("/health")).statusCode).toBe(503);
  });

  test("HEAD is answered like GET, without a body, as load balancers ask", async () => {
    const door = await openDoor();
    for (const url of ["/health", "/health/ready", "/health/live", "/api/v1/payouts", "/api/v1/payouts/po_none"]) {
      const [head, get] = [await door.call("HEAD", url), await door.get(url)];
      expect([head.statusCode, head.body], url).toEqual([get.statusCode, ""]);
      expect(head.headers["content-type"], url).toBe(get.headers["content-type"]);
    }
    expect((await door.call("HEAD", "/health", { token: null })).statusCode).toBe(200);
    expect((await door.call("HEAD", "/api/v1/payouts", { token: null })).statusCode).toBe(401);
    door.status.disk = "full";
    expect((await door.call("HEAD", "/health/ready")).statusCode).toBe(503);
  });

  test("HEAD of the live stream opens none", async () => {
    const door = await openDoor();
    expect((await door.call("HEAD", "/api/v1/tron/inspector/stream")).statusCode).toBe(405);
    expect((await door.get("/stats")).json().live_streams).toBe(0);
  });

  test("a full disk refuses new payouts and says so", async () => {
    const door = await openDoor();
    door.engine.readOnly = true;
    const response = await door.post("/api/v1/payouts", payout());
    expect(response.json()).toMatchObject({ status: 503, code: "read_only", retryable: true, retry_after: 60 });
    expect(response.headers["retry-after"]).toBe("60");
  });
});

describe("the service's own endpoints", () => {
  test("status, stats and the six services tell what runs", async () => {
    const door = await openDoor();
    expect((await door.get("/status")).json()).toMatchObject({
      name: "lucid-tron",
      network: "devnet",
      phase: "running",
      ready: true,
    });
    expect(
      (await door.get("/api/v1/tron/system/status")).json().services.map(({ service }: { service: string }) => service),
    ).toEqual([...SERVICES]);
    expect((await door.get("/stats")).json()).toMatchObject({ poisoned: 0, live_streams: 0 });
    for (const service of SERVICES) {
      expect((await door.get(`/${service}/stats`)).json()).toMatchObject({ service, state: "running", restarts: 0 });
    }
    expect((await door.get("/tron-client/stats")).json()).toMatchObject({
      actors: ["transaction", "relay"],
      figures: { head: { number: 118 } },
    });
    expect((await door.get("/payout-router/stats")).json().actors).toEqual(["payout", "payoutBatch"]);
  });

  test("metrics are text, and count each request under its route and never under its path", async () => {
    const door = await openDoor();
    const response = await door.get("/metrics");
    expect(response.headers["content-type"]).toContain("text/plain");
    expect(response.body).toBe("engine_up 1\n");
    await door.get("/api/v1/payouts/po_1234");
    await door.get("/some/guess");
    await drain();
    expect(door.requests.map(({ method, route, status }) => `${method} ${route} ${status}`)).toEqual([
      "GET /metrics 200",
      "GET /api/v1/tron/payouts/:payout_id 404",
      "GET unmatched 404",
    ]);
  });

  test("the configuration is what the port gives, whole", async () => {
    const config = {
      settings: [{ name: "WALLET_ENCRYPTION_KEY", value: "[set]", source: "environment" }],
      notices: ["x"],
    };
    const door = await openDoor({ ports: { config: () => config } });
    expect((await door.get("/config")).json()).toEqual(config);
  });

  test("one branch is restarted alone", async () => {
    const door = await openDoor();
    const response = await door.call("POST", "/restart/payout-router");
    expect(response.statusCode).toBe(202);
    expect((await door.get("/payout-router/stats")).json().restarts).toBe(1);
    expect((await door.get("/tron-client/stats")).json().restarts).toBe(0);
    expect((await door.call("POST", "/restart/constructor")).json()).toMatchObject({
      status: 404,
      code: "unknown_service",
    });
    door.refusals.push({ code: "restart_in_progress", detail: "it is being restarted" });
    expect((await door.call("POST", "/restart/payout-router")).json()).toMatchObject({
      status: 409,
      code: "restart_in_progress",
    });
  });
});

describe("pages for people", () => {
  test("every error code has its line with what to do, and no page runs or loads anything from elsewhere", async () => {
    const door = await openDoor();
    const errors = await door.get("/docs/errors", { token: null });
    for (const code of Object.keys(ERRORS))
      expect(errors.body).toMatch(
        new RegExp(`<tr id="${code}">(<td>.+?</td>){3}<td>.{10,}?</td><td>(yes|no)</td></tr>`),
      );
    expect(errors.body).toContain("then <code>POST /restart/tron-client</code> or start again");
    const docs = await door.get("/docs", { token: null });
    expect(docs.body).toContain("/api/v1/tron/payouts/:payout_id/approve");
    for (const page of [errors, docs]) {
      expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
      expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
      expect(page.headers["x-frame-options"]).toBe("DENY");
      expect(page.body).not.toMatch(/<script|https?:\/\/|style="|\son[a-z]+="/);
    }
    expect((await door.get("/docs/docs.css", { token: null })).headers["content-type"]).toContain("text/css");
  });
});

describe("request ids", () => {
  test("a caller's own id comes back, in the header and in a problem; a harmful one is replaced", async () => {
    const door = await openDoor();
    const kept = await door.get("/api/v1/payouts/po_1", { headers: { "x-request-id": "trace-7" } });
    expect(kept.headers["x-request-id"]).toBe("trace-7");
    expect(kept.json().request_id).toBe("trace-7");
    for (const bad of ["a b", "x".repeat(129), "é", ""]) {
      const { headers } = await door.get("/health", { headers: { "x-request-id": bad } });
      expect(headers["x-request-id"]).toMatch(/^req_[\w-]{21}$/);
    }
  });
});

describe("a bug", () => {
  test("tells nothing of itself but the request id, which the log has beside the cause", async () => {
    const lines: Record<string, unknown>[] = [];
    const logger = {
      debug() {},
      info() {},
      warn() {},
      error: (fields: Record<string, unknown>) => void lines.push(fields),
    };
    const door = await openDoor({
      ports: {
        logger,
        config: () => {
          throw new Error("secret path /var/keys");
        },
      },
    });
    const response = await door.get("/config", { headers: { "x-request-id": "trace-8" } });
    expect(response.json()).toMatchObject({ status: 500, code: "internal", request_id: "trace-8" });
    expect(response.body).not.toContain("secret path");
    expect(lines).toMatchObject([{ requestId: "trace-8", error: { message: "secret path /var/keys" } }]);
  });

  test("a fault that is not for callers is a bug to them", async () => {
    const door = await openDoor({
      ports: {
        config: () => {
          throw new Fault("store_corrupt", "record s!payout!po_1 is damaged");
        },
      },
    });
    expect((await door.get("/config")).json()).toMatchObject({ status: 500, code: "internal" });
  });
});

describe("browsers", () => {
  const preflight = { origin: "https://shop.example", "access-control-request-method": "POST" };

  test("no origin is allowed by default", async () => {
    const door = await openDoor();
    const { headers } = await door.call("OPTIONS", "/api/v1/payouts", { headers: preflight });
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  });

  test("a listed origin may call, another may not, and credentials are never allowed", async () => {
    const door = await openDoor({ http: { corsOrigins: ["https://shop.example"] } });
    const allowed = await door.call("OPTIONS", "/api/v1/payouts", { token: null, headers: preflight });
    expect(allowed.statusCode).toBe(204);
    expect(allowed.headers).toMatchObject({ "access-control-allow-origin": "https://shop.example", vary: "Origin" });
    expect(allowed.headers["access-control-allow-headers"]).toContain("Idempotency-Key");
    expect(allowed.headers["access-control-allow-credentials"]).toBeUndefined();
    const other = await door.get("/health", { headers: { origin: "https://evil.example" } });
    expect(other.headers["access-control-allow-origin"]).toBeUndefined();
  });

  test("the star allows everyone, without credentials", async () => {
    const door = await openDoor({ http: { corsOrigins: ["*"] } });
    const { headers } = await door.get("/health", { headers: { origin: "https://any.example" } });
    expect(headers["access-control-allow-origin"]).toBe("*");
    expect(headers["access-control-allow-credentials"]).toBeUndefined();
  });
});
