/** Handing a signed transaction to the node. */
import { isFault } from "../../domain/errors.ts";
import { packedValueOf, typeUrlOf } from "../../tron/transaction.ts";
import type { NodeFault } from "../faults.ts";
import type { Rejection } from "../outcome.ts";
import { parseSigned, type Transaction } from "../transactions.ts";
import { type Json, toJson } from "./json.ts";
import { packTransaction } from "./parse-transaction.ts";
import { renderRaw, renderText } from "./render.ts";
import { type ApiRequest, looseHex, textOf } from "./request.ts";
import type { Context } from "./route.ts";
import { wireError } from "./wire-error.ts";

export async function broadcastTransaction(request: ApiRequest, context: Context): Promise<Json> {
  const tx = packTransaction(request.parameters, request.visible);
  const refused = await offer(tx, context);
  if (refused === undefined) return { result: true, txid: tx.id };
  return { code: refused.code, txid: tx.id, message: renderText(refused.message, request.visible) };
}

/** Its message is plain text, whatever `visible` says. */
export async function broadcastHex(request: ApiRequest, context: Context): Promise<Json> {
  const tx = parse(looseHex(textOf(request, "transaction")));
  const refused = await offer(tx, context);
  return {
    result: refused === undefined,
    code: refused?.code ?? "SUCCESS",
    message: refused?.message ?? "",
    transaction: toJson(plainTransaction(tx)),
    txid: tx.id,
  };
}

function parse(hex: string): Transaction {
  try {
    return parseSigned(hex);
  } catch (error) {
    if (!isFault(error)) throw error;
    throw wireError(hex, error);
  }
}

/** Plays the fault, if there is one: some refuse before the node looks, some lie after it accepted. */
async function offer(tx: Transaction, { chain, fault }: Context): Promise<Rejection | undefined> {
  const before = fault && answerBefore(fault);
  if (before !== undefined) return before;
  const refused = await (fault?.kind === "accept-then-drop" ? chain.offerAndLose(tx) : chain.offer(tx));
  return refused ?? (fault && answerAfter(fault));
}

function answerBefore(fault: NodeFault): Rejection | undefined {
  if (fault.kind === "server-busy") return { code: "SERVER_BUSY", message: "Server busy." };
  if (fault.kind !== "refuse") return undefined;
  const { code = "CONTRACT_VALIDATE_ERROR", message = "Contract validate error : refused on demand" } = fault;
  return { code, message };
}

function answerAfter(fault: NodeFault): Rejection | undefined {
  switch (fault.kind) {
    case "answer-dup":
      return { code: "DUP_TRANSACTION_ERROR", message: "Dup transaction." };
    case "p2p-failed":
      return { code: "NOT_ENOUGH_EFFECTIVE_CONNECTION", message: "P2P broadcast failed." };
    case "other-error":
      return { code: "OTHER_ERROR", message: "Error: null" };
    default:
      return undefined;
  }
}

/** As a node prints the message itself: the contract is still packed, and there is no txID. */
function plainTransaction(tx: Transaction): Json {
  const contract = tx.raw.contracts.map((one) => ({
    type: one.type === "AccountCreateContract" ? undefined : one.type,
    parameter: { type_url: typeUrlOf(one.type), value: packedValueOf(one) },
    Permission_id: one.permissionId === 0 ? undefined : one.permissionId,
  }));
  return {
    raw_data: renderRaw(tx.raw, contract),
    signature: tx.signatures.length === 0 ? undefined : [...tx.signatures],
  };
}
