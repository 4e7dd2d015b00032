import { describe, expect, test } from "vitest";
import { codeKey, contractKey } from "../../src/devnet/evm/contract-keys.ts";
import { Tvm } from "../../src/devnet/evm/tvm.ts";
import { executeContract } from "../../src/devnet/evm/execution.ts";
import { accountKey, newAccount, Session } from "../../src/devnet/state.ts";
import { deployUsdt, usdtBalance } from "../../src/devnet/usdt.ts";
import { TOPICS } from "../../src/tron/trc20.ts";
import { calldata, word } from "./contract-support.ts";
import { alice, bob, carol } from "./support.ts";

const OWNER = `41${"0e".repeat(20)}`;
const USDT = `41${"0a".repeat(20)}`;
const SUPPLY = 1_000_000n;

/** The token alone, without a chain: everything belongs to alice. */
async function token() {
  const session = new Session({ row: () => undefined });
  const vm = new Tvm("00".repeat(32));
  await deployUsdt(session, vm, { contract: USDT, owner: OWNER, holder: alice.hex41, supply: SUPPLY, now: 1 });
  const surroundings = { block: { number: 1, timestamp: 1, witness: "", idOf: () => undefined }, now: 1 };
  const call = async (caller: string, data: string, contract = USDT) => {
    const order = {
      txId: "ab".repeat(32),
      caller,
      contract,
      data,
      callValue: 0n,
      tokenValue: 0n,
      tokenId: 0n,
      energyLimit: 10_000_000,
      isConstant: false,
    };
    return executeContract(vm, { session, order }, surroundings);
  };
  const balances = () => [alice, bob, carol].map(({ hex41 }) => usdtBalance(session, USDT, hex41));
  return { session, call, balances };
}

const to = (hex41: string, value: bigint) => word(hex41.slice(2)) + word(value);
const transfer = (hex41: string, value: bigint) => calldata("transfer(address,uint256)", to(hex41, value));
const topicOf = (hex41: string) => word(hex41.slice(2));

describe("the token", () => {
  test("costs what mainnet's costs, and as much of it is penalty", async () => {
    const { call } = await token();
    const first = await call(alice.hex41, transfer(bob.hex41, 5n));
    const second = await call(alice.hex41, transfer(bob.hex41, 5n));
    expect([first, second].map(({ energyUsed }) => energyUsed)).toEqual([130_285, 64_285]);
    expect([first, second].map((done) => done.energyUsed - done.energyPenalty)).toEqual([29_650, 14_650]);
  });

  test("answers false to a transfer that succeeded, and true to transferFrom", async () => {
    const { call, balances } = await token();
    const moved = await call(alice.hex41, transfer(bob.hex41, 5n));
    expect(moved).toMatchObject({ result: "SUCCESS", output: word(0) });
    await call(alice.hex41, calldata("approve(address,uint256)", to(bob.hex41, 10n)));
    const from = calldata("transferFrom(address,address,uint256)", topicOf(alice.hex41) + to(carol.hex41, 4n));
    expect(await call(bob.hex41, from)).toMatchObject({ result: "SUCCESS", output: word(1) });
    expect(balances()).toEqual([SUPPLY - 9n, 5n, 4n]);
    const left = await call(
      bob.hex41,
      calldata("allowance(address,address)", topicOf(alice.hex41) + topicOf(bob.hex41)),
    );
    expect(left.output).toBe(word(6));
  });

  test("does not count down an endless allowance, and lets anybody move nothing", async () => {
    const { call } = await token();
    const endless = 2n ** 256n - 1n;
    await call(alice.hex41, calldata("approve(address,uint256)", to(bob.hex41, endless)));
    const from = (value: bigint) =>
      calldata("transferFrom(address,address,uint256)", topicOf(alice.hex41) + to(carol.hex41, value));
    await call(bob.hex41, from(3n));
    const allowance = calldata("allowance(address,address)", topicOf(alice.hex41) + topicOf(bob.hex41));
    expect((await call(bob.hex41, allowance)).output).toBe(word(endless));
    const nothing = await call(carol.hex41, from(0n));
    expect(nothing.logs).toEqual([
      {
        address: USDT.slice(2),
        topics: [TOPICS["Transfer(address,address,uint256)"], topicOf(alice.hex41), topicOf(carol.hex41)],
        data: word(0),
      },
    ]);
  });

  test("takes a fee in basis points, at most the maximum, with an event of its own", async () => {
    const { session, call, balances } = await token();
    await call(OWNER, calldata("setParams(uint256,uint256)", word(10) + word(1)));
    const moved = await call(alice.hex41, transfer(bob.hex41, 100_000n));
    expect(moved.logs.map(({ topics, data }) => [topics[2], data])).toEqual([
      [topicOf(bob.hex41), word(99_900)],
      [topicOf(OWNER), word(100)],
    ]);
    expect(balances()).toEqual([SUPPLY - 100_000n, 99_900n, 0n]);
    expect(usdtBalance(session, USDT, OWNER)).toBe(100n);
    const fee = async (value: bigint) => (await call(alice.hex41, calldata("calcFee(uint256)", word(value)))).output;
    expect(await fee(10n ** 12n)).toBe(word(1_000_000));
    for (const wrong of [word(20) + word(1), word(1) + word(50)]) {
      expect(await call(OWNER, calldata("setParams(uint256,uint256)", wrong))).toMatchObject({ result: "REVERT" });
    }
  });

  test("pauses", async () => {
    const { call } = await token();
    await call(OWNER, calldata("pause()"));
    for (const data of [transfer(bob.hex41, 1n), calldata("approve(address,uint256)", to(bob.hex41, 1n))]) {
      expect(await call(alice.hex41, data)).toMatchObject({ result: "REVERT", output: "" });
    }
    await call(OWNER, calldata("unpause()"));
    expect(await call(alice.hex41, transfer(bob.hex41, 1n))).toMatchObject({ result: "SUCCESS" });
  });

  test("stops senders on its blacklist, not receivers, and can take what they have", async () => {
    const { call, balances } = await token();
    await call(OWNER, calldata("addBlackList(address)", topicOf(bob.hex41)));
    expect(await call(alice.hex41, transfer(bob.hex41, 50n))).toMatchObject({ result: "SUCCESS" });
    expect(await call(bob.hex41, transfer(carol.hex41, 1n))).toMatchObject({ result: "REVERT" });
    const destroyed = await call(OWNER, calldata("destroyBlackFunds(address)", topicOf(bob.hex41)));
    expect(destroyed.logs).toHaveLength(1);
    expect(destroyed.logs[0]?.topics[0]).toBe("61e6e66b0d6339b2980aecc6ccc0039736791f0ccde9ed512e789a7fbdd698c6");
    expect(balances()).toEqual([SUPPLY - 50n, 0n, 0n]);
    expect((await call(bob.hex41, calldata("totalSupply()"))).output).toBe(word(SUPPLY - 50n));
    await call(OWNER, calldata("removeBlackList(address)", topicOf(bob.hex41)));
    expect(await call(OWNER, calldata("destroyBlackFunds(address)", topicOf(bob.hex41)))).toMatchObject({
      result: "REVERT",
    });
  });

  test("is issued and redeemed by its owner without a Transfer", async () => {
    const { session, call } = await token();
    const issued = await call(OWNER, calldata("issue(uint256)", word(70)));
    expect(issued.logs.map(({ topics }) => topics)).toEqual([
      ["cb8241adb0c3fdb35b70c24ce35c5eb0c17af7431c99f827d44a445ca624176a"],
    ]);
    await call(OWNER, calldata("redeem(uint256)", word(20)));
    expect(usdtBalance(session, USDT, OWNER)).toBe(50n);
    expect((await call(OWNER, calldata("totalSupply()"))).output).toBe(word(SUPPLY + 50n));
    expect(await call(OWNER, calldata("redeem(uint256)", word(51)))).toMatchObject({ result: "REVERT" });
  });

  test("obeys its owner only, who can be another", async () => {
    const { call } = await token();
    const orders = ["pause()", "issue(uint256)", "redeem(uint256)", "addBlackList(address)", "deprecate(address)"];
    for (const signature of orders) {
      expect(await call(alice.hex41, calldata(signature, topicOf(bob.hex41)))).toMatchObject({ result: "REVERT" });
    }
    await call(OWNER, calldata("transferOwnership(address)", topicOf(alice.hex41)));
    expect((await call(bob.hex41, calldata("owner()"))).output).toBe(topicOf(alice.hex41));
    expect(await call(alice.hex41, calldata("pause()"))).toMatchObject({ result: "SUCCESS" });
    expect(await call(OWNER, calldata("unpause()"))).toMatchObject({ result: "REVERT" });
  });

  test("hands everything to its successor once it is deprecated", async () => {
    const { session, call } = await token();
    const successor = `41${"0b".repeat(20)}`;
    const row = session.row(contractKey(USDT));
    if (row === undefined) throw new Error("the token is there");
    session.restore(contractKey(successor), row);
    session.write(accountKey(successor), { ...newAccount(1), isContract: true });
    // It answers with the first argument, whatever it is asked.
    session.write(codeKey(successor), "60043560005260206000f3");
    await call(OWNER, calldata("deprecate(address)", topicOf(successor)));
    expect((await call(bob.hex41, calldata("balanceOf(address)", topicOf(bob.hex41)))).output).toBe(topicOf(bob.hex41));
    const old = await call(bob.hex41, calldata("oldBalanceOf(address)", topicOf(alice.hex41)));
    expect(old.output).toBe(word(SUPPLY));
    expect((await call(bob.hex41, calldata("upgradedAddress()"))).output).toBe(topicOf(successor));
  });

  test.each([
    ["more than there is", alice.hex41, transfer(bob.hex41, SUPPLY + 1n)],
    ["to nobody", alice.hex41, transfer(`41${"00".repeat(20)}`, 1n)],
    ["from an empty account", bob.hex41, transfer(carol.hex41, 1n)],
    ["with half of the words", alice.hex41, transfer(bob.hex41, 1n).slice(0, 70)],
    ["by a function that it does not have", alice.hex41, "deadbeef"],
  ])("refuses a transfer %s without a reason", async (_name, caller, data) => {
    const { call, balances } = await token();
    expect(await call(caller, data)).toMatchObject({ result: "REVERT", output: "", logs: [] });
    expect(balances()).toEqual([SUPPLY, 0n, 0n]);
  });
});
