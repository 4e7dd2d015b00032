/** Money that comes to the engine's own wallets while nobody asks for it. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/poll.ts";
import { recipient, withRig, type Rig } from "./support/rig.ts";

/** The balance as it stands; nobody asks the wallet to read it. */
const usdtOf = async (rig: Rig, id: string) => (await rig.client.balance(id)).usdt.total_units;
const counted = async (rig: Rig) => {
  const { body } = await rig.client.insist<string>("GET", "/metrics");
  return body.split("\n").filter((line) => line.startsWith("engine_wallet_transfers_total{"));
};
const MONEY = { trxSun: 5_000_000n, usdt: 7_000_000n };

test("money is in a wallet's balance as soon as it is final, also what came while the engine was down", async () => {
  await withRig({ environment: { WATCH_WALLET_TRANSFERS: "true" } }, async (rig) => {
    const { id, address } = await rig.client.createWallet({ name: "till", hot: false });
    await until("the first reading", async () => (await rig.client.balance(id)).as_of_block !== null);
    await rig.devnet.faucet({ address, ...MONEY });
    rig.run();
    await until("the money", async () => (await usdtOf(rig, id)) === "7000000", { withinMs: 20_000 });
    expect(await counted(rig)).toEqual([
      'engine_wallet_transfers_total{asset="TRX"} 1',
      'engine_wallet_transfers_total{asset="USDT"} 1',
    ]);
    await rig.stop();
    await rig.devnet.faucet({ address, ...MONEY });
    await rig.devnet.mine(100);
    await rig.start();
    await until("what came meanwhile", async () => (await usdtOf(rig, id)) === "14000000", { withinMs: 20_000 });
  });
});

test("an address that is watched is followed like a wallet's own, over a restart, and no key is made for it", async () => {
  await withRig({ environment: { WATCH_WALLET_TRANSFERS: "true" } }, async (rig) => {
    const address = recipient(7);
    const { id } = await rig.client.createWallet({ name: "cold", kind: "watch", address, hot: false });
    await until("the first reading", async () => (await rig.client.balance(id)).as_of_block !== null);
    await rig.devnet.faucet({ address, ...MONEY });
    rig.run();
    await until("the money", async () => (await usdtOf(rig, id)) === "7000000", { withinMs: 20_000 });
    await rig.stop();
    await rig.devnet.faucet({ address, ...MONEY });
    await rig.devnet.mine(100);
    await rig.start();
    await until("what came meanwhile", async () => (await usdtOf(rig, id)) === "14000000", { withinMs: 20_000 });
    const refused = await rig.client.pay({ wallet: id, to: recipient(8), amount: "1" }, "no-key");
    expect(refused.body).toMatchObject({ code: "wallet_watch_only" });
    await rig.fundedWallet();
    await rig.untilStatus(await rig.pay("20", "to-cold", address), "confirmed");
    await until("the payout", async () => (await usdtOf(rig, id)) === "34000000", { withinMs: 20_000 });
    const files = await readdir(join(rig.dataDir, "keys"));
    expect(files.filter((name) => name.startsWith("wallet-"))).toEqual([
      expect.stringContaining(`wallet-${rig.wallet.id}.`),
    ]);
  });
});

test("without it no receipts are read, and a wallet that is not hot is read when it is asked for", async () => {
  await withRig({}, async (rig) => {
    const { id, address } = await rig.client.createWallet({ name: "till", hot: false });
    // Until then each question begins another reading.
    await until("the end of the first readings", async () => {
      const { as_of_block: block, refreshing } = await rig.client.balance(id);
      return block !== null && !refreshing;
    });
    rig.devnet.requests.reset();
    await rig.devnet.faucet({ address, ...MONEY });
    const { number = 0 } = (await rig.devnet.mine(30)).at(-1) ?? {};
    await until("the blocks", async () => {
      const { body } = await rig.client.insist<{ head: { number: number } }>("GET", "/api/v1/tron/network/status");
      return body.head?.number >= number;
    });
    expect(await counted(rig)).toEqual([]);
    const asked = [...rig.devnet.requests.counts.keys()];
    expect(asked.filter((path) => /transactioninfo|getaccount/.test(path))).toEqual([]);
    // So many blocks later its reading is old, and whoever asks begins another one.
    await until("the reading", async () => (await usdtOf(rig, id)) === "7000000", { withinMs: 20_000 });
  });
});

test("a wallet is emptied, one asset after the other, and put away", async () => {
  await withRig({}, async (rig) => {
    await rig.fundedWallet();
    rig.run();
    const { id, address } = rig.wallet;
    const path = `/api/v1/tron/wallets/${id}`;
    for (const asset of ["USDT", "TRX"]) {
      const body = { to: recipient(9), asset };
      const answer = await rig.client.insist<{ id: string }>("POST", `${path}/sweep`, { body, key: `all ${asset}` });
      expect(answer.status, JSON.stringify(answer.body)).toBe(202);
      await rig.untilStatus(answer.body.id, "confirmed");
      await rig.expectLedgerEqualsChain();
    }
    const { ledger } = rig.devnet;
    expect(ledger.usdt(address)).toBe(0n);
    expect(ledger.usdt(recipient(9))).toBe(1_000_000_000_000n);
    expect(ledger.trx(address)).toBeLessThan(2_000_000n);
    // Its last reading may be of before; who is refused for that has it read again.
    await until("a reading that shows it", async () => {
      const { body } = await rig.client.insist<{ status: string }>("DELETE", `${path}?confirm=${id}`);
      return body.status === "archived";
    });
  });
});
