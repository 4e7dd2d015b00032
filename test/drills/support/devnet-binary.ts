/** `npm run devnet -- --data` in a process of its own, and its ledger over HTTP: the only judge of a drill. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Payment } from "../../../src/devnet/ledger.ts";
import { until } from "../../support/poll.ts";

const DEVNET = join(import.meta.dirname, "../../../src/devnet/main.ts");
/** With five witnesses the solidified block is some blocks behind the head, but not for long. */
const WITNESSES = 5;

export type DevnetBinaryOptions = { readonly dataDir: string; readonly blockMs: number };

export class DevnetBinary {
  readonly url: string;
  readonly genesisId: string;
  readonly usdtContract: string;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, said: { url: string; genesisId: string; usdtContract: string }) {
    this.child = child;
    this.url = said.url;
    this.genesisId = said.genesisId;
    this.usdtContract = said.usdtContract;
  }

  static async start({ dataDir, blockMs }: DevnetBinaryOptions): Promise<DevnetBinary> {
    const flags = ["--port", "0", "--data", dataDir, "--block-ms", String(blockMs), "--accounts", "0"];
    const child = spawn(process.execPath, [DEVNET, ...flags, "--witnesses", String(WITNESSES)], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env["PATH"] },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
    try {
      await until("the devnet says what it is", () => {
        if (child.exitCode !== null) throw new Error(`the devnet ended with ${child.exitCode}: ${output}`);
        return /USDT +T/.test(output);
      });
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
    const word = (pattern: RegExp) => pattern.exec(output)?.[1] ?? "";
    return new DevnetBinary(child, {
      url: word(/devnet on (\S+)/),
      genesisId: word(/genesis +(\w+)/),
      usdtContract: word(/USDT +(\w+)/),
    });
  }

  async fund(address: string): Promise<void> {
    await this.post("/faucet", { address, trx_sun: "100000000000000", usdt: "100000000000000" });
  }

  /** Every movement of money that a block holds. */
  async payments(from: string): Promise<Payment[]> {
    const { payments } = (await this.get(`/ledger/payments?from=${from}`)) as { payments: Record<string, unknown>[] };
    return payments.map(
      ({ tx_id: txId, block_number: blockNumber, amount, ...same }) =>
        ({ ...same, txId, blockNumber, amount: BigInt(String(amount)) }) as Payment,
    );
  }

  async balance(address: string): Promise<{ usdt: string; trx: string }> {
    const { usdt, trx_sun: trx } = (await this.get(`/ledger/balance?address=${address}`)) as Record<string, string>;
    return { usdt: usdt ?? "", trx: trx ?? "" };
  }

  /** What nodes do to those who broadcast; docs/devnet.md. */
  async spoil(percent: Readonly<Record<string, number>>): Promise<void> {
    await this.post("/faults/clear", {});
    for (const [kind, probability] of Object.entries(percent)) {
      await this.post("/faults/set", { kind, probability_percent: probability });
    }
  }

  async post(path: string, body: object): Promise<unknown> {
    return this.call(path, { method: "POST", body: JSON.stringify(body) });
  }

  async close(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await gone;
  }

  private get(path: string): Promise<unknown> {
    return this.call(path, {});
  }

  private async call(path: string, init: RequestInit): Promise<unknown> {
    const answer = await fetch(`${this.url}/admin/devnet${path}`, {
      ...init,
      headers: { "content-type": "application/json" },
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`the devnet refused ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }
}
