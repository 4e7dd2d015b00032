/** Messages about TRC10 tokens and the markets of them (asset_issue, vote_asset, exchange and market _contract.proto). */
import type { Shape } from "../protobuf.ts";
import { address, bool, bytes, int32, int64, listOf, owner, string, text } from "./fields.ts";

/** A token as it is issued, and as a node keeps and shows it. */
export const assetShape = {
  owner_address: owner,
  name: text(2),
  abbr: text(3),
  total_supply: int64(4),
  frozen_supply: listOf(5, { frozen_amount: int64(1), frozen_days: int64(2) }),
  trx_num: int32(6),
  precision: int32(7),
  num: int32(8),
  start_time: int64(9),
  end_time: int64(10),
  order: int64(11),
  vote_score: int32(16),
  description: text(20),
  url: text(21),
  free_asset_net_limit: int64(22),
  public_free_asset_net_limit: int64(23),
  public_free_asset_net_usage: int64(24),
  public_latest_free_net_time: int64(25),
  id: string(41),
} as const satisfies Shape;

const exchangeShape = {
  owner_address: owner,
  exchange_id: int64(2),
  token_id: text(3),
  quant: int64(4),
} as const satisfies Shape;

export const ASSET_CONTRACTS = {
  TransferAssetContract: {
    number: 2,
    shape: { asset_name: text(1), owner_address: address(2), to_address: address(3), amount: int64(4) },
  },
  VoteAssetContract: {
    number: 3,
    shape: {
      owner_address: owner,
      vote_address: { n: 2, is: "bytes", shown: "address", repeated: true },
      support: bool(3),
      count: int32(5),
    },
  },
  AssetIssueContract: { number: 6, shape: assetShape },
  ParticipateAssetIssueContract: {
    number: 9,
    shape: { owner_address: owner, to_address: address(2), asset_name: text(3), amount: int64(4) },
  },
  UnfreezeAssetContract: { number: 14, shape: { owner_address: owner } },
  UpdateAssetContract: {
    number: 15,
    shape: {
      owner_address: owner,
      description: text(2),
      url: text(3),
      new_limit: int64(4),
      new_public_limit: int64(5),
    },
  },
  ExchangeCreateContract: {
    number: 41,
    shape: {
      owner_address: owner,
      first_token_id: text(2),
      first_token_balance: int64(3),
      second_token_id: text(4),
      second_token_balance: int64(5),
    },
  },
  ExchangeInjectContract: { number: 42, shape: exchangeShape },
  ExchangeWithdrawContract: { number: 43, shape: exchangeShape },
  ExchangeTransactionContract: { number: 44, shape: { ...exchangeShape, expected: int64(5) } },
  MarketSellAssetContract: {
    number: 52,
    shape: {
      owner_address: owner,
      sell_token_id: text(2),
      sell_token_quantity: int64(3),
      buy_token_id: text(4),
      buy_token_quantity: int64(5),
    },
  },
  MarketCancelOrderContract: { number: 53, shape: { owner_address: owner, order_id: bytes(2) } },
} as const satisfies Record<string, { number: number; shape: Shape }>;
