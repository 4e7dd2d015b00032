/** Accounts for which nobody has to sign, because a developer said so. */
import type { Key } from "./rows.ts";
import { read, type View } from "./state.ts";

export function unlockedKey(hex41: string): Key<"unlocked"> {
  return `unlocked!${hex41}`;
}

export function isUnlocked(view: View, hex41: string): boolean {
  return read(view, unlockedKey(hex41)) === true;
}
