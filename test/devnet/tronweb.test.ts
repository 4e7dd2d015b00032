import { TronWeb } from "tronweb";
import { beforeEach, describe, expect, test } from "vitest";
import type { Devnet } from "../../src/devnet/handle.ts";
import { alice, bob, broadcast, carol, fundedDevnet, pay, signed, trxTransfer, usdtTransfer } from "./support.ts";

/** The published client, used as anybody would. */
describe("TronWeb", () => {
  let devnet: Devnet;
  let tronWeb: TronWeb;

  beforeEach(async () => {
    devnet = await fundedDevnet();
    tronWeb = new TronWeb({ fullHost: devnet.url, privateKey: alice.key });
  });

  test("finds itself connected", async () => {
    expect(await tronWeb.isConnected()).toEqual({ fullNode: true, solidityNode: true, eventServer: true });
  });

  test("builds, signs and sends TRX, and reads the receipt when it is solidified", async () => {
    const { result, txid } = await tronWeb.trx.sendTransaction(bob.address, 5_000);
    expect(result).toBe(true);
    await devnet.mine();
    expect(await tronWeb.trx.getUnconfirmedTransactionInfo(txid)).toMatchObject({
      id: txid,
      receipt: { net_usage: 266 },
    });
    expect(await tronWeb.trx.getTransactionInfo(txid)).toEqual({});
    await devnet.mine(18);
    expect(await tronWeb.trx.getTransactionInfo(txid)).toMatchObject({ id: txid });
    expect(await tronWeb.trx.getBalance(bob.address)).toBe(1_005_000);
  });

  test("talks to the token through its ABI", async () => {
    const token = await tronWeb.contract().at(devnet.usdtContract);
    const read = async (name: string, ...parameters: string[]) => token[name]?.(...parameters).call();
    expect([await read("name"), await read("symbol"), await read("decimals")]).toEqual(["Tether USD", "USDT", 6n]);
    expect(await read("balanceOf", alice.address)).toBe(1_000_000_000n);
    expect(await read("isBlackListed", alice.address)).toBe(false);
    const txid: string = await token["transfer"]?.(bob.address, 5_000_000).send({ feeLimit: 100_000_000 });
    await devnet.mine();
    expect(await tronWeb.trx.getUnconfirmedTransactionInfo(txid)).toMatchObject({
      receipt: { result: "SUCCESS", energy_usage_total: 64_285 },
    });
    expect(await read("balanceOf", bob.address)).toBe(6_000_000n);
  });

  test("builds the bytes that this project's codec reads, remote and local alike", async () => {
    const parameters = [
      { type: "address", value: bob.address },
      { type: "uint256", value: 7 },
    ];
    for (const txLocal of [true, false]) {
      const { transaction } = await tronWeb.transactionBuilder.triggerSmartContract(
        devnet.usdtContract,
        "transfer(address,uint256)",
        { feeLimit: 50_000_000, txLocal },
        parameters,
        alice.address,
      );
      const { result } = await tronWeb.trx.sendRawTransaction(await tronWeb.trx.sign(transaction));
      expect(result).toBe(true);
    }
    await devnet.mine();
    expect(devnet.ledger.payments({ from: alice.address, asset: "USDT" }).map(({ amount }) => amount)).toEqual([
      7n,
      7n,
    ]);
  });

  test("estimates and simulates", async () => {
    const parameters = [
      { type: "address", value: carol.address },
      { type: "uint256", value: 7 },
    ];
    const call = [devnet.usdtContract, "transfer(address,uint256)", {}, parameters, alice.address] as const;
    const estimate = await tronWeb.transactionBuilder.estimateEnergy(...call);
    expect(estimate.energy_required).toBeGreaterThanOrEqual(130_285);
    expect(estimate.energy_required).toBeLessThan(140_286);
    expect(await tronWeb.transactionBuilder.triggerConstantContract(...call)).toMatchObject({ energy_used: 130_285 });
  });

  test("reads blocks, accounts, resources and parameters", async () => {
    const tx = await pay(devnet, usdtTransfer(devnet, bob, 5n));
    const block = await tronWeb.trx.getCurrentBlock();
    expect(block.transactions?.map(({ txID }) => txID)).toEqual([tx.txId]);
    expect((await tronWeb.trx.getBlockRange(1, 3)).map(({ block_header }) => block_header.raw_data.number)).toEqual([
      1, 2, 3,
    ]);
    expect((await tronWeb.trx.getTransaction(tx.txId)).raw_data_hex).toBe(tx.rawHex);
    await expect(tronWeb.trx.getTransaction("ab".repeat(32))).rejects.toThrow("Transaction not found");
    expect((await tronWeb.trx.getUnconfirmedAccount(alice.address)).balance).toBe(
      Number(devnet.ledger.trx(alice.address)),
    );
    expect(await tronWeb.trx.getAccountResources(alice.address)).toMatchObject({ freeNetLimit: 600, freeNetUsed: 345 });
    expect((await tronWeb.trx.getChainParameters()).find(({ key }) => key === "getEnergyFee")?.value).toBe(100);
    expect(await tronWeb.trx.getBandwidth(bob.address)).toBe(600);
    expect(await tronWeb.trx.getNodeInfo()).toHaveProperty("configNodeInfo");
  });

  test("sends bytes that were signed elsewhere", async () => {
    const tx = await signed(devnet, trxTransfer(bob, 9n));
    expect(await tronWeb.trx.sendHexTransaction(tx.hex)).toMatchObject({ result: true, txid: tx.txId });
    expect((await broadcast(devnet, tx))["code"]).toBe("DUP_TRANSACTION_ERROR");
  });
});
