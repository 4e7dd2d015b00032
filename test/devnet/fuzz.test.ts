import { request } from "node:http";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Devnet } from "../../src/devnet/handle.ts";
import {
  alice,
  bob,
  broadcast,
  fundedDevnet,
  manualDevnet,
  post,
  signed,
  trxTransfer,
  usdtTransfer,
} from "./support.ts";

const PATHS = [
  "getnowblock",
  "getblock",
  "getblockbynum",
  "getblockbyid",
  "getblockbylimitnext",
  "getblockbylatestnum",
  "gettransactioncountbyblocknum",
  "gettransactionbyid",
  "gettransactioninfobyid",
  "gettransactioninfobyblocknum",
  "getpendingsize",
  "gettransactionfrompending",
  "gettransactionlistfrompending",
  "getaccount",
  "getaccountnet",
  "getaccountresource",
  "getchainparameters",
  "getenergyprices",
  "getbandwidthprices",
  "getmemofee",
  "getburntrx",
  "getnodeinfo",
  "listnodes",
  "validateaddress",
  "getcontract",
  "getcontractinfo",
  "broadcasttransaction",
  "broadcasthex",
  "createtransaction",
  "getsignweight",
  "triggersmartcontract",
  "triggerconstantcontract",
  "estimateenergy",
];
const FIELDS = [
  "num",
  "value",
  "id_or_num",
  "detail",
  "startNum",
  "endNum",
  "address",
  "visible",
  "owner_address",
  "to_address",
  "amount",
  "contract_address",
  "function_selector",
  "parameter",
  "data",
  "transaction",
  "raw_data",
  "signature",
  "fee_limit",
  "call_value",
  "Permission_id",
  "extra_data",
  "__proto__",
  "constructor",
];

type Answer = { status: number; text: string; type: string };

function send(
  devnet: Devnet,
  call: { method: string; path: string; body: string | Buffer; type: string },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": call.type, "content-length": Buffer.byteLength(call.body) };
    const outgoing = request(devnet.url + call.path, { method: call.method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: response.statusCode ?? 0, text, type: response.headers["content-type"] ?? "" });
      });
    });
    outgoing.on("error", reject);
    outgoing.end(call.body);
  });
}

function expectNodeAnswer({ status, text, type }: Answer): void {
  expect([200, 404, 405]).toContain(status);
  if (status !== 200) return expect(text).toContain("HTTP ERROR");
  expect(type).toContain("application/json");
  if (text !== "") expect(() => JSON.parse(text)).not.toThrow();
}

describe("whatever arrives, the node answers like a node and lives on", () => {
  test("calls of every path with wild bodies, queries and types", async () => {
    const devnet = await fundedDevnet();
    const leaf = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom(alice.hex41, alice.address, bob.hex41, "-1", "9".repeat(30), "00", "0x00", "balanceOf(address)"),
      fc.double(),
    );
    const value = fc.oneof(
      leaf,
      fc.array(leaf, { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...FIELDS), leaf, { maxKeys: 3 }),
    );
    const object = fc.dictionary(fc.constantFrom(...FIELDS), value, { maxKeys: 6 });
    const body = fc.oneof(
      object.map((some) => JSON.stringify(some)),
      fc.string(),
      fc.json(),
      fc.uint8Array({ maxLength: 60 }).map((some) => Buffer.from(some)),
      fc
        .dictionary(fc.constantFrom(...FIELDS), fc.string(), { maxKeys: 6 })
        .map((some) => new URLSearchParams(some).toString()),
    );
    const call = fc.record({
      method: fc.constantFrom("GET", "POST", "PUT", "DELETE"),
      path: fc
        .tuple(
          fc.constantFrom("wallet", "walletsolidity", "walletpbft"),
          fc.constantFrom(...PATHS),
          fc.constantFrom("", "?num=1", "?num=x&value=%zz", "?visible=true&address=T"),
        )
        .map(([scope, name, query]) => `/${scope}/${name}${query}`),
      body,
      type: fc.constantFrom("application/json", "application/x-www-form-urlencoded", "text/plain", ""),
    });
    await fc.assert(
      fc.asyncProperty(call, async (some) => {
        expectNodeAnswer(await send(devnet, some));
      }),
      { numRuns: 1_500 },
    );
    await devnet.mine();
    expect(await broadcast(devnet, await signed(devnet, trxTransfer(bob, 1n)))).toMatchObject({ result: true });
  });

  test("bytes that were changed are refused, or are the same payment with its signature spelled differently", async () => {
    const devnet = await fundedDevnet();
    const tx = await signed(devnet, usdtTransfer(devnet, bob, 5n));
    const bytes = Buffer.from(tx.hex, "hex");
    const mutation = fc.record({
      at: fc.nat(bytes.length - 1),
      value: fc.integer({ min: 0, max: 255 }),
      cut: fc.nat(bytes.length),
    });
    await fc.assert(
      fc.asyncProperty(mutation, fc.boolean(), async ({ at, value, cut }, isCut) => {
        const mutated = Buffer.from(bytes);
        mutated[at] = value;
        const transaction = (isCut ? mutated.subarray(0, cut) : mutated).toString("hex");
        if (transaction === tx.hex) return;
        const answer = await post(devnet, "/wallet/broadcasthex", { transaction });
        expect(answer["txid"] ?? answer["Error"]).toEqual(expect.any(String));
        if (answer["result"] === true) expect(answer["txid"]).toBe(tx.txId);
      }),
      { numRuns: 500 },
    );
    await devnet.mine();
    const others = devnet.ledger.payments({ from: alice.address }).filter(({ txId }) => txId !== tx.txId);
    expect(others).toEqual([]);
  });

  test("a body of many megabytes is too large", async () => {
    const devnet = await manualDevnet();
    const body = Buffer.alloc(5 * 1024 * 1024, "a");
    expect(
      (await send(devnet, { method: "POST", path: "/wallet/getaccount", body, type: "application/json" })).status,
    ).toBe(413);
    expect(await post(devnet, "/wallet/getpendingsize")).toEqual({ pendingSize: 0 });
  });
});

describe("plumbing", () => {
  const call = (devnet: Devnet, method: string, path: string, body = "", type = "application/json") =>
    send(devnet, { method, path, body, type });

  test("a parameter comes by query and by JSON alike", async () => {
    const devnet = await manualDevnet();
    const answers = [
      await call(devnet, "GET", "/wallet/getblockbynum?num=3"),
      await call(devnet, "POST", "/wallet/getblockbynum", '{"num":3}'),
      await call(devnet, "POST", "/wallet/getblockbynum", '{"num":3}', "application/x-www-form-urlencoded"),
    ];
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(JSON.parse(answers[0]?.text ?? "").block_header.raw_data.number).toBe(3);
  });

  test("the fields of a form are texts: an address is one, a number is not", async () => {
    const devnet = await fundedDevnet();
    const form = "application/x-www-form-urlencoded";
    const found = await call(devnet, "POST", "/wallet/getaccount", `address=${alice.address}&visible=true`, form);
    expect(JSON.parse(found.text)).toMatchObject({ address: alice.address });
    expect(JSON.parse((await call(devnet, "POST", "/wallet/getblockbynum", "num=3", form)).text)).toEqual({
      Error: `class org.tron.core.services.http.JsonFormat$ParseException : 1:8: Couldn't parse integer: For input string: ""3""`,
    });
  });

  test("where nothing is asked the body is not read, and visible comes by query or form", async () => {
    const devnet = await manualDevnet();
    const witness = async (path: string, body = "", type = "application/json") =>
      JSON.parse((await call(devnet, "POST", path, body, type)).text).block_header.raw_data.witness_address;
    expect(await witness("/wallet/getnowblock", "no JSON at all")).toMatch(/^41/);
    expect(await witness("/wallet/getnowblock", '{"visible":true}')).toMatch(/^41/);
    expect(await witness("/wallet/getnowblock?visible=true")).toMatch(/^T/);
    expect(await witness("/wallet/getnowblock", "visible=true", "application/x-www-form-urlencoded")).toMatch(/^T/);
  });

  test("an empty body with a form's type is no parameters at all", async () => {
    const devnet = await manualDevnet();
    const { text } = await call(devnet, "POST", "/wallet/getchainparameters", "", "application/x-www-form-urlencoded");
    expect(JSON.parse(text)).toHaveProperty("chainParameter");
  });

  test.each([
    ["GET", "/wallet/broadcasthex", 405, "HTTP ERROR"],
    ["GET", "/wallet/broadcasttransaction", 405, "HTTP ERROR"],
    ["GET", "/wallet/triggerconstantcontract", 200, ""],
    ["GET", "/wallet/createtransaction", 200, ""],
    ["GET", "/wallet/unheardof", 404, "HTTP ERROR"],
    ["POST", "/walletsolidity/broadcasthex", 404, "HTTP ERROR"],
    ["POST", "/walletsolidity/getaccountresource", 404, "HTTP ERROR"],
    ["GET", "/wallet/constructor", 404, "HTTP ERROR"],
    ["GET", "/healthcheck", 200, "OK"],
  ])("%s %s answers %d", async (method, path, status, text) => {
    const devnet = await manualDevnet();
    const answer = await call(devnet, method, path);
    expect(answer.status).toBe(status);
    if (text === "") expect(answer.text).toBe("");
    else expect(answer.text).toContain(text);
  });

  test("errors come with status 200 and the name of a Java class", async () => {
    const devnet = await manualDevnet();
    const error = async (path: string, body: string) =>
      JSON.parse((await call(devnet, "POST", path, body)).text).Error as string;
    expect(await error("/wallet/getaccount", "{")).toMatch(/^class com\.alibaba\.fastjson\.JSONException : /);
    expect(await error("/wallet/broadcasttransaction", "{}")).toBe("class java.lang.NullPointerException : null");
    expect(await error("/wallet/broadcasthex", '{"transaction":"0a"}')).toMatch(
      /^class com\.google\.protobuf\.InvalidProtocolBufferException : /,
    );
  });

  test("int64 are exact numbers, or text when asked for", async () => {
    const devnet = await manualDevnet();
    const huge = 9_007_199_254_740_993n;
    await devnet.faucet({ address: alice.address, trxSun: huge });
    await devnet.mine();
    const number = await call(devnet, "GET", `/wallet/getaccount?address=${alice.hex41}`);
    expect(number.text).toContain(`"balance":${huge},`);
    const text = await call(devnet, "GET", `/wallet/getaccount?address=${alice.hex41}&int64_as_string=true`);
    expect(text.text).toContain(`"balance":"${huge}",`);
    const exact = await call(
      devnet,
      "POST",
      "/wallet/createtransaction",
      `{"owner_address":"${alice.hex41}","to_address":"${bob.hex41}","amount":9007199250000001}`,
    );
    expect(exact.text).toContain('"amount":9007199250000001');
  });
});
