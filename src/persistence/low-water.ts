/**
 * The lowest due time that a timer row can have. Rows are deleted from the low end of their range, and LevelDB steps
 * over each deleted row until it is compacted away; starting above them keeps `nextTimer` flat.
 *
 * L1. No committed row lies below `floor()`.
 * L2. A scan raises the floor only to what it has seen, less every row that was committed while it ran.
 */
export class LowWater {
  #floor = 0;
  readonly #scans = new Set<{ lowest: number }>();

  floor(): number {
    return this.#floor;
  }

  /** To be called after the commit of the row: until then no scan is expected to find it. */
  committed(due: number): void {
    if (due < this.#floor) this.#floor = due;
    for (const scan of this.#scans) if (due < scan.lowest) scan.lowest = due;
  }

  /** `search` looks upwards from the floor and says below which time it is sure that there is nothing. */
  async scan<T>(search: (floor: number) => Promise<{ found: T; emptyBelow: number }>): Promise<T> {
    const scan = { lowest: Number.POSITIVE_INFINITY };
    this.#scans.add(scan);
    try {
      const { found, emptyBelow } = await search(this.#floor);
      this.#floor = Math.min(emptyBelow, scan.lowest);
      return found;
    } finally {
      this.#scans.delete(scan);
    }
  }
}
