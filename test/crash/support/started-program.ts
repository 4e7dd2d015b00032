/** `node src/main.ts` with its embedded devnet, as `npm start` runs it. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "../../../src/main.ts");

export class StartedProgram {
  url: string | undefined;
  private output = "";
  private readonly child: ChildProcess;

  constructor(environment: Readonly<Record<string, string>>) {
    this.child = spawn(process.execPath, [MAIN], { stdio: ["ignore", "pipe", "pipe"], env: environment });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on("data", (chunk) => this.read(String(chunk)));
  }

  /** Where it answers. Throws when it ended by itself. */
  get address(): string | undefined {
    const { exitCode } = this.child;
    if (exitCode !== null && exitCode !== 0) throw new Error(`it ended with ${exitCode}: ${this.output}`);
    return this.url;
  }

  /** Resolves when it is gone. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
    const { child } = this;
    this.url = undefined;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const gone = once(child, "close");
    child.kill(signal);
    await gone;
    return child.exitCode;
  }

  private read(text: string): void {
    this.output += text;
    this.url ??= /is ready +(http:\S+)/.exec(this.output)?.[1];
  }
}
