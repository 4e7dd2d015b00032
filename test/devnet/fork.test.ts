import { describe, expect, test } from "vitest";
import { refBlockOf } from "../../src/tron/transaction.ts";
import { alice, bob, broadcast, carol, fundedDevnet, pay, post, signed, trxTransfer, usdtTransfer } from "./support.ts";

describe("a fork", () => {
  test("replaces the newest blocks by a longer branch with other ids and later times", async () => {
    const devnet = await fundedDevnet();
    const before = await devnet.mine(4);
    const solid = devnet.ledger.solidNumber();
    await devnet.fork({ depth: 3 });
    expect(devnet.ledger.headNumber()).toBe((before[3]?.number ?? 0) + 1);
    expect(devnet.ledger.headTimestamp()).toBeGreaterThan(before[3]?.timestamp ?? 0);
    expect(devnet.ledger.solidNumber()).toBeGreaterThanOrEqual(solid);
    const ids = await Promise.all(
      before.map(async ({ number }) => (await post(devnet, "/wallet/getblockbynum", { num: number }))["blockID"]),
    );
    expect(ids.map((id, at) => id === before[at]?.id)).toEqual([true, false, false, false]);
    for (const { id } of before.slice(1)) expect(await post(devnet, "/wallet/getblockbyid", { value: id })).toEqual({});
  });

  test("takes back all that a dropped transaction did", async () => {
    const devnet = await fundedDevnet();
    const [trx, usdt] = [devnet.ledger.trx(alice.address), devnet.ledger.usdt(alice.address)];
    const lost = await pay(devnet, usdtTransfer(devnet, carol, 5n));
    const kept = await pay(devnet, trxTransfer(bob, 7n));
    await devnet.fork({ depth: 2, drop: [lost.txId] });
    expect(devnet.ledger.transaction(lost.txId)).toBeUndefined();
    expect(await post(devnet, "/wallet/gettransactionbyid", { value: lost.txId })).toEqual({});
    expect(devnet.ledger.transaction(kept.txId)?.outcome.result).toBe("SUCCESS");
    expect(devnet.ledger.usdt(carol.address)).toBe(0n);
    expect(devnet.ledger.usdt(alice.address)).toBe(usdt);
    expect(devnet.ledger.trx(alice.address)).toBe(trx - 7n);
  });

  test("a dropped transaction may be sent again, and is executed once", async () => {
    const devnet = await fundedDevnet();
    const tx = await pay(devnet, usdtTransfer(devnet, bob, 5n));
    await devnet.fork({ depth: 1, drop: "all" });
    expect(devnet.ledger.pendingSize()).toBe(0);
    expect(await broadcast(devnet, tx)).toMatchObject({ result: true });
    await devnet.mine();
    expect(devnet.ledger.payments({ txId: tx.txId })).toHaveLength(1);
    expect(devnet.ledger.usdt(bob.address)).toBe(1_000_005n);
  });

  test("moves a transaction to a later block by putting it back into the pool", async () => {
    const devnet = await fundedDevnet();
    const tx = await pay(devnet, trxTransfer(bob, 5n));
    const first = devnet.ledger.transaction(tx.txId)?.blockNumber ?? 0;
    await devnet.fork({ depth: 1, move: true });
    expect(devnet.ledger.transaction(tx.txId)).toBeUndefined();
    expect(devnet.ledger.pendingSize()).toBe(1);
    await devnet.mine();
    expect(devnet.ledger.transaction(tx.txId)?.blockNumber).toBe(first + 2);
    expect(devnet.ledger.trx(bob.address)).toBe(1_000_005n);
  });

  test("what is neither dropped nor moved stays where it was", async () => {
    const devnet = await fundedDevnet();
    const tx = await pay(devnet, trxTransfer(bob, 5n));
    const number = devnet.ledger.transaction(tx.txId)?.blockNumber;
    await devnet.fork({ depth: 1 });
    expect(devnet.ledger.transaction(tx.txId)?.blockNumber).toBe(number);
  });

  test("changes the result of a call that depended on what was dropped", async () => {
    const devnet = await fundedDevnet();
    await devnet.faucet({ address: carol.address, trxSun: 100_000_000n });
    await devnet.mine();
    const gift = await pay(devnet, usdtTransfer(devnet, carol, 5n));
    const spent = await pay(devnet, usdtTransfer(devnet, bob, 5n, carol), { signers: [carol] });
    expect(devnet.ledger.transaction(spent.txId)?.outcome.result).toBe("SUCCESS");
    await devnet.fork({ depth: 2, drop: [gift.txId] });
    expect(devnet.ledger.transaction(spent.txId)?.outcome.result).toBe("REVERT");
  });

  test("kills a transaction that refers to a replaced block", async () => {
    const devnet = await fundedDevnet();
    const [block] = await devnet.mine();
    if (block === undefined) throw new Error("a block was made");
    const tx = await pay(devnet, trxTransfer(bob, 5n), refBlockOf(block.number, block.id));
    await devnet.fork({ depth: 2 });
    expect(devnet.ledger.transaction(tx.txId)).toBeUndefined();
    expect((await broadcast(devnet, tx))["code"]).toBe("TAPOS_ERROR");
  });

  test("leaves what is waiting waiting", async () => {
    const devnet = await fundedDevnet();
    await devnet.mine(2);
    const tx = await signed(devnet, trxTransfer(bob, 5n));
    await broadcast(devnet, tx);
    await devnet.fork({ depth: 2 });
    expect(devnet.ledger.pendingSize()).toBe(1);
    await devnet.mine();
    expect(devnet.ledger.transaction(tx.txId)?.outcome.result).toBe("SUCCESS");
  });

  test("never reaches the solidified block, and is always longer", async () => {
    const devnet = await fundedDevnet();
    await devnet.fork({ depth: 18 });
    const above = devnet.ledger.headNumber() - devnet.ledger.solidNumber();
    await expect(devnet.fork({ depth: above + 1 })).rejects.toThrow("only blocks above the solidified one");
    await expect(devnet.fork({ depth: 0 })).rejects.toThrow("only blocks above the solidified one");
    await expect(devnet.fork({ depth: 2, length: 2 })).rejects.toThrow("must be longer");
  });

  test("of the same blocks twice gives different blocks each time", async () => {
    const devnet = await fundedDevnet();
    const ids = new Set<string>();
    for (let count = 0; count < 3; count += 1) {
      const number = devnet.ledger.solidNumber() + 10;
      ids.add((await post(devnet, "/wallet/getblockbynum", { num: number }))["blockID"]);
      await devnet.fork({ depth: devnet.ledger.headNumber() - number + 1 });
    }
    expect(ids.size).toBe(3);
  });
});
