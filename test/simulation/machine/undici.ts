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
    return { statusCode: status, headers: answered, body: bodyOf(text) };
  }

  destroy(): Promise<void> {
    return Promise.resolve();
  }
}

/** However the program wants to read it. */
function bodyOf(text: string) {
  const bytes = Buffer.from(text);
  return {
    text: () => Promise.resolve(text),
    json: () => Promise.resolve().then((): unknown => JSON.parse(text)),
    bytes: () => Promise.resolve(new Uint8Array(bytes)),
    arrayBuffer: () => Promise.resolve(new Uint8Array(bytes).buffer),
    dump: () => Promise.resolve(),
    [Symbol.asyncIterator]: () => [bytes].values(),
  };
}

export class ProxyAgent extends Pool {}
