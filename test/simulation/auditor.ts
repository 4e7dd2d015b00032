/**
 * The auditor: rebuilds the truth from what was asked, what was answered, and the blocks of the chain, and says where
 * the engine's word and the truth differ. It shares nothing with the engine but units.
 */
import { parseDecimal } from "../../src/domain/money.ts";
import type { Payment } from "../../src/devnet/ledger.ts";
import { codeOf, fieldOf, listOf, type Exchange, type Json } from "./client.ts";
import { auditDisk } from "./disk-audit.ts";
import type { Invariant } from "./invariants.ts";
import type { Order, Plan } from "./plan.ts";
import { itemsOf, unitsOf, type Story, type Told } from "./story.ts";
import { SECRETS, TOKENS, type World } from "./world.ts";

const ROOT = "/api/v1/tron";
const ENDS = new Set(["confirmed", "failed", "needs_attention", "rejected", "cancelled"]);
const MOVING = ["broadcast", "unknown", "retry", "pending"];
/** They wait for a person, or for room in a wallet, and say so. */
const ON_HOLD = new Set(["awaiting_approval", "approved"]);
/** Wrong in themselves, whatever the world looks like. */
const ALWAYS_REFUSED = new Set(["below_minimum", "above_maximum", "invalid_address", "duplicate_external_id"]);
/** Somebody else than their creator approves them. */
const APPROVED: ReadonlySet<string> = new Set(["approved", "taken_back"]);
/** Never paid once somebody was told so with a 200. */
const GIVEN_UP: ReadonlySet<string> = new Set(["cancelled", "rejected", "taken_back"]);
/** An order that leaves less time to land is refused. */
const TIME_TO_LAND_MS = 9_000;
const TIMELY_LIES: ReadonlySet<string> = new Set(["head from the future", "head from the past", "changes a time"]);
/** The longest pause of a relay between pushes, with what a restart takes. */
const RELAY_REST_MS = 120_000;
const COMPLAINTS_MAX = 20;

type Promise202 = { readonly to: string; readonly amount: string; readonly walletId: string; readonly told?: Told };

export class Auditor {
  readonly complaints: string[] = [];
  private readonly world: World;
  private readonly plan: Plan;
  private readonly story: Story;
  /** Successful payments to each payee, from solidified blocks. */
  private readonly paid = new Map<string, Payment[]>();
  private readonly spent = new Map<string, bigint>();
  private looked = 0;

  constructor(world: World, { plan, story }: { plan: Plan; story: Story }) {
    this.world = world;
    this.plan = plan;
    this.story = story;
    this.looked = world.ledger.solidNumber();
  }

  complain(invariant: Invariant, what: string): void {
    if (this.complaints.length < COMPLAINTS_MAX) this.complaints.push(`${invariant}: ${what}`);
  }

  sum(): { accepted: number; paid: number } {
    return { accepted: this.promises().length, paid: [...this.paid.values()].flat().length };
  }

  /** At every block: what was solidified since. */
  block(): void {
    const { ledger } = this.world;
    const solid = ledger.solidNumber();
    if (solid <= this.looked) return;
    const since = ledger.payments({ sinceBlock: this.looked + 1, untilBlock: solid });
    for (const payment of since) this.solidified(payment);
    this.looked = solid;
  }

  private solidified(payment: Payment): void {
    const wallet = this.story.wallets.find(({ address }) => address === payment.from);
    if (wallet === undefined || payment.result !== "SUCCESS") return;
    const before = this.paid.get(payment.to) ?? [];
    this.paid.set(payment.to, [...before, payment]);
    if (before.length > 0) this.complain("paid once", `${payment.to} was paid ${before.length + 1} times`);
    const told = this.story.orders.find(({ order }) => order.to === payment.to);
    if (told !== undefined && isForbidden(told)) this.complain("refused means unpaid", `${told.order.key} was paid`);
    if (told?.notAfter !== undefined) this.inTime(payment, told.notAfter);
    this.limits(payment, told?.order);
  }

  /** A20 */
  private inTime({ txId, to }: Payment, notAfter: number): void {
    const late = (this.world.ledger.transaction(txId)?.expiration ?? Infinity) - notAfter;
    if (late > 0) this.complain("in time", `the bytes that paid ${to} lived ${late} ms too long`);
    else this.world.mark("an order was paid within its time");
  }

  private limits({ from, amount, asset, to }: Payment, order: Order | undefined): void {
    const index = this.story.wallets.findIndex(({ address }) => address === from);
    const limits = this.plan.wallets[index]?.limits;
    if (asset !== "USDT" || limits === undefined) return;
    const spent = (this.spent.get(from) ?? 0n) + amount;
    this.spent.set(from, spent);
    const over = (name: string, value: bigint) => limits[name] !== undefined && value > unitsIn(limits[name]);
    if (over("daily", spent)) this.complain("limits hold", `${spent} left the wallet in a day`);
    if (over("maximum", amount)) this.complain("limits hold", `${amount} at once to ${to}`);
    if (limits["minimum"] !== undefined && amount < unitsIn(limits["minimum"]))
      this.complain("limits hold", `${amount} to ${to}`);
    if (over("approval_above", amount) && !APPROVED.has(order?.meaning ?? ""))
      this.complain("limits hold", `${order?.key ?? to} was paid without an approval`);
  }

  /** Whether any payout still moves, as its list says: a look that costs little. `unsettled` has the last word. */
  async isMoving(): Promise<boolean> {
    for (const status of MOVING) {
      const path = `${ROOT}/payouts?status=${status}&limit=1`;
      const { body } = await this.world.clients.insist({ method: "GET", path, token: TOKENS.other.text });
      if (listOf(body, "items").length > 0) return true;
    }
    return false;
  }

  /** Payouts that have neither ended nor wait for a person. */
  async unsettled(): Promise<string[]> {
    const payouts = await this.payouts();
    return payouts
      .filter((payout) => !ENDS.has(fieldOf(payout, "status")) && !mayWait(payout))
      .map((payout) => `${fieldOf(payout, "id")} is ${fieldOf(payout, "status")}: ${fieldOf(payout, "waiting_for")}`);
  }

  private async payouts(): Promise<Json[]> {
    const found: Json[] = [];
    for (let cursor = ""; ;) {
      const path = `${ROOT}/payouts?limit=100${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
      const { body } = await this.world.clients.insist({ method: "GET", path, token: TOKENS.other.text });
      found.push(...itemsOf(body));
      cursor = fieldOf(body, "next_cursor");
      if (cursor === "") return found;
    }
  }

  /** Everything that was promised with a 202. */
  private promises(): Promise202[] {
    const walletId = (index: number) => this.story.wallets[index]?.id ?? "";
    const singles = this.story.orders.flatMap((told) => {
      const { to, amount, wallet } = told.order;
      return told.accepted === undefined ? [] : [{ to, amount, walletId: walletId(wallet), told }];
    });
    const lines = this.story.batches.flatMap(({ batch, accepted }) =>
      accepted === undefined
        ? []
        : batch.lines
            .filter(({ line_id: id }) => !batch.invalid.includes(id))
            .map(({ to, amount }) => ({ to, amount, walletId: walletId(batch.wallet) })),
    );
    return [...singles, ...lines];
  }

  async end(): Promise<void> {
    this.block();
    const payouts = new Map((await this.payouts()).map((payout) => [fieldOf(payout, "to"), payout]));
    const promises = this.promises();
    for (const promise of promises) this.promised(promise, payouts.get(promise.to));
    const known = new Set(promises.map(({ to }) => to));
    for (const to of this.paid.keys()) if (!known.has(to)) this.complain("refused means unpaid", `${to} was paid`);
    for (const told of this.story.orders) this.meant(told);
    this.held();
    if (this.story.selfApprovals.some(({ status }) => status < 300))
      this.complain("limits hold", "a creator approved its own payout");
    for (const key of this.world.overwritten)
      this.complain("nothing forgotten", `${key} had rotted and was written over`);
    this.room(payouts);
    this.answers();
    this.bugs();
    this.readings();
    this.stopped();
    await this.relays();
    await this.ledgers();
    this.secrets();
    this.lines();
    const { disk } = this.world.machine;
    auditDisk(disk.dump(), {
      complain: (invariant, what) => this.complain(invariant, what),
      mark: (name) => this.world.mark(name),
    });
  }

  private promised({ to, amount, walletId, told }: Promise202, payout: Json | undefined): void {
    if (payout === undefined) return this.complain("nothing forgotten", `the payout to ${to} is gone`);
    const status = fieldOf(payout, "status");
    if (fieldOf(payout, "wallet_id") !== walletId || `${unitsIn(amount)}` !== fieldOf(payout, "amount_units"))
      this.complain("nothing forgotten", `the payout to ${to} is not what was ordered`);
    // A line of a batch of what is possible may be accepted and rejected in one breath.
    const isOver = told?.notAfter !== undefined && reasonOf(payout) === "not_after_passed";
    if (isOver) this.world.mark("an order ran out of its time");
    if (status === "rejected" && told !== undefined && told.order.meaning !== "rejected" && !isOver)
      this.complain("nothing forgotten", `the payout to ${to} was accepted, and rejected by nobody`);
    if (!ENDS.has(status) && fieldOf(payout, "waiting_for") === "")
      this.complain("ended or waiting", `the payout to ${to} is ${status} and does not say what it waits for`);
    this.attempts(to, payout);
    const [payment] = this.paid.get(to) ?? [];
    if (status === "confirmed" && payment === undefined)
      return this.complain("confirmed means paid", `${to} was not paid`);
    if (status !== "confirmed" && payment !== undefined)
      return this.complain("confirmed means paid", `${to} is ${status} and was paid`);
    const isSame = payment?.txId === fieldOf(payout, "txid") && `${payment.amount}` === fieldOf(payout, "amount_units");
    if (payment !== undefined && !isSame) this.complain("confirmed means paid", `${to} names another payment`);
    return undefined;
  }

  /** A6, as the payout tells it, and as the chain bears it out. */
  private attempts(to: string, payout: Json): void {
    const attempts = listOf(payout, "attempts");
    if (attempts.length > 1) this.world.mark("a second attempt");
    if (attempts.length > 2) this.world.mark("a third attempt");
    for (const [at, attempt] of attempts.entries()) {
      const isLast = at === attempts.length - 1;
      const [outcome, txId] = [fieldOf(attempt, "outcome"), fieldOf(attempt, "txid")];
      const truth = txId === "" ? undefined : this.world.ledger.transaction(txId);
      if (!isLast && !["expired", "reverted", "failed"].includes(outcome))
        this.complain("proof before new bytes", `${to} has another attempt after one that is ${outcome || "open"}`);
      if (outcome === "expired" && this.plan.faults.some(({ kind }) => kind === "slots missed"))
        this.world.mark("expiry across missed slots");
      if (outcome === "expired" && truth !== undefined)
        this.complain("proof before new bytes", `${txId} expired and is in block ${truth.blockNumber}`);
      if (
        outcome === "expired" &&
        numberIn(attempt, "proof", "scanned_to") < numberIn(attempt, "proof", "scanned_from")
      )
        this.complain("proof before new bytes", `${txId} expired without a proof`);
      if (outcome === "reverted" && truth?.outcome.result === "SUCCESS")
        this.complain("proof before new bytes", `${txId} is told to have failed and succeeded`);
      const told = fieldOf(attempt, "fee_trx");
      if (told !== "" && truth?.solid === true && truth.outcome.fee !== unitsIn(told))
        this.complain("confirmed means paid", `${txId} cost ${truth.outcome.fee} sun, told are ${told} TRX`);
    }
  }

  /** A11 */
  private meant(told: Told): void {
    const { order, accepted, refused } = told;
    const { meaning, key } = order;
    if (meaning === "duplicate_external_id" && accepted !== undefined && !this.isTaken(order)) return;
    if (ALWAYS_REFUSED.has(meaning) && refused !== meaning)
      this.complain("refused for its reason", `${key} should be ${meaning} and is ${refused ?? "accepted"}`);
    const isTaken = order.externalId !== undefined && this.isTaken(order);
    const wasLate = refused === "not_after_passed";
    if (wasLate) this.notTooEarly(told, told.answeredAt);
    if (told.decided !== undefined && codeOf(told.decided) === "not_after_passed")
      this.notTooEarly(told, told.decidedAt);
    if (meaning === "paid" && order.wallet === 0 && accepted === undefined && !isTaken && !wasLate)
      this.complain("refused for its reason", `${key} is right and was refused: ${refused ?? "never answered"}`);
  }

  /** Who looks like somebody who was accepted before is not paid without an approval, and nobody gives one. */
  private held(): void {
    const held = this.story.orders.find(({ order }) => order.meaning === "held");
    if (held?.accepted === undefined) return;
    const endsOf = ({ order: { to } }: Told) => to.slice(0, 4) + to.slice(-4);
    const before = this.story.orders.some(
      (other) =>
        other !== held && endsOf(other) === endsOf(held) && (other.told ?? Infinity) < held.sent && other.accepted,
    );
    if (before) this.world.mark("an order was held because of whom it looks like");
    if (before && this.paid.has(held.order.to))
      this.complain("limits hold", `${held.order.to}, who looks like somebody else, was paid without an approval`);
  }

  /** Whoever was told that it is too late. */
  private notTooEarly({ order, notAfter = 0 }: Told, chainTime = 0): void {
    const early = notAfter - TIME_TO_LAND_MS - chainTime;
    if (early > 0 && !this.timeIsDoubtful())
      this.complain("refused for its reason", `${order.key} was given up ${early} ms too early`);
  }

  /** Some node showed a newest block that is not what the chain's time is. */
  private timeIsDoubtful(): boolean {
    return this.plan.faults.some((fault) => fault.kind === "node" && TIMELY_LIES.has(fault.fault));
  }

  /** Whether an order before it was accepted with the same external id. */
  private isTaken({ externalId, key }: Order): boolean {
    return this.story.orders.some(
      ({ order, accepted }) => order.externalId === externalId && order.key !== key && accepted !== undefined,
    );
  }

  /** What was promised never was more than the wallet had; looked at where it has too little for two. */
  private room(payouts: ReadonlyMap<string, Json>): void {
    for (const [wallet, { trxSun }] of this.plan.wallets.entries()) {
      let alive = 0n;
      for (const { order, accepted } of this.story.orders) {
        if (order.wallet !== wallet || order.asset !== "TRX" || order.meaning !== "insufficient_funds") continue;
        if (accepted === undefined) continue;
        if (alive + unitsIn(order.amount) > trxSun)
          this.complain("limits hold", `${order.key} was promised without room`);
        const payout = payouts.get(order.to) ?? null;
        const isPaid = fieldOf(payout, "status") === "confirmed" && listOf(payout, "attempts").length === 1;
        if (isPaid) alive += unitsIn(order.amount);
      }
    }
  }

  /** A9: whatever was accepted under a key is what every answer under it says that was given later. */
  private answers(): void {
    const first = new Map<string, Exchange>();
    for (const exchange of this.world.clients.heard.toSorted((a, b) => a.given - b.given)) {
      const { question, reply } = exchange;
      if (question.key === undefined || isNotNow(reply.status)) continue;
      const name = `${question.token} ${question.path} ${question.key}`;
      const known = first.get(name);
      const isAccepted = reply.status < 300;
      if (known === undefined) {
        if (isAccepted) first.set(name, exchange);
      } else if (codeOf(reply) === "idempotency_in_flight") continue;
      else {
        this.world.mark("a key was answered twice");
        if (known.reply.status !== reply.status || known.reply.text !== reply.text)
          this.complain(
            "same key, same answer",
            `${question.key}: ${known.reply.text.slice(0, 200)} / ${reply.text.slice(0, 200)}`,
          );
      }
    }
  }

  /** A17: what was first asked after the follower stopped, and before anybody started it again. */
  private stopped(): void {
    const { clients, stops } = this.world;
    const begun = new Map<string, number>();
    for (const { question, sent } of clients.heard)
      if (question.key !== undefined) begun.set(question.key, Math.min(sent, begun.get(question.key) ?? sent));
    const restarts = clients.heard.filter(({ question }) => question.path === "/restart/tron-client");
    for (const stop of stops) {
      // One that was on its way when the follower stopped may have started it again.
      const until = restarts.reduce(
        (least, { sent, at: told }) => (told >= stop.from ? Math.min(least, Math.max(sent, stop.from)) : least),
        stop.until,
      );
      for (const { question, reply, at } of clients.heard) {
        const { path, key = "" } = question;
        const isOrder = question.method === "POST" && (path === `${ROOT}/payouts` || path === `${ROOT}/payouts/batch`);
        if (!isOrder || at > until || (begun.get(key) ?? 0) <= stop.from) continue;
        if (codeOf(reply) === "chain_forked") this.world.mark("an order refused while the follower was stopped");
        if (reply.status === 202) this.complain("stopped means stopped", `${key} was accepted`);
      }
    }
  }

  /** A18 */
  private readings(): void {
    const newest = new Map<string, { block: number; at: number }[]>();
    for (const { question, reply, sent, at } of this.world.clients.heard) {
      const [, id] = /\/wallets\/([^/]+)\/balance/.exec(question.path) ?? [];
      const block = numberOf(reply.body, "as_of_block");
      if (id === undefined || reply.status !== 200 || Number.isNaN(block)) continue;
      const told = newest.get(id) ?? [];
      const later = told.find((before) => before.at < sent && before.block > block);
      if (later !== undefined)
        this.complain("readings go forward", `${id} is told as of block ${block} after block ${later.block}`);
      newest.set(id, [...told, { block, at }]);
    }
  }

  /** A8: the wallets' ledgers equal the chain, to the unit. */
  private async ledgers(): Promise<void> {
    for (const { id, address } of this.story.wallets) {
      const { ledger, scheduler } = this.world;
      const real = () => `${ledger.usdt(address)} USDT, ${ledger.trx(address)} sun`;
      let seen = "";
      for (let tries = 0; tries < 12 && seen !== real(); tries += 1) {
        if (tries > 0) await scheduler.wait(3_000, "the auditor looks again");
        const path = `${ROOT}/wallets/${id}/balance?refresh=true`;
        const { body } = await this.world.clients.insist({ method: "GET", path, token: TOKENS.other.text });
        seen = `${unitsOf(body, "usdt", "available_units")} USDT, ${unitsOf(body, "trx", "available_units")} sun`;
      }
      if (seen !== real()) this.complain("ledger equals chain", `${id}: ${seen}; on the chain ${real()}`);
    }
  }

  /** A19. Callers ask again after a 500, and most of what they ask for then works. */
  private bugs(): void {
    for (const { question, reply } of this.world.clients.heard)
      if (reply.status === 500)
        this.complain("no bug answered", `${question.method} ${question.path}: ${reply.text.slice(0, 300)}`);
  }

  /** A21 */
  private async relays(): Promise<void> {
    const { ledger, clients } = this.world;
    for (const { txId, accepted, key, expiration } of this.story.relays) {
      const truth = ledger.transaction(txId);
      if (truth !== undefined && accepted === undefined)
        this.complain("relayed is told", `${key} was pushed and never accepted`);
      if (accepted === undefined) continue;
      const path = `${ROOT}/transactions/${txId}`;
      const { body } = await clients.insist({ method: "GET", path, token: TOKENS.other.text });
      const status = fieldOf(body, "status");
      if (status === "") this.complain("relayed is told", `${key} was accepted and is not known`);
      this.world.mark(`a relay is ${status}`);
      if ((status === "confirmed") !== (truth?.solid === true))
        this.complain(
          "relayed is told",
          `${key} is ${status || "unknown"}; on the chain ${truth?.blockNumber ?? "never"}`,
        );
      if (status === "broadcast" && ledger.headTimestamp() > expiration + RELAY_REST_MS)
        this.complain("relayed is told", `${key} is still being pushed, though its time is over`);
    }
  }

  private secrets(): void {
    const { clients, lines, machine } = this.world;
    const rows = machine.disk.dump().map(([, value]) => value);
    const said = [...lines, ...clients.heard.map(({ reply }) => reply.text), ...rows].join("\n");
    for (const secret of [...SECRETS, ...this.plan.wallets.map(({ privateKey }) => privateKey)]) {
      const at = said.indexOf(secret);
      if (at >= 0) this.complain("no secret", said.slice(at - 200, at).trim());
    }
  }

  /** A13. A store that failed is the one thing that is logged as an error and is no bug. */
  private lines(): void {
    for (const line of this.world.lines) {
      if (line.includes("contradicts what was solidified")) this.world.mark("a node in quarantine");
      if (line.includes("the block follower stopped")) this.world.mark("the follower stopped");
      if (!line.startsWith('{"level":"error"')) continue;
      if (line.includes("the store failed") && this.world.marks.has("disk write failed")) continue;
      if (line.includes("checksum does not match") && this.world.marks.has("a row rotted")) continue;
      this.complain("no error line", line.slice(0, 400));
    }
  }
}

/** For a person or for room, and for as long as that takes. */
function mayWait(payout: Json): boolean {
  return ON_HOLD.has(fieldOf(payout, "status")) && fieldOf(payout, "not_after") === "";
}

/** The caller was told that it will not be paid. */
function isForbidden({ order, refused, decided }: Told): boolean {
  if (refused !== undefined) return true;
  return decided?.status === 200 && GIVEN_UP.has(order.meaning);
}

/** Nobody answered, or not for good. */
function isNotNow(status: number): boolean {
  return status === 0 || status === 429 || status >= 500;
}

function reasonOf(payout: Json): string {
  return typeof payout === "object" && payout !== null && !Array.isArray(payout)
    ? fieldOf(payout["reason"], "code")
    : "";
}

function numberIn(body: Json, name: string, field: string): number {
  const inner = typeof body === "object" && body !== null && !Array.isArray(body) ? body[name] : undefined;
  return numberOf(inner, field);
}

function numberOf(body: Json | undefined, field: string): number {
  const value = typeof body === "object" && body !== null && !Array.isArray(body) ? body[field] : undefined;
  return typeof value === "number" ? value : Number.NaN;
}

function unitsIn(decimal: string): bigint {
  const units = parseDecimal(decimal);
  return units === undefined ? 0n : BigInt(units);
}
