/**
 * The two pages for people: the endpoints and the errors. Plain HTML without a script: they work offline, load nothing
 * but their own style sheet, and no text of a caller is ever part of them.
 */
import { readFileSync } from "node:fs";
import { ERRORS, isErrorCode, type ErrorCode } from "../domain/errors.ts";
import { errorsOf, type Endpoint } from "./endpoint.ts";
import { ERROR_ADVICE } from "./error-advice.ts";

export const PAGE_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
} as const;

/** Read once, at start. */
export function readStyle(): string {
  return readFileSync(new URL("web/docs.css", import.meta.url), "utf8");
}

export function endpointsPage(endpoints: readonly Endpoint[]): string {
  const byTag = Map.groupBy(endpoints, ({ tag }) => tag);
  const sections = [...byTag].map(
    ([tag, those]) => `<section><h2>${escape(tag)}</h2>\n${those.map(endpointView).join("\n")}</section>`,
  );
  const about = `Amounts are decimal text, times ISO 8601. Send <code>Authorization: Bearer &lt;token&gt;</code>. Machines read <a href="/openapi.json">openapi.json</a>; <a href="/docs/errors">error codes</a>.`;
  return layout({ title: "Endpoints", about, main: sections.join("\n") });
}

/** Each code is an anchor, so that the `type` of a problem leads to its line. */
export function errorsPage(): string {
  const rows = Object.keys(ERRORS)
    .filter(isErrorCode)
    .map((code) => {
      const { status, title, retryable } = ERRORS[code];
      const cells = [`<code>${code}</code>`, status, escape(title), advice(code), retryable ? "yes" : "no"];
      return `<tr id="${code}">${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
    });
  const about = `Every refusal is <code>application/problem+json</code>; branch on <code>code</code>. <a href="/docs">The endpoints</a>.`;
  const main = `<table><thead><tr><th>code</th><th>status</th><th>meaning</th><th>what to do</th><th>can succeed later</th></tr></thead><tbody>${rows.join("\n")}</tbody></table>`;
  return layout({ title: "Errors", about, main });
}

/** Its code words stand between backticks. */
function advice(code: ErrorCode): string {
  return escape(ERROR_ADVICE[code]).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}

function endpointView(described: Endpoint): string {
  const {
    method,
    alsoMethod,
    path,
    urls,
    summary,
    description,
    scope,
    idempotencyKey,
    inputs = {},
    answers,
  } = described;
  const aliases = [
    ...urls.filter((url) => url !== path),
    ...(alsoMethod === undefined ? [] : [`${alsoMethod} ${path}`]),
  ];
  const facts = [
    scope === "public" ? "No token needed." : `Scope <code>${scope}</code>.`,
    idempotencyKey === undefined ? "" : `Idempotency-Key ${idempotencyKey}.`,
    aliases.length === 0 ? "" : `Also ${aliases.map((alias) => `<code>${escape(alias)}</code>`).join(", ")}.`,
  ];
  const parts = [
    `<p>${escape(description ?? summary)}</p><p>${facts.filter(Boolean).join(" ")}</p>`,
    ...Object.entries(inputs).map(([part, schema]) => schemaView(part, schema)),
    ...Object.entries(answers).map(([status, answer]) =>
      schemaView(`${status} ${answer.description}`, answer.schema ?? answer.type),
    ),
    `<h4>Errors</h4><p>${errorsOf(described).map(errorLink).join(", ")}</p>`,
  ];
  const head = `<span class="method">${method}</span><span class="path">${escape(path)}</span><span class="words">${escape(summary)}</span>`;
  return `<details><summary>${head}</summary>${parts.join("\n")}</details>`;
}

function schemaView(title: string, schema: unknown): string {
  const text = schema === undefined ? "" : `<pre>${escape(JSON.stringify(schema, null, 2))}</pre>`;
  return `<h4>${escape(title)}</h4>${text}`;
}

function errorLink(code: ErrorCode): string {
  return `<a href="/docs/errors#${code}">${code}</a> ${ERRORS[code].status}`;
}

function layout({ title, about, main }: { title: string; about: string; main: string }): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><link rel="stylesheet" href="/docs/docs.css"></head>
<body><header><h1>${title}</h1><p>${about}</p></header>
<main>${main}</main></body></html>
`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
