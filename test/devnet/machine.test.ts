import { describe, expect, test } from "vitest";
import { addAsset, assetBalance, writeAsset } from "../../src/devnet/assets.ts";
import { codeKey, contractKey } from "../../src/devnet/evm/contract-keys.ts";
import { executeContract } from "../../src/devnet/evm/execution.ts";
import { Tvm } from "../../src/devnet/evm/tvm.ts";
import { accountKey, accountOf, newAccount, Session } from "../../src/devnet/state.ts";
import { sha256 } from "../../src/tron/hashes.ts";
import { fromHex, toHex } from "../../src/tron/bytes.ts";
import { sign } from "../../src/tron/signature.ts";
import { word } from "./contract-support.ts";
import { alice, bob, carol } from "./support.ts";

const A = `41${"aa".repeat(20)}`;
const TOKEN = 1_000_001n;

function blank(address: string) {
  return {
    origin_address: bob.hex41,
    contract_address: address,
    abi: undefined,
    bytecode: "",
    call_value: 0n,
    consume_user_resource_percent: 100n,
    name: "",
    origin_energy_limit: 1n,
    code_hash: "",
    trx_hash: "",
    version: 0,
  };
}

/** Runs code at A for alice; both have money, alice has a token. */
async function run(
  code: string,
  given: { data?: string; tokens?: bigint; energyLimit?: number; writes?: Session } = {},
) {
  const session = given.writes ?? new Session({ row: () => undefined });
  for (const hex41 of [alice.hex41, A]) session.write(accountKey(hex41), { ...newAccount(1), balance: 1_000n });
  session.write(contractKey(A), blank(A));
  session.write(codeKey(A), code);
  writeAsset(session, { id: TOKEN.toString() } as never);
  if (given.tokens !== undefined) addAsset(session, alice.hex41, { id: TOKEN.toString(), amount: 500n });
  const order = {
    txId: "12".repeat(32),
    caller: alice.hex41,
    contract: A,
    data: given.data ?? "",
    callValue: 0n,
    tokenValue: given.tokens ?? 0n,
    tokenId: given.tokens === undefined ? 0n : TOKEN,
    energyLimit: given.energyLimit ?? 1_000_000,
    isConstant: false,
  };
  const block = { number: 9, timestamp: 27, witness: "", idOf: () => undefined };
  const done = await executeContract(new Tvm("00".repeat(32)), { session, order }, { block, now: 1 });
  return { done, session };
}

/** Leaves the top of the stack as the answer. */
const ANSWER = "5f5260205ff3";
const push = (value: bigint | string) => `7f${word(value)}`;

describe("what operations cost", () => {
  test.each([
    ["nothing but STOP", "00", 0],
    ["PUSH1 PUSH1 ADD", "6001600201", 9],
    ["EXP by the bytes of the exponent", "61ffff60020a", 3 + 3 + 10 + 20],
    ["memory by the word, and more for much of it", "60016103e052", 3 + 3 + 1 + 3 * 32 + 2],
    ["SHA3 by the word", "604060002000", 3 + 3 + 30 + 2 * 6 + 2 * 3],
    ["SLOAD", "5f54", 2 + 50],
    ["SSTORE of nothing to nothing", "5f5f55", 2 + 2 + 5_000],
    ["SSTORE of something to nothing", "60015f55", 3 + 2 + 20_000],
    // A slot that was set and cleared in the same transaction is not a new one.
    ["SSTORE that sets, clears and sets", "60015f555f5f5560015f55", 5 + 20_000 + 4 + 5_000 + 5 + 5_000],
    ["TSTORE and TLOAD", "60015f5d5f5c", 3 + 2 + 100 + 2 + 100],
    ["BALANCE, EXTCODESIZE, EXTCODEHASH", "30313b5f3f", 2 + 20 + 20 + 2 + 400],
    ["a log with two topics and 32 bytes", "6001600260205fa2", 3 * 3 + 2 + 375 * 3 + 32 * 8 + 3],
    ["MCOPY", "60205f60205e", 3 + 2 + 3 + 3 + 3 + 2 * 3],
    ["CALL of nobody without money", "5f5f5f5f5f600b5af1", 5 * 2 + 3 + 2 + 40],
  ])("%s", async (_name, code, energy) => {
    const { done } = await run(code);
    expect(done).toMatchObject({ result: "SUCCESS", energyUsed: energy, energyPenalty: 0 });
  });

  test("a CALL takes all that it asks for: there is no 63/64", async () => {
    // The callee spends everything; the caller is left with what it did not pass on.
    const { session } = await run("00");
    const callee = `41${"bb".repeat(20)}`;
    session.write(accountKey(callee), { ...newAccount(1), isContract: true });
    session.write(codeKey(callee), "fe");
    const { done } = await run(`5f5f5f5f5f73${"bb".repeat(20)}5af15a${ANSWER}`, {
      writes: session,
      energyLimit: 10_000,
    });
    expect(done).toMatchObject({ result: "OUT_OF_ENERGY", energyUsed: 10_000 });
    const part = await run(`5f5f5f5f5f73${"bb".repeat(20)}6103e8f15a${ANSWER}`, {
      writes: session,
      energyLimit: 10_000,
    });
    expect(part.done.result).toBe("SUCCESS");
    expect(part.done.energyUsed).toBeGreaterThan(1_000);
    expect(part.done.energyUsed).toBeLessThan(1_100);
  });

  test("value brings the callee 2,300 that nobody paid", async () => {
    const { session } = await run("00");
    const callee = `41${"bb".repeat(20)}`;
    session.write(accountKey(callee), { ...newAccount(1), isContract: true });
    session.write(codeKey(callee), `5a5f55`);
    const { done } = await run(`5f5f5f5f600173${"bb".repeat(20)}5ff1${ANSWER}`, { writes: session });
    expect(done.output).toBe(word(0));
    session.write(codeKey(callee), `5a${ANSWER}`);
    const data = await run(`60205f5f5f600173${"bb".repeat(20)}5ff15f51${ANSWER}`, { writes: session });
    expect(data.done.output).toBe(word(2_298));
  });
});

describe("tokens in code", () => {
  test("come with a call, are seen, and are passed on", async () => {
    // CALLTOKENVALUE, CALLTOKENID, and the balance of this contract.
    const code = `d25f52d360205230${push(TOKEN)}d160405260605ff3`;
    const { done } = await run(code, { tokens: 200n });
    expect(done.output).toBe(word(200) + word(TOKEN) + word(200));
    const pass = `5f5f5f5f${push(TOKEN)}604673${carol.hex41.slice(2)}5ad0${ANSWER}`;
    const moved = await run(pass, { tokens: 200n });
    expect(moved.done).toMatchObject({ result: "SUCCESS", output: word(1) });
    expect(assetBalance(moved.session, carol.hex41, TOKEN.toString())).toBe(70n);
    expect(assetBalance(moved.session, A, TOKEN.toString())).toBe(130n);
    expect(moved.done.internals).toMatchObject([
      { to: carol.hex41, note: "call", values: [{ callValue: 0n }, { tokenId: TOKEN.toString(), callValue: 70n }] },
    ]);
  });

  test("are not passed on beyond what there is, and an id that cannot be fails the transfer", async () => {
    const pass = (id: bigint) => `5f5f5f5f${push(id)}61ffff73${carol.hex41.slice(2)}5ad0${ANSWER}`;
    expect((await run(pass(TOKEN), { tokens: 1n })).done).toMatchObject({ result: "SUCCESS", output: word(0) });
    expect((await run(pass(5n), { tokens: 1n })).done).toMatchObject({ result: "TRANSFER_FAILED" });
    expect((await run(`30${push(5n)}d1`)).done).toMatchObject({ result: "UNKNOWN" });
    expect((await run(`30${push(2n ** 200n)}d1`)).done).toMatchObject({ result: "TRANSFER_FAILED" });
  });

  test("go to the heir of a contract that destroys itself", async () => {
    const { session } = await run(`73${carol.hex41.slice(2)}ff`, { tokens: 200n });
    expect(assetBalance(session, carol.hex41, TOKEN.toString())).toBe(200n);
    expect(accountOf(session, carol.hex41)?.balance).toBe(1_000n);
    expect(accountOf(session, A)).toBeUndefined();
  });
});

describe("the checks of signatures", () => {
  const hash = "5a".repeat(32);
  const bytes = (hex: string) => word(hex.length / 2) + hex.padEnd(Math.ceil(hex.length / 64) * 64, "0");
  /** Calls a precompiled contract with the call data; answers its 32 bytes. */
  const ask = (address: string, data: string) =>
    run(`365f5f3760205f365f5f60${address}5af1505f5160205260206020f3`, { data });

  test("tell which signature belongs to which address", async () => {
    const [good, bad] = [sign(hash, alice.key), sign("00".repeat(32), bob.key)];
    const list = [bytes(good), bytes(bad)];
    const offsets = word(64) + word(64 + (list[0]?.length ?? 0) / 2);
    const signatures = word(2) + offsets + list.join("");
    const addresses = word(2) + word(alice.hex41.slice(2)) + word(bob.hex41.slice(2));
    const data = hash + word(96) + word(96 + signatures.length / 2) + signatures + addresses;
    const { done } = await ask("09", data);
    expect(done.output).toBe("01".padEnd(64, "0"));
    expect((await ask("09", hash)).done.output).toBe(word(0));
  });

  test("weigh the signatures of an account's permission", async () => {
    const content = "c0".repeat(32);
    const message = toHex(sha256(fromHex(`${alice.hex41}00000000${content}`)));
    const asked = (key: string) => {
      const signatures = word(1) + word(32) + bytes(sign(message, key));
      return ask("0a", word(alice.hex41.slice(2)) + word(0) + content + word(128) + signatures);
    };
    expect((await asked(alice.key)).done.output).toBe(word(1));
    expect((await asked(bob.key)).done.output).toBe(word(0));
  });
});

describe("runs that take turns", () => {
  test("do not see each other", async () => {
    const alone = (await run(`602a5f55${"5b5f50".repeat(50)}5f54${ANSWER}`)).done;
    const vm = new Tvm("00".repeat(32));
    const both = await Promise.all(
      [42n, 43n].map(async (value) => {
        const session = new Session({ row: () => undefined });
        session.write(accountKey(A), { ...newAccount(1), isContract: true });
        session.write(contractKey(A), blank(A));
        session.write(codeKey(A), `60${value.toString(16)}5f55${"5b5f50".repeat(50)}5f54${ANSWER}`);
        const order = {
          txId: "12".repeat(32),
          caller: alice.hex41,
          contract: A,
          data: "",
          callValue: 0n,
          tokenValue: 0n,
          tokenId: 0n,
          energyLimit: 1_000_000,
          isConstant: false,
        };
        const block = { number: 9, timestamp: 27, witness: "", idOf: () => undefined };
        return executeContract(vm, { session, order }, { block, now: 1 });
      }),
    );
    expect(both.map(({ output }) => output)).toEqual([word(42), word(43)]);
    expect(both.map(({ energyUsed }) => energyUsed)).toEqual([alone.energyUsed, alone.energyUsed]);
  });
});
