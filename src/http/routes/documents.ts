import { Anything } from "../contract/common.ts";
import { endpoint, type Description, type Endpoint } from "../endpoint.ts";
import { endpointsPage, errorsPage, PAGE_HEADERS, readStyle } from "../pages-for-people.ts";

/** What describes the API to people and tools; needs no token and no network. */
export function documentEndpoints(served: {
  document: () => unknown;
  endpoints: () => readonly Endpoint[];
}): Endpoint[] {
  const errors = errorsPage();
  const style = readStyle();
  let endpoints: string | undefined;
  return [
    endpoint({
      ...described("/openapi.json", "This document, OpenAPI 3.1"),
      answers: { 200: { description: "The document", schema: Anything } },
      handle: () => ({ status: 200, body: served.document() }),
    }),
    endpoint({
      ...described("/docs", "The endpoints, for people"),
      answers: { 200: { description: "A page", type: "text/html" } },
      handle: () => ({ status: 200, body: (endpoints ??= endpointsPage(served.endpoints())), headers: PAGE_HEADERS }),
    }),
    endpoint({
      ...described("/docs/errors", "The error codes, for people"),
      answers: { 200: { description: "A page", type: "text/html" } },
      handle: () => ({ status: 200, body: errors, headers: PAGE_HEADERS }),
    }),
    endpoint({
      ...described("/docs/docs.css", "How the pages look"),
      answers: { 200: { description: "A style sheet", type: "text/css" } },
      handle: () => ({ status: 200, body: style, headers: { "content-type": "text/css; charset=utf-8" } }),
    }),
  ];
}

function described(path: string, summary: string) {
  return { method: "GET", path, tag: "Documents", scope: "public", summary } as const satisfies Partial<Description>;
}
