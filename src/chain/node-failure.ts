/** What can go wrong between the engine and one node, and what the outside sees of it. */
import { Fault, isFault } from "../domain/errors.ts";

/**
 * Nothing was sent:
 * - unreachable: no connection was established
 * - resting: the node failed so often that it is left alone for a while
 * - limited: the budget of the node's key has no room in the time that the caller has
 * - excluded: a node of another network, or one that contradicted itself
 *
 * The question may have arrived:
 * - timeout: no answer in time
 * - slow: an answer began and did not end in time
 * - broken: the connection broke before an answer
 * - truncated: the connection broke inside an answer
 * - throttled: HTTP 403 or 429; the node or the gateway before it counts requests
 * - overloaded: a 5xx, or the node's own rate limiter
 * - rejected: the node says that it will never answer this
 * - oversized, encoded, untyped, unparsable, mistyped: an answer that is too large, compressed without being asked, not
 *   declared as JSON, not JSON, or JSON that does not have the shape or contradicts the question
 * - aborted: the caller gave up
 */
export const FAILURE_KINDS = [
  "unreachable",
  "resting",
  "limited",
  "excluded",
  "timeout",
  "slow",
  "broken",
  "truncated",
  "throttled",
  "overloaded",
  "rejected",
  "oversized",
  "encoded",
  "untyped",
  "unparsable",
  "mistyped",
  "aborted",
] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

const UNSENT: ReadonlySet<FailureKind> = new Set(["unreachable", "resting", "limited", "excluded"]);

type Failure = {
  readonly kind: FailureKind;
  readonly node: string;
  readonly message: string;
  readonly cause?: unknown;
  /** False when another question failed before this one could be sent. */
  readonly sent?: boolean;
  /** How long the node wants to be left alone, when it said so. */
  readonly retryAfterMs?: number | undefined;
};

export class NodeFailure extends Error {
  readonly kind: FailureKind;
  readonly node: string;
  /** Whether the node can have seen the question. */
  readonly sent: boolean;
  readonly retryAfterMs: number | undefined;

  constructor({ kind, node, message, cause, sent, retryAfterMs }: Failure) {
    super(`${node}: ${message}`, cause === undefined ? undefined : { cause });
    this.name = "NodeFailure";
    this.kind = kind;
    this.node = node;
    this.sent = sent ?? !UNSENT.has(kind);
    this.retryAfterMs = retryAfterMs;
  }

  /** The same failure, for a question that could not be sent because of it. */
  unsent(): NodeFailure {
    const { kind, node, retryAfterMs } = this;
    const message = this.message.slice(node.length + 2);
    return new NodeFailure({ kind, node, message, cause: this, sent: false, retryAfterMs });
  }
}

/** What the outside sees of a failure (ports/world.ts). */
export function faultOf(error: unknown): Fault {
  if (isFault(error)) return error;
  if (!(error instanceof NodeFailure)) {
    return new Fault("internal", "an unexpected error at a TRON node", { cause: error });
  }
  return new Fault(codeOf(error.kind), error.message, { cause: error });
}

function codeOf(kind: FailureKind): "chain_timeout" | "chain_unavailable" | "chain_busy" | "chain_error" {
  switch (kind) {
    case "timeout":
    case "slow":
      return "chain_timeout";
    case "unreachable":
    case "resting":
    case "excluded":
    case "aborted":
      return "chain_unavailable";
    case "limited":
    case "throttled":
      return "chain_busy";
    default:
      return "chain_error";
  }
}
