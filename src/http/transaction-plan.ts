/** A transfer that is looked at before it is ordered, and ordered when its caller says so. */
import type { Static } from "typebox";
import { refuse } from "../domain/errors.ts";
import { formatDecimal, type Asset } from "../domain/money.ts";
import { allows, type Principal, type Scope } from "../security/access.ts";
import type { TransactionOrder } from "./contract/transactions.ts";
import type { Outcome } from "./endpoint.ts";
import { estimateOrder } from "./estimates.ts";
import type { Idempotency } from "./idempotency.ts";
import { isRefusal, judgeLine, readBounds } from "./payment-orders.ts";
import type { Surface } from "./surface.ts";

type Order = Static<typeof TransactionOrder>;
type Asked = { readonly body: Order; readonly principal: Principal; readonly idempotency: Idempotency | undefined };

const NEEDED: Scope = "transfers:create";

export async function plan(surface: Surface, { body, principal, idempotency }: Asked): Promise<Outcome> {
  const { sign = false, broadcast = false } = body;
  if (sign !== broadcast) {
    const message = "goes together with the other of sign and broadcast: what is signed is followed to its end";
    const path = sign ? "/sign" : "/broadcast";
    return { refusal: refuse("validation_failed", `In the body, ${path} ${message}`), errors: [{ path, message }] };
  }
  if (!sign) return preview(surface, { order: body, tellsPayees: allows(principal, "payouts:read") });
  if (!allows(principal, NEEDED))
    return { refusal: refuse("forbidden", `To sign needs a token with the scope ${NEEDED}`, { scope: NEEDED }) };
  if (idempotency === undefined)
    return { refusal: refuse("idempotency_key_missing", "Send an Idempotency-Key header, new for each transfer") };
  const { from_wallet: wallet, to, amount, reference: externalId, max_fee_trx: maxFee, not_after: notAfter } = body;
  const order = {
    purpose: "transfer",
    wallet,
    to,
    amount,
    asset: assetOf(body),
    externalId,
    maxFee,
    notAfter,
  } as const;
  return surface.intake.accept(order, { by: principal.id, idempotency });
}

type Preview = { readonly order: Order; readonly tellsPayees: boolean };

async function preview(surface: Surface, { order, tellsPayees }: Preview): Promise<Outcome> {
  const { from_wallet: walletId, to, amount, max_fee_trx: maxFee, not_after: notAfter } = order;
  const asset = assetOf(order);
  const wallet = surface.wallets.find(walletId);
  if (isRefusal(wallet)) return { refusal: wallet };
  const bounds = readBounds({ maxFee, notAfter }, surface.chain.headTimestamp());
  if (isRefusal(bounds)) return { refusal: bounds };
  const judged = judgeLine(surface, wallet, { to, amount, asset, purpose: "transfer", ...bounds });
  if (isRefusal(judged)) return { refusal: judged };
  const against = await surface.destinations.judge({ address: to, asset });
  if (against !== undefined) return { refusal: against };
  const { address: from } = wallet;
  const { maxFeeSun } = bounds;
  const priced = { asset, from, to, amount: judged.amount, ...(maxFeeSun === undefined ? {} : { maxFeeSun }) };
  const looksLike = await surface.lookalikes.twinOf(to);
  const estimate = await estimateOrder(surface, priced);
  const reference = surface.chain.reference();
  const body = {
    type: order.type,
    order: { asset, from, to, amount: formatDecimal(judged.amount), amount_units: judged.amount },
    needs_approval: judged.needsApproval || looksLike !== undefined,
    looks_like: tellsPayees ? (looksLike ?? null) : null,
    fee_reserve_trx: formatDecimal(judged.feeReserveSun),
    reference_block: reference === undefined ? null : { number: reference.number, id: reference.id },
    estimate,
    signed: false,
  };
  return { status: 200, body };
}

function assetOf({ type }: Pick<Order, "type">): Asset {
  return type === "usdt_transfer" ? "USDT" : "TRX";
}
