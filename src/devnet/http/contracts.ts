/** Contracts as they are stored, and the transaction that makes one (tron.md §2.3 "Contracts"). */
import type { ContractOf } from "../../tron/contracts.ts";
import { abiShape, smartContractShape } from "../../tron/shapes/smart-contracts.ts";
import { codeKey, contractKey } from "../evm/contract-keys.ts";
import type { SmartContract } from "../evm/contract-rows.ts";
import { energyStateOf } from "../evm/dynamic-energy.ts";
import { read } from "../state.ts";
import type { Abi } from "../evm/abi.ts";
import { permissionIdOf, unsigned } from "./builders.ts";
import { int64, type Json, jsonTextOf } from "./json.ts";
import { readMessage } from "./json-format.ts";
import { NodeError } from "./node-error.ts";
import { type JsonObject, renderBuilt, renderMessage } from "./render.ts";
import { addressOf, type ApiRequest, eitherAddressOf, int64Of, looseHex, textOf } from "./request.ts";
import type { Context } from "./route.ts";

export function getContract(request: ApiRequest, context: Context): Json {
  const contract = read(context.at.state, contractKey(eitherAddressOf(request, "value")));
  return contract === undefined ? {} : renderContract(contract, request.visible);
}

export function getContractInfo(request: ApiRequest, context: Context): Json {
  const address = eitherAddressOf(request, "value");
  const { state } = context.at;
  const contract = read(state, contractKey(address));
  if (contract === undefined) return {};
  const energy = energyStateOf(state, address);
  return {
    runtimecode: read(state, codeKey(address)) || undefined,
    smart_contract: renderContract(contract, request.visible),
    contract_state: {
      energy_usage: int64(energy.usage),
      energy_factor: int64(energy.factor),
      update_cycle: int64(energy.cycle),
    },
  };
}

/** The transaction that deploys a contract, and where that will be. */
export function deployContract(request: ApiRequest, context: Context): Json {
  const contract = creationOf(request);
  const percent = contract.value.new_contract?.consume_user_resource_percent ?? 0n;
  if (percent < 0n || percent > 100n) {
    throw new NodeError("org.tron.core.exception.ContractValidateException", "percent must be >= 0 and <= 100");
  }
  const tx = unsigned(context.chain, contract, { feeLimit: int64Of(request, "fee_limit") });
  return renderBuilt(tx, request.visible);
}

function creationOf(request: ApiRequest): ContractOf<"CreateSmartContract"> {
  const owner = addressOf(request, "owner_address");
  const created: SmartContract = {
    origin_address: owner,
    contract_address: "",
    abi: abiOf(request),
    bytecode: looseHex(textOf(request, "bytecode") + textOf(request, "parameter")),
    call_value: int64Of(request, "call_value"),
    consume_user_resource_percent: int64Of(request, "consume_user_resource_percent"),
    name: textOf(request, "name"),
    origin_energy_limit: int64Of(request, "origin_energy_limit"),
    code_hash: "",
    trx_hash: "",
    version: 0,
  };
  const call_token_value = int64Of(request, "call_token_value");
  const value = {
    owner_address: owner,
    new_contract: created,
    call_token_value,
    token_id: int64Of(request, "token_id"),
  };
  return { type: "CreateSmartContract", permissionId: permissionIdOf(request), value };
}

/** The entries are JSON in a text; a client that sends them as they are is understood too. */
function abiOf(request: ApiRequest): Abi {
  const given = request.parameters["abi"];
  const entries = typeof given === "string" ? given : jsonTextOf(given ?? []);
  return readMessage(abiShape, `{"entrys":${entries}}`, request.visible);
}

function renderContract(contract: SmartContract, visible: boolean): JsonObject {
  return { abi: {}, ...withoutAbsent(renderMessage(smartContractShape, contract, visible)) };
}

function withoutAbsent(rendered: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(rendered).filter(([, value]) => value !== undefined));
}
