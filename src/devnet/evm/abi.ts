/** A compiler's ABI as the message that a deployment carries. */
import type { MessageOf } from "../../tron/protobuf.ts";
import type { abiShape } from "../../tron/shapes/smart-contracts.ts";

export type Abi = MessageOf<typeof abiShape>;
type Entry = Abi["entrys"][number];

/** One entry of the compiler's JSON. */
export type CompiledEntry = {
  readonly type: string;
  readonly name?: string;
  readonly anonymous?: boolean;
  readonly stateMutability?: string;
  readonly inputs?: readonly CompiledParameter[];
  readonly outputs?: readonly CompiledParameter[];
};

type CompiledParameter = { readonly name: string; readonly type: string; readonly indexed?: boolean };

const TYPES = ["", "constructor", "function", "event", "fallback", "receive", "error"];
const MUTABILITIES = ["", "pure", "view", "nonpayable", "payable"];

export function abiOf(entries: readonly CompiledEntry[]): Abi {
  return { entrys: entries.map(entryOf) };
}

/** As a signature is hashed: "transfer(address,uint256)". */
export function signatureOf(entry: Entry): string {
  return `${entry.name}(${entry.inputs.map((input) => input.type).join(",")})`;
}

/** Functions that only look are executed at once by triggersmartcontract (WalletUtil.isConstant). */
export function isConstant(entry: Entry): boolean {
  return entry.type === 2 && (entry.constant || entry.stateMutability === 1 || entry.stateMutability === 2);
}

function entryOf(entry: CompiledEntry): Entry {
  return {
    anonymous: entry.anonymous === true,
    constant: false,
    name: entry.name ?? "",
    inputs: (entry.inputs ?? []).map(parameterOf),
    outputs: (entry.outputs ?? []).map(parameterOf),
    type: Math.max(0, TYPES.indexOf(entry.type)),
    payable: entry.stateMutability === "payable",
    stateMutability: Math.max(0, MUTABILITIES.indexOf(entry.stateMutability ?? "")),
  };
}

function parameterOf({ indexed, name, type }: CompiledParameter) {
  return { indexed: indexed === true, name, type };
}
