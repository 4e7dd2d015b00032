/** What the demo makes of nodes that do not simply answer. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { ChainWitness } from "../../src/cli/chain-witness.ts";
import { EXIT } from "../../src/cli/demo-options.ts";
import { paceOf, WitnessNode, type WitnessPorts } from "../../src/cli/witness-node.ts";
import { ANN } from "./support/payees.ts";

type Asked = { readonly path: string; readonly body: string; readonly key: unknown };
type Reply = { readonly status?: number; readonly headers?: Record<string, string>; readonly body: unknown };

const OVERLOADED = { body: { Error: "class java.util.concurrent.RejectedExecutionException : too busy" } };
const TX = "ab".repeat(32);
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A node that gives one reply after the other, the last one for ever. */
async function nodeOf(...replies: Reply[]): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const reply = replies[Math.min(asked.length, replies.length - 1)];
    asked.push({ path: request.url ?? "", body, key: request.headers["tron-pro-api-key"] });
    response.writeHead(reply?.status ?? 200, { "content-type": "application/json", ...reply?.headers });
    response.end(JSON.stringify(reply?.body));
  };
  const server = createServer((request, response) => void answer(request, response));
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** Its time passes only in pauses. */
function portsOf(paused: number[] = [], said: string[] = []): WitnessPorts {
  let now = 1_000_000;
  return {
    now: () => now,
    pause: (ms) => {
      now += ms;
      paused.push(ms);
      return Promise.resolve();
    },
    say: (line) => said.push(line),
  };
}

function witnessOf(url: string, ports = portsOf()): ChainWitness {
  const node = new WitnessNode({ url, apiKey: undefined, perSecond: undefined }, ports);
  return new ChainWitness({ node, usdtContract: ANN });
}

describe("an error that a node wraps into a 200", () => {
  test("is no block number, no receipt and no chain: the node is asked again", async () => {
    const number = await nodeOf(OVERLOADED, { body: { block_header: { raw_data: { number: 70 } } } });
    expect(await witnessOf(number.url).solidNumber()).toBe(70);
    const receipt = { id: TX, blockNumber: 7, receipt: { result: "SUCCESS" } };
    const receipts = await nodeOf(OVERLOADED, { body: receipt });
    expect(await witnessOf(receipts.url).receipts([TX])).toMatchObject([{ blockNumber: 7, succeeded: true }]);
    const genesis = await nodeOf(OVERLOADED, { body: { blockID: TX } });
    expect(await witnessOf(genesis.url).genesisId()).toBe(TX);
  });

  test("is named at the end when the node has nothing else to say", async () => {
    const { url } = await nodeOf(OVERLOADED);
    await expect(witnessOf(url).receipts([TX])).rejects.toMatchObject({
      exitCode: EXIT.engine,
      message: expect.stringContaining("RejectedExecutionException : too busy"),
    });
  });
});

test("an answer that is no object is asked for again", async () => {
  const { url } = await nodeOf({ body: null }, { body: { id: TX, blockNumber: 7 } });
  expect(await witnessOf(url).receipts([TX])).toMatchObject([{ blockNumber: 7 }]);
});

test("a block without a number is block 0 only when its id says so", async () => {
  const raw = { block_header: { raw_data: {} } };
  const genesis = await nodeOf({ body: { blockID: `${"0".repeat(16)}${"ab".repeat(24)}`, ...raw } });
  expect(await witnessOf(genesis.url).solidNumber()).toBe(0);
  for (const body of [{}, raw, { blockID: TX, ...raw }]) {
    const { url } = await nodeOf({ body });
    await expect(witnessOf(url).solidNumber()).rejects.toMatchObject({ exitCode: EXIT.engine });
  }
});

describe("a node that refuses", () => {
  const fine = { body: { blockID: TX } };
  const refused = (more: Partial<Reply> = {}): Reply => ({ status: 403, body: {}, ...more });

  test.each([
    ["half a minute unless it says more", refused(), 30_000],
    ["half a minute when it says less", refused({ status: 429, headers: { "retry-after": "3" } }), 30_000],
    ["as long as its header says", refused({ status: 429, headers: { "retry-after": "45" } }), 45_000],
    ["as long as its text says", refused({ body: { Error: "the key is suspended for 60 s" } }), 60_000],
  ])("is left alone: %s", async (_, refusal, wait) => {
    const { url, asked } = await nodeOf(refusal, fine);
    const [paused, said]: [number[], string[]] = [[], []];
    expect(await witnessOf(url, portsOf(paused, said)).genesisId()).toBe(TX);
    expect([paused, asked.length]).toEqual([[wait], 2]);
    expect(said).toEqual([expect.stringContaining(`asking again in ${wait / 1_000} s`)]);
  });

  test("is asked again seven times", async () => {
    const seven = await nodeOf(...Array.from({ length: 7 }, () => refused()), fine);
    expect(await witnessOf(seven.url).genesisId()).toBe(TX);
    const always = await nodeOf(refused());
    await expect(witnessOf(always.url).genesisId()).rejects.toMatchObject({ exitCode: EXIT.engine });
    expect(always.asked).toHaveLength(8);
  });

  test("for longer than anybody waits ends the run", async () => {
    const { url, asked } = await nodeOf(refused({ headers: { "retry-after": "86400" } }));
    await expect(witnessOf(url).genesisId()).rejects.toMatchObject({
      exitCode: EXIT.engine,
      message: expect.stringContaining("left alone for 86400 s"),
    });
    expect(asked).toHaveLength(1);
  });

  test("is not asked by the others meanwhile", async () => {
    const { url, asked } = await nodeOf(...Array.from({ length: 8 }, () => refused()), { body: { id: TX } });
    const started = Date.now();
    const release: (() => void)[] = [];
    const pause = (): Promise<void> => new Promise((resolve) => release.push(resolve));
    let [now, said] = [started, 0];
    const witness = witnessOf(url, { now: () => now, pause, say: () => (said += 1) });
    const receipts = witness.receipts(Array.from({ length: 20 }, () => TX));
    while (release.length < 8) await sleep(5);
    await sleep(50);
    expect([asked.length, said]).toEqual([8, 1]);
    const ticking = setInterval(() => {
      now += 30_000;
      for (const resolve of release.splice(0)) resolve();
    }, 1);
    await receipts;
    clearInterval(ticking);
    expect(asked).toHaveLength(28);
  });
});

test("no more requests leave than the node takes", async () => {
  const { url, asked } = await nodeOf({ body: { id: TX } });
  const ports = { now: () => Date.now(), pause: (ms: number) => sleep(ms), say: () => {} };
  const node = new WitnessNode({ url, apiKey: undefined, perSecond: 20 }, ports);
  const receipts = new ChainWitness({ node, usdtContract: ANN }).receipts(Array.from({ length: 40 }, () => TX));
  await sleep(1_000);
  expect(asked.length).toBeLessThanOrEqual(20);
  await receipts;
  expect(asked).toHaveLength(40);
});

test("only nodes that others may use as well are asked slowly", () => {
  const pace = (url: string, network: string, apiKey?: string) => paceOf({ url, apiKey }, network);
  expect(pace("https://api.trongrid.io", "mainnet", "key")).toBe(4);
  expect(pace("https://api.trongrid.io", "mainnet")).toBe(2);
  expect(pace("http://127.0.0.1.example.org", "mainnet")).toBe(2);
  expect(pace("http://devnet:9090", "devnet", "key")).toBeUndefined();
  for (const host of ["127.0.0.1:8090", "localhost", "[::1]:8090"])
    expect(pace(`http://${host}`, "mainnet", "key")).toBeUndefined();
});

test("only solidified state is asked for, below the path of the node", async () => {
  const { url, asked } = await nodeOf({ body: { blockID: TX, block_header: { raw_data: { number: 7 } } } });
  const witness = witnessOf(`${url}/some-key`);
  await witness.genesisId();
  await witness.solidNumber();
  expect(asked.map(({ path }) => path)).toEqual([
    "/some-key/walletsolidity/getblockbynum",
    "/some-key/walletsolidity/getnowblock",
  ]);
});

test("no other node sees the key, and nobody the path", async () => {
  const other = await nodeOf({ body: { blockID: TX } });
  const { url, asked } = await nodeOf({ status: 307, headers: { location: other.url }, body: {} });
  const node = new WitnessNode({ url: `${url}/some-key`, apiKey: "key", perSecond: undefined }, portsOf());
  const genesisId = new ChainWitness({ node, usdtContract: ANN }).genesisId();
  await expect(genesisId).rejects.toMatchObject({
    exitCode: EXIT.engine,
    message: `the TRON node ${url} does not answer: unexpected redirect`,
  });
  expect([asked[0]?.key, other.asked]).toEqual(["key", []]);
});
