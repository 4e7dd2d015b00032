import { describe, expect, test } from "vitest";
import { readMessage } from "../../src/devnet/http/json-format.ts";
import { CONTRACTS } from "../../src/tron/contracts.ts";
import type { Shape } from "../../src/tron/protobuf.ts";
import { alice, bob, type Json, manualDevnet } from "./support.ts";
import type { Devnet } from "../../src/devnet/handle.ts";

const shape: Shape = CONTRACTS.TransferContract.shape;
const read = (text: string, visible = false, of = shape) => readMessage(of, text, visible);
const wrong = (text: string, visible = false, of = shape) => {
  try {
    read(text, visible, of);
  } catch (error) {
    return error instanceof Error ? error.message : undefined;
  }
  throw new Error("it was read");
};

describe("messages out of JSON", () => {
  test("have all that they name, and what they do not know is skipped", () => {
    const text = `{ "owner_address": "${alice.hex41}", "more": {"a": [1, "x", {"b": null}], "c": true},
      "amount": 9223372036854775807, "to_address": "0x${bob.hex41}" }`;
    expect(read(text)).toEqual({ owner_address: alice.hex41, to_address: bob.hex41, amount: 2n ** 63n - 1n });
    expect(read("{}")).toEqual({ owner_address: "", to_address: "", amount: 0n });
    expect(read('{"amount":null,"owner_address":null}')).toEqual(read("{}"));
  });

  test("have addresses as base58 and names as text when visible, bytes always as hex", () => {
    expect(read(`{"owner_address":"${alice.address}"}`, true)["owner_address"]).toBe(alice.hex41);
    const name = '{"account_name":"Al\\u00e9 \\"x\\""}';
    expect(read(name, true, CONTRACTS.AccountUpdateContract.shape)["account_name"]).toBe(
      Buffer.from('Alé "x"').toString("hex"),
    );
    expect(read('{"data":"abc"}', true, CONTRACTS.TriggerSmartContract.shape)["data"]).toBe("0abc");
  });

  test("take enums by name, by number and in lower case; lists with and without brackets; the last of two", () => {
    const stake: Shape = CONTRACTS.FreezeBalanceV2Contract.shape;
    expect(["ENERGY", 1].map((resource) => read(JSON.stringify({ resource }), false, stake)["resource"])).toEqual([
      1, 1,
    ]);
    const deploy: Shape = CONTRACTS.CreateSmartContract.shape;
    expect(
      read('{"new_contract":{"abi":{"entrys":{"type":"function"}}}}', false, deploy)["new_contract"],
    ).toMatchObject({
      abi: { entrys: [{ type: 2 }] },
    });
    expect(read('{"amount":1,"amount":2}')["amount"]).toBe(2n);
    expect(read('{"amount":[3,4]}')["amount"]).toBe(4n);
  });

  test("read numbers as Java's decode does", () => {
    const amounts = ["0x1F", "-5", "0", "017"].map((text) => read(`{"amount":${text}}`)["amount"]);
    expect(amounts).toEqual([31n, -5n, 0n, 15n]);
  });

  test.each([
    ["", '1:1: Expected "{".'],
    ['{"amount":"5"}', '1:11: Couldn\'t parse integer: For input string: ""5""'],
    ['{"amount":1.5}', '1:11: Couldn\'t parse integer: For input string: "1.5"'],
    ['{"amount":true}', '1:11: Couldn\'t parse integer: For input string: "true"'],
    [
      '{"amount":9223372036854775808}',
      "1:11: Couldn't parse integer: Number out of range for 64-bit signed integer: 9223372036854775808",
    ],
    ['{"owner_address":"xyz"}', "1:18: INVALID hex String"],
    ['{"owner_address":5}', "1:18: Expected string."],
    ['{\n "amount": 1,\n "owner_address": {}}', "3:19: Expected string."],
    ['{"my-key":1}', "1:2: Expected identifier. --"],
    ['{"other":1.5}', '1:10: Couldn\'t parse integer: For input string: "1.5"'],
    ['{"other":{}}', "1:11: Expected identifier. -}"],
    ['{"amount":[1}', '1:13: Couldn\'t parse integer: For input string: "}"'],
    [
      "{} {}",
      "1:4: Expecting the end of the stream, but there seems to be more data!  Check the input for a valid JSON format.",
    ],
  ])("%s is refused where it is wrong", (text, message) => {
    expect(wrong(text)).toBe(message);
  });

  test("visible addresses have two ways to be wrong", () => {
    expect(wrong('{"owner_address":"T0l"}', true)).toBe("1:18: INVALID base58 String, Illegal character 0 at 1");
    expect(wrong('{"owner_address":"TCN"}', true)).toBe("null");
  });

  test("objects and enums that are none are refused", () => {
    const of = CONTRACTS.AccountPermissionUpdateContract.shape;
    expect(wrong('{"witness":null}', false, of)).toBe('1:12: Expected "{".');
    expect(wrong('{"owner":{"type":"Boss"}}', false, of)).toBe('1:18: Enum type has no value named "Boss".');
    expect(wrong('{"owner":{"type":7}}', false, of)).toBe("1:18: Enum type has no value with number 7.");
    expect(wrong('{"owner":{"id":2147483648}}', false, of)).toBe(
      "1:16: Couldn't parse integer: Number out of range for 32-bit signed integer: 2147483648",
    );
    expect(wrong('{"support":1}', false, CONTRACTS.VoteWitnessContract.shape)).toBe(
      '1:12: Expected "true" or "false".',
    );
  });
});

describe("calls that are wrong", () => {
  const ask = async (devnet: Devnet, path: string, body?: string): Promise<Json> => {
    const response = await fetch(devnet.url + path, body === undefined ? {} : { method: "POST", body });
    return (await response.json()) as Json;
  };

  test.each<[string, string | undefined, string]>([
    [
      "/wallet/getaccount?address=xyz",
      undefined,
      "org.tron.core.services.http.JsonFormat$ParseException : 1:12: INVALID hex String",
    ],
    [
      "/wallet/getaccount",
      '{"address":"xyz"}',
      "org.tron.core.services.http.JsonFormat$ParseException : 1:12: INVALID hex String",
    ],
    ["/wallet/getaccount", "", 'org.tron.core.services.http.JsonFormat$ParseException : 1:1: Expected "{".'],
    ["/wallet/getaccount", "[1]", "com.alibaba.fastjson.JSONException : can not cast to JSONObject."],
    ["/wallet/getaccount", "null", "java.lang.NullPointerException : null"],
    ["/wallet/getblockbynum?num=x", undefined, 'java.lang.NumberFormatException : For input string: "x"'],
    ["/wallet/getblockbylatestnum", undefined, "java.lang.NumberFormatException : null"],
    [
      "/wallet/getblockbyid?value=zz",
      undefined,
      "org.bouncycastle.util.encoders.DecoderException : exception decoding Hex string: invalid characters encountered in Hex string",
    ],
    [
      "/wallet/createtransaction",
      '{"amount":1,"Permission_id":"x"}',
      "org.tron.core.exception.ContractValidateException : Invalid ownerAddress!",
    ],
  ])("%s %s", async (path, body, error) => {
    const devnet = await manualDevnet();
    expect(await ask(devnet, path, body)).toEqual({ Error: `class ${error}` });
  });
});
