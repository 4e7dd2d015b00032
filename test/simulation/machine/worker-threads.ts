/** Stands where `node:worker_threads` is for the signer: a signing thread whose messages are tasks, and that can die. */
import { EventEmitter } from "node:events";
import { serve, type SignerPort } from "../../../src/security/signer-worker.ts";
import type { WorkerSetup } from "../../../src/security/signing-protocol.ts";
import { machine } from "./power.ts";

const living = new Set<Worker>();

/** Every signing thread ends, as by a lack of memory. */
export function killThreads(): number {
  const killed = [...living];
  for (const worker of killed) worker.die();
  return killed.length;
}

export function forgetThreads(): void {
  living.clear();
}

export class Worker extends EventEmitter {
  private readonly inside = new EventEmitter();
  private readonly toThread = new Channel();
  private readonly fromThread = new Channel();
  private isOver = false;

  constructor(_file: URL, { workerData }: { workerData: WorkerSetup }) {
    super();
    living.add(this);
    const setup = structuredClone(workerData);
    this.toThread.send("thread start", 5, () => {
      if (!this.isOver) serve(this.port(), setup);
    });
  }

  postMessage(message: unknown): void {
    const copy: unknown = structuredClone(message);
    this.toThread.send("thread asked", 0.5, () => {
      if (!this.isOver) this.inside.emit("message", copy);
    });
  }

  terminate(): Promise<number> {
    this.isOver = true;
    living.delete(this);
    return new Promise((resolve) => {
      machine().scheduler.at(0.5, "thread end", () => {
        this.emit("exit", 1);
        resolve(1);
      });
    });
  }

  die(): void {
    this.isOver = true;
    living.delete(this);
    this.emit("error", Object.assign(new Error("out of memory"), { code: "ERR_WORKER_OUT_OF_MEMORY" }));
    this.emit("exit", 1);
  }

  private port(): SignerPort {
    return {
      on: (name, listener) => void this.inside.on(name, listener),
      postMessage: (message) => {
        const copy: unknown = structuredClone(message);
        this.fromThread.send("thread answers", 0.5 + 2 * machine().delays.next(), () => {
          if (!this.isOver) this.emit("message", copy);
        });
      },
    };
  }
}

/** Messages of one direction arrive in the order in which they were sent. */
class Channel {
  private lastDue = 0;

  send(name: string, delay: number, run: () => void): void {
    const { scheduler } = machine();
    this.lastDue = Math.max(scheduler.now + delay, this.lastDue + 0.001);
    scheduler.at(this.lastDue - scheduler.now, name, run);
  }
}
