/**
 * Finds the engine, or runs one for the time of the command. Owns the child process and nothing else.
 *
 * C1. An engine that was already there is never stopped.
 * C2. A child that dies is started again, a few times: its payouts go on from disk.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { EXIT } from "./demo-options.ts";
import { Stop } from "./stop.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const START_TIMEOUT_MS = 60_000;
const STARTS_MAX = 5;
const SILENT = "nothing answers there";
const LOG_TAIL = 1_500;

export type Engine = { readonly url: string; readonly started: boolean; stop(): Promise<void> };

export type Where = {
  /** Given by the user: such an engine is not started here. */
  readonly url: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly patienceMs: number;
  readonly say: (text: string) => void;
};

export async function findOrStartEngine(where: Where): Promise<Engine> {
  const url = where.url ?? `http://${reachable(where.host)}:${where.port}`;
  if (where.url !== undefined || (where.port !== 0 && (await listens(url)))) {
    await untilReady(url, where);
    return { url, started: false, stop: () => Promise.resolve() };
  }
  where.say(`no engine at ${url}; starting one for this run`);
  const child = new EngineChild(where);
  try {
    const ownUrl = await child.start();
    await untilReady(ownUrl, where);
    return { url: ownUrl, started: true, stop: () => child.stop() };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

class EngineChild {
  readonly #where: Where;
  readonly #log: string;
  #child: ChildProcess | undefined;
  #starts = 0;
  #stopping = false;

  constructor(where: Where) {
    this.#where = where;
    this.#log = join(where.dataDir, "demo-engine.log");
  }

  /** The address that the engine says it listens on. */
  async start(): Promise<string> {
    const child = this.#spawn(this.#where.port);
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (Date.now() < deadline) {
      const url = /is ready +(http\S+)/.exec(this.#written())?.[1];
      if (url !== undefined) return url;
      if (child.exitCode !== null || child.signalCode !== null) break;
      await sleep(50);
    }
    this.#stopping = true;
    throw new Stop(EXIT.engine, `the engine did not start:\n${this.#written().slice(-LOG_TAIL)}`);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGTERM");
    const giveUp = AbortSignal.timeout(15_000);
    giveUp.addEventListener("abort", () => child.kill("SIGKILL"), { once: true });
    await ended;
  }

  #written(): string {
    return readFileSync(this.#log, "utf8");
  }

  /** A file takes what it prints: a pipe would break it when this process is killed. */
  #spawn(port: number): ChildProcess {
    const { dataDir, env, say } = this.#where;
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const output = openSync(this.#log, this.#starts === 0 ? "w" : "a", 0o600);
    const child = spawn(process.execPath, [MAIN], {
      env: { ...env, SERVICE_PORT: String(port) },
      stdio: ["ignore", output, output],
    });
    closeSync(output);
    this.#child = child;
    this.#starts += 1;
    child.once("exit", (code, signal) => {
      if (this.#stopping || this.#starts >= STARTS_MAX || !/is ready/.test(this.#written())) return;
      say(`the engine ended (${signal ?? `exit code ${code}`}); starting it again`);
      this.#spawn(Number(new URL(/is ready +(http\S+)/.exec(this.#written())?.[1] ?? `http://x:${port}`).port));
    });
    return child;
  }
}

async function listens(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

async function untilReady(url: string, { say, patienceMs }: Pick<Where, "say" | "patienceMs">): Promise<void> {
  const startedAt = Date.now();
  for (let said = false; ;) {
    const state = await readiness(url);
    if (state === "ready") return;
    // An engine that answers may have hours of blocks to read first; that is for the user's patience.
    const patience = state === SILENT ? Math.min(START_TIMEOUT_MS, patienceMs) : patienceMs;
    if (Date.now() > startedAt + patience) throw new Stop(EXIT.engine, `the engine at ${url} is not ready: ${state}`);
    if (!said && Date.now() > startedAt + 2_000) {
      said = true;
      say(`waiting for the engine at ${url}: ${state}`);
    }
    await sleep(100);
  }
}

async function readiness(url: string): Promise<string> {
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    const text = await response.text();
    return response.ok ? "ready" : text.slice(0, 300);
  } catch {
    return SILENT;
  }
}

/** An engine that listens on every address is reached on this machine's own. */
function reachable(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}
