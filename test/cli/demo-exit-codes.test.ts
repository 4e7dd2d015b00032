/** What each exit code of the demo means, seen by a user. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SCOPES } from "../../src/security/access.ts";
import { ANN, BOB, CLEO, LINES } from "./support/payees.ts";
import { kill, Program, until } from "./support/program.ts";

let program: Program;

beforeEach(async () => {
  program = await Program.prepare();
});

afterEach(async () => {
  await program.close();
});

describe("a demo run ends with", () => {
  test("2 and the usage for options and files that do not exist", async () => {
    const option = await program.run(["--nonsense"]);
    expect([option.code, option.output]).toEqual([2, expect.stringMatching(/--nonsense[^]*usage: npm run demo/)]);
    const file = await program.run([join(program.directory, "none.csv")]);
    expect([file.code, file.output]).toEqual([2, expect.stringMatching(/cannot read .*none\.csv/)]);
    const config = await program.run([], { SERVICE_PORT: "many" });
    expect([config.code, config.output]).toEqual([2, expect.stringMatching(/SERVICE_PORT/)]);
    const help = await program.run(["--help"]);
    expect([help.code, help.output]).toEqual([0, expect.stringMatching(/exit codes/)]);
  });

  test("2 without a wallet, and 3 for addresses that nobody holds, where money is real", async () => {
    const env = await program.startOnCustomNetwork();
    const nobody = await program.run([], env);
    expect([nobody.code, nobody.output]).toEqual([
      3,
      expect.stringMatching(/200 problems[^]*:2: address: nobody holds the key/),
    ]);
    // The USDT contract of Nile: not an address of the example.
    const file = await program.file("real.csv", ["a,TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf,10"]);
    const wallet = await program.run([file], env);
    expect([wallet.code, wallet.output]).toEqual([2, expect.stringMatching(/name the wallet that pays: --wallet/)]);
  });

  test("3 for a wrong file, before an engine is started", async () => {
    const file = await program.file("bad.csv", [`a,${ANN},10`, `a,${BOB.slice(0, -1)}9,-1`]);
    const { code, output } = await program.run([file]);
    expect(code).toBe(3);
    expect(output).toBe(
      [
        "Nothing was sent: 3 problems",
        `  ${file}:3: line_id: a is already the line_id of line 2`,
        `  ${file}:3: address: wrong checksum: one of its characters is wrong; upper and lower case differ`,
        `  ${file}:3: amount: negative`,
        "",
      ].join("\n"),
    );
  });

  test("3 for what the wallet, the engine or an earlier file has against a line, and nothing is paid", async () => {
    await program.startEngine();
    const treasury = (await program.api("GET", "/wallets/wal_treasury")).address;
    const small = await program.run([await program.file("small.csv", [`a,${ANN},10`, `b,${BOB},9.99`])]);
    expect([small.code, small.output]).toEqual([
      3,
      expect.stringMatching(/small\.csv:3: amount: too small: the wallet pays at least 10/),
    ]);
    const own = await program.run([await program.file("own.csv", [`a,${ANN},10`, "", `b,${treasury},10`])]);
    expect([own.code, own.output]).toEqual([3, expect.stringMatching(/own\.csv:4: address: destination_is_self/)]);
    expect((await program.api("GET", "/payouts")).items).toEqual([]);

    const paid = await program.file("paid.csv", [`a,${ANN},10`]);
    expect((await program.run([paid])).code).toBe(0);
    const grown = await program.file("grown.csv", [`a,${ANN},10`, `b,${BOB},10`]);
    const repeated = await program.run([grown]);
    expect([repeated.code, repeated.output]).toEqual([
      3,
      expect.stringMatching(/grown\.csv:2: also in .*paid\.csv, which was sent before/),
    ]);
    expect(await program.balance(ANN)).toBe("10");
    expect((await program.run([grown, "--again"])).code).toBe(0);
    expect(await program.balance(ANN)).toBe("20");
    expect((await program.run([paid])).code).toBe(0);
    expect(await program.balance(ANN)).toBe("20");
  });

  test("4 when nobody answers, when the token is wrong, or when the wallet has too little", async () => {
    const file = await program.file("pay.csv", LINES);
    const nobody = await program.run([file, "--url", program.url, "--wait", "0.01"]);
    expect([nobody.code, nobody.output]).toEqual([4, expect.stringMatching(/nothing answers there/)]);
    await program.startEngine();
    const token = await program.run([file], { LUCID_TOKEN: `lt_${"0".repeat(16)}_${"x".repeat(43)}` });
    expect([token.code, token.output]).toEqual([4, expect.stringMatching(/unauthenticated/)]);
    const rich = await program.run([await program.file("rich.csv", [`a,${ANN},10000001`])]);
    expect([rich.code, rich.output]).toEqual([4, expect.stringMatching(/nothing was sent: insufficient_funds/)]);
    const { code } = await program.run([file, "--wallet", "wal_none"]);
    expect(code).toBe(4);
    expect((await program.api("GET", "/payouts")).items).toEqual([]);
  });

  test("7 while a payout waits for somebody, and 5 when it ended without being paid", async () => {
    await program.startEngine({ PAYOUT_APPROVAL_ABOVE_USDT: "20" });
    const file = await program.file("pay.csv", LINES);
    const waiting = await program.run([file, "--wait", "0.1"]);
    expect(waiting.output).toMatch(/2 payouts wait for an approval/);
    expect(waiting.output).toMatch(/2 payouts are still on their way/);
    expect(waiting.code).toBe(7);
    const { items } = await program.api("GET", "/payouts/status/awaiting_approval");
    for (const { id } of items) await program.api("POST", `/payouts/${id}/cancel`, {});
    const ended = await program.run([file]);
    expect(ended.output).toMatch(/2 payouts ended without being paid/);
    expect(ended.output).toMatch(/b: cancelled/);
    expect(ended.code).toBe(5);
  });

  test("6 when a balance grew by something else than was ordered", async () => {
    const file = await program.file("pay.csv", LINES);
    expect((await program.run([file])).code).toBe(0);
    const data = join(program.directory, "data");
    const memo = join(data, (await readdir(data)).find((name) => /^demo-.*\.json$/.test(name)) ?? "");
    const noted = JSON.parse(await readFile(memo, "utf8"));
    // As if the address had held less before: the same growth as a second payment of 21 USDT makes.
    await writeFile(memo, JSON.stringify({ ...noted, balances: { ...noted.balances, [ANN]: "-21000000" } }));
    const { code, output } = await program.run([file]);
    expect(output).toMatch(new RegExp(`${ANN}: ordered 21 USDT, but its balance changed by 42`));
    expect(code).toBe(6);
  });

  test("6 when the balances from before the order were noted somewhere else", async () => {
    await program.startEngine();
    const file = await program.file("pay.csv", LINES);
    expect((await program.run([file])).code).toBe(0);
    const token = (await readFile(join(program.directory, "data/first-token"), "utf8")).trim();
    const elsewhere = { DATA_DIR: join(program.directory, "elsewhere"), LUCID_TOKEN: token };
    for (const time of ["first", "second"]) {
      const { code, output } = await program.run([file], elsewhere);
      expect(output, time).toMatch(/4 of 4 already paid[^]*not in this one/);
      expect(code).toBe(6);
    }
  });

  describe("another token, elsewhere, for an order that was sent and paid before", () => {
    /** Who runs the demo with another token, in a data directory that knows nothing. */
    const ben = async (scopes: readonly string[] = ["admin"]): Promise<NodeJS.ProcessEnv> => {
      const { stdout } = await program.token(["create", "--name", "Ben", "--scopes", scopes.join(",")]);
      const env = { DATA_DIR: join(program.directory, "ben"), LUCID_TOKEN: stdout.trim() };
      await until(
        "the new token works",
        async () => !("code" in (await program.api("GET", "/wallets", undefined, env.LUCID_TOKEN))),
      );
      return env;
    };
    const memos = async ({ DATA_DIR }: NodeJS.ProcessEnv) =>
      (await readdir(DATA_DIR ?? "")).filter((name) => name.startsWith("demo-"));

    test.each([
      ["one destination", [ANN]],
      ["every destination", [ANN, BOB, CLEO]],
    ])("6 although %s is frozen meanwhile, and the order stays noted", async (_name, frozen) => {
      const engine = await program.startEngine();
      const file = await program.file("pay.csv", LINES);
      expect((await program.run([file])).code).toBe(0);
      for (const address of frozen) await program.freeze(address);
      // What it found out about destinations is forgotten.
      await kill(engine, "SIGTERM");
      await program.startEngine();
      const elsewhere = await ben();
      const { code, output } = await program.run([file], elsewhere);
      expect(output).toMatch(/sent before: 4 of 4 already paid, nobody is paid twice/);
      expect(output).not.toMatch(/nothing was sent/i);
      expect(code).toBe(6);
      expect(await memos(elsewhere)).toHaveLength(1);
    });

    test("4 and the batch when the engine refuses the order as a whole, and the order stays noted", async () => {
      await program.startEngine();
      const file = await program.file("pay.csv", LINES);
      expect((await program.run([file])).code).toBe(0);
      const [payout] = (await program.api("GET", "/payouts")).items;
      const elsewhere = await ben(SCOPES.filter((scope) => scope !== "payouts:create"));
      const { code, output } = await program.run([file], elsewhere);
      expect(output).toMatch(new RegExp(`sent before, see batch ${payout.batch_id}[^]*forbidden`));
      expect(output).not.toMatch(/nothing was sent/i);
      expect(code).toBe(4);
      expect(await memos(elsewhere)).toHaveLength(1);
    });
  });
});
