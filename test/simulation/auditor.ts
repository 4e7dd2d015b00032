/**
 * The auditor: rebuilds the truth from what was asked, what was answered, and the blocks of the chain, and says where
 * the engine's word and the truth differ. It shares nothing with the engine but units.
 */
import type { Ledger, Payment } from "../../src/devnet/ledger.ts";
import { fieldOf, type Json } from "./client.ts";
import type { Plan } from "./plan.ts";
import { itemsOf, unitsOf, type Story } from "./story.ts";
import { SECRETS, TOKENS, type World } from "./world.ts";

const ROOT = "/api/v1/tron";
const ENDS = new Set(["confirmed", "failed", "needs_attention", "rejected", "cancelled"]);

export class Auditor {
  readonly complaints: string[] = [];
  private readonly world: World;
  private readonly plan: Plan;
  private readonly story: Story;
  /** Successful payments to each payee. */
  private readonly paid = new Map<string, Payment[]>();
  private looked = 0;

  constructor(world: World, { plan, story }: { plan: Plan; story: Story }) {
    this.world = world;
    this.plan = plan;
    this.story = story;
    this.looked = world.ledger.solidNumber();
  }

  complain(invariant: string, what: string): void {
    if (this.complaints.length < 20) this.complaints.push(`${invariant}: ${what}`);
  }

  sum(): { accepted: number; paid: number } {
    const lines = this.story.batches.flatMap(({ batch, accepted }) => (accepted === undefined ? [] : batch.lines));
    const singles = this.story.orders.filter(({ accepted }) => accepted !== undefined);
    return { accepted: lines.length + singles.length, paid: [...this.paid.values()].flat().length };
  }

  /** At every block: what was solidified since. */
  block(): void {
    const { ledger } = this.world;
    const solid = ledger.solidNumber();
    if (solid <= this.looked) return;
    for (const payment of paymentsOf(ledger, { from: this.looked + 1, to: solid })) this.solidified(payment);
    this.looked = solid;
  }

  private solidified(payment: Payment): void {
    if (!this.story.wallets.some(({ address }) => address === payment.from) || payment.result !== "SUCCESS") return;
    const before = this.paid.get(payment.to) ?? [];
    this.paid.set(payment.to, [...before, payment]);
    if (before.length > 0) this.complain("paid once", `${payment.to} was paid ${before.length + 1} times`);
  }

  /** Payouts that have neither ended nor wait for a person. */
  async unsettled(): Promise<string[]> {
    const payouts = await this.payouts();
    return payouts
      .filter((payout) => !ENDS.has(fieldOf(payout, "status")) && fieldOf(payout, "status") !== "awaiting_approval")
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

  async end(): Promise<void> {
    this.block();
    const payouts = new Map((await this.payouts()).map((payout) => [fieldOf(payout, "to"), payout]));
    for (const { order, accepted } of this.story.orders) {
      if (accepted !== undefined) this.promised(order.to, payouts.get(order.to));
      else if (this.paid.has(order.to)) this.complain("refused means unpaid", `${order.key} was refused and paid`);
    }
    for (const { batch, accepted } of this.story.batches) {
      for (const line of batch.lines) {
        if (accepted !== undefined && !batch.invalid.includes(line.line_id))
          this.promised(line.to, payouts.get(line.to));
        else if (this.paid.has(line.to)) this.complain("refused means unpaid", `${batch.key} ${line.line_id}`);
      }
    }
    await this.ledgers();
    this.secrets();
  }

  private secrets(): void {
    const { clients, lines } = this.world;
    const said = [...lines, ...clients.heard.map(({ reply }) => reply.text)];
    for (const secret of SECRETS) {
      const at = said.find((text) => text.includes(secret));
      if (at !== undefined) this.complain("no secret in any output", at.replaceAll(secret, "…").slice(0, 300));
    }
  }

  private promised(to: string, payout: Json | undefined): void {
    const payments = this.paid.get(to) ?? [];
    if (payout === undefined) return this.complain("no accepted command lost", `the payout to ${to} is forgotten`);
    const status = fieldOf(payout, "status");
    const [payment] = payments;
    if (status === "confirmed" && payment === undefined) this.complain("confirmed means paid", `${to} was not paid`);
    if (status !== "confirmed" && payment !== undefined)
      this.complain("unpaid means unpaid", `${to} is ${status} and paid`);
    if (status === "confirmed" && payment !== undefined) {
      const same = payment.txId === fieldOf(payout, "txid") && `${payment.amount}` === fieldOf(payout, "amount_units");
      if (!same) this.complain("confirmed means paid", `${to} names another payment than the chain has`);
    }
    return undefined;
  }

  /** The wallets' ledgers equal the chain, to the unit. */
  private async ledgers(): Promise<void> {
    for (const { id, address } of this.story.wallets) {
      const { ledger, scheduler } = this.world;
      const real = { usdt: `${ledger.usdt(address)}`, trx: `${ledger.trx(address)}` };
      let seen = "";
      for (let tries = 0; tries < 12 && seen !== JSON.stringify(real); tries += 1) {
        const path = `${ROOT}/wallets/${id}/balance?refresh=true`;
        const { body } = await this.world.clients.insist({ method: "GET", path, token: TOKENS.other.text });
        seen = JSON.stringify({
          usdt: unitsOf(body, "usdt", "available_units"),
          trx: unitsOf(body, "trx", "available_units"),
        });
        if (seen !== JSON.stringify(real)) await scheduler.wait(3_000, "the auditor looks again");
      }
      if (seen !== JSON.stringify(real))
        this.complain("ledger equals chain", `${id}: ${seen}, on the chain ${JSON.stringify(real)}`);
    }
  }
}

function paymentsOf(ledger: Ledger, range: { from: number; to: number }): Payment[] {
  return ledger.payments({ sinceBlock: range.from }).filter(({ blockNumber }) => blockNumber <= range.to);
}
