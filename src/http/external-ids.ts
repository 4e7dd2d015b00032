/**
 * Keeps two requests with one external id from passing the duplicate check side by side.
 *
 * The index on disk knows every payout that is committed; between looking there and the commit lie awaits. Within one
 * process this closes the gap, and a store is never open in two processes.
 *
 * X1. At most one holder per external id; others wait in the order of their calls.
 * X2. Ids of one request are taken in ascending order, so that two batches can never wait for each other.
 */
export class ExternalIds {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs `work` while no other work of this class holds any of `ids`. */
  async holding<T>(ids: readonly string[], work: () => Promise<T>): Promise<T> {
    const releases: (() => void)[] = [];
    try {
      for (const id of [...new Set(ids)].sort()) releases.push(await this.#take(id));
      return await work();
    } finally {
      for (const release of releases) release();
    }
  }

  async #take(id: string): Promise<() => void> {
    const before = this.#tails.get(id);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tails.set(id, promise);
    await before;
    return () => {
      if (this.#tails.get(id) === promise) this.#tails.delete(id);
      resolve();
    };
  }
}
