/** What the reader of an error should do, one sentence or two per code. The compiler reports a code without advice. */
import type { ErrorCode } from "../domain/errors.ts";

export const ERROR_ADVICE = {
  validation_failed:
    "Compare the request with `/openapi.json`; `detail` names the field. Unknown fields are refused, and numbers are never read from text. Of a request with thousands of values only the first wrong field is named.",
  malformed_json: "Send one JSON object encoded as UTF-8.",
  invalid_address:
    "Check the address character by character with its owner: 34 characters starting with T, base58 with a checksum.",
  invalid_amount: 'Send the amount as text, such as `"12.5"`: no sign, no exponent, at most 6 places, more than zero.',
  idempotency_key_missing:
    "Choose a new random key for each new payment and repeat it with each repetition of that request.",
  idempotency_key_invalid: "Use 1 to 255 printable ASCII characters, for example a UUID.",
  invalid_cursor: "Start again without a cursor, or pass `next_cursor` of the page before unchanged.",
  unauthenticated:
    "Send `Authorization: Bearer <token>`; the first token is in the file `first-token` of DATA_DIR, `npm run token` makes and revokes others.",
  forbidden: "Use a token that has the scope named in `detail`.",
  not_found: "Check the id and the path. Ids are never reused.",
  block_not_found: "Ask for a lower block, or wait until the chain is there.",
  method_not_allowed: "See `/openapi.json` for the methods of this path.",
  request_timeout:
    "Send the headers within 10 seconds and the whole request within 15, and again with the same Idempotency-Key.",
  conflict: "Read the resource again and decide anew.",
  state_conflict: "Read the resource; `evidence` names the state it is in.",
  idempotency_in_flight:
    "Repeat the same request with the same key after a moment: the answer of the first one will come.",
  not_cancellable: "Follow the payout to its end; if the chain proves that nothing was paid it will say so.",
  already_decided: "Read the payout: `evidence` names the decision that stands.",
  stale_hash: "Read the payout again, check it, and approve the hash that it shows now.",
  self_approval: "Let another person approve, with a token of their own (`npm run token -- create`).",
  tx_may_still_confirm:
    "Wait. Paying again now could pay twice; the engine repeats by itself once the chain has proved the transaction dead.",
  tx_already_succeeded: "Nothing is left to do: the money has arrived.",
  max_attempts: "Find out why the attempts failed (`/inspector/actors/{id}`), then create a new payout.",
  receipt_pending: "Ask again after the next block.",
  wallet_not_empty:
    "Move the money away first, and wait until nothing is reserved. `as_of_block` is the block of the reading; when the money has left since, ask again in some seconds, because the refusal begins another reading.",
  wallet_in_use: "Wait until the payouts of the wallet have reached their ends.",
  duplicate_external_id: "Look the other payout up by this external id before paying again.",
  restart_in_progress: "Wait for the restart that is running.",
  precondition_failed: "Read the resource again and send its new ETag.",
  body_too_large: "Split the request; a batch takes at most 1,000 lines.",
  unsupported_media_type: "Set `Content-Type: application/json`.",
  expectation_failed: "Leave the header `Expect` out, or send `Expect: 100-continue`.",
  idempotency_mismatch:
    "A key belongs to one request for ever: use a new key for a new payment, or repeat the first request exactly.",
  below_minimum: "Pay more, or lower the minimum of the wallet.",
  above_maximum: "Split the payout, or raise the maximum of the wallet.",
  daily_limit_exceeded:
    "Wait until earlier payouts leave the 24-hour window, or raise the limit; `evidence` names the room left.",
  insufficient_funds: "Fund the wallet, or wait until reservations are released.",
  insufficient_trx_for_fees: "Send TRX to the wallet; `evidence` names how much is needed.",
  destination_is_zero: "Ask the recipient for the real address.",
  destination_is_self: "Choose another destination or another wallet.",
  destination_is_own_wallet: "Use a transfer between wallets instead of a payout.",
  destination_is_contract:
    "Ask the recipient for an address that a person or an exchange owns. Single payouts and transfers are looked up on the chain while a node answers quickly, at most 16 at once; lines of a batch together, a hundred in a question, for three seconds at most. What no node tells in time is let through, but for the USDT contract itself; a contract without code is known only to the look at a single payout. `POST /network/validate-address` looks up any address.",
  destination_blacklisted:
    "Do not pay: USDT sent there is lost, although the transfer succeeds. Talk to the recipient. When destinations are looked up, `destination_is_contract` says.",
  not_after_passed:
    "Nothing was paid and nothing will be. Order anew with a later `not_after`, or without one; it is compared with the time of blocks, not with any clock. A payout that failed with it after an earlier attempt keeps its external id until it is cancelled.",
  batch_invalid: "`evidence` lists every wrong line; correct them and send the batch with a new key.",
  batch_too_large: "Split the batch into parts of at most 1,000 lines.",
  duplicate_line_id: "Give each line its own `line_id`; two lines may pay one address.",
  fee_cap_exceeded:
    "Wait for cheaper energy or raise FEE_CAP_TRX; what is staked does not count; when it is the order's own `max_fee_trx` that is too low, cancel it and order anew. A payout that hears it for about 15 minutes becomes `needs_attention`, unsigned; retry it when the reason is gone.",
  simulation_reverted:
    "Check the balance of the wallet and the state of the token contract; the transfer would fail on the chain. A payout that hears it for about 15 minutes becomes `needs_attention`, unsigned; retry it when the reason is gone.",
  tx_type_not_allowed: "Send a plain TRX transfer or a USDT `transfer` call; nothing else is relayed.",
  tx_expired: "Build and sign the transaction anew.",
  tx_malformed: "Send the hex of one serialised, signed transaction.",
  wallet_watch_only:
    "Pay from another wallet. Or archive this one and import its key, unless the key has an archived wallet, which is not opened again; the wallet of the key is a new one, with an id of its own.",
  unknown_status: "Use one of the status words in `detail`.",
  unknown_service: "Use one of the service names in `detail`.",
  event_not_allowed: "See `/inspector/machines` for the events that an operator may send.",
  wallet_frozen: "Find out who froze the wallet and why before it is unfrozen.",
  wallet_archived: "Use another wallet.",
  quarantined:
    "Read the reason in `/inspector/actors/{kind}/{id}`; release the actor when the cause is gone. When its record is damaged, that page answers with this code too: do as store_corrupt says, then release the actor.",
  rate_limited: "Slow down; `Retry-After` names the seconds to wait.",
  headers_too_large: "Send at most 16 kB of headers, the address among them.",
  internal: "Repeat the same request with the same Idempotency-Key, and report the `request_id` with the log.",
  chain_error: "The engine repeats by itself; if it lasts, look at the node.",
  mailbox_full: "Repeat after a moment with the same Idempotency-Key.",
  engine_busy: "Repeat after a moment with the same Idempotency-Key.",
  not_ready: "Wait for `/health/ready`.",
  read_only: "Free disk space; the engine goes on by itself.",
  store_unavailable:
    "Repeat after a moment with the same Idempotency-Key. When it lasts, look at the disk and the limit of open files; after a minute the engine ends, to be started again.",
  chain_unavailable: "Check the network and TRON_HTTP_ENDPOINT; payouts wait and go on by themselves.",
  chain_busy:
    "Wait; payouts go first and go on by themselves. More nodes or a larger plan of the provider make it rarer.",
  chain_timeout: "Check the node; payouts wait and go on by themselves.",
  wrong_network:
    "Point TRON_HTTP_ENDPOINT at a node of TRON_NETWORK. The engine does not start, so that no key signs for the wrong chain.",
  store_locked: "Stop the other process, or choose another DATA_DIR. Never copy a store and run both.",
  store_corrupt: "Stop, keep the damaged folder, and restore the last backup.",
  store_missing:
    "Put the folder `store` of DATA_DIR back, or restore the last backup. Only to give up these wallets and begin anew, move the folder `keys` away too.",
  store_failed: "Look at the disk and the log, then start again: the engine continues from its last commit.",
  config_invalid: "The message lists every wrong variable and what to write instead.",
  key_unavailable: "Set the WALLET_ENCRYPTION_KEY that the keys were created with. Without it they are lost.",
  nodes_disagree:
    "Look at `finality` of `/network/status` for who says what. It ends by itself when the nodes agree; until then payouts wait.",
  chain_forked:
    "Find out which nodes are right (`/network/status`, a block explorer). Remove those that are wrong from TRON_HTTP_ENDPOINT, then `POST /restart/tron-client` or start again; the follower checks the chain anew and goes on when the nodes have its block.",
  signer_unavailable: "The signing thread is started again by itself; look at the log if it keeps ending.",
  order_mismatch: "Report it as a bug or an attack: what was built was not what was ordered, and nothing was signed.",
} satisfies Record<ErrorCode, string>;
