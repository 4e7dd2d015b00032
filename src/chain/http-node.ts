/**
 * One TRON node over HTTP. Owns its connections and nothing else: no retry, no choice, no cache, no budget.
 *
 * N1. An answer is JSON of at most its question's `maxBytes` and `maxBodyBytes`, declared as JSON, not compressed, read
 *     losslessly, that is not an `Error` body; anything else is a `NodeFailure` whose kind says whether the node can have
 *     seen the request.
 * N2. Redirects are not followed, so the API key never leaves the configured origin.
 * N3. Names and errors carry host and port only: a path or a header may hold a key.
 */
import { errors, type Dispatcher } from "undici";
import { Fault } from "../domain/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Question } from "./asking.ts";
import { parseLosslessBytes } from "./json.ts";
import { NodeFailure, type FailureKind } from "./node-failure.ts";
import { LONGEST_MS, LONGEST_OUTAGE_MS, suspensionOf } from "./suspension.ts";
import { openTransport, type Connecting, type Transport } from "./transport.ts";
import { nodeErrorOf } from "./wire.ts";

export type HttpNodeOptions = Connecting & {
  /** Base URL; a path is kept as prefix. */
  readonly url: string;
  /** Sent as TRON-PRO-API-KEY. */
  readonly apiKey?: string | undefined;
  /** From the start of a request to the end of its answer. */
  readonly timeoutMs: number;
  readonly userAgent: string;
};

export type NodeRequest = Question & {
  readonly signal?: AbortSignal | undefined;
  /** Shorter than the node's own limit when the caller has less time. */
  readonly timeoutMs?: number | undefined;
};

/** One finished request, for counters and metrics. */
export type NodeRequestEvent = {
  readonly node: string;
  readonly path: string;
  readonly outcome: "ok" | FailureKind;
  readonly milliseconds: number;
};

export type HttpNodePorts = {
  readonly clock: Clock;
  readonly observe?: ((event: NodeRequestEvent) => void) | undefined;
};

type Answer = {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  readonly bytes: Buffer;
};

type Parse = (bytes: Buffer) => unknown;

export class HttpNode {
  /** Host and port: safe to log. */
  readonly name: string;
  readonly origin: string;
  readonly timeoutMs: number;
  readonly #transport: Transport;
  readonly #prefix: string;
  readonly #headers: Record<string, string>;
  readonly #ports: HttpNodePorts;

  constructor(options: HttpNodeOptions, ports: HttpNodePorts) {
    const url = parseUrl(options.url);
    this.name = url.host;
    this.origin = url.origin;
    this.#prefix = url.pathname.replace(/\/+$/, "");
    this.#headers = {
      "content-type": "application/json",
      accept: "application/json",
      "user-agent": options.userAgent,
      ...(options.apiKey === undefined ? {} : { "TRON-PRO-API-KEY": options.apiKey }),
    };
    this.timeoutMs = options.timeoutMs;
    this.#ports = ports;
    this.#transport = openTransport(url, options);
  }

  /** POSTs `body` and returns what `read` makes of the parsed answer. Throws `NodeFailure`, or what `read` throws. */
  async post<T>(request: NodeRequest, read: (answer: unknown) => T): Promise<T> {
    const { clock, observe } = this.#ports;
    const startedAt = clock.now();
    const finished = (outcome: NodeRequestEvent["outcome"]) =>
      observe?.({ node: this.name, path: request.path, outcome, milliseconds: clock.now() - startedAt });
    try {
      const result = this.#read(await this.#exchange(request), request.parse ?? parseLosslessBytes, read);
      finished("ok");
      return result;
    } catch (error) {
      if (error instanceof Fault) {
        finished("ok");
        throw error;
      }
      const failure = error instanceof NodeFailure ? error : this.#fail("broken", "an unexpected error", error);
      finished(failure.kind);
      throw failure;
    }
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  async #exchange(request: NodeRequest): Promise<Answer> {
    const { signal } = request;
    if (signal?.aborted === true) throw this.#fail("aborted", "the caller gave up before asking");
    const controller = new AbortController();
    const abort = () => controller.abort(new Abandoned("aborted"));
    const cancelDeadline = this.#ports.clock.schedule(
      Math.min(this.timeoutMs, request.timeoutMs ?? this.timeoutMs),
      () => controller.abort(new Abandoned("timeout")),
    );
    signal?.addEventListener("abort", abort, { once: true });
    let answering = false;
    try {
      const response = await this.#transport.dispatcher.request({
        origin: this.origin,
        method: "POST",
        path: `${this.#prefix}/${request.path}`,
        headers: this.#headers,
        body: JSON.stringify(request.body),
        signal: controller.signal,
      });
      answering = true;
      const announced = Number(response.headers["content-length"]);
      const bytes = await collected(response.body, { announced, most: request.maxBytes ?? ANSWER_MAX });
      return { status: response.statusCode, headers: response.headers, bytes };
    } catch (error) {
      throw this.#failureOf(error, answering);
    } finally {
      cancelDeadline();
      signal?.removeEventListener("abort", abort);
    }
  }

  #read<T>(answer: Answer, parse: Parse, read: (answer: unknown) => T): T {
    const value = this.#valueOf(answer, parse);
    try {
      return read(value);
    } catch (error) {
      // A long answer is parsed while it is read.
      if (error instanceof SyntaxError) throw this.#unparsable(answer.bytes, error);
      // A shape that cannot be trusted is a fault of this node; every other fault is an answer to the question.
      if (error instanceof Fault && error.code !== "chain_error") throw error;
      throw this.#fail("mistyped", error instanceof Error ? error.message : "wrong shape", error);
    }
  }

  #valueOf({ status, headers, bytes }: Answer, parse: Parse): unknown {
    if (status === 403 || status === 429) throw this.#throttled({ status, headers, bytes });
    if (status >= 500) {
      const suspension = this.#suspension({ headers, bytes }, LONGEST_OUTAGE_MS);
      throw this.#fail("overloaded", `HTTP ${status}`, undefined, suspension);
    }
    if (status !== 200) throw this.#fail("rejected", `HTTP ${status}`);
    const encoding = headers["content-encoding"] ?? "identity";
    // Nobody asked for compression. What is never inflated cannot be a bomb.
    if (encoding !== "identity") throw this.#fail("encoded", "a compressed answer that nobody asked for");
    const type = headers["content-type"];
    if (type !== undefined && !JSON_TYPE.test(String(type))) {
      throw this.#fail("untyped", `an answer of type ${JSON.stringify(String(type).slice(0, 60))}`);
    }
    return this.#withoutError(this.#parse(bytes, parse), bytes);
  }

  #parse(bytes: Buffer, parse: Parse): unknown {
    try {
      return parse(bytes);
    } catch (error) {
      throw this.#unparsable(bytes, error);
    }
  }

  #unparsable(bytes: Buffer, error: unknown): NodeFailure {
    const start = JSON.stringify(bytes.toString("utf8", 0, 80));
    return this.#fail("unparsable", `not a node's JSON: ${start}`, error);
  }

  /** Nodes wrap their errors into HTTP 200 (tron.md §2.1). */
  #withoutError(value: unknown, bytes: Buffer): unknown {
    const refusal = nodeErrorOf(value);
    if (refusal === undefined) return value;
    if (refusal.includes("lack of computing resources")) throw this.#fail("overloaded", refusal.slice(0, 300));
    if (refusal.includes("frequency limit")) throw this.#throttled({ status: 200, headers: {}, bytes });
    throw this.#fail("rejected", refusal.slice(0, 300));
  }

  #throttled({ status, headers, bytes }: Answer): NodeFailure {
    return this.#fail("throttled", `HTTP ${status}`, undefined, this.#suspension({ headers, bytes }, LONGEST_MS));
  }

  #suspension({ headers, bytes }: Pick<Answer, "headers" | "bytes">, longestMs: number): number | undefined {
    const said = { retryAfter: headers["retry-after"], text: bytes.toString() };
    return suspensionOf(said, { now: this.#ports.clock.now(), longestMs });
  }

  #failureOf(error: unknown, answering: boolean): NodeFailure {
    if (error instanceof Abandoned) {
      if (error.kind === "aborted") return this.#fail("aborted", "the caller gave up");
      return answering
        ? this.#fail("slow", "the answer did not end in time")
        : this.#fail("timeout", "no answer in time");
    }
    if (error instanceof NodeFailure) return error;
    const code = codeOf(error);
    if (error instanceof errors.ResponseExceededMaxSizeError) {
      return this.#fail("oversized", "the answer is larger than allowed", error);
    }
    if (answering) return this.#fail("truncated", `the answer broke off (${code})`, error);
    if (NEVER_CONNECTED.has(code)) return this.#fail("unreachable", `cannot connect (${code})`, error);
    return this.#fail("broken", `the connection broke (${code})`, error);
  }

  #fail(kind: FailureKind, message: string, cause?: unknown, retryAfterMs?: number): NodeFailure {
    return new NodeFailure({ kind, node: this.name, message, cause, retryAfterMs });
  }
}

/** The body in one piece. What arrives is copied at once, so that a page of blocks is in memory once and not twice. */
async function collected(
  body: AsyncIterable<Uint8Array>,
  { announced, most }: { announced: number; most: number },
): Promise<Buffer> {
  let bytes = Buffer.allocUnsafeSlow(announced > 0 ? Math.min(announced, FIRST_PIECE_MAX, most) : FIRST_PIECE);
  let length = 0;
  for await (const piece of body) {
    // Thrown inside of the loop, which closes the connection.
    if (announced > most || length + piece.length > most) throw new errors.ResponseExceededMaxSizeError();
    if (length + piece.length > bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length + piece.length, bytes.length * 2));
      bytes.copy(larger, 0, 0, length);
      bytes = larger;
    }
    bytes.set(piece, length);
    length += piece.length;
  }
  return bytes.subarray(0, length);
}

/** What is no block is some kilobytes; as text of nothing but brackets a megabyte becomes some 20 MB of values. */
const ANSWER_MAX = 1024 * 1024;
/** Where a node says how much will come, that much is taken, within reason. */
const FIRST_PIECE_MAX = 8 * 1024 * 1024;
const FIRST_PIECE = 4_096;

const JSON_TYPE = /^\s*(application|text)\/([\w.+-]+\+)?json\b/i;

/** Errors of looking up a name and of opening a socket. Only these prove that the node has not seen the request. */
const NEVER_CONNECTED: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_PRX_TLS",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

class Abandoned extends Error {
  readonly kind: "timeout" | "aborted";

  constructor(kind: "timeout" | "aborted") {
    super(kind);
    this.kind = kind;
  }
}

/** Several addresses of one name fail together as an AggregateError; it carries the code of the first. */
function codeOf(error: unknown): string {
  if (typeof error === "object" && error !== null && "code" in error && typeof error.code === "string")
    return error.code;
  return error instanceof Error ? error.name : "unknown";
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new Fault("config_invalid", "a TRON node needs an http or https URL");
  }
  if (url.username !== "" || url.password !== "" || url.search !== "") {
    throw new Fault(
      "config_invalid",
      "the URL of a TRON node takes neither a user nor a query; set the API key instead",
    );
  }
  return url;
}
