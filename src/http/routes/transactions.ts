import type { Receipt } from "../../domain/chain-facts.ts";
import { isFault, refuse } from "../../domain/errors.ts";
import type { ActorAddress, ActorRecord } from "../../domain/records.ts";
import type { EngineFacade } from "../../supervisor/facade.ts";
import { Address, HistoryQuery, pageOf, pathParams, TxId } from "../contract/common.ts";
import { EstimateView, Nothing, Payout } from "../contract/payouts.ts";
import {
  FeeQuestion,
  HistoryEntry,
  Preview,
  ReceiptView,
  RetryView,
  TransactionOrder,
  TransactionView,
} from "../contract/transactions.ts";
import { API_ROOT, endpoint, type Endpoint, type Outcome } from "../endpoint.ts";
import { estimateOrder, readOrder } from "../estimates.ts";
import { readHistory } from "../history.ts";
import { nodeSignal } from "../node-signal.ts";
import { judgeAddress } from "../payment-orders.ts";
import { transactionContext } from "../records.ts";
import { findRelay } from "../relays.ts";
import type { Surface } from "../surface.ts";
import { plan } from "../transaction-plan.ts";
import { retryTransaction } from "../transaction-retry.ts";
import { relayedTransactionView } from "../views/relay.ts";
import { foreignView, ownReceiptView, receiptView, transactionView, type Heights } from "../views/transaction.ts";
import { NODE_ERRORS } from "./network.ts";
import { ORDER_ERRORS } from "./payouts.ts";

const PATH = `${API_ROOT}/transactions`;
const params = pathParams({ txid: TxId });
const ESTIMATE_ERRORS = ["simulation_reverted", "fee_cap_exceeded", ...NODE_ERRORS] as const;

export function transactionEndpoints(surface: Surface): Endpoint[] {
  return [...planning(surface), ...reading(surface), retrying(surface)];
}

function planning(surface: Surface): Endpoint[] {
  return [
    endpoint({
      method: "POST",
      path: `${PATH}/create`,
      tag: "Transactions",
      scope: "tx:create",
      summary: "Preview the transaction of a transfer, or have it signed and sent",
      description:
        "Without sign and broadcast it checks and estimates like a real order, and nothing is signed, stored or sent. With both it is a transfer: it needs the scope transfers:create and an Idempotency-Key, and is followed at Location.",
      idempotencyKey: "optional",
      inputs: { body: TransactionOrder },
      answers: {
        200: { description: "What would be signed", schema: Preview },
        202: { description: "Accepted as a transfer", schema: Payout },
      },
      errors: [...ORDER_ERRORS, ...ESTIMATE_ERRORS, "idempotency_key_missing", "chain_forked"],
      handle: ({ request: { body, principal }, idempotency }) => plan(surface, { body, principal, idempotency }),
    }),
    endpoint({
      method: "POST",
      path: `${PATH}/estimate-fee`,
      tag: "Transactions",
      scope: "tx:read",
      summary: "What a transfer between any two addresses would cost",
      inputs: { body: FeeQuestion },
      answers: { 200: { description: "The estimate", schema: EstimateView } },
      errors: ["invalid_address", "invalid_amount", ...ESTIMATE_ERRORS],
      handle: async ({ request }) => {
        const order = readOrder(surface, { asset: "USDT", ...request.body });
        return "refusal" in order ? order : { status: 200, body: await estimateOrder(surface, order) };
      },
    }),
  ];
}

function reading(surface: Surface): Endpoint[] {
  const common = { method: "GET", tag: "Transactions", scope: "tx:read" } as const;
  return [
    endpoint({
      ...common,
      path: `${PATH}/history/:address`,
      summary: "The engine's transfers from and to an address",
      description: "Only what this engine sent; for everything on the chain ask a block explorer.",
      inputs: { params: pathParams({ address: Address }), querystring: HistoryQuery },
      answers: { 200: { description: "Transfers", schema: pageOf(HistoryEntry) } },
      errors: ["invalid_address", "invalid_cursor"],
      handle: ({ request: { params: place, query } }) => {
        const wrong = judgeAddress(surface, place.address);
        return wrong === undefined ? readHistory(surface, { address: place.address, query }) : { refusal: wrong };
      },
    }),
    endpoint({
      ...common,
      path: `${PATH}/:txid`,
      summary: "A transaction: what the engine did, and what the chain says",
      inputs: { params },
      answers: { 200: { description: "The transaction", schema: TransactionView } },
      errors: ["not_found", ...NODE_ERRORS],
      handle: ({ request }) => readTransaction(surface, request.params.txid),
    }),
    endpoint({
      ...common,
      path: `${PATH}/:txid/receipt`,
      summary: "Result, cost and confirmations of a transaction",
      inputs: { params },
      answers: { 200: { description: "The receipt", schema: ReceiptView } },
      errors: ["not_found", "receipt_pending", ...NODE_ERRORS],
      handle: ({ request }) => readReceipt(surface, request.params.txid),
    }),
  ];
}

function retrying(surface: Surface): Endpoint {
  return endpoint({
    method: "POST",
    path: `${PATH}/:txid/retry`,
    tag: "Transactions",
    scope: "tx:retry",
    summary: "Push the same bytes again, or start a new attempt where the old one is provably dead",
    description:
      "Never signs anew while the transaction could still land. 409 tx_may_still_confirm names in evidence.retry_after_block_time the block time that a solidified block has to reach.",
    idempotencyKey: "required",
    inputs: { params, body: Nothing },
    answers: {
      200: { description: "The same bytes are pushed again", schema: RetryView },
      202: { description: "A new attempt begins", schema: RetryView },
    },
    errors: [
      "not_found",
      "tx_may_still_confirm",
      "tx_already_succeeded",
      "max_attempts",
      "state_conflict",
      ...ORDER_ERRORS,
    ],
    handle: async ({ request, idempotency }) => {
      const { txid } = request.params;
      // Its record is not read here: what was answered before is answered again, whatever is damaged since.
      const transaction = await ownOf(surface.engine, txid);
      if (transaction === undefined) return { refusal: refuse("not_found", `This engine sent no transaction ${txid}`) };
      return retryTransaction(surface, { transaction, by: request.principal.id, idempotency });
    },
  });
}

async function readTransaction(surface: Surface, txid: string): Promise<Outcome> {
  const heights = heightsOf(surface);
  const own = await findOwn(surface, txid);
  if (own !== undefined) return { status: 200, body: transactionView(own, { words: surface.words, heights }) };
  const relayed = await findRelay(surface, txid);
  const receipt = await solidReceipt(surface, { txid, isKnown: relayed !== undefined });
  if (receipt !== undefined) return { status: 200, body: foreignView(receipt, heights) };
  return relayed === undefined
    ? { refusal: unknownTransaction(txid) }
    : { status: 200, body: relayedTransactionView(relayed, surface.words) };
}

async function readReceipt(surface: Surface, txid: string): Promise<Outcome> {
  const heights = heightsOf(surface);
  const own = await findOwn(surface, txid);
  const context = own === undefined ? undefined : transactionContext(own);
  if (own !== undefined && context?.inclusion === undefined) {
    const detail = `It is in no block yet: ${surface.words.of(own).description}`;
    return { refusal: refuse("receipt_pending", detail, { status: own.tag }) };
  }
  const receipt = await solidReceipt(surface, { txid, isKnown: own !== undefined });
  if (receipt !== undefined) return { status: 200, body: receiptView(txid, { receipt, heights }) };
  if (own === undefined || context?.inclusion === undefined) return { refusal: unknownTransaction(txid) };
  const solidified = own.status === "done";
  return { status: 200, body: ownReceiptView(txid, { inclusion: context.inclusion, solidified, heights }) };
}

/** Of an own or a relayed transaction the engine knows enough to answer while no node does. */
async function solidReceipt(
  { gateway }: Surface,
  { txid, isKnown }: { txid: string; isKnown: boolean },
): Promise<Receipt | undefined> {
  try {
    return await gateway.solidReceipt(txid, nodeSignal());
  } catch (error) {
    if (isKnown && isFault(error)) return undefined;
    throw error;
  }
}

async function findOwn({ engine }: Surface, txid: string): Promise<ActorRecord | undefined> {
  const own = await ownOf(engine, txid);
  return own === undefined ? undefined : engine.record(own);
}

async function ownOf(engine: EngineFacade, txid: string): Promise<ActorAddress | undefined> {
  const { ids } = await engine.index("transaction", `tx:${txid}`, { limit: 1 });
  return ids[0] === undefined ? undefined : { kind: "transaction", id: ids[0].id };
}

function heightsOf({ chain }: Surface): Heights {
  const { head, solid } = chain.status();
  return { head: head?.number ?? 0, solid: solid?.number ?? 0 };
}

function unknownTransaction(txid: string) {
  return refuse(
    "not_found",
    `Neither this engine nor a solidified block has the transaction ${txid}; one of others can still be on its way`,
  );
}
