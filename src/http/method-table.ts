import { methodsOf, type Endpoint } from "./endpoint.ts";

/** Which methods a path knows. Asked only for requests that matched no route, so that 405 can be told from 404. */
export class MethodTable {
  readonly #rows: readonly { pattern: RegExp; methods: readonly string[] }[];

  constructor(endpoints: readonly Endpoint[]) {
    this.#rows = endpoints.flatMap((endpoint) =>
      endpoint.urls.map((url) => ({
        pattern: new RegExp(
          `^${url
            .split(/:[a-z_]+/)
            .map((text) => RegExp.escape(text))
            .join("[^/]+")}/?$`,
        ),
        methods: methodsOf(endpoint),
      })),
    );
  }

  methodsOf(path: string): string[] {
    const found = this.#rows.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods);
    return [...new Set(found)].sort();
  }
}
