/** Transactions that the node builds for the caller (tron.md §2.2): they refer to the solidified block and live 60 s. */
import { type Contract, type ContractType, isContractType } from "../../tron/contracts.ts";
import { encodeRawTransaction, refBlockOf } from "../../tron/transaction.ts";
import { actuatorFor } from "../actuators/registry.ts";
import type { Chain } from "../chain.ts";
import { bareMessage } from "../outcome.ts";
import { type Transaction, transactionOf } from "../transactions.ts";
import { hexOfText } from "../words.ts";
import { NodeError } from "./node-error.ts";
import { readContract } from "./parse-transaction.ts";
import { type JsonObject, renderBuilt } from "./render.ts";
import { type ApiRequest, looseHex, scalarText, textOf } from "./request.ts";
import type { Context, Handler } from "./route.ts";

/** Whose builders take `extra_data`; the others do not read it (Util.setTransactionExtraData and who calls it). */
const WITH_MEMO = new Set<ContractType>([
  "TransferContract",
  "TransferAssetContract",
  "MarketSellAssetContract",
  "MarketCancelOrderContract",
]);
const INT32_MAX = 2_147_483_647;
const LIFETIME_MS = 60_000;

/** The endpoint that builds a transaction of one type from its fields, if the type's actuator finds nothing wrong. */
export function builder(type: ContractType): Handler {
  return (request, context) => {
    const contract = readContract(type, request.text, { visible: request.visible, permissionId: 0 });
    return built(contract, request, context);
  };
}

/** The endpoint that builds a transaction of whatever type the body names. */
export function buildCommon(request: ApiRequest, context: Context): JsonObject {
  const type = request.parameters["contractType"];
  if (type === undefined) throw new NodeError("java.lang.NullPointerException", "Name is null");
  const name = scalarText(type);
  if (!isContractType(name)) {
    const message = `No enum constant org.tron.protos.Protocol.Transaction.Contract.ContractType.${name}`;
    throw new NodeError("java.lang.IllegalArgumentException", message);
  }
  return built(readContract(name, request.text, { visible: request.visible, permissionId: 0 }), request, context);
}

/** The answer of a builder: the transaction around `contract`, after its actuator found nothing wrong. */
export function built(contract: Contract, request: ApiRequest, context: Context): JsonObject {
  const moment = { headTimestamp: context.chain.store.head.timestamp, feeLimit: 0n, building: true } as const;
  const refused = actuatorFor(contract)?.validate(context.at.state, contract, moment);
  if (refused !== undefined) {
    throw new NodeError("org.tron.core.exception.ContractValidateException", bareMessage(refused));
  }
  const permissionId = permissionIdOf(request);
  const data = WITH_MEMO.has(contract.type) ? extraDataOf(request) : "";
  return renderBuilt(unsigned(context.chain, { ...contract, permissionId }, { data }), request.visible);
}

/** As fastjson reads it: text will do; what is not above 0 is left out (Util.setTransactionPermissionId). */
export function permissionIdOf(request: ApiRequest): number {
  const given = request.parameters["Permission_id"];
  if (given === undefined) return 0;
  const text = scalarText(given);
  if (!/^-?[0-9]{1,10}$/.test(text) || Number(text) > INT32_MAX)
    throw new NodeError("java.lang.NumberFormatException", `For input string: "${text}"`);
  return Math.max(0, Number(text));
}

function extraDataOf(request: ApiRequest): string {
  const text = textOf(request, "extra_data");
  return request.visible ? hexOfText(text) : looseHex(text);
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
