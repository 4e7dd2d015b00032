/**
 * Exchanges (Bancor) and markets of TRC10 tokens: the devnet has none, so lists are empty and nothing is found. To build a
 * contract for one is refused by its actuator.
 */
import { text } from "../../tron/shapes/fields.ts";
import type { Json } from "./json.ts";
import { NodeError, nullPointer } from "./node-error.ts";
import { addressOf, type ApiRequest, hexOf, looseHex, messageOf, requiredLongOf, textOf } from "./request.ts";

const PAIR = { sell_token_id: text(1), buy_token_id: text(2) };
/** "_" stands for TRX. */
const TOKEN = /^(?:_|[0-9]+)$/;

export function nothing(): Json {
  return {};
}

/** A node trips over an exchange that it does not find. */
export function getExchangeById(request: ApiRequest): Json {
  requiredLongOf(request, "id");
  throw nullPointer();
}

export function getMarketOrderByAccount(request: ApiRequest): Json {
  const given = textOf(request, "value");
  if (request.visible) addressOf({ ...request, method: "GET", parameters: { value: given } }, "value");
  else looseHex(given);
  return {};
}

export function getMarketOrderById(request: ApiRequest): Json {
  if (hexOf(request, "value") === "") return {};
  throw new NodeError("java.lang.IllegalStateException", "order not found in store");
}

export function getMarketPriceByPair(request: ApiRequest): Json {
  const { sell, buy } = pairOf(request);
  return { sell_token_id: shown(sell, request), buy_token_id: shown(buy, request) };
}

export function getMarketOrderListByPair(request: ApiRequest): Json {
  pairOf(request);
  return {};
}

function pairOf(request: ApiRequest): { sell: string; buy: string } {
  const { sell_token_id: sell, buy_token_id: buy } =
    request.method === "POST"
      ? messageOf(request, PAIR)
      : { sell_token_id: tokenOf(request, "sell_token_id"), buy_token_id: tokenOf(request, "buy_token_id") };
  checkToken(sell, "sellTokenId");
  checkToken(buy, "buyTokenId");
  return { sell, buy };
}

function tokenOf(request: ApiRequest, name: string): string {
  const given = textOf(request, name);
  return request.visible ? Buffer.from(given, "utf8").toString("hex") : looseHex(given);
}

function checkToken(hex: string, name: string): void {
  if (TOKEN.test(Buffer.from(hex, "hex").toString("utf8"))) return;
  throw new NodeError("org.tron.core.exception.BadItemException", `${name} is not a valid number`);
}

function shown(hex: string, { visible }: ApiRequest): string {
  return visible ? Buffer.from(hex, "hex").toString("utf8") : hex;
}
