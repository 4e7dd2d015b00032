/** What several nodes say about solidified blocks, and how much of it is believed. */
import { describe, expect, test } from "vitest";
import { inclusionsOf, type ReceiptIndex } from "../../src/chain/block-reader.ts";
import type { BlockSource } from "../../src/chain/block-source.ts";
import { Finality, type FinalityEvent, type KnownChain } from "../../src/chain/finality.ts";
import type { BlockHeader, Inclusion, Receipt } from "../../src/domain/chain-facts.ts";
import { units } from "../../src/domain/money.ts";
import { silentLogger, type Logger } from "../../src/ports/telemetry.ts";
import { ManualClock } from "../support/manual-clock.ts";

const SIGNAL = new AbortController().signal;
const idOf = (number: number, branch = "aa") => number.toString(16).padStart(16, "0") + branch.repeat(24);
const header = (number: number, branch = "aa"): BlockHeader => ({
  number,
  id: idOf(number, branch),
  parentId: idOf(number - 1, branch),
  timestamp: number * 3_000,
});

/** A node that is at `solid` on `branch`. */
class Node implements BlockSource {
  readonly name: string;
  readonly voice: string;
  solid: number;
  branch = "aa";
  /** From this height on it names blocks of its branch, below those of everybody. */
  branchedAt = 0;
  silent = false;
  excluded: string | undefined;
  asked = 0;
  feeSun = 345_000n;

  constructor(name: string, solid: number, voice = name) {
    this.name = name;
    this.voice = voice;
    this.solid = solid;
  }

  at(number: number): BlockHeader {
    return header(number, number >= this.branchedAt ? this.branch : "aa");
  }

  async solidBlock(): Promise<BlockHeader> {
    this.asked += 1;
    if (this.silent) throw new Error(`${this.name} is silent`);
    return this.at(this.solid);
  }

  async solidHeader(number: number): Promise<BlockHeader | undefined> {
    if (this.silent) throw new Error(`${this.name} is silent`);
    return number > this.solid ? undefined : this.at(number);
  }

  async block(number: number) {
    return number > this.solid ? undefined : { ...this.at(number), transactions: [{ txId: "t", result: this.branch }] };
  }

  async receipts(blockNumber: number): Promise<Receipt[]> {
    if (this.silent) throw new Error(`${this.name} is silent`);
    const place = { blockNumber, blockTimestamp: blockNumber * 3_000 };
    const cost = { feeSun: units(this.feeSun), energyUsed: 0, bandwidthUsed: 0, transfers: [] };
    return [{ txId: "t", result: "SUCCESS", ...place, ...cost }];
  }

  exclude(reason: string): void {
    this.excluded = reason;
  }

  admit(): void {
    this.excluded = undefined;
  }
}

function open(required: number, nodes: readonly Node[]) {
  const clock = new ManualClock();
  const events: FinalityEvent[] = [];
  const lines: string[] = [];
  const note = (level: string) => (_fields: object, message: string) => void lines.push(`${level}: ${message}`);
  const logger: Logger = { ...silentLogger, warn: note("warn"), error: note("error") };
  const ports = { sources: nodes, clock, logger, onEvent: (event: FinalityEvent) => void events.push(event) };
  const finality = new Finality({ required, quarantineMs: 1_000, patienceMs: 10 }, ports);
  return { finality, clock, events, lines };
}

const known = (solidNumber: number, branch = "aa"): KnownChain => ({
  solidNumber,
  idAt: (number) => (number <= solidNumber && number > solidNumber - 40 ? idOf(number, branch) : undefined),
});

describe("two nodes that have to agree", () => {
  test("make solid what both hold for solidified, at the height of the slower one", async () => {
    const [a, b] = [new Node("a", 105), new Node("b", 103)];
    const { finality } = open(2, [a, b]);
    expect(await finality.agree(known(100), SIGNAL)).toEqual({
      kind: "agreed",
      header: header(103),
      nodes: ["a", "b"],
    });
  });

  test("one of them alone proves nothing, and the other one's silence is no word", async () => {
    const [a, b] = [new Node("a", 105), new Node("b", 105)];
    const { finality } = open(2, [a, b]);
    b.silent = true;
    expect(await finality.agree(known(100), SIGNAL)).toMatchObject({ kind: "unagreed", disputed: false, number: 105 });
    expect(finality.status().nodes).toMatchObject([{ state: "ok" }, { state: "silent", detail: "b is silent" }]);
    a.silent = true;
    await expect(finality.agree(known(100), SIGNAL)).rejects.toMatchObject({ name: "Fault" });
  });

  test("a disagreement is told once, decides nothing, and ends when they agree", async () => {
    const [a, b] = [new Node("a", 105), new Node("b", 105)];
    const { finality, events, lines } = open(2, [a, b]);
    b.branch = "bb";
    b.branchedAt = 104;
    for (let round = 0; round < 3; round += 1) {
      expect(await finality.agree(known(100), SIGNAL)).toMatchObject({ kind: "unagreed", disputed: true, number: 105 });
    }
    expect(events).toEqual(["disputed"]);
    expect(lines).toEqual(["warn: nodes disagree; nothing is decided or signed until they agree"]);
    expect(finality.status().dispute).toMatchObject({ number: 105, detail: expect.stringContaining("b say") });
    b.branch = "aa";
    // A word that was taken back below the disputed block settles nothing.
    [a.solid, b.solid] = [106, 106];
    expect(await finality.agree(known(100), SIGNAL)).toMatchObject({ kind: "agreed", header: { number: 106 } });
    expect(finality.status().dispute).toBeUndefined();
    expect(events).toEqual(["disputed", "agreed"]);
  });

  test("of three, two are enough and the third one's word does not count", async () => {
    const [a, b, c] = [new Node("a", 105), new Node("b", 105), new Node("c", 400)];
    const { finality } = open(2, [a, b, c]);
    c.branch = "cc";
    expect(await finality.agree(known(100), SIGNAL)).toMatchObject({ kind: "agreed", nodes: ["a", "b"] });
  });

  test("a node that never answers delays the others by their patience at most", async () => {
    const nodes = [new Node("a", 105), new Node("b", 105), new Node("c", 105)];
    const { finality, clock } = open(2, nodes);
    Object.assign(nodes[2] ?? {}, { solidBlock: () => new Promise(() => {}) });
    const pending = finality.agree(known(100), SIGNAL);
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(10);
    expect(await pending).toMatchObject({ kind: "agreed", nodes: ["a", "b"] });
  });

  test("a block below the cursor that both replaced is a fork, and nobody is blamed", async () => {
    const [a, b] = [new Node("a", 100), new Node("b", 100)];
    const { finality } = open(2, [a, b]);
    expect(await finality.agree(known(100, "zz"), SIGNAL)).toMatchObject({ kind: "forked" });
    expect([a.excluded, b.excluded]).toEqual([undefined, undefined]);
  });
});

describe("two addresses of one provider", () => {
  const branched = (node: Node, branch: string, from: number) => Object.assign(node, { branch, branchedAt: from });
  const three = (solid = 105) =>
    [new Node("a:1", solid, "a"), new Node("a:2", solid, "a"), new Node("b:1", solid, "b")] as const;

  test("are one voice: against another one's word nothing is solidified", async () => {
    const [a1, a2, b] = three();
    for (const node of [a1, a2]) branched(node, "bb", 104);
    const { finality, events } = open(2, [a1, a2, b]);
    expect(await finality.agree(known(100), SIGNAL)).toMatchObject({ kind: "unagreed", disputed: true, number: 105 });
    expect(await finality.agreedAt(105, SIGNAL)).toBeUndefined();
    expect(await finality.agreedAt(103, SIGNAL)).toMatchObject({ header: { id: idOf(103) }, nodes: ["a:1", "b:1"] });
    expect(await finality.denies({ number: 105, id: idOf(105) }, SIGNAL)).toBe(false);
    expect(events).toEqual(["disputed"]);
  });

  test("prove nothing while the other provider is silent", async () => {
    const [a1, a2, b] = three();
    b.silent = true;
    const { finality } = open(2, [a1, a2, b]);
    expect(await finality.agree(known(100), SIGNAL)).toMatchObject({
      kind: "unagreed",
      disputed: false,
      detail: "only 1 of the 2 nodes that have to agree answered",
    });
  });

  test("agree with another voice at its height, and the evidence names each voice once", async () => {
    const [a1, a2, b] = three();
    b.solid = 103;
    const { finality } = open(2, [a1, a2, b]);
    expect(await finality.agree(known(100), SIGNAL)).toEqual({
      kind: "agreed",
      header: header(103),
      nodes: ["a:1", "b:1"],
    });
  });

  test("wait for the other voice as long as for one that is asked first", async () => {
    const [a1, a2, b] = three();
    let answer: ((header: BlockHeader) => void) | undefined;
    Object.assign(b, { solidBlock: () => new Promise((resolve) => (answer = resolve)) });
    const { finality, clock } = open(2, [a1, a2, b]);
    const pending = finality.agree(known(100), SIGNAL);
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(5_000);
    answer?.(b.at(105));
    expect(await pending).toMatchObject({ kind: "agreed", nodes: ["a:1", "b:1"] });
  });

  test("are no fork together, also one after the other", async () => {
    const [a1, a2, b] = three(100);
    b.silent = true;
    const { finality } = open(2, [a1, a2, b]);
    a1.silent = true;
    branched(a2, "zz", 0);
    expect(await finality.agree(known(100), SIGNAL)).toMatchObject({ kind: "unagreed" });
    a1.silent = false;
    branched(a1, "zz", 0);
    expect(await finality.agree(known(100), SIGNAL)).toMatchObject({ kind: "unagreed" });
    expect(finality.status().nodes).toMatchObject([{ state: "quarantined" }, { state: "quarantined" }, {}]);
  });
});

describe("a node that contradicts what was solidified", () => {
  test("is not asked any more, is visible, and raises an alert", async () => {
    const [a, b] = [new Node("a", 100), new Node("b", 100)];
    const { finality, events, lines } = open(2, [a, b]);
    await finality.agree(known(99), SIGNAL);
    b.branch = "bb";
    expect(await finality.agree(known(99), SIGNAL)).toMatchObject({ kind: "unagreed", disputed: false });
    expect(finality.status().nodes[1]).toMatchObject({
      state: "quarantined",
      detail: expect.stringContaining("after"),
    });
    expect(b.excluded).toContain(idOf(100, "bb"));
    expect(events).toEqual(["quarantined"]);
    expect(lines).toEqual(["warn: a node contradicts what was solidified and is not asked any more"]);
    const { asked } = b;
    await finality.agree(known(100), SIGNAL);
    expect(b.asked).toBe(asked);
  });

  test("by a solidified head that went back to another branch is in quarantine too; one that only lags is not", async () => {
    const [a, b] = [new Node("a", 300), new Node("b", 300)];
    const { finality } = open(1, [a, b]);
    await finality.agree(known(299), SIGNAL);
    a.solid = 150;
    expect(await finality.agree(known(300), SIGNAL)).toMatchObject({ kind: "agreed", header: { number: 150 } });
    expect(finality.status().nodes[0]).toMatchObject({ state: "lagging" });
    a.solid = 280;
    a.branch = "bb";
    expect(await finality.agree(known(300), SIGNAL)).toMatchObject({ kind: "agreed", nodes: ["b"] });
    expect(finality.status().nodes[0]).toMatchObject({ state: "quarantined" });
  });

  test("comes back after its time only if it is on our chain", async () => {
    const [a, b] = [new Node("a", 100), new Node("b", 100)];
    const { finality, clock, events } = open(2, [a, b]);
    await finality.agree(known(100), SIGNAL);
    b.branch = "bb";
    await finality.agree(known(100), SIGNAL);
    await clock.advance(1_000);
    await finality.agree(known(100), SIGNAL);
    expect(finality.status().nodes[1]?.state).toBe("quarantined");
    expect(b.excluded).toBeDefined();
    b.branch = "aa";
    await clock.advance(999);
    await finality.agree(known(100), SIGNAL);
    expect(finality.status().nodes[1]?.state).toBe("quarantined");
    await clock.advance(1);
    expect(await finality.agree(known(100), SIGNAL)).toMatchObject({ kind: "agreed", nodes: ["a", "b"] });
    expect(b.excluded).toBeUndefined();
    expect(events).toEqual(["quarantined", "released"]);
  });

  test("comes back when an operator says so", async () => {
    const [a, b] = [new Node("a", 100), new Node("b", 100)];
    const { finality } = open(2, [a, b]);
    await finality.agree(known(100), SIGNAL);
    b.branch = "bb";
    await finality.agree(known(100), SIGNAL);
    b.branch = "aa";
    finality.forgive();
    expect(b.excluded).toBeUndefined();
    expect(await finality.agree(known(100), SIGNAL)).toMatchObject({ kind: "agreed" });
  });

  test("one after the other they are a fork together", async () => {
    const [a, b] = [new Node("a", 100), new Node("b", 100)];
    const { finality } = open(2, [a, b]);
    b.silent = true;
    a.branch = "zz";
    expect(await finality.agree(known(100), SIGNAL)).toMatchObject({ kind: "unagreed" });
    expect(a.excluded).toBeDefined();
    b.silent = false;
    b.branch = "zz";
    expect(await finality.agree(known(100), SIGNAL)).toMatchObject({ kind: "forked" });
  });

  test("is believed again at once when it is the only one and takes its word back", async () => {
    const a = new Node("a", 100);
    const { finality } = open(1, [a]);
    Object.assign(a, { solidBlock: async () => header(100, "zz") });
    expect(await finality.agree(known(100), SIGNAL)).toMatchObject({ kind: "unagreed", disputed: true });
    a.branch = "zz";
    expect(await finality.agree(known(100), SIGNAL)).toMatchObject({ kind: "forked" });
  });
});

describe("what the id of a block does not stand for", () => {
  const inclusion: Inclusion = {
    blockNumber: 90,
    blockId: idOf(90),
    blockTimestamp: 270_000,
    result: "SUCCESS",
    feeSun: units(345_000n),
    energyUsed: 0,
  };
  const block = { number: 90, id: idOf(90), timestamp: 270_000 };
  const told = new Map([["t", inclusion]]);
  const read = (receipts: ReceiptIndex) => inclusionsOf(block, [{ txId: "t", result: "SUCCESS" }], receipts);
  const settle = (finality: Finality, said = told) => finality.settle(90, { known: said, read }, SIGNAL);

  test("the fee of a transaction needs both nodes; disagreement waits and heals", async () => {
    const [a, b] = [new Node("a", 100), new Node("b", 100)];
    const { finality, events } = open(2, [a, b]);
    b.feeSun = 1n;
    expect(await settle(finality)).toBeUndefined();
    expect(await finality.agree(known(100), SIGNAL)).toMatchObject({ kind: "agreed" });
    expect(finality.status().dispute).toMatchObject({ number: 90 });
    b.feeSun = 345_000n;
    expect(await settle(finality)).toEqual(told);
    expect(finality.status().dispute).toBeUndefined();
    expect(events).toEqual(["disputed", "agreed"]);
  });

  test("both nodes overrule what a third one said before", async () => {
    const { finality } = open(2, [new Node("a", 100), new Node("b", 100)]);
    const lied = new Map([["t", { ...inclusion, feeSun: units(9n) }]]);
    expect(await settle(finality, lied)).toEqual(told);
  });

  test("two addresses of one provider are one word about it", async () => {
    const nodes = [new Node("a:1", 100, "a"), new Node("a:2", 100, "a"), new Node("b:1", 100)] as const;
    const { finality, events } = open(2, nodes);
    nodes[2].feeSun = 1n;
    nodes[2].branch = "bb";
    expect(await settle(finality)).toBeUndefined();
    expect(events).toEqual(["disputed"]);
    const transactions = [{ txId: "t", result: "aa" }];
    expect(await finality.confirmsBody({ ...header(90), transactions }, SIGNAL)).toBe(false);
  });

  test("a silent node is no dispute", async () => {
    const [a, b] = [new Node("a", 100), new Node("b", 100)];
    const { finality, events } = open(2, [a, b]);
    b.silent = true;
    expect(await settle(finality)).toBeUndefined();
    expect(events).toEqual([]);
  });

  test("with one node its word has to do", async () => {
    const { finality } = open(1, [new Node("a", 100)]);
    expect(await settle(finality)).toBe(told);
    expect(await finality.confirmsBody({ ...header(90), transactions: [] }, SIGNAL)).toBe(true);
  });

  test("a list of transactions that does not prove itself needs both nodes", async () => {
    const [a, b] = [new Node("a", 100), new Node("b", 100)];
    const { finality } = open(2, [a, b]);
    const transactions = [{ txId: "t", result: "aa" }];
    expect(await finality.confirmsBody({ ...header(90), transactions }, SIGNAL)).toBe(true);
    expect(await finality.confirmsBody({ ...header(90), transactions: [] }, SIGNAL)).toBe(false);
    b.solid = 80;
    expect(await finality.confirmsBody({ ...header(90), transactions }, SIGNAL)).toBe(false);
  });
});
