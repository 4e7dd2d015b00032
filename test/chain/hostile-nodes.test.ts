/**
 * What nodes do to a payment engine when they lag, limit and fail: one named test for each threat, over real sockets
 * against scripted nodes, on a clock that is advanced.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GATEWAY_DEFAULTS, type TronGateway, type TronGatewayOptions } from "../../src/chain/tron-gateway.ts";
import { blockSource } from "../../src/chain/block-source.ts";
import type { NodeEndpoint } from "../../src/chain/open-pool.ts";
import { isFault } from "../../src/domain/errors.ts";
import { units } from "../../src/domain/money.ts";
import { drain, ManualClock } from "../support/manual-clock.ts";
import { until } from "../support/poll.ts";
import { sealedBlock } from "../support/wire-block.ts";
import { openGateway, ScriptedNode, type Answer } from "./support.ts";

const GENESIS = sealedBlock({ number: 0, parentHash: "e5".repeat(32), timestamp: 0 });
const headOf = (number: number): Answer => ({
  body: sealedBlock({ number, parentHash: "e5".repeat(32), timestamp: 3_000 * number }),
});
const named = (number: number) => ({ number, timestamp: 3_000 * number });
const ACCEPTED: Answer = { body: { result: true, code: "SUCCESS", txid: "ab" } };
const SUSPENDED: Answer = {
  status: 403,
  body: { Error: "The key exceeds the frequency limit(15), and the query server is suspended for 30s" },
};
const NOBODY = "http://127.0.0.1:9";
const HEAD = "wallet/getnowblock";
const SOLID = "walletsolidity/getnowblock";
const PUSH = "wallet/broadcasthex";

const ONCE = { ...GATEWAY_DEFAULTS.retry, maxRetries: 0, maxConnectionRetries: 0 };

let clock: ManualClock;
let first: ScriptedNode;
let second: ScriptedNode;
const opened: TronGateway[] = [];

beforeEach(async () => {
  clock = new ManualClock();
  [first, second] = await Promise.all([ScriptedNode.open(), ScriptedNode.open()]);
  for (const node of [first, second]) {
    node.on(HEAD, headOf(50));
    node.on(SOLID, headOf(30));
    node.on(PUSH, ACCEPTED);
    node.on("wallet/getblock", headOf(50));
    node.on("wallet/getblockbynum", { body: GENESIS });
  }
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((gateway) => gateway.close()));
  await Promise.all([first.close(), second.close()]);
});

function open(nodes: readonly (string | NodeEndpoint)[], changes: Partial<TronGatewayOptions> = {}): TronGateway {
  const endpoints = nodes.map((node) => (typeof node === "string" ? { url: node } : node));
  const gateway = openGateway([], { nodes: endpoints, http: GATEWAY_DEFAULTS.http, ...changes }, { clock });
  opened.push(gateway);
  return gateway;
}

/** Advances while the promise is open, giving real sockets time to answer in between. */
async function passing<T>(work: Promise<T>, { stepMs = 100, maxMs = 3_600_000 } = {}): Promise<T> {
  let over = false;
  const settle = () => (over = true);
  work.then(settle, settle);
  for (let passed = 0; !over && passed < maxMs; passed += stepMs) {
    await drain(20);
    if (!over) await clock.advance(stepMs);
  }
  return work;
}

const asked = (node: ScriptedNode, path: string) => node.paths().filter((other) => other === path).length;
const reading = (gateway: TronGateway, index = 0) => gateway.pool.all()[index]?.reading();

describe("45: 429 storms and suspensions", () => {
  /** Limits as TronGrid: excess within a second suspends, and what arrives during a suspension makes it longer. */
  function limit(node: ScriptedNode, perSecond: number): { violations: () => number } {
    let recent: number[] = [];
    let until = 0;
    let violations = 0;
    const gate = (answer: Answer) => (): Answer => {
      const now = clock.now();
      recent = [...recent.filter((at) => at > now - 1_000), now];
      if (now < until || recent.length > perSecond) {
        violations += 1;
        until = now + 30_000;
        return SUSPENDED;
      }
      return answer;
    };
    node.on(HEAD, gate(headOf(50)));
    node.on(SOLID, gate(headOf(30)));
    node.on(PUSH, gate(ACCEPTED));
    return { violations: () => violations };
  }

  test("with the known limit the engine stays under it, pays before it polls, and drops nothing", async () => {
    const { violations } = limit(first, 15);
    const gateway = open([{ url: first.url, perSecond: 15 }]);
    const polls = Array.from({ length: 40 }, () => gateway.solidBlock());
    const pushes = Array.from({ length: 40 }, () => gateway.broadcast("0a02"));
    const outcomes = await passing(Promise.all(pushes));
    expect(outcomes.every((outcome) => outcome.class === "accepted")).toBe(true);
    const lastPush = first.paths().lastIndexOf(PUSH);
    expect(
      first
        .paths()
        .slice(0, lastPush)
        .filter((path) => path === SOLID).length,
    ).toBeLessThanOrEqual(3);
    expect(await passing(Promise.all(polls))).toHaveLength(40);
    expect(violations()).toBe(0);
  });

  test("an unknown limit is learned: one refusal, silence for as long as it says, then at a rate that is taken", async () => {
    const { violations } = limit(first, 15);
    const gateway = open([first.url], { budgetMs: 600_000 });
    const polls = Promise.allSettled(Array.from({ length: 200 }, () => gateway.solidBlock()));
    await until("the refusal", () => {
      const { suspendedUntil, inFlight } = reading(gateway)?.budget ?? {};
      return suspendedUntil !== null && inFlight === 0;
    });
    const before = first.asked.length;
    await clock.advance(29_999);
    expect(first.asked.length).toBe(before);
    const outcomes = await passing(polls);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(200);
    // Whatever was on its way together is refused together; after that, nothing is.
    expect(violations()).toBeLessThanOrEqual(GATEWAY_DEFAULTS.http.connections);
    expect(reading(gateway)?.budget.perSecond).toBeLessThan(18);
  });

  test("Retry-After is honoured, in seconds and as a date", async () => {
    for (const wait of ["120", new Date(clock.now() + 120_000).toUTCString()]) {
      const gateway = open([{ url: first.url }], { budgetMs: 1_000 });
      first.on(HEAD, { status: 429, headers: { "retry-after": wait } });
      await expect(passing(gateway.headBlock())).rejects.toMatchObject({ code: "chain_busy" });
      const until = (reading(gateway)?.budget.suspendedUntil ?? 0) - clock.now();
      expect(until).toBeGreaterThan(118_000);
      expect(until).toBeLessThan(130_000);
    }
  });

  test("a suspended node does not hold up a payment that another node takes", async () => {
    first.on(SOLID, SUSPENDED);
    const gateway = open([first.url, second.url]);
    expect((await gateway.solidBlock()).number).toBe(30);
    expect(await gateway.broadcast("0a02")).toMatchObject({ class: "accepted", node: new URL(second.url).host });
    expect(asked(first, PUSH)).toBe(0);
  });

  test("when the only node is suspended, bytes are told to be unseen, at once where nobody can wait", async () => {
    first.on(SOLID, SUSPENDED);
    const gateway = open([first.url], { budgetMs: 20_000 });
    await expect(passing(gateway.solidBlock())).rejects.toMatchObject({ code: "chain_busy" });
    expect(await gateway.broadcast("0a02")).toMatchObject({ class: "busy", code: "NODE_LIMITED" });
    expect(asked(first, PUSH)).toBe(0);
  });
});

describe("46: one node lies or lags", () => {
  test("a node that lags is asked last, and its bytes' turn comes last too", async () => {
    first.on(HEAD, headOf(50));
    second.on(HEAD, headOf(60));
    const gateway = open([first.url, second.url]);
    const [a, b] = gateway.pool.all();
    for (const node of [a, b]) {
      node?.on({ lane: "follow" }).saw("head", named(node === a ? 50 : 60));
    }
    a?.on({ lane: "follow" }).saw("head", named(50));
    expect((await gateway.headBlock()).number).toBe(60);
    expect(await gateway.broadcast("0a02")).toMatchObject({ node: new URL(second.url).host });
    expect(reading(gateway)).toMatchObject({ head: 50, lagBlocks: 10 });
  });

  test("nodes in reserve are looked at, so that a lag is known before they are needed", async () => {
    first.on("wallet/getblock", headOf(80));
    second.on("wallet/getblock", headOf(70));
    const gateway = open([first.url, second.url]);
    gateway.pool.startProbes();
    await clock.advance(31_000);
    await until("the probes", () => reading(gateway, 1)?.head === 70 && reading(gateway)?.head === 80);
    await clock.advance(31_000);
    await until("the next probes", () => reading(gateway, 1)?.lagBlocks === 10);
    expect(asked(first, "wallet/getblock")).toBe(2);
  });

  test("how often nodes in reserve are looked at is HEALTH_CHECK_INTERVAL, at least", async () => {
    first.on("wallet/getblock", headOf(80));
    second.on("wallet/getblock", headOf(80));
    const gateway = open([first.url, second.url], { healthCheckMs: 8_000 });
    gateway.pool.startProbes();
    for (let looks = 1; looks <= 3; looks += 1) {
      await clock.advance(8_000);
      await until(`look ${looks}`, () => asked(second, "wallet/getblock") >= looks);
    }
    expect(asked(second, "wallet/getblock")).toBeLessThanOrEqual(12);
  });

  test("the same question goes to two nodes by their handles, and an excluded node is in no list", async () => {
    second.on(SOLID, headOf(31));
    const gateway = open([first.url, second.url]);
    const { askSolid } = await import("../../src/chain/questions.ts");
    const answers = gateway.pool.nodes("solidity").map((node) => askSolid(node.on({ lane: "follow" })));
    expect((await Promise.all(answers)).map(({ number }) => number)).toEqual([30, 31]);
    gateway.pool.all()[0]?.exclude("it contradicted itself");
    expect(gateway.pool.nodes()).toHaveLength(1);
    expect((await gateway.solidBlock()).number).toBe(31);
    await expect(askSolid(gateway.pool.all()[0]?.on({ lane: "follow" }) ?? expect.unreachable())).rejects.toMatchObject(
      { kind: "excluded", sent: false },
    );
    expect(reading(gateway)).toMatchObject({ excluded: "it contradicted itself" });
  });
});

describe("47: a retry storm after an outage", () => {
  test("10,000 pending pushes come back bounded, each one once", async () => {
    const total = 10_000;
    const gateway = open([first.url]);
    first.on(PUSH, { reset: true });
    first.on(HEAD, { reset: true });
    for (let i = 0; i < 6; i += 1) await passing(gateway.headBlock().catch(() => undefined));
    expect(reading(gateway)?.breaker).toBe("open");
    expect(await gateway.broadcast("00")).toMatchObject({ class: "busy", code: "NODE_RESTING" });

    const seen = new Map<unknown, number>();
    let underWay = 0;
    let most = 0;
    first.on(PUSH, ({ body }) => {
      seen.set(body["transaction"], (seen.get(body["transaction"]) ?? 0) + 1);
      underWay += 1;
      most = Math.max(most, underWay);
      const answered = new Promise<void>((resolve) => setImmediate(resolve));
      void answered.then(() => (underWay -= 1));
      return { ...ACCEPTED, after: answered };
    });
    let refused = 0;
    let again: Promise<void> | undefined;
    const push = async (bytes: string): Promise<void> => {
      for (;;) {
        const outcome = await gateway.broadcast(bytes);
        if (outcome.class === "accepted") return;
        expect(outcome.class).toBe("busy");
        refused += 1;
        // The worst case: everybody who was refused comes back in the same instant.
        again ??= new Promise((resolve) =>
          clock.schedule(1_000, () => {
            again = undefined;
            resolve();
          }),
        );
        await again;
      }
    };
    const all = Promise.all(Array.from({ length: total }, (_, i) => push(i.toString(16).padStart(6, "0"))));
    await passing(all, { stepMs: 500 });

    expect(seen.size).toBe(total);
    expect([...seen.values()].every((times) => times === 1)).toBe(true);
    expect(most).toBeLessThanOrEqual(GATEWAY_DEFAULTS.http.connections);
    expect(refused).toBeGreaterThan(0);
  });

  test("rests, suspensions and repetitions are jittered, so that not everybody comes back in the same instant", async () => {
    const ends = await Promise.all(
      [0, 0.9].map(async (chance) => {
        const own = new ManualClock();
        own.random = () => chance;
        const gateway = openGateway([first.url], { http: GATEWAY_DEFAULTS.http, retry: ONCE }, { clock: own });
        opened.push(gateway);
        const budget = () => gateway.pool.all()[0]?.reading().budget.suspendedUntil ?? 0;
        first.on(SOLID, SUSPENDED);
        await gateway.solidBlock().catch(() => undefined);
        return budget() - own.now();
      }),
    );
    expect(ends).toEqual([30_000, 32_700]);
  });

  test("the first request after an outage goes alone, and its answer lets the others in", async () => {
    const gateway = open([first.url], { retry: ONCE });
    first.on(HEAD, { reset: true });
    for (let i = 0; i < 5; i += 1) await gateway.headBlock().catch(() => undefined);
    const before = first.asked.length;
    await expect(gateway.headBlock()).rejects.toMatchObject({ code: "chain_unavailable" });
    expect(first.asked.length).toBe(before);
    first.on(HEAD, { hang: true });
    await clock.advance(2_000);
    const probe = gateway.headBlock().catch((error: unknown) => error);
    const others = Array.from({ length: 20 }, () => gateway.headBlock().catch((error: unknown) => isFault(error)));
    expect(await Promise.all(others)).toEqual(Array(20).fill(true));
    await until("the probe", () => first.asked.length === before + 1);
    expect(reading(gateway)?.breaker).toBe("half_open");
    await clock.advance(GATEWAY_DEFAULTS.http.timeoutMs);
    expect(await probe).toMatchObject({ code: "chain_timeout" });
    first.on(HEAD, headOf(51));
    await clock.advance(4_000);
    expect((await gateway.headBlock()).number).toBe(51);
    expect(reading(gateway)?.breaker).toBe("closed");
  });
});

describe("48: a reference block on a fork", () => {
  const TAPOS: Answer = { body: { result: false, code: "TAPOS_ERROR", message: "Tapos check error" } };

  test("TAPOS_ERROR is refused and not accepted, whichever node says it; nobody says that the bytes are dead", async () => {
    first.on(PUSH, { body: { result: false, code: "SERVER_BUSY" } });
    second.on(PUSH, TAPOS);
    const gateway = open([first.url, second.url]);
    expect(await gateway.broadcast("0a02")).toMatchObject({ class: "refused", code: "TAPOS_ERROR" });
    first.on(PUSH, TAPOS);
    expect(await gateway.broadcast("0a02")).toMatchObject({ class: "refused", code: "TAPOS_ERROR" });
  });
});

describe("a caller's time", () => {
  test("is divided among the nodes: a node that hangs leaves time for the next one", async () => {
    first.on(SOLID, { hang: true });
    const gateway = open([first.url, second.url]);
    const view = gateway.on({ budgetMs: 8_000 });
    const began = clock.now();
    const answer = view.solidBlock();
    await until("the first node", () => first.asked.length === 1);
    expect((await passing(answer)).number).toBe(30);
    expect(clock.now() - began).toBeLessThanOrEqual(4_100);
  });

  test("is never exceeded, whatever the nodes do", async () => {
    for (const answer of [{ hang: true }, { status: 500 }, SUSPENDED, { reset: true }, { text: "{", stall: true }]) {
      for (const node of [first, second]) node.on(SOLID, answer);
      const view = open([first.url, second.url, NOBODY]).on({ budgetMs: 5_000 });
      const began = clock.now();
      await expect(passing(view.solidBlock())).rejects.toMatchObject({ name: "Fault" });
      expect(clock.now() - began).toBeLessThanOrEqual(5_100);
    }
  });
});

test("bytes that got no answer in time go to the next node, after one time-out; with no other they are ambiguous", async () => {
  for (const answer of [{ hang: true }, { text: '{"result":', stall: true }]) {
    first.on(PUSH, answer);
    expect(await passing(open([first.url]).broadcast("0a02"), { stepMs: 1_000 })).toMatchObject({ class: "ambiguous" });
    const began = clock.now();
    expect(await passing(open([first.url, second.url]).broadcast("0a02"), { stepMs: 1_000 })).toMatchObject({
      class: "accepted",
      node: new URL(second.url).host,
    });
    expect(clock.now() - began).toBeLessThanOrEqual(GATEWAY_DEFAULTS.http.timeoutMs + 1_000);
  }
  expect([asked(first, PUSH), asked(second, PUSH)]).toEqual([4, 2]);
});

describe("a node that comes back", () => {
  test("is asked once who it is, however many wait for it, and holds up nobody longer than his time", async () => {
    const genesis = String(GENESIS.blockID);
    second.on("wallet/getblockbynum", { reset: true });
    const gateway = open([first.url, second.url], { retry: ONCE });
    await gateway.verifyNetwork({ expectedGenesisId: genesis });
    first.on(SOLID, { status: 500 });
    second.on("wallet/getblockbynum", { hang: true });
    const before = second.asked.length;
    const view = gateway.on({ budgetMs: 6_000 });
    const began = clock.now();
    const waiting = Promise.all(Array.from({ length: 10 }, () => view.solidBlock().catch((error: unknown) => error)));
    const outcomes = await passing(waiting);
    expect(outcomes).toEqual(Array(10).fill(expect.objectContaining({ name: "Fault" })));
    expect(clock.now() - began).toBeLessThanOrEqual(6_100);
    expect(second.paths().slice(before)).toEqual(["wallet/getblockbynum"]);
    await clock.advance(GATEWAY_DEFAULTS.http.timeoutMs);
    second.on("wallet/getblockbynum", { body: GENESIS });
    await clock.advance(60_000);
    expect((await gateway.solidBlock()).number).toBe(30);
  });
});

describe("full and solidity nodes apart", () => {
  test("each question goes to a node that answers it", async () => {
    const nodes: NodeEndpoint[] = [
      { url: first.url, role: "full" },
      { url: second.url, role: "solidity" },
    ];
    second.on("walletsolidity/getblockbynum", { body: GENESIS });
    const gateway = open(nodes);
    await gateway.verifyNetwork({ expectedGenesisId: String(GENESIS.blockID) });
    await Promise.all([gateway.headBlock(), gateway.solidBlock(), gateway.broadcast("0a02")]);
    expect(first.paths().toSorted()).toEqual([PUSH, "wallet/getblockbynum", HEAD]);
    expect(second.paths().toSorted()).toEqual(["walletsolidity/getblockbynum", SOLID]);
  });

  test("a role that nobody has is refused at the start", () => {
    expect(() => open([{ url: first.url, role: "full" }])).toThrow(expect.objectContaining({ code: "config_invalid" }));
  });

  test("whose word a node's answers are goes with it", () => {
    const { pool } = open([{ url: first.url, voice: "a" }, { url: second.url, voice: "a" }, first.url]);
    expect(pool.all().map((node) => blockSource(node).voice)).toEqual(["a", "a", new URL(first.url).host]);
  });

  test("nodes behind one key share its budget", async () => {
    const key = { apiKey: "k", perSecond: 5 };
    const gateway = open([
      { url: first.url, role: "full", ...key },
      { url: first.url, role: "solidity", ...key },
    ]);
    await gateway.headBlock();
    expect(reading(gateway, 0)?.budget).toEqual(reading(gateway, 1)?.budget);
  });
});

test("the price of an estimate is asked of one node, with its own key in its own header", async () => {
  first.on("wallet/getaccount", { status: 500 });
  second.on("wallet/getaccount", { body: {} });
  const gateway = open([
    { url: first.url, apiKey: "key-one" },
    { url: second.url, apiKey: "key-two" },
  ]);
  expect((await gateway.account("TCNkawTmcQgYSU8nP8cHswT1QPjharxJr7")).trxSun).toBe(units(0n));
  const keys = [first, second].map((node) => node.asked.map(({ headers }) => headers["tron-pro-api-key"]));
  expect(keys).toEqual([["key-one"], ["key-two"]]);
});
