/** Stands where `undici` is for the program: connections to simulated nodes. */
import { errors } from "undici";
import { machine } from "./power.ts";

export { errors };

type Request = {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal?: AbortSignal;
};

export class Pool {
  private readonly origin: string;

  constructor(origin: string) {
    this.origin = origin;
  }

  async request({ path, headers, body, signal }: Request) {
    const {
      status,
      headers: answered,
      text,
    } = await machine().ask({ origin: this.origin, path, headers, body, signal });
    return { statusCode: status, headers: answered, body: { text: () => Promise.resolve(text) } };
  }

  destroy(): Promise<void> {
    return Promise.resolve();
  }
}

export class ProxyAgent extends Pool {}
