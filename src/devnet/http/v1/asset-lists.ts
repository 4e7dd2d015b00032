/** TRC10 tokens as the history endpoints list them: texts are plain here, and zeros are written. */
import type { Asset } from "../../account-rows.ts";
import { allAssets } from "../../assets.ts";
import type { Json } from "../json.ts";
import { now, type Scene, viewOf } from "./lists.ts";
import { envelope, pageOf } from "./pages.ts";
import { addressFrom } from "./query.ts";

export const ASSET_ORDERS = ["total_supply", "start_time", "end_time", "id"] as const;

export function assets(scene: Scene): Json {
  return paged(scene, allAssets(viewOf(scene)));
}

/** By the number of the token, or by its issuer. */
export function assetsBy(scene: Scene, identifier: string): Json {
  const issuer = addressFrom(identifier);
  return paged(
    scene,
    allAssets(viewOf(scene)).filter((asset) =>
      issuer === undefined ? asset.id === identifier : asset.owner_address === issuer,
    ),
  );
}

export function assetsNamed(scene: Scene, name: string): Json {
  return paged(
    scene,
    allAssets(viewOf(scene)).filter((asset) => textOf(asset.name) === name),
  );
}

function paged(scene: Scene, found: readonly Asset[]): Json {
  const { query } = scene;
  const sign = query.ascending ? 1 : -1;
  const field = ASSET_ORDERS.find((each) => each === query.orderBy) ?? "id";
  const ordered = found.toSorted((a, b) => sign * compare(BigInt(a[field]), BigInt(b[field])));
  // Ranks take the part of places, so that pages of tokens go on like pages of blocks.
  const ranks = ordered.map((_, rank) => ({ number: rank, at: 0, log: 0 }));
  const page = pageOf(ranks, { ...query, ascending: true }, () => true);
  const data = page.places.flatMap(({ number }) => {
    const asset = ordered[number];
    return asset === undefined ? [] : [itemOf(asset)];
  });
  return envelope(data, now(scene), { asked: scene.asked, query, page });
}

function itemOf(asset: Asset): Json {
  return {
    id: Number(asset.id),
    abbr: textOf(asset.abbr),
    description: textOf(asset.description),
    name: textOf(asset.name),
    num: asset.num,
    precision: asset.precision,
    url: textOf(asset.url),
    total_supply: asset.total_supply,
    trx_num: asset.trx_num,
    vote_score: asset.vote_score,
    owner_address: asset.owner_address,
    start_time: asset.start_time,
    end_time: asset.end_time,
  };
}

function compare(a: bigint, b: bigint): number {
  return Number(a > b) - Number(a < b);
}

function textOf(hex: string): string {
  return Buffer.from(hex, "hex").toString("utf8");
}
