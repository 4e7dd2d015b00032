import { describe, expect, test } from "vitest";
import { energyStateOf } from "../../src/devnet/evm/dynamic-energy.ts";
import { energyKey } from "../../src/devnet/evm/contract-keys.ts";
import { periodOf } from "../../src/devnet/rewards.ts";
import { Session } from "../../src/devnet/state.ts";

const ADDRESS = `41${"cc".repeat(20)}`;
const BUSY = 5_000_000_001;

/** The state that was stored in cycle 10, as it is in another. */
function later(state: { usage: number; factor: number; held?: true }, cycle: number) {
  const session = new Session({ row: () => undefined });
  session.write(energyKey(ADDRESS), { ...state, cycle: 10 });
  session.write("period!now", { ...periodOf(session), cycle });
  return energyStateOf(session, ADDRESS);
}

describe("the price level of a contract", () => {
  test("begins at one", () => {
    const session = new Session({ row: () => undefined });
    expect(energyStateOf(session, ADDRESS)).toEqual({ usage: 0, factor: 0, cycle: 0 });
  });

  test("stays within a cycle", () => {
    expect(later({ usage: BUSY, factor: 500 }, 10)).toEqual({ usage: BUSY, factor: 500, cycle: 10 });
  });

  test("rises by a fifth after a busy cycle, up to the most", () => {
    expect(later({ usage: BUSY, factor: 0 }, 11)).toEqual({ usage: 0, factor: 2_000, cycle: 11 });
    expect(later({ usage: BUSY, factor: 2_000 }, 11).factor).toBe(4_400);
    expect(later({ usage: BUSY, factor: 33_000 }, 11).factor).toBe(34_000);
  });

  test("falls by a twentieth in each quiet cycle, down to one", () => {
    expect(later({ usage: BUSY - 1, factor: 34_000 }, 11).factor).toBe(31_800);
    expect(later({ usage: 0, factor: 34_000 }, 13).factor).toBe(27_724);
    expect(later({ usage: 0, factor: 34_000 }, 90).factor).toBe(0);
    // Busy once, then quiet: up by one step, down by two.
    expect(later({ usage: BUSY, factor: 10_000 }, 13)).toEqual({ usage: 0, factor: 11_660, cycle: 13 });
  });

  test("does not move where it is held", () => {
    expect(later({ usage: BUSY, factor: 34_000, held: true }, 99)).toMatchObject({ usage: 0, factor: 34_000 });
  });
});
