/**
 * How well a node does: how far it is behind, how often it fails, how slow it is. Pure; moving averages that forget.
 * Nothing here forbids a node; it only decides who is asked first.
 */
export type Health = {
  readonly errorRate: number;
  readonly errorAt: number;
  readonly latencyMs: number;
  /** 0: never. */
  readonly latencyAt: number;
  readonly head: number | undefined;
  readonly solid: number | undefined;
  /** Blocks behind the best node when it was last heard. */
  readonly lag: number;
  readonly heardAt: number;
};

export const UNKNOWN_HEALTH: Health = {
  errorRate: 0,
  errorAt: 0,
  latencyMs: 0,
  latencyAt: 0,
  head: undefined,
  solid: undefined,
  lag: 0,
  heardAt: 0,
};

/** Share of the newest sample in a moving average. */
const WEIGHT = 0.2;
/** A node that is not asked is forgiven at this pace. */
const HALF_LIFE_MS = 30_000;
/** What was heard longer ago says nothing about now. */
const FRESH_MS = 60_000;
/** Nodes of one network differ by a block or two at any moment. */
const LAG_BLOCKS = 5;

export function errorRateAt(health: Health, now: number): number {
  return health.errorRate * 2 ** (-Math.max(0, now - health.errorAt) / HALF_LIFE_MS);
}

/** Blocks behind the best node, or `undefined` when it was not heard lately. */
export function lagAt(health: Health, now: number): number | undefined {
  return health.heardAt > 0 && now - health.heardAt <= FRESH_MS ? health.lag : undefined;
}

export function afterAnswer(health: Health, { now, latencyMs }: { now: number; latencyMs: number }): Health {
  const rate = errorRateAt(health, now);
  const latency = health.latencyAt === 0 ? latencyMs : health.latencyMs + WEIGHT * (latencyMs - health.latencyMs);
  return { ...health, errorRate: rate - WEIGHT * rate, errorAt: now, latencyMs: latency, latencyAt: now };
}

export function afterFailure(health: Health, now: number): Health {
  const rate = errorRateAt(health, now);
  return { ...health, errorRate: rate + WEIGHT * (1 - rate), errorAt: now };
}

/** `best` is the highest block of the same kind that counts (heights.ts). */
export function afterHeight(
  health: Health,
  heard: { readonly kind: "head" | "solid"; readonly number: number; readonly best: number; readonly now: number },
): Health {
  return {
    ...health,
    [heard.kind]: heard.number,
    lag: Math.max(0, heard.best - heard.number),
    heardAt: heard.now,
  };
}

/** Lower is better; equal nodes keep the configured order. A lagging node is worse than a failing, that than a slow one. */
export function scoreOf(health: Health, given: { readonly now: number; readonly fastestMs: number }): number {
  const { now, fastestMs } = given;
  const behind = (lagAt(health, now) ?? 0) > LAG_BLOCKS ? 100 : 0;
  const rate = errorRateAt(health, now);
  const failing = rate > 0.5 ? 20 : rate > 0.1 ? 10 : 0;
  const slow = latencyKnown(health, now) && health.latencyMs > 3 * fastestMs + 200 ? 1 : 0;
  return behind + failing + slow;
}

export function latencyKnown(health: Health, now: number): boolean {
  return health.latencyAt > 0 && now - health.latencyAt <= FRESH_MS;
}
