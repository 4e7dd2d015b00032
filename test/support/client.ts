/** A caller of the API that survives the engine's deaths: it asks again with the same Idempotency-Key until it is answered. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { BatchView, PayoutView } from "../../src/http/contract/payouts.ts";
import type { WalletView } from "../../src/http/contract/wallets.ts";
import { until } from "./poll.ts";

export type Answer<Body = unknown> = { readonly status: number; readonly body: Body; readonly headers: Headers };
export type Problem = { readonly code: string; readonly detail: string; readonly request_id: string };
export type BalanceView = Record<
  "usdt" | "trx",
  { total_units: string; reserved_units: string; in_flight_units: string; available_units: string }
> & { as_of_block: number | null; refreshing: boolean };

const ROOT = "/api/v1/tron";
/** Answers that say "not now": the same request later is right. */
const AGAIN = new Set([502, 503, 504]);

export class Client {
  /** Requests that got no answer or a "not now", and were sent again. */
  repeated = 0;
  /** Every body that was ever answered, when asked to keep them. */
  readonly heard: string[] = [];
  private token: string | undefined;
  private readonly options: {
    readonly address: () => string | undefined;
    readonly dataDir: string;
    readonly keeps?: boolean;
  };

  constructor(options: { address: () => string | undefined; dataDir: string; keeps?: boolean }) {
    this.options = options;
  }

  /** One request, answered whatever the answer is. Rejects when nobody answers. */
  async ask<Body = unknown>(
    method: string,
    path: string,
    given: { body?: unknown; text?: string; key?: string; token?: string | null } = {},
  ): Promise<Answer<Body>> {
    const address = this.options.address();
    if (address === undefined) throw new Error("no engine answers now");
    const token = given.token === undefined ? await this.firstToken() : given.token;
    const sent = given.text ?? (given.body === undefined ? undefined : JSON.stringify(given.body));
    const response = await fetch(`${address}${path}`, {
      method,
      signal: AbortSignal.timeout(60_000),
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(given.key === undefined ? {} : { "idempotency-key": given.key }),
        ...(sent === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(sent === undefined ? {} : { body: sent }),
    });
    const text = await response.text();
    if (this.options.keeps === true) this.heard.push(`${[...response.headers].join("\n")}\n${text}`);
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    return { status: response.status, body: (isJson ? JSON.parse(text) : text) as Body, headers: response.headers };
  }

  /** An endless stream; all that came is kept in `heard`. */
  async follow(path: string): Promise<{ close: () => Promise<void> }> {
    const ended = new AbortController();
    const authorization = `Bearer ${await this.firstToken()}`;
    const stream = await fetch(`${this.options.address()}${path}`, {
      headers: { authorization },
      signal: ended.signal,
    });
    const reading = (async () => {
      for await (const chunk of stream.body ?? []) this.heard.push(Buffer.from(chunk).toString("utf8"));
    })().catch(() => {});
    return {
      close: async () => {
        ended.abort();
        await reading;
      },
    };
  }

  /** Asks until there is an answer that is not "not now". */
  async insist<Body = unknown>(
    method: string,
    path: string,
    given: { body?: unknown; key?: string } = {},
  ): Promise<Answer<Body>> {
    return until(
      `an answer to ${method} ${path}`,
      async () => {
        // Outside of the try: an engine that ended by itself fails the test.
        const isThere = this.options.address() !== undefined;
        try {
          if (isThere) {
            const answer = await this.ask<Body>(method, path, given);
            if (!AGAIN.has(answer.status)) return answer;
          }
        } catch {
          // Nobody answered: whether the request was done cannot be told, so it is sent again.
        }
        this.repeated += 1;
        return undefined;
      },
      { everyMs: 60 },
    );
  }

  async createWallet(body: {
    name: string;
    kind?: "hd" | "watch";
    address?: string;
    hot?: boolean;
    limits?: Record<string, string>;
  }): Promise<WalletView> {
    const answer = await this.insist<WalletView>("POST", `${ROOT}/wallets`, { body, key: `wallet ${body.name}` });
    if (answer.status !== 201) throw new Error(`no wallet: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async pay(
    order: { wallet: string; to: string; amount: string; asset?: string },
    key: string,
  ): Promise<Answer<PayoutView>> {
    return this.insist<PayoutView>("POST", `${ROOT}/payouts`, { body: order, key });
  }

  async payout(id: string): Promise<PayoutView> {
    const answer = await this.insist<PayoutView>("GET", `${ROOT}/payouts/${id}`);
    if (answer.status !== 200)
      throw new Error(`payout ${id} is forgotten: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async batch(id: string): Promise<BatchView> {
    return (await this.insist<BatchView>("GET", `${ROOT}/payouts/batches/${id}`)).body;
  }

  async balance(walletId: string, { refresh = false } = {}): Promise<BalanceView> {
    return (
      await this.insist<BalanceView>("GET", `${ROOT}/wallets/${walletId}/balance${refresh ? "?refresh=true" : ""}`)
    ).body;
  }

  private async firstToken(): Promise<string> {
    this.token ??= (await readFile(join(this.options.dataDir, "first-token"), "utf8")).trim();
    return this.token;
  }
}
