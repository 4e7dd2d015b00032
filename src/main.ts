/** Start, signals, exit code; nothing else. */
import { enableCompileCache } from "node:module";
import type { Program } from "./compose.ts";
import { isFault } from "./domain/errors.ts";

const [major = 0] = process.versions.node.split(".").map(Number);
if (major < 24) {
  console.error(
    `lucid-tron needs Node 24 or newer, this is ${process.version}. Run it with "npm start", which brings its own.`,
  );
  process.exit(78);
}
enableCompileCache();
const [{ startProgram }, { loadConfig }, { createLogger }, { banner }] = await Promise.all([
  import("./compose.ts"),
  import("./operations/config.ts"),
  import("./operations/logger.ts"),
  import("./composition/banner.ts"),
]);

/**
 * 78: the configuration or the data directory is wrong; a person has to look. 75: no node could be reached; a later start
 * may. 70: the store failed; start again from disk.
 */
const EXIT = { configuration: 78, later: 75, fatal: 70 } as const;
const LATER: ReadonlySet<string> = new Set(["chain_unavailable", "chain_timeout", "chain_busy"]);
const stopped = new AbortController();

try {
  const config = loadConfig(process.env);
  const logger = createLogger({ level: config.log.level, file: config.log.file, name: config.service.name });
  for (const notice of config.notices) logger.warn({}, notice);
  const onFatal = (error: unknown) => {
    try {
      logger.error({ error: String(error) }, "the store failed; ending so that nothing runs ahead of the disk");
      logger.flush();
    } finally {
      process.exit(EXIT.fatal);
    }
  };
  const started: { program?: Program } = {};
  const end = async (running: Program) => {
    await running.stop();
    logger.flush();
    process.exit(0);
  };
  // Before the start, so that a signal in the middle of it still ends in order.
  const stop = (signal: string) => {
    if (stopped.signal.aborted) process.exit(1);
    stopped.abort();
    logger.info({ signal }, "stopping");
    if (started.program !== undefined) void end(started.program);
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  // The engine's timers keep no process alive; until the server listens, while nodes are asked again, this one does.
  const starting = setInterval(() => {}, 60_000);
  const program = await startProgram({ config, logger, onFatal, signal: stopped.signal });
  clearInterval(starting);
  started.program = program;
  if (stopped.signal.aborted) await end(program);
  console.log(banner(program));
} catch (error) {
  if (stopped.signal.aborted && isFault(error) && error.code === "not_ready") process.exit(0);
  console.error(isFault(error) ? `lucid-tron cannot start: ${error.code}: ${error.message}` : error);
  process.exit(isFault(error) && LATER.has(error.code) ? EXIT.later : EXIT.configuration);
}
