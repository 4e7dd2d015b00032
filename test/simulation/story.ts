/** Makes the callers and operators of a plan do what they are meant to, and writes down what they were told. */
import { codeOf, fieldOf, listOf, type Json, type Reply } from "./client.ts";
import { signedByOutsider, type Signed } from "./outsider.ts";
import { OWN, OWN_SUN, SLOT_MS, type Batch, type Deed, type Order, type Plan, type RelayPlan } from "./plan.ts";
import { WORLD } from "./scheduler.ts";
import { TOKENS, type World } from "./world.ts";

const ROOT = "/api/v1/tron";
/** Until a transfer is solidified, and a little more. */
const OWN_WAIT_SLOTS = 24;
/** Payouts of each status whose transactions an operator pushes. */
const PUSHED_MAX = 4;
const IMPATIENCE_MS = 300;

export type Wallet = { readonly id: string; readonly address: string };
/** What became of an order in the eyes of its caller: the last answers that were definite. */
export type Told = {
  readonly order: Order;
  accepted: Reply | undefined;
  refused: string | undefined;
  decided: Reply | undefined;
  /** Chain time until which it may be paid. */
  readonly notAfter?: number;
  /** Chain time of the last answer, and of the decision. */
  answeredAt?: number;
  decidedAt?: number;
  /** When it was sent first, and when all its answers were there, ms from the beginning. */
  readonly sent: number;
  told?: number;
};
/** What became of a transaction that somebody else signed. */
export type RelayTold = Signed & { readonly key: string; accepted: Reply | undefined };
export type BatchTold = { readonly batch: Batch; accepted: Reply | undefined; refused: string | undefined };

export class Story {
  readonly wallets: Wallet[] = [];
  readonly orders: Told[] = [];
  readonly batches: BatchTold[] = [];
  readonly relays: RelayTold[] = [];
  /** What creators were told who approved their own payouts. */
  readonly selfApprovals: Reply[] = [];
  /** Stories that have not come to their end. */
  open = 0;
  private readonly world: World;
  private readonly plan: Plan;

  constructor(world: World, plan: Plan) {
    this.world = world;
    this.plan = plan;
  }

  begin(): void {
    this.tell(async () => {
      await this.fund();
      const { orders, batches, relays, deeds } = this.plan;
      const [own, others] = [orders.filter(isOwn), orders.filter((order) => !isOwn(order))];
      this.tell(() => this.ownWallet(own));
      this.tell(() => this.watchBalances());
      for (const order of others) this.after(order.at, () => this.order(order));
      for (const batch of batches) this.after(batch.at, () => this.batch(batch));
      for (const relay of relays) this.after(relay.at, () => this.relay(relay));
      for (const deed of deeds) this.after(deed.at, () => this.deed(deed));
    });
  }

  private after(at: number, story: () => Promise<void>): void {
    this.open += 1;
    this.world.scheduler.at(
      at,
      "story",
      () => {
        this.open -= 1;
        this.tell(story);
      },
      WORLD,
    );
  }

  private tell(story: () => Promise<void>): void {
    this.open += 1;
    void story().then(() => (this.open -= 1));
  }

  /** The wallets of the plan; each is ready when the engine has counted its money. */
  private async fund(): Promise<void> {
    const { clients, scheduler } = this.world;
    const token = TOKENS.client.text;
    for (const { name, limits, privateKey } of this.plan.wallets) {
      const body = { name, private_key: privateKey, ...(limits === undefined ? {} : { limits }) };
      const path = `${ROOT}/wallets/import`;
      const reply = await clients.insist({ method: "POST", path, token, key: `wallet ${name}`, body });
      this.wallets.push({ id: fieldOf(reply.body, "id"), address: fieldOf(reply.body, "address") });
    }
    for (const { id } of this.wallets) {
      const path = `${ROOT}/wallets/${id}/balance`;
      for (let units = "0"; units === "0" || units === "";) {
        const reply = await clients.insist({ method: "GET", path, token });
        units = unitsOf(reply.body, "usdt");
        if (units === "0") await scheduler.wait(500, "waiting for money");
      }
    }
  }

  /** Made in the middle of the faults; its orders begin when somebody's money for it is final. */
  private async ownWallet(orders: readonly Order[]): Promise<void> {
    const { clients, scheduler, faucet } = this.world;
    const token = TOKENS.client.text;
    const made = { method: "POST", path: `${ROOT}/wallets`, token, key: "wallet own", body: { name: "own" } } as const;
    const reply = await clients.insist(made);
    const [id, address] = [fieldOf(reply.body, "id"), fieldOf(reply.body, "address")];
    this.wallets[OWN] = { id, address };
    for (let units = "0"; units === "0" || units === "";) {
      // A fork may have lost it.
      await faucet.give({ address, trxSun: OWN_SUN });
      await scheduler.wait(OWN_WAIT_SLOTS * SLOT_MS, "money for its own wallet");
      await clients.insist(made);
      units = unitsOf(
        (await clients.insist({ method: "GET", path: `${ROOT}/wallets/${id}/balance`, token })).body,
        "trx",
      );
    }
    for (const order of orders) this.tell(() => this.order(order));
  }

  /** Somebody who has the wallets on a screen. */
  private async watchBalances(): Promise<void> {
    const { clients, scheduler } = this.world;
    const token = TOKENS.other.text;
    for (const until = scheduler.now + this.plan.busyMs; scheduler.now < until;) {
      for (const { id } of this.wallets.slice())
        await clients.insist({ method: "GET", path: `${ROOT}/wallets/${id}/balance`, token });
      await scheduler.wait(2 * SLOT_MS, "somebody looks away");
    }
  }

  private async order(order: Order): Promise<void> {
    const { clients, scheduler } = this.world;
    const { asset, amount, to, externalId, key, withinMs } = order;
    const bound = withinMs === undefined ? {} : { notAfter: this.world.ledger.headTimestamp() + withinMs };
    const told: Told = {
      order,
      accepted: undefined,
      refused: undefined,
      decided: undefined,
      sent: scheduler.now,
      ...bound,
    };
    this.orders.push(told);
    const wallet = this.wallets[order.wallet]?.id ?? "";
    const question = {
      method: "POST",
      path: `${ROOT}/payouts`,
      token: TOKENS.client.text,
      key,
      body: {
        wallet,
        to,
        amount,
        asset,
        ...(externalId === undefined ? {} : { external_id: externalId }),
        ...(told.notAfter === undefined ? {} : { not_after: new Date(told.notAfter).toISOString() }),
      },
    } as const;
    const replies = await Promise.all(Array.from({ length: order.times }, () => clients.insist(question)));
    told.answeredAt = this.world.ledger.headTimestamp();
    told.told = scheduler.now;
    const accepted = replies.find(({ status }) => status === 202);
    told.accepted = accepted;
    if (accepted === undefined) told.refused = codeOf(replies.at(-1) ?? { status: 0, text: "", body: null });
    if (accepted === undefined || !DECIDED.has(order.meaning)) return;
    await scheduler.wait(order.decidedAfter, "an operator thinks");
    told.decided = await this.decide(order, accepted.body);
    told.decidedAt = this.world.ledger.headTimestamp();
  }

  private async decide(order: Order, payout: Json): Promise<Reply> {
    const { clients } = this.world;
    const path = `${ROOT}/payouts/${fieldOf(payout, "id")}`;
    const token = TOKENS.operator.text;
    if (order.meaning === "approved") {
      const body = { payout_hash: fieldOf(payout, "payout_hash") };
      // Its creator tries first, and must not succeed.
      const own = { method: "POST", path: `${path}/approve`, token: TOKENS.client.text, body } as const;
      const refused = await clients.insist({ ...own, key: `${order.key} own decision` });
      this.selfApprovals.push(refused);
      return clients.insist({ method: "POST", path: `${path}/approve`, token, body, key: `${order.key} decision` });
    }
    if (order.meaning === "taken_back") {
      const body = { payout_hash: fieldOf(payout, "payout_hash") };
      await clients.insist({ method: "POST", path: `${path}/approve`, token, body, key: `${order.key} approval` });
    }
    const verb = order.meaning === "rejected" ? "reject" : "cancel";
    return clients.insist({ method: "POST", path: `${path}/${verb}`, token, body: {}, key: `${order.key} decision` });
  }

  private async batch(batch: Batch): Promise<void> {
    const told: BatchTold = { batch, accepted: undefined, refused: undefined };
    this.batches.push(told);
    const { asset, mode, lines: items } = batch;
    const body = { wallet: this.wallets[batch.wallet]?.id ?? "", asset, mode, items };
    const path = `${ROOT}/payouts/batch`;
    const reply = await this.world.clients.insist({
      method: "POST",
      path,
      token: TOKENS.client.text,
      key: batch.key,
      body,
    });
    if (reply.status === 202) told.accepted = reply;
    else told.refused = codeOf(reply);
  }

  private async relay(plan: RelayPlan): Promise<void> {
    const signed = signedByOutsider(this.world, plan);
    const told: RelayTold = { ...signed, key: plan.key, accepted: undefined };
    this.relays.push(told);
    const body = { raw_hex: signed.signedHex };
    const path = `${ROOT}/broadcast/raw`;
    const question = { method: "POST", path, token: TOKENS.client.text, key: plan.key, body } as const;
    const replies = await Promise.all(Array.from({ length: plan.times }, () => this.world.clients.insist(question)));
    told.accepted = replies.find(({ status }) => status === 202);
  }

  private async deed(deed: Deed): Promise<void> {
    const { clients, scheduler } = this.world;
    const token = TOKENS.operator.text;
    switch (deed.deed) {
      case "restart":
        await clients.insist({ method: "POST", path: `/restart/${deed.service}`, token, body: {} });
        return;
      case "freeze": {
        const path = `${ROOT}/wallets/${this.wallets[deed.wallet]?.id ?? ""}`;
        await clients.insist({ method: "POST", path: `${path}/freeze`, token, body: { reason: "a drill" } });
        await scheduler.wait(deed.forMs, "frozen");
        await clients.insist({ method: "POST", path: `${path}/unfreeze`, token, body: {} });
        return;
      }
      case "retry":
        await this.retryEnded();
        await this.pushOnTheWay(deed.at);
        return;
      case "look":
        await this.pushOnTheWay(deed.at);
        await clients.insist({ method: "GET", path: `${ROOT}/network/status`, token });
        await clients.ask({ method: "GET", path: "/health/ready", token });
        return;
    }
  }

  /** An operator who tries again whatever says that it ended without paying. */
  private async retryEnded(): Promise<void> {
    const { clients } = this.world;
    const token = TOKENS.operator.text;
    for (const status of ["failed", "needs_attention"]) {
      const reply = await clients.insist({ method: "GET", path: `${ROOT}/payouts?status=${status}&limit=100`, token });
      for (const payout of itemsOf(reply.body)) {
        const id = fieldOf(payout, "id");
        await clients.insist({
          method: "POST",
          path: `${ROOT}/payouts/${id}/retry`,
          token,
          body: {},
          key: `retry ${id}`,
        });
      }
    }
  }

  /** An operator who cannot wait: every transaction of some payouts on their way, also those that are long dead, and twice. */
  private async pushOnTheWay(at: number): Promise<void> {
    const { clients, scheduler } = this.world;
    const token = TOKENS.operator.text;
    for (const status of ["broadcast", "unknown", "retry"]) {
      const path = `${ROOT}/payouts?status=${status}&limit=${PUSHED_MAX}`;
      const reply = await clients.insist({ method: "GET", path, token });
      for (const txid of itemsOf(reply.body).flatMap(txidsOf)) {
        const push = { method: "POST", path: `${ROOT}/transactions/${txid}/retry`, token, body: {} } as const;
        const [answer] = await Promise.all([1, 2].map(() => clients.insist({ ...push, key: `push ${at} ${txid}` })));
        if (answer !== undefined && codeOf(answer) === "tx_may_still_confirm")
          this.world.mark("a new attempt refused without proof");
        await scheduler.wait(IMPATIENCE_MS, "an operator clicks");
      }
    }
  }
}

function txidsOf(payout: Json): string[] {
  return listOf(payout, "attempts")
    .map((attempt) => fieldOf(attempt, "txid"))
    .filter((txid) => txid !== "");
}

const isOwn = ({ wallet }: Order) => wallet === OWN;

const DECIDED = new Set(["approved", "taken_back", "rejected", "cancelled"]);

export function itemsOf(body: Json): Json[] {
  return listOf(body, "items");
}

/** Total of one asset in a balance. */
export function unitsOf(body: Json, asset: "usdt" | "trx", field = "total_units"): string {
  const purse = typeof body === "object" && body !== null && !Array.isArray(body) ? body[asset] : undefined;
  return fieldOf(purse, field);
}
