import { describe, expect, test } from "vitest";
import { INITIAL_PARAMETERS } from "../../src/devnet/parameters.ts";
import { objectionToValue, parameterOfProposal } from "../../src/devnet/proposal-rules.ts";
import type { View } from "../../src/devnet/state.ts";

/** A chain on which nothing was changed but these parameters. */
const chainWith = (values: Readonly<Record<string, number>>): View => ({ row: () => ({ values, prices: {} }) });
const unchanged = chainWith({});
const nothingOpen = chainWith(
  Object.fromEntries(
    Object.keys(INITIAL_PARAMETERS).map((name) => [name, name === "getMaxDelegateLockPeriod" ? 1 : 0]),
  ),
);
const IDS = Array.from({ length: 95 }, (_, id) => BigInt(id)).filter((id) => parameterOfProposal(id) !== undefined);

describe("what may be proposed", () => {
  test("is most of the parameters of the chain, each by one number", () => {
    const names = IDS.map((id) => parameterOfProposal(id));
    expect(new Set(names).size).toBe(names.length);
    const left = Object.keys(INITIAL_PARAMETERS).filter((name) => !(names as string[]).includes(name));
    // These two follow from others.
    expect(left).toEqual(["getTotalEnergyTargetLimit", "getTotalEnergyAverageUsage"]);
    expect(objectionToValue(unchanged, 90n, 1n)).toBe("Does not support code : 90");
  });

  test.each<[bigint, bigint[], bigint[]]>([
    [0n, [81_000n, 86_400_000n], [80_999n, 86_400_001n]],
    [1n, [0n, 10n ** 17n], [-1n, 10n ** 17n + 1n]],
    [11n, [-5n, 2n ** 63n - 1n], []],
    [13n, [10n, 400n], [9n, 401n]],
    [22n, [0n, 100_000_000_000n], [-1n, 100_000_000_001n]],
    [29n, [1n, 10_000n], [0n, 10_001n]],
    [33n, [1n, 1_000n], [0n, 1_001n]],
    [39n, [0n, 1n], [-1n, 2n]],
    [47n, [0n, 10n ** 17n], [-1n, 10n ** 17n + 1n]],
    [61n, [0n, 100_000n], [-1n, 100_001n]],
    [62n, [0n, 10n ** 12n], [-1n, 10n ** 12n + 1n]],
    [68n, [0n, 10n ** 9n], [-1n, 10n ** 9n + 1n]],
    [70n, [1n, 365n], [0n, 366n]],
    [72n, [0n, 1n], [2n]],
    [74n, [0n, 10_000n], [-1n, 10_001n]],
    [75n, [0n, 100_000n], [-1n, 100_001n]],
    [78n, [864_001n, 10_512_000n], [864_000n, 10_512_001n]],
    [82n, [500n, 10_000n], [499n, 10_001n]],
  ])("parameter %s takes the ends of its range and nothing beyond", (id, good, bad) => {
    expect(good.map((value) => objectionToValue(unchanged, id, value))).toEqual(good.map(() => undefined));
    for (const value of bad) expect(objectionToValue(unchanged, id, value)).toEqual(expect.any(String));
  });

  test("switches are only switched on, and some only once", () => {
    const once = [67n, 79n, 81n, 83n, 87n, 88n, 89n];
    for (const id of once) {
      expect(objectionToValue(unchanged, id, 1n)).toMatch(/has been valid/);
      expect(objectionToValue(nothingOpen, id, 1n)).toBeUndefined();
      expect(objectionToValue(nothingOpen, id, 0n)).toMatch(/is only allowed to be 1$/);
    }
    for (const id of [9n, 14n, 15n, 16n, 20n, 21n, 40n, 41n, 44n, 51n, 53n, 60n, 63n, 65n, 66n, 69n, 71n, 76n]) {
      expect(objectionToValue(unchanged, id, 1n)).toBeUndefined();
      expect(objectionToValue(unchanged, id, 0n)).toMatch(/^This value\[[A-Z0-9_]+\] is only allowed to be 1$/);
    }
    expect(objectionToValue(nothingOpen, 10n, 1n)).toBeUndefined();
    expect(objectionToValue(nothingOpen, 10n, 2n)).toBe(
      "This value[REMOVE_THE_POWER_OF_THE_GR] is only allowed to be 1",
    );
  });

  test.each<[bigint, string, string]>([
    [18n, "ALLOW_SAME_TOKEN_NAME", "ALLOW_TVM_TRANSFER_TRC10"],
    [26n, "ALLOW_TVM_TRANSFER_TRC10", "ALLOW_TVM_CONSTANTINOPLE"],
    [32n, "ALLOW_CREATION_OF_CONTRACTS", "ALLOW_TVM_SOLIDITY_059"],
    [35n, "ALLOW_CREATION_OF_CONTRACTS", "FORBID_TRANSFER_TO_CONTRACT"],
    [52n, "ALLOW_DELEGATE_RESOURCE", "ALLOW_TVM_FREEZE"],
    [59n, "ALLOW_CHANGE_DELEGATION", "ALLOW_TVM_VOTE"],
    [77n, "UNFREEZE_DELAY_DAYS", "ALLOW_CANCEL_ALL_UNFREEZE_V2"],
  ])("parameter %s waits for another", (id, first, then) => {
    expect(objectionToValue(unchanged, id, 1n)).toBeUndefined();
    expect(objectionToValue(nothingOpen, id, 1n)).toBe(
      `[${first}] proposal must be approved before [${then}] can be proposed`,
    );
  });

  test("what depends on a switch changes with it", () => {
    expect(objectionToValue(nothingOpen, 13n, 101n)).toBe("Bad chain parameter value, valid range is [10,100]");
    expect(objectionToValue(nothingOpen, 47n, 10_000_000_001n)).toBe(
      "Bad MAX_FEE_LIMIT parameter value, valid range is [0,10_000_000_000L]",
    );
    expect(objectionToValue(nothingOpen, 78n, 2n)).toBe(
      "[UNFREEZE_DELAY_DAYS] proposal must be approved before [MAX_DELEGATE_LOCK_PERIOD] can be proposed",
    );
    const market = chainWith({ getAllowMarketTransaction: 1 });
    expect(objectionToValue(market, 45n, 1n)).toBeUndefined();
    expect(objectionToValue(market, 46n, 10_000_000_001n)).toBe(
      "Bad MARKET_CANCEL_FEE parameter value, valid range is [0,10_000_000_000L]",
    );
    expect(objectionToValue(unchanged, 46n, 1n)).toBe(
      "Market Transaction is not activated, can not set Market Cancel Fee",
    );
  });
});
