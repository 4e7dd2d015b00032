import { describe, expect, test } from "vitest";
import { banner } from "../../../src/devnet/banner.ts";
import { helpText, OPTIONS, optionsFrom } from "../../../src/devnet/options.ts";
import { manualDevnet } from "../support.ts";

describe("the banner", () => {
  test.each([
    [{ slotMs: "manual" as const }, "only when told", "in memory"],
    [{ slotMs: "instant" as const, witnesses: 1 }, "one at each broadcast", "in memory"],
    [{ slotMs: 60_000, dataDir: "somewhere" }, "every 60000 ms", "in somewhere"],
  ])("says what was started, who is rich and what to try, case %#", async (options, blocks, kept) => {
    const { slotMs, ...rest } = options;
    const devnet = await manualDevnet({ slotMs, accounts: { count: 1 }, ...("dataDir" in rest ? {} : rest) });
    const text = banner(devnet, { port: 0, ...options });
    const [rich] = devnet.accounts?.list() ?? [];
    const lag = devnet.ledger.headNumber() - devnet.ledger.solidNumber();
    for (const part of [
      devnet.url,
      devnet.genesisId,
      devnet.usdtContract,
      blocks,
      kept,
      rich?.address,
      rich?.privateKey,
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toContain(`${lag * 3} s of chain time behind`);
    expect(text).toContain(`curl ${devnet.url}/wallet/getnowblock`);
    expect(text.split("\n")[0]).toBe(`TRON devnet on ${devnet.url}`);
  });

  test("names no accounts where there are none", async () => {
    expect(banner(await manualDevnet(), { port: 0, slotMs: "manual" })).not.toContain("Private Keys");
  });
});

describe("the options of npm run devnet", () => {
  test("nothing has to be said", () => {
    expect(optionsFrom([], {})).toEqual({
      port: 9090,
      host: "127.0.0.1",
      slotMs: 3_000,
      accounts: {},
      wallClock: true,
    });
  });

  test("flags", () => {
    const flags =
      "--port 0 --host 0.0.0.0 --data d --block-ms instant --witnesses 3 --seed s --accounts 2 --balance 7 --hd-path m/44'/195'/1'/0/ --default-key true --time 3000";
    expect(optionsFrom([...flags.split(" "), "--mnemonic", "a b c"], {})).toEqual({
      port: 0,
      host: "0.0.0.0",
      dataDir: "d",
      slotMs: "instant",
      witnesses: 3,
      genesisTimestamp: 3_000,
      seed: "s",
      accounts: {
        count: 2,
        balanceSun: 7_000_000n,
        hdPath: "m/44'/195'/1'/0/",
        mnemonic: "a b c",
        useDefaultPrivateKey: true,
      },
    });
  });

  test("the environment of the quickstart images, and our own", () => {
    const env = {
      accounts: "3",
      defaultBalance: "100000",
      mnemonic: "a b c",
      hdPath: "m/44'/60'/0'/0/",
      seed: "ushwe",
      useDefaultPrivateKey: "true",
      DEVNET_PORT: "1",
      DEVNET_BLOCK_MS: "fast",
      DEVNET_WITNESSES: "",
    };
    expect(optionsFrom([], env)).toEqual({
      port: 1,
      host: "127.0.0.1",
      slotMs: 50,
      wallClock: true,
      seed: "ushwe",
      accounts: {
        count: 3,
        balanceSun: 100_000_000_000n,
        mnemonic: "a b c",
        hdPath: "m/44'/60'/0'/0/",
        useDefaultPrivateKey: true,
      },
    });
  });

  test("a flag wins over the environment, and what is no number there counts as absent, as in the image", () => {
    expect(optionsFrom(["--accounts", "1", "--port", "5"], { accounts: "9", DEVNET_PORT: "6" })).toMatchObject({
      port: 5,
      accounts: { count: 1 },
    });
    expect(optionsFrom([], { accounts: "many" })).toMatchObject({ accounts: {} });
  });

  test.each([
    [["--port", "x"], "--port must be 0 to 65535"],
    [["--port", "70000"], "--port must be 0 to 65535"],
    [["--block-ms", "0"], "--block-ms must be 1 to 3600000 (ms), fast, manual or instant"],
    [["--witnesses", "0"], "--witnesses must be 1 to 127"],
    [["--accounts", "1001"], "--accounts must be 0 to 1000"],
    [["--balance", "0"], "--balance must be 1 to 999999999"],
    [["--default-key", "yes"], "--default-key must be true or false"],
    [["--data", ""], "--data must name a folder"],
    [["--time", "5"], "--time must be wall, or ms since 1970 and a multiple of 3000"],
    [["--time", "soon"], "--time must be wall"],
    [["--prot", "1"], "--prot"],
    [["word"], "word"],
    [["--port"], "--port"],
  ])("%j is refused with what is wrong", (args, message) => {
    expect(() => optionsFrom(args, {})).toThrow(message);
  });

  test("--help explains each", () => {
    expect(optionsFrom(["--help"], {})).toBe("help");
    for (const { flag, meaning } of OPTIONS) {
      expect(helpText()).toContain(`--${flag} `);
      expect(helpText()).toContain(meaning);
    }
  });
});
