import { Type, type Static } from "typebox";
import { Address, Amount, AmountUnits, Id, Labels, pageQuery, strict, Time } from "./common.ts";
import { Permissions, resources } from "./network.ts";

export const Name = Type.String({ minLength: 1, maxLength: 100, pattern: "^[^\\u0000-\\u001f\\u007f]+$" });

const Limit = Type.Optional(Type.Union([Amount, Type.Null()]));

export const LimitsOrder = Type.Object(
  { minimum: Limit, maximum: Limit, daily: Limit, approval_above: Limit },
  {
    ...strict,
    description:
      "USDT. minimum and maximum of one payout, what may leave in any 24 h, from where an approval is needed. A limit that is left out stays as it is, null takes it away. Refused for a watch-only wallet, which pays nothing",
  },
);

const Hot = Type.Boolean({ description: "Read its balance every minute, not only when asked" });

export const WalletOrder = Type.Object(
  {
    name: Name,
    kind: Type.Optional(
      Type.Union([Type.Literal("hd"), Type.Literal("watch")], {
        description:
          "hd (default): the engine makes the key. watch: the engine has no key, reads the balance of `address`, and pays nothing from it",
      }),
    ),
    address: Type.Optional(
      Type.Unsafe<string>({ ...Address, description: "What is watched; with kind watch, and only then" }),
    ),
    labels: Type.Optional(Labels),
    limits: Type.Optional(LimitsOrder),
    hot: Type.Optional(Hot),
  },
  strict,
);

export const WalletImport = Type.Object(
  {
    name: Name,
    private_key: Type.String({
      pattern: "^[0-9A-Fa-f]{64}$",
      description: "64 hex characters; encrypted at once and never shown again",
    }),
    labels: Type.Optional(Labels),
    limits: Type.Optional(LimitsOrder),
    hot: Type.Optional(Hot),
  },
  strict,
);

export const WalletBatchOrder = Type.Object(
  {
    count: Type.Integer({ minimum: 1, description: "At most 100" }),
    prefix: Type.Optional(
      Type.String({
        pattern: "^[A-Za-z0-9 _.-]{1,80}$",
        description: 'Names become "<prefix>-1" and so on; default "wallet"',
      }),
    ),
    labels: Type.Optional(Labels),
  },
  strict,
);

export const WalletChange = Type.Object(
  { name: Type.Optional(Name), labels: Type.Optional(Labels), limits: Type.Optional(LimitsOrder) },
  { ...strict, minProperties: 1, description: "Each field that is given, and each limit, replaces what was there" },
);

export const FreezeOrder = Type.Object(
  { reason: Type.Optional(Type.String({ minLength: 1, maxLength: 300 })) },
  strict,
);

export const ArchiveQuery = Type.Object(
  { confirm: Type.Unsafe<string>({ ...Id, description: "The wallet's id again" }) },
  strict,
);

export const WalletQuery = Type.Object(
  {
    ...pageQuery,
    frozen: Type.Optional(Type.Boolean({ description: "true: the frozen ones; false: all others" })),
    status: Type.Optional(Type.Union([Type.Literal("active"), Type.Literal("frozen"), Type.Literal("archived")])),
    kind: Type.Optional(Type.Union([Type.Literal("hd"), Type.Literal("imported"), Type.Literal("watch")])),
    label: Type.Optional(
      Type.String({ pattern: "^[A-Za-z0-9_.-]{1,64}(=.{0,256})?$", description: "name, or name=value" }),
    ),
  },
  strict,
);

export const Wallet = Type.Object({
  id: Type.String(),
  name: Type.String(),
  kind: Type.String({ description: "hd, imported or watch; for a wallet of kind watch the engine has no key" }),
  address: Type.String(),
  path: Type.Union([Type.String(), Type.Null()], { description: "Derivation path of an HD wallet" }),
  status: Type.String({ description: "active, frozen or archived" }),
  status_text: Type.String(),
  frozen_because: Type.Union([Type.String(), Type.Null()]),
  labels: Type.Record(Type.String(), Type.String()),
  limits: Type.Object({
    minimum: Type.Union([Type.String(), Type.Null()]),
    maximum: Type.Union([Type.String(), Type.Null()]),
    daily: Type.Union([Type.String(), Type.Null()]),
    approval_above: Type.Union([Type.String(), Type.Null()]),
  }),
  hot: Type.Boolean(),
  revision: Type.Integer(),
  created_at: Time,
  last_used: Type.Union([Time, Type.Null()], { description: "Last change of any kind; null before the first payment" }),
});
export type WalletView = Static<typeof Wallet>;

export const WalletBatch = Type.Object({ items: Type.Array(Wallet) });

const purse = Type.Object({
  total: Type.String(),
  total_units: AmountUnits,
  reserved: Type.String(),
  reserved_units: AmountUnits,
  in_flight: Type.String({ description: "Signed and not settled" }),
  in_flight_units: AmountUnits,
  available: Type.String(),
  available_units: AmountUnits,
});

export const Balance = Type.Object({
  wallet_id: Type.String(),
  address: Type.String(),
  usdt: purse,
  trx: purse,
  as_of_block: Type.Union([Type.Integer(), Type.Null()], {
    description: "Solidified block of the last reading; null before the first",
  }),
  refreshing: Type.Boolean({ description: "A new reading is under way; ask again" }),
  problem: Type.Union([Type.String(), Type.Null()], { description: "Why the last reading failed" }),
  resources: Type.Union([Type.Object(resources), Type.Null()], {
    description: "The answer to ?resources=true; null when nobody asked or no node answered",
  }),
});

export const WalletPermissions = Type.Object({
  wallet_id: Type.String(),
  address: Type.String(),
  activated: Type.Boolean({
    description: "false: the chain does not know the address yet, these are what it begins with",
  }),
  signs_alone: Type.Boolean({
    description: "One signature by the key of the address is enough, as the engine makes them",
  }),
  other_keys: Type.Array(Type.String(), {
    description: "Addresses whose keys, alone or together, move its money without the key of this wallet",
  }),
  permissions: Permissions,
  warnings: Type.Array(Type.String()),
});

export const BalanceQuery = Type.Object(
  {
    resources: Type.Optional(Type.Boolean({ description: "Ask a node for energy and bandwidth too" })),
    refresh: Type.Optional(
      Type.Boolean({
        description:
          "Read again even if the last reading is recent; once per solidified block, and while nothing can be signed once in three seconds",
      }),
    ),
  },
  strict,
);
