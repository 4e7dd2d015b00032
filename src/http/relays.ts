/** Takes in transactions that somebody else signed. Their bytes are on disk before a node has them. */
import { createHash } from "node:crypto";
import { refuse, type Refusal } from "../domain/errors.ts";
import type { ActorRecord } from "../domain/records.ts";
import type { RelayInput } from "../machines/relay.machine.ts";
import type { Outcome as EngineOutcome, Verdict } from "../supervisor/facade.ts";
import { answerOf } from "./answers.ts";
import { API_ROOT, type Outcome } from "./endpoint.ts";
import type { Idempotency } from "./idempotency.ts";
import type { MachineWords } from "./machine-view.ts";
import type { Surface } from "./surface.ts";
import { relayView } from "./views/relay.ts";
import { isoTime } from "./views/time.ts";

export type RelayOrder = { readonly rawHex: string; readonly by: string; readonly idempotency: Idempotency };

/** Throws `Fault` `tx_malformed` or `tx_type_not_allowed`. */
export async function relay(surface: Surface, { rawHex, by, idempotency }: RelayOrder): Promise<Outcome> {
  const { decodeSigned, engine, words } = surface;
  const signedHex = rawHex.toLowerCase();
  const { txId, transfer, expiration } = decodeSigned(signedHex);
  // By the bytes and not by the txID: another signature of the same transaction may be the right one.
  const to = { kind: "relay", id: createHash("sha256").update(signedHex, "hex").digest("hex") };
  const isKnown = engine.has(to);
  const input: RelayInput = { txId, signedHex, expiration, ...transfer, createdBy: by };
  const against = isKnown ? undefined : await judge(surface, input);
  if (against !== undefined) return { refusal: against };
  const answer = await engine.request({
    to,
    ...(isKnown ? { message: { type: "relay.push", by } } : { create: input }),
    idempotency,
    respond: (outcome) => accepted(outcome, words),
  });
  return answerOf(answer, `${API_ROOT}/transactions/${txId}`);
}

/** A relay of this transaction, whichever bytes it has. */
export async function findRelay({ engine }: Surface, txId: string): Promise<ActorRecord | undefined> {
  const { records } = await engine.records("relay", `tx:${txId}`, { limit: 1, newestFirst: true });
  return records[0];
}

async function judge({ chain, engine, ownAddress }: Surface, relayed: RelayInput): Promise<Refusal | undefined> {
  if (relayed.expiration <= chain.headTimestamp()) return expired(relayed.expiration);
  if (!ownAddress(relayed.from)) return undefined;
  const { ids } = await engine.index("transaction", `tx:${relayed.txId}`, { limit: 1 });
  if (ids.length > 0) return undefined;
  const detail = "A wallet of this engine holds the key of the sender; order a transfer instead";
  return refuse("conflict", detail, { from: relayed.from });
}

function accepted({ reply, record }: EngineOutcome, words: MachineWords): Verdict {
  const body = relayView(record, words);
  if (record.status === "done" && !reply.ok) return { discard: expired(Date.parse(body.expires_at)) };
  return { keep: { status: 202, body } };
}

function expired(expiration: number): Refusal {
  return refuse("tx_expired", "The newest block is past the transaction's expiration; build a new one", {
    expires_at: isoTime(expiration),
  });
}
