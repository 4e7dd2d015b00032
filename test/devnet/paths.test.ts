import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import type { Devnet } from "../../src/devnet/handle.ts";
import { startDevnet } from "../../src/devnet/devnet.ts";
import { afterAll } from "vitest";
import { alice, bob, type Json, post } from "./support.ts";

/** What java-tron 4.8.0 does on GET of each of its paths: answer, answer with nothing, or 405. */
type Kinds = Readonly<Record<string, "answers" | "empty" | 405>>;
const paths: { full: Kinds; solidity: Kinds } = JSON.parse(
  readFileSync(new URL("paths.json", import.meta.url), "utf8"),
);
const kinds = Object.entries({ ...paths.full, ...paths.solidity });
const UNAVAILABLE = { Error: "this API is unavailable due to config" };
const CLOSED = new Set(["/monitor/getstatsinfo"]);
const FORM = { "content-type": "application/x-www-form-urlencoded" };

describe("every path of a node", () => {
  let devnet: Devnet;
  beforeAll(async () => {
    devnet = await startDevnet({ port: 0, slotMs: "manual" });
  });
  afterAll(() => devnet.close());

  test.each(kinds)("%s, whose GET %s", async (path, kind) => {
    const got = await fetch(devnet.url + path);
    const text = await got.text();
    if (CLOSED.has(path)) {
      expect([got.status, JSON.parse(text)]).toEqual([404, UNAVAILABLE]);
      return;
    }
    if (kind === 405) expect(got.status).toBe(405);
    else if (kind === "empty") expect([got.status, text]).toEqual([200, ""]);
    else expect([got.status, typeof JSON.parse(text)]).toEqual([200, "object"]);
    for (const init of [{ body: "{}" }, { body: "" }, { body: "", headers: FORM }]) {
      const posted = await fetch(devnet.url + path, { method: "POST", ...init });
      expect(posted.status).toBe(200);
      expect(posted.headers.get("content-type")).toBe("application/json; charset=utf-8");
      const said: unknown = JSON.parse(await posted.text());
      expect(typeof said).toBe("object");
    }
  });

  test.each([
    "/wallet/easytransfer",
    "/wallet/easytransferbyprivate",
    "/wallet/createaddress",
    "/wallet/generateaddress",
    "/wallet/isshieldedtransaction",
    "/wallet/adminsign",
    "/wallet/gettransactionsign",
    "/walletsolidity/gettransactionsfromthis",
    "/monitor/getaccount",
    "/net/getnowblock",
  ])("%s, which a node does not have, is not found", async (path) => {
    const answer = await fetch(devnet.url + path, { method: "POST", body: "{}" });
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain("HTTP ERROR 404");
  });
});

describe("features that are off", () => {
  let devnet: Devnet;
  const error = async (path: string, body: Json): Promise<string> => (await post(devnet, path, body))["Error"];
  beforeAll(async () => {
    devnet = await startDevnet({ port: 0, slotMs: "manual" });
    await devnet.faucet({ address: alice.address, trxSun: 10_000_000n });
    await devnet.mine();
  });
  afterAll(() => devnet.close());

  test("shielded keys and proofs are not allowed", async () => {
    for (const name of ["getspendingkey", "getrcm", "createshieldedcontractparameters", "getnewshieldedaddress"]) {
      expect(await error(`/wallet/${name}`, {})).toBe(
        "class org.tron.core.exception.ZksnarkException : ShieldedTransactionApi is not allowed",
      );
    }
    expect(await error("/walletsolidity/scanshieldedtrc20notesbyivk", {})).toMatch(
      /ShieldedTransactionApi is not allowed$/,
    );
  });

  test("markets were not opened, exchanges are not there", async () => {
    const sale = {
      owner_address: alice.hex41,
      sell_token_id: "5f",
      sell_token_quantity: 1,
      buy_token_id: "31",
      buy_token_quantity: 1,
    };
    expect(await error("/wallet/marketsellasset", sale)).toBe(
      "class org.tron.core.exception.ContractValidateException : Not support Market Transaction, need to be opened by the committee",
    );
    expect(await error("/wallet/marketcancelorder", { owner_address: alice.hex41, order_id: "00" })).toMatch(
      /by the committee$/,
    );
    for (const name of ["exchangecreate", "exchangeinject", "exchangewithdraw", "exchangetransaction"]) {
      expect(await error(`/wallet/${name}`, { owner_address: alice.hex41 })).toBe(
        "class org.tron.core.exception.ContractValidateException : exchanges are not supported by the devnet",
      );
    }
    expect(await post(devnet, "/wallet/listexchanges")).toEqual({});
    expect(await post(devnet, "/wallet/getpaginatedexchangelist", { offset: 0, limit: 10 })).toEqual({});
    expect(await error("/wallet/getexchangebyid", { id: 1 })).toBe("class java.lang.NullPointerException : null");
    expect(await error("/wallet/getexchangebyid", {})).toMatch(/key \[id\] does not exist$/);
  });

  test("what is asked of markets is nothing, when it is asked well", async () => {
    const pair = { sell_token_id: "5f", buy_token_id: "31303031" };
    expect(await post(devnet, "/wallet/getmarketpairlist")).toEqual({});
    expect(await post(devnet, "/wallet/getmarketorderbyaccount", { value: alice.hex41 })).toEqual({});
    expect(await error("/wallet/getmarketorderbyid", { value: "00" })).toBe(
      "class java.lang.IllegalStateException : order not found in store",
    );
    expect(await post(devnet, "/wallet/getmarketorderbyid", { value: "" })).toEqual({});
    expect(await post(devnet, "/wallet/getmarketpricebypair", pair)).toEqual(pair);
    expect(
      await post(devnet, "/walletsolidity/getmarketpricebypair", {
        sell_token_id: "_",
        buy_token_id: "1001",
        visible: true,
      }),
    ).toEqual({ sell_token_id: "_", buy_token_id: "1001" });
    expect(await post(devnet, "/wallet/getmarketorderlistbypair", pair)).toEqual({});
    expect(await error("/wallet/getmarketorderlistbypair", { ...pair, buy_token_id: "61" })).toBe(
      "class org.tron.core.exception.BadItemException : buyTokenId is not a valid number",
    );
    expect(await error("/wallet/getmarketpricebypair", {})).toMatch(/sellTokenId is not a valid number$/);
  });

  test("balances of the past are not kept", async () => {
    const { blockID, block_header } = await post(devnet, "/wallet/getnowblock");
    const block_identifier = { hash: blockID, number: block_header.raw_data.number };
    const account_identifier = { address: alice.hex41 };
    expect(await post(devnet, "/wallet/getaccountbalance", { account_identifier, block_identifier })).toEqual({
      balance: 0,
      block_identifier,
    });
    expect(await error("/wallet/getblockbalance", block_identifier)).toBe(
      "class org.tron.core.exception.ItemNotFoundException : This block does not exist",
    );
    const cases: [Json, string][] = [
      [{ block_identifier }, "account_identifier is null"],
      [{ account_identifier: {}, block_identifier }, "account_identifier address is null"],
      [{ account_identifier }, "block_identifier null"],
      [
        { account_identifier, block_identifier: { ...block_identifier, number: -1 } },
        "block_identifier number less than 0",
      ],
      [{ account_identifier, block_identifier: { number: 1 } }, "block_identifier hash length not equals 32"],
      [{ account_identifier, block_identifier: { ...block_identifier, number: 1 } }, "number and hash do not match"],
    ];
    for (const [body, message] of cases) {
      expect(await error("/wallet/getaccountbalance", body)).toBe(
        `class java.lang.IllegalArgumentException : ${message}`,
      );
    }
    expect(await error("/wallet/getblockbalance", { ...block_identifier, number: 9_999 })).toMatch(
      /number: 9999 is not found!$/,
    );
  });

  test("the rarest ones: any contract by its type, the bare receipt, the count of all transactions", async () => {
    const value = { owner_address: alice.hex41, to_address: bob.hex41, amount: 5 };
    const built = await post(devnet, "/wallet/createCommonTransaction", {
      ...value,
      contractType: "TransferContract",
      Permission_id: 2,
    });
    expect(built["raw_data"].contract).toEqual([
      {
        type: "TransferContract",
        parameter: { type_url: "type.googleapis.com/protocol.TransferContract", value },
        Permission_id: 2,
      },
    ]);
    expect(await error("/wallet/createCommonTransaction", { ...value, contractType: "Nonsense" })).toBe(
      "class java.lang.IllegalArgumentException : No enum constant org.tron.protos.Protocol.Transaction.Contract.ContractType.Nonsense",
    );
    expect(await error("/wallet/createCommonTransaction", value)).toBe(
      "class java.lang.NullPointerException : Name is null",
    );
    const head = await post(devnet, "/wallet/getnowblock");
    const [{ txID }] = head["transactions"];
    const info = await post(devnet, "/wallet/gettransactioninfobyid", { value: txID });
    expect(await post(devnet, "/wallet/gettransactionreceiptbyid", { value: txID })).toEqual({
      Receipt: info["receipt"],
    });
    expect(await post(devnet, "/wallet/gettransactionreceiptbyid", { value: "00" })).toEqual({});
    expect(await post(devnet, "/wallet/totaltransaction")).toEqual({});
  });
});
