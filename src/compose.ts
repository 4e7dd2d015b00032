/**
 * The composition root: builds every adapter, hands them to the engine, and starts and stops them in a written order.
 * The only file that sees everything.
 */
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { EffectTable } from "./actors/dispatcher.ts";
import { createEffects, serviceOf } from "./actors/effects/table.ts";
import { ENGINE_TIME } from "./actors/time-row.ts";
import { BlockFollower } from "./chain/block-follower.ts";
import { blockSource } from "./chain/block-source.ts";
import { Finality } from "./chain/finality.ts";
import type { FollowerCursor } from "./chain/follower-ports.ts";
import type { TronGateway } from "./chain/tron-gateway.ts";
import type { Devnet } from "./devnet/handle.ts";
import { Fault, refuse, type Refusal } from "./domain/errors.ts";
import { createServer } from "./http/server.ts";
import { createDataFolder } from "./composition/data-folder.ts";
import { openGateway } from "./composition/gateway.ts";
import { httpPorts } from "./composition/http-ports.ts";
import { refuseLostStore } from "./composition/lost-store.ts";
import { openNetwork, type Network } from "./composition/network.ts";
import { openTreasury } from "./composition/treasury.ts";
import { walletLimits } from "./composition/wallet-limits.ts";
import { openWalletMoney, type OpenedWalletMoney } from "./composition/wallet-money.ts";
import { catalog } from "./machines/catalog.ts";
import type { Config } from "./operations/config.ts";
import type { ProcessLogger } from "./operations/logger.ts";
import { createMetrics, type Metrics } from "./operations/metrics.ts";
import { systemClock } from "./operations/system-clock.ts";
import { DiskGuard, type FreeSpace } from "./persistence/disk-guard.ts";
import { openLevelStore, type OpenedStore } from "./persistence/open-level-store.ts";
import type { Clock } from "./ports/clock.ts";
import { openApiTokens, type ApiTokens } from "./security/api-tokens.ts";
import { resolveEncryptionKey } from "./security/encryption-key.ts";
import { openKeystore, type Keystore } from "./security/keystore.ts";
import { ThreadedSigner } from "./security/signer.ts";
import { watchTokens } from "./security/token-watch.ts";
import { openEngine, type Engine, type EngineObserver } from "./supervisor/engine.ts";

export type ComposeOptions = {
  readonly config: Config;
  readonly logger: ProcessLogger;
  /** The store failed under us: the process has to end at once. */
  readonly onFatal: (error: unknown) => void;
  /** Ends the wait for nodes, which is the long part of a start. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  /** For crash tests: called by name at the edges of commits and effects. */
  readonly failpoint?: (name: string) => void;
  /** For crash tests: the performers to use instead, so that a test can show that it notices a wrong one. */
  readonly effects?: (table: EffectTable) => EffectTable;
  /** For tests of a full disk: the free space to believe in. */
  readonly measureDisk?: (directory: string) => Promise<FreeSpace>;
};

export type Program = {
  readonly url: string;
  readonly network: Network;
  readonly treasury: { readonly id: string; readonly address: string } | undefined;
  readonly firstTokenFile: string | undefined;
  readonly devnet: Devnet | undefined;
  readonly engine: Engine;
  readonly app: FastifyInstance;
  /** Requests at the signing threads. */
  readonly signing: () => number;
  stop(): Promise<void>;
};

/** Below it nobody has to know that the machine's clock is behind. */
const CLOCK_BEHIND_MS = 60_000;

/** What was opened, in order; closed in reverse, each once. */
class Opened {
  private readonly closers: (() => Promise<void> | void)[] = [];

  add<T>(thing: T, close: (thing: T) => Promise<void> | void): T {
    this.closers.push(() => close(thing));
    return thing;
  }

  async closeAll(): Promise<void> {
    for (const close of this.closers.splice(0).toReversed()) await close();
  }
}

/** Throws a `Fault` that says what to do: `config_invalid`, `store_locked`, `store_missing`, `store_corrupt`, `wrong_network`, `key_unavailable`. */
export async function startProgram(options: ComposeOptions): Promise<Program> {
  const opened = new Opened();
  try {
    return await start(options, opened);
  } catch (error) {
    await opened.closeAll();
    throw error;
  }
}

async function start(options: ComposeOptions, opened: Opened): Promise<Program> {
  const { config, logger, onFatal } = options;
  await createDataFolder(config.dataDir);
  await refuseLostStore(config.dataDir);
  const disk = await openDisk(config, opened);
  const clock = options.clock ?? clockAfter(disk, logger);
  const metrics = opened.add(createMetrics({ defaults: config.service.metricsEnabled }), (it) => it.stop());
  const { devnet, network } = await openNetwork(config);
  if (devnet !== undefined) opened.add(devnet, (it) => it.close());
  const { keystore, tokens } = await openKeys(config, disk);
  const gateway = opened.add(await openGateway({ config, network }, { clock, logger, metrics }), (it) => it.close());
  await unlessAborted(gateway.start({ expectedGenesisId: network.genesisId }), options.signal);
  // Its thread starts with the first transaction: an idle engine saves some 75 MB.
  const signer = opened.add(
    new ThreadedSigner({ keystore, usdtContract: network.usdtContract, threads: config.keys.signerThreads }),
    (it) => it.close(),
  );
  const guard = await openGuard({ ...options, clock }, opened);
  const finality = openFinality({ config, clock, logger, metrics, gateway });
  const world = { clock, gateway, finality, guard, metrics };
  const { engine, follower } = await buildEngine({ ...options, ...world, network, disk, signer });
  await engine.commit([
    { put: "meta", name: "keystore", value: keystore.fingerprint() },
    { put: "meta", name: "network", value: network.genesisId },
  ]);
  await engine.start();
  opened.add(engine, (it) => it.drain());
  opened.add(
    guard.subscribe((state) => (engine.readOnly = state === "full")),
    (unsubscribe) => unsubscribe(),
  );
  engine.readOnly = guard.state() === "full";
  void disk.verify().catch((error: unknown) => onFatal(error));
  const limits = walletLimits(config);
  const treasury = devnet === undefined ? undefined : await openTreasury({ engine, keystore, devnet, limits });
  const firstTokenFile = await tokens.ensureFirstToken();
  opened.add(watchTokens(tokens, { clock, logger }), (stop) => stop());
  const parts = { ...world, config, logger, network, engine, follower, keystore, tokens };
  const { host, port, corsOrigins, rateLimits } = config.service;
  const app = opened.add(await createServer({ corsOrigins, rateLimits }, httpPorts(parts)), (it) => it.close());
  const url = await app.listen({ host, port });
  return {
    url,
    network,
    treasury,
    firstTokenFile: firstTokenFile ?? join(config.dataDir, "first-token"),
    devnet,
    engine,
    app,
    signing: () => signer.pending(),
    stop: () => opened.closeAll(),
  };
}

/** Throws `Fault("not_ready")` as soon as the signal aborts; what was begun ends when its owner is closed. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  const aborted = new Promise<never>((_, reject) => {
    const stop = () => reject(new Fault("not_ready", "stopped before a node was reached"));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  return Promise.race([work, aborted]);
}

/** Time goes on from the newest that is on disk, however this machine's clock was set meanwhile (K1). */
function clockAfter({ store }: OpenedStore, logger: ProcessLogger): Clock {
  const stored = store.meta(ENGINE_TIME);
  const notBefore = typeof stored === "number" ? stored : 0;
  const behindMs = notBefore - Date.now();
  if (behindMs > CLOCK_BEHIND_MS)
    logger.warn({ behindMs }, "the clock of this machine is behind what was stored; time goes on from there");
  return systemClock({ notBefore });
}

async function openGuard(options: ComposeOptions & { clock: Clock }, opened: Opened): Promise<DiskGuard> {
  const { config, clock, logger, measureDisk } = options;
  const measure = measureDisk === undefined ? {} : { measure: measureDisk };
  const guard = opened.add(new DiskGuard({ directory: config.dataDir, clock, logger, ...measure }), (it) => it.stop());
  await guard.start();
  return guard;
}

async function openDisk(config: Config, opened: Opened): Promise<OpenedStore> {
  const contextSchemas = Object.fromEntries(
    Object.values(catalog).map((entry) => [entry.kind, { version: entry.version, schema: entry.contextSchema }]),
  );
  const disk = await openLevelStore({ directory: join(config.dataDir, "store"), contextSchemas });
  opened.add(disk.store, (store) => store.close());
  return disk;
}

async function openKeys(config: Config, disk: OpenedStore): Promise<{ keystore: Keystore; tokens: ApiTokens }> {
  const { dataDir, chain, keys } = config;
  const given = keys.walletEncryptionKey?.reveal();
  const encryptionKey = await resolveEncryptionKey({
    env: { WALLET_ENCRYPTION_KEY: given },
    network: chain.network,
    dataDir,
  });
  const expected = disk.store.meta("keystore");
  const keystore = await openKeystore({
    directory: join(dataDir, "keys"),
    encryptionKey,
    ...(typeof expected === "string" ? { expectedFingerprint: expected } : {}),
  });
  return { keystore, tokens: await openApiTokens({ dataDir }) };
}

function openFinality(parts: {
  config: Config;
  clock: Clock;
  logger: ProcessLogger;
  metrics: Metrics;
  gateway: TronGateway;
}): Finality {
  const { config, clock, logger, metrics, gateway } = parts;
  const sources = gateway.pool.all().filter((node) => node.serves("solidity"));
  return new Finality(
    { required: config.chain.finalityNodes },
    {
      sources: sources.map(blockSource),
      clock,
      logger,
      onEvent: (event) => {
        if (event === "disputed" || event === "quarantined") metrics.nodeAlert(event);
      },
    },
  );
}

type EngineParts = ComposeOptions & {
  readonly network: Network;
  readonly clock: Clock;
  readonly disk: OpenedStore;
  readonly gateway: TronGateway;
  readonly finality: Finality;
  readonly signer: ThreadedSigner;
  readonly guard: DiskGuard;
  readonly metrics: Metrics;
};

async function buildEngine(parts: EngineParts): Promise<{ engine: Engine; follower: BlockFollower }> {
  const { config, logger, onFatal, clock, network, disk, gateway, finality, signer, guard, metrics, failpoint } = parts;
  const { store } = disk;
  refuseOtherNetwork(store.meta("network"), parts);
  const refresh = (id: string) =>
    engine.deliver([{ actor: { kind: "wallet", id }, message: { type: "wallet.refresh" } }]);
  const money = config.chain.watchWallets
    ? await openWalletMoney({ store, usdt: network.usdtContract }, { metrics, clock, logger, refresh })
    : undefined;
  const follower: BlockFollower = new BlockFollower(
    { pollMs: pollMsOf(config), catchUpPage: 10 },
    {
      gateway,
      finality,
      clock,
      logger,
      ...(money === undefined ? {} : { transfers: money.transfers }),
      deliver: (facts) => engine.deliver(facts),
      loadCursor: () => cursorOf(store.meta("followerCursor")),
      saveCursor: (value) => engine.commit([{ put: "meta", name: "followerCursor", value }]),
    },
  );
  const effects = createEffects(
    { expirationMs: config.fees.expirationMs, nodeConcurrency: 64, signConcurrency: 512 },
    {
      gateway,
      signer,
      view: follower,
      watcher: follower,
      peek: (actor) => engine.peek(actor),
      maySign: () => guard.state() !== "full",
    },
  );
  const engine: Engine = await openEngine(
    { mailboxDepthMax: config.engine.mailboxDepth },
    {
      catalog,
      store,
      clock,
      logger,
      effects: parts.effects?.(effects) ?? effects,
      serviceOf,
      components: { "tron-client": follower },
      blockTime: () => follower.ledgerTime(),
      refusesNew: (kind) => refusesNew(kind, follower),
      onFatal,
      observer: observerOf(metrics, money),
      ...(failpoint === undefined ? {} : { failpoint }),
    },
  );
  return { engine, follower };
}

function observerOf(metrics: Metrics, money: OpenedWalletMoney | undefined): EngineObserver {
  return {
    committed: ({ steps, moved }) => {
      for (const { actor } of steps) metrics.stepped(actor.kind);
      if (money === undefined) return;
      for (const { actor, record } of moved) money.moved(actor, record);
    },
    effectFinished: (source, outcome) =>
      metrics.effectFinished({
        source,
        outcome: outcome === "ok" ? "done" : outcome === "error" ? "failed" : "dropped",
        seconds: 0,
      }),
  };
}

/** Nothing is promised on a chain that left what was solidified; wallets may still be made and frozen. */
function refusesNew(kind: string, follower: BlockFollower): Refusal | undefined {
  const obstacle = follower.obstacle();
  return kind !== "wallet" && obstacle?.code === "chain_forked" ? refuse(obstacle.code, obstacle.detail) : undefined;
}

/** The store's payments belong to one chain; on another they would all look absent. */
function refuseOtherNetwork(stored: unknown, { config, network }: EngineParts): void {
  if (typeof stored !== "string" || stored === network.genesisId) return;
  throw new Fault(
    "wrong_network",
    `the data in ${config.dataDir} belongs to the chain with genesis block ${stored}, not to ${network.name}`,
  );
}

/** A devnet makes blocks faster than the network does. */
function pollMsOf(config: Config): number {
  return config.chain.network === "devnet" ? Math.min(1_500, Math.max(100, config.devnet.blockMs / 2)) : 1_500;
}

function cursorOf(value: unknown): FollowerCursor | undefined {
  return isCursor(value) ? value : undefined;
}

function isCursor(value: unknown): value is FollowerCursor {
  return (
    typeof value === "object" &&
    value !== null &&
    "number" in value &&
    "id" in value &&
    "timestamp" in value &&
    "scannedFrom" in value
  );
}
