/**
 * The engine and the demo as processes of their own, packed (`packed-program.ts`), in a temporary data directory, on free
 * ports, with a fast devnet.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inject } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");
/** As they lie in the repository. */
const SOURCES = {
  main: "src/main.ts",
  demo: "src/cli/demo.ts",
  token: "src/cli/token.ts",
  devnet: "src/devnet/main.ts",
};
const DEADLINE_MS = 300_000;

export type Finished = { readonly code: number | null; readonly output: string };

export class Program {
  readonly directory: string;
  readonly url: string;
  readonly nodeUrl: string;
  readonly env: NodeJS.ProcessEnv;
  readonly #children = new Set<ChildProcess>();
  /** npm runs the engine as a child of its own: a group of processes ends together. */
  readonly #groups = new Set<ChildProcess>();

  readonly #isPacked: boolean;

  private constructor(directory: string, ports: { api: number; devnet: number }, isPacked: boolean) {
    this.#isPacked = isPacked;
    this.directory = directory;
    this.url = `http://127.0.0.1:${ports.api}`;
    this.nodeUrl = `http://127.0.0.1:${ports.devnet}`;
    this.env = {
      PATH: process.env["PATH"],
      DATA_DIR: join(directory, "data"),
      SERVICE_PORT: String(ports.api),
      DEVNET_PORT: String(ports.devnet),
      DEVNET_BLOCK_MS: "40",
      // Chain time runs with the blocks, 3 s each: a transaction has to outlive a busy machine.
      TX_EXPIRATION_SECONDS: "900",
      LOG_LEVEL: "warn",
      // Compiled code is shared by the many short runs.
      NODE_COMPILE_CACHE: inject("packed").compiled,
    };
  }

  static async prepare({ isPacked = true } = {}): Promise<Program> {
    const directory = await mkdtemp(join(tmpdir(), "lucid-demo-"));
    const [api, devnet] = await freePorts();
    return new Program(directory, { api, devnet }, isPacked);
  }

  /** USDT of an address, as the engine says it. */
  async balance(address: string): Promise<string> {
    return (await this.api("GET", `/usdt/balance/${address}`)).balance;
  }

  /** Ready to take payouts when it returns. */
  async startEngine(more: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
    const child = this.#spawn("main", [], more);
    await until("the engine is ready", async () => (await fetch(`${this.url}/health/ready`)).ok);
    return child;
  }

  /** A devnet of its own and an engine that takes it for a chain with real money; returns what the demo needs to know. */
  async startOnCustomNetwork(): Promise<NodeJS.ProcessEnv> {
    const devnet = this.#spawn("devnet", ["--port", new URL(this.nodeUrl).port, "--block-ms", "40"], {});
    let output = "";
    devnet.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await until("the devnet says what it is", () => /USDT +T/.test(output));
    const env = {
      TRON_NETWORK: "custom",
      TRON_HTTP_ENDPOINT: this.nodeUrl,
      TRON_GENESIS_ID: /genesis +(\w+)/.exec(output)?.[1],
      USDT_CONTRACT: /USDT +(\w+)/.exec(output)?.[1],
      WALLET_ENCRYPTION_KEY: "3f9c1a7be2d84c06b5a1907d4e6f8b23",
    };
    await this.startEngine(env);
    return env;
  }

  /** The engine as `npm start` runs it; returns what it printed until it was ready. */
  async npmStart(): Promise<string> {
    const child = spawn("npm", ["start"], {
      cwd: ROOT,
      env: this.env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#groups.add(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await until("the engine is ready", async () => (await fetch(`${this.url}/health/ready`)).ok);
    await until("it says what to do next", () => output.includes("npm run demo"));
    return output;
  }

  demo(
    args: readonly string[] = [],
    more: NodeJS.ProcessEnv = {},
  ): { child: ChildProcess; output: () => string; finished: Promise<Finished> } {
    const child = this.#spawn("demo", args, more);
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const finished = new Promise<Finished>((resolve) => child.once("close", (code) => resolve({ code, output })));
    return { child, output: () => output, finished };
  }

  async run(args: readonly string[] = [], more: NodeJS.ProcessEnv = {}): Promise<Finished> {
    return this.demo(args, more).finished;
  }

  async file(name: string, lines: readonly string[]): Promise<string> {
    const path = join(this.directory, name);
    await writeFile(path, ["line_id,address,amount", ...lines, ""].join("\n"));
    return path;
  }

  /** What it prints is apart from what it says. */
  async token(args: readonly string[], more: NodeJS.ProcessEnv = {}) {
    const child = this.#spawn("token", args, more);
    const said = { stdout: "", stderr: "" };
    child.stdout?.on("data", (chunk: Buffer) => (said.stdout += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (said.stderr += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { code, ...said };
  }

  /** A call of the API, with the first token unless another is given. */
  async api(method: string, path: string, body?: object, given?: string) {
    const token = given ?? (await readFile(join(this.directory, "data/first-token"), "utf8")).trim();
    const response = await fetch(`${this.url}/api/v1/tron${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "idempotency-key": `${method} ${path}`,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return JSON.parse(await response.text());
  }

  /** The token of the devnet has frozen the address when it returns. */
  async freeze(address: string): Promise<void> {
    await this.#turn("usdt/blacklisted", { address, blacklisted: true });
    // The owner's order waits for a block.
    await this.#turn("mine", { count: 1 });
  }

  async close(): Promise<void> {
    for (const child of this.#children) await kill(child, "SIGKILL");
    for (const { pid } of this.#groups) if (pid !== undefined) endGroup(pid);
    await rm(this.directory, { recursive: true, force: true });
  }

  async #turn(dial: string, fields: object): Promise<void> {
    const response = await fetch(`${this.nodeUrl}/admin/devnet/${dial}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(fields),
    });
    if (!response.ok) throw new Error(await response.text());
  }

  #spawn(entry: keyof typeof SOURCES, args: readonly string[], more: NodeJS.ProcessEnv): ChildProcess {
    const file = this.#isPacked ? join(inject("packed").directory, `${entry}.js`) : join(ROOT, SOURCES[entry]);
    const child = spawn(process.execPath, [file, ...args], {
      cwd: ROOT,
      env: { ...this.env, ...more },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.resume();
    child.stderr.resume();
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    return child;
  }
}

export async function kill(child: ChildProcess, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await gone;
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

/** Waits for another process: there is no clock of it to advance. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (
    !(await Promise.resolve()
      .then(holds)
      .catch(() => false))
  ) {
    if (Date.now() > deadline) throw new Error(`waited too long until ${what}`);
    await sleep(20);
  }
}

async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, "127.0.0.1", () => {
            const address = server.address();
            resolve(typeof address === "object" && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return [ports[0] ?? 0, ports[1] ?? 0];
}
