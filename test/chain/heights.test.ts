import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Heights } from "../../src/chain/heights.ts";
import { GATEWAY_DEFAULTS, type TronGateway } from "../../src/chain/tron-gateway.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { until } from "../support/poll.ts";
import { sealedBlock } from "../support/wire-block.ts";
import { openGateway, ScriptedNode } from "./support.ts";

const NOW = 1_800_000_000_000;
/** The block that a chain without missed slots has at this time. */
const at = (ms: number) => ({ number: Math.floor(ms / 3_000), timestamp: ms });

class Nodes {
  readonly heights = new Heights();
  private readonly nodes = new Map<string, object>();

  says(name: string, block: { number: number; timestamp: number }, now = NOW): void {
    this.heights.heard(this.node(name), { kind: "head", block, now });
  }

  best(now = NOW): number | undefined {
    return this.heights.best("head", now);
  }

  liars(now = NOW): string[] {
    return [...this.nodes].filter(([, node]) => this.heights.exaggerates(node, now)).map(([name]) => name);
  }

  private node(name: string): object {
    const node = this.nodes.get(name) ?? {};
    this.nodes.set(name, node);
    return node;
  }
}

describe("the height that nodes are measured by", () => {
  test("is the highest of nodes that fit together, also when some are far behind", () => {
    const nodes = new Nodes();
    nodes.says("fresh", at(NOW));
    nodes.says("stale", at(NOW - 3_600_000));
    nodes.says("staler", at(NOW - 7_200_000));
    expect(nodes.best()).toBe(at(NOW).number);
    expect(nodes.liars()).toEqual([]);
  });

  test("is not that of a node with more blocks than slots, whoever spoke first", () => {
    for (const order of [
      ["honest", "liar"],
      ["liar", "honest"],
    ]) {
      const nodes = new Nodes();
      for (const name of order) nodes.says(name, { ...at(NOW), number: at(NOW).number + (name === "liar" ? 100 : 0) });
      expect(nodes.best()).toBe(at(NOW).number);
      expect(nodes.liars()).toEqual(["liar"]);
    }
  });

  test("is not that of a node from the future, unless all are: then the clock is behind", () => {
    const nodes = new Nodes();
    const future = NOW + 16 * 60_000;
    nodes.says("ahead", at(future));
    expect(nodes.liars()).toEqual([]);
    nodes.says("honest", at(NOW));
    expect(nodes.liars()).toEqual(["ahead"]);
    expect(nodes.best()).toBe(at(NOW).number);
  });

  test("allows for missed slots and for branches that differ by a few blocks", () => {
    const nodes = new Nodes();
    nodes.says("a", { number: 1_000, timestamp: NOW });
    nodes.says("b", { number: 1_005, timestamp: NOW });
    nodes.says("c", { number: 900, timestamp: NOW - 3_000_000 });
    expect(nodes.liars()).toEqual([]);
    expect(nodes.best()).toBe(1_005);
  });

  test("forgets a word after a minute", () => {
    const nodes = new Nodes();
    nodes.says("liar", { ...at(NOW), number: 10 ** 9 + at(NOW).number });
    expect(nodes.best(NOW + 60_001)).toBeUndefined();
    nodes.says("honest", at(NOW + 61_000), NOW + 61_000);
    expect(nodes.best(NOW + 61_000)).toBe(at(NOW + 61_000).number);
  });

  test("is an honest one, whatever one of three or more says, as long as it claims more blocks than the chain has slots", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 600_000 }), { minLength: 2, maxLength: 5 }),
        fc.integer({ min: 6, max: 10 ** 9 }),
        fc.integer({ min: -600_000, max: 10 ** 9 }),
        (behind, extra, shift) => {
          const nodes = new Nodes();
          for (const [i, ms] of behind.entries()) nodes.says(`honest ${i}`, at(NOW - ms));
          const claimed = at(NOW + shift);
          nodes.says("liar", { ...claimed, number: claimed.number + extra + 1 });
          expect(nodes.best()).toBe(at(NOW - Math.min(...behind)).number);
        },
      ),
    );
  });
});

describe("several nodes", () => {
  const clock = new ManualClock(NOW);
  let scripted: ScriptedNode[];
  let gateway: TronGateway;

  beforeEach(async () => {
    scripted = await Promise.all([ScriptedNode.open(), ScriptedNode.open()]);
    const nodes = scripted.map(({ url }) => ({ url }));
    gateway = openGateway([], { nodes, http: GATEWAY_DEFAULTS.http }, { clock });
  });
  afterEach(async () => {
    await gateway.close();
    await Promise.all(scripted.map((node) => node.close()));
  });

  test("one node that exaggerates its head puts no other behind, and comes after them itself", async () => {
    const [liar, honest] = scripted;
    const answer = (number: number) => ({
      body: sealedBlock({ number, parentHash: "e5".repeat(32), timestamp: NOW }),
    });
    for (const path of ["wallet/getblock", "wallet/getnowblock"]) {
      liar?.on(path, answer(at(NOW).number + 5_000));
      honest?.on(path, answer(at(NOW).number));
    }
    expect((await gateway.headBlock()).number).toBe(at(NOW).number + 5_000);
    gateway.pool.startProbes();
    await clock.advance(31_000);
    await until("the probes", () => gateway.pool.all().every((node) => node.reading().head !== null));
    expect(gateway.pool.all()[1]?.reading().lagBlocks).toBe(0);
    expect((await gateway.headBlock()).number).toBe(at(NOW).number);
    expect(gateway.pool.nodes()[0]).toBe(gateway.pool.all()[1]);
  });
});
