/**
 * The computer that the engine runs on: starts the program as `main.ts` does, and ends it at any moment.
 *
 * H1. Nothing of a life is left after its end but what is on the disk, in the files, and on the wires.
 * H2. A program that ends by itself, because its store failed, is started again as by systemd.
 */
import { startProgram, type Program } from "../../src/compose.ts";
import { loadConfig } from "../../src/operations/config.ts";
import { createLogger } from "../../src/operations/logger.ts";
import type { Random } from "../support/random.ts";
import { forgetThreads } from "./machine/worker-threads.ts";
import type { Machine } from "./machine/power.ts";
import type { Network } from "./network.ts";
import { WORLD } from "./scheduler.ts";

export type HostPorts = {
  readonly machine: Machine;
  readonly network: Network;
  readonly random: Random;
  readonly environment: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
  readonly onEnd: () => void;
};

const RESTART_MS = 1_500;

export class EngineHost {
  program: Program | undefined;
  starts = 0;
  crashes = 0;
  /** Why the program would not start, if it said so. */
  lastRefusal: Error | undefined;
  /** When true nobody starts the program again. */
  private isOff = false;
  private readonly ports: HostPorts;

  constructor(ports: HostPorts) {
    this.ports = ports;
  }

  start(): void {
    const { machine, environment, onLine } = this.ports;
    this.starts += 1;
    const life = machine.scheduler.begin();
    const logger = createLogger({
      level: environment["LOG_LEVEL"] === "debug" ? "debug" : "warn",
      file: undefined,
      name: "engine",
      sink: { write: onLine },
    });
    const config = loadConfig(environment);
    const isOver = () => !machine.scheduler.isAlive(life);
    startProgram({ config, logger, onFatal: () => isOver() || this.end({ power: false, why: "store failed" }) }).then(
      (program) => {
        if (!isOver()) this.program = program;
      },
      (error: unknown) => {
        if (isOver()) return;
        this.lastRefusal = error instanceof Error ? error : new Error(String(error));
        machine.mark("start refused");
        this.end({ power: false, why: `refused ${this.lastRefusal.message}` });
      },
    );
  }

  /** False when nothing runs that could end. */
  crash({ power }: { power: boolean }): boolean {
    const { machine } = this.ports;
    if (!machine.scheduler.isAlive(machine.scheduler.life) || machine.scheduler.life < 1) return false;
    this.crashes += 1;
    machine.mark(this.program === undefined ? "crash inside start" : "crash");
    if (this.program === undefined && machine.disk.holds("o!")) machine.mark("crash inside recovery");
    this.end({ power, why: power ? "loss of power" : "killed" });
    return true;
  }

  /** H1 */
  private end({ power, why }: { power: boolean; why: string }): void {
    const { machine, network, random, onEnd } = this.ports;
    const { scheduler, disk, files } = machine;
    scheduler.note(`the engine ends: ${why}`);
    scheduler.end();
    this.program = undefined;
    forgetThreads();
    const fate = disk.die(random, { power });
    if (fate !== "nothing") machine.mark(`commit on its way ${fate}`);
    if (power) files.losePower(random);
    network.engineDied();
    onEnd();
    scheduler.at(RESTART_MS, "engine starts", () => this.isOff || this.start(), WORLD);
  }

  off(): void {
    this.isOff = true;
    this.ports.machine.scheduler.end();
    this.program = undefined;
  }
}
