/** How a question reaches one node: the words that questions, nodes and fail-over share. */
import type { HeightKind, NamedBlock } from "./heights.ts";

/** Earlier lanes go first when a node's budget is short. */
export const LANES = ["broadcast", "follow", "read", "history"] as const;
export type Lane = (typeof LANES)[number];

/** A full node answers at `wallet/`, a solidity node at `walletsolidity/`; most hosts serve both. */
export type Api = "full" | "solidity";
export type NodeRole = Api | "both";

export type Question = {
  readonly path: string;
  readonly body: unknown;
  /** From the bytes of an answer to its value; throws `SyntaxError`. `parseLossless` unless set. */
  readonly parse?: (bytes: Buffer) => unknown;
  /** An answer with more bytes is not read; 1 MB unless set, and never more than the node's own limit. */
  readonly maxBytes?: number;
};

export type AskTerms = {
  readonly lane: Lane;
  readonly signal?: AbortSignal | undefined;
  /** Clock time, ms, at which the caller needs the last answer; the node's own limit counts too. */
  readonly until?: number | undefined;
};

/** One node on one caller's terms. */
export type Asker = {
  /** Host and port: safe to log. */
  readonly name: string;
  /** What `read` makes of the answer. Throws `NodeFailure`; a `chain_error` thrown by `read` is a fault of this node. */
  ask<T>(question: Question, read: (answer: unknown) => T): Promise<T>;
  /** A block that this node named as its newest. */
  saw(kind: HeightKind, block: NamedBlock): void;
};
