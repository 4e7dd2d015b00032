/** Hands an order to the API, in batches. Sending the same order again reaches the same batches and pays nobody twice. */
import { EXIT } from "./demo-options.ts";
import { EngineRefusal, type EngineClient } from "./engine-client.ts";
import { batchOf, batchOfExternalId, isExternalIdKnown, PATHS, readBatch, type BatchProgress } from "./engine-view.ts";
import { fieldsOf, listAt, numberAt, textAt } from "./fields.ts";
import { describeProblems } from "./problems.ts";
import type { BatchOrder, PayoutOrder } from "./payout-order.ts";
import type { FileProblem, PayoutLine } from "./payout-file.ts";
import { Stop } from "./stop.ts";

type Sending = { readonly walletId: string; readonly lines: readonly PayoutLine[]; readonly file: string };

/** Whether the engine has anything of an order, whoever sent it. The first batch is always the first to be sent. */
export async function isAccepted(engine: EngineClient, { batches }: PayoutOrder): Promise<boolean> {
  const first = batches[0]?.items[0];
  return first !== undefined && (await isExternalIdKnown(engine, first.external_id));
}

/** Throws `Stop` with what the engine has against the order. */
export async function sendOrder(engine: EngineClient, order: PayoutOrder, sending: Sending): Promise<BatchProgress[]> {
  const batches: BatchProgress[] = [];
  for (const batch of order.batches) {
    const progress = await sendBatch(engine, batch, sending).catch((error: unknown) => {
      throw batches.length === 0 || !(error instanceof Refused) ? error : partly(error, batches.length);
    });
    batches.push(progress);
  }
  return batches;
}

/** The engine looked at a batch and accepted nothing of it, neither now nor before. */
export class Refused extends Stop {}

async function sendBatch(engine: EngineClient, batch: BatchOrder, sending: Sending): Promise<BatchProgress> {
  const { items, idempotencyKey } = batch;
  try {
    const body = { wallet: sending.walletId, asset: "USDT", mode: "all_or_nothing", items };
    const answer = await engine.post({ path: PATHS.batch, body, idempotencyKey });
    const progress = batchOf(answer.body);
    // The answer to a repeat is the first answer; how far the batch is now has to be asked.
    return answer.replayed ? await readBatch(engine, progress.id) : progress;
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error;
    const earlier = await acceptedEarlier(engine, error, batch);
    if (earlier !== undefined) return earlier;
    throw refusalOf(
      error,
      sending,
      items.map(({ line_id: lineId }) => lineId),
    );
  }
}

/**
 * The same order sent with another token has another key; its external ids give it away. A batch was accepted as a whole,
 * so one line is enough, whatever the engine has against the others by now: a destination may be frozen since. Throws
 * `Stop` when there was an earlier batch that does not answer for this refusal.
 */
async function acceptedEarlier(
  engine: EngineClient,
  refusal: EngineRefusal,
  { items }: BatchOrder,
): Promise<BatchProgress | undefined> {
  const lines = invalidLines(refusal);
  const repeated = lines.find((line) => textAt(line, "code") === "duplicate_external_id");
  const item = items[numberAt(repeated, "index") ?? 0];
  if (item === undefined) return undefined;
  const id = await batchOfExternalId(engine, item.external_id);
  if (id !== undefined && lines.length > 0) return readBatch(engine, id);
  if (id === undefined && repeated === undefined && !(await isExternalIdKnown(engine, item.external_id)))
    return undefined;
  const which = id === undefined ? `see external_id ${item.external_id}` : `see batch ${id}`;
  throw new Stop(EXIT.engine, `The order was sent before, ${which}; now the engine says ${refusal.message}`);
}

function refusalOf(refusal: EngineRefusal, { lines, file }: Sending, lineIds: readonly string[]): Refused {
  const places = new Map(lines.map(({ lineId, line }) => [lineId, line]));
  const problems = invalidLines(refusal).map((invalid): FileProblem => {
    const code = textAt(invalid, "code") ?? "";
    const line = places.get(lineIds[numberAt(invalid, "index") ?? -1] ?? "") ?? 0;
    return { line, column: columnOf(code), message: `${code}: ${textAt(invalid, "detail") ?? ""}` };
  });
  if (problems.length > 0)
    return new Refused(
      EXIT.file,
      `The engine refused the file; nothing was sent.\n${describeProblems(file, problems)}`,
    );
  return new Refused(EXIT.engine, `The engine refused the order, nothing was sent: ${refusal.message}`);
}

function invalidLines({ problem }: EngineRefusal): readonly unknown[] {
  return listAt(fieldsOf(problem)["evidence"], "lines");
}

function columnOf(code: string): string {
  if (code === "duplicate_external_id") return "line_id";
  return code.includes("address") || code.startsWith("destination") ? "address" : "amount";
}

function partly(error: Refused, accepted: number): Stop {
  const before =
    accepted === 1
      ? "The batch before it was accepted and is being paid"
      : `The ${accepted} batches before it were accepted and are being paid`;
  return new Stop(
    EXIT.engine,
    `${error.message.replace("nothing was sent", "this batch was not sent")}\n${before}; run the same command again to go on.`,
  );
}
