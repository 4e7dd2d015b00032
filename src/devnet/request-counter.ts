/** How often the API was asked. */
import type { Requests } from "./handle.ts";

export class RequestCounter implements Requests {
  readonly #counts = new Map<string, number>();

  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  count(path: string): void {
    this.#counts.set(path, (this.#counts.get(path) ?? 0) + 1);
  }

  total(): number {
    return this.#counts.values().reduce((sum, count) => sum + count, 0);
  }

  reset(): void {
    this.#counts.clear();
  }
}
