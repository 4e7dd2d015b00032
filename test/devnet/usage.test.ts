import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  FULL_WINDOW,
  settled,
  UNUSED,
  type Use,
  used,
  usageLeft,
  usedOfDay,
  usedWithReturned,
  windowOf,
} from "../../src/devnet/usage.ts";

const DAY = 28_800;

describe("a staked resource", () => {
  test("comes back linearly over a day", () => {
    const use = used(UNUSED, 28_800_000, 1_000);
    expect(use).toEqual({ usage: 28_800_000, slot: 1_000, window: FULL_WINDOW });
    expect(usageLeft(use, 1_000)).toBe(28_800_000);
    expect(usageLeft(use, 1_000 + DAY / 2)).toBe(14_400_000);
    // A whole unit is lost to rounding the average: 34722 of 34722.2.
    expect(usageLeft(use, 1_000 + DAY - 1)).toBe(999);
    expect(usageLeft(use, 1_000 + DAY)).toBe(0);
    expect(usageLeft(use, 1_000 + 10 * DAY)).toBe(0);
  });

  test("keeps the time that the older part still needs: the window is the mean of both, weighed", () => {
    const half = used(used(UNUSED, 1_000_000, 0), 500_000, DAY / 2);
    // Half a day is left of 500,000, a whole one of the new 500,000: three quarters of a day for all of it.
    expect(half).toEqual({ usage: 1_000_000, slot: DAY / 2, window: (FULL_WINDOW * 3) / 4 });
    expect(usageLeft(half, DAY / 2 + (DAY * 3) / 8)).toBe(500_000);
    expect(usageLeft(half, DAY / 2 + (DAY * 3) / 4)).toBe(0);
  });

  test("has a whole window again once nothing is left", () => {
    const half = used(used(UNUSED, 1_000_000, 0), 500_000, DAY / 2);
    expect(settled(half, 10 * DAY)).toEqual({ usage: 0, slot: 10 * DAY, window: FULL_WINDOW });
    expect(windowOf(UNUSED)).toBe(FULL_WINDOW);
  });

  test("rounds as java-tron does: up in the average, down in the usage", () => {
    // 267 bytes: ceil(267e6 / 28800) = 9271; 9271 * 28800 / 1e6 = 267.0048.
    const use = used(UNUSED, 267, 5);
    expect(use.usage).toBe(267);
    // One slot later: round(9271 * 28799 / 28800) = 9271, still 267; after 1,000 slots: 8949 -> 257.
    expect(usageLeft(use, 6)).toBe(267);
    expect(usageLeft(use, 1_005)).toBe(257);
  });

  test("takes over a share of the receiver's usage together with its window when it is undelegated", () => {
    const owner: Use = { usage: 100, slot: 10, window: FULL_WINDOW };
    expect(usedWithReturned(owner, { moved: 300, window: FULL_WINDOW / 2 }, 10)).toEqual({
      usage: 400,
      slot: 10,
      window: (FULL_WINDOW * 5) / 8,
    });
    expect(usedWithReturned(UNUSED, { moved: 0, window: 5 }, 10)).toEqual({ usage: 0, slot: 10, window: FULL_WINDOW });
  });

  const step = fc.record({ wait: fc.nat(40_000), added: fc.nat(200_000_000_000) });

  test("is never negative, never more than was used, and its window never longer than a day", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let use = UNUSED;
        let slot = 0;
        let total = 0;
        for (const { wait, added } of steps) {
          slot += wait;
          const left = usageLeft(use, slot);
          expect(left).toBeGreaterThanOrEqual(0);
          // The averages are rounded up, by less than a unit of each part.
          expect(left).toBeLessThanOrEqual(use.usage + 1);
          total += added;
          use = used(use, added, slot);
          expect(use.usage).toBeGreaterThanOrEqual(added);
          expect(use.usage).toBeLessThanOrEqual(total + steps.length);
          expect(use.window).toBeGreaterThan(0);
          expect(use.window).toBeLessThanOrEqual(FULL_WINDOW);
        }
      }),
    );
  });

  test("never grows while nothing is used, and is gone after its window", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 10 }), fc.nat(40_000), fc.nat(40_000), (steps, a, b) => {
        let use = UNUSED;
        let slot = 0;
        for (const { wait, added } of steps) {
          slot += wait;
          use = used(use, added, slot);
        }
        const [sooner, later] = a < b ? [a, b] : [b, a];
        expect(usageLeft(use, slot + later)).toBeLessThanOrEqual(usageLeft(use, slot + sooner));
        expect(usageLeft(use, slot + Math.ceil(use.window / 1_000))).toBe(0);
      }),
    );
  });
});

describe("a quota of a day", () => {
  test("adds and comes back over 28,800 slots whatever happened before", () => {
    expect(usedOfDay({ usage: 0, slot: 0 }, 345, 7)).toBe(345);
    expect(usedOfDay({ usage: 345, slot: 7 }, 0, 7 + DAY / 2)).toBe(172);
    expect(usedOfDay({ usage: 345, slot: 7 }, 255, 7 + DAY)).toBe(255);
  });

  test("is exact where a double is not", () => {
    expect(usedOfDay({ usage: 14_399_999_999, slot: 3 }, 1, 3)).toBe(14_400_000_000);
  });
});
