/** Records as they are on the disk, for answers. */
import { keyOf } from "../actors/envelope.ts";
import { upgrade } from "../actors/step.ts";
import { Fault, isFault } from "../domain/errors.ts";
import type { ActorAddress, ActorRecord } from "../domain/records.ts";
import type { Catalog } from "../machines/catalog.ts";
import type { PageRequest, Store } from "../ports/store.ts";
import type { RecordPage } from "./facade.ts";

type StoredRecordsPorts = {
  readonly catalog: Catalog;
  readonly store: Pick<Store, "record" | "ids" | "index">;
  /** As a message would find it: the operator learns it, whoever asked. */
  readonly onUnreadable: (actor: ActorAddress, error: unknown) => void;
};

export class StoredRecords {
  private readonly ports: StoredRecordsPorts;

  constructor(ports: StoredRecordsPorts) {
    this.ports = ports;
  }

  /** Throws `Fault("quarantined")` when the record is damaged. */
  one(actor: ActorAddress): ActorRecord | undefined {
    const stored = this.read(actor);
    const entry = this.ports.catalog[actor.kind];
    return stored === undefined || entry === undefined ? stored : upgrade(entry, stored);
  }

  /** A damaged record does not hide those beside and behind it. */
  async page(kind: string, index: string | undefined, page: PageRequest): Promise<RecordPage> {
    const { store } = this.ports;
    const { ids, next } = index === undefined ? await store.ids(kind, page) : await store.index(kind, index, page);
    const records: ActorRecord[] = [];
    const damaged: ActorAddress[] = [];
    for (const { id } of ids) {
      try {
        const record = this.one({ kind, id });
        if (record !== undefined) records.push(record);
      } catch (error) {
        if (!isQuarantine(error)) throw error;
        damaged.push({ kind, id });
      }
    }
    return { records, damaged, next };
  }

  private read(actor: ActorAddress): ActorRecord | undefined {
    return this.unlessDamaged(actor, () => this.ports.store.record(actor));
  }

  /** Whatever looks at a record: a damaged one is quarantined, and the fault says so. */
  unlessDamaged(actor: ActorAddress, look: () => ActorRecord | undefined): ActorRecord | undefined {
    try {
      return look();
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
      this.ports.onUnreadable(actor, cause);
      throw new Fault("quarantined", damageOf(actor), { cause, evidence: { ...actor } });
    }
  }
}

/** The store found that a row is not what was written. */
export function isDamage(error: unknown): boolean {
  return isFault(error) && error.code === "store_corrupt";
}

function isQuarantine(error: unknown): boolean {
  return isFault(error) && error.code === "quarantined";
}

export function damageOf(actor: ActorAddress): string {
  return `The record of ${keyOf(actor)} is damaged; it is quarantined until the store is restored and an operator releases it`;
}
