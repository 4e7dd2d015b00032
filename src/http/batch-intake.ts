/**
 * Takes batches in. Every line is judged by itself and keeps its line id. The node is not asked about destinations: a
 * thousand lines would be two thousand questions. So a line to a contract or to a frozen address is paid.
 */
import { refuse, type Refusal } from "../domain/errors.ts";
import { BATCH_LINES_MAX } from "../domain/limits.ts";
import { AMOUNT_MAX, big, type Asset } from "../domain/money.ts";
import type { PayoutBatchInput } from "../machines/payout-batch.machine.ts";
import { answerOf } from "./answers.ts";
import { API_ROOT, type Outcome } from "./endpoint.ts";
import { derivedId, type Idempotency } from "./idempotency.ts";
import { duplicate, takenBy, type Asked } from "./payout-intake.ts";
import { isRefusal, judgeLine } from "./payment-orders.ts";
import type { PayingWallet } from "./paying-wallets.ts";
import { batchContext } from "./records.ts";
import type { Rejected } from "./problem.ts";
import type { Outcome as EngineOutcome, Verdict } from "../supervisor/facade.ts";
import type { Surface } from "./surface.ts";
import { batchView } from "./views/batch.ts";
import { unanswered } from "./wallet-answer.ts";

export type BatchOrder = {
  readonly wallet: string;
  readonly asset: Asset;
  readonly mode: "all_or_nothing" | "best_effort";
  readonly items: readonly LineText[];
};
type LineText = { line_id: string; to: string; amount: string; external_id?: string };
type Ports = Pick<
  Surface,
  "engine" | "words" | "wallets" | "externalIds" | "addresses" | "ownAddress" | "payments" | "network"
>;

export async function acceptBatch(ports: Ports, order: BatchOrder, asked: Asked): Promise<Outcome> {
  const id = derivedId("pb", asked.idempotency);
  if (ports.engine.has({ kind: "payoutBatch", id })) return request(ports, { id, lines: [] }, asked.idempotency);
  const wallet = ports.wallets.find(order.wallet);
  if (isRefusal(wallet)) return { refusal: wallet };
  const misshapen = judgeShape(order.items);
  if (misshapen !== undefined) return misshapen;
  const externalIds = order.items.flatMap((item) => item.external_id ?? []);
  return ports.externalIds.holding(externalIds, async () => {
    const taken = await findTaken(ports, externalIds);
    const input = judgeAll({ ports, wallet, order, taken }, { id, asked });
    if ("refusal" in input) return input;
    return request(ports, { id, create: input, lines: input.lines }, asked.idempotency);
  });
}

/** Without `create` nothing comes to life: only what was answered before is answered. */
type Made = {
  readonly id: string;
  readonly create?: PayoutBatchInput;
  readonly lines: PayoutBatchInput["lines"];
};

async function request({ engine, words }: Ports, made: Made, idempotency: Idempotency): Promise<Outcome> {
  const { id, create } = made;
  const answer = await engine.request({
    to: { kind: "payoutBatch", id },
    ...(create === undefined ? {} : { create }),
    idempotency,
    respond: (outcome) => accepted(outcome, { made, words }),
  });
  return answerOf(answer, `${API_ROOT}/payouts/batches/${id}`);
}

function accepted(outcome: EngineOutcome, { made, words }: Pick<Ports, "words"> & { made: Made }): Verdict {
  const { record } = outcome;
  if (record.tag === "rejected")
    return { discard: batchContext(record).reason ?? refuse("conflict", "The wallet refused the batch") };
  // Each line of a batch of what is possible asks by itself.
  const asking = [record, ...made.lines.map(({ payoutId }) => outcome.read({ kind: "payout", id: payoutId }))];
  for (const each of asking) {
    const refusal = unanswered(each);
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
  readonly taken: ReadonlyMap<string, string>;
};

function judgeAll(judging: Judging, made: { id: string; asked: Asked }): PayoutBatchInput | Rejected {
  const { ports, wallet, order } = judging;
  const { by, idempotency } = made.asked;
  const lines: PayoutBatchInput["lines"] = [];
  const invalid: PayoutBatchInput["invalid"] = [];
  const usedIds = new Set<string>();
  for (const [index, item] of order.items.entries()) {
    const line = judgeOne(judging, {
      item,
      usedIds,
      payoutId: derivedId("po", { key: idempotency.key, part: item.line_id }),
    });
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

type Judged = { readonly item: LineText; readonly payoutId: string; readonly usedIds: ReadonlySet<string> };

function judgeOne(
  { ports, wallet, order, taken }: Judging,
  { item, payoutId, usedIds }: Judged,
): PayoutBatchInput["lines"][number] | Refusal {
  const { line_id: lineId, to, amount, external_id: externalId } = item;
  if (to === ports.network.usdtContract)
    return refuse("destination_is_contract", "The destination is the USDT contract itself; money sent there is lost", {
      to,
    });
  const judged = judgeLine(ports, wallet, { to, amount, asset: order.asset, purpose: "payout" });
  if (isRefusal(judged)) return judged;
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
    needsApproval,
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
