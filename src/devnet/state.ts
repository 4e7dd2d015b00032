/**
 * The chain's state as rows under keys, and layers of it.
 *
 * S1. A row is never changed in place: a write puts a new value.
 * S2. `Session` keeps its writes to itself until somebody takes them; dropping it is a rollback.
 */
import { Fault } from "../domain/errors.ts";
import { type Account, fits, type Key, type Row, type RowOf, type Totals } from "./rows.ts";

export const accountKey = (hex41: string): Key<"a"> => `a!${hex41}`;
export const txKey = (txId: string): Key<"t"> => `t!${txId}`;
export const TOTALS: Key<"g"> = "g!totals";

export const NO_TOTALS: Totals = { burnedSun: 0n, publicNetUsage: 0, publicNetTime: 0 };
/** The block number of a transaction that is executed in the pending session only. */
export const PENDING_BLOCK = -1;

/** Reads rows at one point of the chain. */
export interface View {
  row(key: Key): Row | undefined;
}

/** The one place where a key decides the type of its row. Throws `Fault("store_corrupt")` when the row is of another. */
export function read<K extends Key>(view: View, key: K): RowOf<K> | undefined {
  const row = view.row(key);
  if (row === undefined) return undefined;
  if (!fits(key, row)) throw new Fault("store_corrupt", `the row ${key} of the devnet chain is not what its key says`);
  return row;
}

export class Session implements View {
  readonly #below: View;
  readonly #writes = new Map<Key, Row | undefined>();

  constructor(below: View) {
    this.#below = below;
  }

  row(key: Key): Row | undefined {
    return this.#writes.has(key) ? this.#writes.get(key) : this.#below.row(key);
  }

  write<K extends Key>(key: K, row: RowOf<K>): void {
    this.#writes.set(key, row);
  }

  remove(key: Key): void {
    this.#writes.set(key, undefined);
  }

  /** Sets a row to what it was once; `undefined` removes it. */
  restore(key: Key, row: Row | undefined): void {
    this.#writes.set(key, row);
  }

  get writes(): ReadonlyMap<Key, Row | undefined> {
    return this.#writes;
  }

  /** Takes over everything that `above` wrote. */
  merge(above: Session): void {
    for (const [key, row] of above.#writes) this.#writes.set(key, row);
  }
}

/** What a set of writes replaced, so that it can be undone. */
export type Undo = readonly (readonly [Key, Row | null])[];

export function undoOf(before: View, writes: ReadonlyMap<Key, Row | undefined>): Undo {
  return [...writes.keys()].map((key) => [key, before.row(key) ?? null] as const);
}

export function accountOf(view: View, hex41: string): Account | undefined {
  return read(view, accountKey(hex41));
}

export function newAccount(createTime: number): Account {
  return {
    balance: 0n,
    createTime,
    latestOperationTime: 0,
    freeNetUsage: 0,
    latestConsumeFreeTime: 0,
    isContract: false,
  };
}

export function totalsOf(view: View): Totals {
  return read(view, TOTALS) ?? NO_TOTALS;
}

/** Takes `sun` out of circulation. The caller has already taken it from an account. */
export function burn(session: Session, sun: bigint): void {
  const totals = totalsOf(session);
  session.write(TOTALS, { ...totals, burnedSun: totals.burnedSun + sun });
}

/** Burns `sun` of an account; `false`, and nothing changed, when it has less. */
export function burnFrom(session: Session, hex41: string, sun: bigint): boolean {
  const account = accountOf(session, hex41);
  if (account === undefined || account.balance < sun) return false;
  session.write(accountKey(hex41), { ...account, balance: account.balance - sun });
  burn(session, sun);
  return true;
}
