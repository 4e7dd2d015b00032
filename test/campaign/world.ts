/**
 * The whole program against one chain behind several doors, with time that goes on when told: a slot is a block, three
 * seconds of the engine's clock, and whatever work both bring.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProgram, type Program } from "../../src/compose.ts";
import { startDevnet } from "../../src/devnet/devnet.ts";
import type { Devnet } from "../../src/devnet/handle.ts";
import type { SolidEvidence } from "../../src/domain/chain-facts.ts";
import type { TransactionContext } from "../../src/machines/transaction-context.ts";
import { loadConfig } from "../../src/operations/config.ts";
import { createLogger } from "../../src/operations/logger.ts";
import { Client } from "../support/client.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { Door } from "./door.ts";
import type { Fault } from "./tricks.ts";

export const SOLID_LAG = 18;
const SLOT_MS = 3_000;
const ENCRYPTION_KEY = "rT5-pLx9_Vw3c1QmZbKd7HyUeNf2JgSa8XoRiT4k";

export class World {
  readonly devnet: Devnet;
  readonly doors: readonly Door[];
  readonly client: Client;
  readonly program: Program;
  /** What the engine believed and the ledger denies. */
  readonly denied: string[] = [];
  facts = 0;
  private readonly trusting: boolean;
  private readonly clock: ManualClock;
  private readonly dataDir: string;

  private constructor(parts: {
    devnet: Devnet;
    doors: readonly Door[];
    program: Program;
    clock: ManualClock;
    dataDir: string;
    trusting: boolean;
  }) {
    this.trusting = parts.trusting;
    this.devnet = parts.devnet;
    this.doors = parts.doors;
    this.program = parts.program;
    this.clock = parts.clock;
    this.dataDir = parts.dataDir;
    const { program, dataDir } = parts;
    this.client = new Client({ address: () => program.url, dataDir });
    program.engine.subscribe(({ actor, event }) => {
      if (actor.kind === "transaction" && event.startsWith("chain.")) this.judge(actor.id, event);
    });
  }

  /** `trusting`: one node's word is enough, and it may lie; for showing that the campaign notices. */
  static async open(doorCount: number, { trusting = false } = {}): Promise<World> {
    const devnet = await startDevnet({ port: 0, slotMs: "manual", solidLag: SOLID_LAG, seed: "campaign" });
    const doors = await Promise.all(Array.from({ length: doorCount }, () => Door.open(devnet.url)));
    const dataDir = await mkdtemp(join(tmpdir(), "lucid-campaign-"));
    const clock = new ManualClock(Date.now());
    const opening = startProgram({
      config: loadConfig({
        ...environment(devnet, doors, dataDir),
        ...(trusting ? { TRON_FINALITY_NODES: "1" } : {}),
      }),
      logger: createLogger({ level: "silent", file: undefined, name: "engine", sink: { write: () => {} } }),
      clock,
      onFatal: (error) => {
        throw error;
      },
    });
    return new World({ devnet, doors, program: await opening, clock, dataDir, trusting });
  }

  /** The node that may tell lies that fit together; with one node there is nobody who could be right against it. */
  get liar(): Door | undefined {
    return this.doors.length === 1 && !this.trusting ? undefined : this.doors.at(-1);
  }

  async close(): Promise<void> {
    await this.program.stop();
    await Promise.all(this.doors.map((door) => door.close()));
    await this.devnet.close();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** One slot of time; `mined` false: its witness produced nothing. */
  async slot({ mined = true } = {}): Promise<void> {
    if (mined) await this.devnet.mine(1);
    await this.clock.advance(SLOT_MS / 2);
    await this.settled();
    await this.clock.advance(SLOT_MS / 2);
    await this.settled();
  }

  /** Until a request needs time to go on and nothing else does. A thread that signs takes none of the engine's time. */
  async settled(): Promise<void> {
    let quiet = 0;
    for (let look = 0; quiet < 3 && look < 2_000; look += 1) {
      await new Promise((resolve) => setTimeout(resolve, look < 3 ? 0 : 1));
      const { messagesWaiting } = this.program.engine.status();
      const isSigning = this.program.signing() > 0;
      const busy = isSigning || messagesWaiting > 0 || this.doors.some(({ inFlight }) => inFlight > 0);
      quiet = busy ? 0 : quiet + 1;
    }
  }

  played(): ReadonlyMap<Fault, number> {
    const sum = new Map<Fault, number>();
    for (const { tricks } of this.doors)
      for (const [fault, count] of tricks.played) sum.set(fault, (sum.get(fault) ?? 0) + count);
    return sum;
  }

  /** What is documented to need a person: a node in quarantine, or a follower that stopped. Disputes end by themselves. */
  async operatorLooks(): Promise<void> {
    type Status = { halted: string | null; finality: { nodes: { state: string }[] } };
    const { body } = await this.client.insist<Status>("GET", "/api/v1/tron/network/status");
    const isNeeded = body.halted !== null || body.finality.nodes.some(({ state }) => state === "quarantined");
    if (isNeeded) await this.program.engine.restart("tron-client", "campaign");
  }

  /** The ledger of the devnet is the truth: every fact that reached an actor has to be in it. */
  private judge(id: string, event: string): void {
    const record = this.program.engine.record({ kind: "transaction", id });
    const context = record?.context as TransactionContext | undefined;
    const truth = this.devnet.ledger.transaction(context?.txId ?? "");
    this.facts += 1;
    if (event === "chain.expired" && truth !== undefined) this.denied.push(`${id} expired, but is in a block`);
    if (event !== "chain.solidified") return;
    const { inclusion, evidence } = context ?? {};
    const isTrue =
      truth?.solid === true &&
      truth.blockNumber === inclusion?.blockNumber &&
      truth.outcome.result === inclusion.result &&
      truth.outcome.fee === BigInt(inclusion.feeSun);
    if (!isTrue) this.denied.push(`${id} solidified in ${inclusion?.blockNumber}, but the ledger denies it`);
    if (this.doors.length > 1 && !this.trusting && !namesTwo(evidence))
      this.denied.push(`${id} solidified without two words`);
  }
}

function namesTwo(evidence: SolidEvidence | undefined): boolean {
  return evidence !== undefined && new Set(evidence.nodes).size >= 2;
}

function environment(devnet: Devnet, doors: readonly Door[], dataDir: string): Record<string, string> {
  const { genesisId, usdtContract } = devnet;
  return {
    SERVICE_PORT: "0",
    DATA_DIR: dataDir,
    LOG_LEVEL: "error",
    METRICS_ENABLED: "false",
    TRON_NETWORK: "devnet",
    TRON_HTTP_ENDPOINT: doors.map(({ url }) => url).join(","),
    TRON_FINALITY_NODES: String(Math.min(2, doors.length)),
    TRON_GENESIS_ID: genesisId,
    USDT_CONTRACT: usdtContract,
    TRON_TIMEOUT_MS: "4000",
    TRON_REQUESTS_PER_SECOND: "10000",
    TX_EXPIRATION_SECONDS: "30",
    WALLET_ENCRYPTION_KEY: ENCRYPTION_KEY,
  };
}
