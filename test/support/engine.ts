/** The production engine over a store of the test's choice and a scripted world. */
import { createEffects, serviceOf } from "../../src/actors/effects/table.ts";
import type { EffectTable } from "../../src/actors/dispatcher.ts";
import { units, type Units } from "../../src/domain/money.ts";
import { catalog, type Catalog } from "../../src/machines/catalog.ts";
import type { Limits } from "../../src/machines/ledger.ts";
import type { PayoutInput } from "../../src/machines/payout-context.ts";
import { Codec } from "../../src/persistence/codec.ts";
import { MemoryKeyValue } from "../../src/persistence/memory-key-value.ts";
import { RecordStore } from "../../src/persistence/record-store.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Store } from "../../src/ports/store.ts";
import { silentLogger, type Logger } from "../../src/ports/telemetry.ts";
import { openEngine, type Engine, type EnginePorts } from "../../src/supervisor/engine.ts";
import type { EngineAnswer, EngineRequest } from "../../src/supervisor/facade.ts";
import type { IntensityOptions } from "../../src/supervisor/restart-intensity.ts";
import { drain, ManualClock } from "./manual-clock.ts";
import { ScriptedWorld } from "./scripted-world.ts";

export const PAYER = "TCNkawTmcQgYSU8nP8cHswT1QPjharxJr7";
export const PAYEE = "THHsfg2eNiv6MSXC4y5d4t5wkvRVADRKiF";

export const contextSchemas = Object.fromEntries(
  Object.values(catalog).map((entry) => [entry.kind, { version: entry.version, schema: entry.contextSchema }]),
);

export function memoryStore(disk = new MemoryKeyValue()): Store {
  return new RecordStore(disk, new Codec(contextSchemas));
}

export type RigOptions = {
  store?: Store;
  world?: ScriptedWorld;
  clock?: Clock;
  catalog?: Catalog;
  effects?: (effects: EffectTable) => EffectTable;
  intensity?: IntensityOptions;
  cacheMax?: number;
  logger?: Logger;
  failpoint?: (name: string) => void;
  onFatal?: (error: unknown) => void;
  maySign?: () => boolean;
  mailboxDepthMax?: number;
  components?: EnginePorts["components"];
  observer?: EnginePorts["observer"];
  serviceOf?: EnginePorts["serviceOf"];
  /** False: the engine is built but not started. */
  start?: boolean;
};

export type Rig = { engine: Engine; world: ScriptedWorld; clock: ManualClock; store: Store };

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const world = options.world ?? new ScriptedWorld();
  const clock = options.clock ?? new ManualClock();
  const store = options.store ?? memoryStore();
  const effects = createEffects(
    { expirationMs: 90_000, nodeConcurrency: 256, signConcurrency: 256 },
    {
      gateway: world.gateway,
      signer: world,
      view: world,
      watcher: world,
      peek: (actor) => engine.peek(actor),
      maySign: options.maySign ?? (() => true),
    },
  );
  const engine: Engine = await openEngine(
    {
      ...(options.cacheMax === undefined ? {} : { cacheMax: options.cacheMax }),
      ...(options.intensity === undefined ? {} : { intensity: options.intensity }),
      ...(options.mailboxDepthMax === undefined ? {} : { mailboxDepthMax: options.mailboxDepthMax }),
    },
    {
      catalog: options.catalog ?? catalog,
      store,
      clock,
      logger: options.logger ?? silentLogger,
      effects: options.effects?.(effects) ?? effects,
      serviceOf: options.serviceOf ?? ((source) => (source in effects ? serviceOf(source) : "payout-router")),
      components: options.components ?? {},
      ...(options.observer === undefined ? {} : { observer: options.observer }),
      blockTime: () => world.headTimestamp(),
      onFatal:
        options.onFatal ??
        ((error) => {
          throw error;
        }),
      ...(options.failpoint === undefined ? {} : { failpoint: options.failpoint }),
    },
  );
  if (options.start !== false) await engine.start();
  return { engine, world, clock: clock as ManualClock, store };
}

/** Answers with the record after the step. */
export const asRecord: EngineRequest["respond"] = ({ reply, record }) =>
  reply.ok ? { keep: { status: 200, body: { id: record.id, tag: record.tag } } } : { discard: reply.refusal };

export async function openWallet(rig: Rig, limits: Limits = {}, id = "wal_1"): Promise<string> {
  const input = { address: PAYER, name: "treasury", kind: "hd", labels: {}, limits, hot: true };
  await rig.engine.request({ to: { kind: "wallet", id }, create: input, respond: asRecord });
  await drain();
  return id;
}

export function payoutInput(id: string, change: Partial<PayoutInput> = {}): PayoutInput {
  return {
    self: { kind: "payout", id },
    purpose: "payout",
    walletId: "wal_1",
    from: PAYER,
    to: PAYEE,
    asset: "USDT",
    amount: units(25_000_000n),
    feeReserveSun: units(15_000_000n),
    hash: `hash-of-${id}`,
    needsApproval: false,
    createdBy: "token-a",
    ...change,
  };
}

export function pay(rig: Rig, id: string, change: Partial<PayoutInput> = {}): Promise<EngineAnswer> {
  return rig.engine.request({
    to: { kind: "payout", id },
    create: payoutInput(id, change),
    respond: ({ record }) =>
      record.tag === "rejected"
        ? { discard: (record.context as { reason: never }).reason }
        : { keep: { status: 202, body: { id, status: record.tag } } },
  });
}

export function send(
  rig: Rig,
  kind: string,
  id: string,
  message: { type: string; [field: string]: unknown },
): Promise<EngineAnswer> {
  return rig.engine.request({ to: { kind, id }, message, respond: asRecord });
}

export function tagOf(rig: Rig, kind: string, id: string): string | undefined {
  return rig.engine.record({ kind, id })?.tag;
}

export function ledgerOf(rig: Rig, id = "wal_1"): { usdt: Purse; trx: Purse; spent: { usdt: Units; trx: Units }[] } {
  const record = rig.engine.record({ kind: "wallet", id });
  if (record === undefined) throw new Error(`no wallet ${id}`);
  return (record.context as { ledger: ReturnType<typeof ledgerOf> }).ledger;
}
type Purse = { onChain: Units; reserved: Units; inFlight: Units };
