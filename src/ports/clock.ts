/** Time and chance for the engine. Machines never see this; they see the stamp on each message. */
export interface Clock {
  /** Whole milliseconds since epoch of this machine. Decides delays only, never whether money moved. */
  now(): number;
  /** Runs `task` once, not before `delayMs`. Returns the cancel function. */
  schedule(delayMs: number, task: () => void): () => void;
  /** Runs `task` in a later turn of the event loop, after pending I/O. */
  soon(task: () => void): void;
  /** 0 <= x < 1, for jitter only. */
  random(): number;
}
