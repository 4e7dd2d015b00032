/**
 * Keeps two requests with one external id, or for one wallet address, from passing the duplicate check side by side.
 *
 * The index on disk knows every actor that is committed; between looking there and the commit lie awaits. Within one
 * process this closes the gap, and a store is never open in two processes.
 *
 * X1. At most one holder per name; others wait in the order of their calls.
 * X2. Names of one request are taken in ascending order, so that two batches can never wait for each other.
 */
export class HeldNames {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs `work` while no other work of this object holds any of `names`. */
  async holding<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
    const releases: (() => void)[] = [];
    try {
      for (const name of [...new Set(names)].sort()) releases.push(await this.#take(name));
      return await work();
    } finally {
      for (const release of releases) release();
    }
  }

  async #take(name: string): Promise<() => void> {
    const before = this.#tails.get(name);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tails.set(name, promise);
    await before;
    return () => {
      if (this.#tails.get(name) === promise) this.#tails.delete(name);
      resolve();
    };
  }
}
