/** One node in front of the devnet's chain, with tricks of its own, on a socket. Several doors are several nodes of one network. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { request } from "undici";
import { Tricks, type Asked } from "./tricks.ts";

export class Door {
  /** Requests that are being answered; a request that hangs is not. */
  inFlight = 0;
  readonly tricks: Tricks;
  private readonly server: Server;

  private constructor(upstream: string) {
    this.tricks = new Tricks((asked) => ask(upstream, asked));
    this.server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
      this.inFlight += 1;
      this.serve(request, response)
        .catch(() => response.destroy())
        .finally(() => (this.inFlight -= 1));
    });
  }

  static async open(upstream: string): Promise<Door> {
    const door = new Door(upstream);
    await new Promise<void>((resolve) => door.server.listen(0, "127.0.0.1", resolve));
    return door;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const told = await this.tricks.answer({ path: (request.url ?? "/").slice(1), body });
    if (told === "hang") return;
    if (told === "reset") return void request.socket.resetAndDestroy();
    response.writeHead(told.status, { "content-type": "application/json" });
    response.end(told.text);
  }
}

async function ask(upstream: string, { path, body }: Asked): Promise<string> {
  const headers = { "content-type": "application/json" };
  const answer = await request(`${upstream}/${path}`, { method: "POST", headers, body });
  return answer.body.text();
}
