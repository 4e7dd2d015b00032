/** The lists behind the paths of the history endpoints. */
import { decodeRawTransaction } from "../../../tron/transaction.ts";
import type { Included } from "../../block.ts";
import { ownerOf } from "../../transactions.ts";
import type { View } from "../../state.ts";
import { base58 } from "../../words.ts";
import type { Asked } from "../answer.ts";
import { getAccount } from "../accounts.ts";
import type { Json } from "../json.ts";
import { internalRequest } from "../request.ts";
import type { Context, Handler, Perspective } from "../route.ts";
import { recordOf, tokenBalance } from "./contract-facts.ts";
import type { History, Place } from "./history.ts";
import { internalItem, logOf, Namer, type Spot, spotAt, transactionItem } from "./items.ts";
import { envelope, pageOf } from "./pages.ts";
import { addressParameter, type Query, wholeParameter } from "./query.ts";

export type Scene = {
  readonly asked: Asked;
  readonly context: Context;
  readonly history: History;
  readonly query: Query;
};

const showAccount: Handler = getAccount;
const TRANSFER = "ddf252ad";

/** The account as a node shows it, with the tokens it holds; nothing for an address without an account. */
export async function account(scene: Scene, address: string): Promise<Json> {
  const { context, query } = scene;
  const at = query.onlyConfirmed ? solidified(context) : context.at;
  const shown = recordOf(await showAccount(internalRequest({ address }), { ...context, at }));
  const isThere = Object.keys(shown).length > 0;
  const trc20 = await tokensOf(scene, address);
  return envelope(isThere ? [{ ...shown, trc20 }] : [], now(scene));
}

/** With what code did, unless asked without. */
export function transactions(scene: Scene, address: string): Promise<Json> {
  const { history, query } = scene;
  const own = history.list("transactions", address);
  const places = query.searchInternal ? inOrder([...own, ...history.list("internal", address)]) : own;
  const item = async (spot: Spot) => (spot.place.log < 0 ? transactionItem(spot) : internalItem(spot));
  return page(scene, places, { wanted: (spot) => isWanted(query, spot, address), item });
}

export function calls(scene: Scene, contract: string): Promise<Json> {
  const wanted = (spot: Spot) => isWanted(scene.query, spot, contract);
  return page(scene, scene.history.list("transactions", contract), {
    wanted,
    item: async (spot) => transactionItem(spot),
  });
}

/** What code did to, or from, an address. */
export function internals(scene: Scene, address: string): Promise<Json> {
  const wanted = (spot: Spot) => isWanted(scene.query, spot, address);
  return page(scene, scene.history.list("internal", address), { wanted, item: async (spot) => internalItem(spot) });
}

/** Of one transaction: this list has one page. */
export async function internalsOfTransaction(scene: Scene, spots: readonly Spot[]): Promise<Json> {
  const items = spots.flatMap((spot) =>
    (spot.tx.outcome.call?.internals ?? []).map((_, log) => internalItem({ ...spot, place: { ...spot.place, log } })),
  );
  return envelope(items, now(scene));
}

/** By direction: both, or neither, is the same. */
function isWanted({ onlyFrom, onlyTo }: Query, spot: Spot, address: string): boolean {
  if (onlyFrom === onlyTo) return true;
  const sender = spot.place.log < 0 ? senderOf(spot.tx) : spot.tx.outcome.call?.internals[spot.place.log]?.caller;
  return (sender === address) === onlyFrom;
}

function inOrder(places: readonly Place[]): Place[] {
  return places.toSorted((a, b) => a.number - b.number || a.at - b.at || a.log - b.log);
}

export async function tokenMoves(scene: Scene, address: string): Promise<Json> {
  const { query } = scene;
  const contract = addressParameter(query, "contract_address");
  const namer = new Namer(scene.context);
  const wanted = (spot: Spot): boolean => {
    const log = logOf(spot);
    if (contract !== undefined && `41${log?.address}` !== contract) return false;
    if (query.onlyFrom === query.onlyTo) return true;
    const [, from = "", to = ""] = log?.topics ?? [];
    return (query.onlyFrom ? from : to).endsWith(address.slice(2));
  };
  return page(scene, scene.history.list("token moves", address), { wanted, item: (spot) => namer.tokenMove(spot) });
}

export async function contractEvents(scene: Scene, contract: string): Promise<Json> {
  const { query } = scene;
  const name = query.text.get("event_name");
  const number = wholeParameter(query, "block_number");
  const namer = new Namer(scene.context);
  const solid = scene.context.chain.store.solidNumber;
  const places = scene.history.list("events", contract);
  const names = name === undefined ? undefined : await namesOf(scene, { namer, places });
  const wanted = (spot: Spot): boolean =>
    (number === undefined || spot.block.number === number) &&
    (names === undefined || names.get(logOf(spot)?.topics[0] ?? "") === name);
  return page(scene, places, { wanted, item: (spot) => namer.event(spot, solid) });
}

/** In the order in which they happened. */
export async function eventsOfBlock(scene: Scene, places: readonly Place[]): Promise<Json> {
  const namer = new Namer(scene.context);
  const solid = scene.context.chain.store.solidNumber;
  const inOrder = { ...scene, query: { ...scene.query, ascending: true } };
  return page(inOrder, places, { wanted: () => true, item: (spot) => namer.event(spot, solid) });
}

/** All of them: this list has one page. */
export async function eventsOfTransaction(scene: Scene, places: readonly Place[]): Promise<Json> {
  const namer = new Namer(scene.context);
  const solid = scene.context.chain.store.solidNumber;
  const spots = places.flatMap((place) => spotAt(scene.context, place) ?? []).filter((spot) => fits(scene, spot));
  return envelope(await Promise.all(spots.map((spot) => namer.event(spot, solid))), now(scene));
}

/** Who holds the token, and how much; the largest first. */
export async function holders(scene: Scene, contract: string): Promise<Json> {
  const { context, query } = scene;
  const spots = scene.history.list("events", contract).flatMap((place) => spotAt(context, place) ?? []);
  const moves = spots.flatMap((spot) => logOf(spot) ?? []).filter(({ topics }) => topics[0]?.startsWith(TRANSFER));
  const parties = new Set(moves.flatMap(({ topics }) => topics.slice(1, 3).map((word) => `41${word.slice(24)}`)));
  const balances = await Promise.all(
    [...parties].map(async (holder) => ({ holder, balance: await tokenBalance(contract, holder, context) })),
  );
  const held = balances.filter(({ balance }) => balance > 0n);
  const sign = query.ascending ? 1 : -1;
  held.sort(
    (a, b) => sign * (Number(a.balance > b.balance) - Number(a.balance < b.balance)) || (a.holder < b.holder ? -1 : 1),
  );
  // Ranks take the part of places, so that pages of holders go on like pages of blocks.
  const ranks = held.map((_, rank) => ({ number: rank, at: 0, log: 0 }));
  const shown = pageOf(ranks, { ...query, ascending: true }, () => true);
  const data = shown.places.flatMap(({ number }) => {
    const each = held[number];
    return each === undefined ? [] : [{ [base58(each.holder)]: each.balance.toString() }];
  });
  return envelope(data, now(scene), { asked: scene.asked, query, page: shown });
}

export function now({ context }: Scene): number {
  return context.chain.store.head.timestamp;
}

type Listed = { wanted: (spot: Spot) => boolean; item: (spot: Spot) => Promise<Json> };

async function page(scene: Scene, places: readonly Place[], { wanted, item }: Listed): Promise<Json> {
  const { asked, context, query } = scene;
  const shown = pageOf(places, query, (place) => {
    const spot = spotAt(context, place);
    return spot !== undefined && fits(scene, spot) && wanted(spot);
  });
  const spots = shown.places.flatMap((place) => spotAt(context, place) ?? []);
  const data = await Promise.all(spots.map((spot) => item(spot)));
  return envelope(
    data.filter((each) => each !== undefined),
    now(scene),
    { asked, query, page: shown },
  );
}

function fits({ context, query }: Scene, { block }: Spot): boolean {
  const isSolid = block.number <= context.chain.store.solidNumber;
  if (query.onlyConfirmed && !isSolid) return false;
  if (query.onlyUnconfirmed && isSolid) return false;
  return block.timestamp >= query.from && block.timestamp <= query.to;
}

/** Topic -> name of the event, of all events that the contract has emitted. */
async function namesOf(
  scene: Scene,
  { namer, places }: { namer: Namer; places: readonly Place[] },
): Promise<ReadonlyMap<string, string>> {
  const examples = new Map<string, Spot>();
  for (const place of places) {
    const spot = spotAt(scene.context, place);
    const topic = spot && logOf(spot)?.topics[0];
    if (spot !== undefined && topic !== undefined && !examples.has(topic)) examples.set(topic, spot);
  }
  const named = await Promise.all([...examples].map(async ([topic, spot]) => [topic, await namer.name(spot)] as const));
  return new Map(named);
}

async function tokensOf(scene: Scene, address: string): Promise<Json[]> {
  const spots = scene.history.list("token moves", address).flatMap((place) => spotAt(scene.context, place) ?? []);
  const contracts = new Set(spots.flatMap((spot) => logOf(spot)?.address ?? []).map((hex20) => `41${hex20}`));
  const balances = await Promise.all(
    [...contracts].map(async (contract) => ({
      contract,
      balance: await tokenBalance(contract, address, scene.context),
    })),
  );
  return balances.flatMap(({ contract, balance }) =>
    balance > 0n ? [{ [base58(contract)]: balance.toString() }] : [],
  );
}

/** "41…" */
function senderOf(tx: Included): string {
  const [contract] = decodeRawTransaction(tx.rawHex).contracts;
  return contract === undefined ? "" : ownerOf(contract);
}

/** The state that the query is about. */
export function viewOf({ context, query }: Scene): View {
  return (query.onlyConfirmed ? solidified(context) : context.at).state;
}

function solidified({ chain }: Context): Perspective {
  const number = chain.store.solidNumber;
  return { number, state: chain.store.viewAt(number) };
}
