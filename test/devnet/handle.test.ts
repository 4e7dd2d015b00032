import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { startDevnet } from "../../src/devnet/devnet.ts";
import {
  alice,
  bob,
  broadcast,
  carol,
  fundedDevnet,
  manualDevnet,
  pay,
  post,
  signed,
  trxTransfer,
  usdtTransfer,
  Wallet,
} from "./support.ts";

describe("the schedule", () => {
  test("makes blocks by itself, whose chain time does not depend on how fast", async () => {
    const devnet = await manualDevnet({ slotMs: 2 });
    const first = devnet.ledger.headNumber();
    while (devnet.ledger.headNumber() < first + 5) await new Promise(setImmediate);
    const blocks = await Promise.all(
      [first + 1, first + 2].map((num) => post(devnet, "/wallet/getblockbynum", { num })),
    );
    const [one, two] = blocks.map((block) => block["block_header"].raw_data.timestamp);
    expect(two - one).toBe(3_000);
  });

  test("does not stand in the way of mining by hand", async () => {
    const devnet = await manualDevnet({ slotMs: 1 });
    const headers = await devnet.mine(10);
    for (const [at, { number, parentId }] of headers.entries()) {
      const before = headers[at - 1];
      if (before?.number === number - 1) expect(parentId).toBe(before.id);
    }
    expect(headers).toHaveLength(10);
  });
});

describe("instant mining", () => {
  test("a transaction is in a block before its broadcast is answered, and nothing else makes blocks", async () => {
    const devnet = await manualDevnet({ slotMs: "instant", witnesses: 1 });
    await devnet.faucet({ address: alice.address, trxSun: 5_000_000n });
    await devnet.mine();
    const head = devnet.ledger.headNumber();
    const tx = await signed(devnet, trxTransfer(bob, 1n));
    expect(await broadcast(devnet, tx)).toMatchObject({ result: true });
    expect(devnet.ledger.transaction(tx.txId)).toMatchObject({ blockNumber: head + 1, solid: true });
    expect(await broadcast(devnet, tx)).toMatchObject({ code: "DUP_TRANSACTION_ERROR" });
    expect(devnet.ledger.headNumber()).toBe(head + 1);
  });
});

describe("the wall clock", () => {
  test("a chain that follows it begins now and counts the slots that it missed", async () => {
    const before = Date.now();
    const devnet = await manualDevnet({ slotMs: "instant", wallClock: true, accounts: { count: 1 } });
    expect(Math.abs(devnet.ledger.headTimestamp() - before)).toBeLessThan(60_000);
    const [rich] = devnet.accounts?.list() ?? [];
    const tx = await signed(devnet, trxTransfer(bob, 1n, new Wallet(rich?.privateKey ?? "")), {
      signers: [new Wallet(rich?.privateKey ?? "")],
    });
    const late = vi.spyOn(Date, "now").mockReturnValue(devnet.ledger.headTimestamp() + 30_001);
    expect(await broadcast(devnet, tx)).toMatchObject({ result: true });
    expect(devnet.ledger.headTimestamp()).toBe(Math.floor(Date.now() / 3_000) * 3_000);
    late.mockRestore();
  });
});

describe("options", () => {
  test("that make no chain are refused", async () => {
    await expect(startDevnet({ port: 0, slotMs: "manual", genesisTimestamp: 1 })).rejects.toMatchObject({
      code: "config_invalid",
    });
    const devnet = await manualDevnet();
    await expect(startDevnet({ port: devnet.port, slotMs: "manual" })).rejects.toThrow("EADDRINUSE");
  });

  test("the seed decides the whole chain", async () => {
    const [a, b, c] = await Promise.all(["one", "one", "two"].map((seed) => manualDevnet({ seed })));
    expect(a?.genesisId).toBe(b?.genesisId);
    expect(a?.usdtContract).toBe(b?.usdtContract);
    expect(a?.genesisId).not.toBe(c?.genesisId);
    expect(a?.usdtContract).not.toBe(c?.usdtContract);
    const heads = [await a?.mine(2), await b?.mine(2)];
    expect(heads[0]).toEqual(heads[1]);
  });

  test("a damaged data directory is said to be damaged", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "devnet-"));
    writeFileSync(join(dataDir, "CURRENT"), "nonsense");
    await expect(startDevnet({ port: 0, slotMs: "manual", dataDir })).rejects.toMatchObject({ code: "store_corrupt" });
    rmSync(dataDir, { recursive: true });
  });
});

describe("the ledger", () => {
  test("lists every payment once, with what came of it, by any filter", async () => {
    const devnet = await fundedDevnet();
    const since = devnet.ledger.headNumber() + 1;
    const paid = await pay(devnet, usdtTransfer(devnet, carol, 5n));
    const failed = await pay(devnet, usdtTransfer(devnet, carol, 10n ** 12n));
    const trx = await pay(devnet, trxTransfer(bob, 7n));
    const listed = devnet.ledger.payments({ sinceBlock: since });
    expect(listed.map(({ txId, asset, amount, result, solid }) => ({ txId, asset, amount, result, solid }))).toEqual([
      { txId: paid.txId, asset: "USDT", amount: 5n, result: "SUCCESS", solid: false },
      { txId: failed.txId, asset: "USDT", amount: 10n ** 12n, result: "REVERT", solid: false },
      { txId: trx.txId, asset: "TRX", amount: 7n, result: "SUCCESS", solid: false },
    ]);
    const ids = (filter: Parameters<typeof devnet.ledger.payments>[0]) =>
      devnet.ledger.payments(filter).map(({ txId }) => txId);
    expect(ids({ to: carol.address })).toEqual([paid.txId, failed.txId]);
    expect(ids({ from: alice.address, asset: "TRX" })).toEqual([trx.txId]);
    expect(ids({ txId: paid.txId })).toEqual([paid.txId]);
    await devnet.mine(20);
    expect(devnet.ledger.payments({ txId: paid.txId })[0]?.solid).toBe(true);
    expect(devnet.ledger.transaction("ab".repeat(32))).toBeUndefined();
  });
});

describe("the faucet", () => {
  test("says when it cannot give", async () => {
    const devnet = await manualDevnet();
    await expect(devnet.faucet({ address: alice.address, trxSun: 10n ** 18n })).rejects.toMatchObject({
      code: "chain_error",
    });
    await expect(devnet.faucet({ address: "nobody", trxSun: 1n })).rejects.toMatchObject({ code: "invalid_address" });
    await expect(devnet.usdt.setBlacklisted("nobody", true)).rejects.toMatchObject({ code: "invalid_address" });
  });

  test("gives the same twice as two payments", async () => {
    const devnet = await manualDevnet();
    await devnet.faucet({ address: alice.address, trxSun: 5n, usdt: 5n });
    await devnet.faucet({ address: alice.address, trxSun: 5n, usdt: 5n });
    await devnet.mine();
    expect([devnet.ledger.trx(alice.address), devnet.ledger.usdt(alice.address)]).toEqual([10n, 10n]);
  });
});
