import { beforeAll, afterAll, describe, expect, test } from "vitest";
import { startDevnet } from "../../src/devnet/devnet.ts";
import type { Devnet } from "../../src/devnet/handle.ts";
import { alice, bob, fundedDevnet, post } from "./support.ts";

const INVALID = "class com.google.protobuf.InvalidProtocolBufferException : ";

describe("bytes that are no transaction", () => {
  let devnet: Devnet;
  beforeAll(async () => {
    devnet = await startDevnet({ port: 0, slotMs: "manual" });
  });
  afterAll(() => devnet.close());
  const error = async (transaction: string): Promise<string> =>
    (await post(devnet, "/wallet/broadcasthex", { transaction }))["Error"];

  test.each([
    ["0a", "While parsing a protocol message, the input ended unexpectedly in the middle of a field."],
    ["0a05", "While parsing a protocol message, the input ended unexpectedly"],
    ["0a0140", "While parsing a protocol message, the input ended unexpectedly"],
    ["00", "Protocol message contained an invalid tag (zero)."],
    ["0f", "Protocol message tag had invalid wire type."],
    ["0c", "Protocol message end-group tag did not match expected tag."],
    ["3330", "While parsing a protocol message, the input ended unexpectedly"],
    ["333c", "Protocol message end-group tag did not match expected tag."],
    ["08ffffffffffffffffffff01", "CodedInputStream encountered a malformed varint."],
    ["0affffffff0f", "CodedInputStream encountered an embedded string or message which claimed to have negative size."],
    ["0a075a0512030a01ff", "Protocol message had invalid UTF-8."],
    ["3334", "the devnet takes canonical bytes only: unknown field 6"],
    ["3001", "the devnet takes canonical bytes only: unknown field 6"],
    ["350000000031" + "00".repeat(8), "the devnet takes canonical bytes only: unknown field 6"],
  ])("%s", async (hex, message) => {
    expect(await error(hex)).toContain(INVALID + message);
  });

  test("no hex at all is another error", async () => {
    expect(await error("zz")).toMatch(/^class org\.bouncycastle\.util\.encoders\.DecoderException/);
  });
});

test("builders that take no memo do not read one, and Permission_id is a number of 32 bits", async () => {
  const devnet = await fundedDevnet();
  const memo = async (path: string, body: Record<string, unknown>) =>
    (await post(devnet, path, { owner_address: alice.hex41, extra_data: "beef", ...body }))["raw_data"].data;
  expect(await memo("/wallet/createtransaction", { to_address: bob.hex41, amount: 1 })).toBe("beef");
  expect(await memo("/wallet/updateaccount", { account_name: "41" })).toBeUndefined();
  const wrong = { owner_address: alice.hex41, to_address: bob.hex41, amount: 1, Permission_id: 3_000_000_000 };
  expect(await post(devnet, "/wallet/createtransaction", wrong)).toEqual({
    Error: 'class java.lang.NumberFormatException : For input string: "3000000000"',
  });
});
