/**
 * One devnet, one data directory, one wallet, and the engine processes that follow each other on them: the real
 * binary with the flags of `npm start`. Owns its processes and files.
 */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ENCRYPTION_KEY, prepareKeystore } from "../../crash/support/cheap-keystore.ts";
import { StartedProgram } from "../../crash/support/started-program.ts";
import { Client } from "../../support/client.ts";
import { until } from "../../support/poll.ts";
import { DevnetBinary } from "./devnet-binary.ts";

/** A slot of the chain is 3 s; a drill has one in this time. */
const BLOCK_MS = 150;

export type RigOptions = {
  readonly blockMs?: number;
  /** For every engine process. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly nodeFlags?: readonly string[];
};

export class Rig {
  readonly directory: string;
  readonly dataDir: string;
  readonly devnet: DevnetBinary;
  readonly client: Client;
  wallet = { id: "", address: "" };
  engine: StartedProgram | undefined;
  starts = 0;
  /** In a drill whose engines have to end by themselves, customers wait for the next one. */
  mayEnd = false;
  /** How long a start takes until the engine is ready, smoothed: the measure of a life on this machine now. */
  startMs = 1_000;
  private startedAt = 0;
  private readonly options: RigOptions;
  private static readonly opened = new Set<Rig>();

  private constructor(directory: string, devnet: DevnetBinary, options: RigOptions) {
    this.directory = directory;
    this.dataDir = join(directory, "data");
    this.devnet = devnet;
    this.options = options;
    this.client = new Client({ address: () => this.address, dataDir: this.dataDir });
  }

  /** With a wallet that has money, and no engine running. */
  static async open(options: RigOptions = {}): Promise<Rig> {
    const directory = await mkdtemp(join(tmpdir(), "lucid-drill-"));
    await mkdir(join(directory, "data"), { mode: 0o700 });
    const dataDir = join(directory, "devnet");
    const devnet = await DevnetBinary.start({ dataDir, blockMs: options.blockMs ?? BLOCK_MS });
    const rig = new Rig(directory, devnet, options);
    Rig.opened.add(rig);
    try {
      await prepareKeystore(rig.dataDir);
      rig.start();
      rig.wallet = await rig.createPayer();
      await rig.stop();
    } catch (error) {
      await rig.close();
      throw error;
    }
    return rig;
  }

  /** Where the engine answers now. Throws when it ended by itself. */
  get address(): string | undefined {
    if (this.mayEnd && this.engine?.over !== undefined) return undefined;
    return this.engine?.address;
  }

  get environment(): Record<string, string> {
    return {
      PATH: process.env["PATH"] ?? "",
      SERVICE_PORT: "0",
      DATA_DIR: this.dataDir,
      LOG_LEVEL: "warn",
      LOG_FILE: join(this.directory, "engine.log"),
      TRON_NETWORK: "devnet",
      TRON_HTTP_ENDPOINT: this.devnet.url,
      TRON_GENESIS_ID: this.devnet.genesisId,
      USDT_CONTRACT: this.devnet.usdtContract,
      DEVNET_BLOCK_MS: String(this.options.blockMs ?? BLOCK_MS),
      // Chain time runs with the blocks, 3 s each: bytes have to outlive a restart on a busy machine.
      TX_EXPIRATION_SECONDS: "600",
      WALLET_ENCRYPTION_KEY: ENCRYPTION_KEY,
      // Compiled code is kept with the drill: a start takes half the time.
      NODE_COMPILE_CACHE: join(this.directory, "compiled"),
      ...this.options.environment,
    };
  }

  /** Returns before the engine is ready. */
  start(more: Readonly<Record<string, string>> = {}, nodeFlags: readonly string[] = []): StartedProgram {
    this.starts += 1;
    this.startedAt = performance.now();
    const flags = ["--max-semi-space-size=8", ...(this.options.nodeFlags ?? []), ...nodeFlags];
    this.engine = new StartedProgram({ ...this.environment, ...more }, flags);
    return this.engine;
  }

  /** Resolves when it takes requests. Throws when it ended by itself. */
  async ready(): Promise<void> {
    const begun = this.startedAt;
    await until(
      () => `a ready engine; it says: ${this.engine?.output}`,
      () => this.address,
    );
    if (begun === this.startedAt) this.startMs = 0.8 * this.startMs + 0.2 * (performance.now() - begun);
    this.startedAt = Number.NaN;
  }

  /** For a drill that is interrupted: no process of it stays. */
  static endAll(): void {
    for (const { engine, devnet } of Rig.opened) {
      void engine?.end("SIGKILL");
      void devnet.close();
    }
  }

  async kill(): Promise<void> {
    await this.engine?.end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.ready();
    const code = await this.engine?.end("SIGTERM");
    if (code !== 0) throw new Error(`the engine did not stop in order: ${code}`);
  }

  /** What `/health/ready` says. */
  async readiness(): Promise<{ status: number; reasons: readonly string[] }> {
    const { status, body } = await this.client.ask<{ reasons: string[] }>("GET", "/health/ready", { token: null });
    return { status, reasons: body.reasons };
  }

  async createPayer(name = "payer"): Promise<{ id: string; address: string }> {
    const { id, address } = await this.client.createWallet({ name, hot: true });
    await this.devnet.fund(address);
    await until(
      "the wallet's money",
      async () => (await this.client.balance(id, { refresh: true })).usdt.total_units !== "0",
      { everyMs: 100 },
    );
    return { id, address };
  }

  /** Severe lines of all engines so far. */
  async errors(): Promise<string[]> {
    const text = await readFile(join(this.directory, "engine.log"), "utf8").catch(() => "");
    return text.split("\n").filter((line) => /"level":(50|60|"error"|"fatal")/.test(line));
  }

  async close(): Promise<void> {
    await this.engine?.end("SIGKILL");
    await this.devnet.close();
    Rig.opened.delete(this);
    await rm(this.directory, { recursive: true, force: true });
  }
}
