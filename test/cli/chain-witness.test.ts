/** What the demo makes of nodes that do not simply answer. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test } from "vitest";
import { ChainWitness } from "../../src/cli/chain-witness.ts";
import { EXIT } from "../../src/cli/demo-options.ts";
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

function witnessOf(nodeUrl: string): ChainWitness {
  return new ChainWitness({ nodeUrl, apiKey: undefined, usdtContract: ANN, pause: () => Promise.resolve() });
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
