/**
 * Takes payouts in. The payout's id follows from the Idempotency-Key, so a repeat reaches the same actor, and is answered
 * as the first time even if the order would be refused now: the world may have changed since, the answer may not.
 */
import { refuse, type Refusal } from "../domain/errors.ts";
import { PAGE_LIMIT_MAX } from "../domain/limits.ts";
import type { Asset } from "../domain/money.ts";
import { JsonText } from "../domain/records.ts";
import { GIVEN_UP } from "../machines/catalog.ts";
import type { PayoutInput } from "../machines/payout-context.ts";
import type { EngineAnswer, EngineFacade, Outcome as EngineOutcome, Verdict } from "../supervisor/facade.ts";
import { answerOf } from "./answers.ts";
import type { Destinations } from "./destinations.ts";
import { API_ROOT, type Outcome } from "./endpoint.ts";
import { EVERYTHING, everythingOf, isOfReading } from "./everything.ts";
import type { HeldNames } from "./held-names.ts";
import type { Lookalikes } from "./lookalikes.ts";
import { derivedId, type Idempotency } from "./idempotency.ts";
import type { MachineWords } from "./machine-view.ts";
import { feeReserveOf, isRefusal, judgeLine, readBounds, type Bounds, type Purpose } from "./payment-orders.ts";
import type { PayingWallets } from "./paying-wallets.ts";
import type { HttpPorts } from "./ports.ts";
import { payoutContext } from "./records.ts";
import { payoutView } from "./views/payout.ts";
import { readAgain, readIfOld, unanswered } from "./wallet-answer.ts";

export type PaymentOrder = {
  readonly purpose: Purpose;
  readonly wallet: string;
  readonly to: string;
  readonly amount: string | typeof EVERYTHING;
  readonly asset: Asset;
  readonly externalId?: string | undefined;
  readonly metadata?: Record<string, string> | undefined;
  /** Decimal text, TRX. */
  readonly maxFee?: string | undefined;
  /** ISO 8601. */
  readonly notAfter?: string | undefined;
};
type Shared = {
  readonly words: MachineWords;
  readonly externalIds: HeldNames;
  readonly wallets: PayingWallets;
  readonly destinations: Destinations;
  readonly lookalikes: Lookalikes;
};
type RefusedOrder = { readonly id: string; readonly asked: Asked; readonly swept?: string };
export type Asked = { readonly by: string; readonly idempotency: Idempotency };

export class PayoutIntake {
  readonly #ports: HttpPorts;
  readonly #destinations: Destinations;
  readonly #externalIds: HeldNames;
  readonly #lookalikes: Lookalikes;
  readonly #wallets: PayingWallets;
  readonly #accepted: (outcome: EngineOutcome) => Verdict;

  constructor(ports: HttpPorts, shared: Shared) {
    this.#ports = ports;
    this.#destinations = shared.destinations;
    this.#externalIds = shared.externalIds;
    this.#lookalikes = shared.lookalikes;
    this.#wallets = shared.wallets;
    this.#accepted = ({ record }) => {
      if (record.tag === "rejected")
        return { discard: payoutContext(record).reason ?? refuse("conflict", "The wallet refused the payout") };
      const refusal = unanswered(record);
      if (refusal !== undefined) return { discard: refusal };
      return { keep: { status: 202, body: new JsonText(payoutView(record, shared.words)) } };
    };
  }

  /** Accepted: 202 after the payout is on disk with its money reserved, or waiting for approval. */
  accept(order: PaymentOrder, asked: Asked): Promise<Outcome> {
    const id = derivedId("po", asked.idempotency);
    const input = this.#inputOf(order, { id, by: asked.by });
    const swept = order.amount === EVERYTHING ? { swept: order.wallet } : {};
    if (isRefusal(input)) return this.#refused(input, { id, asked, ...swept });
    const goOn = (against: Refusal | undefined) =>
      against === undefined ? this.#lookedAt(input, asked) : this.#refused(against, { id, asked });
    const against = this.#destinations.judge({ address: order.to, asset: order.asset });
    return against instanceof Promise ? against.then(goOn) : goOn(against);
  }

  /** What could be taken for another address needs an approval. */
  #lookedAt(input: PayoutInput, asked: Asked): Promise<Outcome> {
    const goOn = (looksLike: string | undefined) =>
      this.#unlessTaken(looksLike === undefined ? input : { ...input, looksLike, needsApproval: true }, asked);
    const twin = this.#lookalikes.twinOf(input.to);
    return twin instanceof Promise ? twin.then(goOn) : goOn(twin);
  }

  #unlessTaken(input: PayoutInput, asked: Asked): Promise<Outcome> {
    const { self, externalId } = input;
    if (externalId === undefined) return this.#create(input, asked);
    return this.#externalIds.holding([externalId], async () => {
      const taken = await takenBy(this.#ports.engine, externalId);
      if (taken === undefined || taken === self.id) return this.#create(input, asked);
      return this.#refused(duplicate(externalId, taken), { id: self.id, asked });
    });
  }

  /** A repeat of an order that was accepted is answered as then, whatever speaks against it now, and whatever is damaged. */
  async #refused(refusal: Refusal, { id, asked, swept }: RefusedOrder): Promise<Outcome> {
    if (!this.#ports.engine.has({ kind: "payout", id })) {
      if (swept !== undefined && isOfReading(refusal)) await readIfOld(this.#ports, swept);
      return { refusal };
    }
    return answerOf(await this.#request({ id }, asked), placeOf(id));
  }

  #inputOf(order: PaymentOrder, made: { id: string; by: string }): PayoutInput | Refusal {
    const wallet = this.#wallets.find(order.wallet);
    if (isRefusal(wallet)) return wallet;
    const bounds = readBounds(order, this.#ports.chain.headTimestamp());
    if (isRefusal(bounds)) return bounds;
    const { to, asset, purpose } = order;
    const amount = this.#amountOf(order, bounds);
    if (typeof amount === "object") return amount;
    const judged = judgeLine(this.#ports, wallet, { to, amount, asset, purpose, ...bounds });
    if (isRefusal(judged)) return judged;
    return {
      self: { kind: "payout", id: made.id },
      purpose,
      walletId: wallet.id,
      from: wallet.address,
      to,
      asset,
      createdBy: made.by,
      ...(order.amount === EVERYTHING ? { isSweep: true } : {}),
      ...judged,
      ...bounds,
      ...(order.externalId === undefined ? {} : { externalId: order.externalId }),
      ...(order.metadata === undefined ? {} : { metadata: order.metadata }),
    };
  }

  #amountOf({ wallet, amount, asset }: PaymentOrder, { maxFeeSun }: Bounds): string | Refusal {
    if (amount !== EVERYTHING) return amount;
    const feeReserveSun = feeReserveOf(this.#ports, { asset, ...(maxFeeSun === undefined ? {} : { maxFeeSun }) });
    return everythingOf(this.#ports, { wallet, asset, feeReserveSun });
  }

  async #create(input: PayoutInput, asked: Asked): Promise<Outcome> {
    const { id } = input.self;
    const answer = await this.#request({ id, create: input }, asked);
    await readAgain(this.#ports, input.walletId, answer);
    return answerOf(answer, placeOf(id));
  }

  /** Without `create` nothing comes to life: only what was answered before is answered. */
  #request({ id, ...made }: { id: string; create?: PayoutInput }, { idempotency }: Asked): Promise<EngineAnswer> {
    return this.#ports.engine.request({
      to: { kind: "payout", id },
      ...made,
      idempotency,
      isNamedByKey: true,
      respond: this.#accepted,
    });
  }
}

function placeOf(id: string): string {
  return `${API_ROOT}/payouts/${id}`;
}

/** id of the payout that has this external id and was, or can still be, paid. What cannot be read may be that one. */
export async function takenBy(engine: EngineFacade, externalId: string): Promise<string | undefined> {
  for (let cursor: string | undefined; ;) {
    const page = { limit: PAGE_LIMIT_MAX, ...(cursor === undefined ? {} : { cursor }) };
    const { records, damaged, next } = await engine.records("payout", `external:${externalId}`, page);
    const taken = records.find(({ tag }) => !GIVEN_UP.has(tag)) ?? damaged[0];
    if (taken !== undefined || next === undefined) return taken?.id;
    cursor = next;
  }
}

export function duplicate(externalId: string, payoutId: string): Refusal {
  return refuse("duplicate_external_id", "Another payout has this external id; use a new one, or read that payout", {
    external_id: externalId,
    payout_id: payoutId,
  });
}
