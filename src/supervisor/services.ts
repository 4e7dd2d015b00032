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
import type { EngineStatus } from "./facade.ts";

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

type Branch = { state: "running" | "restarting"; restarts: number; startedAt: number };

export class Services {
  private readonly branches = new Map<ServiceName, Branch>();
  private readonly ports: ServicesPorts;

  constructor(ports: ServicesPorts) {
    this.ports = ports;
  }

  isRunning(service: ServiceName): boolean {
    return this.branch(service).state === "running";
  }

  markRunning(): void {
    for (const branch of this.branches.values()) branch.state = "running";
  }

  async startComponents(): Promise<void> {
    for (const component of Object.values(this.ports.components)) await component.start();
  }

  async stopComponents(): Promise<void> {
    for (const component of Object.values(this.ports.components)) await component.stop();
  }

  async restart(service: ServiceName, by: string): Promise<Refusal | undefined> {
    const branch = this.branch(service);
    if (branch.state === "restarting") return refuse("restart_in_progress", `${service} is being restarted`);
    branch.state = "restarting";
    const { dispatcher, cells, components, catalog, logger } = this.ports;
    const sources = this.ports.sourcesOf(service);
    dispatcher.halt(new Set(sources));
    try {
      await components[service]?.stop();
      await this.ports.settled();
      cells.drop(new Set(Object.values(catalog).flatMap((entry) => (entry.service === service ? [entry.kind] : []))));
    } finally {
      // Whatever a component does, its branch must not stand still for ever.
      branch.state = "running";
      await dispatcher.recover(sources);
    }
    await components[service]?.start();
    branch.restarts += 1;
    branch.startedAt = this.ports.clock.now();
    logger.info({ service, by }, "service restarted");
    return undefined;
  }

  status(): EngineStatus["services"] {
    const of = (service: ServiceName) => ({ ...this.branch(service) });
    return {
      "tron-client": of("tron-client"),
      "wallet-manager": of("wallet-manager"),
      "usdt-manager": of("usdt-manager"),
      "payout-router": of("payout-router"),
      "trx-staking": of("trx-staking"),
      "payment-gateway": of("payment-gateway"),
    };
  }

  private branch(service: ServiceName): Branch {
    let branch = this.branches.get(service);
    if (branch === undefined) {
      branch = { state: "running", restarts: 0, startedAt: this.ports.clock.now() };
      this.branches.set(service, branch);
    }
    return branch;
  }
}
