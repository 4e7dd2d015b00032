/** `node src/main.ts` as `npm start` runs it, in a process of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "../../../src/main.ts");
/** Enough of what it said to explain an end; a long run says more. */
const OUTPUT_KEPT = 20_000;

export class StartedProgram {
  url: string | undefined;
  output = "";
  private readonly child: ChildProcess;

  constructor(environment: Readonly<Record<string, string>>, nodeFlags: readonly string[] = []) {
    this.child = spawn(process.execPath, [...nodeFlags, MAIN], { stdio: ["ignore", "pipe", "pipe"], env: environment });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on("data", (chunk) => this.read(String(chunk)));
  }

  /** Where it answers. Throws when it ended by itself. */
  get address(): string | undefined {
    const { exitCode } = this.child;
    if (exitCode !== null && exitCode !== 0) throw new Error(`it ended with ${exitCode}: ${this.output}`);
    return this.url;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Exit code or signal; `undefined` while it runs. */
  get over(): number | string | undefined {
    return this.child.exitCode ?? this.child.signalCode ?? undefined;
  }

  /** Resolves when it has ended, by itself or not. */
  async gone(): Promise<number | string> {
    if (this.over === undefined) await once(this.child, "close");
    return this.over ?? "?";
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
    this.output = (this.output + text).slice(-OUTPUT_KEPT);
    this.url ??= /is ready +(http:\S+)/.exec(this.output)?.[1];
  }
}
