/** Stands where `nanoid` is for the program. */
import { randomBytes } from "./crypto.ts";

export function nanoid(size = 21): string {
  return randomBytes(size).toString("base64url").slice(0, size);
}
