/** The whole program in this process: real HTTP, real LevelDB, real signing threads, and a devnet over a real socket. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProgram, type ComposeOptions, type Program } from "../../../src/compose.ts";
import { startDevnet } from "../../../src/devnet/devnet.ts";
import type { Devnet, DevnetOptions } from "../../../src/devnet/handle.ts";
import type { Payment } from "../../../src/devnet/ledger.ts";
import type { PayoutView } from "../../../src/http/contract/payouts.ts";
import { loadConfig } from "../../../src/operations/config.ts";
import { createLogger } from "../../../src/operations/logger.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import { fromHex41 } from "../../../src/tron/address.ts";
import { Client } from "../../support/client.ts";
import { fastClock } from "../../support/fast-clock.ts";
import { until } from "../../support/poll.ts";

export const ENCRYPTION_KEY = "rT5-pLx9_Vw3c1QmZbKd7HyUeNf2JgSa8XoRiT4k";
const SOLID_LAG = 4;
const SPEED = 150;
const ENDS = new Set(["confirmed", "failed", "needs_attention", "rejected", "cancelled"]);

export type RigOptions = {
  readonly devnet?: Partial<DevnetOptions>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Comes after the devnet. */
  readonly secondNode?: string;
  /** Engine ms per ms. */
  readonly speed?: number;
  readonly clock?: Clock;
  readonly measureDisk?: ComposeOptions["measureDisk"];
  /** Every line that is logged. */
  readonly log?: string[];
  /** Keeps every answer of the API. */
  readonly keeps?: boolean;
};

export class Rig {
  readonly devnet: Devnet;
  readonly dataDir: string;
  readonly client: Client;
  wallet = { id: "", address: "" };
  private program: Program | undefined;
  private pacing: NodeJS.Timeout | undefined;
  private readonly options: RigOptions;

  private constructor(options: RigOptions, opened: { devnet: Devnet; dataDir: string }) {
    this.options = options;
    this.devnet = opened.devnet;
    this.dataDir = opened.dataDir;
    const { dataDir } = this;
    this.client = new Client({ address: () => this.program?.url, dataDir, keeps: options.keeps === true });
  }

  /** The chain stands still until it is told otherwise. */
  static async open(options: RigOptions = {}): Promise<Rig> {
    const dataDir = await mkdtemp(join(tmpdir(), "lucid-e2e-"));
    const devnet = await startDevnet({
      port: 0,
      slotMs: "manual",
      solidLag: SOLID_LAG,
      seed: "e2e",
      ...options.devnet,
    });
    const rig = new Rig(options, { devnet, dataDir });
    try {
      await rig.start();
    } catch (error) {
      await rig.close();
      throw error;
    }
    return rig;
  }

  async start(): Promise<void> {
    const { log, clock, speed = SPEED, measureDisk } = this.options;
    const config = loadConfig(this.environment());
    const sink = log === undefined ? {} : { sink: { write: (line: string) => void log.push(line) } };
    const { level, file } = config.log;
    this.program = await startProgram({
      config,
      logger: createLogger({ level, file, name: "engine", ...sink }),
      clock: clock ?? fastClock({ speed, origin: ORIGIN }),
      onFatal: (error) => {
        throw error;
      },
      ...(measureDisk === undefined ? {} : { measureDisk }),
    });
  }

  async stop(): Promise<void> {
    const { program } = this;
    this.program = undefined;
    await program?.stop();
  }

  async close(): Promise<void> {
    this.pause();
    await this.stop();
    await this.devnet.close();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  environment(): Record<string, string> {
    const { url, genesisId, usdtContract } = this.devnet;
    return {
      SERVICE_PORT: "0",
      DATA_DIR: this.dataDir,
      LOG_LEVEL: "error",
      METRICS_ENABLED: "false",
      TRON_NETWORK: "devnet",
      TRON_HTTP_ENDPOINT: [url, ...(this.options.secondNode === undefined ? [] : [this.options.secondNode])].join(","),
      TRON_GENESIS_ID: genesisId,
      USDT_CONTRACT: usdtContract,
      TRON_TIMEOUT_MS: "60000",
      TRON_CALL_BUDGET_MS: "600000",
      TX_EXPIRATION_SECONDS: "30",
      DEVNET_BLOCK_MS: "1000",
      WALLET_ENCRYPTION_KEY: ENCRYPTION_KEY,
      ...this.options.environment,
    };
  }

  /** A wallet with money that the engine has seen. It becomes the one that pays. */
  async fundedWallet(order: { name?: string; limits?: Record<string, string> } = {}): Promise<void> {
    const { id, address } = await this.client.createWallet({ name: "payer", hot: true, ...order });
    this.wallet = { id, address };
    await this.fund(address);
  }

  async fund(address: string): Promise<void> {
    await this.devnet.faucet({ address, trxSun: 100_000_000_000n, usdt: 1_000_000_000_000n });
    await this.devnet.mine((this.options.devnet?.solidLag ?? SOLID_LAG) + 2);
    const { id } = this.wallet;
    await until(
      "the wallet's money",
      async () => (await this.client.balance(id, { refresh: true })).usdt.total_units !== "0",
    );
  }

  /** Blocks come by themselves from now on, in the ratio to the engine's clock that they really have. */
  run(slotMs = 3_000 / (this.options.speed ?? SPEED)): void {
    this.pause();
    this.pacing = setTimeout(() => void this.mineAndGoOn(slotMs), slotMs);
  }

  /** One block after the other, never in a heap, however busy the machine is. */
  private async mineAndGoOn(slotMs: number): Promise<void> {
    const { pacing } = this;
    await this.devnet.mine();
    if (this.pacing === pacing) this.run(slotMs);
  }

  pause(): void {
    clearTimeout(this.pacing);
    this.pacing = undefined;
  }

  /** The payout's id. */
  async pay(amount: string, key: string, to = recipient(1)): Promise<string> {
    const answer = await this.client.pay({ wallet: this.wallet.id, to, amount }, key);
    if (answer.status !== 202) throw new Error(`refused: ${JSON.stringify(answer.body)}`);
    return answer.body.id;
  }

  async untilStatus(id: string, ...wanted: string[]): Promise<PayoutView> {
    let seen: PayoutView | undefined;
    return until(
      () => `${id} to be ${wanted.join(" or ")}: ${JSON.stringify(seen)}`,
      async () => {
        seen = await this.client.payout(id);
        return wanted.includes(seen.status) ? seen : undefined;
      },
    );
  }

  async untilEnded(id: string): Promise<PayoutView> {
    return this.untilStatus(id, ...ENDS);
  }

  /** Its transaction waits in the pool of the node. */
  async untilPooled(size = 1): Promise<void> {
    await until("a transaction in the pool", () => this.devnet.ledger.pendingSize() >= size);
  }

  /** Events of the payout and its transactions, in order. */
  async events(id: string): Promise<string[]> {
    const path = `/api/v1/tron/payouts/${id}/events`;
    const answer = await this.client.insist<{ items: { event: string }[] }>("GET", path);
    return answer.body.items.map(({ event }) => event);
  }

  async untilEvent(id: string, event: string): Promise<void> {
    await until(`${event} of ${id}`, async () => (await this.events(id)).includes(event));
  }

  /** What left the wallet and arrived, by the chain's own ledger. */
  paid(): Payment[] {
    const all = this.devnet.ledger.payments({ from: this.wallet.address, asset: "USDT" });
    return all.filter(({ result }) => result === "SUCCESS");
  }

  /** What the wallet says it can spend becomes what the chain says it has, and nothing stays promised. */
  async expectLedgerEqualsChain(): Promise<void> {
    let seen = {};
    await until(
      () => `the wallet's ledger to equal the chain: ${JSON.stringify(seen)}`,
      async () => {
        const { usdt, trx } = await this.client.balance(this.wallet.id, { refresh: true });
        const { ledger } = this.devnet;
        const real = { usdt: `${ledger.usdt(this.wallet.address)}`, trx: `${ledger.trx(this.wallet.address)}` };
        seen = { usdt, trx, real };
        const isFree = [usdt, trx].every((purse) => purse.reserved_units === "0" && purse.in_flight_units === "0");
        return isFree && usdt.available_units === real.usdt && trx.available_units === real.trx;
      },
    );
  }
}

const ORIGIN = Date.now();

export function recipient(number: number): string {
  return fromHex41(`41${(0xde000 + number).toString(16).padStart(40, "0")}`);
}

export async function withRig<T>(options: RigOptions, use: (rig: Rig) => Promise<T>): Promise<T> {
  const rig = await Rig.open(options);
  try {
    return await use(rig);
  } finally {
    await rig.close();
  }
}
