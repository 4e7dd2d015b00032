/**
 * Reads a payout file: CSV with the columns line_id, address, amount. The whole file is judged before anything is sent,
 * and every problem is told by line number and column.
 */
import { CsvError, parse } from "csv-parse/sync";
import { AMOUNT_MAX, big, formatDecimal, isLess, parseDecimal, ZERO, type Units } from "../domain/money.ts";
import { isTronAddress } from "../tron/address.ts";
import { fieldsOf, listAt, numberAt } from "./fields.ts";

export const COLUMNS = ["line_id", "address", "amount"] as const;
export type Column = (typeof COLUMNS)[number];

export type PayoutLine = {
  /** Line of the file, from 1, where it begins. */
  readonly line: number;
  readonly lineId: string;
  readonly address: string;
  readonly amount: Units;
};

/** `column` is empty when the whole line, or the file, is meant. */
export type FileProblem = { readonly line: number; readonly column: string; readonly message: string };
export type PayoutFile =
  | { readonly ok: true; readonly lines: readonly PayoutLine[] }
  | { readonly ok: false; readonly problems: readonly FileProblem[] };

/** What one wallet allows for one payout, in base units. */
export type AmountLimits = { readonly minimum: Units | undefined; readonly maximum: Units | undefined };

const LINE_ID = /^[A-Za-z0-9_.:-]{1,64}$/;
const HEADER = COLUMNS.join(",");

/** The bytes of a file to its lines, or to everything that is wrong with it. */
export function readPayoutFile(bytes: Uint8Array): PayoutFile {
  const text = decode(bytes);
  if (text === undefined)
    return failed({ line: 1, column: "", message: "the file is not UTF-8 text; save it as CSV in UTF-8" });
  const rows = parseRows(text);
  if ("problem" in rows) return failed(rows.problem);
  const [header, ...body] = rows.rows;
  if (header === undefined)
    return failed({ line: 1, column: "", message: `the file is empty; its first line must be ${HEADER}` });
  const columns = header.cells.map((cell) => cell.toLowerCase());
  const wrongHeader = judgeHeader(columns, header.line);
  if (wrongHeader.length > 0) return { ok: false, problems: wrongHeader };
  if (body.length === 0)
    return failed({ line: header.line, column: "", message: "the file has a header and no lines" });
  return readBody(body, columns);
}

/** Problems with amounts that only the paying wallet knows. */
export function judgeAmounts(lines: readonly PayoutLine[], { minimum, maximum }: AmountLimits): FileProblem[] {
  return lines.flatMap(({ line, amount }) => {
    if (minimum !== undefined && isLess(amount, minimum)) {
      return [{ line, column: "amount", message: `too small: the wallet pays at least ${formatDecimal(minimum)}` }];
    }
    if (maximum !== undefined && isLess(maximum, amount)) {
      return [{ line, column: "amount", message: `too large: the wallet pays at most ${formatDecimal(maximum)}` }];
    }
    return [];
  });
}

type Row = { readonly line: number; readonly cells: readonly string[] };

/** Windows line ends become plain ones first, so that line numbers are counted the same way inside quotes. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r\n?/g, "\n");
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

function parseRows(text: string): { rows: Row[] } | { problem: FileProblem } {
  try {
    const parsed: readonly unknown[] = parse(text, {
      bom: true,
      info: true,
      trim: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: false,
      relax_column_count: true,
    });
    return { rows: parsed.map(rowOf).filter(({ cells }) => cells.length > 1 || cells[0] !== "") };
  } catch (error) {
    if (error instanceof CsvError) return { problem: quotingProblem(error, text) };
    throw error;
  }
}

function rowOf(parsed: unknown): Row {
  const cells = listAt(parsed, "record").map(String);
  const end = numberAt(fieldsOf(parsed)["info"], "lines") ?? 1;
  const breaks = cells.reduce((sum, cell) => sum + cell.split("\n").length - 1, 0);
  return { line: end - breaks, cells };
}

function quotingProblem(error: CsvError, text: string): FileProblem {
  if (error.code === "CSV_QUOTE_NOT_CLOSED") {
    return { line: lineOfOpenQuote(text), column: "", message: "a quotation mark is opened here and never closed" };
  }
  const message = 'a quotation mark stands inside a value; put the whole value in quotation marks and write " twice';
  return { line: numberAt(error, "lines") ?? 1, column: "", message };
}

function lineOfOpenQuote(text: string): number {
  let open: number | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const marks = line.split('"').length - 1;
    if (marks % 2 === 1) open = open === undefined ? index + 1 : undefined;
  }
  return open ?? 1;
}

function judgeHeader(columns: readonly string[], line: number): FileProblem[] {
  const known: readonly string[] = COLUMNS;
  const separator = columns.length === 1 && /[;\t]/.test(columns[0] ?? "");
  if (separator)
    return [
      {
        line,
        column: "",
        message: `the columns are separated by something else than commas; the first line must be ${HEADER}`,
      },
    ];
  const unknown = columns
    .filter((column) => !known.includes(column))
    .map((column) => ({ line, column, message: `unknown column; the columns are ${HEADER}` }));
  const missing = known
    .filter((column) => !columns.includes(column))
    .map((column) => ({ line, column, message: `missing column; the first line must be ${HEADER}` }));
  const twice = known
    .filter((column) => columns.filter((other) => other === column).length > 1)
    .map((column) => ({ line, column, message: "the column is there twice" }));
  return [...unknown, ...missing, ...twice];
}

function readBody(body: readonly Row[], columns: readonly string[]): PayoutFile {
  const problems: FileProblem[] = [];
  const lines: PayoutLine[] = [];
  const seen = new Map<string, number>();
  let total = 0n;
  for (const row of body) {
    const read = readRow(row, { columns, seen });
    if (!("amount" in read)) {
      problems.push(...read.problems);
      continue;
    }
    total += big(read.amount);
    lines.push(read);
  }
  if (total > AMOUNT_MAX)
    problems.push({ line: 1, column: "amount", message: "the amounts together are more than a TRON amount can hold" });
  return problems.length === 0 ? { ok: true, lines } : { ok: false, problems };
}

type Place = { readonly columns: readonly string[]; readonly seen: Map<string, number> };

function readRow({ line, cells }: Row, { columns, seen }: Place): PayoutLine | { problems: FileProblem[] } {
  if (cells.length !== columns.length) {
    const hint = cells.length > columns.length ? "; write 12.5 and not 12,5" : "";
    return {
      problems: [
        { line, column: "", message: `has ${cells.length} values and the header has ${columns.length}${hint}` },
      ],
    };
  }
  const cell = (column: Column): string => cells[columns.indexOf(column)] ?? "";
  const [lineId, address, text] = [cell("line_id"), cell("address"), cell("amount")];
  const amount = parseDecimal(text);
  const found: [Column, string | undefined][] = [
    ["line_id", judgeLineId(lineId, seen)],
    ["address", judgeAddress(address)],
    ["amount", judgeAmount(text, amount)],
  ];
  if (!seen.has(lineId)) seen.set(lineId, line);
  const problems = found.flatMap(([column, message]) => (message === undefined ? [] : [{ line, column, message }]));
  return amount === undefined || problems.length > 0 ? { problems } : { line, lineId, address, amount };
}

function judgeLineId(lineId: string, seen: ReadonlyMap<string, number>): string | undefined {
  if (lineId === "") return "is empty; give every line a name of its own";
  if (!LINE_ID.test(lineId)) return "may hold 1 to 64 letters, digits and _ . : -";
  const before = seen.get(lineId);
  return before === undefined ? undefined : `${lineId} is already the line_id of line ${before}`;
}

function judgeAddress(address: string): string | undefined {
  if (isTronAddress(address)) return undefined;
  if (address === "") return "is empty";
  if (/^(0x|41)[0-9a-f]{40}$/i.test(address)) return "hex has no checksum; write the address in base58 (T…)";
  if (!/^T[1-9A-HJ-NP-Za-km-z]{33}$/.test(address))
    return "not a TRON address: it has 34 letters and digits and begins with T";
  return "wrong checksum: one of its characters is wrong; upper and lower case differ";
}

function judgeAmount(text: string, amount: Units | undefined): string | undefined {
  if (amount === ZERO) return "too small: must be more than 0";
  if (amount !== undefined) return undefined;
  if (text === "") return "is empty";
  if (text.startsWith("-")) return "negative";
  if (/^[0-9]+\.[0-9]{7,}$/.test(text)) return "more than 6 decimals; USDT has 6";
  if (/^[0-9]+,[0-9]+$/.test(text)) return "write 12.5 and not 12,5";
  if (/^[0-9]+(\.[0-9]+)?$/.test(text) && !/^0[0-9]/.test(text)) return "too large: at most 9223372036854.775807";
  return "not a plain decimal number such as 12.5";
}

function failed(problem: FileProblem): PayoutFile {
  return { ok: false, problems: [problem] };
}
