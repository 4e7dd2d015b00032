/**
 * Everything that a node, or the way to it, can do to a client, on demand.
 *
 * F1. One-shot faults are played in the order in which they were asked for, before sticky ones.
 * F2. Chance comes from the seed: the same calls meet the same faults.
 */
import type { Code } from "./outcome.ts";

/** A path contains the text, or matches. */
type Filter = { readonly path?: string | RegExp };

export type NodeFault = Filter &
  (
    | {
        readonly kind:
          /** The transaction is pooled and the answer never comes. */
          | "accept-then-time-out"
          /** The transaction is pooled and the connection is cut. */
          | "accept-then-reset"
          /** The answer says accepted, but the node loses the transaction. */
          | "accept-then-drop"
          /** Cut before the node saw anything. */
          | "reset-before-accept"
          /** Pooled, but the answer is DUP_TRANSACTION_ERROR. */
          | "answer-dup"
          /** Pooled, but the answer is NOT_ENOUGH_EFFECTIVE_CONNECTION, `P2P broadcast failed.` */
          | "p2p-failed"
          /** Not looked at: SERVER_BUSY. */
          | "server-busy"
          /** Pooled, but the answer is OTHER_ERROR. */
          | "other-error"
          | "rate-limit"
          /** HTTP 403, as a provider suspends a key. */
          | "suspend"
          /** HTTP 404: the node's configuration leaves this path out; one that only cannot estimate says so in `result`. */
          | "api-disabled"
          /** HTTP 200: the node's own limiter. */
          | "no-computing-resources"
          | "html-500"
          | "hang"
          | "reset"
          | "truncated-json"
          /** The block's receipts are missing: [] or {}. */
          | "empty-infos";
      }
    /** Refused without being pooled. */
    | { readonly kind: "refuse"; readonly code?: Code; readonly message?: string }
    /** Answers as of `blocks` blocks ago. */
    | { readonly kind: "stale-head"; readonly blocks: number }
  );

export type FaultKind = NodeFault["kind"];

export interface FaultPlan {
  /** Plays the fault at the next request that it fits. */
  next(fault: NodeFault): void;
  /** Plays the fault at every request that it fits, with `probability` (1 if absent). Returns how to stop it. */
  set(fault: NodeFault, options?: { probability: number }): () => void;
  clear(): void;
  /** How often each kind was played. */
  readonly played: ReadonlyMap<FaultKind, number>;
}

const BROADCASTS = /\/broadcast(hex|transaction)$/;
const INFOS = /gettransactioninfoby/;
const BROADCAST_KINDS: ReadonlySet<FaultKind> = new Set([
  "accept-then-time-out",
  "accept-then-reset",
  "accept-then-drop",
  "reset-before-accept",
  "answer-dup",
  "p2p-failed",
  "server-busy",
  "other-error",
  "refuse",
] as const);

export class Faults implements FaultPlan {
  #once: NodeFault[] = [];
  #sticky: { fault: NodeFault; probability: number }[] = [];
  readonly #played = new Map<FaultKind, number>();
  readonly #random: () => number;

  constructor(seed: string) {
    this.#random = seeded(seed);
  }

  get played(): ReadonlyMap<FaultKind, number> {
    return this.#played;
  }

  next(fault: NodeFault): void {
    this.#once.push(fault);
  }

  set(fault: NodeFault, options?: { probability: number }): () => void {
    const entry = { fault, probability: options?.probability ?? 1 };
    this.#sticky.push(entry);
    return () => {
      this.#sticky = this.#sticky.filter((other) => other !== entry);
    };
  }

  clear(): void {
    this.#once = [];
    this.#sticky = [];
  }

  /** The fault to play at a request to this path. */
  take(path: string): NodeFault | undefined {
    const at = this.#once.findIndex((fault) => fits(fault, path));
    const [fault] =
      at >= 0
        ? this.#once.splice(at, 1)
        : this.#sticky
            .filter((entry) => fits(entry.fault, path) && this.#random() < entry.probability)
            .map((entry) => entry.fault);
    if (fault !== undefined) this.#played.set(fault.kind, (this.#played.get(fault.kind) ?? 0) + 1);
    return fault;
  }
}

function fits(fault: NodeFault, path: string): boolean {
  if (BROADCAST_KINDS.has(fault.kind) && !BROADCASTS.test(path)) return false;
  if (fault.kind === "empty-infos" && !INFOS.test(path)) return false;
  if (fault.path === undefined) return true;
  return typeof fault.path === "string" ? path.includes(fault.path) : fault.path.test(path);
}

/** mulberry32 over a hash of the seed: good enough to choose faults, the same on every machine. */
function seeded(seed: string): () => number {
  let state = 0x9e3779b9;
  for (const letter of seed) state = Math.imul(state ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
