/**
 * What nodes say about how far the chain is. Owns the newest word of each node.
 *
 * H1. A chain makes at most one block per slot of 3 s: of two words that would need more, one is wrong. The one that
 *     contradicts more nodes does not count, between two the higher one.
 * H2. A block from far in the future of this machine's clock does not count, unless all of them are: then it is the
 *     clock that is wrong.
 * H3. Nothing here is believed; it only decides who is asked first. Between two nodes a word that is consistent and less
 *     than `FUTURE_MS` ahead cannot be told from the truth.
 */

export type HeightKind = "head" | "solid";
export type NamedBlock = { readonly number: number; readonly timestamp: number };
type Word = NamedBlock & { readonly heardAt: number };

const SLOT_MS = 3_000;
/** Branches differ by some blocks, and nodes date the same slot alike. */
const SLACK_BLOCKS = 5;
const FUTURE_MS = 15 * 60_000;
/** What was heard longer ago says nothing about now. */
const FRESH_MS = 60_000;

export class Heights {
  readonly #words = { head: new Map<object, Word>(), solid: new Map<object, Word>() };

  heard(node: object, given: { readonly kind: HeightKind; readonly block: NamedBlock; readonly now: number }): void {
    const { kind, block, now } = given;
    this.#words[kind].set(node, { number: block.number, timestamp: block.timestamp, heardAt: now });
  }

  /** The highest block that counts; `undefined` when no node was heard lately. */
  best(kind: HeightKind, now: number): number | undefined {
    const numbers = this.#credible(kind, now).map(({ number }) => number);
    return numbers.length === 0 ? undefined : Math.max(...numbers);
  }

  /** The newest word of this node is one that does not count. */
  exaggerates(node: object, now: number): boolean {
    return (["head", "solid"] as const).some((kind) => {
      const word = this.#words[kind].get(node);
      return word !== undefined && isFresh(word, now) && !this.#credible(kind, now).includes(word);
    });
  }

  #credible(kind: HeightKind, now: number): Word[] {
    const fresh = [...this.#words[kind].values()].filter((word) => isFresh(word, now));
    const timely = fresh.filter(({ timestamp }) => timestamp <= now + FUTURE_MS);
    let words = timely.length === 0 ? fresh : timely;
    for (;;) {
      const worst = mostContradicted(words);
      if (worst === undefined) return words;
      words = words.filter((word) => word !== worst);
    }
  }
}

function isFresh({ heardAt }: Word, now: number): boolean {
  return now - heardAt <= FRESH_MS;
}

/** H1 */
function mostContradicted(words: readonly Word[]): Word | undefined {
  // Asked before each request, and nearly always nobody contradicts anybody.
  if (!words.some((word) => words.some((other) => contradict(word, other)))) return undefined;
  const counted = words.map((word) => ({ word, count: words.filter((other) => contradict(word, other)).length }));
  const [worst] = counted.toSorted((a, b) => b.count - a.count || b.word.number - a.word.number);
  return worst?.word;
}

function contradict(a: NamedBlock, b: NamedBlock): boolean {
  const milliseconds = a.number < b.number ? b.timestamp - a.timestamp : a.timestamp - b.timestamp;
  return Math.abs(a.number - b.number) > Math.max(0, milliseconds) / SLOT_MS + SLACK_BLOCKS;
}
