/**
 * The door: java-tron's HTTP API on a socket.
 *
 * D1. Whatever arrives, the process lives on and the client gets an answer of the kind a node gives; a handler that
 *     throws becomes the text of a Java exception.
 * D2. The faults that concern the connection are played here, those that concern the answer's content in the handler.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isFault } from "../../domain/errors.ts";
import type { Chain } from "../chain.ts";
import type { Faults, NodeFault } from "../faults.ts";
import { toJson, type Json } from "./json.ts";
import { errorBody, NodeError } from "./node-error.ts";
import { type ApiRequest, parseRequest } from "./request.ts";
import type { Context, Perspective } from "./route.ts";
import { findRoute, type Found } from "./routes.ts";

const BODY_BYTES_MAX = 4 * 1024 * 1024;
const JSON_TYPE = "application/json; charset=utf-8";

type Answer = { readonly status: number; readonly type: string; readonly body: string };

export type Door = { readonly port: number; close(): Promise<void> };

/** `counted` is told the path of every request to the API. */
export async function openDoor(
  parts: { chain: Chain; faults: Faults; counted: (path: string) => void },
  address: { host: string; port: number },
): Promise<Door> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    collect(request, response, (body) => serve({ request, response, body }, parts));
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
type Parts = { readonly chain: Chain; readonly faults: Faults; readonly counted: (path: string) => void };

function serve({ request, response, body }: Exchange, { chain, faults, counted }: Parts): void {
  const url = request.url ?? "/";
  const path = url.split("?", 1)[0] ?? "/";
  const found = findRoute(path);
  if (found !== undefined) counted(path);
  const fault = faults.take(path);
  if (fault?.kind === "reset" || fault?.kind === "reset-before-accept") return void request.socket.resetAndDestroy();
  if (fault?.kind === "hang") return;
  const replacement = fault && replacementFor(fault, path);
  if (replacement !== undefined) return send(response, replacement);
  const contentType = request.headers["content-type"] ?? "";
  const answer = answerTo({ method: request.method ?? "", url, contentType, body }, { chain, found, fault });
  if (fault?.kind === "accept-then-time-out") return;
  if (fault?.kind === "accept-then-reset") return void request.socket.resetAndDestroy();
  if (fault?.kind === "truncated-json")
    return send(response, { ...answer, body: answer.body.slice(0, answer.body.length / 2) });
  send(response, answer);
}

function replacementFor(fault: NodeFault, path: string): Answer | undefined {
  switch (fault.kind) {
    case "rate-limit":
      return json(429, {
        Error: "request rate exceeded the allowed_rps(15), and the query server is suspended for 1s",
      });
    case "suspend":
      return json(403, { Error: "The key exceeds the frequency limit(15), and the query server is suspended for 30s" });
    case "html-500":
      return html(500, "Internal Server Error");
    case "empty-infos":
      return json(200, path.endsWith("blocknum") ? [] : {});
    default:
      return undefined;
  }
}

type Asked = { readonly method: string; readonly url: string; readonly contentType: string; readonly body: string };
type Place = { readonly chain: Chain; readonly found: Found | undefined; readonly fault: NodeFault | undefined };

function answerTo(asked: Asked, { chain, found, fault }: Place): Answer {
  if (asked.url === "/healthcheck") return { status: 200, type: "text/plain", body: "OK" };
  if (found === undefined) return html(404, "Not Found");
  const { method } = asked;
  if (method !== "GET" && method !== "POST") return html(405, "Method Not Allowed");
  if (method === "GET" && found.route.methods === "post") return html(405, "Method Not Allowed");
  if (method === "GET" && found.route.methods === "empty") return { status: 200, type: JSON_TYPE, body: "" };
  try {
    const request: ApiRequest = parseRequest({ ...asked, method });
    const at = perspective(chain, found.solidity, fault?.kind === "stale-head" ? fault.blocks : 0);
    const context: Context = fault === undefined ? { chain, at } : { chain, at, fault };
    return json(200, found.route.handle(request, context), request.int64AsString);
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

function json(status: number, value: Json, int64AsString = false): Answer {
  return { status, type: JSON_TYPE, body: `${toJson(value, { int64AsString })}\n` };
}

function html(status: number, reason: string): Answer {
  const body = `<html>\n<head>\n<title>Error ${status} ${reason}</title>\n</head>\n<body><h2>HTTP ERROR ${status} ${reason}</h2>\n</body>\n</html>\n`;
  return { status, type: "text/html;charset=iso-8859-1", body };
}

function send(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, { "content-type": answer.type, "content-length": Buffer.byteLength(answer.body) });
  response.end(answer.body);
}
