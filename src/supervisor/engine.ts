/** The façade: builds the loop from its parts, recovers what is pending, and answers doors. */
import { Held } from "../actors/held.ts";
import { isReadRefused, Patience } from "../actors/patience.ts";
import { Cells } from "../actors/cells.ts";
import type { CascadeNews } from "../actors/cascade.ts";
import { Dispatcher, type EffectAnswer, type EffectTable } from "../actors/dispatcher.ts";
import { keyOf, type Ending } from "../actors/envelope.ts";
import { GroupCommit } from "../actors/group-commit.ts";
import { withoutEffect, withoutTimer } from "../actors/gates.ts";
import { lintCatalog } from "../actors/lint.ts";
import { Loop } from "../actors/loop.ts";
import { inputOf } from "../actors/step.ts";
import { Timers } from "../actors/timers.ts";
import { refuse, type Refusal } from "../domain/errors.ts";
import { ACTOR_CACHE_MAX, MAILBOX_DEPTH_MAX } from "../domain/limits.ts";
import type { ActorAddress, ActorRecord, Message, OutboxEntry } from "../domain/records.ts";
import type { Catalog, ServiceName } from "../machines/catalog.ts";
import type { Stamp } from "../machines/durable.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store, TimerRow, Write } from "../ports/store.ts";
import type { Logger } from "../ports/telemetry.ts";
import type { CommittedStep, EngineAnswer, EngineFacade, EngineRequest, EngineStatus } from "./facade.ts";
import { DEFAULT_INTENSITY, type IntensityOptions } from "./restart-intensity.ts";
import { Requests } from "./requests.ts";
import { Services, type ServiceComponent } from "./services.ts";
import { StoredRecords } from "./stored-records.ts";
import { Supervisor, type SupervisorPorts } from "./supervisor.ts";
import { checkVersions } from "./versions.ts";

export type EngineOptions = {
  readonly cacheMax?: number;
  readonly intensity?: IntensityOptions;
  readonly mailboxDepthMax?: number;
};

export type EnginePorts = {
  readonly catalog: Catalog;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly effects: EffectTable;
  /** The service whose branch performs an effect. */
  readonly serviceOf: (source: string) => ServiceName;
  readonly components: Partial<Record<ServiceName, ServiceComponent>>;
  /** Why no actor of this kind may begin now. Answers that are already stored, and requests to actors that exist, go on. */
  readonly refusesNew?: (kind: string) => Refusal | undefined;
  /** Timestamp of the newest known block; 0 before the first. */
  readonly blockTime: () => number;
  /** The store failed: memory is ahead of disk and the process has to end. */
  readonly onFatal: (error: unknown) => void;
  readonly observer?: EngineObserver;
  readonly failpoint?: (name: string) => void;
};

/** For metrics; called after the fact, never blocks. */
export type EngineObserver = {
  committed?(news: CascadeNews): void;
  effectFinished?(source: string, outcome: "ok" | "error" | "aborted"): void;
};

type ReadableStore = Pick<
  Store,
  "journal" | "feed" | "deadLetters" | "quarantines" | "quarantine" | "index" | "indexNames" | "inbox"
>;

export class Engine implements EngineFacade {
  readonly catalog: Catalog;
  private phase: EngineStatus["phase"] = "starting";
  private isReadOnly = false;
  private startedAt = 0;
  private readonly listeners = new Set<(step: CommittedStep) => void>();
  private readonly cells: Cells;
  private readonly group: GroupCommit;
  private readonly loop: Loop;
  private readonly dispatcher: Dispatcher;
  private readonly timers: Timers;
  private readonly supervisor: Supervisor;
  private readonly stored: StoredRecords;
  private readonly services: Services;
  private readonly requests: Requests;
  private readonly ports: EnginePorts;

  /** `lastFeedSequence` comes from the store; see `openEngine`. */
  constructor(options: EngineOptions & { lastFeedSequence: number }, ports: EnginePorts) {
    lintCatalog(ports.catalog);
    const { catalog, store, clock, logger, failpoint } = ports;
    this.ports = ports;
    this.catalog = catalog;
    this.requests = this.requestsOf(ports);
    this.cells = new Cells({ sizeMax: options.cacheMax ?? ACTOR_CACHE_MAX }, { catalog, store });
    const onFatal = (error: unknown) => this.fatal(error);
    const patience = new Patience({ clock, logger, onFatal });
    const held = new Held({ patience, putBack: (actor, envelopes) => this.loop.putBack(actor, envelopes) });
    this.group = new GroupCommit({ lastFeedSequence: options.lastFeedSequence }, { store, failpoint, onFatal });
    this.dispatcher = new Dispatcher({
      table: ports.effects,
      store,
      logger,
      patience,
      clock,
      failpoint,
      mayRun: (entry) => this.mayRun(entry),
      inputOf: ({ actor, invokeId }) => inputOf(this.catalog[actor.kind], this.cells.get(actor), invokeId),
      onUnreadable: this.onUnreadable,
      onAnswer: (entry, answer) => this.onAnswer(entry, answer),
      onFinished: (source, outcome) => ports.observer?.effectFinished?.(source, outcome),
      onFatal,
    });
    this.stored = new StoredRecords({ catalog, store, onUnreadable: this.onUnreadable });
    this.timers = new Timers({ store, clock, logger, fire: (row) => this.fire(row) });
    this.supervisor = new Supervisor(options.intensity ?? DEFAULT_INTENSITY, this.supervisorPorts(held));
    this.services = new Services({
      clock,
      logger,
      catalog,
      components: ports.components,
      sourcesOf: (service) => Object.keys(ports.effects).filter((source) => ports.serviceOf(source) === service),
      dispatcher: this.dispatcher,
      cells: this.cells,
      settled: () => this.group.settled(),
    });
    this.loop = new Loop({
      mailboxDepthMax: options.mailboxDepthMax ?? MAILBOX_DEPTH_MAX,
      catalog,
      clock,
      cells: this.cells,
      group: this.group,
      held,
      blockTime: ports.blockTime,
      dispatcher: () => this.dispatcher,
      timers: () => this.timers,
      isQuarantined: (actor) => this.supervisor.isQuarantined(actor),
      nextInboxSequence: (actor) => this.supervisor.nextInboxSequence(actor),
      onPoison: (envelope, error) => this.supervisor.onPoison(envelope, error),
      onUndeliverable: (envelope) => this.supervisor.onUndeliverable(envelope),
      onCommitted: (news, stamp) => this.announce(news, stamp),
    });
  }

  private requestsOf({ store, clock, refusesNew }: EnginePorts): Requests {
    return new Requests({
      store,
      clock,
      refusesNew,
      post: (envelope) => this.loop.post(envelope),
      has: (actor) => this.has(actor),
      away: () => this.away(),
      closed: () => this.closed(),
    });
  }

  private supervisorPorts(held: Held): SupervisorPorts {
    const { store, clock, logger } = this.ports;
    return {
      store,
      clock,
      logger,
      commit: (writes) => this.commit(writes),
      settled: () => this.group.settled(),
      post: (envelope) => this.loop.post(envelope),
      hold: (envelope, error) => held.hold(envelope, error),
      putAside: () => held.startOver(),
      forget: (actor) => this.cells.dropOne(actor),
      stopEffects: (actor) => this.dispatcher.abortAll(actor),
      resume: (dues) => this.resume(dues),
    };
  }

  /** Reads only what is pending: versions, quarantines, outbox, timers. */
  async start(): Promise<void> {
    const { ports } = this;
    const versions = checkVersions(this.catalog, ports.store.meta("machineVersions"));
    await this.commit([{ put: "meta", name: "machineVersions", value: versions }]);
    await this.supervisor.load();
    await this.dispatcher.recover(await ports.store.outboxSources());
    await this.services.startComponents();
    await this.timers.start();
    this.startedAt = ports.clock.now();
    // The store may have failed meanwhile.
    if (this.phase === "starting") this.phase = "running";
  }

  /** Stops taking requests, stops the components and effects, and writes what is open. What is left is in the outbox. */
  async drain(): Promise<void> {
    if (this.phase === "stopped") return;
    this.phase = "draining";
    this.timers.stop();
    await this.services.stopComponents();
    this.dispatcher.close();
    while (this.loop.messagesWaiting > 0) await new Promise<void>((resolve) => this.ports.clock.soon(resolve));
    await this.group.settled();
    this.loop.close();
    this.phase = "stopped";
  }

  /** Disk full: requests are refused and the signer stops; reads, and what is on the wire, go on. */
  set readOnly(value: boolean) {
    this.isReadOnly = value;
  }

  request(request: EngineRequest): Promise<EngineAnswer> {
    return this.requests.answer(request);
  }

  /** Facts for actors; resolves when all are committed. Facts for actors that do not exist are dropped. */
  async deliver(facts: readonly { readonly actor: ActorAddress; readonly message: Message }[]): Promise<void> {
    await Promise.all(
      facts.map(
        ({ actor, message }) =>
          new Promise<Ending>((settle) => this.loop.post({ origin: "fact", to: actor, message, settle })),
      ),
    );
  }

  /** A message of the engine itself (not of a door); resolves when committed. */
  async commit(writes: readonly Write[]): Promise<void> {
    if (writes.length === 0) return;
    await new Promise<void>((resolve) => {
      this.group.add(writes, resolve);
      void this.group.flush();
    });
  }

  record(actor: ActorAddress): ActorRecord | undefined {
    return this.stored.one(actor);
  }

  private readonly onUnreadable = (actor: ActorAddress, error: unknown): void =>
    void this.supervisor.onUnreadable(actor, error);

  /** The newest state, perhaps not on disk yet: for decisions inside the engine, never for answers. */
  peek(actor: ActorAddress): ActorRecord | undefined {
    return this.stored.unlessDamaged(actor, () => this.cells.get(actor));
  }

  records: EngineFacade["records"] = (kind, index, page) => this.stored.page(kind, index, page);
  index: EngineFacade["index"] = (kind, index, page) => this.reads.index(kind, index, page);
  indexNames: EngineFacade["indexNames"] = (kind, prefix, limit) => this.reads.indexNames(kind, prefix, limit);
  journal: EngineFacade["journal"] = (actor, page) => this.reads.journal(actor, page);
  feed: EngineFacade["feed"] = (page) => this.reads.feed(page);
  deadLetters: EngineFacade["deadLetters"] = (page) => this.reads.deadLetters(page);
  quarantines: EngineFacade["quarantines"] = (limit) => this.reads.quarantines(limit);
  quarantine: EngineFacade["quarantine"] = (actor) => this.reads.quarantine(actor);
  inbox: EngineFacade["inbox"] = (actor, page) => this.reads.inbox(actor, page);

  release(actor: ActorAddress, by: string): Promise<Refusal | undefined> {
    return this.supervisor.release(actor, by);
  }

  async restart(service: ServiceName, by: string): Promise<Refusal | undefined> {
    return this.away() ?? this.services.restart(service, by);
  }

  subscribe(listener: (step: CommittedStep) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  status(): EngineStatus {
    return {
      phase: this.phase,
      readOnly: this.isReadOnly,
      startedAt: this.startedAt,
      actorsInMemory: this.cells.size,
      messagesWaiting: this.loop.messagesWaiting,
      effectsRunning: this.dispatcher.running(),
      effectsQueued: this.dispatcher.queued(),
      steps: this.loop.steps,
      commits: this.group.counts.commits,
      writes: this.group.counts.writes,
      poisoned: this.supervisor.poisoned,
      services: this.services.status(),
    };
  }

  private get reads(): ReadableStore {
    return this.ports.store;
  }

  private away(): Refusal | undefined {
    return this.phase === "running" ? undefined : refuse("not_ready", `the engine is ${this.phase}`);
  }

  private closed(): Refusal | undefined {
    return this.away() ?? (this.isReadOnly ? refuse("read_only", "the disk is full; free some space") : undefined);
  }

  private mayRun({ actor, source }: OutboxEntry): boolean {
    return !this.supervisor.isQuarantined(actor) && this.services.isRunning(this.ports.serviceOf(source));
  }

  private onAnswer(entry: OutboxEntry, answer: EffectAnswer): void {
    const { invokeId, key, actor, source } = entry;
    const message: Message = answer.ok
      ? { type: `xstate.done.actor.${invokeId}`, output: answer.output, actorId: invokeId }
      : { type: `xstate.error.actor.${invokeId}`, error: answer.error, actorId: invokeId };
    this.loop.post({
      origin: "answer",
      to: actor,
      message,
      gate: (record) => withoutEffect(record, invokeId, key),
      writes: [{ delete: "outbox", source, actor, key }],
      settle: () => {},
    });
  }

  private async fire({ actor, timerId, due }: TimerRow): Promise<void> {
    const event = this.load(actor)?.timers[timerId]?.event;
    const writes: Write[] = [{ delete: "timer", due, actor, timerId }];
    await new Promise<void>((resolve) => {
      const settle = () => resolve();
      const gate = (record: ActorRecord) => withoutTimer(record, timerId, due);
      this.loop.post({ origin: "timer", to: actor, message: event ?? { type: "timer.stale" }, gate, writes, settle });
    });
  }

  private announce(news: CascadeNews, stamp: Stamp): void {
    this.ports.observer?.committed?.(news);
    if (this.listeners.size === 0) return;
    for (const { actor, event, step } of news.steps) {
      const { revision, tag } = step.record;
      const committed = { actor, revision, at: stamp.at, event, from: step.from, to: step.to, tag };
      for (const listener of this.listeners) this.show(committed, listener);
    }
  }

  /** The commit is on disk; a view that fails must not look like a write that failed. */
  private show(step: CommittedStep, listener: (step: CommittedStep) => void): void {
    try {
      listener(step);
    } catch (error) {
      this.listeners.delete(listener);
      this.ports.logger.error({ error: String(error) }, "a listener threw a bug and hears no more");
    }
  }

  /**
   * What is damaged exists: its next step says why, and the supervisor deals with it. Throws `Fault("store_unavailable")`
   * when the disk does not tell.
   */
  has(actor: ActorAddress): boolean {
    try {
      return this.cells.get(actor) !== undefined;
    } catch (error) {
      if (isReadRefused(error)) throw error;
      return true;
    }
  }

  private load(actor: ActorAddress): ActorRecord | undefined {
    try {
      return this.cells.get(actor);
    } catch (error) {
      // Its timer would look stale and be lost.
      if (isReadRefused(error)) throw error;
      this.ports.logger.error({ actor: keyOf(actor), error: String(error) }, "an actor cannot be loaded");
      return undefined;
    }
  }

  private async resume(dues: readonly number[]): Promise<void> {
    for (const due of dues) this.timers.arm(due);
    await this.dispatcher.recover(Object.keys(this.ports.effects));
  }

  private fatal(error: unknown): void {
    if (this.phase === "stopped") return;
    this.phase = "stopped";
    this.timers.stop();
    this.dispatcher.close();
    this.loop.close();
    try {
      this.ports.logger.error({ error: String(error) }, "the store failed; the process has to end");
    } catch {
      // A disk that takes no log either must not keep the process from ending.
    }
    this.ports.onFatal(error);
  }
}

/** The engine over a store that is open. */
export async function openEngine(options: EngineOptions, ports: EnginePorts): Promise<Engine> {
  return new Engine({ ...options, lastFeedSequence: await ports.store.lastFeedSequence() }, ports);
}
