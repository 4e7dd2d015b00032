import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { backoffMs } from "../../src/chain/retry.ts";
import { GATEWAY_DEFAULTS, type TronGateway, type TronGatewayOptions } from "../../src/chain/tron-gateway.ts";
import type { NodeRequestEvent } from "../../src/chain/http-node.ts";
import { TronGateway as Gateway } from "../../src/chain/tron-gateway.ts";
import { units } from "../../src/domain/money.ts";
import { silentLogger, type Logger } from "../../src/ports/telemetry.ts";
import { FAKE_USDT } from "./fake-chain.ts";
import { sealedBlock } from "../support/wire-block.ts";
import { HastyClock, openGateway, ScriptedNode, type Answer } from "./support.ts";

const GENESIS = `${"0".repeat(16)}${"1e".repeat(24)}`;
const OTHER = `${"0".repeat(16)}${"2f".repeat(24)}`;
const NOBODY = "http://127.0.0.1:9";
const BYTES = "0a02";

const headOf = (number: number) => ({ body: sealedBlock({ number, parentHash: "e5".repeat(32), timestamp: 1_000 }) });
const genesis = (id: string): Answer => ({
  body: { blockID: id, block_header: { raw_data: { parentHash: "e5".repeat(32), timestamp: 1_000 } } },
});

let first: ScriptedNode;
let second: ScriptedNode;
const gateways: TronGateway[] = [];

function open(
  urls: readonly string[],
  changes: Partial<TronGatewayOptions> = {},
  ports: { clock?: HastyClock; logger?: Logger } = {},
): TronGateway {
  const gateway = openGateway(urls, changes, ports);
  gateways.push(gateway);
  return gateway;
}

beforeEach(async () => {
  [first, second] = await Promise.all([ScriptedNode.open(), ScriptedNode.open()]);
});
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close()));
  await Promise.all([first.close(), second.close()]);
});

describe("reads go down the list of nodes", () => {
  test.each([
    ["answers 500", { status: 500 }],
    ["is throttled", { status: 429 }],
    ["answers nonsense", { text: "<html>" }],
    ["answers a wrong shape", { body: { blockID: 5 } }],
    ["resets", { reset: true }],
    ["rejects", { body: { Error: "class x" } }],
  ] satisfies [string, Answer][])("when the first node %s, the second one is asked", async (_name, answer) => {
    first.on("walletsolidity/getnowblock", answer);
    second.on("walletsolidity/getnowblock", headOf(50));
    const gateway = open([first.url, second.url]);
    expect((await gateway.solidBlock()).number).toBe(50);
    expect(first.asked).toHaveLength(1);
  });

  test("when nothing listens at the first address, the second one is asked", async () => {
    second.on("walletsolidity/getnowblock", headOf(50));
    const gateway = open([NOBODY, second.url]);
    expect((await gateway.solidBlock()).number).toBe(50);
    expect(gateway.stats()).toMatchObject({ failures: 1, failovers: 1, retries: 0 });
  });

  test("a node that did not answer is asked last for a while", async () => {
    first.on("walletsolidity/getnowblock", { status: 503 });
    second.on("walletsolidity/getnowblock", headOf(50));
    const gateway = open([first.url, second.url]);
    await gateway.solidBlock();
    await gateway.solidBlock();
    expect([first.asked.length, second.asked.length]).toEqual([1, 2]);
  });

  test("facts of two nodes are never mixed in one answer", async () => {
    first.on("walletsolidity/getnowblock", headOf(90));
    first.on("walletsolidity/getaccount", { status: 500 });
    first.on("walletsolidity/triggerconstantcontract", { status: 500 });
    second.on("walletsolidity/getnowblock", headOf(70));
    second.on("walletsolidity/getaccount", { body: {} });
    second.on("walletsolidity/triggerconstantcontract", {
      body: { result: { result: true }, constant_result: ["0".repeat(64)] },
    });
    const gateway = open([first.url, second.url]);
    expect((await gateway.solidBalances("TCNkawTmcQgYSU8nP8cHswT1QPjharxJr7")).atBlock).toBe(70);
  });

  test("rounds are repeated with growing, jittered delays, and then the failure is told", async () => {
    const clock = new HastyClock();
    first.on("walletsolidity/getnowblock", { status: 502 });
    const gateway = open([first.url], { retry: { ...GATEWAY_DEFAULTS.retry, firstDelayMs: 10 } }, { clock });
    await expect(gateway.solidBlock()).rejects.toMatchObject({ code: "chain_error" });
    expect(first.asked).toHaveLength(4);
    expect(clock.waits.filter((wait) => wait < 1_000)).toEqual([10, 20, 40]);
    expect(gateway.stats().retries).toBe(3);
  });

  test("a node that recovers in between answers the same call", async () => {
    let asked = 0;
    first.on("walletsolidity/getnowblock", () => (++asked < 3 ? { reset: true } : headOf(50)));
    expect((await open([first.url]).solidBlock()).number).toBe(50);
  });

  test("what a node will never answer is not asked again", async () => {
    first.on("walletsolidity/getnowblock", { status: 404, body: { Error: "this API is unavailable due to config" } });
    await expect(open([first.url]).solidBlock()).rejects.toMatchObject({ code: "chain_error" });
    expect(first.asked).toHaveLength(1);
  });

  test("with no node in reach there are more rounds until it is left alone, and it is chain_unavailable", async () => {
    const gateway = open([NOBODY]);
    await expect(gateway.solidBlock()).rejects.toMatchObject({ code: "chain_unavailable" });
    expect(gateway.stats()).toMatchObject({ failures: 5, retries: 5 });
  });

  test("a body that is cut off is chain_error", async () => {
    const retry = { ...GATEWAY_DEFAULTS.retry, maxRetries: 0 };
    first.on("walletsolidity/getnowblock", { text: '{"blockID":', cut: true });
    await expect(open([first.url], { retry }).solidBlock()).rejects.toMatchObject({ code: "chain_error" });
  });

  test("a caller that gives up ends the request and the rounds", async () => {
    const controller = new AbortController();
    first.on("walletsolidity/getnowblock", () => {
      setImmediate(() => controller.abort());
      return { hang: true };
    });
    const gateway = open([first.url, second.url]);
    await expect(gateway.solidBlock(controller.signal)).rejects.toMatchObject({ code: "chain_unavailable" });
    await expect(gateway.solidBlock(controller.signal)).rejects.toMatchObject({ code: "chain_unavailable" });
    expect([first.asked.length, second.asked.length]).toEqual([1, 0]);
  });

  test("a caller that gives up during a back-off does not wait for its end", async () => {
    const controller = new AbortController();
    first.on("walletsolidity/getnowblock", () => {
      setTimeout(() => controller.abort(), 20);
      return { status: 500 };
    });
    const gateway = open([first.url], {
      retry: { ...GATEWAY_DEFAULTS.retry, firstDelayMs: 30_000, maxDelayMs: 30_000 },
    });
    await expect(gateway.solidBlock(controller.signal)).rejects.toMatchObject({ code: "chain_unavailable" });
    expect(first.asked).toHaveLength(1);
  });

  test("delays grow by the factor, never past the bound, and jitter takes off at most half", () => {
    const policy = { ...GATEWAY_DEFAULTS.retry, maxDelayMs: 5_000 };
    expect([1, 2, 3, 4].map((round) => backoffMs(policy, round, 1))).toEqual([1_000, 2_000, 4_000, 5_000]);
    expect([1, 2, 3, 4].map((round) => backoffMs(policy, round, 0))).toEqual([500, 1_000, 2_000, 2_500]);
  });
});

describe("the network is the configured one", () => {
  test("a node of another network is refused at the start", async () => {
    first.on("wallet/getblockbynum", genesis(OTHER));
    await expect(open([first.url]).verifyNetwork({ expectedGenesisId: GENESIS })).rejects.toMatchObject({
      code: "wrong_network",
    });
  });

  test("one wrong node among several is refused at the start too", async () => {
    first.on("wallet/getblockbynum", genesis(GENESIS));
    second.on("wallet/getblockbynum", genesis(OTHER));
    const gateway = open([first.url, second.url]);
    await expect(gateway.verifyNetwork({ expectedGenesisId: GENESIS })).rejects.toMatchObject({
      code: "wrong_network",
    });
  });

  test("with no node in reach nothing is known", async () => {
    await expect(open([NOBODY]).verifyNetwork({ expectedGenesisId: GENESIS })).rejects.toMatchObject({
      code: "chain_unavailable",
    });
  });

  test("a node that comes back later is asked who it is before its first use, for reads and for bytes", async () => {
    first.on("wallet/getblockbynum", { status: 500 });
    second.on("wallet/getblockbynum", genesis(GENESIS));
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_fields, message) => void warnings.push(message) };
    const gateway = open([first.url, second.url], {}, { logger });
    await gateway.verifyNetwork({ expectedGenesisId: GENESIS });
    first.on("wallet/getblockbynum", genesis(OTHER));
    first.on("walletsolidity/getnowblock", headOf(999));
    first.on("wallet/broadcasthex", { body: { result: true, code: "SUCCESS" } });
    second.on("walletsolidity/getnowblock", { status: 404 });
    second.on("wallet/broadcasthex", { body: { result: true, code: "SUCCESS" } });
    await expect(gateway.solidBlock()).rejects.toMatchObject({ code: "chain_error" });
    expect(await gateway.broadcast(BYTES)).toMatchObject({ class: "accepted", node: new URL(second.url).host });
    expect(first.paths()).not.toContain("walletsolidity/getnowblock");
    expect(first.paths()).not.toContain("wallet/broadcasthex");
    expect(warnings).toEqual(["a node of another network is not used"]);
  });
});

describe("a broadcast is worth exactly what was heard", () => {
  const answered = (code: string, changes: object = {}) => ({
    body: { result: code === "SUCCESS", code, message: "", txid: "ab", ...changes },
  });

  test.each([
    ["SUCCESS", "accepted"],
    ["DUP_TRANSACTION_ERROR", "known"],
    ["SERVER_BUSY", "busy"],
    ["NO_CONNECTION", "busy"],
    ["BLOCK_UNSOLIDIFIED", "busy"],
    ["NOT_ENOUGH_EFFECTIVE_CONNECTION", "busy"],
    ["SIGERROR", "refused"],
    ["CONTRACT_VALIDATE_ERROR", "refused"],
    ["CONTRACT_EXE_ERROR", "refused"],
    ["BANDWITH_ERROR", "refused"],
    ["TAPOS_ERROR", "refused"],
    ["TOO_BIG_TRANSACTION_ERROR", "refused"],
    ["TRANSACTION_EXPIRATION_ERROR", "refused"],
    ["OTHER_ERROR", "ambiguous"],
    ["A_CODE_OF_TOMORROW", "ambiguous"],
    ["constructor", "ambiguous"],
  ])("%s is %s", async (code, kind) => {
    first.on("wallet/broadcasthex", answered(code));
    expect(await open([first.url]).broadcast(BYTES)).toMatchObject({ class: kind, code });
    expect(first.asked[0]?.body).toEqual({ transaction: BYTES });
  });

  test.each(["P2P broadcast failed.", Buffer.from("P2P broadcast failed.").toString("hex")])(
    "a node that pooled the bytes and reached no peer is ambiguous: %s",
    async (message) => {
      first.on("wallet/broadcasthex", answered("NOT_ENOUGH_EFFECTIVE_CONNECTION", { message }));
      expect(await open([first.url]).broadcast(BYTES)).toMatchObject({
        class: "ambiguous",
        message: "P2P broadcast failed.",
      });
    },
  );

  test.each([
    ["result true with an error code", { result: true, code: "SIGERROR" }],
    ["result false with SUCCESS", { result: false, code: "SUCCESS" }],
    ["no code and no result", { txid: "ab" }],
    ["a busy answer that claims success", { result: true, code: "SERVER_BUSY" }],
  ])("an answer that contradicts itself is ambiguous: %s", async (_name, body) => {
    first.on("wallet/broadcasthex", { body });
    expect((await open([first.url]).broadcast(BYTES)).class).toBe("ambiguous");
  });

  test.each([
    ["a reset", { reset: true }],
    ["HTTP 500", { status: 500 }],
    ["HTTP 429", { status: 429 }],
    ["HTTP 403", { status: 403 }],
    ["an Error body", { body: { Error: "class java.lang.NullPointerException : null" } }],
    ["a page", { text: "<html>" }],
    ["a wrong shape", { body: { result: "yes" } }],
    ["an empty answer", { text: "" }],
  ] satisfies [string, Answer][])(
    "%s after the bytes left is ambiguous, and the same bytes go to the next node",
    async (_name, answer) => {
      first.on("wallet/broadcasthex", answer);
      expect((await open([first.url]).broadcast(BYTES)).class).toBe("ambiguous");
      second.on("wallet/broadcasthex", answered("SUCCESS"));
      expect((await open([first.url, second.url]).broadcast(BYTES)).class).toBe("accepted");
      expect([first.asked.length, second.asked.length]).toEqual([2, 1]);
      expect(second.asked[0]?.body).toEqual({ transaction: BYTES });
    },
  );

  test.each([
    ["SUCCESS", "SIGERROR", "accepted"],
    ["SIGERROR", "SUCCESS", "accepted"],
    ["OTHER_ERROR", "SUCCESS", "accepted"],
    ["DUP_TRANSACTION_ERROR", "SUCCESS", "accepted"],
    ["OTHER_ERROR", "SIGERROR", "ambiguous"],
    ["SIGERROR", "OTHER_ERROR", "ambiguous"],
    ["SIGERROR", "DUP_TRANSACTION_ERROR", "known"],
    ["DUP_TRANSACTION_ERROR", "SERVER_BUSY", "known"],
    ["SIGERROR", "SERVER_BUSY", "refused"],
    ["SERVER_BUSY", "SIGERROR", "refused"],
    ["SERVER_BUSY", "NO_CONNECTION", "busy"],
  ])("of %s and %s the more cautious one counts: %s", async (one, other, kind) => {
    first.on("wallet/broadcasthex", answered(one));
    second.on("wallet/broadcasthex", answered(other));
    expect((await open([first.url, second.url]).broadcast(BYTES)).class).toBe(kind);
  });

  test.each([
    ["401", { status: 401, text: "unauthorized" }],
    ["402", { status: 402, text: "pay first" }],
    ["404", { status: 404, body: { Error: "this API is unavailable due to config" } }],
  ] satisfies [string, Answer][])(
    "a node that answers reads and says %s to bytes does not keep them from the next one",
    async (_name, answer) => {
      for (const node of [first, second]) {
        node.on("wallet/getblockbynum", genesis(GENESIS));
        node.on("walletsolidity/getnowblock", headOf(50));
      }
      first.on("wallet/broadcasthex", answer);
      second.on("wallet/broadcasthex", answered("SUCCESS"));
      const gateway = open([first.url, second.url]);
      await gateway.verifyNetwork({ expectedGenesisId: GENESIS });
      await gateway.solidBlock();
      expect(await gateway.broadcast(BYTES)).toMatchObject({ class: "accepted", node: new URL(second.url).host });
      expect(first.paths()).toContain("wallet/broadcasthex");
    },
  );

  test("a node that accepts bytes and forwards none has its turn once, then another one begins", async () => {
    first.on("wallet/broadcasthex", answered("SUCCESS"));
    second.on("wallet/broadcasthex", answered("SUCCESS"));
    const gateway = open([first.url, second.url]);
    for (let push = 0; push < 3; push += 1) await gateway.broadcast(BYTES);
    expect([first.asked.length, second.asked.length]).toEqual([2, 1]);
    await gateway.broadcast("0a03");
    expect(first.asked.at(-1)?.body).toEqual({ transaction: "0a03" });
  });

  test("when the first node was never reached, the second one gets the bytes", async () => {
    second.on("wallet/broadcasthex", answered("SUCCESS"));
    expect(await open([NOBODY, second.url]).broadcast(BYTES)).toMatchObject({
      class: "accepted",
      node: new URL(second.url).host,
    });
  });

  test("a node that did not look at the bytes passes the turn; its word stays when nobody else is there", async () => {
    first.on("wallet/broadcasthex", answered("SERVER_BUSY"));
    second.on("wallet/broadcasthex", answered("DUP_TRANSACTION_ERROR"));
    expect((await open([first.url, second.url]).broadcast(BYTES)).class).toBe("known");
    expect((await open([first.url]).broadcast(BYTES)).class).toBe("busy");
  });

  test("when no node was reached it is busy, at once and without repetition", async () => {
    const gateway = open([NOBODY]);
    expect(await gateway.broadcast(BYTES)).toMatchObject({ class: "busy", code: "NOT_CONNECTED" });
    expect(gateway.stats()).toMatchObject({ failures: 1, retries: 0 });
  });

  test("a caller that gave up gets ambiguous, never an exception", async () => {
    const controller = new AbortController();
    first.on("wallet/broadcasthex", () => {
      setImmediate(() => controller.abort());
      return { hang: true };
    });
    expect((await open([first.url, second.url]).broadcast(BYTES, controller.signal)).class).toBe("ambiguous");
    expect(second.asked).toEqual([]);
  });
});

describe("the way to a node", () => {
  test("the API key goes to its node as a header, and into no error, event or counter", async () => {
    const events: NodeRequestEvent[] = [];
    const key = "secret-key-123";
    const gateway = new Gateway(
      {
        nodes: [{ url: `${first.url}/prefix`, apiKey: key }],
        usdtContract: FAKE_USDT,
        fees: { headroomPercent: 25, feeCapSun: units(1n) },
        ...GATEWAY_DEFAULTS,
        retry: { ...GATEWAY_DEFAULTS.retry, maxRetries: 0 },
      },
      { clock: new HastyClock(), logger: silentLogger, observe: (event) => void events.push(event) },
    );
    gateways.push(gateway);
    first.on("prefix/walletsolidity/getnowblock", { status: 500 });
    const failure: unknown = await gateway.solidBlock().catch((error: unknown) => error);
    expect(first.asked[0]?.headers["tron-pro-api-key"]).toBe(key);
    expect(events).toMatchObject([{ path: "walletsolidity/getnowblock", outcome: "overloaded" }]);
    const { inspect } = await import("node:util");
    expect(inspect([failure, events, gateway.stats(), gateway], { depth: 10 })).not.toContain(key);
  });

  test.each(["ftp://node", "not a url", "http://user:pass@node", "http://node/?key=1"])(
    "an address that is none is refused: %s",
    (url) => {
      expect(() => openGateway([url])).toThrow(expect.objectContaining({ code: "config_invalid" }));
    },
  );

  test("no address at all is refused", () => {
    expect(() => openGateway([])).toThrow(expect.objectContaining({ code: "config_invalid" }));
  });

  test("connections are kept for the next requests", async () => {
    first.on("walletsolidity/getnowblock", headOf(50));
    const gateway = open([first.url]);
    const ports = new Set<string | undefined>();
    for (let i = 0; i < 20; i += 1) {
      await gateway.solidBlock();
      ports.add(first.asked.at(-1)?.port);
    }
    // The second one is opened when a request comes in the turn in which the first is not yet free again.
    expect(ports.size).toBeLessThanOrEqual(2);
  });
});
