/** The devnet on its own: `node src/devnet/main.ts --port 9090 [--data dir] [--slot-ms 3000] [--host 127.0.0.1]`. */
import { parseArgs } from "node:util";
import { isFault } from "../domain/errors.ts";
import { startDevnet } from "./devnet.ts";
import type { Devnet, DevnetOptions } from "./handle.ts";

const USAGE =
  "usage: node src/devnet/main.ts [--port 9090] [--host 127.0.0.1] [--data dir] [--slot-ms 3000] [--seed text]";

function optionsFrom(args: string[]): DevnetOptions {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: "string", default: "9090" },
      host: { type: "string", default: "127.0.0.1" },
      data: { type: "string" },
      "slot-ms": { type: "string", default: "3000" },
      seed: { type: "string" },
    },
  });
  const port = wholeNumber("--port", values.port, { min: 0, max: 65_535 });
  const slotMs = wholeNumber("--slot-ms", values["slot-ms"], { min: 1, max: 3_600_000 });
  return {
    port,
    host: values.host,
    slotMs,
    ...(values.data === undefined ? {} : { dataDir: values.data }),
    ...(values.seed === undefined ? {} : { seed: values.seed }),
  };
}

function wholeNumber(name: string, text: string, range: { min: number; max: number }): number {
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= range.min && value <= range.max)) throw new RangeError(`${name} must be ${range.min} to ${range.max}`);
  return value;
}

function announce(devnet: Devnet): void {
  process.stdout.write(
    `TRON devnet on ${devnet.url}\n  genesis ${devnet.genesisId}\n  USDT    ${devnet.usdtContract}\n` +
      `  head    ${devnet.ledger.headNumber()}, solidified ${devnet.ledger.solidNumber()}\n`,
  );
}

try {
  const devnet = await startDevnet(optionsFrom(process.argv.slice(2)));
  announce(devnet);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void devnet.close());
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${message}\n${isFault(error) ? "" : `${USAGE}\n`}`);
  process.exitCode = 1;
}
