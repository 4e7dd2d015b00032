/** Whatever a node sends that is no answer is a fault of that node, counted by kind, and never a fact. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { brotliCompressSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { outcomeOfFailure } from "../../src/chain/broadcast-class.ts";
import { FAILURE_KINDS, NodeFailure, type FailureKind } from "../../src/chain/node-failure.ts";
import { GATEWAY_DEFAULTS, type TronGateway } from "../../src/chain/tron-gateway.ts";
import { isFault } from "../../src/domain/errors.ts";
import { signsAlone } from "../../src/domain/permissions.ts";
import type { ChainGateway } from "../../src/ports/world.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { until } from "../support/poll.ts";
import { sealedBlock, sha, wireTransaction } from "../support/wire-block.ts";
import { FAKE_USDT } from "./fake-chain.ts";
import { openGateway, ScriptedNode, type Answer } from "./support.ts";

const RAW = "0a02d3c4";
const TX = sha(RAW);
const PARENT = "0000000000000063".padEnd(64, "5");
const TIME = 1_777_447_479_000;
const block = sealedBlock({
  number: 100,
  parentHash: PARENT,
  timestamp: TIME,
  transactions: [wireTransaction(RAW)],
});
const text = JSON.stringify(block);

let node: ScriptedNode;
let gateway: TronGateway;
let clock: ManualClock;

beforeEach(async () => {
  node = await ScriptedNode.open();
  clock = new ManualClock();
  const retry = { ...GATEWAY_DEFAULTS.retry, maxRetries: 0, maxConnectionRetries: 0 };
  gateway = openGateway([node.url], { retry, http: { ...GATEWAY_DEFAULTS.http, maxBodyBytes: 200_000 } }, { clock });
});
afterEach(async () => {
  await gateway.close();
  await node.close();
});

const faults = () => gateway.pool.all()[0]?.reading().faults;

/** Time passes only once the node was asked, and only if the answer needs it to. */
async function asked(answer: Answer): Promise<unknown> {
  node.on("wallet/getnowblock", answer);
  let begun = false;
  const headers = () => (begun = true);
  subscribe("undici:request:headers", headers);
  const failed = gateway.headBlock().then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );
  if (answer.hang === true || answer.stall === true) {
    await until("the question", () => node.asked.length > 0);
    // The beginning of an answer has to arrive before its end can be late.
    if (answer.stall === true) await until("the beginning of an answer", () => begun);
    await clock.advance(GATEWAY_DEFAULTS.http.timeoutMs);
  }
  unsubscribe("undici:request:headers", headers);
  return failed;
}

describe("each kind of wrong answer is counted as what it is", () => {
  const bomb = gzipSync(Buffer.alloc(30_000_000, "[1,"));
  test.each<[string, FailureKind, Answer, string]>([
    ["no answer", "timeout", { hang: true }, "chain_timeout"],
    ["an answer that never ends", "slow", { text: text.slice(0, 20), stall: true }, "chain_timeout"],
    ["an answer that never stops", "oversized", { flood: true }, "chain_error"],
    ["a reset", "broken", { reset: true }, "chain_error"],
    ["an answer that breaks off", "truncated", { text: text.slice(0, 20), cut: true }, "chain_error"],
    ["less than it announced", "unparsable", { text: text.slice(0, -2) }, "chain_error"],
    ["an empty answer", "unparsable", { text: "" }, "chain_error"],
    ["a page", "untyped", { text: "<html>", headers: { "content-type": "text/html" } }, "chain_error"],
    ["a page that says it is JSON", "unparsable", { text: "<html>" }, "chain_error"],
    ["the right bytes as another type", "untyped", { text, headers: { "content-type": "text/plain" } }, "chain_error"],
    ["a gzip bomb", "encoded", { bytes: bomb, headers: { "content-encoding": "gzip" } }, "chain_error"],
    [
      "the right bytes, compressed",
      "encoded",
      { bytes: brotliCompressSync(text), headers: { "content-encoding": "br" } },
      "chain_error",
    ],
    ["compressed bytes without a word", "unparsable", { bytes: gzipSync(text) }, "chain_error"],
    ["an answer too large", "oversized", { body: { ...block, filler: "x".repeat(300_000) } }, "chain_error"],
    ["a wrong shape", "mistyped", { body: { ...block, blockID: 7 } }, "chain_error"],
    ["a block that contradicts itself", "mistyped", { body: { ...block, blockID: PARENT } }, "chain_error"],
    ["an Error body", "rejected", { body: { Error: "class x" } }, "chain_error"],
    ["a server's error", "overloaded", { status: 500 }, "chain_error"],
    ["too many requests", "throttled", { status: 429 }, "chain_busy"],
    [
      "a provider's sentence",
      "throttled",
      { body: { Error: "The key exceeds the frequency limit(15)" } },
      "chain_busy",
    ],
    ["a node's own limiter", "overloaded", { body: { Error: "x : lack of computing resources" } }, "chain_error"],
  ])("%s is %s", async (_name, kind, answer, code) => {
    const failure = await asked(answer);
    expect(failure).toMatchObject({ name: "Fault", code });
    expect(faults()).toEqual({ [kind]: 1 });
    const { errorRate } = gateway.pool.all()[0]?.reading() ?? {};
    expect(errorRate).toBeCloseTo(["rejected", "oversized", "throttled"].includes(kind) ? 0 : 0.2);
  });

  test("JSON of other spellings is taken as JSON", async () => {
    for (const type of ["application/json; charset=utf-8", "Application/JSON", "text/json", "application/x+json"]) {
      node.on("wallet/getnowblock", { text, headers: { "content-type": type } });
      expect((await gateway.headBlock()).number).toBe(100);
    }
  });
});

describe("an answer that is longer than its question needs", () => {
  const lists = Buffer.from(`[${"[],".repeat(2_800_000)}[]]`);
  let roomy: TronGateway;

  beforeEach(() => {
    const retry = { ...GATEWAY_DEFAULTS.retry, maxRetries: 0, maxConnectionRetries: 0 };
    roomy = openGateway([node.url], { retry }, { clock });
  });
  afterEach(() => roomy.close());
  const found = () => roomy.pool.all()[0]?.reading().faults;

  test.each([
    ["an account", "wallet/getaccount", () => roomy.account(FAKE_USDT)],
    ["the chain's parameters", "wallet/getchainparameters", () => roomy.chainParameters()],
  ])("about %s is not read to its end", async (_name, path, ask) => {
    for (const headers of [{}, { "content-length": String(lists.length) }] as Record<string, string>[]) {
      node.on(path, { bytes: lists, headers });
      await expect(ask()).rejects.toMatchObject({ name: "Fault", code: "chain_error" });
    }
    expect(found()).toEqual({ oversized: 2 });
  });

  test("about a broadcast is not read to its end, and the bytes may have been seen", async () => {
    node.on("wallet/broadcasthex", { bytes: lists });
    expect(await roomy.broadcast(RAW)).toMatchObject({ class: "ambiguous" });
    expect(found()).toEqual({ oversized: 1 });
  });

  test("and is no block is not parsed", async () => {
    node.on("wallet/getnowblock", { bytes: lists });
    node.on("walletsolidity/getnowblock", { bytes: Buffer.concat([Buffer.from('{"x":'), lists, Buffer.from("}")]) });
    await expect(roomy.headBlock()).rejects.toMatchObject({ code: "chain_error" });
    await expect(roomy.solidBlock()).rejects.toMatchObject({ code: "chain_error" });
    expect(found()).toEqual({ unparsable: 2 });
  });
});

test("bytes that may have been seen are never told to be unseen", () => {
  for (const kind of FAILURE_KINDS) {
    const outcome = outcomeOfFailure(new NodeFailure({ kind, node: "n", message: "x" }), "n");
    const unseen = ["unreachable", "resting", "limited", "excluded"].includes(kind);
    expect([kind, outcome.class]).toEqual([kind, unseen ? "busy" : "ambiguous"]);
  }
});

describe("mutated answers of real nodes", () => {
  const info = {
    id: TX,
    blockNumber: 100,
    blockTimeStamp: TIME,
    fee: 27_255_900,
    contract_address: "41a614f803b6fd780986a42c78ec9c7f77e6ded13c",
    receipt: { energy_usage_total: 130_285, net_usage: 345, result: "SUCCESS" },
    log: [{ address: "a614f803b6fd780986a42c78ec9c7f77e6ded13c", topics: ["dd".repeat(32)], data: "00".repeat(32) }],
  };
  const call = { result: { result: true }, energy_used: 64_285, constant_result: ["0".repeat(63) + "1"] };
  const keys = [{ address: "41a614f803b6fd780986a42c78ec9c7f77e6ded13c", weight: 1 }];
  const account = {
    address: "41a614f803b6fd780986a42c78ec9c7f77e6ded13c",
    owner_permission: { permission_name: "owner", threshold: 1, keys },
    active_permission: [{ type: "Active", id: 2, threshold: 1, operations: "7f".repeat(32), keys }],
  };
  const look = { ...call, constant_result: ["00050d"] };
  const prices = [
    "getEnergyFee",
    "getTransactionFee",
    "getMaxFeeLimit",
    "getCreateAccountFee",
    "getCreateNewAccountFeeInSystemContract",
    "getMemoFee",
    "getUnfreezeDelayDays",
  ].map((key, index) => ({ key, value: 100 + index }));
  const questions: [string, unknown, (chain: ChainGateway) => Promise<unknown>][] = [
    ["wallet/getnowblock", block, (chain) => chain.headBlock()],
    ["walletsolidity/getnowblock", block, (chain) => chain.solidBlock()],
    ["wallet/getblockbynum", block, (chain) => chain.block(100)],
    ["wallet/getblockbylimitnext", { block: [block] }, (chain) => chain.blocks(100, 100)],
    ["wallet/gettransactioninfobyblocknum", [info], (chain) => chain.receipts(100)],
    ["walletsolidity/gettransactioninfobyid", info, (chain) => chain.solidReceipt(TX)],
    ["wallet/getchainparameters", { chainParameter: prices }, (chain) => chain.chainParameters()],
    ["wallet/getaccount", account, async (chain) => signsAlone(await chain.signatories(FAKE_USDT), FAKE_USDT)],
    ["wallet/triggerconstantcontract", call, (chain) => chain.isBlacklisted(FAKE_USDT)],
    ["wallet/triggerconstantcontract", look, (chain) => chain.destinations([FAKE_USDT, FAKE_USDT], "USDT")],
    ["wallet/broadcasthex", { result: true, code: "SUCCESS", txid: TX }, (chain) => chain.broadcast("0a02")],
  ];

  const junk = fc.oneof(
    fc.constantFrom<unknown>(null, true, "", "0x", -1, 1.5, 2 ** 60, "9".repeat(30), [], {}, { Error: "x" }, [null]),
    fc.jsonValue(),
  );
  const mutation = fc.oneof(
    fc.record({ kind: fc.constant("replace" as const), at: fc.nat(), by: junk }),
    fc.record({ kind: fc.constant("remove" as const), at: fc.nat() }),
    fc.record({ kind: fc.constant("cut" as const), at: fc.nat() }),
    fc.record({ kind: fc.constant("flip" as const), at: fc.nat(), bit: fc.nat({ max: 7 }) }),
  );

  test.each(questions)("%s ends in the true fact or in a fault of the node", async (path, answer, question) => {
    node.on(path, { text: JSON.stringify(answer) });
    const truth = JSON.stringify(await question(openFresh()));
    const sealed = path.includes("block") && !path.includes("info");
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (mutations) => {
        const bytes = mutations.reduce(mutate, Buffer.from(JSON.stringify(answer)));
        node.on(path, { bytes });
        const chain = openFresh();
        try {
          const fact = await question(chain);
          // A block carries the proof of what it says; only what is not under it may differ.
          if (sealed && fact !== undefined) {
            const [seen, real] = [JSON.stringify(fact), truth].map((json) => json.replace(/"result":"[^"]*"/g, ""));
            if (!/"unproved"|^\[\]$/.test(seen ?? "")) expect(seen).toBe(real);
          }
        } catch (error) {
          if (!isFault(error)) throw error;
          expect(["chain_error", "chain_busy", "simulation_reverted"]).toContain(error.code);
        }
      }),
      { numRuns: 60 },
    );
  });

  const opened: TronGateway[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((chain) => chain.close()));
  });

  function openFresh(): TronGateway {
    const retry = { ...GATEWAY_DEFAULTS.retry, maxRetries: 0 };
    const chain = openGateway([node.url], { retry, http: GATEWAY_DEFAULTS.http }, { clock });
    opened.push(chain);
    return chain;
  }

  type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

  function mutate(bytes: Buffer, change: Mutation): Buffer {
    if (change.kind === "cut") return bytes.subarray(0, change.at % (bytes.length + 1));
    if (change.kind === "flip") {
      const copy = Buffer.from(bytes);
      const at = change.at % Math.max(1, copy.length);
      if (copy.length > 0) copy[at] = (copy[at] ?? 0) ^ (1 << change.bit);
      return copy;
    }
    let value: unknown;
    try {
      value = JSON.parse(bytes.toString());
    } catch {
      return bytes;
    }
    const places = placesOf(value);
    const place = places[change.at % Math.max(1, places.length)];
    if (place === undefined) return bytes;
    if (change.kind === "replace") place.parent[place.key] = change.by;
    else delete place.parent[place.key];
    return Buffer.from(JSON.stringify(value));
  }

  type Place = { parent: Record<string, unknown>; key: string };

  function placesOf(value: unknown): Place[] {
    if (typeof value !== "object" || value === null) return [];
    const parent = value as Record<string, unknown>;
    return Object.keys(parent).flatMap((key) => [{ parent, key }, ...placesOf(parent[key])]);
  }
});
