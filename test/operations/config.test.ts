import fc from "fast-check";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { isFault } from "../../src/domain/errors.ts";
import { describeConfig, loadConfig, redactConfig } from "../../src/operations/config.ts";

const strongKey = "6f1d3b8a90c2e4f5a7b6c8d9e0f1a2b3";

function messageOf(environment: Record<string, string>): string {
  try {
    loadConfig(environment);
  } catch (error) {
    if (isFault(error) && error.code === "config_invalid") return error.message;
    throw error;
  }
  throw new Error("the configuration was accepted");
}

describe("an empty environment", () => {
  test("gives the devnet on this machine with the documented amounts", () => {
    const config = loadConfig({});
    expect(config.service).toMatchObject({ host: "127.0.0.1", port: 8091, corsOrigins: [] });
    expect(config.chain).toMatchObject({
      network: "devnet",
      maxRetries: 3,
      retryBackoff: 2,
      initialRetryDelayMs: 1_000,
      maxConnectionRetries: 5,
    });
    expect(config.fees).toEqual({
      capSun: "40000000",
      reserveSun: "15000000",
      headroomPercent: 25,
      expirationMs: 90_000,
    });
    expect(config.payouts).toEqual({
      minimum: "10000000",
      maximum: undefined,
      dailyLimit: undefined,
      approvalAbove: undefined,
    });
    expect(config.devnet).toEqual({ port: 9090, blockMs: 1_000, solidLag: undefined });
    expect(config.notices).toEqual([]);
  });

  test("limits callers, as it was told, or not at all", () => {
    expect(loadConfig({}).service.rateLimits).toEqual({ perToken: 1_000, perAddress: 20 });
    const own = { RATE_LIMIT_PER_TOKEN: "7", RATE_LIMIT_PER_ADDRESS: "3" };
    expect(loadConfig(own).service.rateLimits).toEqual({ perToken: 7, perAddress: 3 });
    expect(loadConfig({ ...own, RATE_LIMIT_ENABLED: "false" }).service.rateLimits).toBeUndefined();
    expect(messageOf({ RATE_LIMIT_PER_TOKEN: "0" })).toContain("RATE_LIMIT_PER_TOKEN");
  });

  test("counts an empty variable as absent", () => {
    expect(loadConfig({ SERVICE_PORT: "", TRON_API_KEY: "  " })).toEqual(loadConfig({}));
  });
});

describe("the nodes", () => {
  const nodes = { TRON_HTTP_ENDPOINT: "http://a:8090,http://b:8090", TRON_SOLIDITY_ENDPOINT: "http://a:8091" };

  test("have one key for all, or one each", () => {
    const keys = (text: string) =>
      loadConfig({ ...nodes, TRON_API_KEY: text }).chain.apiKeys.map((key) => key?.reveal());
    expect(keys("only")).toEqual(["only"]);
    expect(keys("one, - ,three")).toEqual(["one", undefined, "three"]);
    expect(messageOf({ ...nodes, TRON_API_KEY: "one,two" })).toMatch(/TRON_API_KEY: 2 keys for 3 nodes/);
    for (const text of [",canary", "canary,", "one,,canary", "one, ,canary", ","]) {
      const message = messageOf({ ...nodes, TRON_API_KEY: text });
      expect(message).toContain("TRON_API_KEY: write one key");
      expect(message).not.toContain("canary");
    }
  });

  test("nodes of two hosts have to agree unless it is said otherwise; two ports of one host are one opinion", () => {
    const agree = (environment: Record<string, string>) => loadConfig(environment).chain.finalityNodes;
    const [a, b] = ["http://a.example:8090", "http://b.example:8090"];
    expect(agree({})).toBe(1);
    expect(agree({ TRON_HTTP_ENDPOINT: a })).toBe(1);
    expect(agree({ TRON_HTTP_ENDPOINT: `${a},${b},http://c.example` })).toBe(2);
    expect(agree({ TRON_HTTP_ENDPOINT: `${a},http://a.example:8091` })).toBe(1);
    expect(agree({ TRON_HTTP_ENDPOINT: `${a},${b}`, TRON_SOLIDITY_ENDPOINT: "http://a.example:8091" })).toBe(1);
    expect(agree({ TRON_HTTP_ENDPOINT: `${a},${b}`, TRON_FINALITY_NODES: "1" })).toBe(1);
    expect(agree({ TRON_HTTP_ENDPOINT: `${a},http://a.example:8091`, TRON_FINALITY_NODES: "2" })).toBe(2);
    expect(messageOf({ TRON_HTTP_ENDPOINT: a, TRON_FINALITY_NODES: "2" })).toMatch(
      /TRON_FINALITY_NODES: 2 nodes cannot agree where 1 can be asked/,
    );
  });

  test.each([
    [{ TRON_HTTP_ENDPOINT: "http://a:8090,http://a:8090" }, /TRON_HTTP_ENDPOINT: an address is there twice/],
    [{ TRON_HTTP_ENDPOINT: "https://a,https://A/,https://b" }, /TRON_HTTP_ENDPOINT: an address is there twice/],
    [{ TRON_HTTP_ENDPOINT: "https://a:443/k/,https://a/k" }, /TRON_HTTP_ENDPOINT: an address is there twice/],
    [
      { TRON_HTTP_ENDPOINT: "https://a/KEY1,https://a/KEY2", TRON_FINALITY_NODES: "2" },
      /TRON_FINALITY_NODES: 2 nodes cannot agree where 1 can be asked/,
    ],
    [{ TRON_HTTP_ENDPOINT: "http://a:99999" }, /TRON_HTTP_ENDPOINT: address 1 is not one/],
    [{ TRON_SOLIDITY_ENDPOINT: "http://a:8091" }, /TRON_SOLIDITY_ENDPOINT: the embedded devnet serves both/],
    [{ TRON_CERT_FILE: "cert.pem" }, /TRON_CERT_FILE: it belongs together with TRON_KEY_FILE/],
    [{ TRON_PROXY: "socks5://proxy:1080" }, /TRON_PROXY: write an http/],
    [{ TRON_REQUESTS_PER_SECOND: "0" }, /TRON_REQUESTS_PER_SECOND: is "0"; write/],
  ])("%j is refused", (environment, message) => {
    expect(messageOf(environment)).toMatch(message);
  });

  test("never show what may be a key: the path of an address, a proxy's password, a refused address", () => {
    const canary = "canary-4f1d";
    const shown = JSON.stringify([
      redactConfig(
        loadConfig({
          TRON_HTTP_ENDPOINT: `https://node.example/${canary}/jsonrpc`,
          TRON_PROXY: `http://user:${canary}@proxy:3128`,
          TRON_API_KEY: `${canary}`,
        }),
      ),
      messageOf({ TRON_HTTP_ENDPOINT: `https://user:${canary}@node.example` }),
      messageOf({ TRON_PROXY: `ftp://user:${canary}@proxy:3128` }),
    ]);
    expect(shown).not.toContain(canary);
    expect(shown).toContain("https://node.example/[set]");
  });
});

describe("the port of the API", () => {
  test.each([
    [{ SERVICE_PORT: "1", TRON_CLIENT_PORT: "2" }, 1],
    [{ TRON_CLIENT_PORT: "2" }, 2],
    [{ PAYOUT_ROUTER_PORT: "8092" }, 8091],
    [{}, 8091],
  ])("%j gives %i", (environment, port) => {
    const config = loadConfig(environment);
    expect(config.service.port).toBe(port);
    expect(redactConfig(config).settings.find(({ name }) => name === "SERVICE_PORT")?.value).toBe(port);
  });
});

describe("a wrong environment", () => {
  test("is reported with every wrong variable and what to write instead", () => {
    const message = messageOf({ SERVICE_PORT: "80a", WORKERS: "4", FEE_CAP_TRX: "1.1234567", TRON_NETWORK: "main" });
    for (const sentence of [
      'SERVICE_PORT: is "80a"; write a whole number from 0 to 65535',
      'WORKERS: is "4"; write 1',
      'FEE_CAP_TRX: is "1.1234567"; write a decimal',
      'TRON_NETWORK: is "main"; write one of devnet',
    ]) {
      expect(message).toContain(sentence);
    }
  });

  test.each([
    ["SERVICE_PORT", "65536"],
    ["SERVICE_PORT", "-1"],
    ["SERVICE_PORT", "80.5"],
    ["SERVICE_PORT", "0x50"],
    ["SERVICE_PORT", "1e3"],
    ["WORKERS", "2"],
    ["WORKERS", "0"],
    ["TX_EXPIRATION_SECONDS", "29"],
    ["TX_EXPIRATION_SECONDS", "3601"],
    ["METRICS_ENABLED", "yes"],
    ["LOG_LEVEL", "loud"],
    ["TRON_RETRY_BACKOFF", "-2"],
    ["TRON_RETRY_BACKOFF", "NaN"],
    ["PAYOUT_MINIMUM_USDT", "-10"],
    ["PAYOUT_MINIMUM_USDT", "1e3"],
    ["PAYOUT_MAXIMUM_USDT", "9999999999999"],
    ["FEE_CAP_TRX", "0,5"],
    ["FEE_CAP_TRX", "0"],
    ["FEE_CAP_TRX", "0.000"],
    ["TRON_HTTP_ENDPOINT", "ftp://node"],
    ["TRON_HTTP_ENDPOINT", "http://user:pass@node"],
    ["TRON_GENESIS_ID", "00"],
    ["USDT_CONTRACT", "0x41"],
    ["CORS_ORIGINS", "https://a/b"],
    ["WALLET_ENCRYPTION_KEY", "short"],
  ])("%s=%s is refused by name", (name, text) => {
    expect(messageOf({ [name]: text })).toContain(`${name}: `);
  });

  test("never shows the value of a secret, right or wrong", () => {
    expect(messageOf({ WALLET_ENCRYPTION_KEY: "canary-key" })).not.toContain("canary-key");
    const environment = {
      WALLET_ENCRYPTION_KEY: strongKey,
      TRON_API_KEY: "canary-api",
      MONGODB_URL: "mongodb://canary",
      JWT_SECRET_KEY: "canary-jwt",
    };
    const config = loadConfig(environment);
    const shown = [
      JSON.stringify(config),
      inspect(config, { depth: 9, showHidden: true }),
      JSON.stringify(redactConfig(config)),
      String(config.chain.apiKeys),
    ].join();
    expect(shown).not.toMatch(/canary|6f1d3b8a/);
    expect(config.keys.walletEncryptionKey?.reveal()).toBe(strongKey);
  });
});

describe("variables that depend on each other", () => {
  test.each([
    ["a real network without a key", { TRON_NETWORK: "mainnet" }, "WALLET_ENCRYPTION_KEY: needed on mainnet"],
    [
      "an example as key",
      { WALLET_ENCRYPTION_KEY: "change-me-change-me-change-me-change-me" },
      "WALLET_ENCRYPTION_KEY: this is an example",
    ],
    [
      "a repeated character as key",
      { WALLET_ENCRYPTION_KEY: "a".repeat(40) },
      "WALLET_ENCRYPTION_KEY: this is an example",
    ],
    [
      "a custom network without a node",
      { TRON_NETWORK: "custom", WALLET_ENCRYPTION_KEY: strongKey },
      "TRON_HTTP_ENDPOINT: TRON_NETWORK is custom",
    ],
    [
      "a custom network without its genesis block",
      { TRON_NETWORK: "custom", WALLET_ENCRYPTION_KEY: strongKey },
      "TRON_GENESIS_ID: TRON_NETWORK is custom",
    ],
    [
      "a custom network without its token",
      { TRON_NETWORK: "custom", WALLET_ENCRYPTION_KEY: strongKey },
      "USDT_CONTRACT: TRON_NETWORK is custom",
    ],
    ["one port for two servers", { SERVICE_PORT: "9090" }, "DEVNET_PORT: 9090 is also the port of the API"],
    [
      "a maximum below the minimum",
      { PAYOUT_MAXIMUM_USDT: "9.999999" },
      "PAYOUT_MAXIMUM_USDT: below PAYOUT_MINIMUM_USDT",
    ],
    [
      "a daily limit below the minimum",
      { PAYOUT_DAILY_LIMIT_USDT: "1" },
      "PAYOUT_DAILY_LIMIT_USDT: below PAYOUT_MINIMUM_USDT",
    ],
  ])("%s is refused", (_, environment, sentence) => {
    expect(messageOf(environment)).toContain(sentence);
  });

  test("a complete custom network is accepted, its nodes in order", () => {
    const config = loadConfig({
      TRON_NETWORK: "custom",
      TRON_HTTP_ENDPOINT: "http://a:8090, https://b ,",
      TRON_GENESIS_ID: "0".repeat(64),
      USDT_CONTRACT: "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
      WALLET_ENCRYPTION_KEY: strongKey,
    });
    expect(config.chain.endpoints).toEqual(["http://a:8090", "https://b"]);
  });
});

describe("notices", () => {
  test.each([
    [{ MONGODB_URL: "x" }, "MONGODB_URL is ignored"],
    [{ REDIS_URL: "x" }, "REDIS_URL is ignored"],
    [{ JWT_SECRET_KEY: "x" }, "JWT_SECRET_KEY is ignored"],
    [{ PAYOUT_ROUTER_PORT: "8092" }, "PAYOUT_ROUTER_PORT is ignored"],
    [{ TRON_NETWROK: "nile" }, "TRON_NETWROK is not a variable of this engine"],
    [{ CORS_ORIGINS: "*" }, "CORS_ORIGINS is *"],
  ])("%j is told at start", (environment, sentence) => {
    expect(loadConfig(environment).notices).toEqual([expect.stringContaining(sentence)]);
  });
});

describe("documentation", () => {
  test("writing every documented default gives the same configuration as writing nothing", () => {
    const defaults = describeConfig().flatMap(({ name, defaultText }) =>
      defaultText === undefined ? [] : [[name, defaultText]],
    );
    const { settings: _, ...config } = loadConfig(Object.fromEntries(defaults));
    const { settings: __, ...empty } = loadConfig({});
    expect(config).toEqual(empty);
  });

  test("a setting says whether it came from the environment", () => {
    const { settings } = redactConfig(loadConfig({ LOG_LEVEL: "DEBUG", WALLET_ENCRYPTION_KEY: strongKey }));
    expect(settings).toContainEqual({ name: "LOG_LEVEL", value: "debug", source: "environment" });
    expect(settings).toContainEqual({ name: "WALLET_ENCRYPTION_KEY", value: "[set]", source: "environment" });
    expect(settings).toContainEqual({ name: "TRON_API_KEY", value: null, source: "default" });
    expect(settings.map(({ name }) => name).toSorted((a, b) => a.localeCompare(b))).toEqual(
      describeConfig()
        .map(({ name }) => name)
        .toSorted((a, b) => a.localeCompare(b)),
    );
  });
});

test("any environment is either a configuration or a fault that names a variable", () => {
  const names = describeConfig().map(({ name }) => name);
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.constantFrom(...names),
        fc.oneof(fc.string(), fc.constantFrom("1", "0", "true", "*", "__proto__", "mainnet")),
      ),
      (environment) => {
        try {
          loadConfig(environment);
        } catch (error) {
          expect(isFault(error) && error.code).toBe("config_invalid");
          expect(String(error)).toMatch(/\n {2}- [A-Z_]+: /);
        }
      },
    ),
  );
});
