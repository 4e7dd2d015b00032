import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { GATEWAY_DEFAULTS, TronGateway, type TronGatewayOptions } from "../../src/chain/tron-gateway.ts";
import type { TransferOrder } from "../../src/domain/chain-facts.ts";
import { units } from "../../src/domain/money.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { silentLogger, type Logger } from "../../src/ports/telemetry.ts";
import { toHex41 } from "../../src/tron/address.ts";
import type { Contract } from "../../src/tron/contracts.ts";
import { sign } from "../../src/tron/signature.ts";
import { encodeRawTransaction, encodeSigned, refBlockOf, txIdOf } from "../../src/tron/transaction.ts";
import { encodeTransferCall } from "../../src/tron/trc20.ts";
import { FAKE_USDT } from "./fake-chain.ts";

/** Long enough for a busy machine. What hangs is tested on a clock that is advanced. */
const REQUEST_MS = 5_000;

/** Real time that jumps over long waits, in their order: back-off is measured, not waited for. */
export class HastyClock implements Clock {
  readonly waits: number[] = [];
  private skipped = 0;
  private readonly realUpTo: number;

  /** Waits up to this many ms are real: as long as a request may take. Longer ones end in their order. */
  constructor(realUpTo = REQUEST_MS) {
    this.realUpTo = realUpTo;
  }

  now(): number {
    return Date.now() + this.skipped;
  }

  schedule(delayMs: number, task: () => void): () => void {
    this.waits.push(delayMs);
    const due = this.now() + delayMs;
    const jump = () => {
      this.skipped += Math.max(0, due - this.now());
      task();
    };
    const timer = setTimeout(jump, delayMs <= this.realUpTo ? delayMs : this.realUpTo + delayMs / 1_000);
    return () => clearTimeout(timer);
  }

  soon(task: () => void): void {
    setImmediate(task);
  }

  random(): number {
    return 1;
  }
}

export function openGateway(
  urls: readonly string[],
  changes: Partial<TronGatewayOptions> = {},
  ports: { clock?: Clock; logger?: Logger } = {},
): TronGateway {
  const { http, retry, budgetMs, parameterTtlMs, accountTtlMs, accountCapacity, headroomPercent } = GATEWAY_DEFAULTS;
  return new TronGateway(
    {
      nodes: urls.map((url) => ({ url })),
      usdtContract: FAKE_USDT,
      fees: { headroomPercent, feeCapSun: units(50_000_000n) },
      http: { ...http, timeoutMs: REQUEST_MS },
      budgetMs,
      retry: { ...retry, firstDelayMs: 1, maxDelayMs: 4 },
      parameterTtlMs,
      accountTtlMs,
      accountCapacity,
      ...changes,
    },
    { clock: ports.clock ?? new HastyClock(), logger: ports.logger ?? silentLogger },
  );
}

export type Answer = {
  status?: number;
  body?: unknown;
  text?: string;
  /** Nothing is ever answered. */
  hang?: boolean;
  /** The connection is reset instead of an answer. */
  reset?: boolean;
  /** The body begins and never ends; or is cut off. */
  stall?: boolean;
  cut?: boolean;
  /** The body never ends, as fast as it is taken. */
  flood?: boolean;
  headers?: Record<string, string>;
  /** Instead of a body of text. */
  bytes?: Buffer;
  /** Resolved before anything is answered. */
  after?: Promise<unknown>;
};
export type Asked = { path: string; body: Record<string, unknown>; headers: IncomingMessage["headers"]; port: string };

/** A TRON node that says what the test says, over a real socket. */
export class ScriptedNode {
  readonly asked: Asked[] = [];
  /** What it says at a path; a function sees the request. */
  readonly answers = new Map<string, Answer | ((asked: Asked) => Answer)>();
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  static async open(): Promise<ScriptedNode> {
    const node = new ScriptedNode();
    await new Promise<void>((resolve) => node.server.listen(0, "127.0.0.1", resolve));
    return node;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  on(path: string, answer: Answer | ((asked: Asked) => Answer)): void {
    this.answers.set(path, answer);
  }

  paths(): string[] {
    return this.asked.map((asked) => asked.path);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const asked: Asked = {
      path: (request.url ?? "").slice(1),
      body: JSON.parse(text),
      headers: request.headers,
      port: String(request.socket.remotePort),
    };
    this.asked.push(asked);
    const scripted = this.answers.get(asked.path) ?? { status: 404, text: "not scripted" };
    const answer = typeof scripted === "function" ? scripted(asked) : scripted;
    if (answer.hang === true) return;
    await answer.after;
    if (answer.reset === true) {
      request.socket.resetAndDestroy();
      return;
    }
    response.writeHead(answer.status ?? 200, { "content-type": "application/json", ...answer.headers });
    if (answer.flood === true) {
      const more = () => {
        while (!response.destroyed && response.write(" ".repeat(65_536)));
      };
      response.on("drain", more);
      more();
      return;
    }
    if (answer.stall === true || answer.cut === true) {
      response.write(answer.text);
      if (answer.cut === true) setTimeout(() => request.socket.resetAndDestroy(), 10);
      return;
    }
    response.end(answer.bytes ?? answer.text ?? JSON.stringify(answer.body));
  }
}

/** Signed bytes of a transfer, as any wallet would make them. */
export function signTransfer(
  order: TransferOrder,
  terms: {
    privateKey: string;
    usdtContract: string;
    reference: { number: number; id: string };
    now: number;
    feeLimit: bigint;
  },
): { txId: string; signedHex: string } {
  const owner_address = toHex41(order.from);
  const amount = BigInt(order.amount);
  const call = {
    contract_address: toHex41(terms.usdtContract),
    call_value: 0n,
    data: encodeTransferCall(order.to, amount),
    call_token_value: 0n,
    token_id: 0n,
  };
  const contract: Contract =
    order.asset === "TRX"
      ? { type: "TransferContract", permissionId: 0, value: { owner_address, to_address: toHex41(order.to), amount } }
      : { type: "TriggerSmartContract", permissionId: 0, value: { owner_address, ...call } };
  const rawHex = encodeRawTransaction({
    ...refBlockOf(terms.reference.number, terms.reference.id),
    expiration: BigInt(terms.now + 60_000),
    timestamp: BigInt(terms.now),
    feeLimit: order.asset === "TRX" ? 0n : terms.feeLimit,
    data: "",
    contracts: [contract],
  });
  const txId = txIdOf(rawHex);
  return { txId, signedHex: encodeSigned(rawHex, [sign(txId, terms.privateKey)]) };
}
