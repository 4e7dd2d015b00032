import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  admissionOf,
  after,
  BREAKER_DEFAULTS as policy,
  closedBreaker,
  probing,
  type Breaker,
} from "../../src/chain/breaker.ts";

const START = 1_000_000;

/** A breaker with its time, driven as a node drives it. */
class Driven {
  now = START;
  breaker: Breaker = closedBreaker(START);
  random = 1;

  ask(verdict: "ok" | "failed" | "without"): boolean {
    const admission = admissionOf(this.breaker, this.now);
    if (admission === "refused") return false;
    if (admission === "probe") this.breaker = probing(this.breaker);
    this.end(admission, verdict);
    return true;
  }

  end(admission: "normal" | "probe", verdict: "ok" | "failed" | "without"): void {
    this.breaker = after(this.breaker, { admission, verdict }, { now: this.now, random: this.random, policy });
  }

  fail(times: number): void {
    for (let i = 0; i < times; i += 1) this.ask("failed");
  }
}

describe("a breaker", () => {
  test("opens after five failures in a row, and not when an answer comes between them", () => {
    const node = new Driven();
    node.fail(4);
    node.ask("ok");
    node.fail(4);
    expect(node.breaker.phase).toBe("closed");
    node.ask("failed");
    expect(node.breaker.phase).toBe("open");
    expect(node.ask("ok")).toBe(false);
  });

  test("opens when more than half of twenty requests failed, however they are mixed", () => {
    const node = new Driven();
    for (let i = 0; i < 30 && node.breaker.phase === "closed"; i += 1) node.ask(i % 3 === 2 ? "ok" : "failed");
    expect(node.breaker.phase).toBe("open");
  });

  test("does not open on half of the requests failing, nor on failures of long ago", () => {
    const node = new Driven();
    for (let i = 0; i < 200; i += 1) node.ask(i % 2 === 0 ? "ok" : "failed");
    expect(node.breaker.phase).toBe("closed");
    for (let i = 0; i < 16; i += 1) node.ask(i % 4 === 0 ? "ok" : "failed");
    node.now += 3 * policy.windowMs;
    node.ask("ok");
    for (let i = 0; i < 12; i += 1) node.ask(i % 4 === 0 ? "ok" : "failed");
    expect(node.breaker.phase).toBe("closed");
  });

  test("lets one request through after its rest; an answer closes it, and the count begins anew", () => {
    const node = new Driven();
    node.fail(5);
    node.now += policy.firstRestMs - 1;
    expect(node.ask("ok")).toBe(false);
    node.now += 1;
    expect(admissionOf(node.breaker, node.now)).toBe("probe");
    node.breaker = probing(node.breaker);
    expect(admissionOf(node.breaker, node.now)).toBe("refused");
    node.end("probe", "ok");
    node.fail(4);
    expect(node.breaker.phase).toBe("closed");
  });

  test("rests twice as long after each failed probe, up to a minute, and jitters each rest", () => {
    const rests = [0, 1].map((random) => {
      const node = new Driven();
      node.random = random;
      node.fail(5);
      const lengths: number[] = [];
      for (let i = 0; i < 8; i += 1) {
        lengths.push(node.breaker.until - node.now);
        node.now = node.breaker.until;
        node.ask("failed");
      }
      return lengths;
    });
    expect(rests[1]).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(rests[0]).toEqual([1_500, 3_000, 6_000, 12_000, 24_000, 45_000, 45_000, 45_000]);
  });

  test("a probe whose caller left decides nothing: the next request is one", () => {
    const node = new Driven();
    node.fail(5);
    node.now += policy.firstRestMs;
    node.ask("without");
    expect(node.breaker.phase).toBe("open");
    expect(admissionOf(node.breaker, node.now)).toBe("probe");
  });

  test("what was asked before the rest says nothing about the node after it", () => {
    const node = new Driven();
    node.fail(5);
    node.end("normal", "ok");
    expect(node.breaker.phase).toBe("open");
    node.now += policy.firstRestMs;
    node.breaker = probing(node.breaker);
    node.end("normal", "failed");
    expect(node.breaker.phase).toBe("half_open");
  });

  test("whatever happens, a node that works again is used again within a minute", () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 30_000 }),
      verdict: fc.constantFrom("ok" as const, "failed" as const, "without" as const),
      random: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const node = new Driven();
        for (const { wait, verdict, random } of steps) {
          node.now += wait;
          node.random = random;
          node.ask(verdict);
        }
        node.now += policy.longestRestMs;
        expect(node.ask("ok")).toBe(true);
        expect(node.breaker.phase).toBe("closed");
      }),
    );
  });
});
