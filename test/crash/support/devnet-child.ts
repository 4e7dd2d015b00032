/** The parent's handle on the devnet's process. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { DevnetAnswer, DevnetCalls } from "./protocol.ts";

type Waiting = { resolve: (value: unknown) => void; reject: (error: Error) => void };

export class DevnetChild {
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;

  constructor(environment: NodeJS.ProcessEnv) {
    this.child = fork(join(import.meta.dirname, "devnet-process.ts"), [], {
      serialization: "advanced",
      execArgv: [],
      env: environment,
    });
    this.child.on("message", (answer: DevnetAnswer) => this.take(answer));
    this.child.on("exit", () => this.giveUp());
  }

  call<Name extends keyof DevnetCalls>(
    name: Name,
    ...[argument]: Parameters<DevnetCalls[Name]>
  ): Promise<ReturnType<DevnetCalls[Name]>> {
    this.last += 1;
    const id = this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: (value) => resolve(value as ReturnType<DevnetCalls[Name]>), reject });
      this.child.send({ id, name, argument });
    });
  }

  async close(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, "exit");
    this.child.disconnect();
    await gone;
  }

  private take({ id, value, error }: DevnetAnswer): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  }

  private giveUp(): void {
    for (const { reject } of this.waiting.values()) reject(new Error("the devnet's process ended"));
    this.waiting.clear();
  }
}
