/** What a fuzzer sent and heard, told apart by the operations of the document. */
import { readFile } from "node:fs/promises";

export type Operation = { readonly method: string; readonly path: string; readonly scope: string };
export type Exchange = {
  readonly operation: Operation | undefined;
  readonly status: number;
  readonly ms: number;
  readonly line: string;
};

type Document = { readonly paths: Record<string, Record<string, { "x-scope"?: string }>> };
type Har = {
  readonly log: {
    readonly entries: readonly {
      readonly time: number;
      readonly request: { readonly method: string; readonly url: string };
      readonly response: { readonly status: number };
    }[];
  };
};

export function operationsOf(document: unknown): Operation[] {
  const { paths } = document as Document;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { "x-scope": scope = "" }]) => ({
      method: method.toUpperCase(),
      path,
      scope,
    })),
  );
}

/** From a HAR file. */
export async function readTraffic(file: string, operations: readonly Operation[]): Promise<Exchange[]> {
  const { log } = JSON.parse(await readFile(file, "utf8")) as Har;
  const routes = operations.map((operation) => ({ operation, pattern: patternOf(operation.path) }));
  return log.entries.map(({ time, request: { method, url }, response: { status } }) => {
    const { pathname } = new URL(url);
    // A path without parameters wins, as it does in the server.
    const fitting = routes.filter(({ operation, pattern }) => operation.method === method && pattern.test(pathname));
    const best = fitting.find(({ operation }) => !operation.path.includes("{")) ?? fitting[0];
    return { operation: best?.operation, status, ms: time, line: `${method} ${pathname} ${status}` };
  });
}

function patternOf(path: string): RegExp {
  const escaped = path.split(/\{[^}]+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join("[^/]+")}$`);
}
