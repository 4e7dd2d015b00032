import { expect, test } from "vitest";
import { agreedReading } from "../../src/chain/agreed-reading.ts";
import { Fault } from "../../src/domain/errors.ts";

const terms = { required: 2, keyOf: (reading: { value: string }) => reading.value };
const says = (...values: string[]) => {
  const left = [...values];
  return async () => ({ value: (left.length > 1 ? left.shift() : left[0]) ?? "" });
};

test("what two nodes read alike is the reading, whatever a third one says", async () => {
  expect(await agreedReading([says("7"), says("9"), says("7")], terms)).toEqual([{ value: "7" }, { value: "7" }]);
});

test("nodes that are a block apart are asked again until they meet", async () => {
  expect(await agreedReading([says("7", "8"), says("8")], terms)).toHaveLength(2);
});

test("nodes that keep reading differently are a disagreement, not a balance", async () => {
  await expect(agreedReading([says("7"), says("9")], terms)).rejects.toMatchObject({ code: "nodes_disagree" });
});

test("one node alone is none", async () => {
  const silent = () => Promise.reject(new Fault("chain_timeout"));
  await expect(agreedReading([says("7"), silent], terms)).rejects.toMatchObject({ code: "chain_timeout" });
});
