import { expect, test } from "vitest";
import { Rhythm } from "../../src/chain/rhythm.ts";
import { Random } from "../support/random.ts";

/** Looks of a follower at blocks that come at these times, ms; each look takes `tookMs`. */
function follow(blocks: readonly number[], tookMs: number): { looks: number; late: number } {
  const rhythm = new Rhythm(1_500);
  let [now, looks, found, late] = [0, 0, 0, 0];
  while (found < blocks.length) {
    looks += 1;
    const before = found;
    while ((blocks[found] ?? Infinity) <= now) {
      late += now - (blocks[found] ?? 0);
      found += 1;
    }
    now += tookMs + rhythm.after({ isNew: found > before, tookMs });
  }
  return { looks: looks / blocks.length, late: late / blocks.length };
}

test.each([5, 150, 600])(
  "blocks every 3 s are seen within a second by 1.5 looks each, when a look takes %i ms",
  (tookMs) => {
    const blocks = Array.from({ length: 1_000 }, (_, at) => 1_234 + at * 3_000);
    const { looks, late } = follow(blocks, tookMs);
    expect(looks).toBeLessThan(1.5);
    expect(late).toBeLessThan(1_000);
  },
);

test("missed slots and late blocks cost a look each and no block", () => {
  const random = new Random(3);
  let time = 0;
  const blocks = Array.from({ length: 1_000 }, () => (time += random.chance(0.1) ? 6_000 : 3_000) + random.below(400));
  const { looks, late } = follow(blocks, 100);
  expect(looks).toBeLessThan(1.9);
  expect(late).toBeLessThan(1_000);
});

test("while nothing comes, or nobody answers, it is asked at the usual pace", () => {
  const rhythm = new Rhythm(1_500);
  const waits = [true, false, false, false].map((isNew) => rhythm.after({ isNew, tookMs: 50 }));
  expect(waits).toEqual([2_800, 600, 1_500, 1_500]);
});
