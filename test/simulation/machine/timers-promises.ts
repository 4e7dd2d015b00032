/** Stands where `node:timers/promises` is for the devnet, and for those who wait for a lock, of whom a world has none. */
import { operation } from "./power.ts";

export function setImmediate(): Promise<void> {
  return Promise.resolve();
}

export function setTimeout(ms: number): Promise<void> {
  return operation("sleep", ms, () => undefined);
}
