/**
 * Reads the environment once, at start. Either every variable is right, or the process ends with one fault that names
 * every wrong one and says what to write instead. Nothing else reads `process.env`.
 */
import { Type, type Static, type TSchema } from "typebox";
import { Value } from "typebox/value";
import { Fault } from "../domain/errors.ts";
import { isLess, parseDecimal, type Units, ZERO } from "../domain/money.ts";
import { EnvironmentSchema, GROUPS } from "./environment.ts";
import { nodeRelations, nodesToAgree, type VoicePart } from "./node-config.ts";
import { SecretText } from "./secret-text.ts";

type Environment = Readonly<Record<string, string | undefined>>;
type Values = Static<typeof EnvironmentSchema>;

/** Amounts in base units, times in ms, secrets wrapped. */
export type Config = {
  readonly service: {
    readonly host: string;
    readonly port: number;
    readonly name: string;
    readonly corsOrigins: readonly string[];
    readonly metricsEnabled: boolean;
    /** Requests per second. Undefined: callers are not limited. */
    readonly rateLimits: { readonly perToken: number; readonly perAddress: number } | undefined;
  };
  readonly build: {
    readonly version: string | undefined;
    readonly vcsRef: string | undefined;
    readonly buildDate: string | undefined;
  };
  readonly log: { readonly level: Values["LOG_LEVEL"]; readonly file: string | undefined };
  readonly dataDir: string;
  readonly engine: { readonly mailboxDepth: number };
  readonly chain: {
    readonly network: Values["TRON_NETWORK"];
    /** Empty: the network's own node. */
    readonly endpoints: readonly string[];
    /** Nodes that have to agree about what is final. */
    readonly finalityNodes: number;
    /** Which part of an address tells whose word it is. */
    readonly voiceIs: VoicePart;
    /** Whether money that comes to the engine's wallets is looked for in blocks. */
    readonly watchWallets: boolean;
    /** Empty: `endpoints` serve both. */
    readonly solidityEndpoints: readonly string[];
    /** Empty, one for all nodes, or one per node: `endpoints` before `solidityEndpoints`. */
    readonly apiKeys: readonly (SecretText | undefined)[];
    /** Per key; `undefined`: what is known about the provider. */
    readonly requestsPerSecond: number | undefined;
    readonly requestsPerDay: number | undefined;
    readonly proxy: SecretText | undefined;
    readonly caFile: string | undefined;
    readonly certFile: string | undefined;
    readonly keyFile: string | undefined;
    /** `undefined`: the one known for the network. */
    readonly genesisId: string | undefined;
    readonly usdtContract: string | undefined;
    readonly timeoutMs: number;
    readonly callBudgetMs: number;
    readonly healthCheckMs: number;
    readonly maxRetries: number;
    readonly retryBackoff: number;
    readonly initialRetryDelayMs: number;
    readonly maxConnectionRetries: number;
  };
  readonly devnet: { readonly port: number; readonly blockMs: number; readonly solidLag: number | undefined };
  readonly fees: {
    readonly capSun: Units;
    readonly headroomPercent: number;
    readonly reserveSun: Units;
    readonly expirationMs: number;
  };
  readonly payouts: {
    readonly minimum: Units;
    readonly maximum: Units | undefined;
    readonly dailyLimit: Units | undefined;
    readonly approvalAbove: Units | undefined;
  };
  readonly keys: { readonly walletEncryptionKey: SecretText | undefined; readonly signerThreads: number };
  /** One entry per variable, safe to show: secrets say "[set]". */
  readonly settings: readonly Setting[];
  /** Sentences for the log at start: what was ignored, misspelt or dangerous. */
  readonly notices: readonly string[];
};

export type Setting = { readonly name: string; readonly value: unknown; readonly source: "default" | "environment" };

/** One variable as the documentation shows it. */
export type Variable = {
  readonly name: string;
  readonly group: string;
  readonly expected: string;
  /** Text that has the same effect as leaving the variable out; `undefined`: nothing has. */
  readonly defaultText: string | undefined;
  readonly unit: string | undefined;
  readonly secret: boolean;
  readonly ignored: string | undefined;
  readonly description: string;
};

/** Throws `Fault("config_invalid")`, whose message lists every wrong variable. Never shows the value of a secret. */
export function loadConfig(environment: Environment): Config {
  const present = withoutEmpty(environment);
  const read = variables.map((variable) => readVariable(variable, present[variable.name]));
  const values: unknown = Object.fromEntries(
    read.filter(({ value }) => value !== undefined).map(({ name, value }) => [name, value]),
  );
  const wrong = read.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
  if (wrong.length > 0 || !Value.Check(EnvironmentSchema, values)) throw invalid(wrong);
  const config = { ...shape(values, present), settings: read.map((setting) => show(setting, present)) };
  const contradictions = relations(config);
  if (contradictions.length > 0) throw invalid(contradictions);
  return config;
}

/** Every variable in the order of the documentation. */
export function describeConfig(): Variable[] {
  return GROUPS.flatMap((group) => variables.filter((variable) => variable.about.group === group)).map(
    ({ name, about }) => ({
      name,
      group: about.group,
      expected: about.expected,
      defaultText: about.default === undefined || isEmptyList(about.default) ? undefined : showText(about.default),
      unit: about.unit,
      secret: about.secret === true,
      ignored: about.ignored,
      description: about.description,
    }),
  );
}

/** Body of GET /config: every variable with its source; a secret is "[set]" or null. */
export function redactConfig(config: Config): { settings: readonly Setting[]; notices: readonly string[] } {
  return { settings: config.settings, notices: config.notices };
}

const AboutSchema = Type.Object({
  type: Type.Optional(Type.Enum(["string", "integer", "number", "boolean", "array"])),
  default: Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Array(Type.String())])),
  group: Type.String(),
  description: Type.String(),
  expected: Type.String(),
  unit: Type.Optional(Type.String()),
  secret: Type.Optional(Type.Boolean()),
  hidesPath: Type.Optional(Type.Boolean()),
  ignored: Type.Optional(Type.String()),
});
type About = Static<typeof AboutSchema>;
type Entry = { readonly name: string; readonly schema: TSchema; readonly about: About };

const variables: readonly Entry[] = Object.entries<TSchema>(EnvironmentSchema.properties).map(([name, schema]) => {
  const about: unknown = schema;
  if (!Value.Check(AboutSchema, about)) throw new Error(`${name} does not describe itself`);
  return { name, schema, about };
});

/** An empty variable counts as absent. SERVICE_PORT falls back to its older name before its default. */
function withoutEmpty(environment: Environment): Environment {
  const present = Object.entries(environment).filter(([, text]) => text !== undefined && text.trim() !== "");
  const named = Object.fromEntries(present);
  const port = named["SERVICE_PORT"] ?? named["TRON_CLIENT_PORT"];
  return port === undefined ? named : { ...named, SERVICE_PORT: port };
}

/** A decimal can fit the pattern and still be more than an int64 of base units. */
function isAmount(about: About): boolean {
  return about.unit === "TRX" || about.unit === "USDT";
}

type Read = {
  readonly name: string;
  readonly value: unknown;
  readonly secret: boolean;
  readonly hidesPath: boolean;
  readonly problem?: string;
};

function readVariable({ name, schema, about }: Entry, text: string | undefined): Read {
  const read = { name, secret: about.secret === true, hidesPath: about.hidesPath === true };
  if (text === undefined) return { ...read, value: about.default };
  const value = parse(about, text.trim());
  if (value !== undefined && Value.Check(schema, value)) return { ...read, value };
  const shown = read.secret || read.hidesPath ? "" : `is "${text}"; `;
  return {
    ...read,
    value: undefined,
    problem: `${name}: ${shown}write ${about.expected}${about.unit === undefined ? "" : ` (${about.unit})`}. ${about.description}.`,
  };
}

/** `undefined` when the text is not of the variable's type at all. */
function parse(about: About, text: string): unknown {
  switch (about.type) {
    case "integer":
      return /^-?[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
    case "number":
      return /^[0-9]{1,9}(\.[0-9]{1,9})?$/.test(text) ? Number(text) : undefined;
    case "boolean":
      return { true: true, false: false }[text.toLowerCase()];
    case "array":
      return text
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "");
    case "string":
      return isAmount(about) && parseDecimal(text) === undefined ? undefined : text;
    case undefined:
      return text.toLowerCase();
  }
}

function show({ name, value, secret: isSecret, hidesPath }: Read, present: Environment): Setting {
  const source = present[name] === undefined ? "default" : "environment";
  if (isSecret && source === "environment") return { name, value: "[set]", source };
  const shown = hidesPath && Array.isArray(value) ? value.map((url) => originOf(String(url))) : (value ?? null);
  return { name, value: shown, source };
}

/** Providers put keys into paths. */
function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return "[set]";
  return url.pathname === "/" ? url.origin : `${url.origin}/[set]`;
}

function shape(values: Values, present: Environment): Omit<Config, "settings"> {
  return {
    service: {
      host: values.SERVICE_HOST,
      port: values.SERVICE_PORT,
      name: values.SERVICE_NAME,
      corsOrigins: values.CORS_ORIGINS,
      metricsEnabled: values.METRICS_ENABLED,
      rateLimits: values.RATE_LIMIT_ENABLED
        ? { perToken: values.RATE_LIMIT_PER_TOKEN, perAddress: values.RATE_LIMIT_PER_ADDRESS }
        : undefined,
    },
    build: { version: values.VERSION, vcsRef: values.VCS_REF, buildDate: values.BUILD_DATE },
    log: { level: values.LOG_LEVEL, file: values.LOG_FILE },
    dataDir: values.DATA_DIR,
    engine: { mailboxDepth: values.MAILBOX_DEPTH },
    chain: chainOf(values),
    devnet: { port: values.DEVNET_PORT, blockMs: values.DEVNET_BLOCK_MS, solidLag: values.DEVNET_SOLID_LAG },
    fees: {
      capSun: toUnits(values.FEE_CAP_TRX),
      headroomPercent: values.FEE_HEADROOM_PERCENT,
      reserveSun: toUnits(values.FEE_RESERVE_TRX),
      expirationMs: values.TX_EXPIRATION_SECONDS * 1_000,
    },
    payouts: {
      minimum: toUnits(values.PAYOUT_MINIMUM_USDT),
      maximum: optionalUnits(values.PAYOUT_MAXIMUM_USDT),
      dailyLimit: optionalUnits(values.PAYOUT_DAILY_LIMIT_USDT),
      approvalAbove: optionalUnits(values.PAYOUT_APPROVAL_ABOVE_USDT),
    },
    keys: { walletEncryptionKey: secret(values.WALLET_ENCRYPTION_KEY), signerThreads: values.SIGNER_THREADS },
    notices: notices(values, present),
  };
}

function chainOf(values: Values): Config["chain"] {
  return {
    network: values.TRON_NETWORK,
    endpoints: values.TRON_HTTP_ENDPOINT,
    solidityEndpoints: values.TRON_SOLIDITY_ENDPOINT,
    finalityNodes: values.TRON_FINALITY_NODES ?? nodesToAgree(values.TRON_SOLIDITY_ENDPOINT, values.TRON_HTTP_ENDPOINT),
    voiceIs: values.TRON_FINALITY_NODES === undefined ? "hostname" : "host",
    watchWallets: values.WATCH_WALLET_TRANSFERS,
    apiKeys: (values.TRON_API_KEY?.split(",") ?? [])
      .map((key) => key.trim())
      .map((key) => (key === "-" ? undefined : new SecretText(key))),
    requestsPerSecond: values.TRON_REQUESTS_PER_SECOND,
    requestsPerDay: values.TRON_REQUESTS_PER_DAY,
    proxy: secret(values.TRON_PROXY),
    caFile: values.TRON_CA_FILE,
    certFile: values.TRON_CERT_FILE,
    keyFile: values.TRON_KEY_FILE,
    genesisId: values.TRON_GENESIS_ID,
    usdtContract: values.USDT_CONTRACT,
    timeoutMs: values.TRON_TIMEOUT_MS,
    callBudgetMs: values.TRON_CALL_BUDGET_MS,
    healthCheckMs: values.HEALTH_CHECK_INTERVAL * 1_000,
    maxRetries: values.TRON_MAX_RETRIES,
    retryBackoff: values.TRON_RETRY_BACKOFF,
    initialRetryDelayMs: values.TRON_INITIAL_RETRY_DELAY * 1_000,
    maxConnectionRetries: values.TRON_MAX_CONNECTION_RETRIES,
  };
}

/** What no single variable can know: each sentence names the variables and the way out. */
function relations(config: Config): string[] {
  const { chain, devnet, fees, payouts, service, keys } = config;
  const wrong: string[] = [];
  if (chain.network === "custom") {
    if (chain.endpoints.length === 0)
      wrong.push("TRON_HTTP_ENDPOINT: TRON_NETWORK is custom; write the address of a node.");
    if (chain.genesisId === undefined)
      wrong.push("TRON_GENESIS_ID: TRON_NETWORK is custom; write the id of its block 0.");
    if (chain.usdtContract === undefined)
      wrong.push("USDT_CONTRACT: TRON_NETWORK is custom; write the address of its USDT contract.");
  }
  wrong.push(...nodeRelations(chain));
  if (chain.network !== "devnet" && keys.walletEncryptionKey === undefined) {
    wrong.push(
      `WALLET_ENCRYPTION_KEY: needed on ${chain.network}; write the output of: openssl rand -hex 32. It is never generated where money is real.`,
    );
  }
  if (keys.walletEncryptionKey !== undefined && isExample(keys.walletEncryptionKey.reveal())) {
    wrong.push(
      "WALLET_ENCRYPTION_KEY: this is an example or a repeated character; write the output of: openssl rand -hex 32.",
    );
  }
  if (chain.network === "devnet" && chain.endpoints.length === 0 && devnet.port === service.port && devnet.port !== 0) {
    wrong.push(`DEVNET_PORT: ${devnet.port} is also the port of the API; write another.`);
  }
  if (fees.capSun === ZERO) wrong.push("FEE_CAP_TRX: at 0 no payout is possible; write more.");
  for (const [name, limit] of [
    ["PAYOUT_MAXIMUM_USDT", payouts.maximum],
    ["PAYOUT_DAILY_LIMIT_USDT", payouts.dailyLimit],
  ] as const) {
    if (limit !== undefined && isLess(limit, payouts.minimum))
      wrong.push(`${name}: below PAYOUT_MINIMUM_USDT, so that no payout is possible; write more.`);
  }
  return wrong;
}

function notices(values: Values, present: Environment): string[] {
  const ignored = variables.flatMap(({ name, about }) =>
    about.ignored !== undefined && present[name] !== undefined ? [`${name} is ignored: ${about.ignored}`] : [],
  );
  const known = new Set(variables.map(({ name }) => name));
  const misspelt = Object.keys(present)
    .filter((name) => /^(TRON|PAYOUT|DEVNET|FEE|WALLET|USDT|SIGNER)_/.test(name) && !known.has(name))
    .map((name) => `${name} is not a variable of this engine and has no effect`);
  const open = values.CORS_ORIGINS.includes("*")
    ? ["CORS_ORIGINS is *: any web page may call this API from its visitors' browsers"]
    : [];
  return [...ignored, ...misspelt, ...open];
}

const exampleWords = /change.?me|example|password|secret|default|placeholder/i;

function isExample(text: string): boolean {
  return exampleWords.test(text) || new Set(text).size < 5;
}

function invalid(problems: readonly string[]): Fault {
  return new Fault(
    "config_invalid",
    ["The configuration is invalid:", ...problems.map((problem) => `  - ${problem}`)].join("\n"),
    {
      evidence: { problems },
    },
  );
}

function secret(text: string | undefined): SecretText | undefined {
  return text === undefined ? undefined : new SecretText(text);
}

function toUnits(text: string): Units {
  const value = parseDecimal(text);
  if (value === undefined) throw invalid([`${text} is more than a TRON amount can hold`]);
  return value;
}

function optionalUnits(text: string | undefined): Units | undefined {
  return text === undefined ? undefined : toUnits(text);
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function showText(value: string | number | boolean | readonly string[]): string {
  return Array.isArray(value) ? value.join(",") : String(value);
}
