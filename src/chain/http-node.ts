/**
 * One TRON node over HTTP. Owns a keep-alive connection pool and nothing else: no retry, no choice, no cache.
 *
 * N1. An answer is JSON of at most `maxBodyBytes`, read losslessly, that is not an `Error` body; anything else is a
 *     `NodeFailure` whose kind says whether the node can have seen the request.
 * N2. Redirects are not followed, so the API key never leaves the configured origin.
 * N3. Names and errors carry host and path only: an URL or header may hold a key.
 */
import { errors, Pool } from "undici";
import { Fault, isFault } from "../domain/errors.ts";
import type { Clock } from "../ports/clock.ts";
import { parseLossless } from "./json.ts";
import { nodeErrorOf } from "./wire.ts";

/**
 * - unreachable: no connection was established, so the node has seen nothing
 * - timeout, broken: the request may have arrived, the answer did not
 * - throttled: 403 or 429; gateways in front of nodes suspend a client for about 30 s
 * - rejected: the node or a proxy says that it will never answer this
 * - overloaded: a 5xx, or the node's own rate limiter
 * - nonsense: an answer that is not what nodes say
 * - aborted: the caller gave up
 */
export type FailureKind =
  | "unreachable"
  | "timeout"
  | "broken"
  | "throttled"
  | "rejected"
  | "overloaded"
  | "nonsense"
  | "aborted";

export class NodeFailure extends Error {
  readonly kind: FailureKind;
  readonly node: string;

  constructor(failure: { kind: FailureKind; node: string; message: string; cause?: unknown }) {
    super(`${failure.node}: ${failure.message}`, failure.cause === undefined ? undefined : { cause: failure.cause });
    this.name = "NodeFailure";
    this.kind = failure.kind;
    this.node = failure.node;
  }
}

export type NodeEndpoint = {
  /** Base URL; a path is kept as prefix. */
  readonly url: string;
  /** Sent as TRON-PRO-API-KEY. */
  readonly apiKey?: string;
};

export type HttpNodeOptions = {
  /** From the start of a request to the end of its answer. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly maxBodyBytes: number;
  /** Sockets per node. */
  readonly connections: number;
};

export type NodeRequest = { readonly path: string; readonly body: unknown; readonly signal?: AbortSignal | undefined };

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

export class HttpNode {
  /** Host and port: safe to log. */
  readonly name: string;
  readonly #pool: Pool;
  readonly #prefix: string;
  readonly #headers: Record<string, string>;
  readonly #options: HttpNodeOptions;
  readonly #ports: HttpNodePorts;

  constructor(endpoint: NodeEndpoint, options: HttpNodeOptions, ports: HttpNodePorts) {
    const url = parseUrl(endpoint.url);
    this.name = url.host;
    this.#prefix = url.pathname.replace(/\/+$/, "");
    this.#headers = { "content-type": "application/json", accept: "application/json" };
    if (endpoint.apiKey !== undefined) this.#headers["TRON-PRO-API-KEY"] = endpoint.apiKey;
    this.#options = options;
    this.#ports = ports;
    this.#pool = new Pool(url.origin, {
      connections: options.connections,
      connect: { timeout: options.connectTimeoutMs },
      maxResponseSize: options.maxBodyBytes,
      // The deadline below covers the whole exchange; these would only cover its parts.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** POSTs `body` and returns the parsed answer. Throws `NodeFailure`. */
  async post(request: NodeRequest): Promise<unknown> {
    const { clock, observe } = this.#ports;
    const startedAt = clock.now();
    const finished = (outcome: NodeRequestEvent["outcome"]) =>
      observe?.({ node: this.name, path: request.path, outcome, milliseconds: clock.now() - startedAt });
    try {
      const answer = await this.#exchange(request);
      finished("ok");
      return answer;
    } catch (error) {
      const failure = error instanceof NodeFailure ? error : this.#failureOf(error);
      finished(failure.kind);
      throw failure;
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #exchange(request: NodeRequest): Promise<unknown> {
    const { signal } = request;
    if (signal?.aborted === true) throw this.#fail("aborted", "the caller gave up before asking");
    const controller = new AbortController();
    const abort = () => controller.abort(new Abandoned("aborted"));
    const cancelDeadline = this.#ports.clock.schedule(this.#options.timeoutMs, () =>
      controller.abort(new Abandoned("timeout")),
    );
    signal?.addEventListener("abort", abort, { once: true });
    try {
      const response = await this.#pool.request({
        method: "POST",
        path: `${this.#prefix}/${request.path}`,
        headers: this.#headers,
        body: JSON.stringify(request.body),
        signal: controller.signal,
      });
      return this.#answerOf(response.statusCode, await response.body.text());
    } finally {
      cancelDeadline();
      signal?.removeEventListener("abort", abort);
    }
  }

  #answerOf(status: number, text: string): unknown {
    if (status === 403 || status === 429) throw this.#fail("throttled", `HTTP ${status}`);
    if (status >= 500) throw this.#fail("overloaded", `HTTP ${status}`);
    if (status !== 200) throw this.#fail("rejected", `HTTP ${status}`);
    let answer: unknown;
    try {
      answer = parseLossless(text);
    } catch (error) {
      throw this.#fail("nonsense", `not a node's JSON: ${JSON.stringify(text.slice(0, 80))}`, error);
    }
    const refusal = nodeErrorOf(answer);
    if (refusal === undefined) return answer;
    throw this.#fail(
      refusal.includes("lack of computing resources") ? "overloaded" : "rejected",
      refusal.slice(0, 300),
    );
  }

  #failureOf(error: unknown): NodeFailure {
    if (error instanceof Abandoned)
      return this.#fail(error.kind, error.kind === "timeout" ? "no answer in time" : "the caller gave up");
    const code = codeOf(error);
    // Not worth another round: the same question has the same answer. Who asked for many blocks can ask for fewer.
    if (error instanceof errors.ResponseExceededMaxSizeError) {
      return this.#fail("rejected", "the answer is larger than allowed", error);
    }
    if (NEVER_CONNECTED.has(code)) return this.#fail("unreachable", `cannot connect (${code})`, error);
    return this.#fail("broken", `the connection broke (${code})`, error);
  }

  #fail(kind: FailureKind, message: string, cause?: unknown): NodeFailure {
    return new NodeFailure({ kind, node: this.name, message, cause });
  }
}

/** Errors of looking up a name and of opening a socket. Only these prove that the node has not seen the request. */
const NEVER_CONNECTED: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
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

/** What the outside sees of a failure (ports/world.ts). */
export function faultOf(error: unknown): Fault {
  if (isFault(error)) return error;
  if (!(error instanceof NodeFailure))
    return new Fault("internal", "an unexpected error at a TRON node", { cause: error });
  if (error.kind === "timeout") return new Fault("chain_timeout", error.message, { cause: error });
  if (error.kind === "unreachable" || error.kind === "aborted") {
    return new Fault("chain_unavailable", error.message, { cause: error });
  }
  return new Fault("chain_error", error.message, { cause: error });
}
