/** Transactions that the node builds for the caller (tron.md §2.2): they refer to the solidified block and live 60 s. */
import type { Contract } from "../../tron/contracts.ts";
import { encodeRawTransaction, refBlockOf } from "../../tron/transaction.ts";
import type { Chain } from "../chain.ts";
import { type Transaction, transactionOf } from "../transactions.ts";
import { objectionToTransfer } from "../transfer.ts";
import type { Json } from "./json.ts";
import { NodeError } from "./node-error.ts";
import { packedContract } from "./parse-transaction.ts";
import { renderBuilt } from "./render.ts";
import { type ApiRequest, int64Of, parseHex, textOf } from "./request.ts";
import type { Context } from "./route.ts";

const LIFETIME_MS = 60_000;

export function createTransaction(request: ApiRequest, context: Context): Json {
  const { visible, parameters } = request;
  const permissionId = Number(int64Of(request, "Permission_id"));
  const contract = packedContract("TransferContract", parameters, { visible, permissionId });
  if (contract.type !== "TransferContract") return {};
  const objection = objectionToTransfer(context.at.state, contract.value);
  if (objection !== undefined) throw new NodeError("org.tron.core.exception.ContractValidateException", objection);
  const text = textOf(request, "extra_data");
  const data = visible ? Buffer.from(text, "utf8").toString("hex") : parseHex(text);
  return renderBuilt(unsigned(context.chain, contract, { data }), visible);
}

/** A new transaction around one contract. Its timestamp is unlike that of any other the node builds. */
export function unsigned(chain: Chain, contract: Contract, options: { data?: string; feeLimit?: bigint }): Transaction {
  const { head, solidNumber } = chain.store;
  const reference = chain.store.block(solidNumber) ?? head;
  const rawHex = encodeRawTransaction({
    ...refBlockOf(reference.number, reference.id),
    expiration: BigInt(head.timestamp + LIFETIME_MS),
    timestamp: BigInt(head.timestamp + chain.tick()),
    feeLimit: options.feeLimit ?? 0n,
    data: options.data ?? "",
    contracts: [contract],
  });
  return transactionOf(rawHex, []);
}
