import fc from "fast-check";
import { expect, test } from "vitest";
import { ExpiryQueue } from "../../src/chain/expiry-queue.ts";

test("what is due comes out in order and once, whatever was pushed, ended and forgotten in between", () => {
  const command = fc.oneof(
    fc.record({ push: fc.integer({ min: 0, max: 50 }) }),
    fc.record({ end: fc.nat() }),
    fc.record({ takeUntil: fc.integer({ min: 0, max: 60 }) }),
    fc.record({ compact: fc.constant(true) }),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
      const queue = new ExpiryQueue<{ expiration: number; live: boolean }>();
      let model: { expiration: number; live: boolean }[] = [];
      for (const next of commands) {
        if ("push" in next) {
          const item = { expiration: next.push, live: true };
          queue.push(item);
          model.push(item);
        } else if ("end" in next) {
          const item = model[next.end % Math.max(1, model.length)];
          if (item !== undefined) item.live = false;
        } else if ("takeUntil" in next) {
          const due = model.filter((item) => item.live && item.expiration <= next.takeUntil);
          model = model.filter((item) => item.expiration > next.takeUntil);
          const taken = queue.takeDue(next.takeUntil);
          expect(taken.map((item) => item.expiration)).toEqual(
            due.map((item) => item.expiration).toSorted((a, b) => a - b),
          );
          expect(new Set(taken)).toEqual(new Set(due));
        } else {
          queue.compact(model.filter((item) => item.live).length);
        }
      }
    }),
  );
  expect.hasAssertions();
});

test("what ended long before it is due does not stay in memory", () => {
  const queue = new ExpiryQueue<{ expiration: number; live: boolean }>();
  const items = Array.from({ length: 10_000 }, (_, i) => ({ expiration: (i * 7_919) % 10_000, live: true }));
  for (const item of items) queue.push(item);
  for (const item of items) item.live = item.expiration % 100 === 0;
  queue.compact(100);
  expect(queue.size).toBe(100);
  expect(queue.takeDue(10_000).map((item) => item.expiration)).toEqual(Array.from({ length: 100 }, (_, i) => i * 100));
});
