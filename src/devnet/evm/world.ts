/**
 * The state as code sees it: balances, contracts, code, storage, in layers, one for each frame.
 *
 * V1. What a frame changes is in its layer: `keep` gives it to the frame below, `drop` forgets it. Transient storage too.
 * V2. A slot set to zero is a row of 0n until the transaction ends: a node prices SSTORE by whether there is a row
 *     (EnergyCost.getSstoreCost), and removes zeros when it commits. `settle` does that.
 */
import { fromHex, toHex } from "../../tron/bytes.ts";
import { keccak_256 } from "../../tron/hashes.ts";
import { newAccount, accountKey, accountOf, type Session, burn, read, Session as Layer } from "../state.ts";
import type { Key } from "../rows.ts";
import { codeKey, contractKey, storageOwner, slotKey } from "./contract-keys.ts";
import type { SmartContract } from "./contract-rows.ts";

export class World {
  #session: Session;
  readonly #below: Session[] = [];
  #transient = new Map<string, bigint>();
  readonly #transientBelow: Map<string, bigint>[] = [];
  readonly #now: number;
  readonly #zeroed = new Set<Key<"s">>();

  /** `now`: creation time of accounts that come to be, ms. */
  constructor(session: Session, now: number) {
    this.#session = session;
    this.#now = now;
  }

  get session(): Session {
    return this.#session;
  }

  enter(): void {
    this.#below.push(this.#session);
    this.#session = new Layer(this.#session);
    this.#transientBelow.push(this.#transient);
    this.#transient = new Map(this.#transient);
  }

  keep(): void {
    const above = this.#session;
    this.#leave();
    this.#session.merge(above);
    this.#transientBelow.pop();
  }

  drop(): void {
    this.#leave();
    this.#transient = this.#transientBelow.pop() ?? new Map<string, bigint>();
  }

  #leave(): void {
    const below = this.#below.pop();
    if (below === undefined) throw new RangeError("a frame was left that was not entered");
    this.#session = below;
  }

  /** The end of the transaction: slots that are zero are not stored. */
  settle(): void {
    for (const key of this.#zeroed) {
      if (read(this.#session, key) === 0n) this.#session.restore(key, undefined);
    }
  }

  exists(hex41: string): boolean {
    return accountOf(this.#session, hex41) !== undefined;
  }

  balance(hex41: string): bigint {
    return accountOf(this.#session, hex41)?.balance ?? 0n;
  }

  /** The caller has checked that the account exists and has enough. */
  addBalance(hex41: string, sun: bigint): void {
    const account = accountOf(this.#session, hex41) ?? newAccount(this.#now);
    this.#session.write(accountKey(hex41), { ...account, balance: account.balance + sun });
  }

  createAccount(hex41: string): void {
    if (!this.exists(hex41)) this.#session.write(accountKey(hex41), newAccount(this.#now));
  }

  /** Takes money out of the world. */
  burnAll(hex41: string): void {
    const balance = this.balance(hex41);
    this.addBalance(hex41, -balance);
    burn(this.#session, balance);
  }

  contract(hex41: string): SmartContract | undefined {
    return read(this.#session, contractKey(hex41));
  }

  createContract(hex41: string, contract: SmartContract): void {
    const account = accountOf(this.#session, hex41) ?? newAccount(this.#now);
    this.#session.write(accountKey(hex41), { ...account, isContract: true });
    this.#session.write(contractKey(hex41), contract);
  }

  /** Hex; "" where there is none. */
  code(hex41: string): string {
    return read(this.#session, codeKey(hex41)) ?? "";
  }

  saveCode(hex41: string, code: string): void {
    this.#session.write(codeKey(hex41), code);
    const contract = this.contract(hex41);
    const hash = toHex(keccak_256(fromHex(code)));
    if (contract !== undefined) this.#session.write(contractKey(hex41), { ...contract, code_hash: hash });
  }

  /** Of a contract that destroyed itself. */
  remove(hex41: string): void {
    for (const key of [accountKey(hex41), contractKey(hex41), codeKey(hex41)]) this.#session.restore(key, undefined);
  }

  /** Whose slots code at this address works on. */
  storage(hex41: string): string {
    return storageOwner(hex41, this.contract(hex41));
  }

  /** `undefined`: never written. */
  slot(storage: string, slot: bigint): bigint | undefined {
    return read(this.#session, slotKey(storage, slot));
  }

  setSlot(storage: string, { slot, value }: { slot: bigint; value: bigint }): void {
    const key = slotKey(storage, slot);
    if (value === 0n) this.#zeroed.add(key);
    this.#session.write(key, value);
  }

  transient(hex41: string, slot: bigint): bigint {
    return this.#transient.get(`${hex41}!${slot}`) ?? 0n;
  }

  setTransient(hex41: string, { slot, value }: { slot: bigint; value: bigint }): void {
    this.#transient.set(`${hex41}!${slot}`, value);
  }
}
