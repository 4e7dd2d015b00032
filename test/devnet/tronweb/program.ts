/** `npm run devnet` as a user starts it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Json } from "../support.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

export class Program {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** Any free port; `flags` are those of the command line. */
  static async start(...flags: string[]): Promise<Program> {
    const command = ["run", "--silent", "devnet", "--", "--port", "0", ...flags];
    const child = spawn("npm", command, { cwd: ROOT, stdio: ["ignore", "pipe", "ignore"] });
    const lines = createInterface({ input: child.stdout });
    const ended = once(lines, "close").then(() => {
      throw new Error("the devnet ended before it was ready");
    });
    const [first] = (await Promise.race([once(lines, "line"), ended])) as [string];
    // What follows is for people; it has to be read, or the pipe fills up.
    child.stdout.resume();
    return new Program(child, first.split(" ").at(-1) ?? "");
  }

  /** A control endpoint; throws when the devnet says no. */
  async control(path: string, body?: unknown): Promise<Json> {
    const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const response = await fetch(`${this.url}/admin/devnet${path}`, init);
    const answer = (await response.json()) as Json;
    if (!response.ok) throw new Error(`${path}: ${answer["error"]}`);
    return answer;
  }

  async accounts(): Promise<string[]> {
    const answer = (await (await fetch(`${this.url}/admin/accounts-json`)).json()) as Json;
    return answer["privateKeys"];
  }

  /** The exit code. */
  async stop(): Promise<number | null> {
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    const [code] = (await gone) as [number | null];
    return code;
  }
}
