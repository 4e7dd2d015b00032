import { utils } from "tronweb";
import { describe, expect, test } from "vitest";
import { type EventInput, namedEvent, signatureOf } from "../../../src/devnet/http/v1/event-values.ts";
import { keccakOfText } from "../../../src/tron/hashes.ts";

const input = (type: string, name = "", indexed = false): EventInput => ({ type, name, indexed });
const encoded = (types: string[], values: unknown[]) => utils.abi.encodeParams(types, values).slice(2);

function shown(inputs: EventInput[], data: string, topics: string[] = []) {
  const shape = { name: "E", inputs };
  const log = { address: "00".repeat(20), topics: [keccakOfText(signatureOf(shape)), ...topics], data };
  return namedEvent(log, [shape]);
}

describe("values of events, against another encoder", () => {
  test.each([
    ["uint256", "12345678901234567890", "12345678901234567890"],
    ["int8", -5, "-5"],
    ["bool", true, "true"],
    ["bool", false, "false"],
    ["address", "0x1a642f0e3c3af545e7acbd38b07251b3990914f1", "0x1a642f0e3c3af545e7acbd38b07251b3990914f1"],
    ["bytes4", "0xdeadbeef", "deadbeef"],
    ["bytes", "0x0102030405", "0102030405"],
    ["string", "Grüße 🙂", "Grüße 🙂"],
    ["string", "", ""],
    ["uint256[]", [1, 2, 3], "1,2,3"],
    ["uint256[]", [], ""],
    ["uint8[2]", [7, 8], "7,8"],
    ["string[]", ["a", "bc"], "a,bc"],
    ["uint256[][]", [[1], [2, 3]], "1,2,3"],
  ])("%s %j", (type, value, text) => {
    const event = shown([input(type, "x"), input("uint256", "after")], encoded([type, "uint256"], [value, 9]));
    expect(event?.result).toEqual({ "0": text, "1": "9", x: text, after: "9" });
    expect(event?.types).toEqual({ x: type, after: "uint256" });
  });

  test("indexed values come from the topics, dynamic ones only as their hash", () => {
    const hash = "ab".repeat(32);
    const event = shown(
      [input("string", "name", true), input("uint256", "id", true), input("bool", "ok")],
      encoded(["bool"], [true]),
      [hash, encoded(["uint256"], [3])],
    );
    expect(event?.result).toEqual({ "0": hash, "1": "3", "2": "true", name: hash, id: "3", ok: "true" });
    expect(event?.text).toBe("E(string indexed name, uint256 indexed id, bool ok)");
  });

  test("values without names are known by their position", () => {
    expect(shown([input("uint256")], encoded(["uint256"], [4]))).toMatchObject({
      result: { "0": "4" },
      types: { "0": "uint256" },
      text: "E(uint256)",
    });
  });

  test("what does not fit the interface is not named", () => {
    expect(shown([input("uint256")], "00")).toBeUndefined();
    expect(shown([input("uint256")], "zz")).toBeUndefined();
    expect(shown([input("string")], "ff".repeat(32))).toBeUndefined();
    expect(shown([input("string")], encoded(["string"], ["abc"]).slice(0, 130))).toBeUndefined();
    expect(shown([input("uint256[]")], encoded(["uint256[]"], [[1, 2]]).slice(0, 192))).toBeUndefined();
    expect(shown([input("uint256", "", true)], "")).toBeUndefined();
    expect(namedEvent({ address: "", topics: [], data: "" }, [])).toBeUndefined();
  });
});
