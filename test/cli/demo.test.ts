/** The demo as a user runs it: against a real engine with a real store and a devnet behind a socket. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { kill, Program, until } from "./support/program.ts";

const ANN = "TXU2vrGbArDW52qJ1PP85s1UbdNB2hAGw8";
const BOB = "TWHkuexVpXXisbFXgv1BxFxrdUriSHaokX";
const CLEO = "TU2JkhtaTchXLUoiUzahzbzEQW7c2Zpxev";
const LINES = [`a,${ANN},10`, `b,${BOB},20.5`, `c,${CLEO},30.000001`, `a-again,${ANN},11`];
const TIME = { timeout: 120_000 };

let program: Program;

beforeEach(async () => {
  program = await Program.prepare();
});

afterEach(async () => {
  await program.close();
});

async function balance(address: string): Promise<string> {
  return (await program.api("GET", `/usdt/balance/${address}`)).balance;
}

describe("a demo run", () => {
  test("starts an engine when none listens, pays, stops it, and pays nobody the second time", TIME, async () => {
    const file = await program.file("pay.csv", LINES);
    const first = await program.run([file]);
    expect(first.output).toMatch(/starting one for this run/);
    expect(first.output).toMatch(/paid {9}71\.500001 USDT in 4 of 4 payouts to 3 addresses/);
    expect(first.output).toMatch(/every balance grew by exactly its amount/);
    expect(first.code).toBe(0);
    await expect(fetch(`${program.url}/health/live`)).rejects.toThrow();

    await program.startEngine();
    const again = await program.run([await program.file("saved-again.csv", LINES.toReversed())]);
    expect(again.output).toMatch(/sent before: 4 of 4 already paid, nobody is paid twice/);
    expect(again.code).toBe(0);
    expect(await Promise.all([ANN, BOB, CLEO].map(balance))).toEqual(["21", "20.5", "30.000001"]);
    expect((await fetch(`${program.url}/health/live`)).ok).toBe(true);
  });

  test("goes on by itself when the engine is killed in the middle and started again", TIME, async () => {
    const slow = { DEVNET_BLOCK_MS: "150" };
    const engine = await program.startEngine(slow);
    const run = program.demo([await program.file("pay.csv", LINES)]);
    await until("the order is accepted", () => run.output().includes("accepted in one batch"));
    await kill(engine, "SIGKILL");
    await until("the demo noticed", () => run.output().includes("engine away, waiting"));
    await program.startEngine(slow);
    const { code, output } = await run.finished;
    expect(output).toMatch(/engine is back/);
    expect(output).toMatch(/3 of 3 grew by exactly their amount/);
    expect(code).toBe(0);
  });

  test("that is killed itself knows the balances from before when it is started again", TIME, async () => {
    await program.startEngine();
    const file = await program.file("pay.csv", LINES);
    const run = program.demo([file]);
    await until("the order is accepted", () => run.output().includes("accepted in one batch"));
    await kill(run.child, "SIGKILL");
    const { code, output } = await program.run([file]);
    expect(output).toMatch(/sent before/);
    expect(output).toMatch(/3 of 3 grew by exactly their amount/);
    expect(code).toBe(0);
  });

  test("pays several batches when the file has more than 1000 lines", TIME, async () => {
    await program.startEngine();
    const lines = Array.from({ length: 1_001 }, (_, index) => `l${index},${[ANN, BOB, CLEO][index % 3]},10`);
    const { code, output } = await program.run([await program.file("many.csv", lines)]);
    expect(output).toMatch(/accepted in 2 batches/);
    expect(output).toMatch(/10,010 USDT in 1001 of 1001 payouts to 3 addresses/);
    expect(code).toBe(0);
  });

  test("adds up when other payouts reach the same addresses in between", TIME, async () => {
    await program.startEngine();
    const first = await program.file("first.csv", [`a,${ANN},10`]);
    expect((await program.run([first])).code).toBe(0);
    expect((await program.run([await program.file("second.csv", [`a,${ANN},12`])])).code).toBe(0);
    const { code, output } = await program.run([first]);
    expect(output).toMatch(/0 of 1 grew by exactly their amount; 1 more got other payouts besides, all accounted for/);
    expect(code).toBe(0);
  });
});

describe("a demo run ends with", () => {
  test("2 and the usage for options and files that do not exist", TIME, async () => {
    const option = await program.run(["--nonsense"]);
    expect([option.code, option.output]).toEqual([2, expect.stringMatching(/--nonsense[^]*usage: npm run demo/)]);
    const file = await program.run([join(program.directory, "none.csv")]);
    expect([file.code, file.output]).toEqual([2, expect.stringMatching(/cannot read .*none\.csv/)]);
    const config = await program.run([], { SERVICE_PORT: "many" });
    expect([config.code, config.output]).toEqual([2, expect.stringMatching(/SERVICE_PORT/)]);
    const help = await program.run(["--help"]);
    expect([help.code, help.output]).toEqual([0, expect.stringMatching(/exit codes/)]);
  });

  test("3 for a wrong file, before an engine is started", TIME, async () => {
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

  test(
    "3 for what the wallet, the engine or an earlier file has against a line, and nothing is paid",
    TIME,
    async () => {
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
      expect(await balance(ANN)).toBe("10");
      expect((await program.run([grown, "--again"])).code).toBe(0);
      expect(await balance(ANN)).toBe("20");
      expect((await program.run([paid])).code).toBe(0);
      expect(await balance(ANN)).toBe("20");
    },
  );

  test("4 when nobody answers, when the token is wrong, or when the wallet has too little", TIME, async () => {
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

  test("7 while a payout waits for somebody, and 5 when it ended without being paid", TIME, async () => {
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

  test("6 when a balance grew by something else than was ordered", TIME, async () => {
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

  test("6 when the balances from before the order were noted somewhere else", TIME, async () => {
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
});
