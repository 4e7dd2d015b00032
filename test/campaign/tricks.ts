/**
 * What a node, or the way to it, can do to a question: faults and lies, armed one by one. Knows no socket; whoever asks
 * gives it the honest answer.
 */
import { FalseChain } from "./false-chain.ts";
import { sealedBlock } from "../support/wire-block.ts";
import { isRecord, type Json } from "./json.ts";

export const ANY_FAULTS = ["reset", "hang", "html", "limited", "suspended", "truncated", "wrong shape"] as const;
export const BROADCAST_FAULTS = [
  "accept then hang",
  "accept then reset",
  "accept then lose",
  "reset before",
  "duplicate",
  "not gossiped",
  "busy",
  "other error",
  "refused",
] as const;
export const READ_FAULTS = [
  "stale solid",
  "no receipts",
  "fewer receipts",
  "head from the future",
  "head from the past",
] as const;
/** Each one contradicts the block's own hashes, so that no second node is needed to notice. */
export const CLUMSY_LIES = ["hides a transaction", "changes a result", "changes a time"] as const;
/** These fit together; only another node's word stands against them. */
export const LIES = ["changes a fee", "false branch without", "false branch with"] as const;

export type Fault =
  | (typeof ANY_FAULTS)[number]
  | (typeof BROADCAST_FAULTS)[number]
  | (typeof READ_FAULTS)[number]
  | (typeof CLUMSY_LIES)[number]
  | (typeof LIES)[number];

const BROADCASTS: ReadonlySet<string> = new Set(BROADCAST_FAULTS);
const BODIES = /getnowblock|getblockbynum|getblockbylimitnext/;
const INFOS = "gettransactioninfobyblocknum";

export type Asked = { readonly path: string; readonly body: string };
/** `hang`: the answer never comes. `reset`: the connection breaks instead. */
export type Told = "hang" | "reset" | { readonly status: number; readonly text: string };

export class Tricks {
  /** How often each fault was played. */
  readonly played = new Map<Fault, number>();
  readonly chain: FalseChain;
  private readonly armed: { fault: Fault; times: number }[] = [];
  /** The honest node: the text of its answer. */
  private readonly ask: (asked: Asked) => Promise<string>;

  constructor(ask: (asked: Asked) => Promise<string>) {
    this.ask = ask;
    this.chain = new FalseChain((number) => this.block(number));
  }

  /** The next `times` requests that it fits meet the fault. Who hides transactions waits until there are some. */
  arm(fault: Fault, times: number): void {
    this.armed.push({ fault, times });
  }

  heal(): void {
    this.armed.length = 0;
    this.chain.end();
  }

  async answer(asked: Asked): Promise<Told> {
    const fault = this.take(asked.path);
    if (fault === "hang") return "hang";
    if (fault === "reset" || fault === "reset before") return "reset";
    const refusal = refusalOf(fault);
    if (refusal !== undefined) return refusal;
    if (fault === "accept then lose") {
      this.chain.remember(asked.body);
      const text = JSON.stringify({ result: true, code: "SUCCESS", message: "", txid: "00".repeat(32) });
      return { status: 200, text };
    }
    const honest = await this.ask(asked);
    if (fault === "accept then hang") return "hang";
    if (fault === "accept then reset") return "reset";
    if (fault === undefined && !this.chain.active) return { status: 200, text: honest };
    const text = JSON.stringify(await this.tell(asked, parse(honest), this.unlessIdle(fault, honest)));
    return { status: 200, text: fault === "truncated" ? text.slice(0, text.length / 2) : text };
  }

  private async tell(asked: { path: string; body: string }, honest: Json, fault: Fault | undefined): Promise<Json> {
    if (fault !== undefined && BROADCASTS.has(fault)) return broadcastAnswer(fault);
    if (fault === "wrong shape") return { blockID: 7, block: "?", result: "yes" };
    if (fault === "no receipts") return [];
    if (fault === "fewer receipts") return Array.isArray(honest) ? honest.slice(1) : honest;
    if (fault === "changes a fee" && Array.isArray(honest))
      return honest.map((info) => ({ ...asRecord(info), fee: 1 }));
    if (fault === "stale solid") return (await this.block(Math.max(1, numberOf(honest) - 7))) ?? honest;
    if (fault === "hides a transaction") return withoutTransactions(honest);
    if (fault === "head from the future") return nextBlock(honest, MONTH_MS);
    if (fault === "head from the past") return nextBlock(honest, -MONTH_MS);
    if (fault === "changes a time") return alterFirst(honest, laterBlock);
    if (fault === "changes a result") return alterFirst(honest, failedBlock);
    return this.chain.active ? this.chain.answer(asked, honest) : honest;
  }

  private take(path: string): Fault | undefined {
    const at = this.armed.findIndex(({ fault }) => fits(fault, path));
    const found = this.armed[at];
    if (found === undefined) return undefined;
    found.times -= 1;
    if (found.times <= 0) this.armed.splice(at, 1);
    this.played.set(found.fault, (this.played.get(found.fault) ?? 0) + 1);
    return found.fault;
  }

  /** There may be nothing to hide: then it is for the next time. */
  private unlessIdle(fault: Fault | undefined, honest: string): Fault | undefined {
    if (fault !== "hides a transaction" || honest.includes('"transactions"')) return fault;
    this.armed.unshift({ fault, times: 1 });
    this.played.set(fault, (this.played.get(fault) ?? 0) - 1);
    return undefined;
  }

  private async block(number: number): Promise<Record<string, Json> | undefined> {
    const text = await this.ask({ path: "wallet/getblockbynum", body: JSON.stringify({ num: number }) });
    const found = parse(text);
    return isRecord(found) && "blockID" in found ? found : undefined;
  }
}

function parse(text: string): Json {
  return JSON.parse(text) as Json;
}

function fits(fault: Fault, path: string): boolean {
  const isBroadcast = path.includes("broadcast");
  if (BROADCASTS.has(fault)) return isBroadcast;
  if (fault === "stale solid") return path === "walletsolidity/getnowblock";
  if (fault.startsWith("head from")) return path === "wallet/getnowblock";
  if (fault === "no receipts" || fault === "fewer receipts" || fault === "changes a fee") return path.includes(INFOS);
  if ((CLUMSY_LIES as readonly string[]).includes(fault)) return BODIES.test(path);
  return true;
}

function refusalOf(fault: Fault | undefined): { status: number; text: string } | undefined {
  if (fault === "html") return { status: 500, text: "<html>Internal Server Error</html>" };
  if (fault === "limited") return { status: 429, text: '{"Error":"request rate exceeded the allowed_rps(15)"}' };
  if (fault === "suspended") return { status: 403, text: '{"Error":"the query server is suspended for 30s"}' };
  return undefined;
}

function broadcastAnswer(fault: Fault): Json {
  const no = (code: string, message: string) => ({ result: false, code, message, txid: "00".repeat(32) });
  if (fault === "duplicate") return no("DUP_TRANSACTION_ERROR", "Dup transaction.");
  if (fault === "not gossiped") return no("NOT_ENOUGH_EFFECTIVE_CONNECTION", "P2P broadcast failed.");
  if (fault === "busy") return no("SERVER_BUSY", "Server busy.");
  if (fault === "refused") return no("CONTRACT_VALIDATE_ERROR", "Contract validate error : refused");
  return no("OTHER_ERROR", "Unexpected.");
}

function alterFirst(answer: Json, change: (block: Record<string, Json>) => Json): Json {
  if (!isRecord(answer)) return answer;
  if (!Array.isArray(answer["block"])) return "blockID" in answer ? change(answer) : answer;
  const [first, ...rest] = answer["block"];
  return isRecord(first) ? { block: [change(first), ...rest] } : answer;
}

function withoutTransactions(answer: Json): Json {
  if (!isRecord(answer)) return answer;
  const { block } = answer;
  return Array.isArray(block) ? { block: block.map(withoutTransactions) } : { ...answer, transactions: [] };
}

const MONTH_MS = 30 * 24 * 3_600_000;

/** The next block, from nobody who may make one; its hash and signature are right. */
function nextBlock(head: Json, later: number): Json {
  const { blockID: parentHash } = asRecord(head);
  const timestamp = Number(asRecord(asRecord(asRecord(head)["block_header"])["raw_data"])["timestamp"]) + later;
  if (typeof parentHash !== "string") return head;
  return parse(JSON.stringify(sealedBlock({ number: numberOf(head) + 1, parentHash, timestamp })));
}

function laterBlock(block: Record<string, Json>): Json {
  const header = asRecord(block["block_header"]);
  const raw = asRecord(header["raw_data"]);
  return { ...block, block_header: { ...header, raw_data: { ...raw, timestamp: Number(raw["timestamp"]) + 3_000 } } };
}

function failedBlock(block: Record<string, Json>): Json {
  const { transactions } = block;
  if (!Array.isArray(transactions)) return laterBlock(block);
  const failed = transactions.map((transaction) => ({ ...asRecord(transaction), ret: [{ contractRet: "REVERT" }] }));
  return { ...block, transactions: failed };
}

function numberOf(block: Json): number {
  return Number(asRecord(asRecord(asRecord(block)["block_header"])["raw_data"])["number"] ?? 0);
}

function asRecord(value: Json | undefined): Record<string, Json> {
  return isRecord(value) ? value : {};
}
