/**
 * Calls the API and waits for it. The engine may be killed and started again at any moment: a call that finds nobody, or
 * an engine that is not ready, is made again. Money calls carry an Idempotency-Key, which is what makes that safe.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { EXIT } from "./demo-options.ts";
import { listAt, needText, textAt } from "./fields.ts";
import { Stop } from "./stop.ts";

const CALL_TIMEOUT_MS = 20_000;
const PAUSE_MS = 500;
const NOT_NOW = new Set([429, 502, 503, 504]);

export type EngineAnswer = { readonly body: unknown; readonly replayed: boolean };
export type Post = { readonly path: string; readonly body: object; readonly idempotencyKey: string };

/** The engine looked at the request and said no. */
export class EngineRefusal extends Error {
  readonly code: string;
  readonly problem: unknown;

  constructor(problem: unknown, status: number) {
    const code = textAt(problem, "code") ?? `HTTP ${status}`;
    super(`${code}: ${textAt(problem, "detail") ?? "no explanation"}`);
    this.name = "EngineRefusal";
    this.code = code;
    this.problem = problem;
  }
}

export type EngineClientOptions = {
  readonly url: string;
  readonly token: string;
  /** How long to call somebody who does not answer. */
  readonly patienceMs: number;
  readonly say: (text: string) => void;
};

export class EngineClient {
  readonly #options: EngineClientOptions;

  constructor(options: EngineClientOptions) {
    this.#options = options;
  }

  async get(path: string): Promise<unknown> {
    return (await this.#call("GET", path)).body;
  }

  async post({ path, body, idempotencyKey }: Post): Promise<EngineAnswer> {
    return this.#call("POST", path, { body: JSON.stringify(body), idempotencyKey });
  }

  /** All pages of a list. A list without what is damaged in it would be a wrong one. */
  async list(path: string): Promise<unknown[]> {
    const items: unknown[] = [];
    for (let cursor: string | undefined = ""; cursor !== undefined;) {
      const page = await this.get(
        `${path}?limit=100&order=asc${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      const [damaged] = listAt(page, "damaged");
      if (damaged !== undefined) throw new Stop(EXIT.engine, damageIn(damaged));
      items.push(...listAt(page, "items"));
      cursor = textAt(page, "next_cursor");
    }
    return items;
  }

  async #call(method: string, path: string, sent?: { body: string; idempotencyKey: string }): Promise<EngineAnswer> {
    const { patienceMs, say } = this.#options;
    const deadline = Date.now() + patienceMs;
    for (let away = false; ;) {
      const answer = await this.#once(method, path, sent);
      if (!("notNow" in answer)) {
        if (away) say("engine is back");
        return answer;
      }
      if (Date.now() > deadline)
        throw new Stop(
          EXIT.engine,
          `${this.#options.url} does not answer (${answer.notNow}); run the same command again to go on`,
        );
      if (!away) say(`engine away, waiting (${answer.notNow})`);
      away = true;
      await sleep(PAUSE_MS);
    }
  }

  async #once(
    method: string,
    path: string,
    sent?: { body: string; idempotencyKey: string },
  ): Promise<EngineAnswer | { notNow: string }> {
    let response: Response;
    let body: unknown;
    try {
      response = await fetch(this.#options.url + path, {
        method,
        headers: {
          authorization: `Bearer ${this.#options.token}`,
          ...(sent === undefined ? {} : { "content-type": "application/json", "idempotency-key": sent.idempotencyKey }),
        },
        ...(sent === undefined ? {} : { body: sent.body }),
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      });
      body = await response.json();
    } catch (error) {
      return { notNow: reasonOf(error) };
    }
    if (response.ok) return { body, replayed: response.headers.get("idempotency-replayed") === "true" };
    const code = textAt(body, "code");
    if (NOT_NOW.has(response.status) || code === "idempotency_in_flight")
      return { notNow: code ?? `HTTP ${response.status}` };
    throw new EngineRefusal(body, response.status);
  }
}

function damageIn(actor: unknown): string {
  return `the engine cannot read the record of ${needText(actor, "kind")} ${needText(actor, "id")}; restore its store first`;
}

/** "ECONNREFUSED", "unexpected redirect" and the like; `fetch` hides it in the cause. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const outermost = cause instanceof Error ? cause : error;
  return textAt(cause, "code") ?? (outermost instanceof Error ? outermost.message : String(outermost));
}
