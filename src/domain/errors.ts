/**
 * The catalogue of everything that can go wrong and be told to somebody.
 *
 * A *refusal* is a value: the caller or the state says no. A *fault* is thrown: the world failed (node, disk, time).
 * Both carry a code of this table; programs branch on the code, never on the text. Codes are never reused.
 */
type Entry = { readonly status: number; readonly retryable: boolean; readonly title: string };

export const ERRORS = {
  validation_failed: { status: 400, retryable: false, title: "The request does not match the documented schema" },
  malformed_json: { status: 400, retryable: false, title: "The body is not valid JSON" },
  invalid_address: { status: 400, retryable: false, title: "Not a TRON address, or its checksum is wrong" },
  invalid_amount: { status: 400, retryable: false, title: "Not a positive decimal with at most 6 places" },
  idempotency_key_missing: { status: 400, retryable: false, title: "Money requests need an Idempotency-Key header" },
  idempotency_key_invalid: {
    status: 400,
    retryable: false,
    title: "Idempotency-Key must be 1 to 255 printable characters",
  },
  invalid_cursor: { status: 400, retryable: false, title: "The cursor was not issued by this list" },
  unauthenticated: { status: 401, retryable: false, title: "A valid bearer token is needed" },
  forbidden: { status: 403, retryable: false, title: "The token lacks the scope of this endpoint" },
  not_found: { status: 404, retryable: false, title: "No such resource" },
  block_not_found: { status: 404, retryable: true, title: "The chain has no such block yet" },
  method_not_allowed: { status: 405, retryable: false, title: "The resource does not support this method" },
  request_timeout: { status: 408, retryable: true, title: "The request took too long to arrive" },
  conflict: { status: 409, retryable: false, title: "The resource is in conflict with the request" },
  state_conflict: { status: 409, retryable: false, title: "The resource is in a state that does not allow this" },
  idempotency_in_flight: {
    status: 409,
    retryable: true,
    title: "The first request with this Idempotency-Key is still running",
  },
  not_cancellable: {
    status: 409,
    retryable: false,
    title: "A signed transaction may exist on the wire; only the chain can decide now",
  },
  already_decided: { status: 409, retryable: false, title: "The payout was already approved or rejected" },
  stale_hash: { status: 409, retryable: false, title: "The approval names another version of this payout" },
  self_approval: { status: 403, retryable: false, title: "The creator of a payout cannot approve it" },
  tx_may_still_confirm: {
    status: 409,
    retryable: true,
    title: "No solidified proof yet that the transaction can never land",
  },
  tx_already_succeeded: { status: 409, retryable: false, title: "The transaction succeeded in a solidified block" },
  max_attempts: { status: 409, retryable: false, title: "The payout used all its attempts" },
  receipt_pending: { status: 409, retryable: true, title: "The transaction is not in a block yet" },
  wallet_not_empty: { status: 409, retryable: false, title: "The wallet still holds or reserves money" },
  wallet_in_use: { status: 409, retryable: false, title: "The wallet has work in flight" },
  duplicate_external_id: { status: 409, retryable: false, title: "Another payout has this external id" },
  restart_in_progress: { status: 409, retryable: true, title: "This service is being restarted" },
  precondition_failed: { status: 412, retryable: false, title: "The resource changed since the ETag in If-Match" },
  body_too_large: { status: 413, retryable: false, title: "The body is larger than allowed" },
  unsupported_media_type: { status: 415, retryable: false, title: "Send application/json" },
  expectation_failed: { status: 417, retryable: false, title: "The expectation of the header Expect is not known" },
  idempotency_mismatch: { status: 422, retryable: false, title: "This Idempotency-Key was used with another request" },
  below_minimum: { status: 422, retryable: false, title: "The amount is below the wallet's minimum payout" },
  above_maximum: { status: 422, retryable: false, title: "The amount is above the wallet's maximum per payout" },
  daily_limit_exceeded: { status: 422, retryable: true, title: "The wallet's rolling 24 h limit leaves no room" },
  insufficient_funds: { status: 422, retryable: true, title: "The wallet's available balance is too small" },
  insufficient_trx_for_fees: {
    status: 422,
    retryable: true,
    title: "The wallet holds too little TRX to pay for the transfer",
  },
  destination_is_zero: { status: 422, retryable: false, title: "The zero or black-hole address can never spend" },
  destination_is_self: { status: 422, retryable: false, title: "The destination is the paying wallet itself" },
  destination_is_own_wallet: {
    status: 422,
    retryable: false,
    title: "The destination is another wallet of this engine",
  },
  destination_is_contract: { status: 422, retryable: false, title: "The destination is a contract" },
  destination_blacklisted: { status: 422, retryable: false, title: "The token contract has frozen this destination" },
  batch_invalid: { status: 422, retryable: false, title: "Some lines of the batch are invalid" },
  batch_too_large: { status: 422, retryable: false, title: "The batch has too many lines" },
  duplicate_line_id: { status: 422, retryable: false, title: "Two lines have the same line_id" },
  fee_cap_exceeded: { status: 422, retryable: true, title: "The transfer would cost more TRX than the cap allows" },
  not_after_passed: { status: 422, retryable: false, title: "It is too late: the payout's not_after has passed" },
  simulation_reverted: { status: 422, retryable: true, title: "The node says that the transfer would revert" },
  tx_type_not_allowed: { status: 422, retryable: false, title: "Only plain TRX and USDT transfers are accepted" },
  tx_expired: { status: 422, retryable: false, title: "The transaction has expired" },
  tx_malformed: { status: 422, retryable: false, title: "Not a signed TRON transaction" },
  wallet_watch_only: { status: 422, retryable: false, title: "The engine holds no key for this wallet" },
  unknown_status: { status: 422, retryable: false, title: "No such status" },
  unknown_service: { status: 404, retryable: false, title: "No such service" },
  event_not_allowed: { status: 422, retryable: false, title: "Operators cannot send this event" },
  wallet_frozen: { status: 423, retryable: true, title: "The wallet is frozen" },
  wallet_archived: { status: 423, retryable: false, title: "The wallet is archived" },
  quarantined: { status: 423, retryable: true, title: "The actor is quarantined until an operator releases it" },
  rate_limited: { status: 429, retryable: true, title: "Too many requests" },
  headers_too_large: { status: 431, retryable: false, title: "The headers are larger than allowed" },
  internal: { status: 500, retryable: true, title: "A bug in the engine; nothing was half-done" },
  chain_error: { status: 502, retryable: true, title: "A TRON node answered with an error" },
  mailbox_full: { status: 503, retryable: true, title: "The actor has too many waiting messages" },
  engine_busy: { status: 503, retryable: true, title: "The engine has too many waiting messages" },
  not_ready: { status: 503, retryable: true, title: "The engine is starting or draining" },
  read_only: { status: 503, retryable: true, title: "The disk is full; nothing new is accepted until there is room" },
  store_unavailable: { status: 503, retryable: true, title: "The disk refused to be read; nothing was changed" },
  chain_unavailable: { status: 503, retryable: true, title: "No TRON node answered" },
  chain_busy: { status: 503, retryable: true, title: "The request budget of every TRON node is used up for now" },
  nodes_disagree: {
    status: 503,
    retryable: true,
    title: "The nodes disagree about the chain; nothing is decided or signed until they agree",
  },
  chain_forked: {
    status: 503,
    retryable: true,
    title: "The nodes left the solidified chain; nothing new is accepted or signed until a person has looked",
  },
  signer_unavailable: { status: 503, retryable: true, title: "The signing thread ended; nothing was signed" },
  chain_timeout: { status: 504, retryable: true, title: "The TRON node did not answer in time" },
  // Faults that are not answers to a request; they end the process or stay inside the engine.
  wrong_network: { status: 500, retryable: false, title: "The node's genesis block is not the configured network's" },
  store_locked: { status: 500, retryable: false, title: "Another process uses this data directory" },
  store_corrupt: { status: 500, retryable: false, title: "The store is damaged; restore the last backup" },
  store_missing: { status: 500, retryable: false, title: "The keys are here and the store of what they paid is not" },
  store_failed: { status: 500, retryable: false, title: "A write to the store failed" },
  config_invalid: { status: 500, retryable: false, title: "The configuration is invalid" },
  key_unavailable: { status: 500, retryable: false, title: "The key cannot be decrypted with WALLET_ENCRYPTION_KEY" },
  order_mismatch: {
    status: 500,
    retryable: false,
    title: "The built bytes do not say what was ordered; nothing was signed",
  },
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof ERRORS;

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

/** A "no" with its data. Travels in replies and records. */
export type Refusal = {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly evidence?: Readonly<Record<string, unknown>>;
};

export function refuse(code: ErrorCode, detail: string, evidence?: Record<string, unknown>): Refusal {
  return evidence === undefined ? { code, detail } : { code, detail, evidence };
}

/** The world failed. `retryable` comes from the catalogue. */
export class Fault extends Error {
  readonly code: ErrorCode;
  readonly evidence: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, detail?: string, options?: { cause?: unknown; evidence?: Record<string, unknown> }) {
    super(detail ?? ERRORS[code].title, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Fault";
    this.code = code;
    this.evidence = options?.evidence;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

export function isFault(value: unknown): value is Fault {
  return value instanceof Fault;
}
