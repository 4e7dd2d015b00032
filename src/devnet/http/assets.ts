/** What TRC10 tokens there are. */
import { assetShape } from "../../tron/shapes/assets.ts";
import type { Asset } from "../account-rows.ts";
import { allAssets, assetById } from "../assets.ts";
import { usedOfDay } from "../usage.ts";
import { hexOfText } from "../words.ts";
import type { Json } from "./json.ts";
import { NodeError } from "./node-error.ts";
import { page } from "./page.ts";
import { renderMessage } from "./render.ts";
import { addressOf, type ApiRequest, looseHex, textOf } from "./request.ts";
import { type Context, slotOf } from "./route.ts";

export function getAssetIssueByAccount(request: ApiRequest, context: Context): Json {
  const owner = addressOf(request, "address");
  if (owner === "") return {};
  return list(
    allAssets(context.at.state).filter((asset) => asset.owner_address === owner),
    { request, context },
  );
}

export function getAssetIssueById(request: ApiRequest, context: Context): Json {
  const asset = assetById(context.at.state, textOf(request, "value"));
  return asset === undefined ? {} : render(asset, { request, context });
}

/** By name, or by number as if that were a name; two that fit are too many. */
export function getAssetIssueByName(request: ApiRequest, context: Context): Json {
  const name = nameOf(request);
  const named = allAssets(context.at.state).filter((asset) => asset.name === name);
  const numbered = assetById(context.at.state, Buffer.from(name, "hex").toString("utf8"));
  const found = new Map([...named, ...(numbered === undefined ? [] : [numbered])].map((asset) => [asset.id, asset]));
  if (found.size > 1) {
    throw new NodeError(
      "org.tron.core.exception.NonUniqueObjectException",
      "To get more than one asset, please use getAssetIssueById syntax",
    );
  }
  const [asset] = found.values();
  return asset === undefined ? {} : render(asset, { request, context });
}

export function getAssetIssueListByName(request: ApiRequest, context: Context): Json {
  const name = nameOf(request);
  if (name === "") return {};
  return list(
    allAssets(context.at.state).filter((asset) => asset.name === name),
    { request, context },
  );
}

export function getAssetIssueList(request: ApiRequest, context: Context): Json {
  return list(allAssets(context.at.state), { request, context });
}

/** In the order of their names. */
export function getPaginatedAssetIssueList(request: ApiRequest, context: Context): Json {
  const byName = allAssets(context.at.state).toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return list(page(byName, request), { request, context });
}

function nameOf(request: ApiRequest): string {
  const text = textOf(request, "value");
  return request.visible ? hexOfText(text) : looseHex(text);
}

type Asked = { readonly request: ApiRequest; readonly context: Context };

function list(assets: readonly Asset[], asked: Asked): Json {
  return assets.length === 0 ? {} : { assetIssue: assets.map((asset) => render(asset, asked)) };
}

function render(asset: Asset, { request, context }: Asked): Json {
  const use = {
    usage: Number(asset.public_free_asset_net_usage),
    slot: Number(asset.public_latest_free_net_time),
  };
  const used = usedOfDay(use, 0, slotOf(context));
  return renderMessage(assetShape, { ...asset, public_free_asset_net_usage: BigInt(used) }, request.visible);
}
