/**
 * One TRON node as the witness asks it. It is often the engine's own node, under the same key: what is asked here too
 * fast is refused to the engine as well.
 *
 * W1. At most `perSecond` requests leave in a second; fewer after a refusal.
 * W2. A node that refuses is left alone for as long as it says, and at least half a minute.
 */
import { LearnedRate } from "../chain/rate.ts";
import { LONGEST_MS, suspensionOf } from "../chain/suspension.ts";
import { EXIT } from "./demo-options.ts";
import { reasonOf } from "./engine-client.ts";
import { fieldsOf } from "./fields.ts";
import { Stop } from "./stop.ts";
import type { NodeAccess } from "./witness-access.ts";

const TRIES = 8;
const REFUSALS = 8;
const CALL_TIMEOUT_MS = 10_000;
const SUSPENSION_MIN_MS = 30_000;
/** Nobody watches a command for longer that does nothing. */
const SUSPENSION_MAX_MS = 900_000;
/** What leaves most of it to the engine: TronGrid takes 15 with a key, and the engine tries 3 without one. */
const PER_SECOND = { withKey: 4, withoutKey: 2 };

export type WitnessNodeOptions = NodeAccess & {
  /** `undefined`: as fast as it answers. */
  readonly perSecond: number | undefined;
};

export type WitnessPorts = {
  /** Milliseconds. */
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
  readonly say: (text: string) => void;
};

/** A node of this machine, or of the devnet, is nobody else's. */
export function paceOf(node: NodeAccess, network: string): number | undefined {
  const isHere = /^(localhost|127\.[0-9.]+|\[::1\])$/.test(new URL(node.url).hostname);
  if (isHere || network === "devnet") return undefined;
  return node.apiKey === undefined ? PER_SECOND.withoutKey : PER_SECOND.withKey;
}

export class WitnessNode {
  readonly #options: WitnessNodeOptions;
  readonly #ports: WitnessPorts;
  readonly #rate: LearnedRate;
  #suspendedUntil = 0;

  constructor(options: WitnessNodeOptions, ports: WitnessPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#rate = new LearnedRate(options.perSecond, ports.now());
  }

  /** A path may hold a key. */
  get name(): string {
    return new URL(this.#options.url).origin;
  }

  /** Throws `Stop` when the node goes on failing or refusing. */
  async ask(path: string, body: object): Promise<unknown> {
    for (let [failures, refusals] = [0, 0]; ;) {
      await this.#turn();
      try {
        const answer = await this.#once(path, body);
        this.#rate.raise();
        return answer;
      } catch (error) {
        if (error instanceof Refusal) {
          refusals += 1;
          this.#suspend(error);
        } else failures += 1;
        if (failures >= TRIES || refusals >= REFUSALS)
          throw new Stop(EXIT.engine, `the TRON node ${this.name} does not answer: ${reasonOf(error)}`);
        if (!(error instanceof Refusal)) await this.#ports.pause(250 * 2 ** Math.min(failures, 5));
      }
    }
  }

  /** Others may have taken the turn, or been refused, meanwhile. */
  async #turn(): Promise<void> {
    const { now, pause } = this.#ports;
    for (;;) {
      const wait = Math.max(this.#suspendedUntil - now(), this.#rate.wait(now()));
      if (wait <= 0) break;
      await pause(wait);
    }
    this.#rate.take(now());
  }

  #suspend(refusal: Refusal): void {
    const now = this.#ports.now();
    const wait = Math.max(SUSPENSION_MIN_MS, refusal.waitMs ?? 0);
    const seconds = Math.ceil(wait / 1_000);
    if (wait > SUSPENSION_MAX_MS)
      throw new Stop(EXIT.engine, `the TRON node ${this.name} wants to be left alone for ${seconds} s`);
    // What was under way together is refused together, and is one refusal.
    if (this.#suspendedUntil <= now) {
      this.#rate.lower(now);
      this.#ports.say(`the TRON node ${this.name} refuses (${refusal.message}); asking again in ${seconds} s`);
    }
    this.#suspendedUntil = Math.max(this.#suspendedUntil, now + wait);
  }

  async #once(path: string, body: object): Promise<unknown> {
    const { url, apiKey } = this.#options;
    const response = await fetch(url + path, {
      method: "POST",
      // The key is for this node only.
      redirect: "error",
      headers: {
        "content-type": "application/json",
        ...(apiKey === undefined ? {} : { "TRON-PRO-API-KEY": apiKey }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    const text = await response.text();
    if (response.status === 403 || response.status === 429) {
      const retryAfter = response.headers.get("retry-after") ?? undefined;
      throw new Refusal(
        `HTTP ${response.status}`,
        suspensionOf({ retryAfter, text }, { now: this.#ports.now(), longestMs: LONGEST_MS }),
      );
    }
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return answerOf(JSON.parse(text));
  }
}

/** Too many requests, or a key that is not taken. */
class Refusal extends Error {
  readonly waitMs: number | undefined;

  constructor(message: string, waitMs: number | undefined) {
    super(message);
    this.waitMs = waitMs;
  }
}

/** Nodes say 200 to what went wrong inside them, and nothing of what was asked: neither yes nor no. */
function answerOf(answer: unknown): unknown {
  if (typeof answer !== "object" || answer === null) throw new Error("an answer that is no object");
  const { Error: wrong } = fieldsOf(answer);
  if (wrong !== undefined) throw new Error(typeof wrong === "string" ? wrong.slice(0, 200) : "an error without text");
  return answer;
}
