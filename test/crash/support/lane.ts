/**
 * One chain, one data directory, one wallet, and the engine processes that follow each other on them. Owns all of its
 * processes and files.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PayoutView } from "../../../src/http/contract/payouts.ts";
import { fromHex41 } from "../../../src/tron/address.ts";
import { Client } from "../../support/client.ts";
import type { PackedProgram } from "../../support/packed-program.ts";
import { until } from "../../support/poll.ts";
import { audit, remainsOf, type Audit, type Remains } from "./audit.ts";
import { ENCRYPTION_KEY, prepareKeystore } from "./cheap-keystore.ts";
import { DevnetChild } from "./devnet-child.ts";
import { EngineChild } from "./engine-child.ts";
import type { EngineSetup } from "./protocol.ts";

/** A slot of the chain is 3 s; so is a tick of the engine's clock at this speed. */
const SLOT_MS = 60;
const SPEED = 3_000 / SLOT_MS;
const RECIPIENTS = 6;
const ENDS = new Set(["confirmed", "failed", "needs_attention", "rejected", "cancelled"]);

export type Storm = {
  readonly failpoint: { readonly name: string; readonly probability: number } | undefined;
  /** kill -9 from outside, this long after the engine is ready at most. */
  readonly timerMs?: number;
  readonly kills: number;
  /** Payouts under way at any time. */
  readonly inFlight: number;
  readonly signsAtEachPush?: boolean;
  /** Instead of every trouble at once: nothing is ever put into a block while the storm lasts. */
  readonly withheld?: boolean;
  readonly withinMs: number;
};

export type StormReport = {
  readonly kills: Record<string, number>;
  readonly starts: number;
  /** States in which kills left payouts on disk, with how often. */
  readonly found: Record<string, number>;
  /** Orders accepted in this storm; the audit is of all that were ever accepted in the lane. */
  readonly accepted: number;
  readonly repeated: number;
  readonly troubles: Record<string, number>;
  readonly audit: Audit;
  readonly remains: Remains;
  readonly balances: { readonly said: Purses; readonly true: Purses };
  readonly seconds: number;
};
type Purses = { readonly usdt: string; readonly trx: string };

export class Lane {
  private readonly directory: string;
  private readonly dataDir: string;
  private readonly devnet: DevnetChild;
  private readonly packed: PackedProgram;
  private readonly origin = Date.now();
  private wallet: { id: string; address: string } | undefined;
  /** Ids of everything ever accepted here. */
  private readonly accepted: string[] = [];
  private ordered = 0;
  private engine: EngineChild | undefined;

  private constructor(directory: string, packed: PackedProgram) {
    this.directory = directory;
    this.dataDir = join(directory, "data");
    this.packed = packed;
    this.devnet = new DevnetChild({});
  }

  static async open(packed: PackedProgram): Promise<Lane> {
    const directory = await mkdtemp(join(tmpdir(), "lucid-crash-"));
    const lane = new Lane(directory, packed);
    await prepareKeystore(lane.dataDir);
    await lane.prepareWallet();
    return lane;
  }

  async close(): Promise<void> {
    this.engine?.destroy();
    await this.devnet.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Pays under kills until there were enough, lets everything come to its end in calm weather, and holds the audit. */
  async storm(storm: Storm): Promise<StormReport> {
    const startedAt = performance.now();
    const acceptedBefore = this.accepted.length;
    let raging = true;
    let kills = () => 0;
    const rages = () => {
      raging &&= kills() < storm.kills && performance.now() - startedAt < storm.withinMs;
      return raging;
    };
    let isArmed = false;
    const engine = await this.startEngine(() => {
      isArmed = rages() && storm.failpoint !== undefined;
      return { failpoint: isArmed ? storm.failpoint : undefined, signsAtEachPush: storm.signsAtEachPush === true };
    });
    kills = () => engine.totalKills;
    const client = this.clientOf(engine);
    await this.devnet.call("weather", {
      slotMs: SLOT_MS,
      stormy: storm.withheld !== true,
      withheld: storm.withheld === true,
    });
    const killer = storm.timerMs === undefined ? undefined : this.killAtRandom(engine, storm.timerMs, rages);
    await Promise.all(Array.from({ length: storm.inFlight }, () => this.payOneAfterTheOther(client, rages)));
    await killer;
    // The process that is left carries its failpoint when the storm ended by time.
    if (isArmed) engine.kill("calm");
    engine.kills.delete("calm");
    await this.devnet.call("weather", { slotMs: SLOT_MS / 2, stormy: false });
    const payouts = await this.allEnded(client);
    const balances = await this.comparedBalances(client);
    await engine.close();
    const { address, id } = this.payer;
    return {
      kills: Object.fromEntries(engine.kills),
      starts: engine.starts,
      found: Object.fromEntries(engine.found),
      accepted: this.accepted.length - acceptedBefore,
      repeated: client.repeated,
      troubles: await this.devnet.call("troubles"),
      audit: audit(payouts, await this.devnet.call("payments", address)),
      remains: await remainsOf(this.dataDir, id),
      balances,
      seconds: Math.round((performance.now() - startedAt) / 100) / 10,
    };
  }

  private get payer(): { id: string; address: string } {
    if (this.wallet === undefined) throw new Error("no wallet yet");
    return this.wallet;
  }

  private async startEngine(now: () => Pick<EngineSetup, "failpoint" | "signsAtEachPush">): Promise<EngineChild> {
    const { url, genesisId, usdtContract } = await this.devnet.call("facts");
    const environment = {
      SERVICE_PORT: "0",
      DATA_DIR: this.dataDir,
      LOG_LEVEL: "error",
      LOG_FILE: join(this.directory, "log"),
      METRICS_ENABLED: "false",
      TRON_NETWORK: "devnet",
      TRON_HTTP_ENDPOINT: url,
      TRON_GENESIS_ID: genesisId,
      USDT_CONTRACT: usdtContract,
      TRON_TIMEOUT_MS: "40000",
      // Some seconds of the machine: bytes outlive a slow start, so that kills find them pending and included too.
      TX_EXPIRATION_SECONDS: "120",
      DEVNET_BLOCK_MS: "3000",
      WALLET_ENCRYPTION_KEY: ENCRYPTION_KEY,
      WALLET_ID: this.wallet?.id ?? "",
    };
    const { origin } = this;
    const { directory, compiled } = this.packed;
    const script = join(directory, "engine-process.js");
    const setup = () => ({ environment, speed: SPEED, origin, ...now() });
    this.engine = new EngineChild({ script, environment: { NODE_COMPILE_CACHE: compiled }, setup });
    return this.engine;
  }

  private clientOf(engine: EngineChild): Client {
    return new Client({ address: () => engine.address, dataDir: this.dataDir });
  }

  private async prepareWallet(): Promise<void> {
    const engine = await this.startEngine(() => ({ failpoint: undefined, signsAtEachPush: false }));
    const client = this.clientOf(engine);
    const { id, address } = await client.createWallet({ name: "payer", hot: true });
    this.wallet = { id, address };
    await this.devnet.call("weather", { slotMs: 5, stormy: false });
    await this.devnet.call("fund", { address, trxSun: 1_000_000_000_000n, usdt: 100_000_000_000_000n });
    await until(
      "the wallet's money",
      async () => (await client.balance(id, { refresh: true })).usdt.total_units !== "0",
    );
    await engine.close();
  }

  private async payOneAfterTheOther(client: Client, rages: () => boolean): Promise<void> {
    while (rages()) {
      this.ordered += 1;
      const number = this.ordered;
      const order = {
        wallet: this.payer.id,
        to: recipient(number % RECIPIENTS),
        amount: `${10 + number}.${String(number).padStart(6, "0")}`,
      };
      const key = `order ${number}`;
      const answer = await client.pay(order, key);
      if (answer.status !== 202) throw new Error(`refused: ${answer.status} ${JSON.stringify(answer.body)}`);
      this.accepted.push(answer.body.id);
      // An answer may be lost on its way; the same order again must not become a second payout.
      const again = await client.pay(order, key);
      if (again.body.id !== answer.body.id) throw new Error(`one key became ${again.body.id} and ${answer.body.id}`);
      await until(
        "an end, or the end of the storm",
        async () => !rages() || ENDS.has((await client.payout(answer.body.id)).status),
        { everyMs: 80 },
      );
    }
  }

  private async killAtRandom(engine: EngineChild, withinMs: number, rages: () => boolean): Promise<void> {
    while (rages()) {
      await until("a living engine", () => engine.address !== undefined);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * withinMs));
      engine.kill("timer");
    }
  }

  private async allEnded(client: Client): Promise<PayoutView[]> {
    const payouts: PayoutView[] = [];
    for (const id of this.accepted) {
      let seen = "";
      payouts.push(
        await until(
          () => `an end of ${id}, which is ${seen}`,
          async () => {
            const payout = await client.payout(id);
            seen = JSON.stringify(payout);
            return ENDS.has(payout.status) ? payout : undefined;
          },
        ),
      );
    }
    return payouts;
  }

  /** What the wallet believes it can spend, and what the chain says it has: the same, once a reading has caught up. */
  private async comparedBalances(client: Client): Promise<StormReport["balances"]> {
    let said: Purses = { usdt: "", trx: "" };
    let real: Purses = said;
    const look = async () => {
      const { usdt, trx } = await client.balance(this.payer.id, { refresh: true });
      const chain = await this.devnet.call("balances", this.payer.address);
      said = { usdt: usdt.available_units, trx: trx.available_units };
      real = { usdt: chain.usdt.toString(), trx: chain.trx.toString() };
      return said.usdt === real.usdt && said.trx === real.trx;
    };
    await until("equal balances", look, { withinMs: 120_000, everyMs: 50 }).catch(() => undefined);
    return { said, true: real };
  }
}

function recipient(number: number): string {
  return fromHex41(`41${(0xabc000 + number).toString(16).padStart(40, "0")}`);
}
