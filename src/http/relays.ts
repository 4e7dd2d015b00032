/** Takes in transactions that somebody else signed. Their bytes are on disk before a node has them. */
import { createHash } from "node:crypto";
import { refuse, type Refusal } from "../domain/errors.ts";
import { PAGE_LIMIT_DEFAULT } from "../domain/limits.ts";
import type { ActorRecord } from "../domain/records.ts";
import type { RelayInput } from "../machines/relay.machine.ts";
import { answerOf } from "./answers.ts";
import { API_ROOT, type Outcome } from "./endpoint.ts";
import type { Idempotency } from "./idempotency.ts";
import type { Surface } from "./surface.ts";
import { relayView } from "./views/relay.ts";
import { isoTime } from "./views/time.ts";

/** The chain takes no transaction that lives longer (tron.md §1.2). */
const LIFE_MS_MAX = 86_400_000;

export type RelayOrder = { readonly rawHex: string; readonly by: string; readonly idempotency: Idempotency };

/** Throws `Fault` `tx_malformed` or `tx_type_not_allowed`. */
export async function relay(surface: Surface, { rawHex, by, idempotency }: RelayOrder): Promise<Outcome> {
  const { decodeSigned, engine, words } = surface;
  const { txId, transfer, expiration, signedHex } = decodeSigned(rawHex.toLowerCase());
  // By the bytes and not by the txID: another signature of the same transaction may be the right one.
  const to = { kind: "relay", id: createHash("sha256").update(signedHex, "hex").digest("hex") };
  const input: RelayInput = { txId, signedHex, expiration, ...transfer, createdBy: by };
  const against = await judge(surface, input);
  const isKnown = engine.has(to);
  if (against !== undefined && !isKnown) return { refusal: against };
  const answer = await engine.request({
    to,
    ...(isKnown ? { message: { type: "relay.push", by } } : { create: input }),
    idempotency,
    // A key that was answered before has its answer without coming here.
    respond: ({ record }) =>
      against === undefined ? { keep: { status: 202, body: relayView(record, words) } } : { discard: against },
  });
  return answerOf(answer, `${API_ROOT}/transactions/${txId}`);
}

/** Of the relays of one transaction the one that came furthest. Throws `Fault("quarantined")` when none can be read. */
export async function findRelay({ engine }: Surface, txId: string): Promise<ActorRecord | undefined> {
  const page = { limit: PAGE_LIMIT_DEFAULT, newestFirst: true };
  const { records, damaged } = await engine.records("relay", `tx:${txId}`, page);
  const [best] = records.toSorted((a, b) => FURTHEST.indexOf(a.tag) - FURTHEST.indexOf(b.tag));
  if (best === undefined && damaged[0] !== undefined) return engine.record(damaged[0]);
  return best;
}

const FURTHEST: readonly string[] = ["handed_over", "broadcast", "over", "refused"];

async function judge(
  { chain, clock, engine, ownAddress }: Surface,
  { expiration, from, txId }: RelayInput,
): Promise<Refusal | undefined> {
  const headTime = chain.headTimestamp();
  if (expiration <= headTime) {
    return refuse("tx_expired", "The newest block is past the transaction's expiration; build a new one", {
      expires_at: isoTime(expiration),
    });
  }
  if (expiration > Math.max(headTime, clock.now()) + LIFE_MS_MAX)
    return refuse("tx_malformed", "The transaction would live for more than the 24 hours that the chain permits");
  if (!ownAddress(from)) return undefined;
  const { ids } = await engine.index("transaction", `tx:${txId}`, { limit: 1 });
  if (ids.length > 0) return undefined;
  const detail = "A wallet of this engine holds the key of the sender; order a transfer instead";
  return refuse("conflict", detail, { from });
}
