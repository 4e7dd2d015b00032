/** Waits until every payout of an order has ended, and shows how far they are. Asks gently: once a second, or less often for large files. */
import { setTimeout as sleep } from "node:timers/promises";
import type { EngineClient } from "./engine-client.ts";
import { readBatch, readHeads, readPayouts, type BatchProgress, type PayoutRow } from "./engine-view.ts";
import type { Progress } from "./progress.ts";

const TICK_MS = 300;
const ON_THE_WAY = new Set(["broadcast", "unknown"]);

export type Followed = { readonly payouts: readonly PayoutRow[]; readonly ended: boolean };

/** Ends when all payouts have, or when nothing moved for `waitMs`. */
export async function followOrder(
  engine: EngineClient,
  batchIds: readonly string[],
  shown: { progress: Progress; waitMs: number },
): Promise<Followed> {
  const { progress, waitMs } = shown;
  let [movedAt, before, saidApproval] = [Date.now(), "", false];
  let listedAt = 0;
  let sent = 0;
  for (;;) {
    const batches = await readAll(batchIds, (id) => readBatch(engine, id));
    const total = batches.reduce((sum, { count }) => sum + count, 0);
    if (batches.every(({ status }) => status !== "pending")) {
      progress.show({ total, sent: 0, ...endsOf(batches), chain: undefined });
      return { payouts: await allPayouts(engine, batchIds), ended: true };
    }
    if (Date.now() - listedAt > Math.max(1_000, total * 3)) {
      const payouts = await allPayouts(engine, batchIds);
      listedAt = Date.now();
      sent = payouts.filter(({ status }) => ON_THE_WAY.has(status)).length;
      const waiting = payouts.filter(({ status }) => status === "awaiting_approval").length;
      if (waiting > 0 && !saidApproval)
        progress.say(
          `${waiting} payouts wait for an approval (PUT /api/v1/tron/payouts/{payout_id}/approve, by another token)`,
        );
      saidApproval ||= waiting > 0;
    }
    const { confirmed, otherwise } = endsOf(batches);
    const stage = { total, confirmed, otherwise, sent: Math.min(sent, total - confirmed - otherwise) };
    progress.show({ ...stage, chain: await readHeads(engine) });
    const now = JSON.stringify(stage);
    if (now !== before) [movedAt, before] = [Date.now(), now];
    if (Date.now() - movedAt > waitMs) return { payouts: await allPayouts(engine, batchIds), ended: false };
    await sleep(TICK_MS);
  }
}

function endsOf(batches: readonly BatchProgress[]): { confirmed: number; otherwise: number } {
  const counts = batches.flatMap(({ byStatus }) => [...byStatus]);
  const sum = (of: readonly (readonly [string, number])[]): number => of.reduce((total, [, count]) => total + count, 0);
  const confirmed = sum(counts.filter(([status]) => status === "confirmed"));
  return { confirmed, otherwise: sum(counts) - confirmed };
}

async function allPayouts(engine: EngineClient, batchIds: readonly string[]): Promise<PayoutRow[]> {
  return (await readAll(batchIds, (id) => readPayouts(engine, id))).flat();
}

/** One after the other: an engine that is busy paying is not hurried. */
async function readAll<T>(ids: readonly string[], read: (id: string) => Promise<T>): Promise<T[]> {
  const found: T[] = [];
  for (const id of ids) found.push(await read(id));
  return found;
}
