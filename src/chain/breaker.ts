/**
 * When to leave a node alone: closed, open, half-open (docs/adr/0013). Pure; the owner keeps the value and brings the time.
 *
 * It opens after `consecutive` failures in a row, or when more than half of at least `samples` requests of the last one
 * to two windows failed. After a rest it lets one request through: an answer closes it, a failure makes the next rest
 * twice as long.
 */
export type BreakerPolicy = {
  readonly consecutive: number;
  readonly samples: number;
  readonly windowMs: number;
  readonly firstRestMs: number;
  readonly longestRestMs: number;
};

export const BREAKER_DEFAULTS: BreakerPolicy = {
  consecutive: 5,
  samples: 20,
  windowMs: 10_000,
  firstRestMs: 2_000,
  longestRestMs: 60_000,
};

export type BreakerPhase = "closed" | "open" | "half_open";
type Counts = { readonly ok: number; readonly failed: number };

export type Breaker = {
  readonly phase: BreakerPhase;
  readonly consecutive: number;
  readonly windowAt: number;
  readonly window: Counts;
  readonly before: Counts;
  /** Rests in a row. */
  readonly rests: number;
  /** End of the rest, clock time in ms; counts while open. */
  readonly until: number;
};

/** What a request may do: `probe` is the one request that decides whether the node is back. */
export type Admission = "normal" | "probe" | "refused";

const NONE: Counts = { ok: 0, failed: 0 };

export function closedBreaker(now: number): Breaker {
  return { phase: "closed", consecutive: 0, windowAt: now, window: NONE, before: NONE, rests: 0, until: 0 };
}

export function admissionOf(breaker: Breaker, now: number): Admission {
  if (breaker.phase === "closed") return "normal";
  return breaker.phase === "open" && now >= breaker.until ? "probe" : "refused";
}

/** The probe is under way: nobody else is let through until it ends. */
export function probing(breaker: Breaker): Breaker {
  return { ...breaker, phase: "half_open" };
}

/**
 * After a request ended. One that began before the rest says nothing about the node after it, so while the breaker is
 * not closed only the probe counts. A probe `without` a verdict (its caller left) leaves the next request to be one.
 */
export function after(
  breaker: Breaker,
  request: { readonly admission: Admission; readonly verdict: "ok" | "failed" | "without" },
  given: { readonly now: number; readonly random: number; readonly policy: BreakerPolicy },
): Breaker {
  const { admission, verdict } = request;
  const { now, policy } = given;
  if (admission === "probe") {
    if (verdict === "ok") return closedBreaker(now);
    return verdict === "failed" ? resting(breaker, given) : { ...breaker, phase: "open", until: now };
  }
  if (breaker.phase !== "closed" || verdict === "without") return breaker;
  const counted = count(breaker, verdict, given);
  const total = counted.window.ok + counted.window.failed + counted.before.ok + counted.before.failed;
  const failed = counted.window.failed + counted.before.failed;
  const opens =
    verdict === "failed" &&
    (counted.consecutive >= policy.consecutive || (total >= policy.samples && failed > total / 2));
  return opens ? resting(counted, given) : counted;
}

function count(
  breaker: Breaker,
  verdict: "ok" | "failed",
  { now, policy }: { readonly now: number; readonly policy: BreakerPolicy },
): Breaker {
  const age = now - breaker.windowAt;
  const turned = age < policy.windowMs ? breaker : { ...breaker, windowAt: now, window: NONE };
  const before = age < policy.windowMs ? breaker.before : age < 2 * policy.windowMs ? breaker.window : NONE;
  const { ok, failed } = turned.window;
  const window = verdict === "ok" ? { ok: ok + 1, failed } : { ok, failed: failed + 1 };
  return { ...turned, before, window, consecutive: verdict === "ok" ? 0 : breaker.consecutive + 1 };
}

/** Rests are jittered, so that the engines of one operator do not all come back in the same instant. */
function resting(
  breaker: Breaker,
  { now, random, policy }: { readonly now: number; readonly random: number; readonly policy: BreakerPolicy },
): Breaker {
  const rest = Math.min(policy.longestRestMs, policy.firstRestMs * 2 ** breaker.rests);
  return {
    ...closedBreaker(now),
    phase: "open",
    rests: breaker.rests + 1,
    until: now + Math.round(rest * (0.75 + random / 4)),
  };
}
