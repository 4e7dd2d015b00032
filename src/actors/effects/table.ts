/**
 * Every effect a machine may ask for, and who performs it. Performers are idempotent by their key and never touch actors.
 */
import { assert } from "../../domain/assert.ts";
import { Fault } from "../../domain/errors.ts";
import { LANDING_MS_MIN } from "../../domain/limits.ts";
import type { ActorAddress, ActorRecord } from "../../domain/records.ts";
import type { ServiceName } from "../../machines/catalog.ts";
import type {
  BroadcastInput,
  BuildInput,
  BuildOutput,
  SignInput,
  SignOutput,
  TransactionContext,
  WatchInput,
} from "../../machines/transaction-context.ts";
import type { BalanceReading } from "../../machines/wallet.machine.ts";
import type { ChainGateway, ChainView, Signer, TransactionWatcher } from "../../ports/world.ts";
import type { EffectContext, EffectTable, Performer, Subscription } from "../dispatcher.ts";

export type EffectPorts = {
  readonly gateway: ChainGateway;
  readonly signer: Signer;
  readonly view: ChainView;
  readonly watcher: TransactionWatcher;
  readonly peek: (actor: ActorAddress) => ActorRecord | undefined;
  /** False while the disk is full: nothing new is signed. */
  readonly maySign: () => boolean;
};
export type EffectOptions = {
  readonly expirationMs: number;
  readonly nodeConcurrency: number;
  readonly signConcurrency: number;
};

/** The service whose branch performs an effect. */
export const EFFECT_SERVICES: Readonly<Record<string, ServiceName>> = {
  buildTransaction: "usdt-manager",
  readBalances: "usdt-manager",
  signTransaction: "wallet-manager",
  broadcastTransaction: "tron-client",
  relayTransaction: "tron-client",
  watchTransaction: "tron-client",
};

export function serviceOf(source: string): ServiceName {
  const service = EFFECT_SERVICES[source];
  assert(service !== undefined, `effect ${source} belongs to no service`);
  return service;
}

export function createEffects(options: EffectOptions, ports: EffectPorts): EffectTable {
  return {
    buildTransaction: buildTransaction(options, ports),
    signTransaction: signTransaction(options, ports),
    broadcastTransaction: broadcastTransaction(options.nodeConcurrency, ports),
    relayTransaction: broadcastTransaction(RELAYS_AT_ONCE, ports),
    watchTransaction: watchTransaction(ports),
    readBalances: readBalances(ports),
  };
}

/**
 * Estimates the fee, builds the bytes, and signs them when nothing is in the way; else the machine asks for the signature
 * and hears what is. `sequence` makes (timestamp, expiration) of two payments of one wallet differ, so two equal
 * transfers never share a txID (tron.md §1.2); the chain does not check `timestamp`.
 */
function buildTransaction(options: EffectOptions, ports: EffectPorts): Performer {
  const build = performer(options.nodeConcurrency, async (input: BuildInput, { signal }): Promise<BuildOutput> => {
    // First of all, so that whatever else is in the way does not keep it, and its money, beyond its time.
    if (isOver(input, ports)) throw tooLate();
    refuseWhileStopped(input.walletId, ports);
    const { asset, from, to, amount, sequence, maxFeeSun } = input;
    const priced = { asset, from, to, amount, ...(maxFeeSun === undefined ? {} : { maxFeeSun }) };
    const { feeLimitSun } = await ports.gateway.estimate(priced, signal);
    // It may have been frozen or cancelled while the node was asked.
    refuseWhileStopped(input.walletId, ports);
    if (signal.aborted) throw new Fault("state_conflict", "nobody waits for the bytes any more");
    const block = ports.view.reference();
    if (block === undefined) throw obstacleOf(ports);
    const reference = { number: block.number, id: block.id };
    const timestamp = block.headTimestamp + (sequence % 1_000);
    const expiration = expirationOf(input, block.headTimestamp, options.expirationMs);
    const order = { asset, from, to, amount, walletId: input.walletId, reference, expiration, timestamp, feeLimitSun };
    const { rawHex, txId, signedHex } = await ports.signer.prepare(order);
    const bytes = signedHex === undefined ? { rawHex } : { signedHex };
    return { txId, ...bytes, feeLimitSun, expiration, timestamp, reference };
  });
  return { ...build, waits: (actor) => isStoppedAsBefore(actor, ports) };
}

/**
 * Never after the order's `notAfter`, but then whole seconds earlier than usual, so that the milliseconds still tell two
 * payments apart (ADR 0008, 0026). Throws `Fault("not_after_passed")` when the bytes would hardly have the time to land.
 */
export function expirationOf(
  { sequence, notAfter }: Pick<BuildInput, "sequence" | "notAfter">,
  headTimestamp: number,
  lifeMs: number,
): number {
  const usual = headTimestamp + lifeMs + (Math.floor(sequence / 1_000) % 1_000);
  if (notAfter === undefined || usual <= notAfter) return usual;
  const inTime = usual - Math.ceil((usual - notAfter) / 1_000) * 1_000;
  if (inTime >= headTimestamp + LANDING_MS_MIN) return inTime;
  throw tooLate();
}

function isOver({ notAfter }: Pick<BuildInput, "notAfter">, { view }: EffectPorts): boolean {
  return notAfter !== undefined && view.headTimestamp() >= notAfter;
}

function tooLate(): Fault {
  return new Fault("not_after_passed", "the time until which it may be paid has passed; nothing was signed");
}

function signTransaction(options: EffectOptions, ports: EffectPorts): Performer {
  return performer(options.signConcurrency, async (input: SignInput): Promise<SignOutput> => {
    refuseWhileStopped(input.walletId, ports);
    const { rawHex, txId, asset, from, to, amount, walletId, reference, expiration, timestamp, feeLimitSun } = input;
    const order = { asset, from, to, amount, walletId, reference, expiration, timestamp, feeLimitSun };
    return ports.signer.sign(order, { rawHex, txId });
  });
}

/** Bytes of others wait among themselves and never before the engine's own. */
const RELAYS_AT_ONCE = 4;

function broadcastTransaction(concurrency: number, ports: EffectPorts): Performer {
  return performer(concurrency, (input: BroadcastInput, { signal }) =>
    ports.gateway.broadcast(input.signedHex, signal),
  );
}

function watchTransaction(ports: EffectPorts): Subscription {
  return {
    start: (input, actor) => {
      // A follower that starts anew does not know what it said before; the actor does.
      const context = ports.peek(actor)?.context as TransactionContext | undefined;
      ports.watcher.watch({ actor, ...(input as WatchInput), seenIn: context?.inclusion?.blockNumber });
    },
    stop: (actor) => ports.watcher.unwatch(actor),
  };
}

function readBalances(ports: EffectPorts): Performer {
  const readersMax = 4;
  return performer(readersMax, (input: { address: string }, { signal }): Promise<BalanceReading> =>
    ports.gateway.solidBalances(input.address, signal),
  );
}

/** Why there is no reference block to sign with. */
function obstacleOf({ view }: EffectPorts): Fault {
  const { code, detail } = view.obstacle() ?? { code: "not_ready", detail: "no solidified block has been seen yet" };
  return new Fault(code, detail);
}

/**
 * A frozen wallet, a full disk and nodes whose word about the chain cannot be taken stop new signatures; the payment
 * waits, nothing is lost. A follower that only has to read on does not stop bytes that are built.
 */
function refuseWhileStopped(walletId: string, ports: EffectPorts): void {
  const stop = stopOf(ports) ?? stopOfWallet(walletId, ports);
  if (stop !== undefined) throw stop;
}

function stopOf({ view, maySign }: EffectPorts): Fault | undefined {
  const obstacle = view.obstacle();
  if (obstacle !== undefined && obstacle.code !== "not_ready") return new Fault(obstacle.code, obstacle.detail);
  return maySign() ? undefined : new Fault("read_only", "the disk is full; nothing is signed until there is room");
}

/** Throws `Fault("quarantined")` when the wallet's record is damaged. */
function stopOfWallet(walletId: string, { peek }: EffectPorts): Fault | undefined {
  const isFrozen = peek({ kind: "wallet", id: walletId })?.tag === "frozen";
  return isFrozen ? new Fault("wallet_frozen", "the wallet is frozen") : undefined;
}

/** The transaction said why it waits, and that stands. Another reason is said first, so that nobody reads an old one. */
function isStoppedAsBefore(actor: ActorAddress, ports: EffectPorts): boolean {
  try {
    const context = ports.peek(actor)?.context as TransactionContext | undefined;
    if (context?.failure === undefined || isOver(context, ports)) return false;
    return context.failure.code === (stopOf(ports) ?? stopOfWallet(context.walletId, ports))?.code;
  } catch {
    // Whatever cannot be read is for the run to find.
    return false;
  }
}

/** The input comes from the outbox as the machine's `effect<Input, Output>()` typed it; the codec checked it is what was stored. */
function performer<Input>(
  concurrency: number,
  work: (input: Input, context: EffectContext) => Promise<unknown>,
): Performer {
  return { concurrency, perform: (input, context) => work(input as Input, context) };
}
