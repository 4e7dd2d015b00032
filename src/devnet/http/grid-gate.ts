/**
 * API keys, rate limits and suspensions, as the TronGrid provider has them (tron.md §2.4). Off until limits are set.
 *
 * G1. A client is its key, or without one its address. What is refused is not counted and does not prolong anything.
 * G2. Time is a given clock, by default the chain's: requests between two blocks then fall into the same second.
 * G3. There is no Retry-After: the seconds stand in the text only.
 */
import type { Json } from "./json.ts";
import { type Answer, type Asked, json } from "./answer.ts";

export type Allowance = {
  /** Requests in any second. */
  readonly perSecond: number;
  /** How long nothing is answered after one too many. */
  readonly suspensionSeconds: number;
  readonly status: 403 | 429;
};

export type GridLimits = {
  /** Others are refused; absent: every key is known. */
  readonly keys?: readonly string[];
  readonly keyRequired: boolean;
  readonly keyed: Allowance;
  readonly keyless: Allowance;
  /** Requests of one client in a day of UTC; beyond it `exhausted` holds. */
  readonly perDay: number;
  readonly exhausted: Allowance;
  /** A function answers in ms. */
  readonly clock: "chain" | "wall" | (() => number);
};

/** What providers publish and what was seen; the documents disagree over time. */
export const USUAL_LIMITS: GridLimits = {
  keyRequired: false,
  keyed: { perSecond: 15, suspensionSeconds: 30, status: 403 },
  keyless: { perSecond: 3, suspensionSeconds: 5, status: 429 },
  perDay: 100_000,
  exhausted: { perSecond: 1, suspensionSeconds: 30, status: 403 },
  clock: "chain",
};

type Client = { recent: number[]; suspendedUntil: number; suspended: Allowance; day: number; today: number };

const DAY_MS = 86_400_000;
const CLIENTS_MAX = 10_000;

export class GridGate {
  readonly #chainTime: () => number;
  readonly #clients = new Map<string, Client>();
  #limits: GridLimits | undefined;

  /** `chainTime` in ms. */
  constructor(chainTime: () => number) {
    this.#chainTime = chainTime;
  }

  get limits(): GridLimits | undefined {
    return this.#limits;
  }

  /** Everything counted so far is forgotten. */
  set(limits: GridLimits | undefined): void {
    this.#limits = limits;
    this.#clients.clear();
  }

  /** The refusal, if the client gets no answer. */
  check(asked: Asked): Answer | undefined {
    const limits = this.#limits;
    if (limits === undefined) return undefined;
    const key = keyOf(asked);
    if (key === undefined && limits.keyRequired) return json(401, { Error: "ApiKey is required" });
    if (key !== undefined && limits.keys?.includes(key) === false) return json(401, { Error: "ApiKey not exists" });
    const now = this.#now(limits.clock);
    const client = this.#client(key ?? `address ${asked.remote}`, now);
    if (client.suspendedUntil > now) return refusal(asked, client, { key, now });
    const usual = key === undefined ? limits.keyless : limits.keyed;
    const allowance = client.today >= limits.perDay ? limits.exhausted : usual;
    client.recent = client.recent.filter((at) => at > now - 1_000);
    if (client.recent.length >= allowance.perSecond) {
      client.suspendedUntil = now + allowance.suspensionSeconds * 1_000;
      client.suspended = allowance;
      return refusal(asked, client, { key, now });
    }
    client.recent.push(now);
    client.today += 1;
    return undefined;
  }

  #now(clock: GridLimits["clock"]): number {
    if (typeof clock === "function") return clock();
    return clock === "chain" ? this.#chainTime() : Date.now();
  }

  #client(name: string, now: number): Client {
    const day = Math.floor(now / DAY_MS);
    const known = this.#clients.get(name);
    if (known !== undefined) {
      if (known.day !== day) Object.assign(known, { day, today: 0 });
      return known;
    }
    const [oldest] = this.#clients.keys();
    if (this.#clients.size >= CLIENTS_MAX && oldest !== undefined) this.#clients.delete(oldest);
    const suspended: Allowance = { perSecond: 0, suspensionSeconds: 0, status: 403 };
    const client: Client = { recent: [], suspendedUntil: 0, suspended, day, today: 0 };
    this.#clients.set(name, client);
    return client;
  }
}

function keyOf(asked: Asked): string | undefined {
  const key = asked.headers["tron-pro-api-key"];
  const text = Array.isArray(key) ? key[0] : key;
  return text === undefined || text === "" ? undefined : text;
}

function refusal(asked: Asked, client: Client, at: { key: string | undefined; now: number }): Answer {
  const { perSecond, status } = client.suspended;
  const seconds = Math.ceil((client.suspendedUntil - at.now) / 1_000);
  const what =
    at.key === undefined
      ? `request rate exceeded the allowed_rps(${perSecond})`
      : `The key exceeds the frequency limit(${perSecond})`;
  const text = `${what}, and the query server is suspended for ${seconds}s`;
  const body: Json = asked.path.startsWith("/v1/")
    ? { success: false, error: text, statusCode: status }
    : { Error: text };
  return json(status, body);
}
