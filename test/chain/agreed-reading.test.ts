import { expect, test } from "vitest";
import { agreedReading } from "../../src/chain/agreed-reading.ts";
import { Fault } from "../../src/domain/errors.ts";

const terms = { required: 2, keyOf: (reading: { value: string }) => reading.value };
let voices = 0;
const says = (...values: string[]) => saysAs(`node-${(voices += 1)}`, ...values);
const saysAs = (voice: string, ...values: string[]) => {
  const left = [...values];
  return { voice, read: async () => ({ value: (left.length > 1 ? left.shift() : left[0]) ?? "" }) };
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
  const silent = { voice: "silent", read: () => Promise.reject(new Fault("chain_timeout")) };
  await expect(agreedReading([says("7"), silent], terms)).rejects.toMatchObject({ code: "chain_timeout" });
});

test("two addresses of one provider are one node", async () => {
  const provider = [saysAs("a", "7"), saysAs("a", "7")];
  await expect(agreedReading([...provider, saysAs("b", "9")], terms)).rejects.toMatchObject({ code: "nodes_disagree" });
  expect(await agreedReading([...provider, saysAs("b", "7")], terms)).toHaveLength(3);
});
