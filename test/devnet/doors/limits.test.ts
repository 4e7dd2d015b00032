import { describe, expect, test } from "vitest";
import type { Devnet } from "../../../src/devnet/handle.ts";
import { USUAL_LIMITS } from "../../../src/devnet/http/grid-gate.ts";
import { type Json, manualDevnet } from "../support.ts";

type Seen = { status: number; body: Json; retryAfter: string | null };

async function ask(devnet: Devnet, key?: string, path = "/wallet/getnowblock"): Promise<Seen> {
  const response = await fetch(devnet.url + path, key === undefined ? {} : { headers: { "TRON-PRO-API-KEY": key } });
  return {
    status: response.status,
    body: (await response.json()) as Json,
    retryAfter: response.headers.get("retry-after"),
  };
}

const statuses = async (devnet: Devnet, count: number, key?: string) => {
  const seen: number[] = [];
  for (let at = 0; at < count; at += 1) seen.push((await ask(devnet, key)).status);
  return seen;
};

/** Chain time stands still between blocks, so a second is as long as the test wants. */
const limits = { ...USUAL_LIMITS, keyed: { perSecond: 2, suspensionSeconds: 30, status: 403 as const } };

describe("a provider's limits", () => {
  test("are off unless asked for", async () => {
    const devnet = await manualDevnet();
    expect(devnet.limits).toBeUndefined();
    expect(await statuses(devnet, 40)).toEqual(Array.from({ length: 40 }, () => 200));
  });

  test("one request too many in a second suspends the key, and trying again does not prolong it", async () => {
    const devnet = await manualDevnet({ limits });
    expect(await statuses(devnet, 4, "k")).toEqual([200, 200, 403, 403]);
    expect(await ask(devnet, "k")).toEqual({
      status: 403,
      body: { Error: "The key exceeds the frequency limit(2), and the query server is suspended for 30s" },
      retryAfter: null,
    });
    await devnet.mine(9);
    expect((await ask(devnet, "k")).body["Error"]).toContain("suspended for 3s");
    await devnet.mine();
    expect((await ask(devnet, "k")).status).toBe(200);
  });

  test("another key is another client", async () => {
    const devnet = await manualDevnet({ limits });
    await statuses(devnet, 3, "k");
    expect((await ask(devnet, "l")).status).toBe(200);
  });

  test("without a key there is less, and the words are others", async () => {
    const devnet = await manualDevnet({ limits });
    expect(await statuses(devnet, 4)).toEqual([200, 200, 200, 429]);
    expect((await ask(devnet)).body).toEqual({
      Error: "request rate exceeded the allowed_rps(3), and the query server is suspended for 5s",
    });
  });

  test("the history endpoints say it in their own shape", async () => {
    const devnet = await manualDevnet({ limits });
    await statuses(devnet, 3, "k");
    expect((await ask(devnet, "k", "/v1/blocks/latest/events")).body).toEqual({
      success: false,
      error: "The key exceeds the frequency limit(2), and the query server is suspended for 30s",
      statusCode: 403,
    });
  });

  test("unknown keys are refused when the known ones are named, and a missing one when it is required", async () => {
    const devnet = await manualDevnet({ limits: { ...limits, keys: ["k"], keyRequired: true } });
    expect(await ask(devnet, "x")).toMatchObject({ status: 401, body: { Error: "ApiKey not exists" } });
    expect((await ask(devnet)).status).toBe(401);
    expect((await ask(devnet, "k")).status).toBe(200);
  });

  test("beyond the day's quota only a trickle is left, until the next day", async () => {
    const exhausted = { perSecond: 1, suspensionSeconds: 6, status: 429 as const };
    const keyed = { perSecond: 100, suspensionSeconds: 30, status: 403 as const };
    const devnet = await manualDevnet({ limits: { ...limits, keyed, perDay: 3, exhausted } });
    expect(await statuses(devnet, 4, "k")).toEqual([200, 200, 200, 429]);
    await devnet.mine(2);
    expect(await statuses(devnet, 2, "k")).toEqual([200, 429]);
    devnet.missSlots(28_800);
    await devnet.mine();
    expect(await statuses(devnet, 3, "k")).toEqual([200, 200, 200]);
  });

  test("seconds can be those of a given clock", async () => {
    let now = 1_000_000;
    const devnet = await manualDevnet({ limits: { ...limits, clock: () => now } });
    expect(await statuses(devnet, 3, "k")).toEqual([200, 200, 403]);
    now += 29_999;
    expect(await statuses(devnet, 1, "k")).toEqual([403]);
    now += 1;
    expect(await statuses(devnet, 1, "k")).toEqual([200]);
    const shown = (await (await fetch(`${devnet.url}/admin/devnet/limits`)).json()) as Json;
    expect(shown["limits"].clock).toBe("given");
  });

  test("control and health are not behind them", async () => {
    const devnet = await manualDevnet({ limits });
    await statuses(devnet, 4);
    expect((await fetch(`${devnet.url}/admin/devnet`)).status).toBe(200);
    const set = await fetch(`${devnet.url}/admin/devnet/limits`, { method: "POST", body: '{"off":true}' });
    expect(await set.json()).toEqual({ limits: null });
    expect((await ask(devnet)).status).toBe(200);
  });

  test("they can be set while the devnet runs; what is not named is as usual", async () => {
    const devnet = await manualDevnet();
    const body = JSON.stringify({ keys: ["k"], keyed: { per_second: 1 }, clock: "wall", per_day: 9 });
    await fetch(`${devnet.url}/admin/devnet/limits`, { method: "POST", body });
    expect(devnet.limits).toEqual({
      ...USUAL_LIMITS,
      keys: ["k"],
      keyed: { ...USUAL_LIMITS.keyed, perSecond: 1 },
      clock: "wall",
      perDay: 9,
    });
    const seen = await Promise.all([ask(devnet, "k"), ask(devnet, "k")]);
    expect(seen.map(({ status }) => status)).toContain(403);
  });
});
