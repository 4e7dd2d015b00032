/**
 * What one node said about solidified blocks, so that it can be held to its word. Owns that memory and its quarantine.
 *
 * N1. Memory is bounded: the newest `SAID_MAX` heights that the node named.
 * N2. A node in quarantine is not asked; only time with evidence, or an operator, ends it.
 */
import type { BlockHeader } from "../domain/chain-facts.ts";
import type { BlockSource } from "./block-source.ts";

const SAID_MAX = 256;
/** A node behind this many blocks is one whose word comes late, not one that lies. */
const LAG_TOLERATED = 100;

export type Quarantine = {
  readonly since: number;
  readonly reason: string;
  /** It named another block than `required` nodes did, not only than itself. */
  readonly offChain: boolean;
};
export type WitnessState = "unasked" | "ok" | "lagging" | "silent" | "quarantined";

export class Witness {
  readonly source: BlockSource;
  /** The highest solidified block it ever named. */
  highest = 0;
  quarantine: Quarantine | undefined;
  /** Why its last answer was none; `undefined` after an answer. */
  trouble: { readonly reason: string; readonly at: number } | undefined;
  readonly #said = new Map<number, string>();
  #newest = 0;

  constructor(source: BlockSource) {
    this.source = source;
  }

  get name(): string {
    return this.source.name;
  }

  get voice(): string {
    return this.source.voice;
  }

  /** The newest solidified block that it named when it was last asked. */
  get newest(): number {
    return this.#newest;
  }

  get state(): WitnessState {
    if (this.quarantine !== undefined) return "quarantined";
    if (this.trouble !== undefined) return "silent";
    if (this.highest === 0) return "unasked";
    return this.highest - this.#newest > LAG_TOLERATED ? "lagging" : "ok";
  }

  /** The id that it named for the height, if it is remembered. */
  said(number: number): string | undefined {
    return this.#said.get(number);
  }

  remember({ number, id }: BlockHeader): void {
    this.#said.delete(number);
    this.#said.set(number, id);
    const [oldest] = this.#said.keys();
    if (this.#said.size > SAID_MAX && oldest !== undefined) this.#said.delete(oldest);
  }

  named(header: BlockHeader): void {
    this.trouble = undefined;
    this.#newest = header.number;
    this.highest = Math.max(this.highest, header.number);
    this.remember(header);
  }

  /** Everything it said is forgotten with its quarantine: it starts again. */
  release(): void {
    this.quarantine = undefined;
    this.trouble = undefined;
    this.#said.clear();
    this.highest = 0;
    this.#newest = 0;
  }
}
