/** Every bound of the engine, in one place, with the relations between bounds asserted below. */

/** Messages waiting for one actor before it refuses with `mailbox_full`. */
export const MAILBOX_DEPTH_MAX = 10_000;
/** Messages waiting in the whole engine before it refuses with `engine_busy`. */
export const ENGINE_QUEUE_MAX = 50_000;
/** Messages applied to one group commit. */
export const GROUP_MESSAGES_MAX = 128;
/** How long the engine may step actors before it lets the event loop breathe. */
export const TURN_BUDGET_MS = 4;
/** Effects of one kind kept in memory; the rest wait in the outbox on disk. */
export const EFFECT_QUEUE_MAX = 4_096;
export const OUTBOX_PAGE = 2_048;
export const TIMER_PAGE = 1_024;
/** Records kept in memory when idle. */
export const ACTOR_CACHE_MAX = 20_000;
/** Tells of one message, direct and indirect, that may run in one atomic cascade. */
export const CASCADE_STEPS_MAX = 20_000;
/** A disk that refuses to be read for so long without a break has failed: the process ends. */
export const DISK_PATIENCE_MS = 60_000;
export const XSTATE_ITERATIONS_MAX = 100;

export const BATCH_LINES_MAX = 1_000;
export const WALLET_BATCH_MAX = 100;
/** Destinations that one question to a node asks about. */
export const DESTINATIONS_ASKED_MAX = 100;
export const PAGE_LIMIT_MAX = 100;
export const PAGE_LIMIT_DEFAULT = 20;
export const BODY_BYTES_MAX = 512 * 1024;
export const IDEMPOTENCY_KEY_MAX = 255;

/** New bytes for one payout before a human has to look at it. */
export const ATTEMPTS_MAX = 5;
/**
 * How often one transaction may hear, before it is signed, that its transfer would revert or cost too much. With the
 * pauses between the tries that is about a quarter of an hour; then nothing is sent and a human has to look at it.
 */
export const BUILD_OBJECTIONS_MAX = 20;
/** Three slots. Bytes that would live for less before the payout's `not_after` are not signed: they would hardly land. */
export const LANDING_MS_MIN = 9_000;
export const LIMIT_WINDOW_MS = 86_400_000;
/** Spending is counted in slices of this length; a slice counts in full until all of it has left the window. */
export const LIMIT_SLICE_MS = 600_000;
/** Time for a block: a reading of a balance that is younger is not repeated by those who are refused or ask while blocks are missing. */
export const BALANCE_REST_MS = 3_000;

if (GROUP_MESSAGES_MAX > ENGINE_QUEUE_MAX) throw new Error("a group must fit into the queue");
if (BATCH_LINES_MAX * 8 > CASCADE_STEPS_MAX) throw new Error("a full payout batch must fit into one cascade");
if (LIMIT_WINDOW_MS % LIMIT_SLICE_MS !== 0) throw new Error("the window must be whole slices");
