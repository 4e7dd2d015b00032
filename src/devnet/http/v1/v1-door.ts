/**
 * `/v1/…`: history by address, contract, transaction and block, as TronGrid serves it beside the node (tron.md §2.4).
 *
 * W1. It lags as the index does, never shows what a fork took away, and says `success: true` only with data it stands by.
 * W2. Bad input is HTTP 400 with `success: false`.
 */
import type { Chain } from "../../chain.ts";
import { type Answer, type Asked, json, type SideDoor } from "../answer.ts";
import type { Json } from "../json.ts";
import type { Context } from "../route.ts";
import type { History, Place } from "./history.ts";
import type { Spot } from "./items.ts";
import { ASSET_ORDERS, assets, assetsBy, assetsNamed } from "./asset-lists.ts";
import * as lists from "./lists.ts";
import { addressFrom, QueryError, queryOf } from "./query.ts";

export type V1Route = {
  /** {…} stands for one part of the path. */
  readonly path: string;
  readonly does: string;
  /** What it can be sorted by, other than time. */
  readonly orders?: readonly string[];
  readonly show: (scene: lists.Scene, part: string) => Json | Promise<Json>;
};

const NO_ACCOUNT = "A valid account address is required.";
const NO_CONTRACT = "A valid contract address is required.";

export const V1_ROUTES: readonly V1Route[] = [
  {
    path: "/v1/accounts/{address}",
    does: "the account and its TRC20 balances",
    show: (scene, part) => lists.account(scene, addressOr(NO_ACCOUNT, part)),
  },
  {
    path: "/v1/accounts/{address}/transactions",
    does: "transactions of an account",
    show: (scene, part) => lists.transactions(scene, addressOr(NO_ACCOUNT, part)),
  },
  {
    path: "/v1/accounts/{address}/transactions/trc20",
    does: "TRC20 transfers and approvals of an account",
    show: (scene, part) => lists.tokenMoves(scene, addressOr(NO_ACCOUNT, part)),
  },
  {
    path: "/v1/accounts/{address}/internal-transactions",
    does: "what code did to or from an account",
    show: (scene, part) => lists.internals(scene, addressOr(NO_ACCOUNT, part)),
  },
  {
    path: "/v1/contracts/{address}/internal-transactions",
    does: "what a contract's code did, and what was done to it",
    show: (scene, part) => lists.internals(scene, addressOr(NO_CONTRACT, part)),
  },
  {
    path: "/v1/transactions/{id}/internal-transactions",
    does: "what code did in a transaction",
    show: (scene, part) => lists.internalsOfTransaction(scene, spotsOfTransaction(scene, part)),
  },
  {
    path: "/v1/contracts/{address}/events",
    does: "events of a contract; `event_name`, `block_number`",
    show: (scene, part) => lists.contractEvents(scene, addressOr(NO_CONTRACT, part)),
  },
  {
    path: "/v1/contracts/{address}/transactions",
    does: "calls of a contract",
    show: (scene, part) => lists.calls(scene, addressOr(NO_CONTRACT, part)),
  },
  {
    path: "/v1/contracts/{address}/tokens",
    does: "holders of a TRC20 token, the largest first",
    orders: ["balance"],
    show: (scene, part) => lists.holders(scene, addressOr(NO_CONTRACT, part)),
  },
  {
    path: "/v1/transactions/{id}/events",
    does: "events of a transaction",
    show: (scene, part) => lists.eventsOfTransaction(scene, placesOfTransaction(scene, part)),
  },
  {
    path: "/v1/blocks/{number|id|latest}/events",
    does: "events of a block",
    show: (scene, part) => lists.eventsOfBlock(scene, placesOfBlock(scene, part)),
  },
  {
    path: "/v1/assets",
    does: "TRC10 tokens; sorted by `total_supply`, `start_time`, `end_time` or `id`",
    orders: ASSET_ORDERS,
    show: (scene) => assets(scene),
  },
  {
    path: "/v1/assets/{id|issuer}",
    does: "a TRC10 token, or those of an issuer",
    orders: ASSET_ORDERS,
    show: assetsBy,
  },
  {
    path: "/v1/assets/{name}/list",
    does: "TRC10 tokens of a name",
    orders: ASSET_ORDERS,
    show: assetsNamed,
  },
];

const ROOT = "/v1/";
const PATTERNS = V1_ROUTES.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replace(/\{[^}]+\}/, "([^/]+)")}/?$`),
}));

export function v1Door(chain: Chain, history: History): SideDoor {
  return {
    owns: (path) => path.startsWith(ROOT),
    answer: (asked) => answerTo(asked, chain, history),
  };
}

async function answerTo(asked: Asked, chain: Chain, history: History): Promise<Answer> {
  const found = PATTERNS.flatMap(({ route, pattern }) => {
    const match = pattern.exec(asked.path);
    return match === null ? [] : [{ route, part: match[1] ?? "" }];
  })[0];
  if (found === undefined) return failure(404, "Not Found");
  if (asked.method !== "GET") return failure(405, "Method Not Allowed");
  try {
    const query = queryOf(asked.url, found.route.orders);
    // A long history is read while the chain goes on; what is left of it, and what is shown, while nothing changes.
    await history.follow();
    const shown = await chain.still(async () => {
      await history.follow();
      const { store, pool } = chain;
      const context: Context = { chain, at: { number: store.head.number, state: pool.state, pool } };
      return found.route.show({ asked, context, history, query }, decoded(found.part));
    });
    return json(200, shown);
  } catch (error) {
    if (error instanceof QueryError) return failure(400, error.message);
    throw error;
  }
}

function failure(statusCode: number, error: string): Answer {
  return json(statusCode, { success: false, error, statusCode });
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function addressOr(refusal: string, part: string): string {
  const address = addressFrom(part);
  if (address === undefined) throw new QueryError(refusal);
  return address;
}

/** The transaction's own place, if the index knows it. */
function spotsOfTransaction({ context, history }: lists.Scene, part: string): Spot[] {
  if (!/^[0-9a-fA-F]{64}$/.test(part)) throw new QueryError("A valid transaction id is required.");
  const id = part.toLowerCase();
  const block = context.chain.store.blockOf(id);
  const at = block?.transactions.findIndex((tx) => tx.id === id) ?? -1;
  const tx = block?.transactions[at];
  if (block === undefined || tx === undefined || block.number > history.known) return [];
  return [{ block, tx, place: { number: block.number, at, log: -1 } }];
}

function placesOfTransaction(scene: lists.Scene, part: string): Place[] {
  return spotsOfTransaction(scene, part).flatMap(({ tx, place }) =>
    (tx.outcome.call?.logs ?? []).map((_, log) => ({ ...place, log })),
  );
}

function placesOfBlock({ context, history }: lists.Scene, part: string): Place[] {
  const number = part === "latest" ? history.known : numberOf(part, context);
  return number === undefined || number > history.known ? [] : placesIn(number, context);
}

function numberOf(part: string, context: Context): number | undefined {
  if (/^[0-9]{1,15}$/.test(part)) return Number(part);
  if (!/^[0-9a-fA-F]{64}$/.test(part)) throw new QueryError("A valid block identifier is required.");
  const number = Number(BigInt(`0x${part.slice(0, 16)}`));
  return context.chain.store.block(number)?.id === part.toLowerCase() ? number : undefined;
}

/** Every log of a block. */
function placesIn(number: number, { chain }: Context): Place[] {
  const block = chain.store.block(number);
  return (block?.transactions ?? []).flatMap((tx, at) =>
    (tx.outcome.call?.logs ?? []).map((_, log) => ({ number, at, log })),
  );
}
