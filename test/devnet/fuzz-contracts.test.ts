import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonTextOf } from "../../src/devnet/http/json.ts";
import { scalarText } from "../../src/devnet/http/request.ts";
import { toHex41 } from "../../src/tron/address.ts";
import { contractOf, CONTRACTS, type ContractType } from "../../src/tron/contracts.ts";
import type { Shape } from "../../src/tron/protobuf.ts";
import { valueOf } from "./shape-arbitraries.ts";
import { alice, bob, broadcast, fundedDevnet, type Json, signed, trxTransfer } from "./support.ts";

const TYPES = Object.keys(CONTRACTS) as ContractType[];
const {
  full,
  solidity,
}: Record<"full" | "solidity", Record<string, unknown>> = JSON.parse(
  readFileSync(new URL("paths.json", import.meta.url), "utf8"),
);
/** An error of this class is one that nobody thought of. */
const UNTHOUGHT = /RuntimeException|undefined|not a function|Cannot read|TypeError/;

const NAMES = (
  "value id num address account_id offset limit visible owner_address to_address amount asset_name parameters " +
  "proposal_id keys actives owner account_identifier block_identifier sell_token_id buy_token_id hash number " +
  "contractType Permission_id extra_data raw_data contract signature parameter type fromAddress toAddress timestamp " +
  "frozen_supply abi function_selector contract_address data bytecode receiver_address resource"
).split(" ");

/** Numbers that are often asked about, among any. */
const number = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, 1_000_001n, 2n ** 62n),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);

describe("any contract of any type", () => {
  test("is refused or executed in the node's own words, signed and sent as bytes", async () => {
    const devnet = await fundedDevnet();
    const taste = { plain: false, addresses: [alice.hex41, bob.hex41, toHex41(devnet.usdtContract)] };
    const any = fc.constantFrom(...TYPES).chain((type) => {
      const shape: Shape = CONTRACTS[type].shape;
      return fc
        .tuple(valueOf(shape, taste), fc.boolean(), fc.constantFrom(0, 0, 0, 2, 5), number)
        .map(([value, owned, permissionId, amount]) => {
          const numbers = Object.fromEntries(
            Object.entries(value).map(([name, item]) => [name, typeof item === "bigint" ? amount : item]),
          );
          const owner = owned && "owner_address" in shape ? { owner_address: alice.hex41 } : {};
          return contractOf(type, permissionId, { ...numbers, ...owner });
        });
    });
    const taken: string[] = [];
    await fc.assert(
      fc.asyncProperty(any, async (contract) => {
        const answer = await broadcast(devnet, await signed(devnet, contract));
        expect(answer["Error"]).toBeUndefined();
        expect(answer["code"]).toEqual(expect.any(String));
        expect(answer["message"]).not.toMatch(UNTHOUGHT);
        if (answer["result"] === true) taken.push(answer["txid"]);
      }),
      { numRuns: 250 },
    );
    await devnet.mine();
    for (const txId of taken) expect(devnet.ledger.transaction(txId)?.outcome.result).toBeDefined();
    expect(await broadcast(devnet, await signed(devnet, trxTransfer(bob, 1n)))).toMatchObject({ result: true });
  });
});

describe("any question at any path", () => {
  test("is answered in the node's own words", async () => {
    const devnet = await fundedDevnet();
    const texts = fc.constantFrom(
      alice.hex41,
      alice.address,
      bob.hex41,
      "31303030303031",
      "00",
      "T",
      "x",
      "",
      "trx",
      "_",
    );
    const leaf = fc.oneof(
      texts,
      number,
      fc.boolean(),
      fc.constant(null),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    );
    const names = fc.constantFrom(...NAMES);
    const { body } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        { arbitrary: leaf, weight: 4 },
        { arbitrary: fc.array(tie("value"), { maxLength: 3 }), weight: 1 },
        { arbitrary: tie("body"), weight: 2 },
      ),
      body: fc.dictionary(names, tie("value"), { maxKeys: 5 }),
    }));
    const path = fc.constantFrom(...Object.keys(full), ...Object.keys(solidity));
    await fc.assert(
      fc.asyncProperty(path, body, fc.boolean(), async (at, asked, isPost) => {
        const query = new URLSearchParams(
          Object.entries(Object(asked)).map<[string, string]>(([name, item]) => [name, scalarText(item)]),
        ).toString();
        const response = isPost
          ? await fetch(devnet.url + at, { method: "POST", body: jsonTextOf(asked) })
          : await fetch(`${devnet.url}${at}?${query}`);
        expect([200, 404, 405]).toContain(response.status);
        const text = await response.text();
        if (response.status !== 200 || text === "") return;
        const said: Json = JSON.parse(text);
        if (said["Error"] !== undefined) expect(said["Error"]).not.toMatch(UNTHOUGHT);
      }),
      { numRuns: 800 },
    );
    await devnet.mine();
    expect(await broadcast(devnet, await signed(devnet, trxTransfer(bob, 1n)))).toMatchObject({ result: true });
  });
});
