import fc from "fast-check";
import type { Field, Message, Shape, Value } from "../../src/tron/protobuf.ts";

const hexOf = (some: Uint8Array) => Buffer.from(some).toString("hex");
const anyBytes = fc.uint8Array({ maxLength: 40 }).map(hexOf);
const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((some) => `41${hexOf(some)}`);
const words = fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom("a", "b", " ", "Z", "_", "é", "0") });

/**
 * Two readers of the same message may differ in what they do with odd texts and lists; `plain` leaves those out.
 * `addresses`: those to use now and then instead of new ones.
 */
export type Taste = { readonly plain: boolean; readonly addresses?: readonly string[] };

/** Any message of the shape. */
export function valueOf(shape: Shape, taste: Taste): fc.Arbitrary<Message> {
  return fc.record(Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, fieldOf(field, taste)])));
}

function fieldOf(field: Field, taste: Taste): fc.Arbitrary<Value> {
  const single = itemOf(field, taste);
  // TronWeb's builders want lists that are not empty, use of some only the first item, and sort maps.
  if (field.repeated && taste.plain) return fc.array(single, { minLength: 1, maxLength: 1 });
  if (field.map) return fc.uniqueArray(single, { maxLength: 3, selector: (entry) => Object(entry).key });
  if (field.repeated) return fc.array(single, { maxLength: 3 });
  return typeof field.is === "object" ? fc.option(single, { nil: undefined }) : single;
}

function itemOf(field: Field, taste: Taste): fc.Arbitrary<Value> {
  if (typeof field.is === "object") return valueOf(field.is, taste);
  switch (field.is) {
    case "bytes":
      if (field.shown === "address") return addressOf(taste);
      return field.shown === "text" ? words.map((text) => Buffer.from(text).toString("hex")) : anyBytes;
    case "string":
      return words;
    case "int64":
      return taste.plain ? fc.maxSafeNat().map(BigInt) : fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case "int32":
      return taste.plain ? fc.nat() : fc.integer();
    case "enum":
      return fc.nat((field.names?.length ?? 1) - 1);
    case "bool":
      return fc.boolean();
  }
}

function addressOf({ addresses }: Taste): fc.Arbitrary<string> {
  return addresses === undefined ? address : fc.oneof(fc.constantFrom(...addresses), address, anyBytes);
}
