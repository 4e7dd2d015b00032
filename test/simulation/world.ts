/** One seed's world: the production engine on a simulated machine, nodes, a chain, callers; and time that a seed moves. */
import { createHash } from "node:crypto";
import { MemoryBacking, type Entry } from "../../src/devnet/backing.ts";
import { Chain } from "../../src/devnet/chain.ts";
import { Faucet } from "../../src/devnet/faucet.ts";
import { ledgerOf, type Ledger } from "../../src/devnet/ledger.ts";
import { fromHex41, privateKeyToAddress } from "../../src/tron/address.ts";
import { Random } from "../support/random.ts";
import { Clients } from "./client.ts";
import { EngineHost } from "./engine-host.ts";
import { Disk } from "./machine/disk.ts";
import { Files } from "./machine/files.ts";
import { powerOff, powerOn, type Machine } from "./machine/power.ts";
import { Network, Node } from "./network.ts";
import { OUTSIDER } from "./outsider.ts";
import { SLOT_MS, type Plan, type WalletPlan } from "./plan.ts";
import { parseRow } from "./row.ts";
import { Scheduler, WORLD } from "./scheduler.ts";
import { ToldAgain } from "./told-again.ts";

const IDENTITY = { seed: "simulation", witnesses: 27, genesisTimestamp: 1_777_440_000_000 };
const ENCRYPTION_KEY = "rT5-pLx9_Vw3c1QmZbKd7HyUeNf2JgSa8XoRiT4k";
const DATA = "/data";
/**
 * Solidified above the money of the wallets when a world begins: further than a node lags or tells stale blocks. A node
 * that is that far behind would tell of a wallet that has nothing yet, and the engine would rightly refuse its orders.
 */
const BLOCKS_BEFORE = 34;

/** Tokens that the world puts there before the first start. */
export const TOKENS = {
  client: tokenOf("11", "c"),
  other: tokenOf("22", "o"),
  operator: tokenOf("33", "p"),
} as const;

export class World {
  readonly scheduler: Scheduler;
  readonly machine: Machine;
  readonly chain: Chain;
  readonly ledger: Ledger;
  readonly faucet: Faucet;
  readonly network: Network;
  readonly clients: Clients;
  readonly host: EngineHost;
  readonly random: Random;
  readonly marks = new Map<string, number>();
  /** Every line that the program wrote. */
  readonly lines: string[] = [];
  /** When the follower had stopped, and until when at most: the life in which it stopped. */
  readonly stops: { readonly from: number; until: number }[] = [];
  /** Rows that were damaged and that the program wrote over. */
  readonly overwritten: string[] = [];
  /** Called after each block. */
  onBlock: () => void = () => {};

  private constructor(chain: Chain, { seed, nodes }: Plan) {
    const streams = (name: string) =>
      new Random(createHash("sha256").update(`${name} ${seed}`).digest().readUInt32LE(0));
    this.random = streams("world");
    this.scheduler = new Scheduler(chain.store.head.timestamp, streams("scheduler"));
    const { scheduler } = this;
    this.chain = chain;
    this.ledger = ledgerOf(chain);
    this.faucet = new Faucet(chain);
    const origins = Array.from({ length: nodes }, (_, at) => `http://node-${at + 1}.test:8090`);
    const told = new ToldAgain(chain);
    this.network = new Network(
      origins.map((origin) => new Node(origin, { chain, told })),
      { scheduler, random: streams("network") },
    );
    this.machine = {
      scheduler,
      chance: streams("chance"),
      delays: streams("delays"),
      files: new Files(),
      disk: new Disk(),
      ask: (asked) => this.network.ask(asked),
      mark: (name) => this.mark(name),
    };
    this.clients = new Clients({ host: () => this.host, scheduler, random: streams("clients") });
    this.host = new EngineHost({
      machine: this.machine,
      network: this.network,
      random: streams("deaths"),
      environment: {
        ...environmentOf(chain, origins),
        LOG_LEVEL: seed % 16 === 0 ? "debug" : "warn",
        WATCH_WALLET_TRANSFERS: String(seed % 8 === 4),
      },
      onLine: (line) => this.heard(line),
      onEnd: () => {
        for (const stop of this.stops) stop.until = Math.min(stop.until, this.scheduler.now);
        this.clients.engineDied();
        this.handOutTokens();
      },
    });
  }

  static async open(plan: Plan): Promise<World> {
    const world = new World(await freshChain(plan.wallets), plan);
    powerOn(world.machine);
    world.handOutTokens();
    world.scheduler.at(SLOT_MS, "slot", () => world.slot(), WORLD);
    world.host.start();
    return world;
  }

  close(): void {
    this.host.off();
    powerOff();
  }

  mark(name: string): void {
    this.marks.set(name, (this.marks.get(name) ?? 0) + 1);
  }

  /** Hash of everything that happened and of everything that is on the disk. */
  digest(): string {
    const hash = createHash("sha256").update(this.scheduler.digest());
    for (const [key, value] of this.machine.disk.dump()) hash.update(`${key}=${value}\n`);
    return hash.digest("hex").slice(0, 24);
  }

  /** The newest block that the engine has on its disk as solidified. */
  solidOfEngine(): number | undefined {
    const row = this.machine.disk.getSync("m!followerCursor");
    return row === undefined ? undefined : parseRow<{ number: number }>(row).number;
  }

  /** Nobody but the program makes its folder durable: in its first moments it may go, and the tokens with it. */
  private handOutTokens(): void {
    const { files } = this.machine;
    files.makeFolder(DATA);
    if (files.names(DATA).includes("tokens.json")) return;
    files.create(`${DATA}/tokens.json`);
    files.write(`${DATA}/tokens.json`, Buffer.from(tokensFile()));
    files.sync(`${DATA}/tokens.json`);
    files.sync(DATA);
  }

  private heard(line: string): void {
    this.lines.push(line);
    if (line.includes("the block follower stopped")) this.stops.push({ from: this.scheduler.now, until: Infinity });
  }

  private slot(): void {
    this.scheduler.at(SLOT_MS, "slot", () => this.slot(), WORLD);
    void this.chain.mine().then(() => this.onBlock());
  }
}

const begun: { rows: Entry[] | undefined } = { rows: undefined };

/** Every world begins with the same chain, on which the wallets have their money; to make it takes longer than a seed. */
async function freshChain(wallets: readonly WalletPlan[]): Promise<Chain> {
  if (begun.rows === undefined) {
    const backing = new MemoryBacking();
    const chain = await Chain.open(backing, {}, IDENTITY);
    const faucet = new Faucet(chain);
    for (const { privateKey, trxSun, usdt } of wallets) {
      await faucet.give({ address: privateKeyToAddress(privateKey), trxSun, usdt });
    }
    await faucet.give(OUTSIDER);
    const funded = chain.store.head.number;
    while (chain.store.solidNumber < funded + BLOCKS_BEFORE) await chain.mine();
    begun.rows = backing.rows();
  }
  return Chain.open(new MemoryBacking(begun.rows), {}, IDENTITY);
}

function environmentOf(chain: Chain, origins: readonly string[]) {
  return {
    DATA_DIR: DATA,
    METRICS_ENABLED: "false",
    TRON_NETWORK: "custom",
    TRON_HTTP_ENDPOINT: origins.join(","),
    TRON_FINALITY_NODES: String(Math.min(2, origins.length)),
    TRON_GENESIS_ID: chain.genesis.block.id,
    USDT_CONTRACT: fromHex41(chain.genesis.usdt),
    TRON_TIMEOUT_MS: "4000",
    TX_EXPIRATION_SECONDS: "30",
    WALLET_ENCRYPTION_KEY: ENCRYPTION_KEY,
  };
}

function tokenOf(id: string, letter: string): { id: string; secret: string; text: string } {
  const secret = letter.repeat(43);
  return { id: id.repeat(8), secret, text: `lt_${id.repeat(8)}_${secret}` };
}

function tokensFile(): string {
  const tokens = Object.entries(TOKENS).map(([name, { id, secret }]) => ({
    id,
    name,
    scopes: ["admin"],
    sha256: createHash("sha256").update(secret).digest("hex"),
    createdAt: 0,
  }));
  return JSON.stringify({ version: 1, tokens });
}

/** What must never be in anything that the program says. */
export const SECRETS: readonly string[] = [ENCRYPTION_KEY, ...Object.values(TOKENS).map(({ secret }) => secret)];
