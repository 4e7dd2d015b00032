/**
 * Takes batches in. Every line is judged by itself and keeps its line id. Destinations of the lines that have nothing
 * wrong with them are looked at on the chain, a hundred in a question, before the external ids are held: who only wants
 * an id does not wait for a node.
 */
import type { TronAddress } from "../domain/chain-facts.ts";
import { refuse, type Refusal } from "../domain/errors.ts";
import { BATCH_LINES_MAX } from "../domain/limits.ts";
import { AMOUNT_MAX, big, type Asset } from "../domain/money.ts";
import type { PayoutBatchInput } from "../machines/payout-batch.machine.ts";
import { answerOf } from "./answers.ts";
import { API_ROOT, type Outcome } from "./endpoint.ts";
import { derivedId, type Idempotency } from "./idempotency.ts";
import { duplicate, takenBy, type Asked } from "./payout-intake.ts";
import { isRefusal, judgeLine, type JudgedLine } from "./payment-orders.ts";
import type { PayingWallet } from "./paying-wallets.ts";
import { batchContext } from "./records.ts";
import type { Rejected } from "./problem.ts";
import type { Outcome as EngineOutcome, Verdict } from "../supervisor/facade.ts";
import type { Surface } from "./surface.ts";
import { batchView } from "./views/batch.ts";
import { readAgain, refusedForNow, unanswered } from "./wallet-answer.ts";

export type BatchOrder = {
  readonly wallet: string;
  readonly asset: Asset;
  readonly mode: "all_or_nothing" | "best_effort";
  readonly items: readonly LineText[];
};
type LineText = { line_id: string; to: string; amount: string; external_id?: string };
type Ports = Pick<
  Surface,
  | "engine"
  | "clock"
  | "words"
  | "wallets"
  | "externalIds"
  | "destinations"
  | "lookalikes"
  | "addresses"
  | "ownAddress"
  | "payments"
>;

export async function acceptBatch(ports: Ports, order: BatchOrder, asked: Asked): Promise<Outcome> {
  const id = derivedId("pb", asked.idempotency);
  const isRepeat = () => ports.engine.has({ kind: "payoutBatch", id });
  const repeat = () => request(ports, { id, lines: [] }, asked.idempotency);
  if (isRepeat()) return repeat();
  const wallet = ports.wallets.find(order.wallet);
  if (isRefusal(wallet)) return { refusal: wallet };
  const misshapen = judgeShape(order.items);
  if (misshapen !== undefined) return misshapen;
  const lines = await lookAtLines(ports, wallet, order);
  const externalIds = order.items.flatMap((item) => item.external_id ?? []);
  return ports.externalIds.holding(externalIds, async () => {
    const taken = await findTaken(ports, externalIds);
    const input = judgeAll({ ports, wallet, order, lines, taken }, { id, asked });
    // A request with the same key, side by side with this one, may have been told better; both have its answer.
    if ("refusal" in input) return isRepeat() ? repeat() : input;
    return request(ports, { id, create: input, lines: input.lines }, asked.idempotency);
  });
}

/** Without `create` nothing comes to life: only what was answered before is answered. */
type Made = {
  readonly id: string;
  readonly create?: PayoutBatchInput;
  readonly lines: PayoutBatchInput["lines"];
};

async function request(ports: Ports, made: Made, idempotency: Idempotency): Promise<Outcome> {
  const { engine, words } = ports;
  const { id, create } = made;
  const answer = await engine.request({
    to: { kind: "payoutBatch", id },
    ...(create === undefined ? {} : { create }),
    idempotency,
    respond: (outcome) => accepted(outcome, { made, words }),
  });
  if (create !== undefined) await readAgain(ports, create.walletId, answer);
  return answerOf(answer, `${API_ROOT}/payouts/batches/${id}`);
}

function accepted(outcome: EngineOutcome, { made, words }: Pick<Ports, "words"> & { made: Made }): Verdict {
  const { record } = outcome;
  if (record.tag === "rejected")
    return { discard: batchContext(record).reason ?? refuse("conflict", "The wallet refused the batch") };
  // Each line of a batch of what is possible asks by itself.
  const asking = [record, ...made.lines.map(({ payoutId }) => outcome.read({ kind: "payout", id: payoutId }))];
  for (const each of asking) {
    const refusal = unanswered(each) ?? refusedForNow(each);
    if (refusal !== undefined) return { discard: refusal };
  }
  return { keep: { status: 202, body: batchView(record, words) } };
}

/** What is wrong with the batch as a whole, in either mode. */
function judgeShape(items: readonly LineText[]): Rejected | undefined {
  if (items.length > BATCH_LINES_MAX) {
    const evidence = { lines: items.length, maximum: BATCH_LINES_MAX };
    return { refusal: refuse("batch_too_large", `Send at most ${BATCH_LINES_MAX} lines; split the batch`, evidence) };
  }
  const seen = new Map<string, number>();
  for (const [index, { line_id: lineId }] of items.entries()) {
    const first = seen.get(lineId);
    if (first !== undefined) {
      const refusal = refuse(
        "duplicate_line_id",
        `The lines at ${first} and ${index} both have the line_id ${lineId}; give each its own`,
        { line_id: lineId, indexes: [first, index] },
      );
      return {
        refusal,
        errors: [{ path: `/items/${index}/line_id`, message: `is the same as /items/${first}/line_id`, value: lineId }],
      };
    }
    seen.set(lineId, index);
  }
  return undefined;
}

type LookedAt = {
  readonly item: LineText;
  readonly judged: JudgedLine | Refusal;
  readonly looksLike: TronAddress | undefined;
};

/** Each line with what speaks against it by itself, or against its destination on the chain. */
async function lookAtLines(ports: Ports, wallet: PayingWallet, { asset, items }: BatchOrder): Promise<LookedAt[]> {
  const lines = items.map((item) => {
    const { to, amount } = item;
    return { item, judged: judgeLine(ports, wallet, { to, amount, asset, purpose: "payout" }) };
  });
  const payable = lines.flatMap(({ item, judged }) => (isRefusal(judged) ? [] : [item.to]));
  const [against, twins] = await Promise.all([
    ports.destinations.judgeMany(payable, asset),
    ports.lookalikes.twinsOf(payable),
  ]);
  return lines.map(({ item, judged }) => ({
    item,
    judged: isRefusal(judged) ? judged : (against.get(item.to) ?? judged),
    looksLike: twins.get(item.to),
  }));
}

async function findTaken({ engine }: Ports, externalIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const taken = new Map<string, string>();
  for (const externalId of new Set(externalIds)) {
    const payoutId = await takenBy(engine, externalId);
    if (payoutId !== undefined) taken.set(externalId, payoutId);
  }
  return taken;
}

type Judging = {
  readonly ports: Ports;
  readonly wallet: PayingWallet;
  readonly order: BatchOrder;
  readonly lines: readonly LookedAt[];
  readonly taken: ReadonlyMap<string, string>;
};

function judgeAll(judging: Judging, made: { id: string; asked: Asked }): PayoutBatchInput | Rejected {
  const { ports, wallet, order, taken } = judging;
  const { by, idempotency } = made.asked;
  const lines: PayoutBatchInput["lines"] = [];
  const invalid: PayoutBatchInput["invalid"] = [];
  const usedIds = new Set<string>();
  for (const [index, { item, judged, looksLike }] of judging.lines.entries()) {
    const payoutId = derivedId("po", { key: idempotency.key, part: item.line_id });
    const line = isRefusal(judged) ? judged : lineOf({ item, judged, looksLike, payoutId }, { usedIds, taken });
    if (isRefusal(line)) invalid.push({ lineId: item.line_id, index, refusal: line });
    else lines.push(line);
    if (item.external_id !== undefined) usedIds.add(item.external_id);
  }
  if (lines.reduce((sum, { amount }) => sum + big(amount), 0n) > AMOUNT_MAX)
    return { refusal: refuse("invalid_amount", "The lines together are more than an amount can be; split the batch") };
  if (invalid.length > 0 && (order.mode === "all_or_nothing" || lines.length === 0)) return batchInvalid(invalid);
  return {
    self: { kind: "payoutBatch", id: made.id },
    mode: order.mode,
    walletId: wallet.id,
    from: wallet.address,
    asset: order.asset,
    feeReserveSun: ports.payments.feeReserveSun[order.asset],
    createdBy: by,
    lines,
    invalid,
  };
}

type Payable = Omit<LookedAt, "judged"> & { readonly judged: JudgedLine; readonly payoutId: string };

function lineOf(
  { item, judged, looksLike, payoutId }: Payable,
  { usedIds, taken }: { readonly usedIds: ReadonlySet<string>; readonly taken: ReadonlyMap<string, string> },
): PayoutBatchInput["lines"][number] | Refusal {
  const { line_id: lineId, to, external_id: externalId } = item;
  if (externalId !== undefined) {
    const other = usedIds.has(externalId) ? "another line of this batch" : taken.get(externalId);
    if (other !== undefined) return duplicate(externalId, other);
  }
  const { amount: units, hash, needsApproval } = judged;
  return {
    payoutId,
    lineId,
    to,
    amount: units,
    hash,
    needsApproval: needsApproval || looksLike !== undefined,
    ...(looksLike === undefined ? {} : { looksLike }),
    ...(externalId === undefined ? {} : { externalId }),
  };
}

function batchInvalid(invalid: PayoutBatchInput["invalid"]): Rejected {
  const lines = invalid.map(({ lineId, index, refusal }) => ({
    line_id: lineId,
    index,
    code: refusal.code,
    detail: refusal.detail,
  }));
  return {
    refusal: refuse(
      "batch_invalid",
      `${lines.length} of the lines cannot be paid; nothing was accepted. See evidence.lines`,
      { lines },
    ),
  };
}
