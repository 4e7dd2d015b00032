/** What tests in other processes may do to a devnet: the abilities of the TypeScript handle `Devnet`, one path each. */
import type { ControlRoute } from "./control-route.ts";
import { faultOf } from "./fault-fields.ts";
import { address, allow, flag, texts, units, whole } from "./fields.ts";
import { limitsOf, shownLimits } from "./limit-fields.ts";
import { ledgerRoutes } from "./ledger-routes.ts";
import { slotMsFrom } from "./slot-words.ts";

const BLOCKS_AT_ONCE_MAX = 100_000;

const time: readonly ControlRoute[] = [
  {
    method: "POST",
    path: "/mine",
    does: "makes blocks now",
    takes: '`{"count": 1}`',
    handle: async (fields, devnet) => {
      allow(fields, ["count"]);
      const count = whole(fields, "count", { min: 1, max: BLOCKS_AT_ONCE_MAX, absent: 1 });
      const blocks = await devnet.mine(count);
      return { mined: blocks.length, head: blocks.at(-1) };
    },
  },
  {
    method: "POST",
    path: "/miss-slots",
    does: "lets the next block come later by so many slots of 3 s",
    takes: '`{"count": 10}`',
    handle: (fields, devnet) => {
      allow(fields, ["count"]);
      devnet.missSlots(whole(fields, "count", { min: 1, max: 100_000_000 }));
      return {};
    },
  },
  {
    method: "POST",
    path: "/advance",
    does: "lets chain time go by at once: slots are missed, all but the last and those that end a maintenance period",
    takes: '`{"ms": 86400000}`',
    handle: async (fields, devnet) => {
      allow(fields, ["ms"]);
      const head = await devnet.advanceTime(whole(fields, "ms", { min: 0, max: Number.MAX_SAFE_INTEGER }));
      return { head };
    },
  },
  {
    method: "POST",
    path: "/schedule",
    does: "sets when blocks come: wall-clock ms, `fast`, `manual` or `instant`",
    takes: '`{"block_ms": 3000}`',
    handle: (fields, devnet) => {
      allow(fields, ["block_ms"]);
      devnet.setSchedule(slotMsFrom(fields["block_ms"]));
      return {};
    },
  },
  {
    method: "POST",
    path: "/censor",
    does: "while on, blocks stay empty and the pool forgets what waits for 60 s of chain time",
    takes: '`{"on": true}`',
    handle: (fields, devnet) => {
      allow(fields, ["on"]);
      devnet.setCensoring(flag(fields, "on"));
      return {};
    },
  },
  {
    method: "POST",
    path: "/fork",
    does: "replaces the newest unsolidified blocks by a longer branch",
    takes: '`{"depth": 2, "length": 3, "drop": ["<txID>"] or "all", "move": false}`',
    handle: async (fields, devnet) => {
      allow(fields, ["depth", "length", "drop", "move"]);
      const depth = whole(fields, "depth", { min: 1, max: 1_000 });
      const { drop } = fields;
      await devnet.fork({
        depth,
        ...(fields["length"] === undefined ? {} : { length: whole(fields, "length", { min: 2, max: 2_000 }) }),
        ...(drop === undefined ? {} : { drop: drop === "all" ? ("all" as const) : texts(drop, "drop") }),
        ...(fields["move"] === undefined ? {} : { move: flag(fields, "move") }),
      });
      return {};
    },
  },
];

const money: readonly ControlRoute[] = [
  {
    method: "POST",
    path: "/faucet",
    does: "sends TRX (sun) and USDT (10^-6) to an address, with the next block",
    takes: '`{"address": "T…", "trx_sun": "1000000", "usdt": "1000000"}`',
    handle: async (fields, devnet) => {
      allow(fields, ["address", "trx_sun", "usdt"]);
      const [trxSun, usdt] = [units(fields, "trx_sun"), units(fields, "usdt")];
      await devnet.faucet({
        address: address(fields, "address"),
        ...(trxSun === undefined ? {} : { trxSun }),
        ...(usdt === undefined ? {} : { usdt }),
      });
      return {};
    },
  },
  {
    method: "POST",
    path: "/usdt/paused",
    does: "the token's owner pauses it, or lets it go on",
    takes: '`{"paused": true}`',
    handle: async (fields, devnet) => {
      allow(fields, ["paused"]);
      await devnet.usdt.setPaused(flag(fields, "paused"));
      return {};
    },
  },
  {
    method: "POST",
    path: "/usdt/blacklisted",
    does: "the token's owner puts an address on the blacklist, or takes it off",
    takes: '`{"address": "T…", "blacklisted": true}`',
    handle: async (fields, devnet) => {
      allow(fields, ["address", "blacklisted"]);
      await devnet.usdt.setBlacklisted(address(fields, "address"), flag(fields, "blacklisted"));
      return {};
    },
  },
  {
    method: "POST",
    path: "/usdt/fee",
    does: "the token's owner sets the fee: below 20 basis points, and below 50 whole USDT",
    takes: '`{"basis_points": 10, "max_fee_usdt": 5}`',
    handle: async (fields, devnet) => {
      allow(fields, ["basis_points", "max_fee_usdt"]);
      const range = { min: 0, max: 1_000_000 };
      await devnet.usdt.setFee(whole(fields, "basis_points", range), whole(fields, "max_fee_usdt", range));
      return {};
    },
  },
];

const trouble: readonly ControlRoute[] = [
  {
    method: "GET",
    path: "/faults",
    does: "how often each kind of fault was played",
    takes: "–",
    handle: (_fields, devnet) => ({ played: Object.fromEntries(devnet.faults.played) }),
  },
  {
    method: "POST",
    path: "/faults/next",
    does: "plays a fault once, at the next request that it fits",
    takes:
      '`{"kind": "accept-then-reset", "path": "broadcast"}`; `refuse` has `code` and `message`, `stale-head` has `blocks`',
    handle: (fields, devnet) => {
      devnet.faults.next(faultOf(fields, []));
      return {};
    },
  },
  {
    method: "POST",
    path: "/faults/set",
    does: "plays a fault at every request that it fits, with a probability",
    takes: '`{"kind": "rate-limit", "path": "/wallet/getblock", "probability_percent": 50}`',
    handle: (fields, devnet) => {
      const percent = whole(fields, "probability_percent", { min: 0, max: 100, absent: 100 });
      devnet.faults.set(faultOf(fields, ["probability_percent"]), { probability: percent / 100 });
      return {};
    },
  },
  {
    method: "POST",
    path: "/faults/clear",
    does: "no more faults",
    takes: "–",
    handle: (_fields, devnet) => {
      devnet.faults.clear();
      return {};
    },
  },
  {
    method: "GET",
    path: "/limits",
    does: "the provider's limits that are simulated, or null",
    takes: "–",
    handle: (_fields, devnet) => ({ limits: shownLimits(devnet.limits) }),
  },
  {
    method: "POST",
    path: "/limits",
    does: 'sets API keys, rate limits and suspensions as a provider has them; `{}` the usual ones, `{"off": true}` none',
    takes:
      '`{"keys": ["…"], "key_required": false, "keyed": {"per_second": 15, "suspension_seconds": 30, "status": 403}, "keyless": {…}, "per_day": 100000, "exhausted": {…}, "clock": "chain" or "wall"}`',
    handle: (fields, devnet) => {
      devnet.setLimits(limitsOf(fields));
      return { limits: shownLimits(devnet.limits) };
    },
  },
  {
    method: "POST",
    path: "/history-lag",
    does: "lets the history endpoints know blocks only when they are so many deep",
    takes: '`{"blocks": 3}`',
    handle: (fields, devnet) => {
      allow(fields, ["blocks"]);
      devnet.setHistoryLag(whole(fields, "blocks", { min: 0, max: 1_000_000 }));
      return {};
    },
  },
];

const counts: readonly ControlRoute[] = [
  {
    method: "GET",
    path: "/requests",
    does: "how often the API was asked, by path",
    takes: "–",
    handle: (_fields, devnet) => ({
      total: devnet.requests.total(),
      counts: Object.fromEntries(devnet.requests.counts),
    }),
  },
  {
    method: "POST",
    path: "/requests/reset",
    does: "counts from zero",
    takes: "–",
    handle: (_fields, devnet) => {
      devnet.requests.reset();
      return {};
    },
  },
];

export const CONTROL_ROUTES: readonly ControlRoute[] = [...ledgerRoutes, ...time, ...money, ...trouble, ...counts];
