import { expect, test } from "vitest";
import { LowWater } from "../../src/persistence/low-water.ts";

test("a search raises the floor to what it has seen, and the next one starts there", async () => {
  const water = new LowWater();
  expect(await water.scan((floor) => Promise.resolve({ found: floor, emptyBelow: 70 }))).toBe(0);
  expect(await water.scan((floor) => Promise.resolve({ found: floor, emptyBelow: 90 }))).toBe(70);
  expect(water.floor()).toBe(90);
});

test("a row that is committed while a search runs keeps the floor below itself", async () => {
  const water = new LowWater();
  await water.scan(() => {
    water.committed(50);
    water.committed(60);
    return Promise.resolve({ found: undefined, emptyBelow: 1_000 });
  });
  expect(water.floor()).toBe(50);
});

test("a row that is committed below the floor lowers it, and one above leaves it", async () => {
  const water = new LowWater();
  await water.scan(() => Promise.resolve({ found: undefined, emptyBelow: 1_000 }));
  water.committed(2_000);
  expect(water.floor()).toBe(1_000);
  water.committed(400);
  expect(water.floor()).toBe(400);
});

test("a search that fails leaves the floor where it was", async () => {
  const water = new LowWater();
  await expect(water.scan(() => Promise.reject(new Error("disk")))).rejects.toThrow("disk");
  expect(water.floor()).toBe(0);
});
