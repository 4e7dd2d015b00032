/**
 * The actors in memory. Owns the cache; a cold actor costs nothing and is loaded when something happens to it.
 *
 * C1. A cell with uncommitted steps is pinned: the store would answer with an older record.
 * C2. Everything else may be dropped at any time; the store has it.
 * C3. An actor that the store did not know stays unknown until `replace`: nobody else writes records.
 */
import type { ActorAddress, ActorRecord } from "../domain/records.ts";
import type { Catalog } from "../machines/catalog.ts";
import type { Store } from "../ports/store.ts";
import { keyOf } from "./envelope.ts";
import { revive } from "./step.ts";

type Cell = { record: ActorRecord; pins: number; recentlyUsed: boolean };

/** Actors remembered as unknown; a new one is asked for several times before it begins. */
const ABSENT_MAX = 1_024;

export class Cells {
  private readonly cells = new Map<string, Cell>();
  private readonly absent = new Set<string>();
  private readonly catalog: Catalog;
  private readonly store: Store;
  private readonly sizeMax: number;

  constructor(options: { sizeMax: number }, ports: { catalog: Catalog; store: Store }) {
    this.sizeMax = options.sizeMax;
    this.catalog = ports.catalog;
    this.store = ports.store;
  }

  get size(): number {
    return this.cells.size;
  }

  get(actor: ActorAddress): ActorRecord | undefined {
    const key = keyOf(actor);
    const cell = this.cells.get(key);
    if (cell !== undefined) {
      cell.recentlyUsed = true;
      return cell.record;
    }
    if (this.absent.has(key)) return undefined;
    const stored = this.store.record(actor);
    if (stored === undefined) {
      if (this.absent.size >= ABSENT_MAX) this.absent.clear();
      this.absent.add(key);
      return undefined;
    }
    const record = this.wake(stored);
    this.cells.set(key, { record, pins: 0, recentlyUsed: true });
    this.shrink();
    return record;
  }

  /** The next state of an actor, pinned until `unpin`. */
  replace(actor: ActorAddress, record: ActorRecord): void {
    const key = keyOf(actor);
    const cell = this.cells.get(key);
    if (cell === undefined) {
      this.absent.delete(key);
      this.cells.set(key, { record, pins: 1, recentlyUsed: true });
    } else {
      cell.record = record;
      cell.pins += 1;
    }
    this.shrink();
  }

  /** A commit of the actor came through. One that has ended will hardly be needed again. */
  unpin(actor: ActorAddress): void {
    this.release(actor, (record) => record.status === "done");
  }

  /** A step of the actor was taken back. Once none of it is open, the store has what it is. */
  takeBack(actor: ActorAddress): void {
    this.release(actor, () => true);
  }

  private release(actor: ActorAddress, isForgotten: (record: ActorRecord) => boolean): void {
    const key = keyOf(actor);
    const cell = this.cells.get(key);
    if (cell === undefined) return;
    cell.pins -= 1;
    if (cell.pins === 0 && isForgotten(cell.record)) this.cells.delete(key);
  }

  /** Forgets the idle actors of these kinds; they come back from disk. */
  drop(kinds: ReadonlySet<string>): void {
    for (const [key, cell] of this.cells) if (cell.pins === 0 && kinds.has(cell.record.kind)) this.cells.delete(key);
  }

  dropOne(actor: ActorAddress): void {
    if (this.cells.get(keyOf(actor))?.pins === 0) this.cells.delete(keyOf(actor));
  }

  private wake(stored: ActorRecord): ActorRecord {
    const entry = this.catalog[stored.kind];
    if (entry === undefined) throw new Error(`no machine for kind ${stored.kind}`);
    return revive(entry, stored);
  }

  /**
   * Second chance: a cell used since it was last looked at goes to the back. Many at a time, because a Map that lost its
   * first entries steps over each of them whenever it is walked from the start.
   */
  private shrink(): void {
    const { cells, sizeMax } = this;
    const atATime = sizeMax >> 4;
    if (cells.size <= sizeMax + atATime) return;
    let looked = 0;
    for (const [key, cell] of cells) {
      cells.delete(key);
      if (cell.pins > 0 || cell.recentlyUsed) {
        cell.recentlyUsed = false;
        cells.set(key, cell);
      }
      looked += 1;
      if (cells.size <= sizeMax || looked >= 64 + 2 * atATime) return;
    }
  }
}
