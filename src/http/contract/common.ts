/** Words that all parts of the API share. Amounts are decimal text beside the integer of base units; times are ISO 8601. */
import { Type, type TObject, type TSchema } from "typebox";
import { AssetSchema, DECIMAL_PATTERN } from "../../domain/money.ts";
import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from "../../domain/limits.ts";
import { SKIP_MAX } from "../bounds.ts";

export const strict = { additionalProperties: false } as const;

export const Amount = Type.String({
  pattern: DECIMAL_PATTERN,
  description: 'Decimal text with at most 6 places, such as "12.5"; never a number',
  examples: ["12.5"],
});
export const AmountUnits = Type.String({ description: "The same amount as an integer of base units (10^-6)" });
export const Address = Type.String({
  pattern: "^T[1-9A-HJ-NP-Za-km-z]{33}$",
  description: "TRON address, base58check",
  examples: ["TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"],
});
export const TxId = Type.String({ pattern: "^[0-9a-f]{64}$", description: "64 lower-case hex characters" });
/** Its form alone; whether there is such a day is judged with the rest of the order. */
export const FutureTime = Type.String({
  pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,3})?Z$",
  examples: ["2030-01-31T12:00:00Z"],
});
export const Time = Type.String({ description: "ISO 8601, UTC" });
export const Asset = AssetSchema;
export const Id = Type.String({ pattern: "^[A-Za-z0-9_-]{1,64}$" });
/** A caller's own id of a payment. */
export const ExternalId = Type.String({
  pattern: "^[\\x21-\\x7e]{1,128}$",
  description: "Your own id; unique among all payouts",
});
/** Small texts of the caller, kept and given back. Keys that could reach a prototype are no keys. */
export const Labels = Type.Record(
  Type.String({ pattern: "^(?!(?:__proto__|constructor|prototype)$)[A-Za-z0-9_.-]{1,64}$" }),
  Type.String({ maxLength: 256 }),
  { additionalProperties: false, maxProperties: 32 },
);
export const Refusal = Type.Object({
  code: Type.String(),
  detail: Type.String(),
  evidence: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});
export const Anything = Type.Record(Type.String(), Type.Unknown());

export const pageQuery = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: PAGE_LIMIT_MAX, description: `Default ${PAGE_LIMIT_DEFAULT}` }),
  ),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 512, description: "next_cursor of the page before" })),
  order: Type.Optional(
    Type.Union([Type.Literal("desc"), Type.Literal("asc")], {
      description: "Newest first (desc, default) or oldest first",
    }),
  ),
};
export const PageQuery = Type.Object(pageQuery, strict);

/** For callers that cannot use cursors: skip and times, which are ms since epoch. */
export const HistoryQuery = Type.Object(
  {
    ...pageQuery,
    skip: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: SKIP_MAX,
        description: "Entries to leave out; counts only without a cursor",
      }),
    ),
    from_timestamp: Type.Optional(Type.Integer({ minimum: 0, description: "ms since epoch, inclusive" })),
    to_timestamp: Type.Optional(Type.Integer({ minimum: 0, description: "ms since epoch, inclusive" })),
  },
  strict,
);

export function pageOf<T extends TSchema>(item: T) {
  return Type.Object({
    items: Type.Array(item),
    damaged: Type.Array(Type.Object({ kind: Type.String(), id: Type.String() }), {
      description:
        "Belong to this page, whatever the filter, and cannot be read: they are in quarantine until the store is restored",
    }),
    next_cursor: Type.Union([Type.String(), Type.Null()], { description: "null on the last page" }),
  });
}

export function pathParams<P extends Record<string, TSchema>>(properties: P): TObject<P> {
  return Type.Object(properties);
}
