/** One node that wants to be left alone for hours, and the others that are asked meanwhile. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { blockSource } from "../../src/chain/block-source.ts";
import { Finality } from "../../src/chain/finality.ts";
import { GATEWAY_DEFAULTS, type TronGateway } from "../../src/chain/tron-gateway.ts";
import { silentLogger } from "../../src/ports/telemetry.ts";
import { drain, ManualClock } from "../support/manual-clock.ts";
import { sealedBlock } from "../support/wire-block.ts";
import { openGateway, ScriptedNode, type Answer } from "./support.ts";

const { timeoutMs } = GATEWAY_DEFAULTS.http;
const SOLID = "walletsolidity/getnowblock";
const HOURS: Answer = { status: 429, headers: { "retry-after": "3600" } };
const WALLET = "TCNkawTmcQgYSU8nP8cHswT1QPjharxJr7";

let clock: ManualClock;
let nodes: ScriptedNode[];
const opened: TronGateway[] = [];

beforeEach(async () => {
  clock = new ManualClock();
  nodes = await Promise.all([ScriptedNode.open(), ScriptedNode.open(), ScriptedNode.open()]);
  for (const node of nodes) {
    node.on(SOLID, { body: sealedBlock({ number: 30, parentHash: "e5".repeat(32), timestamp: 90_000 }) });
    node.on("walletsolidity/getaccount", { body: {} });
    node.on("walletsolidity/triggerconstantcontract", {
      body: { result: { result: true }, constant_result: ["0".repeat(64)] },
    });
  }
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((gateway) => gateway.close()));
  await Promise.all(nodes.map((node) => node.close()));
});

function open(agreeing: number): TronGateway {
  const urls = nodes.map(({ url }) => url);
  const gateway = openGateway(urls, { agreeing, http: GATEWAY_DEFAULTS.http }, { clock });
  opened.push(gateway);
  return gateway;
}

/** The first node says so when it is asked next. */
async function suspended(gateway: TronGateway, answer: Answer): Promise<number> {
  nodes[0]?.on(SOLID, answer);
  await gateway.solidBlock();
  return (gateway.pool.all()[0]?.reading().budget.suspendedUntil ?? 0) - clock.now();
}

/** Advances for at most one time-out. */
async function withinOneTimeout<T>(work: Promise<T>): Promise<T | "nothing"> {
  let answer: T | "nothing" = "nothing";
  void work.then(
    (value) => (answer = value),
    () => undefined,
  );
  for (let passed = 0; answer === "nothing" && passed <= timeoutMs; passed += 500) {
    await drain(20);
    await clock.advance(500);
  }
  return answer;
}

test("does not hold up a balance that two others read alike", async () => {
  const gateway = open(2);
  expect(await suspended(gateway, HOURS)).toBeGreaterThanOrEqual(3_600_000);
  expect(await withinOneTimeout(gateway.solidBalances(WALLET))).toMatchObject({ atBlock: 30 });
});

test.each([1, 2])("does not hold up the word of the others where %i is needed", async (required) => {
  const gateway = open(required);
  await suspended(gateway, HOURS);
  const finality = new Finality(
    { required },
    { sources: gateway.pool.all().map(blockSource), clock, logger: silentLogger },
  );
  const known = { solidNumber: 0, idAt: () => undefined };
  const agreed = finality.agree(known, new AbortController().signal);
  expect(await withinOneTimeout(agreed)).toMatchObject({ kind: "agreed", header: { number: 30 } });
});

test("is believed for hours about its key, for minutes about its own trouble", async () => {
  expect(await suspended(open(1), { ...HOURS, status: 403 })).toBeGreaterThanOrEqual(3_600_000);
  expect(await suspended(open(1), { ...HOURS, status: 503 })).toBeLessThanOrEqual(330_000);
});

test("has no turn with bytes before those who take them at once", async () => {
  for (const node of nodes) node.on("wallet/broadcasthex", { body: { result: true, txid: "00".repeat(32) } });
  const gateway = open(1);
  await suspended(gateway, { ...HOURS, headers: { "retry-after": "20" } });
  const before = clock.now();
  for (let push = 0; push < 6; push += 1) expect(await gateway.broadcast("0a02")).toMatchObject({ class: "accepted" });
  expect(clock.now()).toBe(before);
  const pushes = nodes.map((node) => node.paths().filter((path) => path === "wallet/broadcasthex").length);
  expect(pushes[0]).toBe(0);
  expect(pushes[1]).toBeGreaterThan(0);
  expect(pushes[2]).toBeGreaterThan(0);
});

test("that is paced over the day is waited for, question by question", async () => {
  const [, second] = nodes.map(({ url }) => url);
  const gateway = openGateway(
    [],
    { nodes: [{ url: second ?? "", perDay: 5_000 }], http: GATEWAY_DEFAULTS.http },
    { clock },
  );
  opened.push(gateway);
  const [node] = gateway.pool.all();
  if (node === undefined) throw new Error("one node");
  const source = blockSource(node);
  const { signal } = new AbortController();
  // What it saved up, and then one question in 35 seconds: longer than any answer takes.
  for (let asked = 0; asked < 300; asked += 1) await source.solidBlock(signal);
  for (let asked = 0; asked < 3; asked += 1) {
    let answered = false;
    void source.solidBlock(signal).then(() => (answered = true));
    for (let passed = 0; !answered && passed < 40; passed += 1) {
      await clock.advance(1_000);
      await drain(20);
    }
    expect(answered).toBe(true);
  }
});
