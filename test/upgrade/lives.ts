/** One actor of each kind in each state that a record can be stored in, as today's machines make it. */
import { refuse } from "../../src/domain/errors.ts";
import { units } from "../../src/domain/money.ts";
import type { ActorRecord, Message } from "../../src/domain/records.ts";
import { ATTEMPTS_MAX } from "../../src/domain/limits.ts";
import { payoutInput } from "../support/engine.ts";
import { BUILT, INCLUSION, outcome, PROOF, SIGNED, transactionInput } from "../support/facts.ts";
import { Driven, STAMP } from "../support/kernel.ts";

const HOPELESS = { code: "order_mismatch", message: "no", retryable: false } as const;
const LATER = { code: "chain_timeout", message: "later", retryable: true } as const;
const BY = { by: "token-b", hash: "hash-of-po_1" };
const RESERVED: Message = { type: "wallet.reserved", sequence: 1 };
const NO_ROOM: Message = { type: "wallet.refused", refusal: refuse("insufficient_funds", "too little") };

export function storedStates(): Record<string, Record<string, ActorRecord>> {
  return {
    transaction: byState(transactions()),
    payout: byState(payouts()),
    payoutBatch: byState(batches()),
    wallet: byState(wallets()),
    relay: byState(relays()),
  };
}

function byState(lives: readonly Driven[]): Record<string, ActorRecord> {
  return Object.fromEntries(lives.map((driven) => [driven.state, driven.record]));
}

function transactions(): Driven[] {
  const building = Driven.born("transaction", transactionInput());
  const signing = building.answer("build", BUILT);
  const broadcasting = signing.answer("sign", SIGNED);
  const pushed = (["accepted", "busy", "refused", "ambiguous"] as const).map((kind) =>
    broadcasting.answer("broadcast", outcome(kind)),
  );
  const included = broadcasting.send({ type: "chain.included", inclusion: INCLUSION });
  return [
    building,
    signing,
    building.fail("build", LATER),
    building.fail("build", HOPELESS),
    building.send({ type: "transaction.cancel" }),
    broadcasting,
    ...pushed,
    included,
    included.send({ type: "chain.solidified", inclusion: INCLUSION }),
    included.send({ type: "chain.solidified", inclusion: { ...INCLUSION, result: "OUT_OF_ENERGY" } }),
    broadcasting.send({ type: "chain.expired", proof: PROOF }),
  ];
}

function relays(): Driven[] {
  const pushing = Driven.born("relay", {
    txId: BUILT.txId,
    signedHex: SIGNED.signedHex,
    expiration: BUILT.expiration,
    asset: "TRX",
    from: "T-from",
    to: "T-to",
    amount: units(5n),
    createdBy: "token-a",
  });
  const told = (["accepted", "refused", "busy"] as const).map((kind) => pushing.answer("broadcast", outcome(kind)));
  const late = { ...STAMP, blockTime: BUILT.expiration };
  return [pushing, ...told, ...told.slice(0, 1).map((relay) => relay.elapse(late))];
}

function payouts(): Driven[] {
  const of = (type: string, attempt: number, data: object = {}): Message => ({
    type,
    attempt,
    txId: BUILT.txId,
    ...data,
  });
  const awaiting = Driven.born("payout", payoutInput("po_1", { needsApproval: true }), { id: "po_1" });
  const reserving = awaiting.send({ type: "payout.approve", ...BY });
  const preparing = reserving.send(RESERVED);
  const onWire = preparing.send(of("transaction.signed", 1, { expiration: 1 }));
  const retrying = onWire.send(of("transaction.expired", 1, { proof: PROOF }));
  let last = onWire;
  for (let attempt = 1; attempt < ATTEMPTS_MAX; attempt += 1) {
    last = last.send(of("transaction.expired", attempt, { proof: PROOF })).elapse();
    last = last.send(of("transaction.signed", attempt + 1, { expiration: 1 }));
  }
  const inTime = payoutInput("po_1", { needsApproval: true, notAfter: STAMP.blockTime + 60_000 });
  return [
    awaiting,
    Driven.born("payout", inTime, { id: "po_1" }),
    awaiting.send({ type: "payout.reject", ...BY }),
    awaiting.send({ type: "payout.cancel", ...BY }),
    reserving,
    reserving.send(NO_ROOM),
    reserving.send({ type: "payout.cancel", ...BY }),
    preparing,
    onWire,
    onWire.send(of("transaction.doubted", 1)),
    retrying,
    onWire.send(of("transaction.reverted", 1, { inclusion: { ...INCLUSION, result: "REVERT" } })),
    last.send(of("transaction.expired", ATTEMPTS_MAX, { proof: PROOF })),
    onWire.send(of("transaction.confirmed", 1, { inclusion: INCLUSION })),
  ];
}

function batches(): Driven[] {
  const line = { payoutId: "po_1", lineId: "1", to: "T", amount: units(5n), hash: "h", needsApproval: false };
  const reserving = Driven.born("payoutBatch", {
    self: { kind: "payoutBatch", id: "b1" },
    mode: "all_or_nothing",
    walletId: "wal_1",
    from: "T-from",
    asset: "USDT",
    feeReserveSun: units(5n),
    createdBy: "token-a",
    lines: [line],
    invalid: [],
  });
  const running = reserving.send(RESERVED);
  const ended = running.send({ type: "batch.line", status: "confirmed", amount: line.amount });
  return [reserving, reserving.send(NO_ROOM), running, ended];
}

function wallets(): Driven[] {
  const born = Driven.born("wallet", { address: "T-w", name: "w", kind: "hd", labels: {}, limits: {}, hot: true });
  const reading = { usdt: units(0n), trx: units(0n), atBlock: 5 };
  const fresh = born.answer("balances", reading);
  return [
    born,
    fresh,
    born.fail("balances", LATER),
    fresh.send({ type: "wallet.freeze", reason: "r" }),
    fresh.send({ type: "wallet.archive" }),
  ];
}
