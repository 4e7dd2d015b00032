/** What the history endpoints know of a contract: they ask like any client, so they follow whatever executes contracts. */
import { isHex } from "../../../tron/bytes.ts";
import type { Json } from "../json.ts";
import { triggerConstantContract } from "../calls.ts";
import { getContract } from "../contracts.ts";
import { internalRequest } from "../request.ts";
import type { Context, Handler } from "../route.ts";
import type { EventInput, EventShape } from "./event-values.ts";

const showContract: Handler = getContract;
const callConstant: Handler = triggerConstantContract;

/** Decoded without an interface, as the provider does for tokens. */
const KNOWN: readonly EventShape[] = [
  { name: "Transfer", inputs: [party("from"), party("to"), amount("value")] },
  { name: "Approval", inputs: [party("owner"), party("spender"), amount("value")] },
];

export type Token = { readonly symbol: string; readonly name: string; readonly decimals: number };

export async function eventShapes(contract: string, context: Context): Promise<readonly EventShape[]> {
  const found = await showContract(internalRequest({ value: contract }), context);
  const entries = listIn(recordOf(recordOf(found)["abi"])["entrys"]).map(recordOf);
  const events = entries.filter((entry) => wordOf(entry["type"]).toLowerCase() === "event");
  return [...events.map(shapeOf), ...KNOWN];
}

/** What the token says of itself; `undefined` for a contract that is no token. */
export async function tokenAt(contract: string, context: Context): Promise<Token | undefined> {
  const [symbol, name, decimals] = await Promise.all([
    constant({ contract, selector: "symbol()" }, context),
    constant({ contract, selector: "name()" }, context),
    constant({ contract, selector: "decimals()" }, context),
  ]);
  if (symbol === undefined || name === undefined) return undefined;
  return {
    symbol: textOf(symbol),
    name: textOf(name),
    decimals: Number(BigInt(`0x0${(decimals ?? "").slice(0, 64)}`)),
  };
}

/** Base units that `holder` ("41…") has. */
export async function tokenBalance(contract: string, holder: string, context: Context): Promise<bigint> {
  const parameter = holder.slice(2).padStart(64, "0");
  const output = await constant({ contract, selector: "balanceOf(address)", parameter }, context);
  return BigInt(`0x0${(output ?? "").slice(0, 64)}`);
}

type View = { readonly contract: string; readonly selector: string; readonly parameter?: string };

/** The output of a call that changes nothing; `undefined` when it fails or has none. */
async function constant({ contract, selector, parameter = "" }: View, context: Context): Promise<string | undefined> {
  const request = internalRequest({
    owner_address: `41${"0".repeat(40)}`,
    contract_address: contract,
    function_selector: selector,
    parameter,
  });
  const answer = recordOf(await callConstant(request, context));
  const [output] = listIn(answer["constant_result"]);
  const [ret] = listIn(recordOf(answer["transaction"])["ret"]);
  const failed = recordOf(ret)["ret"] === "FAILED";
  return failed || typeof output !== "string" || output === "" || !isHex(output) ? undefined : output;
}

function shapeOf(entry: Readonly<Record<string, Json>>): EventShape {
  const inputs = listIn(entry["inputs"])
    .map(recordOf)
    .map((input): EventInput => ({
      name: wordOf(input["name"]),
      type: wordOf(input["type"]),
      indexed: input["indexed"] === true,
    }));
  return { name: wordOf(entry["name"]), inputs };
}

/** An ABI-encoded string, or the 32 bytes that old tokens give instead. */
function textOf(output: string): string {
  const isWord = output.length === 64;
  const length = isWord ? 32 : Number(BigInt(`0x0${output.slice(64, 128)}`));
  const hex = isWord ? output : output.slice(128, 128 + Math.min(length, 1_000) * 2);
  return Buffer.from(hex, "hex").toString("utf8").replaceAll("\0", "");
}

function party(name: string): EventInput {
  return { name, type: "address", indexed: true };
}

function amount(name: string): EventInput {
  return { name, type: "uint256", indexed: false };
}

function wordOf(value: Json): string {
  return typeof value === "string" ? value : "";
}

/** Nothing for what is no record. */
export function recordOf(value: Json): Readonly<Record<string, Json>> {
  return isRecord(value) ? value : {};
}

function isRecord(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listIn(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
