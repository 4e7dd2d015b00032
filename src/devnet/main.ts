/** The devnet on its own: `npm run devnet`, with the options of options.ts. Ends with 0 on SIGTERM, 1 when it cannot start. */
import { isFault } from "../domain/errors.ts";
import { banner } from "./banner.ts";
import { startDevnet } from "./devnet.ts";
import { helpText, optionsFrom, USAGE, UsageError } from "./options.ts";

async function run(): Promise<void> {
  const options = optionsFrom(process.argv.slice(2), process.env);
  if (options === "help") {
    process.stdout.write(helpText());
    return;
  }
  const devnet = await startDevnet(options);
  process.stdout.write(banner(devnet, options));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void devnet.close());
}

function explained(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof UsageError) return `${error.message}\n${USAGE}\n(--help explains each option)`;
  if (isFault(error)) return error.message;
  const code = "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") return `${error.message}: choose another port with --port`;
  if (code === "EACCES") return `${error.message}: ports below 1024 need rights; choose another with --port`;
  return error.message;
}

try {
  await run();
} catch (error) {
  process.stderr.write(`${explained(error)}\n`);
  process.exitCode = 1;
}
