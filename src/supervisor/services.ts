/**
 * One branch per service of the API, so that one can be restarted alone: its effects are aborted, its components stopped,
 * its actors forgotten; then everything comes back from disk. The others do not notice.
 */
import type { Cells } from "../actors/cells.ts";
import type { Dispatcher } from "../actors/dispatcher.ts";
import { refuse, type Refusal } from "../domain/errors.ts";
import type { Catalog, ServiceName } from "../machines/catalog.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/telemetry.ts";
import { createBranchStore, type Branches, type BranchStore } from "./branches.ts";

/** Something with a lifetime that belongs to a service, like the block follower. */
export interface ServiceComponent {
  start(): Promise<void>;
  stop(): Promise<void>;
}

export type ServicesPorts = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly catalog: Catalog;
  readonly components: Partial<Record<ServiceName, ServiceComponent>>;
  readonly sourcesOf: (service: ServiceName) => readonly string[];
  readonly dispatcher: Dispatcher;
  readonly cells: Cells;
  readonly settled: () => Promise<void>;
};

export class Services {
  private readonly branches: BranchStore;
  private readonly ports: ServicesPorts;
  /** From the first stop to the end of the start: a component is never started twice. */
  private readonly underWay = new Set<ServiceName>();
  /** The engine ends: what a restart stopped meanwhile stays stopped. */
  private isOver = false;

  constructor(ports: ServicesPorts) {
    this.ports = ports;
    this.branches = createBranchStore(ports.clock.now());
  }

  isRunning(service: ServiceName): boolean {
    return this.status()[service].state === "running";
  }

  async startComponents(): Promise<void> {
    for (const component of Object.values(this.ports.components)) await component.start();
  }

  /** For good. */
  async stopComponents(): Promise<void> {
    this.isOver = true;
    for (const component of Object.values(this.ports.components)) await component.stop();
  }

  async restart(service: ServiceName, by: string): Promise<Refusal | undefined> {
    if (this.underWay.has(service)) return refuse("restart_in_progress", `${service} is being restarted`);
    this.underWay.add(service);
    try {
      await this.stopAndStart(service);
    } finally {
      this.underWay.delete(service);
    }
    if (this.isOver) return refuse("not_ready", "the engine is stopping");
    this.ports.logger.info({ branch: service, by }, "service restarted");
    return undefined;
  }

  private async stopAndStart(service: ServiceName): Promise<void> {
    this.branches.send({ type: "restarting", service });
    const { dispatcher, cells, components, catalog } = this.ports;
    const sources = this.ports.sourcesOf(service);
    dispatcher.halt(new Set(sources));
    try {
      await components[service]?.stop();
      await this.ports.settled();
      cells.drop(new Set(Object.values(catalog).flatMap((entry) => (entry.service === service ? [entry.kind] : []))));
    } finally {
      // Whatever a component does, its branch must not stand still for ever.
      this.branches.send({ type: "resumed", service });
      await dispatcher.recover(sources);
    }
    if (this.isOver) return;
    await components[service]?.start();
    this.branches.send({ type: "restarted", service, at: this.ports.clock.now() });
  }

  status(): Branches {
    return this.branches.getSnapshot().context.branches;
  }
}
