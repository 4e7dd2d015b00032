/**
 * Every environment variable of the engine: one schema that reads them, checks them, gives them their types and writes
 * the tables of the documentation. A variable that is not here does not exist.
 */
import { Type } from "typebox";
import { ENGINE_QUEUE_MAX, MAILBOX_DEPTH_MAX } from "../domain/limits.ts";
import { DECIMAL_PATTERN } from "../domain/money.ts";

export const NETWORKS = ["devnet", "nile", "shasta", "mainnet", "custom"] as const;
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "silent"] as const;

/** What one variable says about itself beside its type. `group` is its heading in the documentation. */
type About = {
  readonly group: Group;
  readonly description: string;
  readonly unit?: string;
  readonly secret?: true;
  /** Addresses whose path may hold a key: only their origin is shown. */
  readonly hidesPath?: true;
  /** Accepted so that an existing deployment starts unchanged; the reason is told at start. */
  readonly ignored?: string;
};

export const GROUPS = [
  "Service",
  "Storage and engine",
  "Network",
  "Devnet",
  "Fees",
  "Payouts",
  "Keys",
  "Build",
  "Ignored",
] as const;
type Group = (typeof GROUPS)[number];

type Range = { readonly default: number; readonly minimum: number; readonly maximum: number };

const wholeNumber = ({ minimum, maximum }: Omit<Range, "default">): string =>
  minimum === maximum ? String(minimum) : `a whole number from ${minimum} to ${maximum}`;
const integer = (range: Range, about: About) => Type.Integer({ ...range, ...about, expected: wholeNumber(range) });
const optionalInteger = ({ minimum, maximum }: Omit<Range, "default">, about: About) =>
  Type.Optional(Type.Integer({ minimum, maximum, ...about, expected: wholeNumber({ minimum, maximum }) }));
const ratio = (range: Range, about: About) =>
  Type.Number({ ...range, ...about, expected: `a number from ${range.minimum} to ${range.maximum}` });
const flag = (initial: boolean, about: About) =>
  Type.Boolean({ default: initial, ...about, expected: "true or false" });
const choice = <const T extends string[]>(values: readonly [...T], initial: T[number], about: About) =>
  Type.Enum([...values], { default: initial, ...about, expected: `one of ${values.join(", ")}` });
const text = (initial: string, about: About) =>
  Type.String({ default: initial, minLength: 1, ...about, expected: "a non-empty text" });
const optionalText = (rule: { readonly pattern: string; readonly expected: string }, about: About) =>
  Type.Optional(Type.String({ ...rule, ...about }));
const list = (rule: { readonly pattern: string; readonly expected: string }, about: About) =>
  Type.Array(Type.String({ pattern: rule.pattern }), { default: [], ...about, expected: rule.expected });
const amountRule = { pattern: DECIMAL_PATTERN, expected: "a decimal with at most 6 places, such as 12.5" } as const;
const amount = (initial: string, about: About) => Type.String({ default: initial, ...amountRule, ...about });
const optionalAmount = (about: About) => Type.Optional(Type.String({ ...amountRule, ...about }));

const anyText = { pattern: "^.+$", expected: "a non-empty text" } as const;
const keys = {
  // An item that is left out would move the keys after it to other nodes.
  pattern: "^\\s*[^,\\s][^,]*(,\\s*[^,\\s][^,]*)*$",
  expected: "one key, or one for each node with commas between them, where - is none and nothing is left out",
} as const;
const port = { minimum: 0, maximum: 65_535 } as const;
const nodeAddress = {
  pattern: "^https?://[^\\s,@?]+$",
  expected: "a comma-separated list of http:// or https:// addresses without a password",
} as const;

export const EnvironmentSchema = Type.Object({
  SERVICE_HOST: text("127.0.0.1", {
    group: "Service",
    description: "Address that the HTTP API listens on; 0.0.0.0 opens it to the network",
  }),
  SERVICE_PORT: integer(
    { default: 8091, ...port },
    {
      group: "Service",
      description: "Port of the HTTP API; when absent TRON_CLIENT_PORT is taken; 0 takes any free port",
    },
  ),
  TRON_CLIENT_PORT: optionalInteger(port, { group: "Service", description: "Older name of SERVICE_PORT, which wins" }),
  SERVICE_NAME: text("lucid-tron", { group: "Service", description: "Name of this instance in logs and /status" }),
  RATE_LIMIT_ENABLED: flag(true, {
    group: "Service",
    description: "Whether callers are limited; health probes never are",
  }),
  RATE_LIMIT_PER_TOKEN: integer(
    { default: 1_000, minimum: 1, maximum: 1_000_000 },
    { group: "Service", description: "Requests per second of one token; twice as many at once" },
  ),
  RATE_LIMIT_PER_ADDRESS: integer(
    { default: 20, minimum: 1, maximum: 1_000_000 },
    {
      group: "Service",
      description: "Requests per second of one address without a valid token; twice as many at once",
    },
  ),
  CORS_ORIGINS: list(
    {
      pattern: "^(\\*|https?://[^\\s/,]+)$",
      expected: "a comma-separated list of origins such as https://pay.example.com, or *",
    },
    { group: "Service", description: "Origins that a browser may call from; none unless set" },
  ),
  METRICS_ENABLED: flag(true, {
    group: "Service",
    description: "Adds memory, CPU and handles of the process to /metrics",
  }),
  LOG_LEVEL: choice(LOG_LEVELS, "info", { group: "Service", description: "Least severe line that is written" }),
  LOG_FILE: optionalText(anyText, {
    group: "Service",
    description: "File that log lines are appended to instead of standard output",
  }),
  WORKERS: integer(
    { default: 1, minimum: 1, maximum: 1 },
    { group: "Service", description: "Always 1: one process owns the store, and a second writer could pay twice" },
  ),

  DATA_DIR: text("./data", {
    group: "Storage and engine",
    description: "Folder of the store, the keys, the first token and the devnet's chain",
  }),
  MAILBOX_DEPTH: integer(
    { default: MAILBOX_DEPTH_MAX, minimum: 16, maximum: ENGINE_QUEUE_MAX },
    {
      group: "Storage and engine",
      unit: "messages",
      description: "Messages that may wait for one actor before it refuses",
    },
  ),

  TRON_NETWORK: choice(NETWORKS, "devnet", {
    group: "Network",
    description: "Chain to pay on; custom needs TRON_HTTP_ENDPOINT, TRON_GENESIS_ID and USDT_CONTRACT",
  }),
  TRON_HTTP_ENDPOINT: list(nodeAddress, {
    group: "Network",
    hidesPath: true,
    description: "Nodes in order of preference; none means the network's public node, or the embedded devnet",
  }),
  TRON_SOLIDITY_ENDPOINT: list(nodeAddress, {
    group: "Network",
    hidesPath: true,
    description: "Nodes for solidified reads in order of preference; unless set those of TRON_HTTP_ENDPOINT serve both",
  }),
  TRON_FINALITY_NODES: optionalInteger(
    { minimum: 1, maximum: 9 },
    {
      group: "Network",
      unit: "nodes",
      description:
        "Nodes that have to agree before a transaction counts as solidified or expired; 2 when nodes of two hosts are configured, otherwise 1; all addresses of one host count as one node, where this is set those of one host and port",
    },
  ),
  TRON_API_KEY: optionalText(keys, {
    group: "Network",
    secret: true,
    description:
      "Sent to the nodes as TRON-PRO-API-KEY; several, separated by commas, are for one node each, TRON_HTTP_ENDPOINT before TRON_SOLIDITY_ENDPOINT, with - for none",
  }),
  TRON_REQUESTS_PER_SECOND: optionalInteger(
    { minimum: 1, maximum: 10_000 },
    {
      group: "Network",
      description:
        "Requests that one key may make; at TronGrid 15, or 3 without a key, unless set; elsewhere learned from refusals",
    },
  ),
  TRON_REQUESTS_PER_DAY: optionalInteger(
    { minimum: 1_000, maximum: 1_000_000_000 },
    { group: "Network", description: "Requests that one key may make in a day (UTC); at TronGrid 100000 unless set" },
  ),
  TRON_PROXY: optionalText(
    {
      pattern: "^https?://[^\\s,]+$",
      expected: "an http:// or https:// address, with user:password@ if it wants them",
    },
    { group: "Network", secret: true, description: "HTTP proxy between the engine and its nodes; none unless set" },
  ),
  TRON_CA_FILE: optionalText(anyText, {
    group: "Network",
    description: "PEM file of an authority that nodes' certificates may come from, beside the public ones",
  }),
  TRON_CERT_FILE: optionalText(anyText, {
    group: "Network",
    description: "PEM file of the certificate that is shown to nodes; needs TRON_KEY_FILE",
  }),
  TRON_KEY_FILE: optionalText(anyText, {
    group: "Network",
    description: "PEM file of the private key of TRON_CERT_FILE, readable by the engine only",
  }),
  WATCH_WALLET_TRANSFERS: flag(false, {
    group: "Network",
    description:
      "Reads the receipts of every block and refreshes a wallet as soon as money that came to it is final; costs a request per block and node that has to agree",
  }),
  TRON_GENESIS_ID: optionalText(
    { pattern: "^[0-9a-f]{64}$", expected: "64 lower-case hex characters" },
    { group: "Network", description: "Id of block 0 that the nodes must have; known for the named networks" },
  ),
  USDT_CONTRACT: optionalText(
    { pattern: "^T[1-9A-HJ-NP-Za-km-z]{33}$", expected: "a TRON address of 34 characters starting with T" },
    { group: "Network", description: "USDT contract; known for the named networks" },
  ),
  TRON_TIMEOUT_MS: integer(
    { default: 10_000, minimum: 100, maximum: 120_000 },
    { group: "Network", unit: "ms", description: "Longest wait for one answer of a node" },
  ),
  TRON_CALL_BUDGET_MS: integer(
    { default: 60_000, minimum: 1_000, maximum: 600_000 },
    {
      group: "Network",
      unit: "ms",
      description: "Longest time for one read with all its nodes, repetitions and waits",
    },
  ),
  HEALTH_CHECK_INTERVAL: integer(
    { default: 60, minimum: 4, maximum: 3_600 },
    {
      group: "Network",
      unit: "s",
      description: "A node that nothing else is asked of is asked for its height at least this often",
    },
  ),
  TRON_MAX_RETRIES: integer(
    { default: 3, minimum: 0, maximum: 20 },
    { group: "Network", description: "Repetitions of a failed read before the call fails" },
  ),
  TRON_RETRY_BACKOFF: ratio(
    { default: 2, minimum: 1, maximum: 10 },
    { group: "Network", description: "Factor between two waits" },
  ),
  TRON_INITIAL_RETRY_DELAY: ratio(
    { default: 1, minimum: 0.01, maximum: 60 },
    { group: "Network", unit: "s", description: "Wait before the first repetition" },
  ),
  TRON_MAX_CONNECTION_RETRIES: integer(
    { default: 5, minimum: 0, maximum: 50 },
    { group: "Network", description: "Attempts to connect to a node before the next one is taken" },
  ),

  DEVNET_PORT: integer(
    { default: 9090, ...port },
    { group: "Devnet", description: "Port of the embedded devnet; 0 takes any free port" },
  ),
  DEVNET_BLOCK_MS: integer(
    { default: 1_000, minimum: 10, maximum: 60_000 },
    { group: "Devnet", unit: "ms", description: "Time between two blocks of the devnet; the chain itself has 3000" },
  ),
  DEVNET_SOLID_LAG: optionalInteger(
    { minimum: 0, maximum: 100 },
    {
      group: "Devnet",
      unit: "blocks",
      description: "Blocks between head and solidified head; follows from 27 witnesses unless set",
    },
  ),

  FEE_CAP_TRX: amount("40", { group: "Fees", unit: "TRX", description: "Most that one transfer may burn" }),
  FEE_HEADROOM_PERCENT: integer(
    { default: 25, minimum: 0, maximum: 500 },
    { group: "Fees", unit: "%", description: "Added to the energy estimate for the fee limit" },
  ),
  FEE_RESERVE_TRX: amount("15", {
    group: "Fees",
    unit: "TRX",
    description: "TRX kept aside per USDT transfer in flight",
  }),
  TX_EXPIRATION_SECONDS: integer(
    { default: 90, minimum: 30, maximum: 3_600 },
    {
      group: "Fees",
      unit: "s",
      description: "Life of a signed transaction; it can be replaced only after its end is solidified",
    },
  ),

  PAYOUT_MINIMUM_USDT: amount("10", { group: "Payouts", unit: "USDT", description: "Smallest payout" }),
  PAYOUT_MAXIMUM_USDT: optionalAmount({
    group: "Payouts",
    unit: "USDT",
    description: "Largest payout; no limit unless set",
  }),
  PAYOUT_DAILY_LIMIT_USDT: optionalAmount({
    group: "Payouts",
    unit: "USDT",
    description: "Most that one wallet pays in any 24 hours; no limit unless set",
  }),
  PAYOUT_APPROVAL_ABOVE_USDT: optionalAmount({
    group: "Payouts",
    unit: "USDT",
    description: "Payouts above this wait for an approval; none does unless set",
  }),

  WALLET_ENCRYPTION_KEY: optionalText(
    { pattern: "^.{32,}$", expected: "at least 32 characters, for example the output of: openssl rand -hex 32" },
    {
      group: "Keys",
      secret: true,
      description: "Encrypts the keys at rest; generated into DATA_DIR on the devnet, needed on every other network",
    },
  ),
  SIGNER_THREADS: integer(
    { default: 1, minimum: 1, maximum: 64 },
    { group: "Keys", description: "Worker threads that build and sign" },
  ),

  VERSION: optionalText(anyText, { group: "Build", description: "Version shown by /status" }),
  VCS_REF: optionalText(anyText, { group: "Build", description: "Commit shown by /status" }),
  BUILD_DATE: optionalText(anyText, { group: "Build", description: "Build time shown by /status" }),

  PAYOUT_ROUTER_PORT: optionalText(anyText, {
    group: "Ignored",
    description: "Port of the former payout router",
    ignored: "payouts are served at SERVICE_PORT",
  }),
  JWT_SECRET_KEY: optionalText(anyText, {
    group: "Ignored",
    secret: true,
    description: "Key of the former JWT tokens",
    ignored: "API tokens are random and stored hashed; nothing is signed with this key",
  }),
  MONGODB_URL: optionalText(anyText, {
    group: "Ignored",
    secret: true,
    description: "Former database",
    ignored: "everything is stored in DATA_DIR",
  }),
  REDIS_URL: optionalText(anyText, {
    group: "Ignored",
    secret: true,
    description: "Former cache",
    ignored: "everything is stored in DATA_DIR",
  }),
});
