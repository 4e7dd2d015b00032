/** What a node's answer to a broadcast is worth (tron.md §3.1). Pure. When in doubt the answer is `ambiguous`. */
import type { BroadcastClass, BroadcastOutcome } from "../domain/chain-facts.ts";
import { NodeFailure } from "./node-failure.ts";
import { messageText, type WireBroadcastReturn } from "./wire.ts";

const MESSAGE_MAX = 300;

const BY_CODE: Readonly<Record<string, BroadcastClass>> = {
  SUCCESS: "accepted",
  DUP_TRANSACTION_ERROR: "known",
  SERVER_BUSY: "busy",
  NO_CONNECTION: "busy",
  NOT_ENOUGH_EFFECTIVE_CONNECTION: "busy",
  BLOCK_UNSOLIDIFIED: "busy",
  SIGERROR: "refused",
  CONTRACT_VALIDATE_ERROR: "refused",
  CONTRACT_EXE_ERROR: "refused",
  BANDWITH_ERROR: "refused",
  TAPOS_ERROR: "refused",
  TOO_BIG_TRANSACTION_ERROR: "refused",
  TRANSACTION_EXPIRATION_ERROR: "refused",
};

export function outcomeOfAnswer(answer: WireBroadcastReturn, node: string): BroadcastOutcome {
  const code = answer.code === undefined ? (answer.result === true ? "SUCCESS" : "NO_CODE") : String(answer.code);
  const message = messageText(answer.message).slice(0, MESSAGE_MAX);
  return { class: classOf({ code, message, result: answer.result === true }), code, message, node };
}

/** `busy` only when nothing was sent: otherwise the bytes may be on their way. */
export function outcomeOfFailure(error: unknown, node: string): BroadcastOutcome {
  const message = (error instanceof Error ? error.message : "unknown failure").slice(0, MESSAGE_MAX);
  if (!(error instanceof NodeFailure)) return { class: "ambiguous", code: "UNREADABLE_ANSWER", message, node };
  return {
    class: error.sent ? "ambiguous" : "busy",
    code: codeOf(error),
    message,
    node,
  };
}

/**
 * What several nodes' answers about the same bytes are worth together: one that took them is enough; `refused` only when
 * nobody may have them, `busy` only when nobody looked. Of equals the first, `undefined` of none.
 */
export function sumOf(outcomes: readonly BroadcastOutcome[]): BroadcastOutcome | undefined {
  const caution = Math.max(...outcomes.map((outcome) => CAUTION[outcome.class]));
  return outcomes.find((outcome) => CAUTION[outcome.class] === caution);
}

const CAUTION: Readonly<Record<BroadcastClass, number>> = { accepted: 3, ambiguous: 2, known: 2, refused: 1, busy: 0 };

function codeOf({ sent, kind }: NodeFailure): string {
  if (sent) return `HTTP_${kind.toUpperCase()}`;
  return kind === "limited" || kind === "resting" ? `NODE_${kind.toUpperCase()}` : "NOT_CONNECTED";
}

function classOf(answer: { code: string; message: string; result: boolean }): BroadcastClass {
  // The node took the transaction into its pool and then failed to tell its peers: it may still be included.
  if (answer.message.includes("P2P broadcast failed")) return "ambiguous";
  const known = Object.hasOwn(BY_CODE, answer.code) ? BY_CODE[answer.code] : undefined;
  // An answer that contradicts itself says nothing.
  if (known === undefined || (known === "accepted") !== answer.result) return "ambiguous";
  return known;
}
