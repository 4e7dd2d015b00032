import { Type } from "typebox";
import { Address, AmountUnits, strict, Time, TxId } from "./common.ts";

const Place = Type.Union([Type.Object({ number: Type.Integer(), id: Type.String(), time: Time }), Type.Null()]);

const known = Type.Union([Type.Number(), Type.Null()]);
const Provider = Type.Object(
  {
    endpoint: Type.String({ description: "Without path, key or password" }),
    role: Type.String({ description: "full, solidity or both" }),
    state: Type.String({ description: "ready, resting, suspended or excluded" }),
    breaker: Type.String({ description: "closed, open or half_open" }),
    excluded: Type.Union([Type.String(), Type.Null()], { description: "Why the node is not used any more" }),
    head: known,
    solid: known,
    lag_blocks: known,
    error_rate: Type.Number({ description: "Moving average of failed requests, 0 to 1" }),
    latency_ms: known,
    budget: Type.Object({
      per_second: Type.Union([Type.Number(), Type.Null()], { description: "Learned; null while no limit is known" }),
      per_day: known,
      today: Type.Union([Type.Number(), Type.Null()], { description: "Since midnight UTC or the start" }),
      in_flight: Type.Integer(),
      waiting: Type.Record(Type.String(), Type.Integer(), { description: "By lane" }),
    }),
    suspended_until: Type.Union([Time, Type.Null()]),
    faults: Type.Record(Type.String(), Type.Integer(), { description: "Missing or wrong answers so far, by kind" }),
  },
  { description: "What is not known is null" },
);

export const NetworkStatus = Type.Object({
  network: Type.String(),
  head: Place,
  solid: Place,
  lag_blocks: Type.Integer({ description: "Blocks known and not yet read" }),
  blocks_per_second: Type.Number({ description: "Blocks read per second over the last half minute" }),
  caught_up_in_s: Type.Union([Type.Integer(), Type.Null()], {
    description: "Seconds until the newest block is read at this pace; null when that cannot be told",
  }),
  lag_s: Type.Union([Type.Number(), Type.Null()], {
    description: "Seconds since a new block was read; by the engine's clock, not the chain's",
  }),
  watched: Type.Integer({ description: "Transactions that are followed" }),
  forks: Type.Integer(),
  halted: Type.Union([Type.String(), Type.Null()]),
  finality: Type.Object({
    nodes_required: Type.Integer({ description: "Nodes that have to agree about what is final" }),
    nodes: Type.Array(
      Type.Object({
        name: Type.String(),
        state: Type.String({ description: "unasked, ok, lagging, silent or quarantined" }),
        solid_block: Type.Integer({ description: "The newest solidified block that it named" }),
        detail: Type.Union([Type.String(), Type.Null()]),
      }),
    ),
    dispute: Type.Union([Type.Object({ block: Type.Integer(), since: Time, detail: Type.String() }), Type.Null()], {
      description: "What the nodes do not agree about; until they do nothing is decided or signed",
    }),
  }),
  providers: Type.Array(Provider),
});

export const NetworkFacts = Type.Object({
  network: Type.String(),
  chain_id: Type.String({ description: "Last 4 bytes of the genesis block's id" }),
  genesis_id: Type.String(),
  usdt_contract: Type.String(),
  usdt_contract_hex: Type.String(),
  usdt_decimals: Type.Integer(),
  trx_decimals: Type.Integer(),
  engine: Type.Object({ name: Type.String(), version: Type.String() }),
});

export const BlockView = Type.Object({
  number: Type.Integer(),
  id: Type.String(),
  parent_id: Type.String(),
  time: Time,
  solidified: Type.Boolean(),
  transaction_count: Type.Integer(),
  transactions: Type.Array(Type.Object({ txid: Type.String(), result: Type.String() })),
});

export const ParametersView = Type.Object({
  energy_fee_sun: Type.Integer(),
  bandwidth_fee_sun: Type.Integer(),
  max_fee_limit_sun: Type.Integer(),
  create_account_fee_sun: Type.Integer(),
  new_account_fee_sun: Type.Integer(),
  memo_fee_sun: Type.Integer(),
  unfreeze_days: Type.Integer(),
  all: Type.Record(Type.String(), Type.Number(), { description: "Every parameter under the chain's own name" }),
});

export const RawTransaction = Type.Object(
  {
    raw_hex: Type.String({
      pattern: "^([0-9A-Fa-f]{2})+$",
      maxLength: 20_000,
      description: "Signed transaction bytes as hex",
    }),
  },
  strict,
);
/** What handing bytes to a node told. */
export const Push = Type.Object({
  class: Type.String({
    description: "accepted, known, refused, busy or ambiguous; only accepted means that a node took it",
  }),
  code: Type.String(),
  message: Type.String(),
  node: Type.String(),
  at: Time,
});
export const Relay = Type.Object({
  txid: TxId,
  status: Type.String({
    description: "broadcast, handed_over (a node has the bytes), refused (until somebody pushes them again) or over",
  }),
  status_text: Type.String(),
  waiting_for: Type.String(),
  expires_at: Time,
  pushes: Type.Integer({ description: "Times its bytes were handed to nodes" }),
  last_push: Type.Union([Push, Type.Null()]),
});

export const AddressQuestion = Type.Object({ address: Type.String({ minLength: 1, maxLength: 128 }) }, strict);
const maybe = Type.Union([Type.Boolean(), Type.Null()], { description: "null when no node answered" });
export const AddressFindings = Type.Object({
  address: Type.Union([Type.String(), Type.Null()]),
  hex: Type.Union([Type.String(), Type.Null()]),
  valid: Type.Boolean(),
  form: Type.String({ description: "base58, hex or unknown" }),
  own: Type.Boolean({ description: "A wallet of this engine holds its key" }),
  activated: maybe,
  is_contract: maybe,
  blacklisted: maybe,
  lookalikes: Type.Union([Type.Array(Type.String()), Type.Null()], {
    description:
      "Other addresses with the same first and last four characters: of wallets here, also watch-only and archived ones, and of payouts that were neither rejected nor cancelled. null when the token lacks payouts:read",
  }),
  warnings: Type.Array(Type.String()),
});

const Resource = Type.Object({ limit: Type.Integer(), used: Type.Integer(), available: Type.Integer() });
/** What an account may use without burning TRX. */
export const resources = { energy: Resource, bandwidth: Resource };
const Permission = Type.Object({
  id: Type.Integer({ description: "0: owner, 1: witness, 2 and more: active" }),
  name: Type.String(),
  threshold: Type.String({ description: "What the weights of those who sign have to reach; an integer" }),
  keys: Type.Array(Type.Object({ address: Type.String(), weight: Type.String() })),
  operations: Type.Union([Type.String(), Type.Null()], {
    description: "Of an active permission: 32 bytes as hex, a bit for each type of contract that it may send",
  }),
});
/** Who may sign for an account. */
export const Permissions = Type.Union(
  [
    Type.Object({
      owner: Permission,
      witness: Type.Union([Permission, Type.Null()]),
      active: Type.Array(Permission),
    }),
    Type.Null(),
  ],
  { description: "null: a contract has none" },
);
export const AccountView = Type.Object({
  address: Address,
  activated: Type.Boolean(),
  is_contract: Type.Boolean(),
  trx: Type.String(),
  trx_sun: AmountUnits,
  usdt: Type.String(),
  usdt_units: AmountUnits,
  ...resources,
  permissions: Permissions,
});

const Price = Type.Object({
  energy: Type.Integer(),
  bandwidth: Type.Integer(),
  burn_sun: AmountUnits,
  burn_trx: Type.String(),
});
export const ResourcePrice = Type.Object({
  sun_per_energy: Type.Integer(),
  sun_per_bandwidth: Type.Integer(),
  typical_usdt_transfer: Type.Object(
    { to_holder: Price, to_new_holder: Price },
    { description: "Burned when nothing is staked; estimate a real order for its own figure" },
  ),
});

export const TokenBalance = Type.Object({
  address: Address,
  asset: Type.String(),
  balance: Type.String(),
  balance_units: AmountUnits,
  at_block: Type.Integer({ description: "A block that this balance reflects at least" }),
});

export const ContractQuery = Type.Object({ address: Type.Optional(Address) }, strict);
export const TokenContract = Type.Object({
  address: Address,
  hex: Type.String(),
  symbol: Type.String(),
  decimals: Type.Integer(),
  network: Type.String(),
  paused: Type.Union([Type.Boolean(), Type.Null()], {
    description: "Whether no USDT can be transferred at all; null when no node answered",
  }),
  fee: Type.Union(
    [
      Type.Object({
        basis_points: Type.Integer({ description: "1/10,000 of the amount" }),
        maximum: Type.String({ description: "USDT" }),
        maximum_units: AmountUnits,
      }),
      Type.Null(),
    ],
    {
      description:
        "What the token itself takes from each transfer, so that the recipient gets less than the amount; 0 until Tether decides otherwise. null when no node answered",
    },
  ),
  checked: Type.Union([Type.Object({ address: Address, blacklisted: Type.Boolean() }), Type.Null()], {
    description: "The answer to ?address=",
  }),
});
