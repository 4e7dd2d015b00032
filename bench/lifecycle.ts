/** Full payout lifecycles through the production engine and store, without HTTP and without a network. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EffectTable, Performer } from "../src/actors/dispatcher.ts";
import { createEffects, serviceOf } from "../src/actors/effects/table.ts";
import { units } from "../src/domain/money.ts";
import { catalog } from "../src/machines/catalog.ts";
import type { PayoutInput } from "../src/machines/payout-context.ts";
import { systemClock } from "../src/operations/system-clock.ts";
import { openLevelStore } from "../src/persistence/open-level-store.ts";
import type { ChainGateway, Signer } from "../src/ports/world.ts";
import { silentLogger } from "../src/ports/telemetry.ts";
import { openEngine, type Engine } from "../src/supervisor/engine.ts";
import { InstantWorld } from "./instant-world.ts";

const PAYER = "TCNkawTmcQgYSU8nP8cHswT1QPjharxJr7";

export const contextSchemas = Object.fromEntries(
  Object.values(catalog).map((entry) => [entry.kind, { version: entry.version, schema: entry.contextSchema }]),
);

export type LifecycleFigures = {
  readonly perSecond: number;
  /** CPU time of the whole process per payout, all threads. */
  readonly cpuMicros: number;
  readonly stepsPerPayout: number;
  readonly commitsPerPayout: number;
  readonly writesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly loopDelayP99Ms: number;
  readonly rssMb: number;
};

export type EngineOptions = {
  readonly signer?: Signer;
  /** Kept afterwards; absent: a temporary one. */
  readonly directory?: string;
  /** Effects that never answer: what is accepted stays where it is. */
  readonly hold?: boolean;
};

export async function withEngine<T>(
  work: (engine: Engine, world: InstantWorld) => Promise<T>,
  options: EngineOptions = {},
): Promise<T> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "lucid-bench-")));
  const { store } = await openLevelStore({ directory, contextSchemas });
  const world = new InstantWorld();
  const engine: Engine = await openEngine(
    {},
    {
      catalog,
      store,
      clock: systemClock(),
      logger: silentLogger,
      effects: effectsOf(world, options, () => engine),
      serviceOf,
      components: {},
      blockTime: () => world.headTimestamp(),
      onFatal: (error: unknown) => {
        throw error;
      },
    },
  );
  world.deliver = (facts) => engine.deliver(facts);
  await engine.start();
  try {
    return await work(engine, world);
  } finally {
    await engine.drain();
    await store.close();
    if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
  }
}

function effectsOf(world: InstantWorld, options: EngineOptions, engine: () => Engine): EffectTable {
  const effects = createEffects(
    { expirationMs: 90_000, nodeConcurrency: 1_024, signConcurrency: 1_024 },
    {
      gateway: world.gateway as ChainGateway,
      signer: options.signer ?? world,
      view: world,
      watcher: world,
      peek: (actor) => engine().peek(actor),
      maySign: () => true,
    },
  );
  const broadcastTransaction: Performer = {
    concurrency: 1_024,
    perform: async (input) => world.take(input as { txId: string }),
  };
  const never: Performer = { concurrency: 64, perform: () => new Promise(() => {}) };
  return options.hold === true ? { ...effects, buildTransaction: never } : { ...effects, broadcastTransaction };
}

export async function runLifecycles(
  engine: Engine,
  load: { total: number; inFlight: number; prefix: string; from?: string; walletId?: string },
): Promise<LifecycleFigures> {
  const wallet = { walletId: load.walletId ?? "wal_bench", from: load.from ?? PAYER };
  await openBenchWallet(engine, wallet);
  const { monitorEventLoopDelay } = await import("node:perf_hooks");
  const delay = monitorEventLoopDelay({ resolution: 2 });
  const ended = new Map<string, () => void>();
  const stop = engine.subscribe(({ actor, tag }) => {
    if (actor.kind !== "payout" || tag !== "confirmed") return;
    ended.get(actor.id)?.();
    ended.delete(actor.id);
  });
  const before = engine.status();
  const latencies: number[] = [];
  const cpu = process.cpuUsage();
  const started = performance.now();
  delay.enable();
  let next = 0;
  const worker = async () => {
    while (next < load.total) {
      const id = `po_${load.prefix}_${next++}`;
      const at = performance.now();
      const end = new Promise<void>((resolve) => ended.set(id, resolve));
      await engine.request({
        to: { kind: "payout", id },
        create: payout(id, wallet),
        respond: ({ record }) => ({ keep: { status: 202, body: { status: record.tag } } }),
      });
      await end;
      latencies.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: load.inFlight }, worker));
  const seconds = (performance.now() - started) / 1_000;
  const used = process.cpuUsage(cpu);
  delay.disable();
  stop();
  const after = engine.status();
  latencies.sort((a, b) => a - b);
  return {
    perSecond: load.total / seconds,
    cpuMicros: (used.user + used.system) / load.total,
    stepsPerPayout: (after.steps - before.steps) / load.total,
    commitsPerPayout: (after.commits - before.commits) / load.total,
    writesPerSecond: (after.writes - before.writes) / seconds,
    p50Ms: latencies[Math.floor(latencies.length * 0.5)] ?? 0,
    p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
    loopDelayP99Ms: delay.percentile(99) / 1e6,
    rssMb: process.memoryUsage().rss / 1e6,
  };
}

export type BenchWallet = { readonly walletId: string; readonly from: string };

export async function openBenchWallet(engine: Engine, { walletId, from }: BenchWallet): Promise<void> {
  const to = { kind: "wallet", id: walletId };
  const input = {
    address: from,
    name: "bench",
    kind: "hd",
    labels: {},
    limits: {},
    hot: true,
  };
  await engine.request({ to, create: input, respond: () => ({ keep: { status: 201, body: {} } }) });
  while (!hasBalance(engine.record(to)?.context)) await new Promise((resolve) => setImmediate(resolve));
}

function hasBalance(context: unknown): boolean {
  return (context as { ledger?: { balanceBlock: number } } | undefined)?.ledger?.balanceBlock !== -1;
}

export function payout(id: string, { walletId, from }: BenchWallet): PayoutInput {
  return {
    self: { kind: "payout", id },
    purpose: "payout",
    walletId,
    from,
    to: "THHsfg2eNiv6MSXC4y5d4t5wkvRVADRKiF",
    asset: "USDT",
    amount: units(25_000_000n),
    feeReserveSun: units(15_000_000n),
    hash: "0".repeat(64),
    needsApproval: false,
    createdBy: "bench",
  };
}
