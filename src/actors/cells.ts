/**
 * The actors in memory. Owns the cache; a cold actor costs nothing and is loaded when something happens to it.
 *
 * C1. A cell with uncommitted steps is pinned: the store would answer with an older record.
 * C2. Everything else may be dropped at any time; the store has it.
 */
import type { ActorAddress, ActorRecord } from "../domain/records.ts";
import type { Catalog } from "../machines/catalog.ts";
import type { Store } from "../ports/store.ts";
import { keyOf } from "./envelope.ts";
import { revive } from "./step.ts";

type Cell = { record: ActorRecord; pins: number; recentlyUsed: boolean };

export class Cells {
  private readonly cells = new Map<string, Cell>();
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
    const stored = this.store.record(actor);
    if (stored === undefined) return undefined;
    const record = this.wake(stored);
    this.cells.set(key, { record, pins: 0, recentlyUsed: true });
    this.shrink();
    return record;
  }

  /** The next state of an actor, pinned until `unpin`. */
  replace(actor: ActorAddress, record: ActorRecord): void {
    const key = keyOf(actor);
    const cell = this.cells.get(key);
    if (cell === undefined) this.cells.set(key, { record, pins: 1, recentlyUsed: true });
    else {
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

  /** Second chance: a cell used since it was last looked at goes to the back. Looks at a few cells only. */
  private shrink(): void {
    if (this.cells.size <= this.sizeMax) return;
    let looked = 0;
    for (const [key, cell] of this.cells) {
      this.cells.delete(key);
      if (cell.pins > 0 || cell.recentlyUsed) {
        cell.recentlyUsed = false;
        this.cells.set(key, cell);
      }
      looked += 1;
      if (this.cells.size <= this.sizeMax || looked >= 64) return;
    }
  }
}
