import { parseArgs } from "node:util";
import { Stop } from "./stop.ts";

export const USAGE = `usage: npm run demo [-- [file.csv] [options]]

  file.csv          columns line_id,address,amount (USDT); examples/payouts.csv unless given
  --wallet <id>     wallet that pays; the devnet's treasury unless given
  --url <url>       engine to use; http://127.0.0.1:8091, or one that is started for the run
  --node <url>      TRON node that the result is checked against; the engine's first one unless given
  --wait <minutes>  how long to wait without any progress (15)
  --again           pay lines that an earlier file with the same line_id, address and amount has already paid

environment: those of the engine; LUCID_TOKEN, or DATA_DIR/first-token

exit codes
  0  every payout is in a solidified block and every balance grew by exactly its amount
  1  an error that should not happen
  2  the command or the configuration is wrong
  3  the file is wrong; nothing was sent
  4  the engine cannot be reached, or refused the order; it says so when the order was sent before
  5  a payout ended without being paid
  6  the chain does not show what was ordered
  7  payouts are still on their way; run the same command again to go on waiting
`;

export const EXIT = { ok: 0, bug: 1, usage: 2, file: 3, engine: 4, unpaid: 5, mismatch: 6, waiting: 7 } as const;

export type DemoOptions = {
  readonly file: string | undefined;
  readonly wallet: string | undefined;
  readonly url: string | undefined;
  readonly node: string | undefined;
  readonly waitMs: number;
  readonly again: boolean;
};

/** Throws `Stop` for anything that is not in the usage; `undefined` when help was asked for. */
export function readOptions(args: readonly string[]): DemoOptions | undefined {
  const { values, positionals } = parse(args);
  if (values.help === true) return undefined;
  if (positionals.length > 1) throw new Stop(EXIT.usage, `one file at a time, please\n\n${USAGE}`);
  const minutes = values.wait === undefined ? 15 : Number(values.wait);
  if (!(minutes > 0 && minutes <= 10_080))
    throw new Stop(EXIT.usage, `--wait must be a number of minutes from 0 to 10080\n\n${USAGE}`);
  return {
    file: positionals[0],
    wallet: values.wallet,
    url: address("--url", values.url),
    node: address("--node", values.node),
    waitMs: minutes * 60_000,
    again: values.again === true,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        wallet: { type: "string" },
        url: { type: "string" },
        node: { type: "string" },
        wait: { type: "string" },
        again: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new Stop(EXIT.usage, `${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

function address(name: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new Stop(EXIT.usage, `${name} must be an http address`);
  const { username, password } = new URL(text);
  if (username !== "" || password !== "")
    throw new Stop(EXIT.usage, `${name} takes no name and no password\n\n${USAGE}`);
  return text.replace(/\/+$/, "");
}
