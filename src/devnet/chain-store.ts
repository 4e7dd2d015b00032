/**
 * The chain as it is committed: blocks, the state at its head, and how to look back.
 *
 * C1. The head moves only in `commit`, after its blocks and rows are stored (`backing.ts` B1).
 * C2. Rows are those of the head. An older state is the head's with the undo records of the newer blocks laid over it.
 * C3. Solidified blocks are never replaced; `solidNumber` never falls (tron.md §1.7).
 */
import type { Backing, Entry } from "./backing.ts";
import type { Block, Header } from "./block.ts";
import type { ChainIdentity } from "./genesis.ts";
import type { Key, Row } from "./rows.ts";
import { read, txKey, type Undo, type View } from "./state.ts";

/** Undo records kept below the solidified block, so that stale answers can be given. */
const UNDO_KEPT = 64;

export type BuiltBlock = { readonly block: Block; readonly undo: Undo };

/** What a commit adds. `blocks` follow each other; the first may replace blocks above the solidified one. */
export type Extension = {
  readonly blocks: readonly BuiltBlock[];
  readonly rows: ReadonlyMap<Key, Row | undefined>;
  readonly solidNumber: number;
};

type HeadRecord = { readonly number: number; readonly solidNumber: number };
export type OriginRecord = ChainIdentity & { readonly starts: number };

const NO_UNDO: Undo = [];
const HEAD = "m!head";
const ORIGIN = "m!origin";

export class ChainStore implements View {
  readonly #backing: Backing;
  readonly #undoMaps = new WeakMap<Undo, ReadonlyMap<Key, Row | null>>();
  #head: Header;
  #solidNumber: number;

  private constructor(backing: Backing, head: Header, solidNumber: number) {
    this.#backing = backing;
    this.#head = head;
    this.#solidNumber = solidNumber;
  }

  /** The chain that `backing` holds. `begun`: what an empty one starts with, committed together with its origin. */
  static async open(backing: Backing, origin: OriginRecord, begun: () => Promise<Extension>): Promise<ChainStore> {
    const stored = backing.get(HEAD) as HeadRecord | undefined;
    if (stored === undefined) {
      const first = await begun();
      await backing.commit([...entriesOf(first, 0), [ORIGIN, origin]], () => {});
    } else {
      await backing.commit([[ORIGIN, origin]], () => {});
    }
    const { number, solidNumber } = backing.get(HEAD) as HeadRecord;
    return new ChainStore(backing, backing.get(blockKey(number)) as Block, solidNumber);
  }

  get head(): Header {
    return this.#head;
  }

  get solidNumber(): number {
    return this.#solidNumber;
  }

  row(key: Key): Row | undefined {
    return this.#backing.get(key) as Row | undefined;
  }

  /** Keys of rows at the head; not while a block is being committed. */
  keysOf(prefix: Key): Promise<string[]> {
    return this.#backing.keysOf(prefix);
  }

  block(number: number): Block | undefined {
    if (!Number.isSafeInteger(number) || number < 0 || number > this.#head.number) return undefined;
    return this.#backing.get(blockKey(number)) as Block | undefined;
  }

  undo(number: number): Undo {
    return (this.#backing.get(undoKey(number)) as Undo | undefined) ?? NO_UNDO;
  }

  /** State as of the block `number`; as of the oldest reachable one if that is too long ago. */
  viewAt(number: number): View {
    if (number >= this.#head.number) return this;
    return {
      row: (key) => {
        // The oldest of the newer blocks that changed the row knows what it was.
        for (let newer = number + 1; newer <= this.#head.number; newer += 1) {
          const before = this.#undoRows(newer).get(key);
          if (before !== undefined) return before ?? undefined;
        }
        return this.row(key);
      },
    };
  }

  #undoRows(number: number): ReadonlyMap<Key, Row | null> {
    const undo = this.undo(number);
    const known = this.#undoMaps.get(undo);
    if (known !== undefined) return known;
    const rows = new Map(undo);
    this.#undoMaps.set(undo, rows);
    return rows;
  }

  /** The block that holds the transaction. */
  blockOf(txId: string): Block | undefined {
    const number = read(this, txKey(txId));
    return number === undefined ? undefined : this.block(number);
  }

  /** `published` runs in the turn in which the head moves: whatever follows the head must move with it. */
  async commit(extension: Extension, published: () => void): Promise<void> {
    const head = extension.blocks.at(-1);
    const first = extension.blocks.at(0);
    if (head === undefined || first === undefined) throw new RangeError("nothing to commit");
    if (first.block.number <= this.#solidNumber) throw new RangeError("a solidified block cannot be replaced");
    await this.#backing.commit(entriesOf(extension, this.#solidNumber), () => {
      this.#head = head.block;
      this.#solidNumber = extension.solidNumber;
      published();
    });
  }

  /** What is kept beside the chain under this name; blocks and forks do not touch it. */
  noted(name: string): unknown {
    return this.#backing.get(noteKey(name));
  }

  /** Not while a block is being committed. */
  async note(name: string, value: unknown): Promise<void> {
    await this.#backing.commit([[noteKey(name), value]], () => {});
  }

  close(): Promise<void> {
    return this.#backing.close();
  }
}

export function storedOrigin(backing: Backing): OriginRecord | undefined {
  return backing.get(ORIGIN) as OriginRecord | undefined;
}

function entriesOf(extension: Extension, solidBefore: number): Entry[] {
  const entries: Entry[] = [...extension.rows];
  for (const { block, undo } of extension.blocks) {
    entries.push([blockKey(block.number), block], [undoKey(block.number), undo]);
  }
  for (let number = solidBefore; number < extension.solidNumber; number += 1) {
    if (number >= UNDO_KEPT) entries.push([undoKey(number - UNDO_KEPT), undefined]);
  }
  const head: HeadRecord = {
    number: extension.blocks.at(-1)?.block.number ?? 0,
    solidNumber: extension.solidNumber,
  };
  entries.push([HEAD, head]);
  return entries;
}

function blockKey(number: number): string {
  return `b!${number.toString().padStart(12, "0")}`;
}

function noteKey(name: string): string {
  return `m!note ${name}`;
}

function undoKey(number: number): string {
  return `u!${number.toString().padStart(12, "0")}`;
}
