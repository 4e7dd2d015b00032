import { describe, expect, test } from "vitest";
import { revive } from "../../src/actors/step.ts";
import type { BroadcastClass } from "../../src/domain/chain-facts.ts";
import { BUILD_OBJECTIONS_MAX } from "../../src/domain/limits.ts";
import type { EffectError } from "../../src/machines/durable.ts";
import type { TransactionContext } from "../../src/machines/transaction-context.ts";
import { Driven, STAMP } from "../support/kernel.ts";
import { BUILT, INCLUSION, outcome, PROOF, SIGNED, transactionInput } from "../support/facts.ts";

const BUSY_WORLD: EffectError = { code: "chain_unavailable", message: "no node answered", retryable: true };
const HOPELESS: EffectError = { code: "order_mismatch", message: "the bytes say something else", retryable: false };

const building = () => Driven.born("transaction", transactionInput());
const signing = () => building().answer("build", BUILT);
const broadcasting = () => signing().answer("sign", SIGNED);
const pushed = (kind: BroadcastClass) => broadcasting().answer("broadcast", outcome(kind));
const included = () => pushed("accepted").send({ type: "chain.included", inclusion: INCLUSION });
const tellTypes = (driven: Driven) => driven.tells.map((message) => message.type);

describe("before the signature", () => {
  test("a new transaction is built from exactly its order", () => {
    const tx = building();
    expect(tx.state).toBe("building");
    const { owner: _, ...order } = transactionInput();
    expect(tx.last.started).toEqual([
      {
        key: "1.build",
        actor: { kind: "transaction", id: "a1" },
        invokeId: "build",
        source: "buildTransaction",
        input: order,
      },
    ]);
  });

  test("bytes that come signed are recorded and sent, and the owner hears of it in the same commit", () => {
    const tx = building().answer("build", { ...BUILT, signedHex: SIGNED.signedHex });
    expect(tx.state).toBe("onWire.broadcasting");
    const { rawHex: _, ...kept } = BUILT;
    expect(tx.context<TransactionContext>()).toMatchObject({ ...kept, signedHex: SIGNED.signedHex });
    expect(tx.context<TransactionContext>().rawHex).toBeUndefined();
    expect(tellTypes(tx)).toEqual(["transaction.signed"]);
    expect(tx.last.started.map(({ source }) => source).toSorted()).toEqual([
      "broadcastTransaction",
      "watchTransaction",
    ]);
  });

  test("bytes that come signed at last leave nothing of the tries before", () => {
    const tried = signing().fail("sign", BUSY_WORLD).elapse();
    const tx = tried.answer("build", { ...BUILT, rawHex: "aa02", signedHex: "aa02bb" });
    expect(tx.context<TransactionContext>()).toMatchObject({ signedHex: "aa02bb", stumbles: 1 });
    expect([tx.context<TransactionContext>().rawHex, tx.context<TransactionContext>().failure]).toEqual([
      undefined,
      undefined,
    ]);
  });

  test("bytes that come unsigned are recorded before anybody is asked to sign them", () => {
    const tx = signing();
    expect(tx.state).toBe("signing");
    expect(tx.context<TransactionContext>()).toMatchObject(BUILT);
    expect(tx.last.started).toMatchObject([{ source: "signTransaction", input: BUILT }]);
  });

  test.each([
    ["building", building, "build"],
    ["signing", signing, "sign"],
  ] as const)(
    "a world that cannot help while %s makes it wait and build again, with a growing pause",
    (_, at, effect) => {
      const first = at().fail(effect, BUSY_WORLD);
      expect(first.state).toBe("waitingToBuild");
      expect(first.context<TransactionContext>()).toMatchObject({
        stumbles: 1,
        failure: { code: "chain_unavailable" },
      });
      expect(first.last.timersSet[0]?.due).toBe(STAMP.at + 2_000);
      const again = first.elapse();
      expect(again.state).toBe("building");
      expect(again.fail("build", BUSY_WORLD).last.timersSet[0]?.due).toBe(STAMP.at + 4_000);
    },
  );

  test("the pause before building again never exceeds a minute", () => {
    let tx = building().fail("build", BUSY_WORLD);
    for (let i = 0; i < 10; i += 1) tx = tx.elapse().fail("build", BUSY_WORLD);
    expect(tx.last.timersSet[0]?.due).toBe(STAMP.at + 60_000);
  });

  test.each([
    ["building", building, "build"],
    ["signing", signing, "sign"],
  ] as const)("a hopeless failure while %s ends it, and its owner hears why", (_, at, effect) => {
    const tx = at().fail(effect, HOPELESS);
    expect(tx.state).toBe("failed");
    expect(tx.record.status).toBe("done");
    expect(tx.tells).toMatchObject([
      { type: "transaction.failed", attempt: 1, failure: { code: "order_mismatch", detail: HOPELESS.message } },
    ]);
    expect(tx.context<TransactionContext>().signedHex).toBeUndefined();
  });

  describe("a transfer that would revert or cost too much", () => {
    const OBJECTION: EffectError = { code: "simulation_reverted", message: "it would revert", retryable: true };
    const TOO_DEAR: EffectError = { code: "fee_cap_exceeded", message: "over the cap", retryable: true };
    const objections = (count: number) => {
      let tx = building();
      for (let i = 1; i < count; i += 1) tx = tx.fail("build", i % 2 === 0 ? TOO_DEAR : OBJECTION).elapse();
      return tx.fail("build", OBJECTION);
    };

    test("is tried again, for about a quarter of an hour", () => {
      let [tx, at] = [building(), STAMP.at];
      for (let i = 1; i < BUILD_OBJECTIONS_MAX; i += 1) {
        tx = tx.fail("build", OBJECTION, { ...STAMP, at });
        expect(tx.state).toBe("waitingToBuild");
        at = tx.last.timersSet[0]?.due ?? 0;
        tx = tx.elapse({ ...STAMP, at });
      }
      const minutes = (at - STAMP.at) / 60_000;
      expect(minutes).toBeGreaterThan(14);
      expect(minutes).toBeLessThan(16);
    });

    test("ends unsigned when it was told so too often, and its owner hears why", () => {
      expect(objections(BUILD_OBJECTIONS_MAX - 1).state).toBe("waitingToBuild");
      const tx = objections(BUILD_OBJECTIONS_MAX);
      expect([tx.state, tx.record.status]).toEqual(["failed", "done"]);
      expect(tx.tells).toMatchObject([
        { type: "transaction.failed", attempt: 1, failure: { code: "simulation_reverted", detail: "it would revert" } },
      ]);
      expect(tx.context<TransactionContext>().signedHex).toBeUndefined();
    });

    test("is not given up for a world that cannot help, however often", () => {
      let tx = objections(BUILD_OBJECTIONS_MAX - 1);
      for (let i = 0; i < 3 * BUILD_OBJECTIONS_MAX; i += 1) tx = tx.elapse().fail("build", BUSY_WORLD);
      expect(tx.state).toBe("waitingToBuild");
      tx = tx.elapse().answer("build", BUILT).fail("sign", BUSY_WORLD).elapse();
      expect(tx.fail("build", TOO_DEAR).state).toBe("failed");
    });

    test("recorded before objections were counted starts its count at the next", () => {
      const { objections: _, ...older } = objections(3).context<TransactionContext>();
      const record = { ...objections(3).record, context: older };
      const tx = new Driven(building().entry, { ...building().last, record: revive(building().entry, record) });
      expect(tx.elapse().fail("build", OBJECTION).context<TransactionContext>().objections).toBe(1);
    });
  });

  test.each([
    ["building", building],
    ["waitingToBuild", () => building().fail("build", BUSY_WORLD)],
    ["signing", signing],
  ] as const)("a cancel while %s ends it without a word to the owner, who said so", (state, at) => {
    const tx = at();
    expect(tx.state).toBe(state);
    const cancelled = tx.send({ type: "transaction.cancel" });
    expect(cancelled.state).toBe("cancelled");
    expect(cancelled.tells).toEqual([]);
    expect(cancelled.record.effects).toEqual({});
    expect(cancelled.record.timers).toEqual({});
  });

  test("an error that is not one of ours is taken as a bug that may pass", () => {
    const tx = building().send({ type: "xstate.error.actor.build", error: "what?", actorId: "build" });
    expect(tx.state).toBe("waitingToBuild");
    expect(tx.context<TransactionContext>().failure?.code).toBe("internal");
    expect(building().send({ type: "xstate.error.actor.build", actorId: "build" }).state).toBe("waitingToBuild");
    expect(building().send({ type: "xstate.error.actor.build", error: null, actorId: "build" }).state).toBe(
      "waitingToBuild",
    );
    expect(building().send({ type: "xstate.error.actor.build", error: { code: "x" }, actorId: "build" }).state).toBe(
      "waitingToBuild",
    );
  });
});

describe("the signed bytes", () => {
  test("are in the record in the same step that asks for the first broadcast, and the owner hears of it", () => {
    const tx = broadcasting();
    expect(tx.state).toBe("onWire.broadcasting");
    expect(tx.context<TransactionContext>().signedHex).toBe(SIGNED.signedHex);
    expect(tx.tells).toEqual([
      { type: "transaction.signed", expiration: BUILT.expiration, txId: BUILT.txId, attempt: 1 },
    ]);
    expect(tx.last.started.map(({ source, input }) => [source, input])).toEqual([
      ["watchTransaction", { txId: BUILT.txId, expiration: BUILT.expiration, referenceNumber: BUILT.reference.number }],
      ["broadcastTransaction", { txId: BUILT.txId, signedHex: SIGNED.signedHex }],
    ]);
  });

  test.each(["broadcasting", "pending", "busy", "refused", "unknown", "included"])(
    "cannot be cancelled in %s",
    (state) => {
      const tx = onWire(state);
      expect(tx.send({ type: "transaction.cancel" }).last.changed).toBe(false);
    },
  );

  test.each([
    ["accepted", "pending"],
    ["busy", "busy"],
    ["refused", "refused"],
    ["known", "unknown"],
    ["ambiguous", "unknown"],
  ] as const)("after %s are %s and will be pushed again, the same ones", (kind, state) => {
    const tx = pushed(kind);
    expect(tx.state).toBe(`onWire.${state}`);
    expect(tx.context<TransactionContext>()).toMatchObject({
      pushes: 1,
      lastPush: { class: kind, at: STAMP.at },
      doubted: state === "unknown",
    });
    const again = tx.elapse();
    expect(again.state).toBe("onWire.broadcasting");
    expect(again.last.started).toMatchObject([
      { source: "broadcastTransaction", input: { txId: BUILT.txId, signedHex: SIGNED.signedHex } },
    ]);
  });

  test.each(["pending", "busy", "refused", "unknown"])("are pushed again from %s when an operator asks", (state) => {
    const again = onWire(state).send({ type: "transaction.rebroadcast" });
    expect(again.state).toBe("onWire.broadcasting");
    expect(again.last.timersCleared).toHaveLength(1);
  });

  test("a lost answer leads to unknown, never to failure", () => {
    const tx = broadcasting().fail("broadcast", HOPELESS);
    expect(tx.state).toBe("onWire.unknown");
    expect(tx.tag).toBe("unknown");
    expect(tellTypes(tx)).toEqual(["transaction.doubted"]);
  });

  test("the owner hears of doubt once, and once that it is over", () => {
    const doubted = pushed("ambiguous").elapse().answer("broadcast", outcome("known"));
    expect(doubted.state).toBe("onWire.unknown");
    expect(doubted.tells).toEqual([]);
    const accepted = doubted.elapse().answer("broadcast", outcome("accepted"));
    expect(tellTypes(accepted)).toEqual(["transaction.seen"]);
    expect(pushed("accepted").tells).toEqual([]);
  });

  test("nodes that disagree about the block make it doubtful and sign nothing; their agreement decides", () => {
    const detail = "waiting for the nodes to agree about block 118";
    const doubted = included().send({ type: "chain.disputed", detail });
    expect(doubted.state).toBe("onWire.included");
    expect(doubted.tells).toMatchObject([{ type: "transaction.doubted", reason: { code: "nodes_disagree", detail } }]);
    expect(doubted.last.started).toEqual([]);
    const evidence = { solidNumber: 118, solidId: "ab", solidTimestamp: 1, nodes: ["a", "b"] };
    const confirmed = doubted.send({ type: "chain.solidified", inclusion: INCLUSION, evidence });
    expect(confirmed.state).toBe("confirmed");
    expect(confirmed.context<TransactionContext>()).toMatchObject({ evidence });
  });

  test("a block that holds them ends the doubt", () => {
    const tx = pushed("ambiguous").send({ type: "chain.included", inclusion: INCLUSION });
    expect(tx.state).toBe("onWire.included");
    expect(tellTypes(tx)).toEqual(["transaction.seen"]);
    expect(included().tells).toEqual([]);
  });

  test("pauses between pushes grow and stay below a minute; a busy node is asked sooner", () => {
    const gaps = (kind: BroadcastClass) => {
      let tx = broadcasting();
      return Array.from({ length: 7 }, () => {
        tx = tx.answer("broadcast", outcome(kind));
        const due = tx.last.timersSet[0]?.due ?? 0;
        tx = tx.elapse();
        return due - STAMP.at;
      });
    };
    const [patient, eager] = [gaps("accepted"), gaps("busy")];
    expect(patient).toEqual(patient.toSorted((a, b) => a - b));
    expect(eager).toEqual(eager.toSorted((a, b) => a - b));
    expect([patient.at(-1), eager.at(-1)]).toEqual([60_000, 20_000]);
    expect(eager[0]).toBeLessThan(patient[0] ?? 0);
  });
});

describe("the chain decides", () => {
  test("a block stops the pushing", () => {
    const tx = broadcasting().send({ type: "chain.included", inclusion: INCLUSION });
    expect(tx.last.stopped).toEqual([{ source: "broadcastTransaction", key: "3.broadcast" }]);
    expect(Object.keys(tx.record.effects)).toEqual(["watch"]);
    expect(tx.record.timers).toEqual({});
  });

  test("a fork that takes the block away brings the same bytes back to the nodes", () => {
    const tx = included().send({
      type: "chain.orphaned",
      blockNumber: INCLUSION.blockNumber,
      blockId: INCLUSION.blockId,
    });
    expect(tx.state).toBe("onWire.broadcasting");
    expect(tx.context<TransactionContext>().inclusion).toBeUndefined();
    expect(tx.last.started).toMatchObject([{ input: { signedHex: SIGNED.signedHex } }]);
  });

  test("the loss of a block it is not in any more says nothing", () => {
    const elsewhere = { ...INCLUSION, blockNumber: INCLUSION.blockNumber + 1, blockId: "b".repeat(64) };
    const moved = included().send({ type: "chain.included", inclusion: elsewhere });
    const late = { type: "chain.orphaned", blockNumber: INCLUSION.blockNumber, blockId: INCLUSION.blockId };
    expect(moved.send(late).last.changed).toBe(false);
  });

  test.each(["broadcasting", "pending", "busy", "refused", "unknown", "included"])(
    "a solidified block ends it from %s, one way or the other",
    (state) => {
      const paid = onWire(state).send({ type: "chain.solidified", inclusion: INCLUSION });
      expect([paid.state, paid.record.status]).toEqual(["confirmed", "done"]);
      expect(paid.tells).toEqual([
        { type: "transaction.confirmed", inclusion: INCLUSION, txId: BUILT.txId, attempt: 1 },
      ]);
      const failure = { ...INCLUSION, result: "OUT_OF_ENERGY" };
      const failed = onWire(state).send({ type: "chain.solidified", inclusion: failure });
      expect(failed.state).toBe("reverted");
      expect(failed.tells).toMatchObject([{ type: "transaction.reverted", inclusion: failure }]);
      expect(failed.record.effects).toEqual({});
    },
  );

  test("a covering proof ends it", () => {
    const tx = pushed("accepted").send({ type: "chain.expired", proof: PROOF });
    expect(tx.state).toBe("expired");
    expect(tx.tells).toEqual([{ type: "transaction.expired", proof: PROOF, txId: BUILT.txId, attempt: 1 }]);
    expect(tx.last.stopped.map(({ source }) => source)).toContain("watchTransaction");
  });

  test.each([
    ["its block is older than the expiration", { solidTimestamp: BUILT.expiration - 1 }],
    ["it starts too late", { scannedFrom: BUILT.reference.number + 2 }],
    ["it ends before the solidified block", { scannedTo: PROOF.solidNumber - 1 }],
  ])("a proof does not count when %s", (_, change) => {
    const tx = pushed("accepted").send({ type: "chain.expired", proof: { ...PROOF, ...change } });
    expect(tx.state).toBe("onWire.pending");
    expect(tx.last.changed).toBe(false);
  });

  test("a proof does not count against a block above what it covers", () => {
    const above = { ...INCLUSION, blockNumber: PROOF.scannedTo + 1 };
    const tx = pushed("accepted").send({ type: "chain.included", inclusion: above });
    expect(tx.send({ type: "chain.expired", proof: PROOF }).last.changed).toBe(false);
  });

  test("a proof that passed the height of a block nobody saw leaving ends it", () => {
    expect(included().send({ type: "chain.expired", proof: PROOF }).state).toBe("expired");
  });

  test.each([
    ["confirmed", () => included().send({ type: "chain.solidified", inclusion: INCLUSION })],
    ["expired", () => pushed("accepted").send({ type: "chain.expired", proof: PROOF })],
    ["failed", () => building().fail("build", HOPELESS)],
    ["cancelled", () => building().send({ type: "transaction.cancel" })],
  ] as const)("%s is for ever", (_, end) => {
    for (const message of [
      { type: "chain.solidified", inclusion: { ...INCLUSION, result: "REVERT" } },
      { type: "chain.expired", proof: PROOF },
      { type: "chain.included", inclusion: INCLUSION },
      { type: "transaction.cancel" },
      { type: "transaction.rebroadcast" },
    ])
      expect(end().send(message).last.changed).toBe(false);
  });
});

test.each(["build", "sign", "watch", "broadcast"])(
  "bytes that are missing where %s needs them are a bug, not a guess",
  (what) => {
    if (what === "build")
      expect(() => building().answer("build", { ...BUILT, rawHex: "" })).toThrow("before the bytes are built");
    if (what === "sign")
      expect(() => building().answer("build", { ...BUILT, txId: "" })).toThrow("before the bytes are built");
    if (what === "watch") {
      const lost = signing();
      const context = { ...lost.context<TransactionContext>(), expiration: undefined };
      const broken = new Driven(lost.entry, withContext(lost, context));
      expect(() => broken.answer("sign", SIGNED)).toThrow("watching before");
    }
    if (what === "broadcast")
      expect(() => signing().answer("sign", { txId: BUILT.txId })).toThrow("broadcasting before");
  },
);

function onWire(state: string): Driven {
  const at: Record<string, () => Driven> = {
    broadcasting,
    pending: () => pushed("accepted"),
    busy: () => pushed("busy"),
    refused: () => pushed("refused"),
    unknown: () => pushed("ambiguous"),
    included,
  };
  const driven = at[state]?.() ?? broadcasting();
  expect(driven.state).toBe(`onWire.${state}`);
  return driven;
}

function withContext(driven: Driven, context: unknown): Driven["last"] {
  return { ...driven.last, record: { ...driven.record, context } };
}
