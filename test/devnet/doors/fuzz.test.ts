import { request } from "node:http";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Devnet } from "../../../src/devnet/handle.ts";
import { alice, bob, broadcast, fundedDevnet, signed, trxTransfer } from "../support.ts";

const PATHS = [
  `/v1/accounts/${alice.address}`,
  `/v1/accounts/${alice.hex41}/transactions`,
  `/v1/accounts/${bob.address}/transactions/trc20`,
  "/v1/accounts/%ff/transactions",
  `/v1/contracts/${alice.address}/events`,
  `/v1/contracts/${alice.address}/tokens`,
  "/v1/transactions/00/events",
  "/v1/blocks/latest/events",
  "/v1/blocks/1/events",
  "/v1/",
  "/admin",
  "/admin/accounts",
  "/admin/accounts-json",
  "/admin/devnet",
  "/admin/devnet/faucet",
  "/admin/devnet/fork",
  "/admin/devnet/usdt/fee",
  "/admin/devnet/ledger/payments",
  "/admin/devnet/ledger/balance",
  "/admin/devnet/history-lag",
  "/admin/devnet/__proto__",
  "/tre",
];
const NAMES = [
  "limit",
  "fingerprint",
  "order_by",
  "min_timestamp",
  "only_to",
  "event_name",
  "address",
  "depth",
  "blocks",
  "method",
  "params",
  "jsonrpc",
  "since_block",
  "trx_sun",
  "basis_points",
  "__proto__",
  "constructor",
];

type Wild = { method: string; path: string; query: string; body: string };

function send(devnet: Devnet, { method, path, query, body }: Wild): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${devnet.url}${path}?${query}`, { method }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end(method === "GET" ? undefined : body);
  });
}

describe("whatever arrives at the other doors", () => {
  test("is answered in their own shape, and the chain lives on", async () => {
    const devnet = await fundedDevnet({ accounts: { count: 1 } });
    const leaf = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.integer(),
      fc.boolean(),
      fc.constantFrom(
        alice.address,
        alice.hex41,
        "true",
        "9".repeat(30),
        "-1",
        "block_timestamp,asc",
        "tre_mine",
        null,
      ),
    );
    const fields = fc.dictionary(fc.constantFrom(...NAMES), fc.oneof(leaf, fc.array(leaf, { maxLength: 2 })), {
      maxKeys: 4,
    });
    const call = fc.record({
      method: fc.constantFrom("GET", "POST", "PUT"),
      path: fc.constantFrom(...PATHS),
      query: fc
        .dictionary(
          fc.constantFrom(...NAMES),
          fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom("true", "5", alice.address)),
          {
            maxKeys: 4,
          },
        )
        .map((some) => new URLSearchParams(some).toString()),
      body: fc.oneof(
        fields.map((some) => JSON.stringify(some)),
        fc.string({ maxLength: 30 }),
        fc.json({ maxDepth: 2 }),
      ),
    });
    await fc.assert(
      fc.asyncProperty(call, async (wild) => {
        const { status, text } = await send(devnet, wild);
        expect([200, 400, 404, 405, 409]).toContain(status);
        if (wild.path.startsWith("/v1/")) expect(JSON.parse(text).success).toBe(status === 200);
        if (wild.path.startsWith("/admin/devnet") && status !== 200) expect(JSON.parse(text).code).toBeTypeOf("string");
      }),
      { numRuns: 800 },
    );
    devnet.faults.clear();
    await devnet.mine();
    expect(await broadcast(devnet, await signed(devnet, trxTransfer(bob, 1n)))).toMatchObject({ result: true });
  });
});
