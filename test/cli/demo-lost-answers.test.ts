/** The demo when its orders, or the answers to them, do not arrive. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BatchProxy, type Fate } from "./support/batch-proxy.ts";
import { ANN, BOB, CLEO, LINES } from "./support/payees.ts";
import { kill, Program, until } from "./support/program.ts";

const FOR_EVER: readonly Fate[] = Array.from({ length: 1_000 }, () => "lost");

let program: Program;
let proxy: BatchProxy | undefined;

beforeEach(async () => {
  program = await Program.prepare();
  await program.startEngine();
});

afterEach(async () => {
  proxy?.close();
  proxy = undefined;
  await program.close();
});

async function through(fates: readonly Fate[]): Promise<string> {
  proxy = await BatchProxy.before(program.url, fates);
  return proxy.url;
}

/** Runs the demo until it finds nobody, and kills it there. */
async function killedAway(args: readonly string[]): Promise<string> {
  const run = program.demo(args);
  await until("the demo noticed", () => run.output().includes("engine away, waiting"));
  await kill(run.child, "SIGKILL");
  return run.output();
}

describe("a demo run", () => {
  test("whose order is accepted without an answer knows the balances from before, and pays nobody the second time", async () => {
    const url = await through(["unanswered"]);
    const file = await program.file("pay.csv", LINES);
    const first = await program.run([file, "--url", url]);
    expect(first.output).toMatch(/engine away, waiting[^]*engine is back[^]*accepted in one batch/);
    expect(first.output).toMatch(/3 of 3 grew by exactly their amount/);
    expect(first.code).toBe(0);

    const again = await program.run([file]);
    expect(again.output).toMatch(/sent before: 4 of 4 already paid, nobody is paid twice/);
    expect(again.output).toMatch(/3 of 3 grew by exactly their amount/);
    expect(again.code).toBe(0);
    expect(await program.balance(ANN)).toBe("21");
  });

  test("that is killed before its order arrives pays when it is started again", async () => {
    const file = await program.file("pay.csv", LINES);
    await killedAway([file, "--url", await through(FOR_EVER)]);
    expect((await program.api("GET", "/payouts")).items).toEqual([]);
    const { code, output } = await program.run([file]);
    expect(output).toMatch(/accepted in one batch/);
    expect(output).toMatch(/3 of 3 grew by exactly their amount/);
    expect(code).toBe(0);
  });

  test("that is killed before it knows that its order was accepted goes on when it is started again", async () => {
    const file = await program.file("pay.csv", LINES);
    await killedAway([file, "--url", await through(["unanswered", ...FOR_EVER])]);
    const { code, output } = await program.run([file]);
    expect(output).toMatch(/sent before/);
    expect(output).toMatch(/3 of 3 grew by exactly their amount/);
    expect(code).toBe(0);
  });

  test("that is killed between two batches goes on with the second when it is started again", async () => {
    const lines = Array.from({ length: 1_001 }, (_, index) => `l${index},${[ANN, BOB, CLEO][index % 3]},10`);
    const file = await program.file("many.csv", lines);
    await killedAway([file, "--url", await through(["passed", ...FOR_EVER])]);
    const { code, output } = await program.run([file]);
    expect(output).toMatch(/sent before/);
    expect(output).toMatch(/10,010 USDT in 1001 of 1001 payouts[^]*3 of 3 grew by exactly their amount/);
    expect(code).toBe(0);
  });
});
