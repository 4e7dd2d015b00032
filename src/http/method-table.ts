import type { Endpoint } from "./endpoint.ts";

/** Which methods a path knows. Asked only for requests that matched no route, so that 405 can be told from 404. */
export class MethodTable {
  readonly #rows: readonly { pattern: RegExp; methods: readonly string[] }[];

  constructor(endpoints: readonly Endpoint[]) {
    this.#rows = endpoints.flatMap(({ urls, method, alsoMethod }) =>
      urls.map((url) => ({
        pattern: new RegExp(`^${url.replace(/:[a-z_]+/g, "[^/]+")}/?$`),
        methods: alsoMethod === undefined ? [method] : [method, alsoMethod],
      })),
    );
  }

  methodsOf(path: string): string[] {
    const found = this.#rows.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods);
    return [...new Set(found)].sort();
  }
}
