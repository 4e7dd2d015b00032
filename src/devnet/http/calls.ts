/** Contract calls without a signature: build one, try one, price one (tron.md §2.3 "Contracts"). */
import type { TriggerSmartContract } from "../../tron/contracts.ts";
import { keccakOfText } from "../../tron/hashes.ts";
import { lookIntoContract, type Order } from "../call.ts";
import type { CallResult, Contract } from "../contract.ts";
import { ENERGY_FEE, FEE_LIMIT_MAX } from "../parameters.ts";
import { hexOfText } from "../words.ts";
import { permissionIdOf, unsigned } from "./builders.ts";
import { int64, type Json } from "./json.ts";
import { errorBody, NodeError } from "./node-error.ts";
import { packedContract } from "./parse-transaction.ts";
import { type JsonObject, renderAddress, renderBuilt, renderLog, renderText } from "./render.ts";
import { type ApiRequest, eitherAddressOf, int64Of, textOf } from "./request.ts";
import type { Context } from "./route.ts";

/** The search for the smallest sufficient fee limit stops when it is this exact, in sun. */
const ESTIMATE_PRECISION = 1_000_000;

export function triggerSmartContract(request: ApiRequest, context: Context): Json {
  return answering(request, () => {
    const message = callMessage(request);
    const contract = context.chain.rules.contracts.get(message.value.contract_address);
    if (contract === undefined) throw refusal("No contract or not a valid smart contract");
    const feeLimit = int64Of(request, "fee_limit");
    const tx = unsigned(context.chain, message, { feeLimit });
    const transaction = renderBuilt(tx, request.visible);
    if (!isView(contract, message.value.data)) return { result: { result: true }, transaction };
    const done = lookIntoContract(context.at.state, orderOf(message), { contract });
    return { ...renderResult(done, request.visible), transaction };
  });
}

export function triggerConstantContract(request: ApiRequest, context: Context): Json {
  return answering(request, () => {
    const message = callMessage(request);
    const contract = context.chain.rules.contracts.get(message.value.contract_address);
    if (contract === undefined) throw refusal("Smart contract is not exist.");
    const done = lookIntoContract(context.at.state, orderOf(message), { contract });
    const failed = done.result !== "SUCCESS";
    const built = renderBuilt(unsigned(context.chain, message, {}), request.visible);
    return {
      ...renderResult(done, request.visible),
      transaction: { ...built, ret: [failed ? { ret: "FAILED" } : {}] },
    };
  });
}

export function estimateEnergy(request: ApiRequest, context: Context): Json {
  return answering(request, () => {
    const message = callMessage(request);
    const contract = context.chain.rules.contracts.get(message.value.contract_address);
    if (contract === undefined) throw refusal("Smart contract is not exist.");
    const run = (feeLimit: number) =>
      lookIntoContract(context.at.state, orderOf(message), {
        contract,
        energyLimit: Math.floor(feeLimit / ENERGY_FEE),
      });
    const first = run(FEE_LIMIT_MAX);
    if (first.result !== "SUCCESS") {
      const text = renderText(first.message ?? "", request.visible);
      return { result: { code: "CONTRACT_EXE_ERROR", message: text } };
    }
    return { result: { result: true }, energy_required: int64(estimated(first.energyUsed * ENERGY_FEE, run)) };
  });
}

/** Wallet.estimateEnergy: a bisection between what was used and twice that, or the most that is allowed. */
function estimated(used: number, run: (feeLimit: number) => CallResult): number {
  const suffices = (feeLimit: number) => run(feeLimit).result === "SUCCESS";
  let low = used;
  let high: number = FEE_LIMIT_MAX;
  if (low * 2 < high) {
    if (suffices(low * 2)) high = low * 2;
    else low *= 2;
  }
  while (low + ESTIMATE_PRECISION < high) {
    const middle = Math.floor((low + high) / 2);
    if (suffices(middle)) high = middle;
    else low = middle;
  }
  return Math.ceil(high / ENERGY_FEE);
}

export function getContract(request: ApiRequest, context: Context): Json {
  const contract = context.chain.rules.contracts.get(eitherAddressOf(request, "value"));
  return contract === undefined ? {} : renderContract(contract, request.visible);
}

export function getContractInfo(request: ApiRequest, context: Context): Json {
  const contract = context.chain.rules.contracts.get(eitherAddressOf(request, "value"));
  if (contract === undefined) return {};
  return {
    runtimecode: PLACEHOLDER_CODE,
    smart_contract: renderContract(contract, request.visible),
    contract_state: {},
  };
}

/** A simulated contract has no code; what stands here is the opcode INVALID. */
const PLACEHOLDER_CODE = "fe";

function renderContract(contract: Contract, visible: boolean): JsonObject {
  return {
    bytecode: PLACEHOLDER_CODE,
    name: contract.name,
    origin_address: renderAddress(contract.owner, visible),
    contract_address: renderAddress(contract.address, visible),
    abi: {
      entrys: contract.abi.map((entry) => ({
        ...entry,
        inputs: entry.inputs.length === 0 ? undefined : [...entry.inputs],
      })),
    },
    origin_energy_limit: 10_000_000n,
    consume_user_resource_percent: 100n,
    code_hash: keccakOfText(contract.address),
  };
}

function callMessage(request: ApiRequest): TriggerSmartContract {
  if (textOf(request, "owner_address") === "") throw parameterError("owner_address isn't set.");
  if (textOf(request, "contract_address") === "") throw parameterError("contract_address isn't set.");
  const selector = textOf(request, "function_selector");
  const data =
    selector === "" ? textOf(request, "data") : keccakOfText(selector).slice(0, 8) + textOf(request, "parameter");
  const permissionId = permissionIdOf(request);
  const { visible } = request;
  const message = packedContract("TriggerSmartContract", { ...request.parameters, data }, { visible, permissionId });
  if (message.type !== "TriggerSmartContract") throw parameterError("not a call");
  return message;
}

function orderOf({ value }: TriggerSmartContract): Order {
  return { ...value, feeLimit: 0n };
}

function isView(contract: Contract, data: string): boolean {
  return contract.abi.some((entry) => {
    const isConstant = entry.stateMutability === "View" || entry.stateMutability === "Pure";
    const signature = `${entry.name}(${entry.inputs.map((input) => input.type).join(",")})`;
    return isConstant && keccakOfText(signature).startsWith(data.slice(0, 8)) && data.length >= 8;
  });
}

function renderResult(done: CallResult, visible: boolean): JsonObject {
  const message = done.message === undefined ? undefined : renderText(done.message, visible);
  return {
    result: { result: true, message },
    energy_used: int64(done.energyUsed),
    energy_penalty: int64(done.energyPenalty),
    constant_result: [done.output],
    logs: done.logs.length === 0 ? undefined : done.logs.map((log) => renderLog(log, visible)),
  };
}

/** These endpoints put errors into `result` instead of `Error`. */
function answering(request: ApiRequest, answer: () => JsonObject): Json {
  try {
    return answer();
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
