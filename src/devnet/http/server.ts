/**
 * The door: java-tron's HTTP API on a socket, and beside it whatever other doors there are.
 *
 * D1. Whatever arrives, the process lives on and the client gets an answer of the kind a node gives; a handler that
 *     throws becomes the text of a Java exception.
 * D2. The faults that concern the connection are played here, those that concern the answer's content in the handler.
 * D3. Faults and limits meet the API of a node and the history API only: a door that sets them is never behind them.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isFault } from "../../domain/errors.ts";
import type { Chain } from "../chain.ts";
import type { Faults, NodeFault } from "../faults.ts";
import { hexOfText } from "../words.ts";
import { type Answer, type Asked, html, json, JSON_TYPE, plain, type SideDoor } from "./answer.ts";
import { errorBody, NodeError } from "./node-error.ts";
import { type ApiRequest, parseRequest } from "./request.ts";
import type { Context, Perspective } from "./route.ts";
import { findRoute, type Found } from "./routes.ts";

/** Programs in a browser ask from another origin. The door that must not answer them looks for that itself. */
const OPEN = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, POST, OPTIONS",
  "access-control-allow-headers": "*",
};
const BODY_BYTES_MAX = 4 * 1024 * 1024;

export type Door = { readonly port: number; close(): Promise<void> };

export type Parts = {
  readonly chain: Chain;
  readonly faults: Faults;
  /** Is told the path of every request to the API. */
  readonly counted: (path: string) => void;
  /** Says no before anybody looks at the request, as a provider does. */
  readonly gate: (asked: Asked) => Answer | undefined;
  /** After a broadcast, before its answer. */
  readonly broadcasted: () => Promise<void>;
  /** Answer under the API's faults and limits. */
  readonly public: readonly SideDoor[];
  /** Answer always. */
  readonly private: readonly SideDoor[];
};

export async function openDoor(parts: Parts, address: { host: string; port: number }): Promise<Door> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    collect(request, response, (body) => {
      serve({ request, response, body }, parts).catch(() => response.destroy());
    });
  });
  server.on("clientError", (_error, socket) => socket.destroy());
  await listen(server, address);
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : address.port;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port, close };
}

function listen(server: Server, address: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(address, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function collect(request: IncomingMessage, response: ServerResponse, done: (body: string) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= BODY_BYTES_MAX) chunks.push(chunk);
  });
  request.on("end", () => {
    if (size > BODY_BYTES_MAX) send(response, html(413, "Payload Too Large"));
    else done(Buffer.concat(chunks).toString("utf8"));
  });
  request.on("error", () => response.destroy());
}

type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse; readonly body: string };

async function serve({ request, response, body }: Exchange, parts: Parts): Promise<void> {
  const url = request.url ?? "/";
  const path = url.split("?", 1)[0] ?? "/";
  const { headers, method = "" } = request;
  const asked: Asked = { method, url, path, headers, body, remote: request.socket.remoteAddress ?? "" };
  if (method === "OPTIONS") return send(response, { status: 200, type: "text/plain", body: "" });
  const own = parts.private.find((door) => door.owns(path));
  if (own !== undefined) return send(response, await fromSide(own, asked));
  const found = findRoute(path);
  const side = parts.public.find((door) => door.owns(path));
  if (found !== undefined || side !== undefined) parts.counted(path);
  const fault = parts.faults.take(path);
  if (fault?.kind === "reset" || fault?.kind === "reset-before-accept") return void request.socket.resetAndDestroy();
  if (fault?.kind === "hang") return;
  const replacement = (fault && replacementFor(fault, path)) ?? parts.gate(asked);
  if (replacement !== undefined) return send(response, replacement);
  const answer =
    side === undefined ? await answerTo(asked, { chain: parts.chain, found, fault }) : await fromSide(side, asked);
  if (path.startsWith("/wallet/broadcast")) await parts.broadcasted();
  if (fault?.kind === "accept-then-time-out") return;
  if (fault?.kind === "accept-then-reset") return void request.socket.resetAndDestroy();
  if (fault?.kind === "truncated-json")
    return send(response, { ...answer, body: answer.body.slice(0, answer.body.length / 2) });
  send(response, answer);
}

async function fromSide(door: SideDoor, asked: Asked): Promise<Answer> {
  try {
    return await door.answer(asked);
  } catch (error) {
    return json(500, { error: error instanceof Error ? error.message : "unknown" });
  }
}

function replacementFor(fault: NodeFault, path: string): Answer | undefined {
  switch (fault.kind) {
    case "rate-limit":
      return json(429, {
        Error: "request rate exceeded the allowed_rps(15), and the query server is suspended for 1s",
      });
    case "suspend":
      return json(403, { Error: "The key exceeds the frequency limit(15), and the query server is suspended for 30s" });
    case "api-disabled":
      return disabled(path);
    case "no-computing-resources":
      return json(200, { Error: "class java.lang.IllegalAccessException : lack of computing resources" });
    case "html-500":
      return html(500, "Internal Server Error");
    case "empty-infos":
      return json(200, path.endsWith("blocknum") ? [] : {});
    default:
      return undefined;
  }
}

function disabled(path: string): Answer {
  if (!path.endsWith("/estimateenergy")) return json(404, { Error: "this API is unavailable due to config" });
  const message = hexOfText("this node does not support estimate energy");
  return json(200, { result: { code: "CONTRACT_VALIDATE_ERROR", message } });
}

export type Place = { readonly chain: Chain; readonly found: Found | undefined; readonly fault: NodeFault | undefined };

/** What a node says, without the connection that carries it. */
export async function answerTo(asked: Asked, { chain, found, fault }: Place): Promise<Answer> {
  if (asked.path === "/healthcheck") return plain(200, "OK");
  if (found === undefined) return html(404, "Not Found");
  if (found.route.closed === true) return json(404, { Error: "this API is unavailable due to config" });
  const { method, url, body } = asked;
  if (method !== "GET" && method !== "POST") return html(405, "Method Not Allowed");
  if (method === "GET" && found.route.methods === "post") return html(405, "Method Not Allowed");
  if (method === "GET" && found.route.methods === "empty") return { status: 200, type: JSON_TYPE, body: "" };
  try {
    const contentType = asked.headers["content-type"] ?? "";
    const request: ApiRequest = parseRequest({
      method,
      url,
      contentType,
      body,
      ignoresBody: found.route.ignoresBody === true,
    });
    // The perspective is taken in the turn in which the handler begins: the head does not move in between.
    const handle = () => {
      const at = perspective(chain, found.solidity, fault?.kind === "stale-head" ? fault.blocks : 0);
      const context: Context = fault === undefined ? { chain, at } : { chain, at, fault };
      return found.route.handle(request, context);
    };
    const value = await (found.route.simulates === true ? chain.still(handle) : handle());
    return json(200, value, request.int64AsString);
  } catch (error) {
    return json(200, errorBody(javaError(error)));
  }
}

function perspective(chain: Chain, solidity: boolean, blocksAgo: number): Perspective {
  const { store, pool } = chain;
  if (!solidity && blocksAgo === 0) return { number: store.head.number, state: pool.state, pool };
  const number = Math.max(0, (solidity ? store.solidNumber : store.head.number) - blocksAgo);
  return { number, state: store.viewAt(number) };
}

function javaError(error: unknown): NodeError {
  if (error instanceof NodeError) return error;
  const message = error instanceof Error ? error.message : "null";
  return new NodeError(isFault(error) ? "java.lang.IllegalArgumentException" : "java.lang.RuntimeException", message);
}

function send(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, {
    "content-type": answer.type,
    "content-length": Buffer.byteLength(answer.body),
    ...OPEN,
  });
  response.end(answer.body);
}
