/** Problems for what is no request yet: Node found it wrong, and Fastify never hears of it. */
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { nanoid } from "nanoid";
import { refuse, type Refusal } from "../domain/errors.ts";
import { problemOf, PROBLEM_TYPE } from "./problem.ts";

/** For the `clientError` of a server: answers and closes. */
export function answerClientError({ code }: { readonly code?: string }, socket: Duplex): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { status, headers, text } = answerOf(refusalOf(code));
  const lines = Object.entries({ ...headers, connection: "close" }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${text}`);
}

/** For the `checkExpectation` of a server. */
export function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const refusal = refuse("expectation_failed", "Leave the header Expect out, or send Expect: 100-continue");
  const { status, headers, text } = answerOf(refusal);
  response.writeHead(status, headers).end(text);
}

function answerOf(refusal: Refusal) {
  const id = `req_${nanoid()}`;
  const problem = problemOf({ refusal }, id);
  const text = JSON.stringify(problem);
  const headers = {
    "content-type": PROBLEM_TYPE,
    "content-length": String(Buffer.byteLength(text)),
    "x-request-id": id,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  };
  return { status: problem.status, headers, text };
}

function refusalOf(code: string | undefined): Refusal {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return refuse("request_timeout", "The request took too long to arrive");
  if (code === "HPE_HEADER_OVERFLOW") return refuse("headers_too_large", "Send at most 16 kB of headers");
  return refuse("validation_failed", "The request is not valid HTTP");
}
