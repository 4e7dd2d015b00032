/** What `npm run devnet` can be told, by flags and by the environment; a flag wins. */
import { parseArgs } from "node:util";
import type { AccountPlan } from "./dev-accounts.ts";
import type { DevnetOptions } from "./handle.ts";
import { imageAccounts } from "./http/admin/image-options.ts";
import { slotMsFrom } from "./http/admin/slot-words.ts";
import { SLOT_MS } from "./parameters.ts";
import { ACCOUNTS_MAX, DEFAULT_HD_PATH } from "./key-sets.ts";

type Option = {
  readonly flag: string;
  readonly takes: string;
  /** Names of environment variables that mean the same; those in small letters are the quickstart images'. */
  readonly env: readonly string[];
  readonly absent: string;
  readonly meaning: string;
};

export const OPTIONS = [
  {
    flag: "port",
    takes: "number",
    env: ["DEVNET_PORT"],
    absent: "9090",
    meaning: "port of everything; 0 takes any free one",
  },
  {
    flag: "host",
    takes: "address",
    env: ["DEVNET_HOST"],
    absent: "127.0.0.1",
    meaning: "address to listen on; 0.0.0.0 opens it to the network",
  },
  {
    flag: "data",
    takes: "folder",
    env: ["DEVNET_DATA"],
    absent: "in memory",
    meaning: "keeps the chain there and continues it at the next start",
  },
  {
    flag: "block-ms",
    takes: "ms|fast|manual|instant",
    env: ["DEVNET_BLOCK_MS"],
    absent: "3000",
    meaning:
      "wall-clock time between blocks; fast is 50; manual makes blocks only when told; instant at each broadcast. Chain time advances by 3 s per block in any case",
  },
  {
    flag: "witnesses",
    takes: "1..127",
    env: ["DEVNET_WITNESSES"],
    absent: "27, 1 with instant",
    meaning: "super representatives; with 27 the solidified block is 18 behind the head, with 1 it is the head",
  },
  {
    flag: "seed",
    takes: "text",
    env: ["DEVNET_SEED", "seed"],
    absent: "devnet",
    meaning: "decides every key and id",
  },
  {
    flag: "time",
    takes: "wall|ms",
    env: ["DEVNET_TIME"],
    absent: "wall",
    meaning:
      "wall: chain time begins at this machine's clock and keeps up with it; a number of ms: a new chain begins there and looks at no clock, so that the same calls give the same chain",
  },
  {
    flag: "accounts",
    takes: `0..${ACCOUNTS_MAX}`,
    env: ["accounts"],
    absent: "10",
    meaning: "how many funded accounts",
  },
  {
    flag: "balance",
    takes: "TRX",
    env: ["defaultBalance"],
    absent: "10000",
    meaning: "what each of them gets",
  },
  {
    flag: "mnemonic",
    takes: "words",
    env: ["mnemonic"],
    absent: "from the seed",
    meaning: "the words their keys come from",
  },
  {
    flag: "hd-path",
    takes: "path",
    env: ["hdPath"],
    absent: DEFAULT_HD_PATH,
    meaning: "where below the mnemonic",
  },
  {
    flag: "default-key",
    takes: "true|false",
    env: ["useDefaultPrivateKey"],
    absent: "false",
    meaning: "the first account is the one of the quickstart image",
  },
] as const satisfies readonly Option[];

type Flag = (typeof OPTIONS)[number]["flag"];

/** The caller is told how to ask. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

export const USAGE = `usage: npm run devnet -- ${OPTIONS.map(({ flag, takes }) => `[--${flag} ${takes}]`).join(" ")}`;

export function helpText(): string {
  const lines = OPTIONS.map((option: Option) => {
    const { flag, takes, env, absent, meaning } = option;
    return `  --${flag} ${takes}\n      ${meaning}\n      default ${absent}; environment ${env.join(" or ")}`;
  });
  return `A TRON network in one process, for development and tests.\n\n${USAGE}\n\n${lines.join("\n")}\n`;
}

/** `"help"` when that is what was asked for. Throws `UsageError`. */
export function optionsFrom(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): DevnetOptions | "help" {
  const flags = flagsOf(args);
  if (flags.get("help") !== undefined) return "help";
  const given = (flag: Flag): string | undefined => flags.get(flag) ?? fromEnvironment(flag, env);
  const [data, seed, witnesses] = [given("data"), given("seed"), given("witnesses")];
  if (data === "") throw new UsageError("--data must name a folder");
  return {
    port: whole("--port", given("port") ?? "9090", { min: 0, max: 65_535 }),
    host: given("host") ?? "127.0.0.1",
    slotMs: slotMsOf(given("block-ms") ?? "3000"),
    accounts: accountsOf(flags, env),
    ...timeOf(given("time") ?? "wall"),
    ...(data === undefined ? {} : { dataDir: data }),
    ...(seed === undefined ? {} : { seed }),
    ...(witnesses === undefined ? {} : { witnesses: whole("--witnesses", witnesses, { min: 1, max: 127 }) }),
  };
}

function flagsOf(args: readonly string[]): Map<string, string> {
  const options = Object.fromEntries(OPTIONS.map(({ flag }) => [flag, { type: "string" as const }]));
  try {
    const { values } = parseArgs({ args: [...args], options: { ...options, help: { type: "boolean", short: "h" } } });
    return new Map(Object.entries(values).map(([flag, value]) => [flag, String(value)]));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : "the arguments cannot be read");
  }
}

/** An empty variable counts as absent. */
function fromEnvironment(flag: Flag, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const names: readonly string[] = OPTIONS.find((option) => option.flag === flag)?.env ?? [];
  const name = names.find((each) => env[each] !== undefined && env[each] !== "");
  return name === undefined ? undefined : env[name];
}

function accountsOf(
  flags: ReadonlyMap<string, string>,
  env: Readonly<Record<string, string | undefined>>,
): AccountPlan {
  const [count, balance] = [flags.get("accounts"), flags.get("balance")];
  const [mnemonic, hdPath, defaultKey] = [flags.get("mnemonic"), flags.get("hd-path"), flags.get("default-key")];
  if (defaultKey !== undefined && defaultKey !== "true" && defaultKey !== "false") {
    throw new UsageError("--default-key must be true or false");
  }
  return {
    ...imageAccounts(env),
    ...(count === undefined ? {} : { count: whole("--accounts", count, { min: 0, max: ACCOUNTS_MAX }) }),
    ...(balance === undefined ? {} : { balanceSun: trx("--balance", balance) }),
    ...(mnemonic === undefined ? {} : { mnemonic }),
    ...(hdPath === undefined ? {} : { hdPath }),
    ...(defaultKey === undefined ? {} : { useDefaultPrivateKey: defaultKey === "true" }),
  };
}

function slotMsOf(text: string): DevnetOptions["slotMs"] {
  try {
    return slotMsFrom(text);
  } catch (error) {
    throw new UsageError(`--block-ms ${error instanceof Error ? error.message : "is wrong"}`);
  }
}

function timeOf(text: string): Pick<DevnetOptions, "wallClock" | "genesisTimestamp"> {
  if (text === "wall") return { wallClock: true };
  const genesisTimestamp = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (genesisTimestamp % SLOT_MS === 0 && genesisTimestamp > 0) return { genesisTimestamp };
  throw new UsageError(`--time must be wall, or ms since 1970 and a multiple of ${SLOT_MS}`);
}

function whole(name: string, text: string, range: { min: number; max: number }): number {
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= range.min && value <= range.max)) throw new UsageError(`${name} must be ${range.min} to ${range.max}`);
  return value;
}

/** Sun of a number of whole TRX. */
function trx(name: string, text: string): bigint {
  return BigInt(whole(name, text, { min: 1, max: 999_999_999 })) * 1_000_000n;
}
