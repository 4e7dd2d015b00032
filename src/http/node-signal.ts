import { NODE_READ_TIMEOUT_MS } from "./bounds.ts";

/** Ends a read of a node that takes too long for somebody who waits at the door. */
export function nodeSignal(): AbortSignal {
  return AbortSignal.timeout(NODE_READ_TIMEOUT_MS);
}
