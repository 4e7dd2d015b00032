/** The shapes that are stored. The kernel writes them, `persistence` checks them both ways, doors read them. */
/** Value of an XState machine's state: "active" or { onWire: "pending" }. JSON. */
export type StateValue = string | { readonly [key: string]: StateValue };

export type ActorAddress = { readonly kind: string; readonly id: string };

/** A message to an actor: a type and plain JSON data. */
export type Message = { readonly type: string; readonly [field: string]: unknown };

export type TimerEntry = {
  /** Engine clock, ms. */
  readonly due: number;
  readonly event: Message;
  /** Revision that armed it: an older row of the same name is stale. */
  readonly generation: number;
};

/** One actor: everything needed to continue it. Immutable; each step makes a new one. */
export type ActorRecord = {
  readonly kind: string;
  readonly id: string;
  /** Machine version that wrote it. */
  readonly version: string;
  /** 1 for the first stored record, +1 for each step. */
  readonly revision: number;
  readonly state: StateValue;
  readonly context: unknown;
  readonly status: "active" | "done";
  /** Public status word: first tag of the state. */
  readonly tag: string;
  /** invoke id -> effect key of the one running effect whose answer counts. */
  readonly effects: Readonly<Record<string, string>>;
  readonly timers: Readonly<Record<string, TimerEntry>>;
  /** Index entries of this record, as the catalogue computed them. */
  readonly indexes: readonly string[];
  readonly createdAt: number;
  readonly updatedAt: number;
};

export type JournalEntry = {
  readonly revision: number;
  readonly at: number;
  readonly event: Message;
  readonly from: string;
  readonly to: string;
  readonly effects: readonly string[];
  /** Why, in words: what the transition said, or undefined. */
  readonly reason?: string;
};

/** An effect that a committed step asked for; a row until its answer is committed. `key` = "<revision>.<invoke id>". */
export type OutboxEntry = {
  readonly key: string;
  readonly actor: ActorAddress;
  readonly invokeId: string;
  readonly source: string;
  /** Not stored, and worked out from the record for an entry that comes from disk. Rows of formats 1 and 2 hold it. */
  readonly input?: unknown;
};

/** A public event. `sequence` is dense and ascending. */
export type FeedEntry = {
  readonly sequence: number;
  readonly at: number;
  readonly actor: ActorAddress;
  readonly revision: number;
  readonly event: Message;
};

/** A message that an actor could not digest; the actor stands where it stood. */
export type DeadLetter = {
  readonly actor: ActorAddress;
  readonly at: number;
  readonly revision: number;
  readonly event: Message;
  readonly error: string;
};

export type QuarantineEntry = {
  readonly actor: ActorAddress;
  readonly at: number;
  readonly reason: string;
  readonly failures: number;
};

/** A message parked for a quarantined actor until it is released. */
export type InboxEntry = { readonly actor: ActorAddress; readonly sequence: number; readonly message: Message };

/** A value as the JSON that stands for it: encoded once, then stored and sent as this text. */
export class JsonText {
  readonly text: string;

  constructor(value: object) {
    this.text = JSON.stringify(value);
  }

  /** For whoever encodes what it is a part of. */
  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}

/** The answer to a request with an Idempotency-Key, and the fingerprint of the request it answers. */
export type StoredReply = {
  readonly fingerprint: string;
  readonly at: number;
  readonly status: number;
  readonly body: unknown;
};
