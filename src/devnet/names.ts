/**
 * Names and ids of accounts; bytes as hex. A name is for people, an id finds the account again, in any case of letters.
 * Who has one is kept under `named!name <hex>` and `named!id <lower-cased hex>`.
 */
import type { Names } from "./account-rows.ts";
import { read, type View } from "./state.ts";

const NOTHING: Names = { name: "", id: "" };

export function namesOf(view: View, hex41: string): Names {
  return read(view, `names!${hex41}`) ?? NOTHING;
}

export function nameKey(name: string): `named!${string}` {
  return `named!name ${name}`;
}

export function idKey(id: string): `named!${string}` {
  return `named!id ${Buffer.from(Buffer.from(id, "hex").toString("utf8").toLowerCase(), "utf8").toString("hex")}`;
}

export function addressNamed(view: View, key: `named!${string}`): string | undefined {
  return read(view, key)?.address;
}

/** Whether bytes are printable ASCII without spaces, some and at most so many (TransactionUtil.validReadableBytes). */
export function isReadable(hex: string, bytesMax: number): boolean {
  const bytes = Buffer.from(hex, "hex");
  return bytes.length > 0 && bytes.length <= bytesMax && bytes.every((byte) => byte >= 0x21 && byte <= 0x7e);
}
