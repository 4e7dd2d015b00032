import { readFileSync } from "node:fs";
import type { Devnet } from "../../src/devnet/handle.ts";
import { type Artifact, compile } from "../../scripts/solidity.ts";
import type { Contract } from "../../src/tron/contracts.ts";
import { keccakOfText } from "../../src/tron/hashes.ts";
import { alice, infoOf, type Json, pay, post, type Wallet } from "./support.ts";

/** A contract of contracts/workshop.sol. */
export function compiled(name: string): Artifact {
  return compile(readFileSync(new URL("contracts/workshop.sol", import.meta.url), "utf8"), { contract: name });
}

export const word = (value: bigint | number | string): string =>
  (typeof value === "string" ? value : BigInt(value).toString(16)).padStart(64, "0");

/** The ABI's encoding of one text or list of bytes as the only argument. */
export const bytesWords = (hex: string): string =>
  word(32) + word(hex.length / 2) + hex.padEnd(Math.ceil(hex.length / 64) * 64, "0");

export const textHex = (text: string): string => Buffer.from(text).toString("hex");

type Options = { from?: Wallet; value?: bigint; feeLimit?: bigint };

/** Deploys by deploycontract's own transaction, signed and included; answers the address and the receipt. */
export async function deploy(
  devnet: Devnet,
  code: { bytecode: string; abi?: readonly unknown[]; name?: string; parameter?: string },
  { from = alice, value = 0n, feeLimit = 10_000_000_000n, ...more }: Options & Json = {},
): Promise<{ address: string; info: Json }> {
  const built = await post(devnet, "/wallet/deploycontract", {
    owner_address: from.hex41,
    abi: JSON.stringify(code.abi ?? []),
    bytecode: code.bytecode,
    parameter: code.parameter ?? "",
    name: code.name ?? "",
    call_value: value,
    consume_user_resource_percent: 100,
    origin_energy_limit: 10_000_000,
    fee_limit: feeLimit,
    ...more,
  });
  if (built["Error"] !== undefined) throw new Error(built["Error"]);
  const [contract] = built["raw_data"].contract;
  const { new_contract, ...rest } = contract.parameter.value;
  const tx = await pay(devnet, creation(rest, new_contract), { signers: [from], feeLimit });
  const info = await infoOf(devnet, tx.txId);
  return { address: info["contract_address"], info };
}

/** The printed message as the message: what was left out is zero. */
function creation(outer: Json, inner: Json): Contract {
  const entrys = (inner["abi"].entrys ?? []).map((entry: Json) => ({
    anonymous: entry["anonymous"] ?? false,
    constant: false,
    name: entry["name"] ?? "",
    inputs: (entry["inputs"] ?? []).map(parameter),
    outputs: (entry["outputs"] ?? []).map(parameter),
    type: ["", "Constructor", "Function", "Event", "Fallback", "Receive", "Error"].indexOf(entry["type"]),
    payable: entry["payable"] ?? false,
    stateMutability: ["", "Pure", "View", "Nonpayable", "Payable"].indexOf(entry["stateMutability"] ?? ""),
  }));
  const new_contract = {
    origin_address: inner["origin_address"],
    contract_address: "",
    abi: { entrys },
    bytecode: inner["bytecode"] ?? "",
    call_value: BigInt(inner["call_value"] ?? 0),
    consume_user_resource_percent: BigInt(inner["consume_user_resource_percent"] ?? 0),
    name: inner["name"] ?? "",
    origin_energy_limit: BigInt(inner["origin_energy_limit"] ?? 0),
    code_hash: "",
    trx_hash: "",
    version: 0,
  };
  const call_token_value = BigInt(outer["call_token_value"] ?? 0);
  const value = {
    owner_address: outer["owner_address"],
    new_contract,
    call_token_value,
    token_id: BigInt(outer["token_id"] ?? 0),
  };
  return { type: "CreateSmartContract", permissionId: 0, value };
}

const parameter = (given: Json) => ({
  indexed: given["indexed"] ?? false,
  name: given["name"] ?? "",
  type: given["type"],
});

export const calldata = (signature: string, words = ""): string => keccakOfText(signature).slice(0, 8) + words;

export function trigger(contract: string, data: string, { from = alice, value = 0n }: Options = {}): Contract {
  return {
    type: "TriggerSmartContract",
    permissionId: 0,
    value: {
      owner_address: from.hex41,
      contract_address: contract,
      call_value: value,
      data,
      call_token_value: 0n,
      token_id: 0n,
    },
  };
}

/** Calls in a block; answers the receipt. */
export async function send(devnet: Devnet, contract: string, data: string, options: Options = {}): Promise<Json> {
  const { from = alice, feeLimit = 1_000_000_000n } = options;
  const tx = await pay(devnet, trigger(contract, data, options), { signers: [from], feeLimit });
  return infoOf(devnet, tx.txId);
}

/** Asks without a transaction; answers the node's answer. */
export function ask(devnet: Devnet, contract: string, data: string, more: Json = {}): Promise<Json> {
  const body = { owner_address: alice.hex41, contract_address: contract, data, ...more };
  return post(devnet, "/wallet/triggerconstantcontract", body);
}

export const result = async (devnet: Devnet, contract: string, data: string): Promise<string> =>
  (await ask(devnet, contract, data))["constant_result"][0];
