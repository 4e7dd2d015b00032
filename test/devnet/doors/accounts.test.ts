import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { startDevnet } from "../../../src/devnet/devnet.ts";
import type { Devnet } from "../../../src/devnet/handle.ts";
import { privateKeyToAddress } from "../../../src/tron/address.ts";
import { manualDevnet } from "../support.ts";

const JUNK = "test test test test test test test test test test test junk";
const text = async (devnet: Devnet, path: string) => (await fetch(devnet.url + path)).text();

describe("funded accounts", () => {
  test("come from the mnemonic on TRON's path", async () => {
    const devnet = await manualDevnet({ accounts: { mnemonic: JUNK, count: 3 } });
    expect(devnet.accounts?.list().map(({ address, balanceSun }) => [address, balanceSun])).toEqual([
      ["TWer2Ygk5TEheHp3TPuYeqxmB6SsGZmaL6", 10_000_000_000n],
      ["TPjjvMwjPoDC32V2dGDYTkLH4E5LAtBZ6C", 10_000_000_000n],
      ["TB7mhtkvfhsRBRhe5FuRa4tFXSEyGDe4eA", 10_000_000_000n],
    ]);
  });

  test("the keys of default configurations are rich too", async () => {
    const devnet = await manualDevnet({ accounts: {} });
    expect(devnet.ledger.trx("TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC")).toBe(100_000_000_000_000n);
    expect(devnet.ledger.trx("TPL66VK2gCXNCD7EJg9pgJRfqcRazjhUZY")).toBe(100_000_000_000_000n);
  });

  test("the same seed gives the same accounts, another one others", async () => {
    const keys = async (seed: string) => (await manualDevnet({ seed, accounts: { count: 1 } })).accounts?.sets;
    expect(await keys("a")).toEqual(await keys("a"));
    expect((await keys("a"))?.mnemonic).not.toBe((await keys("b"))?.mnemonic);
  });

  test("there are none unless asked for", async () => {
    const devnet = await manualDevnet();
    expect(await text(devnet, "/admin/accounts")).toContain("without accounts");
    expect(devnet.ledger.trx("TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC")).toBe(0n);
  });

  test.each([
    [{ mnemonic: "one two three" }, "the mnemonic is not one"],
    [{ hdPath: "m/44/x/" }, "not a derivation path"],
    [{ count: 1_001 }, "the number of accounts must be 0 to 1000"],
    [{ balanceSun: 0n }, "the balance of an account must be positive"],
  ])("a plan that cannot be is refused, case %#", async (accounts, message) => {
    await expect(startDevnet({ port: 0, slotMs: "manual", accounts })).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining(message),
    });
  });

  test("survive a restart with what they spent, and another plan for the same chain is refused", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "devnet-"));
    const options = { port: 0, slotMs: "manual", dataDir, accounts: { count: 2 } } as const;
    const first = await startDevnet(options);
    const sets = first.accounts?.sets;
    await text(first, "/admin/temporary-accounts-generation?accounts=1");
    const head = first.ledger.headNumber();
    await first.close();
    const second = await startDevnet(options);
    expect(second.accounts?.sets).toMatchObject({ ...sets, more: [{ privateKeys: [expect.any(String)] }] });
    expect(second.ledger.headNumber()).toBe(head);
    await second.close();
    await expect(startDevnet({ ...options, accounts: { count: 3 } })).rejects.toThrow("started with other accounts");
    rmSync(dataDir, { recursive: true });
  });
});

describe("/admin, as the quickstart image has it", () => {
  test("lists accounts in the format that is asked for", async () => {
    const devnet = await manualDevnet({ accounts: { mnemonic: JUNK, count: 1, balanceSun: 1_500_000n } });
    expect(await text(devnet, "/admin/accounts")).toBe(
      [
        "Available Accounts\n==================\n",
        "(0) TWer2Ygk5TEheHp3TPuYeqxmB6SsGZmaL6 (1.5 TRX)\n",
        "Private Keys\n==================\n",
        `(0) ${devnet.accounts?.sets.privateKeys[0]}\n`,
        `HD Wallet\n==================\nMnemonic:      ${JUNK}\nBase HD Path:  m/44'/195'/0'/0/{account_index}\n`,
      ].join("\n"),
    );
    expect(await text(devnet, "/admin/accounts?format=hex")).toMatch(/^\(0\) 41[0-9a-f]{40} \(1\.5 TRX\)$/m);
    expect(await text(devnet, "/admin/accounts?format=all")).toMatch(
      /^\(0\) T\w{33} \(1\.5 TRX\)\n {4}41[0-9a-f]{40}$/m,
    );
  });

  test("generates temporary accounts, which clients find at the end of `more`", async () => {
    const devnet = await manualDevnet({ accounts: { count: 1, useDefaultPrivateKey: true } });
    const listed = await text(devnet, "/admin/temporary-accounts-generation?accounts=2&defaultBalance=7");
    const json = JSON.parse(await text(devnet, "/admin/accounts-json"));
    expect(json.privateKeys).toEqual(["da146374a75310b9666e834ee4ad0866d6f4035967bfc76217c5a495fff9f0d0"]);
    const { privateKeys } = json.more.at(-1);
    expect(privateKeys).toHaveLength(2);
    for (const key of privateKeys) {
      expect(devnet.ledger.trx(privateKeyToAddress(key))).toBe(7_000_000n);
      expect(listed).toContain(key);
    }
    expect(await text(devnet, "/admin/temporary-accounts-generation?mnemonic=nonsense")).toContain(
      "the mnemonic is not",
    );
  });

  test("funds again only who has nothing", async () => {
    const devnet = await manualDevnet({ accounts: { count: 2 } });
    const head = devnet.ledger.headNumber();
    expect(await text(devnet, "/admin/accounts-generation")).toBe("");
    expect(devnet.ledger.headNumber()).toBe(head);
  });

  test("greets, and knows no other methods or paths", async () => {
    const devnet = await manualDevnet({ accounts: {} });
    expect(await text(devnet, "/admin")).toContain("Welcome");
    expect(await text(devnet, "/admin/")).toContain("Welcome");
    expect((await fetch(`${devnet.url}/admin`, { method: "DELETE" })).status).toBe(405);
    expect((await fetch(`${devnet.url}/admin/unheardof`)).status).toBe(404);
  });
});
