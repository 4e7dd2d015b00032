import { TronWeb } from "tronweb";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Artifact } from "../../scripts/solidity.ts";
import type { Devnet } from "../../src/devnet/handle.ts";
import { compiled } from "./contract-support.ts";
import { alice, bob, type Json, manualDevnet } from "./support.ts";

/** The published client deploys a token and uses it, as anybody would. */
describe("TronWeb with a contract of its own", () => {
  let devnet: Devnet;
  let tronWeb: TronWeb;
  let artifact: Artifact;
  let contract: string;
  let info: Json;

  beforeAll(() => {
    artifact = compiled("AnyToken");
  }, 120_000);

  const sent = async (transaction: Json): Promise<string> => {
    const signed = await tronWeb.trx.sign(transaction as never);
    const { txid } = await tronWeb.trx.sendRawTransaction(signed);
    await devnet.mine();
    return txid;
  };

  beforeEach(async () => {
    devnet = await manualDevnet();
    for (const { address } of [alice, bob]) await devnet.faucet({ address, trxSun: 1_000_000_000_000n });
    await devnet.mine();
    tronWeb = new TronWeb({ fullHost: devnet.url, privateKey: alice.key });
    const options = {
      abi: artifact.abi,
      bytecode: artifact.bytecode,
      parameters: ["Any", 1_000_000],
      name: "AnyToken",
      feeLimit: 2_000_000_000,
      userFeePercentage: 100,
      originEnergyLimit: 1_000_000,
    };
    const transaction = await tronWeb.transactionBuilder.createSmartContract(options as never, alice.address);
    const txid = await sent(transaction);
    info = await tronWeb.trx.getUnconfirmedTransactionInfo(txid);
    contract = (transaction as Json)["contract_address"];
  });

  test("finds it where the transaction said it would be", () => {
    expect(info).toMatchObject({ contract_address: contract, receipt: { result: "SUCCESS" } });
  });

  test("reads and writes through its ABI", async () => {
    const token = await tronWeb.contract().at(contract);
    expect(await token["name"]?.().call()).toBe("Any");
    expect(await token["balanceOf"]?.(alice.address).call()).toBe(1_000_000n);
    const txid: string = await token["transfer"]?.(bob.address, 250).send({ feeLimit: 100_000_000 });
    await devnet.mine();
    expect(await token["balanceOf"]?.(bob.address).call()).toBe(250n);
    expect(await tronWeb.trx.getUnconfirmedTransactionInfo(txid)).toMatchObject({ receipt: { result: "SUCCESS" } });
  });

  test("finds the events of a transaction and of the contract by name", async () => {
    const token = await tronWeb.contract().at(contract);
    const txid: string = await token["transfer"]?.(bob.address, 250).send({ feeLimit: 100_000_000 });
    await devnet.mine(20);
    const { data } = (await tronWeb.event.getEventsByTransactionID(txid)) as Json;
    expect(data).toHaveLength(1);
    expect(data[0]).toMatchObject({
      event_name: "Transfer",
      result: { from: `0x${alice.hex41.slice(2)}`, to: `0x${bob.hex41.slice(2)}`, value: "250" },
    });
    const of = (await tronWeb.event.getEventsByContractAddress(tronWeb.address.fromHex(contract), {
      eventName: "Transfer",
    })) as Json;
    expect(of["data"]).toHaveLength(2);
  });

  test("learns why a call would fail, and what a call and a deployment would cost", async () => {
    const builder = tronWeb.transactionBuilder;
    const parameters = [
      { type: "address", value: alice.address },
      { type: "address", value: bob.address },
      { type: "uint256", value: 1 },
    ];
    const signature = "transferFrom(address,address,uint256)";
    const failing = builder.triggerConstantContract(contract, signature, {}, parameters, bob.address);
    await expect(failing).rejects.toThrow("REVERT opcode executed");
    const transfer = parameters.slice(1);
    const call = [contract, "transfer(address,uint256)", {}, transfer, alice.address] as const;
    const estimate = (await builder.estimateEnergy(...call)) as Json;
    const looked = (await builder.triggerConstantContract(...call)) as Json;
    expect(estimate["energy_required"]).toBeGreaterThanOrEqual(looked["energy_used"]);
    const deployed = (await builder.deployConstantContract({
      input: compiled("Library").bytecode,
      ownerAddress: alice.address,
    })) as Json;
    expect(deployed["energy_required"]).toBeGreaterThan(20_000);
  });

  test("changes the settings of its contract and clears its interface", async () => {
    const builder = tronWeb.transactionBuilder;
    await sent(await builder.updateSetting(contract, 70, alice.address));
    await sent(await builder.updateEnergyLimit(contract, 12_345, alice.address));
    expect(await tronWeb.trx.getContract(contract)).toMatchObject({
      consume_user_resource_percent: 70,
      origin_energy_limit: 12_345,
      name: "AnyToken",
    });
    await sent(await builder.clearABI(contract, alice.address));
    expect(((await tronWeb.trx.getContract(contract)) as Json)["abi"]).toEqual({});
    const info = (await tronWeb.trx.getContractInfo(contract)) as Json;
    expect(info["smart_contract"].consume_user_resource_percent).toBe(70);
  });
});
