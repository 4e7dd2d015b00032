import { describe, expect, test } from "vitest";
import { catalog, SERVICES } from "../../src/machines/catalog.ts";
import { nodesOf } from "../../src/actors/machine-tree.ts";
import { payoutInput } from "../support/engine.ts";
import { BUILT, INCLUSION, SIGNED, transactionInput } from "../support/facts.ts";
import { Driven } from "../support/kernel.ts";

describe("the catalogue", () => {
  test("names each kind as it is registered, and its service", () => {
    for (const [kind, entry] of Object.entries(catalog)) {
      expect(entry.kind).toBe(kind);
      expect(SERVICES).toContain(entry.service);
      expect(entry.version in entry.migrate).toBe(false);
    }
  });

  test("lists a payout by status, by both parties, by what its payee looks like, by batch and by external id", () => {
    const batch = { kind: "payoutBatch", id: "b1" };
    expect(
      Driven.born("payout", payoutInput("po_1", { from: "A", to: "Tabcdefghij", batch, externalId: "e1" })).record
        .indexes,
    ).toEqual([
      "all",
      "status:pending",
      "party:A",
      "party:Tabcdefghij",
      "ends:Tabcghij:Tabcdefghij",
      "batch:b1",
      "external:e1",
    ]);
    expect(Driven.born("payout", payoutInput("po_1", { from: "A", to: "B" })).record.indexes).toHaveLength(5);
  });

  test("lists a payee as known while the payout was not given up, and as paid once it is confirmed", () => {
    const looks = ({ record }: Driven) => record.indexes.filter((name) => name.startsWith("ends:"));
    const order = Driven.born("payout", payoutInput("po_1", { to: "Tabcdefghij" }));
    expect(looks(order)).toEqual(["ends:Tabcghij:Tabcdefghij"]);
    const refused = order.send({ type: "wallet.refused", refusal: { code: "insufficient_funds", detail: "" } });
    expect([refused.tag, looks(refused)]).toEqual(["rejected", []]);
    const of = (type: string, data: object) => ({ type, attempt: 1, txId: BUILT.txId, ...data });
    const paid = order
      .send({ type: "wallet.reserved", sequence: 1 })
      .send(of("transaction.signed", { expiration: 1 }))
      .send(of("transaction.confirmed", { inclusion: INCLUSION }));
    expect([paid.tag, looks(paid)]).toEqual(["confirmed", ["ends:Tabcghij:Tabcdefghij:paid"]]);
  });

  test("lists a transaction by its id, once its bytes are signed and not before", () => {
    const built = Driven.born("transaction", transactionInput()).answer("build", BUILT);
    expect(built.record.indexes).toEqual([]);
    expect(built.answer("sign", SIGNED).record.indexes).toEqual([`tx:${BUILT.txId}`]);
  });

  test("has public words for every state of every machine", () => {
    const words = new Set<string>();
    for (const { machine } of Object.values(catalog))
      for (const node of nodesOf(machine.root)) for (const tag of node.tags) words.add(tag);
    expect([...words].toSorted()).toEqual([
      "active",
      "approved",
      "archived",
      "awaiting_approval",
      "broadcast",
      "cancelled",
      "confirmed",
      "failed",
      "finished",
      "frozen",
      "handed_over",
      "needs_attention",
      "over",
      "pending",
      "refused",
      "rejected",
      "retry",
      "unknown",
    ]);
  });
});
