import { describe, expect, test } from "vitest";
import {
  afterAnswer,
  afterFailure,
  afterHeight,
  errorRateAt,
  lagAt,
  scoreOf,
  UNKNOWN_HEALTH,
  type Health,
} from "../../src/chain/health.ts";

const NOW = 1_000_000;
const score = (health: Health, now = NOW) => scoreOf(health, { now, fastestMs: 20 });
const behind = (lag: number): Health =>
  afterHeight(UNKNOWN_HEALTH, { kind: "head", number: 1_000 - lag, best: 1_000, now: NOW });
const answered = (latencyMs: number): Health => afterAnswer(UNKNOWN_HEALTH, { now: NOW, latencyMs });

describe("the health of a node", () => {
  test("a failure counts at once, answers make up for it, and time forgives a node that nobody asks", () => {
    let health = afterFailure(UNKNOWN_HEALTH, NOW);
    expect(errorRateAt(health, NOW)).toBeCloseTo(0.2);
    expect(errorRateAt(health, NOW + 30_000)).toBeCloseTo(0.1);
    for (let i = 0; i < 4; i += 1) health = afterAnswer(health, { now: NOW, latencyMs: 5 });
    expect(errorRateAt(health, NOW)).toBeCloseTo(0.082, 3);
    for (let i = 0; i < 20; i += 1) health = afterFailure(health, NOW);
    expect(errorRateAt(health, NOW)).toBeGreaterThan(0.9);
  });

  test("latency is a moving average", () => {
    const health = afterAnswer(answered(100), { now: NOW, latencyMs: 200 });
    expect(health.latencyMs).toBeCloseTo(120);
  });

  test("a lag is known for a minute", () => {
    expect(lagAt(UNKNOWN_HEALTH, NOW)).toBeUndefined();
    expect(lagAt(behind(7), NOW + 60_000)).toBe(7);
    expect(lagAt(behind(7), NOW + 60_001)).toBeUndefined();
  });

  test("a lagging node is worse than a failing one, that than a slow one, that than a good one", () => {
    const failing = afterFailure(UNKNOWN_HEALTH, NOW);
    const scores = [score(UNKNOWN_HEALTH), score(answered(1_000)), score(failing), score(behind(6))];
    expect(scores).toEqual(scores.toSorted((a, b) => a - b));
    expect(new Set(scores).size).toBe(4);
  });

  test.each([
    ["two blocks behind", behind(5)],
    ["a little slower than the fastest", answered(250)],
    ["forgiven", afterFailure(UNKNOWN_HEALTH, NOW - 60_000)],
  ])("a node that is %s is as good as any", (_name, health) => {
    expect(score(health)).toBe(0);
  });
});
