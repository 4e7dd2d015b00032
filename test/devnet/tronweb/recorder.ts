/** What a client sends to a node. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export type Sent = { method: string; url: string; contentType: string | null; body: string | null };

/** Stands between client and node, passes everything on and remembers what the client sent. */
export class Recorder {
  readonly url: string;
  readonly sent: Sent[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async before(target: string): Promise<Recorder> {
    const server = createServer((request, response) => {
      void (async () => {
        const { method = "", url = "" } = request;
        const body = await textOf(request);
        const contentType = request.headers["content-type"] ?? null;
        recorder.sent.push({ method, url, contentType, body: body === "" ? null : body });
        const headers = contentType === null ? {} : { "content-type": contentType };
        const answer = await fetch(target + url, { method, headers, ...(method === "POST" ? { body } : {}) });
        response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
        response.end(await answer.text());
      })();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const recorder: Recorder = new Recorder(server);
    return recorder;
  }

  /** What was sent since the last time. */
  taken(): Sent[] {
    return this.sent.splice(0);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
