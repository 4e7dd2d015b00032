import { describe, expect, test } from "vitest";
import { addAsset, assetBalance, writeAsset } from "../../src/devnet/assets.ts";
import { energyLimitOf, payEnergy } from "../../src/devnet/energy.ts";
import { codeKey, contractKey } from "../../src/devnet/evm/contract-keys.ts";
import { executeContract } from "../../src/devnet/evm/execution.ts";
import { Tvm } from "../../src/devnet/evm/tvm.ts";
import { objectionToTokens } from "../../src/devnet/evm/tokens.ts";
import { addFrozen } from "../../src/devnet/stake.ts";
import { accountKey, accountOf, newAccount, Session, totalsOf } from "../../src/devnet/state.ts";
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
  writeAsset(session, { id: TOKEN.toString(), total_supply: 1_000n } as never);
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

describe("precompiled contracts", () => {
  /** Calls one with the call data and this energy; answers whether it worked. */
  const ask = async (address: string, data: string, energy = "5a") => {
    const { done } = await run(`365f5f3760405f365f5f60${address}${energy}f16040525f5160605260206040f35b`, { data });
    return { ok: BigInt(`0x0${done.output}`) === 1n };
  };
  const answer = async (address: string, data: string) =>
    (await run(`365f5f3760405f365f5f60${address}5af15060405ff3`, { data })).done.output;
  const pair = word(1) + word(2);

  test("compute what they do on every chain", async () => {
    const modExp = word(1) + word(1) + word(1) + "03" + "05" + "07";
    expect((await answer("05", modExp)).slice(0, 2)).toBe("05");
    const doubled = "030644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd3";
    expect((await answer("06", pair + pair)).slice(0, 64)).toBe(doubled);
    expect((await answer("07", pair + word(2))).slice(0, 64)).toBe(doubled);
    expect((await answer("08", "")).slice(0, 64)).toBe(word(1));
    expect((await answer("04", "abcd")).slice(0, 4)).toBe("abcd");
    expect((await answer("02", "")).slice(0, 64)).toBe(toHex(sha256(new Uint8Array(0))));
    expect((await answer("03", "")).slice(0, 64)).toBe(toHex(sha256(sha256(new Uint8Array(0)).subarray(0, 20))));
  });

  test("fail without an answer when the input is wrong or the energy too little", async () => {
    expect((await ask("06", word(1) + word(1) + pair, "6203ffff")).ok).toBe(false);
    expect((await ask("01", "", "610bb7")).ok).toBe(false);
    expect((await ask("01", "", "610bb8")).ok).toBe(true);
    expect((await ask("07", pair + word(2), "61176f")).ok).toBe(false);
    expect((await ask("07", pair + word(2), "611770")).ok).toBe(true);
  });

  test.each([
    ["small numbers", 1, 1, 1, "ff", 7 / 20],
    ["a number of 65 bytes", 65, 1, 65, "02", (65 ** 2 / 4 + 96 * 65 - 3_072) / 20],
    ["a number of 1,025 bytes", 1_025, 1, 1, "02", (1_025 ** 2 / 16 + 480 * 1_025 - 199_680) / 20],
    ["a long exponent", 1, 40, 1, "ff".repeat(40), (8 * 8 + 255) / 20],
  ])("charge modexp by the size of %s", async (_name, base, exponent, modulus, bits, energy) => {
    const numbers = "00".repeat(base - 1) + "03" + bits + "00".repeat(modulus - 1) + "07";
    const data = word(base) + word(exponent) + word(modulus) + numbers;
    const most = Math.floor(Math.floor(energy * 20) / 20);
    const push = (value: number) => `62${value.toString(16).padStart(6, "0")}`;
    expect((await ask("05", data, push(most))).ok).toBe(true);
    if (most > 0) expect((await ask("05", data, push(most - 1))).ok).toBe(false);
  });

  test("take money only where an account is", async () => {
    const { done } = await run(`5f5f5f5f600160045af1${ANSWER}`);
    expect(done).toMatchObject({ result: "UNKNOWN", message: "transfer failure" });
    const session = new Session({ row: () => undefined });
    const four = `41${word(4).slice(24)}`;
    session.write(accountKey(four), newAccount(1));
    await run(`5f5f5f5f600160045af1${ANSWER}`, { writes: session });
    expect(accountOf(session, four)?.balance).toBe(1n);
  });
});

describe("money and contracts that end", () => {
  test("is burned when a contract leaves it to itself", async () => {
    const { session } = await run("30ff", { tokens: 10n });
    expect(accountOf(session, A)).toBeUndefined();
    expect(totalsOf(session).burnedSun).toBe(1_000n);
  });

  test("moves with a call that runs nothing, and stays where a call is refused", async () => {
    const { session, done } = await run(`5f5f5f5f600a73${carol.hex41.slice(2)}5af1${ANSWER}`);
    expect(done.output).toBe(word(1));
    expect(accountOf(session, carol.hex41)?.balance).toBe(10n);
    const tooMuch = await run(`5f5f5f5f61ffff73${carol.hex41.slice(2)}5af1${ANSWER}`);
    expect(tooMuch.done.output).toBe(word(0));
    const beyond = await run(`5f5f5f5f${push(2n ** 70n)}73${carol.hex41.slice(2)}5af1`);
    expect(beyond.done).toMatchObject({ result: "TRANSFER_FAILED", message: "endowment out of long range" });
  });

  test("calls end at a depth of 64, and creations of more than there is do not begin", async () => {
    // Calls itself as long as it can, and counts.
    const { session } = await run(`5f546001015f555f5f5f5f5f305af100`, { energyLimit: 3_000_000 });
    expect(session.row(`s!${A}!${word(0)}`)).toBe(65n);
    expect((await run(`5f5f61fffff0${ANSWER}`)).done.output).toBe(word(0));
    expect((await run(`5f5f5ff0${ANSWER}`)).done.output).not.toBe(word(0));
    expect((await run(`5f5f5f61fffff5${ANSWER}`)).done.output).toBe(word(0));
    expect((await run(`5f5f${push(2n ** 70n)}f0${ANSWER}`)).done.result).toBe("UNKNOWN");
  });

  test.each(["5f5f55", "5f5f5d", "5f5fa0", "5f5f5ff0", "5fff", `5f5f5f5f600173${"cc".repeat(20)}5af1`])(
    "nothing changes in a static call: %s",
    async (code) => {
      const { session } = await run("00");
      const callee = `41${"bb".repeat(20)}`;
      session.write(accountKey(callee), { ...newAccount(1), balance: 5n, isContract: true });
      session.write(codeKey(callee), code);
      const asked = `5f5f5f5f73${"bb".repeat(20)}620fffff${"fa"}${ANSWER}`;
      expect((await run(asked, { writes: session, energyLimit: 2_000_000 })).done.output).toBe(word(0));
    },
  );
});

describe("the energy of a call", () => {
  const contract = (percent: bigint, most = 1_000_000n) => ({
    ...blank(A),
    consume_user_resource_percent: percent,
    origin_energy_limit: most,
  });
  /** bob, the owner, has staked; alice has 1 TRX. */
  function parties(stakedTrx: bigint) {
    const session = new Session({ row: () => undefined });
    session.write("weights!all", { bandwidth: 1_000_000, energy: 1_000_000 });
    for (const { hex41 } of [alice, bob]) session.write(accountKey(hex41), { ...newAccount(1), balance: 1_000_000n });
    addFrozen(session, bob.hex41, { resource: "energy", sun: stakedTrx * 1_000_000n });
    return session;
  }
  const payer = (percent: bigint, most?: bigint) => ({
    caller: alice.hex41,
    contract: contract(percent, most),
    headTimestamp: 3_000_000,
  });
  const limits = { feeLimit: 500_000n, callValue: 0n };
  const paid = (energyUsed: number) => ({ energyUsed, succeeded: true });

  test.each([
    ["all is the caller's at 100 percent", 100n, 1_000_000n, 5_000],
    ["at 50 percent the owner doubles it", 50n, 1_000_000n, 10_000],
    ["up to the owner's limit", 50n, 70n, 5_070],
    ["and at 0 percent adds all that it allows", 0n, 60_000n, 65_000],
  ])("%s", (_name, percent, most, expected) => {
    expect(energyLimitOf(parties(10n), payer(percent, most), limits)).toBe(expected);
  });

  test("is limited by fee limit, balance and value", () => {
    const session = parties(0n);
    expect(energyLimitOf(session, payer(100n), { feeLimit: 10n ** 9n, callValue: 0n })).toBe(10_000);
    expect(energyLimitOf(session, payer(100n), { feeLimit: 10n ** 9n, callValue: 400_000n })).toBe(6_000);
    expect(energyLimitOf(session, payer(100n), { feeLimit: 10n ** 9n, callValue: 2_000_000n })).toBe(0);
  });

  test("is paid by the owner's share, then staked energy, then TRX", () => {
    const session = parties(10n);
    addFrozen(session, alice.hex41, { resource: "energy", sun: 1_000n });
    const bill = payEnergy(session, payer(40n, 500n), paid(1_000));
    const own = payEnergy(session, { ...payer(40n), caller: bob.hex41 }, paid(1_000));
    expect(bill).toMatchObject({ originEnergyUsage: 500, energyFee: expect.any(BigInt) });
    expect(own).toMatchObject({ originEnergyUsage: 0, energyUsage: 1_000, energyFee: 0n });
  });

  test("cannot be paid by nobody", () => {
    const session = parties(0n);
    expect(payEnergy(session, payer(100n), paid(10_001))).toMatchObject({ code: "CONTRACT_EXE_ERROR" });
    expect(payEnergy(session, payer(100n), paid(10_000))).toMatchObject({ energyFee: 1_000_000n });
  });
});

describe("tokens sent with a call", () => {
  test.each([
    ["No owner account!", carol.hex41, { id: TOKEN, amount: 1n }],
    ["No asset !", alice.hex41, { id: 1_000_009n, amount: 1n }],
    ["assetBalance must greater than 0.", bob.hex41, { id: TOKEN, amount: 1n }],
    ["assetBalance is not sufficient.", alice.hex41, { id: TOKEN, amount: 501n }],
    [undefined, alice.hex41, { id: TOKEN, amount: 500n }],
  ])("are refused: %s", (message, from, sent) => {
    const session = new Session({ row: () => undefined });
    for (const { hex41 } of [alice, bob]) session.write(accountKey(hex41), newAccount(1));
    writeAsset(session, { id: TOKEN.toString(), total_supply: 1_000n } as never);
    addAsset(session, alice.hex41, { id: TOKEN.toString(), amount: 500n });
    expect(objectionToTokens(session, from, sent)).toBe(message);
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
