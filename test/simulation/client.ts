/** Callers of the API: what they send arrives late, what they are told arrives late, and may not arrive at all. */
import type { EngineHost } from "./engine-host.ts";
import type { Random } from "../support/random.ts";
import { WORLD, type Scheduler } from "./scheduler.ts";

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type Question = {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly token: string;
  readonly body?: unknown;
  readonly key?: string;
};
/** `status` 0: nobody answered, and whether the request was done cannot be told. */
export type Reply = { readonly status: number; readonly text: string; readonly body: Json };
/** `sent`, `at`: when it was asked and when the answer was heard, ms from the beginning. */
export type Exchange = {
  readonly question: Question;
  readonly reply: Reply;
  readonly sent: number;
  readonly at: number;
  /** Answers in the order in which the engine gave them: on their way they overtake each other. 0: it gave none. */
  readonly given: number;
};

const NOBODY: Reply = { status: 0, text: "", body: null };
/** "Not now": the same request later is right. */
const AGAIN = new Set([0, 429, 500, 502, 503, 504]);
/** Refusals that end by themselves, so that a caller who wants to pay asks again. */
const LATER = new Set(["idempotency_in_flight", "wallet_frozen", "quarantined"]);
/** Times the first pause. */
const PATIENCE_MAX = 4;

export class Clients {
  /** Everything that was asked and answered, in the order in which it was heard. */
  readonly heard: Exchange[] = [];
  private readonly host: () => EngineHost;
  private readonly scheduler: Scheduler;
  private readonly random: Random;
  private readonly waiting = new Set<(reply: Reply, given: number) => void>();
  private answers = 0;

  constructor(parts: { host: () => EngineHost; scheduler: Scheduler; random: Random }) {
    this.host = parts.host;
    this.scheduler = parts.scheduler;
    this.random = parts.random;
  }

  ask(question: Question): Promise<Reply> {
    const { scheduler, random } = this;
    const sent = scheduler.now;
    return new Promise((resolve) => {
      const settle = (reply: Reply, given: number) => {
        if (!this.waiting.delete(settle)) return;
        this.heard.push({ question, reply, sent, at: scheduler.now, given });
        scheduler.note(`${question.method} ${question.path} ${question.key ?? ""} ${reply.status} ${reply.text}`);
        resolve(reply);
      };
      this.waiting.add(settle);
      const arrive = () => {
        const { program } = this.host();
        if (program === undefined) return settle(NOBODY, 0);
        const { life } = scheduler;
        void this.inject(question).then((reply) => {
          if (!scheduler.isAlive(life)) return;
          this.answers += 1;
          const given = this.answers;
          scheduler.at(1 + 20 * random.next(), "reply", () => settle(reply, given), WORLD);
        });
        return undefined;
      };
      scheduler.at(1 + 20 * random.next(), `${question.method} ${question.path}`, arrive, WORLD);
    });
  }

  /** Asks until there is an answer that is not "not now", after ever longer pauses. */
  async insist(question: Question): Promise<Reply> {
    for (let patience = 1; ; patience = Math.min(2 * patience, PATIENCE_MAX)) {
      const reply = await this.ask(question);
      if (!AGAIN.has(reply.status) && !LATER.has(codeOf(reply))) return reply;
      await this.scheduler.wait(patience * (200 + 1_000 * this.random.next()), "client waits");
    }
  }

  engineDied(): void {
    for (const settle of this.waiting) this.scheduler.at(5, "connection lost", () => settle(NOBODY, 0), WORLD);
  }

  private async inject({ method, path, token, body, key }: Question): Promise<Reply> {
    const { program } = this.host();
    if (program === undefined) return NOBODY;
    const headers = {
      authorization: `Bearer ${token}`,
      ...(key === undefined ? {} : { "idempotency-key": key }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
    const response = await program.app.inject({ method, url: path, headers, ...payload });
    const text = response.body;
    const isJson = String(response.headers["content-type"]).includes("json");
    return { status: response.statusCode, text, body: isJson ? (JSON.parse(text) as Json) : null };
  }
}

export function codeOf(reply: Reply): string {
  return fieldOf(reply.body, "code");
}

export function fieldOf(body: Json | undefined, name: string): string {
  const value = typeof body === "object" && body !== null && !Array.isArray(body) ? body[name] : undefined;
  return typeof value === "string" ? value : "";
}

export function listOf(body: Json, name: string): Json[] {
  const list = typeof body === "object" && body !== null && !Array.isArray(body) ? body[name] : undefined;
  return Array.isArray(list) ? list : [];
}
