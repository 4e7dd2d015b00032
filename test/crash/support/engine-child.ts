/**
 * Keeps an engine process alive: starts the next one at once when one dies by SIGKILL, and fails when one ends in any
 * other way. Owns the current process; knows nothing of payouts.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { EngineLine, EngineSetup } from "./protocol.ts";

export type EngineChildOptions = {
  readonly script: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Asked at each start. */
  readonly setup: () => EngineSetup;
};

/** A process that lives for a second gains nothing from threads that optimise it. */
const CHEAP_START = ["--v8-pool-size=0", "--max-semi-space-size=32"];

export class EngineChild {
  /** Kills that happened, by who killed: a failpoint's name, or "timer". */
  readonly kills = new Map<string, number>();
  /** How often the disk showed a payout in this state after a kill. */
  readonly found = new Map<string, number>();
  starts = 0;
  private child: ChildProcess | undefined;
  private url: string | undefined;
  private last: ChildProcess | undefined;
  private closing = false;
  private broken: Error | undefined;
  private readonly options: EngineChildOptions;

  constructor(options: EngineChildOptions) {
    this.options = options;
    this.start();
  }

  get totalKills(): number {
    return this.kills.values().reduce((sum, count) => sum + count, 0);
  }

  /** Where the engine answers now; `undefined` while none does. Throws when one ended that nobody killed. */
  get address(): string | undefined {
    if (this.broken !== undefined) throw this.broken;
    return this.url;
  }

  /** kill -9 from outside. */
  kill(by: string): void {
    if (this.child === undefined || this.url === undefined) return;
    this.count(by);
    this.child.kill("SIGKILL");
  }

  /** Ends the process as an operator does, and starts no other. */
  async close(): Promise<void> {
    this.closing = true;
    const { last } = this;
    if (last === undefined || last.exitCode !== null || last.signalCode !== null) return;
    const gone = once(last, "exit");
    last.kill("SIGTERM");
    await gone;
    if (last.exitCode !== 0) throw new Error(`the engine did not stop in order: ${last.exitCode ?? last.signalCode}`);
  }

  destroy(): void {
    this.closing = true;
    this.last?.kill("SIGKILL");
  }

  private start(): void {
    this.starts += 1;
    const { script, environment, setup } = this.options;
    const child = spawn(process.execPath, [...CHEAP_START, script, JSON.stringify(setup())], {
      stdio: ["pipe", "pipe", "inherit"],
      env: environment,
    });
    this.child = child;
    this.last = child;
    createInterface({ input: child.stdout }).on("line", (line) => this.read(line, child));
    child.on("exit", (code, signal) => this.ended(`${code ?? signal}`));
  }

  private read(text: string, child: ChildProcess): void {
    if (!text.startsWith("{")) return;
    const line = JSON.parse(text) as EngineLine;
    if ("found" in line) for (const state of line.found) this.found.set(state, (this.found.get(state) ?? 0) + 1);
    else if ("killing" in line) this.count(line.killing);
    else if ("failed" in line) this.broken = new Error(`the engine failed: ${line.failed}`);
    else if ("ready" in line && child === this.child) this.url = line.ready;
  }

  private ended(how: string): void {
    this.url = undefined;
    this.child = undefined;
    if (this.closing) return;
    if (how === "SIGKILL") this.start();
    else this.broken ??= new Error(`the engine ended by itself: ${how}`);
  }

  private count(by: string): void {
    this.kills.set(by, (this.kills.get(by) ?? 0) + 1);
  }
}
