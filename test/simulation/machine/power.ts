/** The machine that the program runs on now: whatever Node's modules are replaced by asks here. */
import type { Scheduler } from "../scheduler.ts";
import type { Random } from "../../support/random.ts";
import type { Files } from "./files.ts";
import type { Disk } from "./disk.ts";

export type Machine = {
  readonly scheduler: Scheduler;
  /** Chance of the program: its ids, salts and jitter. */
  readonly chance: Random;
  /** Chance of the world: how long things take. */
  readonly delays: Random;
  readonly files: Files;
  readonly disk: Disk;
  /** Hands a request to the node at this origin. */
  readonly ask: (asked: WireRequest) => Promise<WireAnswer>;
  readonly mark: (name: string) => void;
};

export type WireRequest = {
  readonly origin: string;
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
};
export type WireAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
};

const socket: { machine: Machine | undefined } = { machine: undefined };

export function powerOn(machine: Machine): void {
  socket.machine = machine;
}

export function powerOff(): void {
  socket.machine = undefined;
}

/** `undefined` while modules are loaded and between two worlds: then everything is as Node made it. */
export function running(): Machine | undefined {
  return socket.machine;
}

export function machine(): Machine {
  if (socket.machine === undefined) throw new Error("no simulated machine is running");
  return socket.machine;
}

/** An operation of the machine: done after a while, unless its life has ended by then. */
export function operation<T>(name: string, delay: number, run: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    machine().scheduler.at(delay, name, () => {
      try {
        resolve(run());
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
}
