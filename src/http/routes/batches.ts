import { refuse } from "../../domain/errors.ts";
import { acceptBatch } from "../batch-intake.ts";
import { Id, pageOf, PageQuery, pathParams } from "../contract/common.ts";
import { Batch, BatchOrder, EstimateView, Payout, PayoutEstimateOrder, PayoutEvents } from "../contract/payouts.ts";
import { API_ROOT, endpoint, type Endpoint, type Outcome } from "../endpoint.ts";
import { estimateOrder } from "../estimates.ts";
import { listRecords, toPage } from "../pages.ts";
import { isRefusal, judgeLine } from "../payment-orders.ts";
import { payoutTimeline } from "../timeline.ts";
import type { Surface } from "../surface.ts";
import { batchView } from "../views/batch.ts";
import { payoutView } from "../views/payout.ts";
import { NODE_ERRORS } from "./network.ts";
import { ORDER_ERRORS } from "./payouts.ts";

const params = pathParams({ batch_id: Id });
const PATH = `${API_ROOT}/payouts`;

export function batchEndpoints(surface: Surface): Endpoint[] {
  return [...batches(surface), ...looking(surface)];
}

function batches(surface: Surface): Endpoint[] {
  const { engine, words } = surface;
  const find = (id: string) => engine.record({ kind: "payoutBatch", id });
  return [
    endpoint({
      method: "POST",
      path: `${PATH}/batch`,
      tag: "Payouts",
      scope: "payouts:create",
      summary: "Pay many",
      description:
        "Lines are told apart by line_id, so two lines to one address stay two payouts. all_or_nothing reserves the whole sum in one step or accepts nothing; best_effort keeps wrong lines aside and lets the wallet judge each of the others. A line to a contract, or of USDT to a frozen address, is a wrong line as far as a node tells within three seconds; a node that does not lets the lines through.",
      idempotencyKey: "required",
      inputs: { body: BatchOrder },
      answers: { 202: { description: "Accepted", schema: Batch } },
      errors: [...ORDER_ERRORS, "batch_invalid", "batch_too_large", "duplicate_line_id"],
      handle: ({ request, idempotency }) => {
        const { wallet, asset = "USDT", mode = "all_or_nothing", items } = request.body;
        const order = { wallet, asset, mode, items };
        return idempotency === undefined
          ? undefined
          : acceptBatch(surface, order, { by: request.principal.id, idempotency });
      },
    }),
    endpoint({
      method: "GET",
      path: `${PATH}/batches/:batch_id`,
      tag: "Payouts",
      scope: "payouts:read",
      summary: "Read a batch: progress and totals",
      inputs: { params },
      answers: { 200: { description: "The batch", schema: Batch } },
      errors: ["not_found"],
      handle: ({ request }) => {
        const record = find(request.params.batch_id);
        return record === undefined
          ? noBatch(request.params.batch_id)
          : { status: 200, body: batchView(record, words) };
      },
    }),
    endpoint({
      method: "GET",
      path: `${PATH}/batches/:batch_id/payouts`,
      tag: "Payouts",
      scope: "payouts:read",
      summary: "List the payouts of a batch",
      inputs: { params, querystring: PageQuery },
      answers: { 200: { description: "Payouts", schema: pageOf(Payout) } },
      errors: ["not_found", "invalid_cursor"],
      handle: async ({ request: { params: place, query } }) => {
        if (find(place.batch_id) === undefined) return noBatch(place.batch_id);
        const page = await listRecords(engine, { kind: "payout", index: `batch:${place.batch_id}`, query });
        return { status: 200, body: toPage(page, (record) => payoutView(record, words)) };
      },
    }),
  ];
}

function looking(surface: Surface): Endpoint[] {
  return [
    endpoint({
      method: "POST",
      path: `${PATH}/estimate`,
      tag: "Payouts",
      scope: "payouts:read",
      summary: "What a payout would cost",
      description:
        "Judges the order as POST /payouts does, without the wallet's ledger and without looking the destination up on the chain, and asks a node for the fee. Nothing is stored.",
      inputs: { body: PayoutEstimateOrder },
      answers: { 200: { description: "The estimate", schema: EstimateView } },
      errors: [...ORDER_ERRORS, "simulation_reverted", "fee_cap_exceeded", ...NODE_ERRORS],
      handle: async ({ request }): Promise<Outcome> => {
        const { wallet: walletId, to, amount, asset = "USDT" } = request.body;
        const wallet = surface.wallets.find(walletId);
        if (isRefusal(wallet)) return { refusal: wallet };
        const judged = judgeLine(surface, wallet, { to, amount, asset, purpose: "payout" });
        if (isRefusal(judged)) return { refusal: judged };
        const order = { asset, from: wallet.address, to, amount: judged.amount };
        return { status: 200, body: await estimateOrder(surface, order) };
      },
    }),
    endpoint({
      method: "GET",
      path: `${PATH}/:payout_id/events`,
      tag: "Payouts",
      scope: "payouts:read",
      summary: "Everything that happened to a payout and its transactions",
      inputs: { params: pathParams({ payout_id: Id }) },
      answers: { 200: { description: "Oldest first", schema: PayoutEvents } },
      errors: ["not_found"],
      handle: async ({ request }) => {
        const record = surface.engine.record({ kind: "payout", id: request.params.payout_id });
        if (record === undefined)
          return { refusal: refuse("not_found", `There is no payout ${request.params.payout_id}`) };
        return { status: 200, body: await payoutTimeline(surface, record) };
      },
    }),
  ];
}

function noBatch(id: string): Outcome {
  return { refusal: refuse("not_found", `There is no batch ${id}`) };
}
