/** Questions and answers at the door, before any part of the surface has read them. */
import type { IncomingHttpHeaders } from "node:http";
import { type Json, toJson } from "./json.ts";

export type Asked = {
  readonly method: string;
  /** With the query, as it was sent. */
  readonly url: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Address of the client. */
  readonly remote: string;
};

export type Answer = { readonly status: number; readonly type: string; readonly body: string };

/** A part of the surface beside the node's own API. */
export interface SideDoor {
  /** Whether the path belongs to it. */
  owns(path: string): boolean;
  answer(asked: Asked): Answer | Promise<Answer>;
}

export const JSON_TYPE = "application/json; charset=utf-8";

export function json(status: number, value: Json, int64AsString = false): Answer {
  return { status, type: JSON_TYPE, body: `${toJson(value, { int64AsString })}\n` };
}

export function plain(status: number, body: string): Answer {
  return { status, type: "text/plain", body };
}

/** An error page as Jetty makes it. */
export function html(status: number, reason: string): Answer {
  const body = `<html>\n<head>\n<title>Error ${status} ${reason}</title>\n</head>\n<body><h2>HTTP ERROR ${status} ${reason}</h2>\n</body>\n</html>\n`;
  return { status, type: "text/html;charset=iso-8859-1", body };
}
