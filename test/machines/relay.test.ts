import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { units } from "../../src/domain/money.ts";
import type { Message } from "../../src/domain/records.ts";
import type { RelayContext, RelayInput } from "../../src/machines/relay.machine.ts";
import { outcome } from "../support/facts.ts";
import { Driven, STAMP } from "../support/kernel.ts";
import { deadEnds } from "../support/reach.ts";

const INPUT: RelayInput = {
  txId: "ab".repeat(32),
  signedHex: "0a0b",
  expiration: STAMP.blockTime + 60_000,
  asset: "USDT",
  from: "T-from",
  to: "T-to",
  amount: units(5n),
  createdBy: "token-a",
};
const LATE = { ...STAMP, blockTime: INPUT.expiration };
const PUSH: Message = { type: "relay.push", by: "token-b" };
const LOST = { code: "chain_timeout", message: "no answer", retryable: true } as const;

const born = (change: Partial<RelayInput> = {}) => Driven.born("relay", { ...INPUT, ...change });
const told = (of: Driven, kind: "accepted" | "known" | "refused" | "busy" | "ambiguous") =>
  of.answer("broadcast", outcome(kind));

describe("a relay", () => {
  test("pushes the bytes that are on disk", () => {
    const relay = born();
    expect([relay.state, relay.tag]).toEqual(["pushing", "broadcast"]);
    expect(relay.last.started).toMatchObject([{ source: "relayTransaction" }]);
    expect(relay.record.indexes).toEqual(["all", "status:broadcast", `tx:${INPUT.txId}`]);
  });

  test.each([
    ["accepted", "handedOver", "handed_over"],
    ["known", "handedOver", "handed_over"],
    ["refused", "refused", "refused"],
    ["busy", "waiting", "broadcast"],
    ["ambiguous", "waiting", "broadcast"],
  ] as const)("that hears %s is %s, and remembers what it heard", (kind, state, tag) => {
    const relay = told(born(), kind);
    expect([relay.state, relay.tag]).toEqual([state, tag]);
    expect(relay.context<RelayContext>()).toMatchObject({ pushes: 1, lastPush: { class: kind, at: STAMP.at } });
  });

  test("pushes again after a pause that grows, while nothing is known", () => {
    const lost = born().fail("broadcast", LOST);
    expect(lost.state).toBe("waiting");
    const due = (relay: Driven) => (Object.values(relay.record.timers)[0]?.due ?? 0) - STAMP.at;
    expect(due(lost)).toBe(3_000);
    const again = told(lost.elapse(), "busy");
    expect([due(again), again.elapse().state]).toEqual([6_000, "pushing"]);
    let relay = again;
    for (let pushes = 0; pushes < 9; pushes += 1) relay = told(relay.elapse(), "ambiguous");
    expect(due(relay)).toBe(60_000);
  });

  test.each(["accepted", "refused", "busy"] as const)("that heard %s is over when its time is", (kind) => {
    const relay = told(born(), kind);
    const over = relay.elapse(LATE);
    expect([over.state, over.tag, over.record.status]).toEqual(["over", "over", "done"]);
  });

  test.each(["accepted", "refused"] as const)("that heard %s is looked at again while its time is not over", (kind) => {
    const relay = told(born(), kind).elapse();
    expect([relay.state, Object.keys(relay.record.timers)]).toEqual([told(born(), kind).state, [expect.any(String)]]);
  });

  test("is looked at once an hour at most, and once a minute at least", () => {
    const due = (change: Partial<RelayInput>, blockTime: number) => {
      const relay = born(change).answer("broadcast", outcome("accepted"), { ...STAMP, blockTime });
      return (Object.values(relay.record.timers)[0]?.due ?? 0) - STAMP.at;
    };
    expect(due({ expiration: STAMP.blockTime + 90_000 }, STAMP.blockTime)).toBe(90_000);
    expect(due({}, INPUT.expiration - 1)).toBe(60_000);
    expect(due({ expiration: STAMP.blockTime + 86_400_000 }, STAMP.blockTime)).toBe(3_600_000);
  });

  test.each(["accepted", "refused", "busy"] as const)("that heard %s is pushed again when somebody asks", (kind) => {
    const relay = told(born(), kind).send(PUSH);
    expect([relay.state, relay.last.reply]).toEqual(["pushing", { ok: true }]);
  });

  test("that is being pushed needs no other push", () => {
    const relay = born().send(PUSH);
    expect([relay.state, relay.last.reply, relay.last.started]).toEqual(["pushing", { ok: true }, []]);
  });

  test("that is over is not pushed any more", () => {
    const over = told(born(), "busy").elapse(LATE);
    expect(over.send(PUSH).last.changed).toBe(false);
  });
});

type Play = "timer" | "late" | "push" | "lost" | "accepted" | "known" | "refused" | "busy" | "ambiguous";
const PLAYS: readonly Play[] = ["timer", "late", "push", "lost", "accepted", "known", "refused", "busy", "ambiguous"];

function play(relay: Driven, step: Play): Driven {
  if (step === "push") return relay.send(PUSH);
  if (step === "timer" || step === "late") {
    if (Object.keys(relay.record.timers).length === 0) return relay;
    return relay.elapse(step === "late" ? LATE : STAMP);
  }
  if (relay.record.effects["broadcast"] === undefined) return relay;
  return step === "lost" ? relay.fail("broadcast", LOST) : told(relay, step);
}

describe("whatever happens to a relay", () => {
  test("it pushes the same bytes and nothing else, and never after its end", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PLAYS), { maxLength: 40 }), (steps) => {
        let relay = born();
        for (const step of steps) {
          const before = relay;
          relay = play(relay, step);
          const { txId, signedHex } = relay.context<RelayContext>();
          expect([txId, signedHex]).toEqual([INPUT.txId, INPUT.signedHex]);
          if (before.record.status === "done") expect(relay.record).toBe(before.record);
        }
      }),
    );
  });

  test("there is a way to its end", () => {
    const { reached, dead } = deadEnds({
      start: born(),
      next: (relay) => PLAYS.map((step) => play(relay, step)),
      key: ({ state }) => state,
      isEnd: ({ record }) => record.status === "done",
    });
    expect(dead).toEqual([]);
    expect(reached.toSorted()).toEqual(["handedOver", "over", "pushing", "refused", "waiting"]);
  });
});
