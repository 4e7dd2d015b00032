/** The engine as its doors see it. Everything a door can do goes through here; no door touches an actor or the store. */
import type { Outcome, Verdict } from "../actors/envelope.ts";
import type { Refusal } from "../domain/errors.ts";
import type {
  ActorAddress,
  ActorRecord,
  DeadLetter,
  FeedEntry,
  InboxEntry,
  JournalEntry,
  Message,
  QuarantineEntry,
} from "../domain/records.ts";
import type { Catalog, ServiceName } from "../machines/catalog.ts";
import type { IndexPage, PageRequest } from "../ports/store.ts";

export type EngineRequest = {
  readonly to: ActorAddress;
  /** A message to an existing actor, or the input of a new one. Creating an id that exists is answered from what exists. */
  readonly message?: Message;
  readonly create?: unknown;
  /** `key` is already scoped (token, route); `fingerprint` is a hash of the request. */
  readonly idempotency?: { readonly key: string; readonly fingerprint: string };
  /** The id of what is created follows from the key, and from nothing else: without the actor there is no stored reply. */
  readonly isNamedByKey?: boolean;
  /** Pure. Runs before the commit; its verdict is returned after the commit. */
  readonly respond: (outcome: Outcome) => Verdict;
  /** Called after that. What it names is asked too, under the same key, and answers: to the repeats that wait as well. */
  readonly instead?: () => Pick<EngineRequest, "to" | "message" | "respond"> | undefined;
};

export type EngineAnswer =
  | { readonly status: number; readonly body: unknown; readonly replayed: boolean }
  | { readonly refusal: Refusal };

/** A page of a list. `damaged` stand in it too, and cannot be read: each is quarantined by now. */
export type RecordPage = {
  readonly records: readonly ActorRecord[];
  readonly damaged: readonly ActorAddress[];
  readonly next: string | undefined;
};

/** A committed step, for live views. */
export type CommittedStep = {
  readonly actor: ActorAddress;
  readonly revision: number;
  readonly at: number;
  readonly event: string;
  readonly from: string;
  readonly to: string;
  readonly tag: string;
};

export type EngineStatus = {
  readonly phase: "starting" | "running" | "draining" | "stopped";
  readonly readOnly: boolean;
  readonly startedAt: number;
  readonly actorsInMemory: number;
  readonly messagesWaiting: number;
  readonly effectsRunning: Readonly<Record<string, number>>;
  readonly effectsQueued: Readonly<Record<string, number>>;
  readonly steps: number;
  readonly commits: number;
  readonly writes: number;
  readonly poisoned: number;
  readonly services: Readonly<
    Record<ServiceName, { state: "running" | "restarting"; restarts: number; startedAt: number }>
  >;
};

export interface EngineFacade {
  readonly catalog: Catalog;
  /**
   * Refusals without a step: `not_found`, `idempotency_mismatch`, `quarantined`, `mailbox_full`, `engine_busy`, `not_ready`.
   * A step that throws is answered with `internal`; nothing of it happened.
   */
  request(request: EngineRequest): Promise<EngineAnswer>;
  /** The committed record. Throws `Fault("quarantined")` when it is damaged: its actor is quarantined then. */
  record(actor: ActorAddress): ActorRecord | undefined;
  /** Whether it was ever created; one whose record is damaged was. */
  has(actor: ActorAddress): boolean;
  /** Without an index: every record of the kind, by id. */
  records(kind: string, index: string | undefined, page: PageRequest): Promise<RecordPage>;
  index(kind: string, index: string, page: PageRequest): Promise<IndexPage>;
  /** Names of the kind's indexes that begin with `prefix`. */
  indexNames(kind: string, prefix: string, limit: number): Promise<string[]>;
  journal(actor: ActorAddress, page: { afterRevision: number; limit: number }): Promise<JournalEntry[]>;
  feed(page: { afterSequence: number; limit: number }): Promise<FeedEntry[]>;
  deadLetters(page: { actor?: ActorAddress; limit: number }): Promise<DeadLetter[]>;
  quarantines(limit: number): Promise<QuarantineEntry[]>;
  quarantine(actor: ActorAddress): QuarantineEntry | undefined;
  inbox(actor: ActorAddress, page: { afterSequence: number; limit: number }): Promise<InboxEntry[]>;
  /** Lets a quarantined actor go on: parked messages first, then its effects and timers. */
  release(actor: ActorAddress, by: string): Promise<Refusal | undefined>;
  restart(service: ServiceName, by: string): Promise<Refusal | undefined>;
  /** Calls `listener` after each commit; returns the stop function. */
  subscribe(listener: (step: CommittedStep) => void): () => void;
  status(): EngineStatus;
}

export type { Outcome, Verdict };
