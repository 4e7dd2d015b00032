/** TRX that came, in whatever encoding the chain took. */
import { describe, expect, test } from "vitest";
import { coinTransferOf } from "../../src/tron/coin-transfer.ts";
import { encodeRawTransaction } from "../../src/tron/transaction.ts";

const FROM = "ab".repeat(20);
const TO = "cd".repeat(20);
const found = { from: FROM, to: TO, amount: 5_000_000n };
const usual = encodeRawTransaction({
  refBlockBytes: "0102",
  refBlockHash: "0102030405060708",
  expiration: 1_777_447_479_000n,
  timestamp: 1_777_447_419_000n,
  feeLimit: 0n,
  data: "",
  contracts: [
    {
      type: "TransferContract",
      permissionId: 2,
      value: { owner_address: `41${FROM}`, to_address: `41${TO}`, amount: 5_000_000n },
    },
  ],
});

const field = (n: number, hex: string) => `${byte(n * 8 + 2)}${byte(hex.length / 2)}${hex}`;
const text = (words: string) => Buffer.from(words).toString("hex");
const byte = (value: number) => value.toString(16).padStart(2, "0");
const url = field(1, text("type.googleapis.com/protocol.TransferContract"));
const amount = "18c096b102";
const parties = field(1, `41${FROM}`) + field(2, `41${TO}`);
const raw = (parameter: string, type = "0801") => long(11, type + long(2, parameter));
const long = (n: number, hex: string) => {
  const length = hex.length / 2;
  return `${byte(n * 8 + 2)}${length > 127 ? byte((length & 127) | 128) + byte(length >> 7) : byte(length)}${hex}`;
};

describe("TRX is found", () => {
  test.each([
    ["in the usual encoding", usual],
    ["in the smallest one", raw(url + long(2, parties + amount))],
    ["with its fields in another order", raw(long(2, amount + field(2, `41${TO}`) + field(1, `41${FROM}`)) + url)],
    ["with a length that is longer than it has to be", raw(`${url}12b300${parties}${amount}`)],
    ["with fields that nobody knows", raw(url + long(2, `${parties + amount}7a0161f001059501aabbccdd`))],
    ["beside a group of fields that nobody knows", `${raw(url + long(2, parties + amount))}a306080542020708a406`],
    ["with a number that was overwritten", raw(url + long(2, parties + "1801" + amount))],
    ["with a message in two pieces", raw(url) + raw(long(2, parties + amount), "")],
    [
      "with another host in the name of its type",
      raw(field(1, text("x/protocol.TransferContract")) + long(2, parties + amount)),
    ],
    [
      "behind a memo that looks like one",
      field(10, `${text("/protocol.TransferContract")}12`) + raw(url + long(2, parties + amount)),
    ],
  ])("%s", (_, rawHex) => {
    expect(coinTransferOf(rawHex, (address) => address === TO)).toEqual(found);
  });
});

test("TRX between strangers is not looked at, in any encoding", () => {
  for (const rawHex of [usual, raw(url + long(2, parties + amount))]) {
    expect(coinTransferOf(rawHex, () => false)).toBeUndefined();
    expect(coinTransferOf(rawHex, (address) => address === FROM)).toEqual(found);
  }
});

test("a second value behind one that names strangers is the one that counts, as for a node", () => {
  const strangers = field(1, `41${"11".repeat(20)}`) + field(2, `41${"22".repeat(20)}`) + amount;
  const tail = "7098c2ec84ff33";
  const twice = `${long(11, `0801${long(2, url + long(2, strangers) + long(2, parties + amount))}`)}${tail}`;
  expect(coinTransferOf(twice, (address) => address === TO)).toEqual(found);
  const apart = `${long(11, `0801${long(2, url + long(2, strangers))}${long(2, long(2, parties + amount))}`)}${tail}`;
  expect(coinTransferOf(apart, (address) => address === TO)).toEqual(found);
});

describe("nothing is found", () => {
  test.each([
    ["in another contract with the name of a transfer", raw(url + long(2, parties + amount), "081f")],
    [
      "in a transfer with the name of another contract",
      raw(field(1, text("x/protocol.TriggerSmartContract")) + long(2, parties + amount)),
    ],
    ["in the memo of something else", field(10, text("/protocol.TransferContract"))],
    ["without a payee", raw(url + long(2, field(1, `41${FROM}`) + amount))],
    ["for an address of another kind", raw(url + long(2, field(1, `41${FROM}`) + field(2, `42${TO}`) + amount))],
    ["in bytes that break off", usual.slice(0, 160)],
    ["in no bytes", ""],
  ])("%s", (_, rawHex) => {
    expect(coinTransferOf(rawHex, (address) => address === TO)).toBeUndefined();
  });
});
