/** Stands before the engine and does to its orders what networks do to them. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** An order that is lost never reaches the engine; one that is unanswered does, and its answer is lost. */
export type Fate = "passed" | "lost" | "unanswered";

export class BatchProxy {
  readonly #target: string;
  /** By the order of arrival; every later one is passed. */
  readonly #fates: readonly Fate[];
  readonly #server: Server;
  #arrived = 0;

  private constructor(target: string, fates: readonly Fate[]) {
    this.#target = target;
    this.#fates = fates;
    this.#server = createServer((request, response) => void this.#handle(request, response));
  }

  static async before(target: string, fates: readonly Fate[]): Promise<BatchProxy> {
    const proxy = new BatchProxy(target, fates);
    await new Promise<void>((resolve) => void proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const isOrder = request.method === "POST" && request.url?.endsWith("/payouts/batch") === true;
      const fate = isOrder ? (this.#fates[this.#arrived++] ?? "passed") : "passed";
      const body = await buffer(request);
      if (fate === "lost") return void request.socket.destroy();
      const answer = await this.#ask(request, body);
      const text = await answer.text();
      if (fate === "unanswered") return void request.socket.destroy();
      const replayed = answer.headers.get("idempotency-replayed");
      response.writeHead(answer.status, {
        "content-type": "application/json",
        ...(replayed === null ? {} : { "idempotency-replayed": replayed }),
      });
      response.end(text);
    } catch {
      request.socket.destroy();
    }
  }

  #ask({ url = "/", method = "GET", headers }: IncomingMessage, body: Buffer): Promise<Response> {
    const kept = ["authorization", "content-type", "idempotency-key"].flatMap((name): [string, string][] => {
      const value = headers[name];
      return typeof value === "string" ? [[name, value]] : [];
    });
    return fetch(this.#target + url, { method, headers: kept, ...(body.length === 0 ? {} : { body }) });
  }
}
