/** Stands where `node:timers/promises` is for the devnet. */
export function setImmediate(): Promise<void> {
  return Promise.resolve();
}
