/** Contract calls without a signature: build one, try one, price one (tron.md §2.3 "Contracts"). */
import type { ContractOf } from "../../tron/contracts.ts";
import { keccakOfText } from "../../tron/hashes.ts";
import { contractAddressOf } from "../../tron/address.ts";
import { objectionToValue } from "../actuators/contracts.ts";
import { isConstant, signatureOf } from "../evm/abi.ts";
import { contractKey } from "../evm/contract-keys.ts";
import type { SmartContract } from "../evm/contract-rows.ts";
import { type Executed, executeContract } from "../evm/execution.ts";
import { parametersOf } from "../chain-parameters.ts";
import { CONSTANT_CALL_ENERGY_MAX } from "../parameters.ts";
import { read, Session } from "../state.ts";
import type { Transaction } from "../transactions.ts";
import { hexOfText } from "../words.ts";
import { permissionIdOf, unsigned } from "./builders.ts";
import { int64, type Json } from "./json.ts";
import { errorBody, NodeError } from "./node-error.ts";
import { packedContract } from "./parse-transaction.ts";
import { type JsonObject, renderBuilt, renderInternal, renderLog, renderText } from "./render.ts";
import { type ApiRequest, int64Of, textOf } from "./request.ts";
import type { Context } from "./route.ts";

/** The search for the smallest sufficient fee limit stops when it is this exact, in sun. */
const ESTIMATE_PRECISION = 1_000_000;

export function triggerSmartContract(request: ApiRequest, context: Context): Promise<Json> {
  return answering(request, async () => {
    requireSet(request, "owner_address");
    requireSet(request, "contract_address");
    const message = callMessage(request);
    const contract = read(context.at.state, contractKey(message.value.contract_address));
    if (contract === undefined) throw refusal("No contract or not a valid smart contract");
    const tx = unsigned(context.chain, message, { feeLimit: int64Of(request, "fee_limit") });
    const transaction = renderBuilt(tx, request.visible);
    if (!isView(contract, message.value.data)) return { result: { result: true }, transaction };
    const done = throwing(await trial({ tx, context }));
    return { ...renderExecuted(done, request.visible), transaction };
  });
}

export function triggerConstantContract(request: ApiRequest, context: Context): Promise<Json> {
  return answering(request, async () => {
    const tx = trialTransaction(request, context);
    const done = throwing(await trial({ tx, context }));
    const ret = [done.result === "SUCCESS" ? {} : { ret: "FAILED" }];
    const transaction = { ...renderBuilt(tx, request.visible), ret };
    return { ...renderExecuted(done, request.visible), transaction };
  });
}

export function estimateEnergy(request: ApiRequest, context: Context): Promise<Json> {
  return answering(request, async () => {
    const tx = trialTransaction(request, context);
    const run = (feeLimit: number) => trial({ tx, context, feeLimit });
    const { getMaxFeeLimit: most, getEnergyFee: price } = parametersOf(context.at.state);
    const first = await run(most);
    if (first.result !== "SUCCESS") {
      const text = renderText(first.message ?? "", request.visible);
      return { result: { code: "CONTRACT_EXE_ERROR", message: text } };
    }
    const enough = await sufficient({ low: first.energyUsed * price, high: most }, run);
    return { result: { result: true }, energy_required: int64(Math.ceil(enough / price)) };
  });
}

/** Wallet.estimateEnergy: a bisection between what was used and twice that, or the most that is allowed. */
async function sufficient(
  between: { readonly low: number; readonly high: number },
  run: (feeLimit: number) => Promise<Executed>,
): Promise<number> {
  const suffices = async (feeLimit: number) => (await run(feeLimit)).result === "SUCCESS";
  let { low, high } = between;
  if (low * 2 < high) {
    if (await suffices(low * 2)) high = low * 2;
    else low *= 2;
  }
  while (low + ESTIMATE_PRECISION < high) {
    const middle = Math.floor((low + high) / 2);
    if (await suffices(middle)) high = middle;
    else low = middle;
  }
  return high;
}

type Trial = { readonly tx: Transaction; readonly context: Context; readonly feeLimit?: number };

/** Executes the call or creation of `tx` on what the node sees, and forgets it. Code sees the head block. */
async function trial({ tx, context, feeLimit }: Trial): Promise<Executed> {
  const { chain, at } = context;
  const head = chain.store.block(at.number) ?? chain.store.head;
  const affordable =
    feeLimit === undefined ? CONSTANT_CALL_ENERGY_MAX : Math.floor(feeLimit / parametersOf(at.state).getEnergyFee);
  const order = { ...orderOf(tx), energyLimit: Math.min(CONSTANT_CALL_ENERGY_MAX, affordable), isConstant: true };
  const unpayable = objectionToValue(at.state, {
    caller: order.caller,
    call_value: order.callValue,
    call_token_value: order.tokenValue,
    token_id: order.tokenId,
  });
  if (unpayable !== undefined) throw refusal(unpayable);
  const idOf = (number: number) => chain.store.block(number)?.id;
  const block = { number: head.number, timestamp: Math.floor(head.timestamp / 1000), witness: head.witness, idOf };
  const now = chain.store.head.timestamp;
  return executeContract(chain.rules.vm, { session: new Session(at.state), order }, { block, now });
}

function orderOf(tx: Transaction) {
  const [contract] = tx.raw.contracts;
  if (contract?.type === "TriggerSmartContract") {
    const { value } = contract;
    return {
      txId: tx.id,
      caller: value.owner_address,
      contract: value.contract_address,
      data: value.data,
      callValue: value.call_value,
      tokenValue: value.call_token_value,
      tokenId: value.token_id,
    };
  }
  if (contract?.type !== "CreateSmartContract" || contract.value.new_contract === undefined) {
    throw new RangeError("only calls and creations are tried");
  }
  const { owner_address: caller, new_contract: created, call_token_value: tokenValue, token_id } = contract.value;
  const address = contractAddressOf({ txId: tx.id, ownerHex41: caller });
  return {
    txId: tx.id,
    caller,
    contract: address,
    data: created.bytecode,
    callValue: created.call_value,
    tokenValue,
    tokenId: token_id,
    creates: { ...created, contract_address: address },
  };
}

/** What is tried: the call that the request describes, or, without a contract, the deployment of its data. */
function trialTransaction(request: ApiRequest, context: Context): Transaction {
  requireSet(request, "owner_address");
  const deploys = textOf(request, "contract_address") === "";
  if (deploys && textOf(request, "data") === "") {
    throw parameterError("At least one of contract_address and data must be set.");
  }
  if (deploys && textOf(request, "function_selector") !== "") {
    throw parameterError("While trying to deploy, function_selector and data can not be both set.");
  }
  const message = callMessage(request);
  if (!deploys) {
    const contract = read(context.at.state, contractKey(message.value.contract_address));
    if (contract === undefined) throw refusal("Smart contract is not exist.");
    return unsigned(context.chain, message, {});
  }
  return unsigned(context.chain, creationOf(message), {});
}

function creationOf({ value, permissionId }: ContractOf<"TriggerSmartContract">): ContractOf<"CreateSmartContract"> {
  const created: SmartContract = {
    origin_address: value.owner_address,
    contract_address: "",
    abi: undefined,
    bytecode: value.data,
    call_value: value.call_value,
    consume_user_resource_percent: 100n,
    name: "",
    origin_energy_limit: 1n,
    code_hash: "",
    trx_hash: "",
    version: 0,
  };
  const { owner_address, call_token_value, token_id } = value;
  const creation = { owner_address, new_contract: created, call_token_value, token_id };
  return { type: "CreateSmartContract", permissionId, value: creation };
}

function callMessage(request: ApiRequest): ContractOf<"TriggerSmartContract"> {
  const selector = textOf(request, "function_selector");
  const data =
    selector === "" ? textOf(request, "data") : keccakOfText(selector).slice(0, 8) + textOf(request, "parameter");
  const permissionId = permissionIdOf(request);
  const { visible } = request;
  const message = packedContract("TriggerSmartContract", { ...request.parameters, data }, { visible, permissionId });
  if (message.type !== "TriggerSmartContract") throw parameterError("not a call");
  return message;
}

function requireSet(request: ApiRequest, name: string): void {
  if (textOf(request, name) === "") throw parameterError(`${name} isn't set.`);
}

function isView({ abi }: SmartContract, data: string): boolean {
  const selector = data.slice(0, 8);
  if (selector.length < 8) return false;
  return (
    abi?.entrys.some((entry) => isConstant(entry) && keccakOfText(signatureOf(entry)).startsWith(selector)) ?? false
  );
}

/** A failure other than a revert is an exception of the node, not an answer. */
function throwing(done: Executed): Executed {
  if (done.exception === undefined) return done;
  throw new NodeError(done.exception, done.message ?? "null");
}

function renderExecuted(done: Executed, visible: boolean): JsonObject {
  const message = done.message === undefined ? undefined : renderText(done.message, visible);
  const internals = done.internals.map((internal) => renderInternal(internal, visible));
  return {
    result: { result: true, message },
    energy_used: int64(done.energyUsed),
    energy_penalty: int64(done.energyPenalty),
    constant_result: [done.output],
    logs: done.logs.length === 0 ? undefined : done.logs.map((log) => renderLog(log, visible)),
    internal_transactions: internals.length === 0 ? undefined : internals,
  };
}

/** These endpoints put errors into `result` instead of `Error`. */
async function answering(request: ApiRequest, answer: () => Promise<JsonObject>): Promise<Json> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    const isRefusal = error.javaClass === REFUSAL;
    const code = isRefusal ? "CONTRACT_VALIDATE_ERROR" : "OTHER_ERROR";
    const text = isRefusal ? error.message : errorBody(error).Error.replaceAll('"', "'");
    return { result: { code, message: request.visible ? text : hexOfText(text) } };
  }
}

const REFUSAL = "org.tron.core.exception.ContractValidateException";

function refusal(message: string): NodeError {
  return new NodeError(REFUSAL, message);
}

function parameterError(message: string): NodeError {
  return new NodeError("java.security.InvalidParameterException", message);
}
