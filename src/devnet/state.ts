/**
 * The chain's state as rows under keys, and layers of it.
 *
 * S1. A row is never changed in place: a write puts a new value.
 * S2. `Session` keeps its writes to itself until somebody takes them; dropping it is a rollback.
 */
import { Fault } from "../domain/errors.ts";

export type Account = {
  readonly balance: bigint;
  /** ms */
  readonly createTime: number;
  readonly latestOperationTime: number;
  readonly freeNetUsage: number;
  /** In slots: ms / 3000. */
  readonly latestConsumeFreeTime: number;
  readonly isContract: boolean;
};

/** What belongs to no account. */
export type Totals = {
  readonly burnedSun: bigint;
  readonly publicNetUsage: number;
  /** In slots. */
  readonly publicNetTime: number;
};

type Rows = {
  /** `a!41…` */
  a: Account;
  /** `s!<contract>!<slot>` */
  s: bigint;
  /** `t!<txID>`: the number of the block that holds it; -1 while it is pending. */
  t: number;
  /** `g!totals` */
  g: Totals;
  /** `w!latest`: the newest block of each witness */
  w: readonly number[];
};
export type Row = Rows[keyof Rows];
export type Key<K extends keyof Rows = keyof Rows> = `${K}!${string}`;
type RowOf<K extends Key> = K extends `${infer Kind extends keyof Rows}!${string}` ? Rows[Kind] : never;

export const accountKey = (hex41: string): Key<"a"> => `a!${hex41}`;
export const txKey = (txId: string): Key<"t"> => `t!${txId}`;
export const storageKey = (contract: string, slot: string): Key<"s"> => `s!${contract}!${slot}`;
export const TOTALS: Key<"g"> = "g!totals";
export const WITNESSES: Key<"w"> = "w!latest";

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

function fits<K extends Key>(key: K, row: Row): row is RowOf<K> & Row {
  if (typeof row === "bigint") return key.startsWith("s!");
  if (typeof row === "number") return key.startsWith("t!");
  if ("balance" in row) return key.startsWith("a!");
  return "burnedSun" in row ? key.startsWith("g!") : key.startsWith("w!");
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
