/** Bounds of the HTTP surface. The bounds it shares with the engine are in domain/limits. */

/** A client has this long to send its whole request; a slower one is cut off. */
export const REQUEST_TIMEOUT_MS = 15_000;
export const HEADERS_TIMEOUT_MS = 10_000;
export const KEEP_ALIVE_TIMEOUT_MS = 65_000;
/** How often Node looks for requests that are too slow. */
export const CONNECTIONS_CHECK_MS = 1_000;
export const PARAM_LENGTH_MAX = 128;
export const REQUEST_ID_LENGTH_MAX = 128;
/** Wrong fields named in one answer. */
export const FIELD_ERRORS_MAX = 50;
/** Values of a request that is checked to its end; of a larger one the first wrong field is named. A full batch is checked. */
export const WHOLE_CHECK_VALUES_MAX = 6_000;
/** Characters of a wrong value that are shown to the one who sent it. */
export const SHOWN_VALUE_MAX = 100;
/** A read of a node for one request. */
export const NODE_READ_TIMEOUT_MS = 8_000;

/** A look at a new destination before a payout is accepted; the estimate before signing looks again. */
export const DESTINATION_TIMEOUT_MS = 1_500;
export const DESTINATION_CHECKS_MAX = 16;
/** The same for all destinations of a batch together, and the questions about them that are asked at a time. */
export const DESTINATIONS_TIMEOUT_MS = 3_000;
export const DESTINATION_QUESTIONS_MAX = 4;
export const DESTINATIONS_CACHED_MAX = 20_000;
export const DESTINATION_FRESH_MS = 600_000;
export const WALLETS_CACHED_MAX = 10_000;
/** After a node failed to answer, destinations are not looked at for this long. */
export const DESTINATION_REST_MS = 5_000;

/** Records read for one page of a filtered list; a page may be shorter than its limit and still have a next one. */
export const PAGE_SCAN_MAX = 1_000;
/** Entries of `skip`, which only exists for callers that cannot use cursors. */
export const SKIP_MAX = 10_000;
export const JOURNAL_PAGE_MAX = 200;
/** A key of the journal holds ten digits, and the entry after this one has to fit. */
export const REVISION_MAX = 9_999_999_998;

/** Callers whose recent requests are remembered. */
export const BUCKETS_MAX = 10_000;

/** Open live streams, what one may have unsent before it is dropped, and what is kept for one that comes back. */
export const STREAMS_MAX = 64;
export const STREAM_UNSENT_BYTES_MAX = 256 * 1024;
export const STREAM_REPLAY_MAX = 1_000;
export const STREAM_HEARTBEAT_MS = 15_000;

/** Without a new block for this long the engine is not ready. */
export const CHAIN_STALLED_MS = 60_000;
/** A balance is read again when asked for and this many solidified blocks old. */
export const BALANCE_STALE_BLOCKS = 20;
/** Known addresses with the same ends that are looked at. */
export const LOOKALIKES_READ_MAX = 20;
/** Addresses that are remembered as like no other, and for how long. */
export const LOOKALIKES_CACHED_MAX = 10_000;
export const LOOKALIKE_FRESH_MS = 60_000;
/** Addresses of one batch that are looked at side by side. */
export const LOOKALIKES_AT_ONCE = 32;
/** Attempts to apply a change with If-Match while the actor moves on for other reasons. */
export const REVISION_TRIES_MAX = 10;
