/** What the lists of the history endpoints hold (tron.md §2.4). Unlike a node they write zeros. */
import { fromHex41 } from "../../../tron/address.ts";
import type { Log } from "../../../tron/trc20.ts";
import type { Block, Included } from "../../block.ts";
import { base58 } from "../../words.ts";
import type { Json } from "../json.ts";
import { type JsonObject, renderIncluded, renderInfo } from "../render.ts";
import type { Context } from "../route.ts";
import { eventShapes, recordOf, type Token, tokenAt } from "./contract-facts.ts";
import { type EventShape, namedEvent } from "./event-values.ts";
import type { Place } from "./history.ts";

export type Spot = { readonly block: Block; readonly tx: Included; readonly place: Place };

/** `undefined`: the chain holds nothing there, which the index never says of a place that it knows. */
export function spotAt(context: Context, place: Place): Spot | undefined {
  const block = context.chain.store.block(place.number);
  const tx = block?.transactions[place.at];
  return block === undefined || tx === undefined ? undefined : { block, tx, place };
}

export function logOf({ tx, place }: Spot): Log | undefined {
  return tx.outcome.call?.logs[place.log];
}

export function transactionItem({ block, tx }: Spot): Json {
  const { signature, txID, raw_data, raw_data_hex } = renderIncluded(tx, false);
  const info = renderInfo(tx, block, false);
  const receipt = recordOf(info["receipt"]);
  const zeroIfAbsent = (value: Json): Json => value ?? 0;
  return {
    ret: [{ contractRet: tx.outcome.result, fee: tx.outcome.fee }],
    signature: signature ?? [],
    txID,
    net_usage: zeroIfAbsent(receipt["net_usage"]),
    raw_data_hex,
    net_fee: zeroIfAbsent(receipt["net_fee"]),
    energy_usage: zeroIfAbsent(receipt["energy_usage"]),
    blockNumber: block.number,
    block_timestamp: block.timestamp,
    energy_fee: zeroIfAbsent(receipt["energy_fee"]),
    energy_usage_total: zeroIfAbsent(receipt["energy_usage_total"]),
    unfreeze_amount: info["unfreeze_amount"],
    withdraw_amount: info["withdraw_amount"],
    withdraw_expire_amount: info["withdraw_expire_amount"],
    raw_data,
    internal_transactions: info["internal_transactions"] ?? [],
  };
}

/** What code did, as an item of its own; `undefined` for a place that is none. */
export function internalItem({ block, tx, place }: Spot): Json {
  const internal = tx.outcome.call?.internals[place.log];
  if (internal === undefined) return undefined;
  const [value] = internal.values;
  const amount = value === undefined ? {} : { _: value.callValue };
  const isToken = value?.tokenId !== undefined;
  return {
    internal_tx_id: internal.hash,
    data: {
      note: internal.note,
      rejected: internal.rejected,
      ...(isToken ? { call_token_value: amount, token_id: { _: value.tokenId } } : { call_value: amount }),
    },
    block_timestamp: block.timestamp,
    to_address: internal.to,
    tx_id: tx.id,
    from_address: internal.caller,
  };
}

/** Names events and tokens; asks each contract once. */
export class Namer {
  readonly #context: Context;
  readonly #shapes = new Map<string, Promise<readonly EventShape[]>>();
  readonly #tokens = new Map<string, Promise<Token | undefined>>();

  constructor(context: Context) {
    this.#context = context;
  }

  async event(spot: Spot, solidNumber: number): Promise<Json> {
    const log = logOf(spot);
    const called = spot.tx.outcome.call?.contract;
    if (log === undefined || called === undefined) return undefined;
    const named = namedEvent(log, await this.#shapesOf(`41${log.address}`));
    return {
      block_number: spot.block.number,
      block_timestamp: spot.block.timestamp,
      caller_contract_address: base58(called),
      contract_address: base58(`41${log.address}`),
      event_index: spot.place.log,
      event_name: named?.name ?? "",
      result: named?.result ?? unnamed(log),
      result_type: named?.types ?? {},
      event: named?.text ?? "",
      transaction_id: spot.tx.id,
      _unconfirmed: spot.block.number > solidNumber ? true : undefined,
    };
  }

  /** "" when nobody knows. */
  async name(spot: Spot): Promise<string> {
    const log = logOf(spot);
    return log === undefined ? "" : (namedEvent(log, await this.#shapesOf(`41${log.address}`))?.name ?? "");
  }

  /** A Transfer or Approval of a token; `undefined` when the contract is none. */
  async tokenMove(spot: Spot): Promise<Json> {
    const log = logOf(spot);
    if (log === undefined) return undefined;
    const contract = `41${log.address}`;
    const token = await this.#tokenOf(contract);
    const [signature = "", from = "", to = ""] = log.topics;
    if (token === undefined) return undefined;
    return {
      transaction_id: spot.tx.id,
      token_info: { symbol: token.symbol, address: base58(contract), decimals: token.decimals, name: token.name },
      block_timestamp: spot.block.timestamp,
      from: fromHex41(`41${from.slice(24)}`),
      to: fromHex41(`41${to.slice(24)}`),
      type: signature.startsWith("ddf252ad") ? "Transfer" : "Approval",
      value: BigInt(`0x0${log.data.slice(0, 64)}`).toString(),
    };
  }

  #shapesOf(contract: string): Promise<readonly EventShape[]> {
    return remembered(this.#shapes, contract, () => eventShapes(contract, this.#context));
  }

  #tokenOf(contract: string): Promise<Token | undefined> {
    return remembered(this.#tokens, contract, () => tokenAt(contract, this.#context));
  }
}

function remembered<T>(known: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const found = known.get(key) ?? ask();
  known.set(key, found);
  return found;
}

/** Topics and data as they are, for an event of which nobody knows the interface. */
function unnamed(log: Log): JsonObject {
  const words = log.data === "" ? log.topics : [...log.topics, log.data];
  return Object.fromEntries(words.map((word, index) => [String(index), word]));
}
