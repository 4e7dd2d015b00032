/** The parts of the API's answers that the command uses, read and checked. */
import { parseDecimal, type Units } from "../domain/money.ts";
import type { EngineClient } from "./engine-client.ts";
import { fieldsOf, listAt, needText, numberAt, textAt } from "./fields.ts";
import type { Heads } from "./progress.ts";

const API = "/api/v1/tron";

export type Payer = {
  readonly id: string;
  readonly address: string;
  readonly status: string;
  readonly minimum: Units | undefined;
  readonly maximum: Units | undefined;
};
export type NetworkFacts = {
  readonly name: string;
  readonly genesisId: string;
  readonly usdtContract: string;
  /** One that serves solidified state. */
  readonly nodeUrl: string | undefined;
};
export type BatchProgress = {
  readonly id: string;
  readonly status: string;
  readonly count: number;
  readonly byStatus: ReadonlyMap<string, number>;
};
export type PayoutRow = {
  readonly id: string;
  readonly lineId: string;
  readonly to: string;
  readonly amount: Units | undefined;
  readonly status: string;
  readonly waitingFor: string;
  readonly reason: string | undefined;
  readonly txId: string | undefined;
  readonly blockNumber: number | undefined;
};

export type Payment = { readonly payoutId: string; readonly txId: string | undefined };

export const PATHS = { batch: `${API}/payouts/batch` } as const;

export async function readNetwork(engine: EngineClient): Promise<NetworkFacts> {
  const [info, status] = [await engine.get(`${API}/network/info`), await engine.get(`${API}/network/status`)];
  const node = listAt(status, "providers").find((each) => textAt(each, "role") !== "full");
  return {
    name: needText(info, "network"),
    genesisId: needText(info, "genesis_id"),
    usdtContract: needText(info, "usdt_contract"),
    nodeUrl: textAt(node, "endpoint"),
  };
}

/** How far the engine has read the chain. */
export async function readHeads(engine: EngineClient): Promise<Heads | undefined> {
  const status = fieldsOf(await engine.get(`${API}/network/status`));
  const [head, solid] = [numberAt(status["head"], "number"), numberAt(status["solid"], "number")];
  return head === undefined || solid === undefined ? undefined : { head, solid };
}

export async function readWallet(engine: EngineClient, walletId: string): Promise<Payer> {
  const wallet = await engine.get(`${API}/wallets/${encodeURIComponent(walletId)}`);
  const limits = fieldsOf(wallet)["limits"];
  const limit = (name: string): Units | undefined => parseDecimal(textAt(limits, name) ?? "");
  return {
    id: needText(wallet, "id"),
    address: needText(wallet, "address"),
    status: needText(wallet, "status"),
    minimum: limit("minimum"),
    maximum: limit("maximum"),
  };
}

/** What the wallet could pay now, USDT. */
export async function readAvailable(engine: EngineClient, walletId: string): Promise<Units | undefined> {
  const balance = await engine.get(`${API}/wallets/${encodeURIComponent(walletId)}/balance`);
  return parseDecimal(textAt(fieldsOf(balance)["usdt"], "available") ?? "");
}

export async function readBatch(engine: EngineClient, id: string): Promise<BatchProgress> {
  return batchOf(await engine.get(`${API}/payouts/batches/${id}`));
}

export function batchOf(batch: unknown): BatchProgress {
  const byStatus = Object.entries(fieldsOf(fieldsOf(batch)["by_status"])).map(([status, entry]): [string, number] => [
    status,
    numberAt(entry, "count") ?? 0,
  ]);
  return {
    id: needText(batch, "id"),
    status: needText(batch, "status"),
    count: numberAt(batch, "count") ?? 0,
    byStatus: new Map(byStatus),
  };
}

export async function readPayouts(engine: EngineClient, batchId: string): Promise<PayoutRow[]> {
  return (await engine.list(`${API}/payouts/batches/${batchId}/payouts`)).map(payoutOf);
}

/** The batch of the payout that has this external id. */
export async function batchOfExternalId(engine: EngineClient, externalId: string): Promise<string | undefined> {
  const page = await engine.get(pathOfExternalId(externalId));
  return textAt(listAt(page, "items")[0], "batch_id");
}

/** Whether any payout ever had this external id, also one that was cancelled or cannot be read. */
export async function isExternalIdKnown(engine: EngineClient, externalId: string): Promise<boolean> {
  const page = await engine.get(pathOfExternalId(externalId));
  return listAt(page, "items").length + listAt(page, "damaged").length > 0;
}

function pathOfExternalId(externalId: string): string {
  return `${API}/payouts?external_id=${encodeURIComponent(externalId)}`;
}

/** Everything confirmed that this engine sent to an address. */
export async function paymentsTo(engine: EngineClient, address: string): Promise<Payment[]> {
  const entries = await engine.list(`${API}/usdt/transactions/${address}`);
  return entries
    .filter((entry) => textAt(entry, "to") === address && textAt(entry, "status") === "confirmed")
    .map((entry) => ({ payoutId: needText(entry, "payout_id"), txId: textAt(entry, "txid") }));
}

function payoutOf(payout: unknown): PayoutRow {
  return {
    id: needText(payout, "id"),
    lineId: textAt(payout, "line_id") ?? "",
    to: needText(payout, "to"),
    amount: parseDecimal(textAt(payout, "amount") ?? ""),
    status: needText(payout, "status"),
    waitingFor: textAt(payout, "waiting_for") ?? "",
    reason: textAt(fieldsOf(payout)["reason"], "detail"),
    txId: textAt(payout, "txid"),
    blockNumber: numberAt(payout, "block_number"),
  };
}
