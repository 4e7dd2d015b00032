import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Devnet } from "../../src/devnet/handle.ts";
import { encodeTransferCall, SELECTORS } from "../../src/tron/trc20.ts";
import { toEvmWord, toHex41 } from "../../src/tron/address.ts";
import { merkleRoot } from "../../src/devnet/block.ts";
import { sha256 } from "../../src/tron/hashes.ts";
import {
  alice,
  bob,
  broadcast,
  call,
  carol,
  fundedDevnet,
  infoOf,
  type Json,
  manualDevnet,
  pay,
  post,
  signed,
  trxTransfer,
  usdtTransfer,
  type Wallet,
} from "./support.ts";

const now = (devnet: Devnet, scope: string): Promise<Json> => post(devnet, `/${scope}/getnowblock`);

describe("time", () => {
  test("blocks are 3 s of chain time apart, each names its parent, and its id starts with its number", async () => {
    const devnet = await manualDevnet();
    const [first, second] = await devnet.mine(2);
    expect((second?.timestamp ?? 0) - (first?.timestamp ?? 0)).toBe(3_000);
    expect(second?.parentId).toBe(first?.id);
    expect(BigInt(`0x${second?.id.slice(0, 16)}`)).toBe(BigInt(second?.number ?? 0));
  });

  test("the solidified block lags by 18 with 27 witnesses, by 0 with one, or by what was asked for", async () => {
    const lag = async (options: Parameters<typeof manualDevnet>[0]) => {
      const devnet = await manualDevnet(options);
      await devnet.mine(3);
      return devnet.ledger.headNumber() - devnet.ledger.solidNumber();
    };
    expect(await lag({})).toBe(18);
    expect(await lag({ witnesses: 1 })).toBe(0);
    expect(await lag({ solidLag: 5 })).toBe(5);
  });

  test("a new chain already has a solidified block with a real time", async () => {
    const devnet = await manualDevnet();
    const block = await now(devnet, "walletsolidity");
    expect(block["block_header"].raw_data.number).toBe(devnet.ledger.solidNumber());
    expect(block["block_header"].raw_data.timestamp).toBeGreaterThan(0);
  });

  test("missed slots move time, not numbers", async () => {
    const devnet = await manualDevnet();
    const [before] = await devnet.mine();
    devnet.missSlots(10);
    const [after] = await devnet.mine();
    expect((after?.number ?? 0) - (before?.number ?? 0)).toBe(1);
    expect((after?.timestamp ?? 0) - (before?.timestamp ?? 0)).toBe(33_000);
  });

  test("a transaction is included in a block later than its expiration when slots were missed", async () => {
    const devnet = await fundedDevnet();
    const tx = await signed(devnet, trxTransfer(bob, 5n), {
      expiration: BigInt(devnet.ledger.headTimestamp() + 6_000),
    });
    await broadcast(devnet, tx);
    devnet.missSlots(100);
    const [block] = await devnet.mine();
    expect(block?.timestamp).toBeGreaterThan(Number(tx.raw.expiration));
    expect(devnet.ledger.transaction(tx.txId)?.blockNumber).toBe(block?.number);
  });

  test("a transaction whose parent block is too late is never included", async () => {
    const devnet = await fundedDevnet();
    const tx = await signed(devnet, trxTransfer(bob, 5n), {
      expiration: BigInt(devnet.ledger.headTimestamp() + 6_000),
    });
    await broadcast(devnet, tx);
    devnet.setCensoring(true);
    devnet.missSlots(5);
    await devnet.mine();
    devnet.setCensoring(false);
    await devnet.mine(30);
    expect(devnet.ledger.transaction(tx.txId)).toBeUndefined();
    expect(devnet.ledger.pendingSize()).toBe(0);
  });

  test("what is not included within 60 s of chain time is forgotten, and may come again", async () => {
    const devnet = await fundedDevnet();
    const tx = await signed(devnet, trxTransfer(bob, 5n), {
      expiration: BigInt(devnet.ledger.headTimestamp() + 600_000),
    });
    await broadcast(devnet, tx);
    devnet.setCensoring(true);
    await devnet.mine(19);
    expect(devnet.ledger.pendingSize()).toBe(1);
    await devnet.mine();
    expect(devnet.ledger.pendingSize()).toBe(0);
    devnet.setCensoring(false);
    expect(await broadcast(devnet, tx)).toMatchObject({ result: true });
    await devnet.mine();
    expect(devnet.ledger.transaction(tx.txId)?.outcome.result).toBe("SUCCESS");
  });
});

describe("state", () => {
  test("/wallet shows what is pending, /walletsolidity only what is solidified", async () => {
    const devnet = await fundedDevnet();
    await devnet.mine(20);
    const balance = async (scope: string) =>
      (await post(devnet, `/${scope}/getaccount`, { address: bob.hex41 }))["balance"];
    await broadcast(devnet, await signed(devnet, trxTransfer(bob, 500n)));
    expect([await balance("wallet"), await balance("walletsolidity")]).toEqual([1_000_500, 1_000_000]);
    expect(devnet.ledger.trx(bob.address)).toBe(1_000_000n);
    await devnet.mine(18);
    expect(await balance("walletsolidity")).toBe(1_000_000);
    await devnet.mine();
    expect(await balance("walletsolidity")).toBe(1_000_500);
  });

  test("a solidified token balance is read from the solidified state", async () => {
    const devnet = await fundedDevnet();
    await devnet.mine(20);
    await pay(devnet, usdtTransfer(devnet, bob, 7n));
    const read = async (scope: string) => {
      const data = SELECTORS["balanceOf(address)"] + toEvmWord(bob.address);
      const { constant_result } = await post(devnet, `/${scope}/triggerconstantcontract`, call(devnet, data).value);
      return BigInt(`0x${constant_result[0]}`);
    };
    expect([await read("wallet"), await read("walletsolidity")]).toEqual([1_000_007n, 1_000_000n]);
    await devnet.mine(18);
    expect(await read("walletsolidity")).toBe(1_000_007n);
  });

  test("the Merkle root covers the whole transactions; an odd leaf moves up", () => {
    const [a, b, c] = [1, 2, 3].map((value) => sha256(Uint8Array.of(value)));
    if (a === undefined || b === undefined || c === undefined) throw new Error("three leaves");
    const ab = sha256(Buffer.concat([a, b]));
    expect(merkleRoot([])).toBe("0".repeat(64));
    expect(merkleRoot([a])).toBe(Buffer.from(a).toString("hex"));
    expect(merkleRoot([a, b, c])).toBe(Buffer.from(sha256(Buffer.concat([ab, c]))).toString("hex"));
  });
});

describe("fees", () => {
  test("600 bytes a day are free, all or nothing, and recover in a day", async () => {
    const devnet = await fundedDevnet();
    const fee = async () =>
      (await infoOf(devnet, (await pay(devnet, usdtTransfer(devnet, bob, 1n))).txId))["receipt"].net_fee;
    expect(await fee()).toBeUndefined();
    expect(await fee()).toBe(345_000);
    devnet.missSlots(28_800);
    await devnet.mine();
    expect(await fee()).toBeUndefined();
  });

  test("a payment to a new account costs 1.1 TRX, and the receiver gets all of it", async () => {
    const devnet = await fundedDevnet();
    await pay(devnet, trxTransfer(carol, 5_000_000n));
    expect(devnet.ledger.trx(carol.address)).toBe(5_000_000n);
    expect(devnet.ledger.trx(alice.address)).toBe(1_000_000_000n - 6_100_000n);
  });

  test("a memo costs 1 TRX", async () => {
    const devnet = await fundedDevnet();
    const tx = await pay(devnet, trxTransfer(bob, 1n), { data: Buffer.from("order-42").toString("hex") });
    expect(await infoOf(devnet, tx.txId)).toMatchObject({ fee: 1_000_000, receipt: { net_usage: 275 } });
  });

  test("a token transfer to a new holder costs twice the energy, and creates no account", async () => {
    const devnet = await fundedDevnet();
    const tx = await pay(devnet, usdtTransfer(devnet, carol, 1n));
    expect((await infoOf(devnet, tx.txId))["receipt"]).toMatchObject({
      energy_usage_total: 130_285,
      result: "SUCCESS",
    });
    expect(await post(devnet, "/wallet/getaccount", { address: carol.hex41 })).toEqual({});
    expect(devnet.ledger.usdt(carol.address)).toBe(1n);
  });

  test("energy is limited by the balance too: the cap is burned and nothing is sent", async () => {
    const devnet = await manualDevnet();
    await devnet.faucet({ address: alice.address, trxSun: 2_000_000n, usdt: 10n });
    await devnet.mine();
    const tx = await pay(devnet, usdtTransfer(devnet, bob, 5n));
    expect(await infoOf(devnet, tx.txId)).toMatchObject({
      fee: 2_000_000,
      result: "FAILED",
      receipt: { energy_usage_total: 20_000, result: "OUT_OF_ENERGY" },
    });
    expect(devnet.ledger.trx(alice.address)).toBe(0n);
    expect(devnet.ledger.usdt(alice.address)).toBe(10n);
  });
});

describe("the token", () => {
  const result = async (devnet: Devnet, contract: ReturnType<typeof call>, from = alice) => {
    const tx = await pay(devnet, contract, { signers: [from] });
    return devnet.ledger.transaction(tx.txId)?.outcome;
  };

  test("transfer returns false although it succeeded", async () => {
    const devnet = await fundedDevnet();
    const outcome = await result(devnet, usdtTransfer(devnet, bob, 5n));
    expect(outcome).toMatchObject({ result: "SUCCESS", call: { output: "0".repeat(64) } });
    expect(devnet.ledger.usdt(bob.address)).toBe(1_000_005n);
  });

  test("nobody pays while it is paused, and everybody after", async () => {
    const devnet = await fundedDevnet();
    await devnet.usdt.setPaused(true);
    await devnet.mine();
    expect((await result(devnet, usdtTransfer(devnet, bob, 5n)))?.result).toBe("REVERT");
    await devnet.usdt.setPaused(false);
    await devnet.mine();
    expect((await result(devnet, usdtTransfer(devnet, bob, 5n)))?.result).toBe("SUCCESS");
  });

  test("who is blacklisted receives but cannot send", async () => {
    const devnet = await fundedDevnet();
    await devnet.usdt.setBlacklisted(bob.address, true);
    await devnet.mine();
    expect((await result(devnet, usdtTransfer(devnet, bob, 5n)))?.result).toBe("SUCCESS");
    await devnet.faucet({ address: bob.address, trxSun: 100_000_000n });
    await devnet.mine();
    expect((await result(devnet, usdtTransfer(devnet, alice, 5n, bob), bob))?.result).toBe("REVERT");
    const status = call(devnet, SELECTORS["isBlackListed(address)"] + toEvmWord(bob.address)).value;
    expect((await post(devnet, "/wallet/triggerconstantcontract", status))["constant_result"]).toEqual([
      "1".padStart(64, "0"),
    ]);
    await devnet.usdt.setBlacklisted(bob.address, false);
    await devnet.mine();
    expect((await result(devnet, usdtTransfer(devnet, alice, 5n, bob), bob))?.result).toBe("SUCCESS");
  });

  test("a fee goes to the owner by a second event, and the receiver gets less", async () => {
    const devnet = await fundedDevnet();
    await devnet.usdt.setFee(10, 5);
    await devnet.mine();
    const tx = await pay(devnet, usdtTransfer(devnet, bob, 1_000_000n));
    const paid = devnet.ledger.payments({ txId: tx.txId });
    expect(paid.map(({ to, amount }) => [to === bob.address, amount])).toEqual([
      [true, 999_000n],
      [false, 1_000n],
    ]);
  });

  test("strangers cannot pause it, and its owner cannot set an absurd fee", async () => {
    const devnet = await fundedDevnet();
    expect((await result(devnet, call(devnet, SELECTORS["pause()"])))?.result).toBe("REVERT");
    await devnet.usdt.setFee(20, 5);
    await devnet.mine();
    expect((await result(devnet, call(devnet, SELECTORS["pause()"])))?.result).toBe("REVERT");
    const rate = call(devnet, SELECTORS["basisPointsRate()"]).value;
    expect((await post(devnet, "/wallet/triggerconstantcontract", rate))["constant_result"]).toEqual(["0".repeat(64)]);
  });

  test("an allowance is spent by transferFrom, and no more than it", async () => {
    const devnet = await fundedDevnet();
    await devnet.faucet({ address: bob.address, trxSun: 100_000_000n });
    await devnet.mine();
    const word = (value: bigint) => value.toString(16).padStart(64, "0");
    const from = (amount: bigint) =>
      call(
        devnet,
        SELECTORS["transferFrom(address,address,uint256)"] +
          toEvmWord(alice.address) +
          toEvmWord(carol.address) +
          word(amount),
        bob,
      );
    expect((await result(devnet, from(5n), bob))?.result).toBe("REVERT");
    await pay(devnet, call(devnet, SELECTORS["approve(address,uint256)"] + toEvmWord(bob.address) + word(8n)));
    expect((await result(devnet, from(5n), bob))?.result).toBe("SUCCESS");
    expect((await result(devnet, from(5n), bob))?.result).toBe("REVERT");
    expect(devnet.ledger.usdt(carol.address)).toBe(5n);
    const allowance = call(
      devnet,
      SELECTORS["allowance(address,address)"] + toEvmWord(alice.address) + toEvmWord(bob.address),
    ).value;
    expect((await post(devnet, "/wallet/triggerconstantcontract", allowance))["constant_result"]).toEqual([word(3n)]);
  });

  test.each([
    ["to the zero address", () => encodeTransferCall("T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb", 1n)],
    ["with data cut short", () => encodeTransferCall(bob.address, 1n).slice(0, -2)],
    ["of a function it does not have", () => "12345678"],
    ["of nothing", () => ""],
  ])("a call %s reverts", async (_, data) => {
    const devnet = await fundedDevnet();
    expect((await result(devnet, call(devnet, data())))?.result).toBe("REVERT");
    expect(devnet.ledger.usdt(alice.address)).toBe(1_000_000_000n);
  });
});

describe("properties", () => {
  test("whatever is sent, TRX is only moved or burned, tokens only moved, and the same calls make the same chain", async () => {
    const wallets = [alice, bob, carol];
    type Step = { from: number; to: number; asset: "TRX" | "USDT"; amount: bigint; feeLimit: bigint; mine: boolean };
    const step: fc.Arbitrary<Step> = fc.record({
      from: fc.nat(2),
      to: fc.nat(2),
      asset: fc.constantFrom("TRX" as const, "USDT" as const),
      amount: fc.bigInt({ min: 0n, max: 1_500_000_000n }),
      feeLimit: fc.bigInt({ min: 0n, max: 20_000_000n }),
      mine: fc.boolean(),
    });
    const play = async (steps: Step[]) => {
      const devnet = await fundedDevnet();
      const usdt = (wallet: Wallet) => devnet.ledger.usdt(wallet.address);
      let tick = 0;
      for (const { from, to, asset, amount, feeLimit, mine } of steps) {
        const [payer = alice, payee = bob] = [wallets[from], wallets[to]];
        const contract =
          asset === "TRX" ? trxTransfer(payee, amount, payer) : usdtTransfer(devnet, payee, amount, payer);
        tick += 1;
        const limit = asset === "TRX" ? {} : { feeLimit };
        await broadcast(
          devnet,
          await signed(devnet, contract, { signers: [payer], timestamp: BigInt(tick), ...limit }),
        );
        if (mine) await devnet.mine();
      }
      await devnet.mine();
      const everybody = [
        ...wallets.map((wallet) => wallet.address),
        ...new Set(devnet.ledger.payments().map(({ from }) => from)),
      ];
      const trx = [...new Set(everybody)].reduce(
        (sum, address) => sum + devnet.ledger.trx(address),
        devnet.ledger.burnedSun(),
      );
      return {
        trx,
        usdt: wallets.reduce((sum, wallet) => sum + usdt(wallet), 0n),
        head: (await now(devnet, "wallet"))["blockID"],
      };
    };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const [once, again] = [await play(steps), await play(steps)];
        expect(once).toEqual(again);
        expect(once.usdt).toBe(1_001_000_000n);
        expect(once.trx).toBe(40_000_000_000_000_000n);
      }),
      { numRuns: 15 },
    );
  });
});

test("the token's address in both spellings is the one that getcontract knows", async () => {
  const devnet = await manualDevnet();
  const contract = await post(devnet, "/wallet/getcontract", { value: toHex41(devnet.usdtContract) });
  expect(contract["contract_address"]).toBe(toHex41(devnet.usdtContract));
  expect(await post(devnet, "/wallet/getcontract", { value: alice.hex41 })).toEqual({});
});
