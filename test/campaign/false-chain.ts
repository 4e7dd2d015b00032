/**
 * A branch that one node made up: every block is hashed and signed as it has to be and follows its parent, but leaves
 * out what the real one holds, or holds what the network never saw. Only another node's word stands against it.
 */
import { decodeSigned } from "../../src/tron/transaction.ts";
import { sealedBlock, wireTransaction, type WireTransactionJson } from "../support/wire-block.ts";
import { isRecord, type Json } from "./json.ts";

type Plan = { readonly from: number; readonly shows: "nothing" | "what was lost" };
type Made = { readonly realId: string; readonly block: ReturnType<typeof sealedBlock> };

export class FalseChain {
  private plan: Plan | undefined;
  private made = new Map<number, Made>();
  private lost: WireTransactionJson[] = [];
  private readonly real: (number: number) => Promise<Record<string, Json> | undefined>;

  constructor(real: (number: number) => Promise<Record<string, Json> | undefined>) {
    this.real = real;
  }

  get active(): boolean {
    return this.plan !== undefined;
  }

  begin(plan: Plan): void {
    this.plan = plan;
    this.made = new Map();
  }

  end(): void {
    this.plan = undefined;
    this.lost = [];
  }

  /** Bytes that the node took and told nobody about. */
  remember(body: string): void {
    const asked: unknown = JSON.parse(body);
    if (!isRecord(asked) || typeof asked["transaction"] !== "string") return;
    const { rawHex, signatures } = decodeSigned(asked["transaction"]);
    this.lost.push({ ...wireTransaction(rawHex), signature: signatures });
  }

  async answer({ path, body }: { path: string; body: string }, honest: Json): Promise<Json> {
    if (path.includes("gettransactioninfobyblocknum")) return this.infos(Number(numberIn(body, "num")), honest);
    if (!isRecord(honest)) return honest;
    if (Array.isArray(honest["block"])) {
      return { block: await Promise.all(honest["block"].map((block) => this.falsify(block))) };
    }
    return "blockID" in honest ? this.falsify(honest) : honest;
  }

  private async falsify(block: Json): Promise<Json> {
    const number = headerNumber(block);
    const made = await this.at(number);
    if (made === undefined || !isRecord(block)) return block;
    const { transactions: _hidden, ...header } = made;
    return "transactions" in block || made.transactions !== undefined ? toJson(made) : toJson(header);
  }

  private async infos(number: number, honest: Json): Promise<Json> {
    const made = await this.at(number);
    if (made === undefined) return honest;
    const { timestamp } = made.block_header.raw_data;
    return (made.transactions ?? []).map(({ txID }) => ({
      id: txID,
      blockNumber: number,
      blockTimeStamp: timestamp,
      contractResult: [""],
      contract_address: "41",
      receipt: { energy_usage_total: 64_285, result: "SUCCESS" },
    }));
  }

  /** The made-up block at a height, or `undefined` where this node still tells the truth. */
  private async at(number: number): Promise<ReturnType<typeof sealedBlock> | undefined> {
    const { plan } = this;
    if (plan === undefined || number < plan.from) return undefined;
    const real = await this.real(number);
    if (real === undefined) return undefined;
    const realId = textOf(real["blockID"]);
    const known = this.made.get(number);
    if (known?.realId === realId) return known.block;
    const parent = await this.at(number - 1);
    const raw = rawOf(real);
    const isFirst = number === plan.from;
    const block = sealedBlock({
      number,
      parentHash: parent?.blockID ?? textOf(raw["parentHash"]),
      timestamp: Number(raw["timestamp"]),
      transactions: plan.shows === "what was lost" && isFirst ? this.lost : [],
    });
    this.made.set(number, { realId, block });
    return block;
  }
}

function toJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

function rawOf(block: Json): Record<string, Json> {
  const header = isRecord(block) ? block["block_header"] : undefined;
  const raw = isRecord(header) ? header["raw_data"] : undefined;
  return isRecord(raw) ? raw : {};
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function headerNumber(block: Json): number {
  return Number(rawOf(block)["number"] ?? 0);
}

function numberIn(body: string, name: string): Json {
  const asked: unknown = JSON.parse(body);
  return isRecord(asked) ? (asked[name] ?? 0) : 0;
}
