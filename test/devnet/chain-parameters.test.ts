import { describe, expect, test } from "vitest";
import { parametersOf, priceHistory, setParameter } from "../../src/devnet/chain-parameters.ts";
import { Session } from "../../src/devnet/state.ts";

const empty = () => new Session({ row: () => undefined });

describe("chain parameters", () => {
  test("are what the chain began with until they are changed, and again when the change is undone", () => {
    const before = empty();
    const after = new Session(before);
    setParameter(after, { name: "getEnergyFee", value: 210, since: 1_777_461_600_000 });
    expect(parametersOf(after).getEnergyFee).toBe(210);
    expect(parametersOf(after).getTransactionFee).toBe(1_000);
    expect(parametersOf(before).getEnergyFee).toBe(100);
  });

  test("keep the order in which a node lists them", () => {
    const session = empty();
    const order = Object.keys(parametersOf(session));
    setParameter(session, { name: "getAllowTvmBlob", value: 0, since: 1 });
    setParameter(session, { name: "getMaintenanceTimeInterval", value: 1_800_000, since: 2 });
    expect(Object.keys(parametersOf(session))).toEqual(order);
  });

  test("leave their history behind when they are prices", () => {
    const session = empty();
    setParameter(session, { name: "getEnergyFee", value: 210, since: 5_000 });
    setParameter(session, { name: "getEnergyFee", value: 420, since: 9_000 });
    setParameter(session, { name: "getMaxFeeLimit", value: 1, since: 9_000 });
    expect(priceHistory(session, "getEnergyFee")).toBe("0:100,5000:210,9000:420");
    expect(priceHistory(session, "getMemoFee")).toBe("0:1000000");
    expect(parametersOf(session).getMaxFeeLimit).toBe(1);
  });
});
