/** The demo as a user runs it: against a real engine with a real store and a devnet behind a socket. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ANN, BOB, CLEO, LINES } from "./support/payees.ts";
import { kill, Program, until } from "./support/program.ts";

let program: Program;

beforeEach(async () => {
  program = await Program.prepare();
});

afterEach(async () => {
  await program.close();
});

describe("a demo run", () => {
  test("starts an engine when none listens, pays, stops it, and pays nobody the second time", async () => {
    await program.close();
    program = await Program.prepare({ isPacked: false });
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
    expect(await Promise.all([ANN, BOB, CLEO].map((address) => program.balance(address)))).toEqual([
      "21",
      "20.5",
      "30.000001",
    ]);
    expect((await fetch(`${program.url}/health/live`)).ok).toBe(true);
  });

  test("goes on by itself when the engine is killed in the middle and started again", async () => {
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

  test("that is killed itself knows the balances from before when it is started again", async () => {
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

  test("that is interrupted stops the engine it started, and goes on the next time", async () => {
    const file = await program.file("pay.csv", LINES);
    const run = program.demo([file]);
    await until("the order is accepted", () => run.output().includes("accepted in one batch"));
    await kill(run.child, "SIGTERM");
    expect((await run.finished).code).toBe(130);
    await expect(fetch(`${program.url}/health/live`)).rejects.toThrow();
    expect((await program.run([file])).code).toBe(0);
  });

  test("pays several batches when the file has more than 1000 lines", async () => {
    await program.startEngine();
    const lines = Array.from({ length: 1_001 }, (_, index) => `l${index},${[ANN, BOB, CLEO][index % 3]},10`);
    const { code, output } = await program.run([await program.file("many.csv", lines)]);
    expect(output).toMatch(/accepted in 2 batches/);
    expect(output).toMatch(/10,010 USDT in 1001 of 1001 payouts to 3 addresses/);
    expect(code).toBe(0);
  });

  test("adds up when other payouts reach the same addresses in between", async () => {
    await program.startEngine();
    const first = await program.file("first.csv", [`a,${ANN},10`]);
    expect((await program.run([first])).code).toBe(0);
    expect((await program.run([await program.file("second.csv", [`a,${ANN},12`])])).code).toBe(0);
    const { code, output } = await program.run([first]);
    expect(output).toMatch(/0 of 1 grew by exactly their amount; 1 more got other payouts besides, all accounted for/);
    expect(code).toBe(0);
  });
});
