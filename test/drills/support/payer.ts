/**
 * A customer with many payouts under way, who remembers every word of the engine and holds it to them.
 *
 * R1. What was accepted exists for ever.
 * R2. An end that was told (confirmed, failed …) does not change.
 * R3. Signed bytes that were told are an attempt for ever: a forgotten txID is a payment that the engine may make again.
 */
import type { PayoutView } from "../../../src/http/contract/payouts.ts";
import { fromHex41 } from "../../../src/tron/address.ts";
import { audit, remainsOf, type Audit } from "../../crash/support/audit.ts";
import { until } from "../../support/poll.ts";
import { count, type Judge } from "./judge.ts";
import type { Rig } from "./rig.ts";

const ENDS = new Set(["confirmed", "failed", "needs_attention", "rejected", "cancelled"]);
const RECIPIENTS = 7;
const ROOT = "/api/v1/tron";

export type Order = { readonly wallet: string; readonly to: string; readonly amount: string };

const keyOf = (number: number): string => `order ${number}`;

export class Payer {
  /** As they were last told, by id. */
  readonly told = new Map<string, PayoutView>();
  /** Broken promises that an answer showed. */
  readonly complaints: string[] = [];
  /** Status codes of refused orders. */
  readonly refused = new Map<number, number>();
  /** Numbers of orders, by the id that they became. */
  private readonly numbers = new Map<string, number>();
  private readonly rig: Rig;
  private ordered = 0;

  constructor(rig: Rig) {
    this.rig = rig;
  }

  get accepted(): number {
    return this.told.size;
  }

  get ended(): number {
    return [...this.told.values()].filter(({ status }) => ENDS.has(status)).length;
  }

  statuses(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { status } of this.told.values()) count(counts, status);
    return counts;
  }

  /** Keeps so many payouts under way, with pauses, while `goesOn`. Each of them is ordered twice, with one key. */
  payWhile(goesOn: () => boolean, lanes: number, pauseMs = 0): Promise<unknown> {
    const paying = Promise.all(
      Array.from({ length: lanes }, async () => {
        while (goesOn()) {
          const id = await this.order();
          if (id === undefined) continue;
          await until(
            "an end, or the end of the drill",
            async () => !goesOn() || ENDS.has((await this.look(id)).status),
            { everyMs: 100, withinMs: 3_600_000 },
          );
          if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
        }
      }),
    );
    // An engine that ended by itself is told by whoever waits for it first; this is not another news.
    paying.catch(() => {});
    return paying;
  }

  /** A new order, for a caller that sends it by itself and then says what came of it with `adopt`. */
  draw(): { number: number; order: Order; key: string } {
    this.ordered += 1;
    return { number: this.ordered, order: this.orderOf(this.ordered), key: keyOf(this.ordered) };
  }

  adopt(number: number, payout: PayoutView): void {
    this.hear(payout);
    this.numbers.set(payout.id, number);
  }

  /** One new payout, ordered until there is an answer; no id when it was refused. */
  async order(): Promise<string | undefined> {
    const { number } = this.draw();
    const answer = await this.send(number);
    if (answer.status !== 202) {
      count(this.refused, answer.status);
      return undefined;
    }
    const { id } = answer.body;
    this.adopt(number, answer.body);
    // An answer may be lost on its way; the same order again must not become a second payout.
    const again = await this.send(number);
    if (again.body.id !== id) this.complaints.push(`order ${number} became ${id} and ${again.body.id}`);
    return id;
  }

  /** Every accepted order again, as whoever lost the answers would do it. Returns ids that are new. */
  async repeatAll(): Promise<string[]> {
    const fresh: string[] = [];
    for (const [id, number] of this.numbers) {
      const { status, body } = await this.send(number);
      if (status === 202 && body.id !== id) fresh.push(body.id);
    }
    return fresh;
  }

  async look(id: string): Promise<PayoutView> {
    const answer = await this.rig.client.insist<PayoutView>("GET", `${ROOT}/payouts/${id}`);
    if (answer.status === 200) this.hear(answer.body);
    else if (answer.status === 404) this.complaints.push(`${id} was accepted and is forgotten`);
    return answer.status === 200 ? answer.body : (this.told.get(id) ?? answer.body);
  }

  /** For controls: asks for everything again, of an engine that forgot; empty when nobody was paid twice in time. */
  async secondPayments(): Promise<Audit["doubled"]> {
    await this.lookAtAll({ alsoEnded: true });
    await this.repeatAll();
    return until("a second payment", async () => {
      const payments = await this.rig.devnet.payments(this.rig.wallet.address);
      const { doubled } = audit([...this.told.values()], payments);
      return doubled.length > 0 && doubled;
    }).catch(() => []);
  }

  /** Looks at everything that is not over, and at all of it when asked to: after a restart it has to be there. */
  async lookAtAll({ alsoEnded = false } = {}): Promise<void> {
    for (const [id, { status }] of this.told) if (alsoEnded || !ENDS.has(status)) await this.look(id);
  }

  /** In calm weather; needs an engine that runs. */
  async allEnded(withinMs = 600_000): Promise<PayoutView[]> {
    const deadline = performance.now() + withinMs;
    for (const id of this.told.keys()) {
      await until(
        () => `an end of ${JSON.stringify(this.told.get(id))}`,
        async () => ENDS.has((await this.look(id)).status),
        { everyMs: 100, withinMs: Math.max(1_000, deadline - performance.now()) },
      );
    }
    return [...this.told.values()];
  }

  /** The verdict every drill ends with: engine calm, everything over, judged by the chain's ledger. Stops the engine. */
  async settle(judge: Judge): Promise<Audit> {
    judge.say(`waiting for the end of ${this.accepted - this.ended} payouts`);
    await this.rig.devnet.spoil({});
    const payouts = await this.allEnded();
    await this.lookAtAll({ alsoEnded: true });
    const fresh = await this.repeatAll();
    const balances = await this.comparedBalances();
    await this.rig.stop();
    const result = audit(payouts, await this.rig.devnet.payments(this.rig.wallet.address));
    const remains = await remainsOf(this.rig.dataDir, this.rig.wallet.id);
    judge.empty("nobody is paid twice", result.doubled);
    judge.empty("the chain says what the engine says", result.complaints);
    judge.empty("nothing that was told is taken back", this.complaints);
    judge.empty("an order repeated with its key is the same payout", fresh);
    judge.holds("every payout is paid", result.confirmed === result.payouts, Object.fromEntries(this.statuses()));
    const isClean = remains.outbox + remains.quarantined + remains.deadLetters === 0;
    judge.holds("the store has no work left, nothing quarantined, nothing reserved", isClean, remains);
    judge.empty("money is reserved for nobody", [...remains.reserved, ...remains.miscounted]);
    judge.holds("the wallet knows its balance", balances.said === balances.real, balances);
    return result;
  }

  private hear(payout: PayoutView): void {
    const before = this.told.get(payout.id);
    this.told.set(payout.id, payout);
    if (before === undefined) return;
    if (ENDS.has(before.status) && payout.status !== before.status) {
      this.complaints.push(`${payout.id} was ${before.status} and is ${payout.status}`);
    }
    for (const { attempt, txid, outcome } of before.attempts) {
      const now = payout.attempts.find((each) => each.attempt === attempt);
      if (txid !== null && now?.txid !== txid) {
        this.complaints.push(`${payout.id} attempt ${attempt} was ${txid} and is ${now?.txid}`);
      }
      if (outcome !== null && now?.outcome !== outcome) {
        this.complaints.push(`${payout.id} attempt ${attempt} ended with ${outcome} and now ${now?.outcome}`);
      }
    }
  }

  /** Amounts tell payouts apart on the chain: no two are equal. */
  private orderOf(number: number): Order {
    return {
      wallet: this.rig.wallet.id,
      to: fromHex41(`41${(0xabc000 + (number % RECIPIENTS)).toString(16).padStart(40, "0")}`),
      amount: `10.${String(number).padStart(6, "0")}`,
    };
  }

  private send(number: number) {
    return this.rig.client.pay(this.orderOf(number), keyOf(number));
  }

  private async comparedBalances(): Promise<{ said: string; real: string }> {
    const { client, devnet, wallet } = this.rig;
    let seen = { said: "", real: "" };
    const look = async () => {
      const { usdt, trx } = await client.balance(wallet.id, { refresh: true });
      const chain = await devnet.balance(wallet.address);
      seen = { said: `${usdt.available_units} ${trx.available_units}`, real: `${chain.usdt} ${chain.trx}` };
      return seen.said === seen.real;
    };
    await until("equal balances", look, { withinMs: 60_000, everyMs: 100 }).catch(() => undefined);
    return seen;
  }
}
