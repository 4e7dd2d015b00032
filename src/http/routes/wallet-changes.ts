import { refuse } from "../../domain/errors.ts";
import type { Message } from "../../domain/records.ts";
import type { EngineAnswer, Outcome as EngineOutcome, Verdict } from "../../supervisor/facade.ts";
import { answerOf } from "../answers.ts";
import { BALANCE_STALE_BLOCKS, REVISION_TRIES_MAX } from "../bounds.ts";
import { HistoryQuery, pageOf } from "../contract/common.ts";
import { Nothing, Payout, SweepOrder } from "../contract/payouts.ts";
import { HistoryEntry } from "../contract/transactions.ts";
import {
  ArchiveQuery,
  Balance,
  BalanceQuery,
  FreezeOrder,
  Wallet,
  WalletChange,
  WalletPermissions,
} from "../contract/wallets.ts";
import { API_ROOT, endpoint, type Description, type Endpoint, type Outcome } from "../endpoint.ts";
import { EVERYTHING } from "../everything.ts";
import { readHistory } from "../history.ts";
import { isReadingOld, keepNothing, readAgain } from "../wallet-answer.ts";
import { nodeSignal } from "../node-signal.ts";
import { walletContext } from "../records.ts";
import type { Surface } from "../surface.ts";
import { resourcesView } from "../views/chain.ts";
import { balanceView, walletView } from "../views/wallet.ts";
import { readPermissions } from "../wallet-permissions.ts";
import { etagOf, readLimits, refuseUnmatched, type LimitsText } from "../wallet-terms.ts";
import { limitsOfWatch } from "../watch-orders.ts";
import { NODE_ERRORS } from "./network.ts";
import { ORDER_ERRORS } from "./payouts.ts";
import { noWallet, walletParams } from "./wallets.ts";

const PATH = `${API_ROOT}/wallets/:wallet_id`;
const answers = { 200: { description: "The wallet", schema: Wallet } };

export function walletChangeEndpoints(surface: Surface): Endpoint[] {
  return [...changing(surface), ...freezing(surface), sweeping(surface), ...money(surface)];
}

function changing(surface: Surface): Endpoint[] {
  const common = { path: PATH, tag: "Wallets", answers } as const;
  return [
    endpoint({
      ...common,
      method: "PUT",
      scope: "wallets:update",
      summary: "Change name, labels or limits",
      description:
        "Each field that is given replaces what was there, and each limit by itself: one that is left out stays, null takes it away. With If-Match the change is refused when somebody else changed the wallet since its ETag was read; payments do not count as changes.",
      inputs: { params: walletParams, body: WalletChange },
      headers: { "If-Match": "ETags of the wallet, as they were read; * for any" },
      errors: ["not_found", "invalid_amount", "precondition_failed", "conflict"],
      handle: ({ request }) =>
        change(surface, { id: request.params.wallet_id, text: request.body, ifMatch: request.headers["if-match"] }),
    }),
    endpoint({
      ...common,
      method: "DELETE",
      scope: "wallets:delete",
      summary: "Put an empty wallet away; its key is kept",
      description:
        "Empty by its last reading, which is made again for who is refused, unless the wallet is frozen. TRX that would not pay for its own transfer may stay, and stays where it is. A watch-only wallet is put away whatever it holds: there is no key, and nothing is moved.",
      inputs: { params: walletParams, querystring: ArchiveQuery },
      errors: ["not_found", "wallet_not_empty", "wallet_in_use", "state_conflict"],
      handle: async ({ request: { params, query } }) => {
        if (query.confirm !== params.wallet_id) {
          return { refusal: refuse("validation_failed", "Repeat the wallet's id in ?confirm= to put it away") };
        }
        const dustSun = surface.payments.feeReserveSun.TRX;
        const answer = await tell(surface, params.wallet_id, { type: "wallet.archive", dustSun });
        await readAgain(surface, params.wallet_id, answer);
        return answerOf(answer);
      },
    }),
  ];
}

function freezing(surface: Surface): Endpoint[] {
  const common = {
    method: "POST",
    tag: "Wallets",
    scope: "wallets:freeze",
    answers,
    errors: ["not_found", "state_conflict"],
  } as const satisfies Partial<Description>;
  return [
    endpoint({
      ...common,
      path: `${PATH}/freeze`,
      summary: "Stop a wallet: nothing new is reserved or signed",
      description:
        "Until it is unfrozen its balance is not read either and stays as it was last, also that of a watch-only wallet.",
      inputs: { params: walletParams, body: FreezeOrder },
      handle: async ({ request: { params, body, principal } }) => {
        const reason = body.reason ?? `frozen by ${principal.name}`;
        return answerOf(await tell(surface, params.wallet_id, { type: "wallet.freeze", reason }));
      },
    }),
    endpoint({
      ...common,
      path: `${PATH}/unfreeze`,
      summary: "Let a frozen wallet pay again",
      inputs: { params: walletParams, body: Nothing },
      handle: async ({ request }) =>
        answerOf(await tell(surface, request.params.wallet_id, { type: "wallet.unfreeze" })),
    }),
  ];
}

function sweeping({ intake }: Surface): Endpoint {
  return endpoint({
    method: "POST",
    path: `${PATH}/sweep`,
    tag: "Wallets",
    scope: "wallets:sweep",
    summary: "Transfer everything that a wallet has of one asset and promised nobody",
    description:
      "The amount is fixed when the order is accepted, by the last reading of the wallet, which is made first when it is old (not_ready); the answer says it. What waits for an approval is promised to nobody yet: of two sweeps of the same money the one that is approved later is rejected, unless as much has come by then. Of TRX the fee of this transfer stays, so move USDT first. Limits and approvals hold as for any transfer. Follow it at Location.",
    idempotencyKey: "required",
    inputs: { params: walletParams, body: SweepOrder },
    answers: { 202: { description: "Accepted as a transfer", schema: Payout } },
    errors: ORDER_ERRORS,
    handle: ({ request: { params, body, principal }, idempotency }) => {
      const { to, asset, reference: externalId, max_fee_trx: maxFee, not_after: notAfter } = body;
      const wallet = params.wallet_id;
      const order = {
        purpose: "transfer",
        wallet,
        to,
        amount: EVERYTHING,
        asset,
        externalId,
        maxFee,
        notAfter,
      } as const;
      return idempotency === undefined ? undefined : intake.accept(order, { by: principal.id, idempotency });
    },
  });
}

function money(surface: Surface): Endpoint[] {
  const common = { method: "GET", tag: "Wallets", scope: "wallets:read" } as const;
  return [
    endpoint({
      ...common,
      path: `${PATH}/balance`,
      summary: "What a wallet holds, has promised and can still pay",
      description: "The last solidified reading, at once; when it is old, a new one is begun and `refreshing` says so.",
      inputs: { params: walletParams, querystring: BalanceQuery },
      answers: { 200: { description: "The balance", schema: Balance } },
      errors: ["not_found"],
      handle: ({ request: { params, query } }) => {
        const { refresh = false, resources = false } = query;
        return readBalance(surface, { id: params.wallet_id, refresh, resources });
      },
    }),
    endpoint({
      ...common,
      path: `${PATH}/permissions`,
      summary: "Who can sign for a wallet's address, as the chain has it",
      description:
        "An account's owner can hand it over, or share it: then the wallet's key alone pays nothing any more, or others pay from it too. Asked of a node now.",
      inputs: { params: walletParams },
      answers: { 200: { description: "The permissions", schema: WalletPermissions } },
      errors: ["not_found", ...NODE_ERRORS],
      handle: ({ request }) => {
        const { wallet_id: id } = request.params;
        const record = surface.engine.record({ kind: "wallet", id });
        if (record === undefined) return { refusal: noWallet(id) };
        const { address, kind } = walletContext(record);
        return readPermissions(surface, { id, address, kind });
      },
    }),
    endpoint({
      ...common,
      path: `${PATH}/history`,
      aliases: [`${API_ROOT}/transactions/:wallet_id/history`],
      summary: "A wallet's payments, newest first",
      inputs: { params: walletParams, querystring: HistoryQuery },
      answers: { 200: { description: "Payments", schema: pageOf(HistoryEntry) } },
      errors: ["not_found", "invalid_cursor"],
      handle: ({ request: { params, query } }) => {
        const record = surface.engine.record({ kind: "wallet", id: params.wallet_id });
        if (record === undefined) return { refusal: noWallet(params.wallet_id) };
        return readHistory(surface, { address: walletContext(record).address, query });
      },
    }),
  ];
}

async function tell({ engine, words }: Surface, id: string, message: Message): Promise<EngineAnswer> {
  const respond = ({ reply, record }: EngineOutcome): Verdict =>
    reply.ok
      ? { keep: { status: 200, body: walletView(record, words) } }
      : { discard: inWords(reply.refusal, record.tag) };
  const answer = await engine.request({ to: { kind: "wallet", id }, message, respond });
  return "refusal" in answer && answer.refusal.code === "not_found" ? { refusal: noWallet(id) } : answer;
}

function inWords(refusal: Extract<EngineOutcome["reply"], { ok: false }>["refusal"], status: string) {
  return refusal.code === "state_conflict" ? refuse("state_conflict", `The wallet is ${status}`, { status }) : refusal;
}

type ChangeOrder = {
  readonly id: string;
  readonly text: { name?: string; labels?: Record<string, string>; limits?: LimitsText };
  readonly ifMatch: string | undefined;
};

/**
 * If-Match is checked against the record that was read, and the step must be the very next one after it; when a payment
 * got in between, both are done again.
 */
async function change(surface: Surface, { id, text, ifMatch }: ChangeOrder): Promise<Outcome> {
  const { engine, words } = surface;
  for (let tries = 0; tries < REVISION_TRIES_MAX; tries += 1) {
    const before = engine.record({ kind: "wallet", id });
    if (before === undefined) return { refusal: noWallet(id) };
    const unmatched = refuseUnmatched(ifMatch, before);
    if (unmatched !== undefined) return { refusal: unmatched };
    const { kind, limits: limitsBefore } = walletContext(before);
    if (kind === "watch" && text.limits !== undefined) return limitsOfWatch();
    const limits = readLimits(text.limits, limitsBefore);
    if ("code" in limits) return { refusal: limits };
    let etag = "";
    const answer = await engine.request({
      to: { kind: "wallet", id },
      message: { type: "wallet.update", ...text, limits },
      respond: ({ record }) => {
        if (record.revision !== before.revision + 1) return { discard: refuse("conflict", OVERTAKEN) };
        etag = etagOf(record);
        return { keep: { status: 200, body: walletView(record, words) } };
      },
    });
    if (!("refusal" in answer)) return { status: answer.status, body: answer.body, headers: { etag } };
    if (answer.refusal.detail !== OVERTAKEN) return answer;
  }
  return { refusal: refuse("conflict", OVERTAKEN) };
}

const OVERTAKEN = "Payments of the wallet keep getting in between; try again";

async function readBalance(
  surface: Surface,
  { id, refresh, resources }: { id: string; refresh: boolean; resources: boolean },
): Promise<Outcome> {
  const { engine, chain, clock } = surface;
  const record = engine.record({ kind: "wallet", id });
  if (record === undefined) return { refusal: noWallet(id) };
  const { balanceBlock } = walletContext(record).ledger;
  // A reading is of a solidified block: until there is another, one more would cost a write and three questions for nothing.
  const behind = (chain.status().solid?.number ?? 0) - balanceBlock;
  // While blocks are still to be read here, the nodes may have newer ones.
  const isDemanded = refresh && (behind > 0 || (chain.obstacle() !== undefined && isReadingOld(record, clock)));
  if (!("balances" in record.effects) && (balanceBlock < 0 || behind > BALANCE_STALE_BLOCKS || isDemanded)) {
    await engine.request({ to: { kind: "wallet", id }, message: { type: "wallet.refresh" }, respond: keepNothing });
  }
  // The balance last: who is told later is never told an older one.
  const told = resources ? await readResources(surface, walletContext(record).address) : null;
  const now = engine.record({ kind: "wallet", id }) ?? record;
  return { status: 200, body: { ...balanceView(now, "balances" in now.effects), resources: told } };
}

async function readResources({ gateway, logger }: Surface, address: string) {
  try {
    return resourcesView(await gateway.account(address, nodeSignal()));
  } catch (error) {
    logger.debug({ error }, "the resources of a wallet could not be read");
    return null;
  }
}
