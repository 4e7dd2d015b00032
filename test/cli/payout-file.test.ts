import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatDecimal, units } from "../../src/domain/money.ts";
import { judgeAmounts, readPayoutFile, type FileProblem } from "../../src/cli/payout-file.ts";

const A = "TXU2vrGbArDW52qJ1PP85s1UbdNB2hAGw8";
const B = "TWHkuexVpXXisbFXgv1BxFxrdUriSHaokX";
const HEADER = "line_id,address,amount";

function read(text: string | Uint8Array) {
  return readPayoutFile(typeof text === "string" ? Buffer.from(text) : text);
}

function linesOf(text: string): [number, string, string, string][] {
  const file = read(text);
  if (!file.ok) throw new Error(JSON.stringify(file.problems));
  return file.lines.map(({ line, lineId, address, amount }) => [line, lineId, address, formatDecimal(amount)]);
}

function problemsOf(text: string | Uint8Array): readonly FileProblem[] {
  const file = read(text);
  return file.ok ? [] : file.problems;
}

describe("a good file", () => {
  test.each([
    ["plain", `${HEADER}\n1,${A},12.5\n`],
    ["without a last line end", `${HEADER}\n1,${A},12.5`],
    ["with Windows line ends", `${HEADER}\r\n1,${A},12.5\r\n`],
    ["with a byte order mark", `\ufeff${HEADER}\n1,${A},12.5\n`],
    ["with quotes", `"line_id","address","amount"\n"1","${A}","12.5"\n`],
    ["with spaces around the values", `line_id , address, amount\n 1 , ${A} ,\t12.5 \n`],
    ["with upper-case names", `Line_ID,ADDRESS,Amount\n1,${A},12.5\n`],
    ["with trailing zeros", `${HEADER}\n1,${A},12.500000\n`],
  ])("%s is read", (_, text) => {
    expect(linesOf(text)).toEqual([[2, "1", A, "12.5"]]);
  });

  test("may have its columns in any order", () => {
    expect(linesOf(`amount,line_id,address\n12.5,x,${A}\n`)).toEqual([[2, "x", A, "12.5"]]);
  });

  test("may pay one address on two lines", () => {
    expect(linesOf(`${HEADER}\n1,${A},10\n2,${A},10\n`)).toHaveLength(2);
  });

  test("may have empty lines, which keep their numbers", () => {
    expect(linesOf(`${HEADER}\r\n\r\n1,${A},10\r\n   \r\n\r\n2,${B},11\r\n`)).toEqual([
      [3, "1", A, "10"],
      [6, "2", B, "11"],
    ]);
  });

  test("of the examples has 200 payable lines, some of them to the same address", () => {
    const file = readPayoutFile(readFileSync(join(import.meta.dirname, "../../examples/payouts.csv")));
    const lines = file.ok ? file.lines : [];
    expect(lines).toHaveLength(200);
    expect(new Set(lines.map(({ address }) => address)).size).toBe(190);
    expect(lines.every(({ amount }) => BigInt(amount) >= 10_000_000n && BigInt(amount) <= 500_000_000n)).toBe(true);
  });
});

describe("a bad value", () => {
  const wrong = `${A.slice(0, -1)}9`;
  test.each([
    ["an address with a wrong checksum", `1,${wrong},10`, "address", /wrong checksum/],
    ["an address in lower case", `1,${A.toLowerCase()},10`, "address", /not a TRON address/],
    [
      "an address of another chain",
      "1,0x742d35Cc6634C0532925a3b844Bc454e4438f44e,10",
      "address",
      /hex has no checksum/,
    ],
    ["an address in hex", `1,41${"0".repeat(40)},10`, "address", /hex has no checksum/],
    ["no address", "1,,10", "address", /is empty/],
    ["an amount with 7 decimals", `1,${A},10.1234567`, "amount", /more than 6 decimals/],
    ["a negative amount", `1,${A},-10`, "amount", /negative/],
    ["an amount of zero", `1,${A},0.000000`, "amount", /too small/],
    ["an amount in words", `1,${A},ten`, "amount", /not a plain decimal number/],
    ["an amount with an exponent", `1,${A},1e3`, "amount", /not a plain decimal number/],
    ["an amount with a currency", `1,${A},$10`, "amount", /not a plain decimal number/],
    ["an amount with a leading zero", `1,${A},010`, "amount", /not a plain decimal number/],
    ["an amount with a decimal comma", `1,${A},"12,5"`, "amount", /write 12\.5 and not 12,5/],
    ["an amount beyond int64", `1,${A},9223372036855`, "amount", /too large/],
    ["an amount of many digits", `1,${A},${"9".repeat(40)}`, "amount", /too large/],
    ["no amount", `1,${A},`, "amount", /is empty/],
    ["no line_id", `,${A},10`, "line_id", /is empty/],
    ["a line_id with a space", `a b,${A},10`, "line_id", /letters, digits/],
    ["a line_id of 65 characters", `${"x".repeat(65)},${A},10`, "line_id", /1 to 64/],
    ["an unquoted decimal comma", `1,${A},12,5`, "", /4 values and the header has 3; write 12\.5/],
    ["a missing value", `1,${A}`, "", /2 values and the header has 3/],
  ])("%s is told with its line and column", (_, line, column, message) => {
    const problems = problemsOf(`${HEADER}\n0,${B},10\n${line}\n`);
    expect(problems).toEqual([{ line: 3, column, message: expect.stringMatching(message) }]);
  });

  test("a line_id that is there twice names the line that has it", () => {
    expect(problemsOf(`${HEADER}\n7,${A},10\n\n7,${B},10\n`)).toEqual([
      { line: 4, column: "line_id", message: "7 is already the line_id of line 2" },
    ]);
  });

  test("one line can have several problems, and every line is looked at", () => {
    const problems = problemsOf(`${HEADER}\n,x,y\n1,${A},10\n1,${A},-1\n`);
    expect(problems.map(({ line, column }) => `${line} ${column}`)).toEqual([
      "2 line_id",
      "2 address",
      "2 amount",
      "4 line_id",
      "4 amount",
    ]);
  });

  test("a value with a line break inside is told at the line where it begins", () => {
    expect(problemsOf(`${HEADER}\r\n1,"${A}\r\n",10\r\n2,${B},-1\r\n`).map(({ line }) => line)).toContain(4);
    expect(problemsOf(`${HEADER}\n1,${A},"1\n0"\n`)).toMatchObject([{ line: 2, column: "amount" }]);
  });
});

describe("a file that is not one", () => {
  test.each([
    ["empty", "", 1, "", /empty/],
    ["empty lines only", "\n\r\n  \n", 1, "", /empty/],
    ["a header only", `${HEADER}\n`, 1, "", /no lines/],
    ["an unknown column", `${HEADER},note\n1,${A},10,x\n`, 1, "note", /unknown column/],
    ["a missing column", `line_id,address\n1,${A}\n`, 1, "amount", /missing column/],
    ["a column twice", `${HEADER},amount\n1,${A},10,10\n`, 1, "amount", /twice/],
    ["semicolons", `line_id;address;amount\n1;${A};10\n`, 1, "", /something else than commas/],
    ["a quotation mark that is never closed", `${HEADER}\n1,${A},10\n2,"${B},10\n3,${A},10\n`, 3, "", /never closed/],
    ["a quotation mark inside a value", `${HEADER}\n1,${A},1"0\n`, 2, "", /quotation mark/],
    ["text after a closing quotation mark", `${HEADER}\n1,"${A}"x,10\n`, 2, "", /quotation mark/],
  ])("%s is told", (_, text, line, column, message) => {
    expect(problemsOf(text)).toEqual([{ line, column, message: expect.stringMatching(message) }]);
  });

  test("a file without a header is told which columns are missing", () => {
    expect(
      problemsOf(`1,${A},10\n`)
        .map(({ message }) => message)
        .join(),
    ).toMatch(/unknown column.*missing column/);
  });

  test.each([
    ["UTF-16", Buffer.from(`\ufeff${HEADER}`, "utf16le")],
    ["Latin-1", Buffer.from([0x6c, 0xe9, 0x0a])],
    ["a picture", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0])],
  ])("%s is no text", (_, bytes) => {
    expect(problemsOf(bytes)).toMatchObject([{ message: expect.stringMatching(/not UTF-8/) }]);
  });

  test("amounts that together exceed an int64 are refused", () => {
    const huge = "9000000000000";
    expect(problemsOf(`${HEADER}\n1,${A},${huge}\n2,${B},${huge}\n`)).toMatchObject([
      { message: expect.stringMatching(/together/) },
    ]);
  });
});

describe("the limits of a wallet", () => {
  const file = read(`${HEADER}\n1,${A},9.999999\n2,${A},10\n3,${B},100.000001\n`);
  const lines = file.ok ? file.lines : [];

  test("refuse what is below the minimum or above the maximum, and nothing else", () => {
    const found = judgeAmounts(lines, { minimum: units(10_000_000n), maximum: units(100_000_000n) });
    expect(found.map(({ line, column, message }) => `${line} ${column} ${message}`)).toEqual([
      "2 amount too small: the wallet pays at least 10",
      "4 amount too large: the wallet pays at most 100",
    ]);
  });

  test("that are not set refuse nothing", () => {
    expect(judgeAmounts(lines, { minimum: undefined, maximum: undefined })).toEqual([]);
  });
});
