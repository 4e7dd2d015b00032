/** Transactions that the node builds for the caller (tron.md §2.2): they refer to the solidified block and live 60 s. */
import type { Contract, ContractType } from "../../tron/contracts.ts";
import { encodeRawTransaction, refBlockOf } from "../../tron/transaction.ts";
import { actuatorFor } from "../actuators/registry.ts";
import type { Chain } from "../chain.ts";
import { bareMessage } from "../outcome.ts";
import { type Transaction, transactionOf } from "../transactions.ts";
import { hexOfText } from "../words.ts";
import { NodeError } from "./node-error.ts";
import { packedContract } from "./parse-transaction.ts";
import { type JsonObject, renderBuilt } from "./render.ts";
import { type ApiRequest, int64Of, parseHex, textOf } from "./request.ts";
import type { Context, Handler } from "./route.ts";

const LIFETIME_MS = 60_000;

/** The endpoint that builds a transaction of one type from its fields, if the type's actuator finds nothing wrong. */
export function builder(type: ContractType): Handler {
  return (request, context) => {
    const { visible, parameters } = request;
    const permissionId = Number(int64Of(request, "Permission_id"));
    return built(packedContract(type, parameters, { visible, permissionId }), request, context);
  };
}

/** The answer of a builder: the transaction around `contract`, after its actuator found nothing wrong. */
export function built(contract: Contract, request: ApiRequest, context: Context): JsonObject {
  const moment = { headTimestamp: context.chain.store.head.timestamp, feeLimit: 0n, building: true } as const;
  const refused = actuatorFor(contract)?.validate(context.at.state, contract, moment);
  if (refused !== undefined) {
    throw new NodeError("org.tron.core.exception.ContractValidateException", bareMessage(refused));
  }
  const text = textOf(request, "extra_data");
  const data = request.visible ? hexOfText(text) : parseHex(text);
  return renderBuilt(unsigned(context.chain, contract, { data }), request.visible);
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
