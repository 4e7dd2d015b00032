/**
 * Messages whose step met a disk that refused to be read.
 *
 * H1. Nobody is to blame, so nothing counts towards a quarantine: it is tried again (patience.ts).
 * H2. Later messages of the same actor wait behind it; all go back to their mailbox in the order they came.
 * H3. A request does not wait: it is refused, and nothing of it happened.
 */
import { refuse } from "../domain/errors.ts";
import { keyOf, type Envelope } from "./envelope.ts";
import type { Patience } from "./patience.ts";

export type HeldPorts = {
  readonly patience: Patience;
  /** Before whatever came for the actor meanwhile. */
  readonly putBack: (actor: string, envelopes: readonly Envelope[]) => void;
};

export class Held {
  private readonly held = new Map<string, Envelope[]>();
  private readonly ports: HeldPorts;

  constructor(ports: HeldPorts) {
    this.ports = ports;
  }

  /** True when it has to wait behind another. */
  takes(envelope: Envelope): boolean {
    if (this.held.size === 0 || !this.held.has(keyOf(envelope.to))) return false;
    this.hold(envelope, undefined);
    return true;
  }

  hold(envelope: Envelope, error: unknown): void {
    if (envelope.origin === "request") {
      const refusal = refuse("store_unavailable", "the disk refused to be read; nothing of the request happened");
      return envelope.settle({ end: "refused", refusal });
    }
    if (this.held.size === 0) this.ports.patience.wait(error, () => this.putAllBack());
    const key = keyOf(envelope.to);
    const waiting = this.held.get(key);
    if (waiting === undefined) this.held.set(key, [envelope]);
    else waiting.push(envelope);
  }

  startOver(): void {
    this.ports.patience.startOver();
  }

  private putAllBack(): void {
    const all = [...this.held];
    this.held.clear();
    for (const [actor, envelopes] of all) this.ports.putBack(actor, envelopes);
  }
}
