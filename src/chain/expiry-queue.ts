/** What expires when: a binary heap, so that looking for what is due costs only what is due. */
type Expiring = { readonly expiration: number; readonly live: boolean };

export class ExpiryQueue<T extends Expiring> {
  #heap: T[] = [];

  get size(): number {
    return this.#heap.length;
  }

  push(item: T): void {
    this.#heap.push(item);
    this.#rise(this.#heap.length - 1);
  }

  /** Removes and returns every live item that expires at `timestamp` or before; earliest first. */
  takeDue(timestamp: number): T[] {
    const due: T[] = [];
    for (let first = this.#heap[0]; first !== undefined && first.expiration <= timestamp; first = this.#heap[0]) {
      this.#removeFirst();
      if (first.live) due.push(first);
    }
    return due;
  }

  /** Forgets what is no longer live, when that is most of it; otherwise the dead leave when they fall due. */
  compact(liveCount: number): void {
    if (this.#heap.length < 1024 || this.#heap.length < 2 * liveCount) return;
    // A sorted array is a heap.
    this.#heap = this.#heap.filter((item) => item.live).toSorted((a, b) => a.expiration - b.expiration);
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isEarlier(index, parent)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #sink(start: number): void {
    let index = start;
    for (;;) {
      const left = 2 * index + 1;
      const earlier = this.#isEarlier(left + 1, left) ? left + 1 : left;
      if (!this.#isEarlier(earlier, index)) return;
      this.#swap(index, earlier);
      index = earlier;
    }
  }

  #isEarlier(a: number, b: number): boolean {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    return first !== undefined && second !== undefined && first.expiration < second.expiration;
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (first === undefined || second === undefined) return;
    this.#heap[a] = second;
    this.#heap[b] = first;
  }
}
