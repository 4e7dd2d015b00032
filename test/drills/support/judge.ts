/** Collects the verdicts of a drill and prints them; a drill that judged nothing has failed. */
export class Judge {
  passed = 0;
  failed = 0;
  private readonly begun = performance.now();

  say(text: string): void {
    console.log(`${((performance.now() - this.begun) / 1_000).toFixed(0).padStart(5)} s  ${text}`);
  }

  /** `evidence` is shown when it does not hold: what was found instead. */
  holds(promise: string, isTrue: boolean, evidence: unknown = ""): void {
    if (isTrue) this.passed += 1;
    else this.failed += 1;
    console.log(`${isTrue ? "passed" : "FAILED"}  ${promise}`);
    if (!isTrue && evidence !== "") console.log(`        ${shown(evidence)}`);
  }

  empty(promise: string, found: readonly unknown[]): void {
    this.holds(promise, found.length === 0, found.slice(0, 10));
  }

  /** The drill did what it claims: one that did less proves nothing, whatever else it says. */
  did(what: string, count: number, atLeast: number): void {
    this.holds(`${what}: ${count}, at least ${atLeast}`, count >= atLeast, "the run is vacuous");
  }

  table(figures: Readonly<Record<string, string | number>>): void {
    const width = Math.max(...Object.keys(figures).map(({ length }) => length));
    console.log("");
    for (const [name, figure] of Object.entries(figures)) console.log(`  ${name.padEnd(width)}  ${figure}`);
    console.log("");
  }

  /** The last line of every drill. */
  conclude(): boolean {
    const isFine = this.failed === 0 && this.passed > 0;
    console.log(`${this.passed} passed, ${this.failed + (this.passed === 0 && this.failed === 0 ? 1 : 0)} failed`);
    return isFine;
  }
}

function shown(evidence: unknown): string {
  return typeof evidence === "string" ? evidence : JSON.stringify(evidence);
}

/** "1 ×a, 2 ×b", the most frequent first. */
export function counted(counts: ReadonlyMap<string | number, number>): string {
  const sorted = [...counts].toSorted(([, a], [, b]) => b - a);
  return sorted.map(([what, count]) => `${count} × ${what}`).join(", ") || "none";
}

export function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
