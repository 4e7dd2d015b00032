import type { LightMyRequestResponse } from "fastify";
import { describe, expect, test } from "vitest";
import { ERRORS, Fault, type ErrorCode } from "../../src/domain/errors.ts";
import { units } from "../../src/domain/money.ts";
import { ZERO_ADDRESS } from "../../src/tron/address.ts";
import { PAYER } from "../support/engine.ts";
import {
  addressOf,
  drain,
  openDoor,
  OWN,
  payout,
  solidify,
  USDT,
  watchOf,
  type Document,
  type Door,
  type DoorOptions,
} from "../support/http.ts";

const P = "/api/v1/payouts";
const HEX = "ab".repeat(32);
const failing = (code: ErrorCode) => () => Promise.reject(new Fault(code));
type Produce = (door: Door) => Promise<LightMyRequestResponse>;
type Row = [produce: Produce, options?: DoorOptions];
const refusedBy = (code: ErrorCode): Row => [
  (door) => {
    door.refusals.push({ code, detail: "so it is" });
    return door.post(P, payout());
  },
];
const raw = (code: ErrorCode): Row => [
  (door) => door.post("/api/v1/broadcast/raw", { raw_hex: "0a" }),
  {
    ports: {
      decodeSigned: () => {
        throw new Fault(code);
      },
    },
  },
];
const large = async (door: Door) =>
  (await door.post(P, payout({ amount: "2000" }), { token: "payouts:create" })).json();
const paid = async (door: Door) => {
  const { id } = (await door.post(P, payout())).json();
  const { txId } = await watchOf(door, id);
  await drain();
  return { id, txId };
};

/** How a caller meets each code. */
const rows: Partial<Record<ErrorCode, Row>> = {
  validation_failed: [(door) => door.post(P, payout({ extra: 1 }))],
  malformed_json: [(door) => door.call("POST", P, { key: "k", text: "{" })],
  invalid_address: [(door) => door.post(P, payout({ to: "nobody" }))],
  invalid_amount: [(door) => door.post(P, payout({ amount: "0.0000001" }))],
  idempotency_key_missing: [(door) => door.post(P, payout(), { key: null })],
  idempotency_key_invalid: [(door) => door.post(P, payout(), { key: "ü" })],
  invalid_cursor: [(door) => door.get(`${P}?cursor=x`)],
  unauthenticated: [(door) => door.get(P, { token: null })],
  forbidden: [(door) => door.get(P, { token: "wallets:read" })],
  not_found: [(door) => door.get(`${P}/po_x`)],
  block_not_found: [
    (door) => {
      door.ports.gateway.block = async () => undefined;
      return door.get("/api/v1/network/block/9");
    },
  ],
  method_not_allowed: [(door) => door.call("DELETE", P)],
  conflict: [
    (door) => door.post("/api/v1/wallets/import", { name: "x", private_key: HEX }),
    { ports: { keys: { createHdWallet: failing("conflict"), importKey: failing("conflict") } } },
  ],
  state_conflict: [(door) => door.post("/api/v1/wallets/wal_1/unfreeze", {})],
  not_cancellable: [async (door) => door.post(`${P}/${(await paid(door)).id}/cancel`, {})],
  already_decided: [
    async (door) => {
      const { id } = await large(door);
      await door.post(`${P}/${id}/reject`, {});
      return door.post(`${P}/${id}/reject`, {});
    },
  ],
  stale_hash: [async (door) => door.post(`${P}/${(await large(door)).id}/approve`, { payout_hash: "x".repeat(43) })],
  self_approval: [
    async (door) => {
      const { id, payout_hash } = (await door.post(P, payout({ amount: "2000" }))).json();
      return door.post(`${P}/${id}/approve`, { payout_hash });
    },
  ],
  tx_may_still_confirm: [
    async (door) => {
      const { txId } = await paid(door);
      door.world.head = 1_000_000_000;
      return door.post(`/api/v1/transactions/${txId}/retry`, {});
    },
  ],
  tx_already_succeeded: [
    async (door) => {
      const { id, txId } = await paid(door);
      await solidify(door, id);
      return door.post(`/api/v1/transactions/${txId}/retry`, {});
    },
  ],
  max_attempts: [
    async (door) => {
      const { id } = (await door.post(P, payout())).json();
      let txId = "";
      for (let attempt = 1; attempt <= 5; attempt += 1) {
        const watch = await watchOf(door, `${id}_${attempt}`);
        txId = watch.txId;
        await door.engine.deliver([{ actor: watch.actor, message: door.world.expired(watch) }]);
        await door.clock.advance(120_000);
      }
      return door.post(`/api/v1/transactions/${txId}/retry`, {});
    },
  ],
  receipt_pending: [async (door) => door.get(`/api/v1/transactions/${(await paid(door)).txId}/receipt`)],
  wallet_not_empty: [(door) => door.call("DELETE", "/api/v1/wallets/wal_1?confirm=wal_1")],
  wallet_in_use: [
    async (door) => {
      await door.post(P, payout());
      return door.call("DELETE", "/api/v1/wallets/wal_1?confirm=wal_1");
    },
  ],
  duplicate_external_id: [
    async (door) => {
      await door.post(P, payout({ external_id: "x" }));
      return door.post(P, payout({ external_id: "x" }));
    },
  ],
  restart_in_progress: [
    (door) => {
      door.refusals.push({ code: "restart_in_progress", detail: "so it is" });
      return door.call("POST", "/restart/payout-router");
    },
  ],
  precondition_failed: [
    (door) => door.call("PUT", "/api/v1/wallets/wal_1", { body: { name: "x" }, headers: { "if-match": '"x"' } }),
  ],
  body_too_large: [(door) => door.call("POST", P, { key: "k", text: " ".repeat(600_000) })],
  unsupported_media_type: [
    (door) => door.call("POST", P, { key: "k", text: "a", headers: { "content-type": "text/plain" } }),
  ],
  idempotency_mismatch: [
    async (door) => {
      await door.post(P, payout(), { key: "k" });
      return door.post(P, payout({ amount: "26" }), { key: "k" });
    },
  ],
  below_minimum: [(door) => door.post(P, payout({ amount: "9" }))],
  above_maximum: [(door) => door.post(P, payout({ amount: "31" })), { limits: { maximum: units(30_000_000n) } }],
  not_after_passed: [(door) => door.post(P, payout({ not_after: "2020-01-31T12:00:00Z" }))],
  daily_limit_exceeded: [(door) => door.post(P, payout({ amount: "31" })), { limits: { daily: units(30_000_000n) } }],
  insufficient_funds: [(door) => door.post(P, payout({ amount: "2000000" })), { limits: {} }],
  insufficient_trx_for_fees: [
    async (door) => {
      door.world.trx = units(14_000_000n);
      door.world.solid += 1;
      door.status.chain = {
        ...door.status.chain,
        solid: { number: door.world.solid, id: "0".repeat(64), timestamp: 0 },
      };
      await door.get("/api/v1/wallets/wal_1/balance?refresh=true");
      await drain();
      return door.post(P, payout());
    },
  ],
  destination_is_zero: [(door) => door.post(P, payout({ to: ZERO_ADDRESS }))],
  destination_is_self: [(door) => door.post(P, payout({ to: PAYER }))],
  destination_is_own_wallet: [(door) => door.post(P, payout({ to: OWN }))],
  destination_is_contract: [(door) => door.post(P, payout({ to: USDT }))],
  destination_blacklisted: [
    (door) => {
      door.blacklisted.add(addressOf(1));
      return door.post(P, payout());
    },
  ],
  batch_invalid: [
    (door) => door.post(`${P}/batch`, { wallet: "wal_1", items: [{ line_id: "1", to: "x", amount: "20" }] }),
  ],
  batch_too_large: [(door) => door.post("/api/v1/wallets/batch/create", { count: 101 })],
  duplicate_line_id: [
    (door) => {
      const line = { line_id: "1", to: addressOf(1), amount: "20" };
      return door.post(`${P}/batch`, { wallet: "wal_1", items: [line, line] });
    },
  ],
  fee_cap_exceeded: [
    (door) => {
      door.world.onEstimate = failing("fee_cap_exceeded");
      return door.post(`${P}/estimate`, payout());
    },
  ],
  simulation_reverted: [
    (door) => {
      door.world.onEstimate = failing("simulation_reverted");
      return door.post(`${P}/estimate`, payout());
    },
  ],
  tx_type_not_allowed: raw("tx_type_not_allowed"),
  tx_expired: raw("tx_expired"),
  tx_malformed: raw("tx_malformed"),
  wallet_watch_only: [
    async (door) => {
      const input = { address: addressOf(900), name: "cold", kind: "watch", labels: {}, limits: {}, hot: false };
      await door.engine.request({
        to: { kind: "wallet", id: "w" },
        create: input,
        respond: () => ({ keep: { status: 201, body: null } }),
      });
      return door.post(P, payout({ wallet: "w" }));
    },
  ],
  unknown_status: [(door) => door.get(`${P}/status/paid`)],
  unknown_service: [(door) => door.call("POST", "/restart/mongodb")],
  wallet_frozen: [
    async (door) => {
      await door.post("/api/v1/wallets/wal_1/freeze", {});
      return door.post(P, payout());
    },
  ],
  wallet_archived: [
    async (door) => {
      door.world.usdt = units(0n);
      door.world.trx = units(0n);
      const { id } = (await door.post("/api/v1/wallets", { name: "x" })).json();
      await drain();
      await door.call("DELETE", `/api/v1/wallets/${id}?confirm=${id}`);
      return door.post(P, payout({ wallet: id }));
    },
  ],
  quarantined: refusedBy("quarantined"),
  internal: [
    (door) => door.get("/config"),
    {
      ports: {
        config: () => {
          throw new Error("bug");
        },
      },
    },
  ],
  chain_error: [
    (door) => {
      door.ports.gateway.tokenBalance = failing("chain_error");
      return door.get(`/api/v1/usdt/balance/${addressOf(1)}`);
    },
  ],
  store_unavailable: [
    (door) => {
      door.store.record = () => {
        throw new Fault("store_unavailable");
      };
      return door.get(`${P}/po_x`);
    },
  ],
  mailbox_full: refusedBy("mailbox_full"),
  engine_busy: refusedBy("engine_busy"),
  not_ready: [
    async (door) => {
      await door.engine.drain();
      return door.post(P, payout());
    },
  ],
  read_only: [
    (door) => {
      door.engine.readOnly = true;
      return door.post(P, payout());
    },
  ],
  chain_unavailable: [
    (door) => {
      door.ports.gateway.tokenBalance = failing("chain_unavailable");
      return door.get(`/api/v1/usdt/balance/${addressOf(1)}`);
    },
  ],
  chain_forked: refusedBy("chain_forked"),
  chain_busy: [
    (door) => {
      door.ports.gateway.tokenBalance = failing("chain_busy");
      return door.get(`/api/v1/usdt/balance/${addressOf(1)}`);
    },
  ],
  chain_timeout: [
    (door) => {
      door.ports.gateway.tokenBalance = failing("chain_timeout");
      return door.get(`/api/v1/usdt/balance/${addressOf(1)}`);
    },
  ],
};

/** Codes that no caller of the API can meet, and why. */
const ABSENT: Partial<Record<ErrorCode, string>> = {
  idempotency_in_flight: "repeats that arrive while the first runs wait for it and get its answer",
  event_not_allowed: "there is no endpoint for operator events yet",
  nodes_disagree: "what is decided waits; payouts show it as reason",
  signer_unavailable: "signing happens after the answer; the transaction waits and tries again",
  wrong_network: "ends the process at start",
  store_locked: "ends the process at start",
  store_missing: "ends the process at start",
  store_corrupt: "told as internal; the log has the cause",
  store_failed: "ends the process",
  config_invalid: "ends the process at start",
  key_unavailable: "ends the process at start, or fails the payout",
  order_mismatch: "fails the transaction; its payout shows it as reason",
};
/** Tested where sockets are real. */
const ELSEWHERE: Partial<Record<ErrorCode, string>> = {
  rate_limited: "test/http/rate-limit.test.ts",
  request_timeout: "test/http/sockets.test.ts",
  expectation_failed: "test/http/sockets.test.ts",
  headers_too_large: "test/http/sockets.test.ts",
};

describe("each error code", () => {
  const codes = Object.keys(ERRORS) as ErrorCode[];

  test("is met by a caller, or it is known why not", () => {
    const known = [...Object.keys(rows), ...Object.keys(ABSENT), ...Object.keys(ELSEWHERE)].toSorted();
    expect(known).toEqual(codes.toSorted());
  });

  test("that no caller can meet is in no answer of the document", async () => {
    const door = await openDoor();
    const { paths } = door.app.swagger() as unknown as Document;
    const promised = new Set(
      Object.values(paths).flatMap((methods) => Object.values(methods).flatMap((operation) => operation["x-errors"])),
    );
    expect(Object.keys(ABSENT).filter((code) => promised.has(code))).toEqual([]);
    const missing = Object.keys(rows).filter((code) => !promised.has(code));
    expect(missing).toEqual(["method_not_allowed"]);
  });

  test.each(codes.filter((code) => code in rows))(
    "%s comes with its status, its title and what to do",
    async (code) => {
      const [produce, options] = rows[code] ?? [];
      const door = await openDoor(options);
      const response = await produce?.(door);
      const { status, title, retryable } = ERRORS[code];
      expect(response?.json()).toMatchObject({ type: `/docs/errors#${code}`, status, title, code, retryable });
      expect(response?.json().detail.length).toBeGreaterThan(5);
      expect(response?.statusCode).toBe(status);
      expect(response?.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    },
  );
});
