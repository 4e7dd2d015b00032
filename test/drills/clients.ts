/**
 * A thousand clients at once, each with a connection of its own and pauses between its requests: new payouts, the same
 * again with the same key, reads, and live streams. No 5xx, nobody is cut off, and every payout is paid once.
 */
import { Client as Connection } from "undici";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PayoutView } from "../../src/http/contract/payouts.ts";
import { drill } from "./drill.ts";
import { count, counted, pause, type Judge } from "./support/judge.ts";
import { residentMb } from "./support/memory.ts";
import { Payer } from "./support/payer.ts";
import { Rig } from "./support/rig.ts";

const ROOT = "/api/v1/tron";
/** Shares of what a client does next; the rest are reads. */
const ORDER_SHARE = 0.08;
const REPEAT_SHARE = 0.08;
const HANG_MS = 30_000;
/** Between the arrivals of two clients. */
const STAGGER_MS = 20;
/** A machine that is busy with other things takes its time to accept. */
const CONNECT_MS = 60_000;

export const clients = drill({
  proves: "a thousand clients at once: no 5xx, no hang, every payout paid once",
  options: {
    clients: { initial: 1_000, minimum: 1, maximum: 20_000, meaning: "connections at once" },
    minutes: { initial: 1, minimum: 0.1, maximum: 10_000, meaning: "how long", fractions: true },
    streams: { initial: 8, minimum: 1, maximum: 64, meaning: "live streams beside them" },
    "pause-ms": { initial: 8_000, minimum: 0, maximum: 3_600_000, meaning: "mean pause of a client" },
  },
  async run(judge, { clients: wanted, minutes, streams, "pause-ms": pauseMs }) {
    const rig = await Rig.open();
    try {
      rig.start();
      await rig.ready();
      const crowd = new Crowd(rig, new Payer(rig), pauseMs);
      await crowd.visit({ clients: wanted, streams, ms: minutes * 60_000 });
      await crowd.conclude(judge, wanted);
    } finally {
      await rig.close();
    }
  },
});

class Crowd {
  private readonly rig: Rig;
  private readonly payer: Payer;
  private readonly pauseMs: number;
  private token = "";
  private readonly took = new Map<string, number[]>();
  private readonly answers = new Map<string, number>();
  private readonly faults: string[] = [];
  private readonly doubled: string[] = [];
  private served = 0;
  private connected = 0;
  private mostConnected = 0;
  private events = 0;
  private readonly orders: { id: string; order: object; key: string }[] = [];

  constructor(rig: Rig, payer: Payer, pauseMs: number) {
    this.rig = rig;
    this.payer = payer;
    this.pauseMs = pauseMs;
  }

  async visit({ clients, streams: wanted, ms }: { clients: number; streams: number; ms: number }): Promise<void> {
    this.token = (await readFile(join(this.rig.dataDir, "first-token"), "utf8")).trim();
    const stop = new AbortController();
    const streams = Array.from({ length: wanted }, () => this.listen(stop.signal));
    const end = performance.now() + ms + clients * STAGGER_MS;
    await Promise.all(
      Array.from({ length: clients }, async (_, at) => {
        await pause(at * STAGGER_MS);
        await this.stay(end);
      }),
    );
    stop.abort();
    await Promise.all(streams);
  }

  async conclude(judge: Judge, wanted: number): Promise<void> {
    const { rig, payer } = this;
    const mb = await residentMb(rig.engine?.pid);
    judge.empty("no answer is a 5xx, and no connection is cut off", this.faults);
    judge.empty("an order with the key of another is that payout", this.doubled);
    const slowest = Math.max(...[...this.took.values()].flat());
    judge.holds("no answer takes 30 s", slowest < HANG_MS, `${slowest} ms`);
    judge.did("connections at once", this.mostConnected, wanted);
    judge.did("clients that were served", this.served, wanted);
    judge.did("events on live streams", this.events, 1);
    const result = await payer.settle(judge);
    judge.did("payouts paid", result.paid, 1);
    const requests = [...this.took.values()].reduce((sum, { length }) => sum + length, 0);
    judge.table({
      "connections at once": this.mostConnected,
      requests,
      "answers by status": counted(this.answers),
      ...Object.fromEntries([...this.took].map(([what, ms]) => [`${what}: p50, p99 ms (n)`, percentiles(ms)])),
      "events on live streams": this.events,
      "payments on the chain": result.paid,
      "resident at the end, MB": Math.round(mb ?? 0),
    });
  }

  private async stay(end: number): Promise<void> {
    const connection = new Connection(this.rig.address ?? "", {
      connectTimeout: CONNECT_MS,
      headersTimeout: 60_000,
      keepAliveTimeout: 60_000,
    });
    connection.on("connect", () => {
      this.connected += 1;
      this.mostConnected = Math.max(this.mostConnected, this.connected);
    });
    connection.on("disconnect", () => (this.connected -= 1));
    let wasServed = false;
    try {
      do {
        await this.next(connection);
        if (!wasServed) this.served += 1;
        wasServed = true;
        await pause(Math.max(0, Math.min(end - performance.now(), Math.random() * 2 * this.pauseMs)));
      } while (performance.now() < end);
    } catch (error) {
      this.faults.push(String(error));
    } finally {
      await connection.close();
    }
  }

  private async next(connection: Connection): Promise<void> {
    const dice = Math.random();
    if (dice < ORDER_SHARE) return this.order(connection);
    const known = this.orders[Math.floor(Math.random() * this.orders.length)];
    if (dice < ORDER_SHARE + REPEAT_SHARE && known !== undefined) {
      const { status, body } = await this.ask(connection, "repeat", {
        path: "/payouts",
        body: known.order,
        key: known.key,
      });
      if (status === 202 && (body as PayoutView).id !== known.id) this.doubled.push(known.id);
      return;
    }
    if (dice < 0.5 && known !== undefined) await this.ask(connection, "one payout", { path: `/payouts/${known.id}` });
    else if (dice < 0.75) await this.ask(connection, "balance", { path: `/wallets/${this.rig.wallet.id}/balance` });
    else await this.ask(connection, "list", { path: "/payouts?limit=20" });
  }

  private async order(connection: Connection): Promise<void> {
    const { number, order, key } = this.payer.draw();
    const { status, body } = await this.ask(connection, "order", { path: "/payouts", body: order, key });
    if (status !== 202) return;
    this.payer.adopt(number, body as PayoutView);
    this.orders.push({ id: (body as PayoutView).id, order, key });
  }

  private async ask(connection: Connection, what: string, request: { path: string; body?: object; key?: string }) {
    const begun = performance.now();
    const answer = await connection.request({
      method: request.body === undefined ? "GET" : "POST",
      path: ROOT + request.path,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        ...(request.key === undefined ? {} : { "idempotency-key": request.key }),
      },
      body: request.body === undefined ? null : JSON.stringify(request.body),
    });
    const text = await answer.body.text();
    const times = this.took.get(what) ?? [];
    times.push(performance.now() - begun);
    this.took.set(what, times);
    const { code } = (answer.statusCode < 400 ? {} : JSON.parse(text)) as { code?: string };
    count(this.answers, code === undefined ? String(answer.statusCode) : `${answer.statusCode} ${code}`);
    if (answer.statusCode >= 500) this.faults.push(`${what}: ${text}`);
    return { status: answer.statusCode, body: JSON.parse(text) as unknown };
  }

  private async listen(signal: AbortSignal): Promise<void> {
    const headers = { authorization: `Bearer ${this.token}` };
    try {
      const stream = await fetch(`${this.rig.address}${ROOT}/inspector/stream`, { headers, signal });
      if (stream.status !== 200) this.faults.push(`stream: ${stream.status}`);
      for await (const chunk of stream.body ?? []) {
        this.events += Buffer.from(chunk).toString("latin1").split("event: step").length - 1;
      }
      if (!signal.aborted) this.faults.push("a live stream ended");
    } catch (error) {
      if (!signal.aborted) this.faults.push(`stream: ${String(error)}`);
    }
  }
}

function percentiles(ms: readonly number[]): string {
  const sorted = ms.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(0);
  return `${at(0.5)}, ${at(0.99)} (${ms.length})`;
}
