/** Blocks and the transactions in them. */
import { isHex } from "../../tron/bytes.ts";
import { type Block, numberOfBlockId } from "../block.ts";
import type { Json } from "./json.ts";
import { renderBlock, renderHeader, renderInfo, renderIncluded, renderTransaction } from "./render.ts";
import { type ApiRequest, booleanOf, hexOf, int64Of, optionalInt64Of, textOf } from "./request.ts";
import type { Context } from "./route.ts";

const RANGE_MAX = 100;

export function getNowBlock(request: ApiRequest, context: Context): Json {
  return blockOrNothing(blockAt(context, context.at.number), request);
}

export function getBlock(request: ApiRequest, context: Context): Json {
  const wanted = textOf(request, "id_or_num");
  const block = wanted === "" ? blockAt(context, context.at.number) : findBlock(wanted, context);
  if (typeof block === "string") return { Error: block };
  if (block === undefined) return {};
  return booleanOf(request, "detail") ? renderBlock(block, request.visible) : renderHeader(block, request.visible);
}

function findBlock(wanted: string, context: Context): Block | string | undefined {
  if (/^-?[0-9]{1,18}$/.test(wanted)) {
    const number = Number(wanted);
    return number < 0 ? "num must be non-positive number." : blockAt(context, number);
  }
  const block = wanted.length === 64 && isHex(wanted) ? blockById(context, wanted.toLowerCase()) : undefined;
  return block ?? "id must be legal block hash.";
}

export function getBlockByNum(request: ApiRequest, context: Context): Json {
  return blockOrNothing(blockAt(context, Number(optionalInt64Of(request, "num"))), request);
}

export function getBlockById(request: ApiRequest, context: Context): Json {
  return blockOrNothing(blockById(context, hexOf(request, "value")), request);
}

/** From startNum inclusive to endNum exclusive. */
export function getBlockByLimitNext(request: ApiRequest, context: Context): Json {
  const start = Number(int64Of(request, "startNum"));
  const end = Number(int64Of(request, "endNum"));
  if (end <= 0 || end <= start || end - start > RANGE_MAX) return {};
  return blockList(start, end, { request, context });
}

export function getBlockByLatestNum(request: ApiRequest, context: Context): Json {
  const count = Number(int64Of(request, "num"));
  if (count <= 0 || count >= RANGE_MAX) return {};
  const end = context.at.number + 1;
  return blockList(Math.max(0, end - count), end, { request, context });
}

export function getTransactionCountByBlockNum(request: ApiRequest, context: Context): Json {
  const block = blockAt(context, Number(int64Of(request, "num")));
  return { count: block?.transactions.length ?? 0 };
}

export function getTransactionInfoByBlockNum(request: ApiRequest, context: Context): Json {
  const number = Number(int64Of(request, "num"));
  if (number <= 0) return {};
  const block = blockAt(context, number);
  return block === undefined ? [] : block.transactions.map((tx) => renderInfo(tx, block, request.visible));
}

/** On /wallet a transaction that only waits is found too. */
export function getTransactionById(request: ApiRequest, context: Context): Json {
  const id = hexOf(request, "value");
  const waiting = context.at.pool?.get(id);
  if (waiting !== undefined) return renderTransaction(waiting.tx, request.visible, waiting.outcome);
  const found = findIncluded(id, context);
  return found === undefined ? {} : renderIncluded(found.included, request.visible);
}

export function getTransactionInfoById(request: ApiRequest, context: Context): Json {
  const found = findIncluded(hexOf(request, "value"), context);
  return found === undefined ? {} : renderInfo(found.included, found.block, request.visible);
}

/** The receipt alone. */
export function getTransactionReceiptById(request: ApiRequest, context: Context): Json {
  const found = findIncluded(hexOf(request, "value"), context);
  return found === undefined ? {} : { Receipt: renderInfo(found.included, found.block, request.visible)["receipt"] };
}

export function getPendingSize(_request: ApiRequest, context: Context): Json {
  return { pendingSize: context.at.pool?.size ?? 0 };
}

export function getTransactionFromPending(request: ApiRequest, context: Context): Json {
  const waiting = context.at.pool?.get(hexOf(request, "value"));
  return waiting === undefined ? {} : renderTransaction(waiting.tx, request.visible, waiting.outcome);
}

export function getTransactionListFromPending(_request: ApiRequest, context: Context): Json {
  const ids = context.at.pool?.transactions().map((tx) => tx.id) ?? [];
  return ids.length === 0 ? {} : { txId: ids };
}

function findIncluded(id: string, context: Context) {
  const block = context.chain.store.blockOf(id);
  if (block === undefined || block.number > context.at.number) return undefined;
  const included = block.transactions.find((tx) => tx.id === id);
  return included === undefined ? undefined : { included, block };
}

function blockList(start: number, end: number, from: { request: ApiRequest; context: Context }): Json {
  const blocks: Json[] = [];
  for (let number = Math.max(0, start); number < end; number += 1) {
    const block = blockAt(from.context, number);
    if (block !== undefined) blocks.push(renderBlock(block, from.request.visible));
  }
  return blocks.length === 0 ? {} : { block: blocks };
}

function blockOrNothing(block: Block | undefined, request: ApiRequest): Json {
  return block === undefined ? {} : renderBlock(block, request.visible);
}

function blockAt(context: Context, number: number): Block | undefined {
  return number > context.at.number ? undefined : context.chain.store.block(number);
}

function blockById(context: Context, id: string): Block | undefined {
  if (id.length !== 64) return undefined;
  const block = blockAt(context, numberOfBlockId(id));
  return block?.id === id ? block : undefined;
}
