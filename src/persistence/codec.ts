/**
 * Stored shapes <-> text. The only place that knows how a value looks on disk: 8 hex characters of checksum over key
 * and JSON, then the JSON.
 *
 * C1. What is written can be read: every value passes its schema before it is encoded, and again after it is decoded.
 * C2. Only plain JSON is stored. A bigint, undefined, NaN, Date or class instance is a bug of the writer and throws
 *     before anything is written; amounts are `Units` text (domain/money M2).
 * C3. A value that was changed on disk, or that stands under another key than it was written to, never comes back:
 *     LevelDB does not verify its own checksums when it reads.
 */
import { crc32 } from "node:zlib";
import { Type, type TSchema } from "typebox";
import { Compile, type Validator } from "typebox/compile";
import {
  JsonText,
  type ActorRecord,
  type DeadLetter,
  type FeedEntry,
  type InboxEntry,
  type JournalEntry,
  type Message,
  type OutboxEntry,
  type QuarantineEntry,
  type StateValue,
  type StoredReply,
} from "../domain/records.ts";
import { corrupt } from "./damage.ts";

/** Written once, when the store is created. */
export type FormatMarker = { readonly format: number; readonly storeId: string; readonly createdAt: number };

/** Every stored shape by name. */
export type Shapes = {
  readonly format: FormatMarker;
  readonly record: ActorRecord;
  readonly journal: JournalEntry | readonly JournalEntry[];
  readonly outbox: OutboxEntry;
  readonly feed: FeedEntry | readonly FeedEntry[];
  readonly reply: StoredReply;
  readonly deadLetter: DeadLetter;
  readonly quarantine: QuarantineEntry;
  readonly inbox: InboxEntry;
  readonly meta: unknown;
};
export type ShapeName = keyof Shapes;

/**
 * Schema of the context of a kind at its current machine version. Records of older versions are not checked against
 * it: the engine migrates them after it has read them.
 */
export type ContextSchemas = Readonly<Record<string, { readonly version: string; readonly schema: TSchema }>>;

const closed = { additionalProperties: false };
const Count = Type.Integer({ minimum: 0 });
const Address = Type.Object({ kind: Type.String(), id: Type.String() }, closed);
/** Open on purpose: the fields of a message belong to its machine. */
const StoredMessage = Type.Unsafe<Message>(Type.Object({ type: Type.String() }));
const StoredState = Type.Unsafe<StateValue>(
  Type.Cyclic({ State: Type.Union([Type.String(), Type.Record(Type.String(), Type.Ref("State"))]) }, "State"),
);
const Timer = Type.Object({ due: Count, event: StoredMessage, generation: Count }, closed);

const JOURNAL_ENTRY = Type.Object(
  {
    revision: Count,
    at: Count,
    event: StoredMessage,
    from: Type.String(),
    to: Type.String(),
    effects: Type.Array(Type.String()),
    reason: Type.Optional(Type.String()),
  },
  closed,
);
const FEED_ENTRY = Type.Object(
  { sequence: Count, at: Count, actor: Address, revision: Count, event: StoredMessage },
  closed,
);
/** Format 1 had a row for each entry. */
const oneOrMany = (entry: TSchema) => Type.Union([entry, Type.Array(entry, { minItems: 2 })]);

const SCHEMAS: Readonly<Record<ShapeName, TSchema>> = {
  /** Open: a newer release may add fields, and its format number is what has to be reported. */
  format: Type.Object({ format: Count, storeId: Type.String({ minLength: 1 }), createdAt: Count }),
  record: Type.Object(
    {
      kind: Type.String(),
      id: Type.String(),
      version: Type.String(),
      revision: Type.Integer({ minimum: 1 }),
      state: StoredState,
      context: Type.Unknown(),
      status: Type.Union([Type.Literal("active"), Type.Literal("done")]),
      tag: Type.String(),
      effects: Type.Record(Type.String(), Type.String()),
      timers: Type.Record(Type.String(), Timer),
      indexes: Type.Array(Type.String()),
      createdAt: Count,
      updatedAt: Count,
    },
    closed,
  ),
  journal: oneOrMany(JOURNAL_ENTRY),
  outbox: Type.Object(
    { key: Type.String(), actor: Address, invokeId: Type.String(), source: Type.String(), input: Type.Unknown() },
    closed,
  ),
  feed: oneOrMany(FEED_ENTRY),
  reply: Type.Object(
    {
      fingerprint: Type.String(),
      at: Count,
      status: Type.Integer({ minimum: 100, maximum: 599 }),
      body: Type.Unknown(),
    },
    closed,
  ),
  deadLetter: Type.Object(
    { actor: Address, at: Count, revision: Count, event: StoredMessage, error: Type.String() },
    closed,
  ),
  quarantine: Type.Object({ actor: Address, at: Count, reason: Type.String(), failures: Count }, closed),
  inbox: Type.Object({ actor: Address, sequence: Count, message: StoredMessage }, closed),
  meta: Type.Unknown(),
};

type Context = { readonly version: string; readonly check: Validator };

/** Encodes and decodes the shapes of one store. Has no state beyond its compiled schemas. */
export class Codec {
  readonly #checks: Readonly<Record<ShapeName, Validator>>;
  readonly #contexts: ReadonlyMap<string, Context>;

  constructor(contextSchemas: ContextSchemas = {}) {
    this.#checks = COMPILED;
    this.#contexts = new Map(
      Object.entries(contextSchemas).map(([kind, { version, schema }]) => [kind, { version, check: Compile(schema) }]),
    );
  }

  /** Throws an `Error` that names key and field when the value is not what its schema says: a bug of the writer. */
  encode<N extends ShapeName>(shape: N, key: string, value: Shapes[N]): string {
    // A schema of the context leaves no room for anything that is not plain JSON.
    if (!(shape === "record" && this.#contexts.has((value as ActorRecord).kind))) assertPlain(value, key);
    const problem = this.#problem(shape, value);
    if (problem !== undefined) throw new Error(`refused to store ${key}: ${problem}`);
    const json = shape === "reply" ? jsonOfReply(value as StoredReply) : JSON.stringify(value);
    return checksum(key, json) + json;
  }

  /** Throws `Fault("store_corrupt")` when the text is not what `encode` wrote under this key. */
  decode<N extends ShapeName>(shape: N, key: string, text: string): Shapes[N] {
    const json = text.slice(CHECKSUM_LENGTH);
    if (checksum(key, json) !== text.slice(0, CHECKSUM_LENGTH)) {
      throw corrupt({ where: `key ${key}`, found: "the checksum does not match the value" });
    }
    const value = parse(key, json);
    const problem = this.#problem(shape, value);
    if (problem !== undefined) throw corrupt({ where: `key ${key}`, found: problem });
    return value as Shapes[N];
  }

  #problem(shape: ShapeName, value: unknown): string | undefined {
    const check = this.#checks[shape];
    if (!check.Check(value)) return `${shape} ${firstError(check, value)}`;
    return shape === "record" ? this.#contextProblem(value as ActorRecord) : undefined;
  }

  #contextProblem(record: ActorRecord): string | undefined {
    const context = this.#contexts.get(record.kind);
    if (context === undefined || context.version !== record.version) return undefined;
    return context.check.Check(record.context) ? undefined : `context ${firstError(context.check, record.context)}`;
  }
}

/** Whether the body is a value or its text, a reply looks the same on disk. */
function jsonOfReply(reply: StoredReply): string {
  const { body, ...answer } = reply;
  if (!(body instanceof JsonText)) return JSON.stringify(reply);
  return `${JSON.stringify(answer).slice(0, -1)},"body":${body.text}}`;
}

/** A short digest of any plain value: tells two rows apart, protects nothing. */
export function digestOf(value: unknown): string {
  return hex(crc32(JSON.stringify(value)));
}

const COMPILED = compileAll();

function compileAll(): Record<ShapeName, Validator> {
  const entries = Object.entries(SCHEMAS).map(([name, schema]) => [name, Compile(schema)]);
  return Object.fromEntries(entries) as Record<ShapeName, Validator>;
}

function firstError(check: Validator, value: unknown): string {
  const [error] = check.Errors(value);
  return error === undefined ? "does not match its schema" : `${error.instancePath || "/"} ${error.message}`;
}

function parse(key: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw corrupt({ where: `key ${key}`, found: "the value is not JSON", cause });
  }
}

/** JSON.stringify would drop or change these without a word (C2). */
function assertPlain(value: unknown, key: string): void {
  const path = impurity(value);
  if (path !== undefined) throw new Error(`refused to store ${key}: not plain JSON at ${path}`);
}

/** Path and kind of the first part that is not plain JSON. Walks without building paths until something is found. */
function impurity(value: unknown): string | undefined {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return undefined;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : `: ${value}`;
  if (typeof value !== "object") return `: ${typeof value}`;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const found = impurity(value[index]);
      if (found !== undefined) return `/${index}${found}`;
    }
    return undefined;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    return value instanceof JsonText ? undefined : `: an instance of a class`;
  for (const name in value) {
    const field = (value as Record<string, unknown>)[name];
    // In a record an undefined field and an absent one mean the same; JSON writes neither.
    if (field === undefined) continue;
    const found = impurity(field);
    if (found !== undefined) return `/${name}${found}`;
  }
  return undefined;
}

const CHECKSUM_LENGTH = 8;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** CRC-32 finds every change of up to 32 neighbouring bits, and others but for one in 4 billion. */
function checksum(key: string, json: string): string {
  return hex(crc32(json, crc32(key)));
}

/** Ten times as fast as toString(16) with padding, on a path that runs for every row. */
function hex(crc: number): string {
  return `${HEX[crc >>> 24]}${HEX[(crc >>> 16) & 255]}${HEX[(crc >>> 8) & 255]}${HEX[crc & 255]}`;
}
