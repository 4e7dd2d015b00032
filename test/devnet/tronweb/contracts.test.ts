import { readFileSync } from "node:fs";
import { TronWeb, type Types } from "tronweb";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Json } from "../support.ts";
import { Program } from "./program.ts";

/** Made from box.sol by solc 0.8 with optimizer and `evmVersion: "paris"`, without metadata. */
const box: { abi: Types.ContractAbiInterface; bytecode: string; runtime: string } = JSON.parse(
  readFileSync(new URL("box.json", import.meta.url), "utf8"),
);
const FEE_LIMIT = 1_000_000_000;

/** Contracts, as users of the published client deploy and call them. */
let program: Program;
let tronWeb: TronWeb;
let owner: string;

beforeAll(async () => {
  program = await Program.start("--block-ms", "instant", "--accounts", "2");
  const [key = ""] = await program.accounts();
  tronWeb = new TronWeb({ fullHost: program.url, privateKey: key });
  owner = TronWeb.address.fromPrivateKey(key) || "";
  await program.control("/faucet", { address: owner, trx_sun: "100000000000", usdt: "1000000000" });
  await program.control("/mine", {});
});

afterAll(async () => {
  await program.stop();
});

/** The client waits 3 s of wall-clock time between two looks at the node; this devnet has the answer at once. */
async function withoutPauses<T>(run: () => Promise<T>): Promise<T> {
  const pause = globalThis.setTimeout;
  const shorter = vi
    .spyOn(globalThis, "setTimeout")
    .mockImplementation((callback: () => void, ms?: number) => pause(callback, ms === 3_000 ? 0 : ms));
  try {
    return await run();
  } finally {
    shorter.mockRestore();
  }
}

async function deployed(callValue = 0): Promise<Contract> {
  const tx = await tronWeb.transactionBuilder.createSmartContract(
    { abi: box.abi, bytecode: box.bytecode, name: "Box", feeLimit: FEE_LIMIT, callValue, parameters: [7] },
    owner,
  );
  const answer = await tronWeb.trx.sendRawTransaction(await tronWeb.trx.sign(tx));
  expect(answer.result).toBe(true);
  return boxAt((tx as unknown as Json)["contract_address"]);
}

type Call = { call(options?: object): Promise<unknown>; send(options?: object): Promise<unknown> };
type Contract = { address: string; method(name: string, ...parameters: unknown[]): Call };

/** With the interface of the compiler: the one that a node keeps knows no parts of tuples. */
function boxAt(address: string): Contract {
  return wrapped(address, tronWeb.contract(box.abi, address));
}

function wrapped(address: string, contract: unknown): Contract {
  const loaded = contract as Record<string, (...given: unknown[]) => Call>;
  return {
    address,
    method: (name, ...parameters) => {
      const found = loaded[name];
      if (found === undefined) throw new Error(`no method ${name}`);
      return found(...parameters);
    },
  };
}

const infoOf = async (txId: unknown) => (await tronWeb.trx.getTransactionInfo(String(txId))) as unknown as Json;

describe("deploying", () => {
  test("leaves a contract with its interface, its code and what the constructor did", async () => {
    const contract = await deployed(5);
    const found = (await tronWeb.trx.getContract(contract.address)) as Json;
    expect(found).toMatchObject({
      name: "Box",
      contract_address: contract.address,
      bytecode: expect.stringContaining(box.bytecode),
    });
    const info = (await tronWeb.trx.getContractInfo(contract.address)) as Json;
    expect(info["runtimecode"]).toBe(box.runtime);
    expect(await contract.method("value").call()).toBe(7n);
    expect(await contract.method("owner").call()).toBe(TronWeb.address.toHex(owner));
    expect(await tronWeb.trx.getBalance(contract.address)).toBe(5);
    const account = (await tronWeb.trx.getAccount(contract.address)) as unknown as Json;
    expect(account["type"]).toBe("Contract");
  });

  test("by contract().new, which waits for it", async () => {
    const made = await withoutPauses(() =>
      tronWeb
        .contract()
        .new({ abi: box.abi, bytecode: box.bytecode, feeLimit: FEE_LIMIT, callValue: 0, parameters: [3] }),
    );
    const contract = boxAt(String((made as Contract).address));
    expect(await contract.method("value").call()).toBe(3n);
  });

  test("is priced before it is paid for", async () => {
    const parameter = "7".padStart(64, "0");
    const estimate = await tronWeb.transactionBuilder.deployConstantContract({
      input: box.bytecode + parameter,
      ownerAddress: owner,
    });
    expect(estimate.energy_required).toBeGreaterThan(100_000);
  });
});

describe("calling", () => {
  test("changes the state, burns energy, emits an event that everybody finds", async () => {
    const contract = await deployed();
    const txId = await contract.method("store", 21, "answer/2").send({ feeLimit: FEE_LIMIT });
    const info = await infoOf(txId);
    expect(info).toMatchObject({ receipt: { result: "SUCCESS" }, contract_address: contract.address });
    expect(info["receipt"].energy_usage_total).toBeGreaterThan(20_000);
    expect(BigInt(`0x${info["contractResult"][0]}`)).toBe(42n);
    expect(await contract.method("value").call()).toBe(21n);
    const stored = {
      event_name: "Stored",
      event: "Stored(address indexed by, uint256 value, string label)",
      transaction_id: txId,
      result: { by: `0x${TronWeb.address.toHex(owner).slice(2)}`, value: "21", label: "answer/2" },
    };
    const base58 = TronWeb.address.fromHex(contract.address);
    for (const found of [
      await tronWeb.event.getEventsByTransactionID(String(txId)),
      await tronWeb.event.getEventsByContractAddress(base58, { eventName: "Stored", onlyConfirmed: true }),
      await tronWeb.event.getEventsByBlockNumber(info["blockNumber"]),
      await tronWeb.event.getEventsOfLatestBlock(),
    ]) {
      expect(found.data).toMatchObject([stored]);
    }
  });

  test("waits for the solidified result when asked to", async () => {
    const contract = await deployed();
    const answer = await withoutPauses(() =>
      contract.method("store", 50, "x").send({ feeLimit: FEE_LIMIT, shouldPollResponse: true }),
    );
    expect(answer).toBe(100n);
    const kept = await withoutPauses(() =>
      contract.method("store", 51, "y").send({ feeLimit: FEE_LIMIT, shouldPollResponse: true, keepTxID: true }),
    );
    expect(kept).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), 102n]);
  });

  test("reads tuples, lists and several values", async () => {
    const contract = await deployed();
    await contract.method("store", 5, "five").send({ feeLimit: FEE_LIMIT });
    await contract.method("store", 6, "six").send({ feeLimit: FEE_LIMIT });
    const items = (await contract.method("list").call()) as unknown[][];
    expect(items.map((item) => [item[0], item[1]])).toEqual([
      [5n, "five"],
      [6n, "six"],
    ]);
    const pair = (await contract.method("pair").call()) as Json;
    expect(pair["number"]).toBe(6n);
    expect(pair["who"]).toBe(TronWeb.address.toHex(owner));
  });

  test("takes money and pays it out", async () => {
    const contract = await deployed();
    await contract.method("deposit").send({ feeLimit: FEE_LIMIT, callValue: 1_000_000 });
    expect(await tronWeb.trx.getBalance(contract.address)).toBe(1_000_000);
    const receiver = (await tronWeb.createAccount()).address.base58;
    const txId = await contract.method("pay", receiver, 400_000).send({ feeLimit: FEE_LIMIT });
    expect(await tronWeb.trx.getBalance(receiver)).toBe(400_000);
    const asked = async (path: string) => (await (await fetch(`${program.url}/v1/${path}`)).json()) as Json;
    const moved = {
      tx_id: txId,
      from_address: contract.address,
      to_address: TronWeb.address.toHex(receiver),
      data: { note: "call", rejected: false, call_value: { _: 400_000 } },
    };
    for (const path of [
      `transactions/${String(txId)}/internal-transactions`,
      `accounts/${receiver}/internal-transactions?only_to=true`,
      `contracts/${contract.address}/internal-transactions?only_from=true`,
      `accounts/${receiver}/transactions`,
    ]) {
      expect((await asked(path))["data"]).toMatchObject([moved]);
    }
    expect((await asked(`accounts/${receiver}/transactions?search_internal=false`))["data"]).toEqual([]);
    expect((await asked(`accounts/${receiver}/internal-transactions?only_from=true`))["data"]).toEqual([]);
    const [inner] = (await infoOf(txId))["internal_transactions"];
    expect(inner).toMatchObject({ caller_address: contract.address, callValueInfo: [{ callValue: 400_000 }] });
  });

  test("is simulated and estimated without a signature", async () => {
    const contract = await deployed();
    const call = [
      contract.address,
      "store(uint256,string)",
      {},
      [
        { type: "uint256", value: 9 },
        { type: "string", value: "nine" },
      ],
      owner,
    ] as const;
    const simulated = await tronWeb.transactionBuilder.triggerConstantContract(
      ...(call as unknown as Parameters<typeof tronWeb.transactionBuilder.triggerConstantContract>),
    );
    expect(BigInt(`0x${simulated.constant_result?.[0]}`)).toBe(18n);
    const { energy_required } = await tronWeb.transactionBuilder.estimateEnergy(
      ...(call as unknown as Parameters<typeof tronWeb.transactionBuilder.estimateEnergy>),
    );
    expect(energy_required).toBeGreaterThanOrEqual(simulated.energy_used ?? 0);
    expect(await contract.method("value").call()).toBe(7n);
  });
});

describe("calls that fail", () => {
  test("a reason is in the receipt, and the state is as before", async () => {
    const contract = await deployed();
    const txId = await contract.method("store", 13, "bad").send({ feeLimit: FEE_LIMIT });
    const info = await infoOf(txId);
    expect(info).toMatchObject({ result: "FAILED", receipt: { result: "REVERT" } });
    expect(tronWeb.toUtf8(info["resMessage"])).toBe("REVERT opcode executed");
    expect(info["contractResult"][0]).toMatch(/^08c379a0/);
    expect(tronWeb.toUtf8(info["contractResult"][0].slice(136).replace(/(00)+$/, ""))).toBe("not thirteen");
    expect(info["log"]).toBeUndefined();
    expect(await contract.method("value").call()).toBe(7n);
  });

  test("polling throws what the contract said", async () => {
    const contract = await deployed();
    const sent = contract.method("store", 1, "small").send({ feeLimit: FEE_LIMIT, shouldPollResponse: true });
    await expect(sent).rejects.toThrow("REVERT opcode executed");
  });

  test("too little energy burns the whole limit", async () => {
    const contract = await deployed();
    const txId = await contract.method("spin").send({ feeLimit: 5_000_000 });
    const info = await infoOf(txId);
    expect(info["receipt"]).toMatchObject({
      result: "OUT_OF_ENERGY",
      energy_usage_total: 50_000,
      energy_fee: 5_000_000,
    });
    expect(await contract.method("value").call()).toBe(7n);
  });

  test("what is no contract is said to be none", async () => {
    await expect(tronWeb.contract().at(owner)).rejects.toThrow();
  });
});

describe("changing a contract's terms", () => {
  test("its owner sets the share of callers and the energy he gives, and clears the interface", async () => {
    const contract = await deployed();
    const send = async (tx: Types.Transaction) =>
      expect((await tronWeb.trx.sendRawTransaction(await tronWeb.trx.sign(tx))).result).toBe(true);
    await send(await tronWeb.transactionBuilder.updateSetting(contract.address, 40, owner));
    await send(await tronWeb.transactionBuilder.updateEnergyLimit(contract.address, 5_000_000, owner));
    await send(await tronWeb.transactionBuilder.clearABI(contract.address, owner));
    const found = (await tronWeb.trx.getContract(contract.address)) as Json;
    expect(found).toMatchObject({ consume_user_resource_percent: 40, origin_energy_limit: 5_000_000 });
    expect(found["abi"]?.entrys).toBeUndefined();
  });
});

describe("USDT", () => {
  test("is a contract like any other, with the rules of the real one", async () => {
    const { usdt_contract: usdt } = await program.control("");
    const token = wrapped(usdt, await tronWeb.contract().at(usdt));
    const receiver = (await tronWeb.createAccount()).address.base58;
    const txId = await token.method("transfer", receiver, 5_000_000).send({ feeLimit: 100_000_000 });
    expect((await infoOf(txId))["receipt"]).toMatchObject({ result: "SUCCESS", energy_usage_total: 130_285 });
    expect(await token.method("balanceOf", receiver).call()).toBe(5_000_000n);
    await program.control("/usdt/paused", { paused: true });
    await program.control("/mine", {});
    const refused = await token.method("transfer", receiver, 1).send({ feeLimit: 100_000_000 });
    expect((await infoOf(refused))["receipt"].result).toBe("REVERT");
  });
});
