import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Artifact } from "../../scripts/solidity.ts";
import type { Devnet } from "../../src/devnet/handle.ts";
import { contractAddressOf } from "../../src/tron/address.ts";
import { fromHex, toHex } from "../../src/tron/bytes.ts";
import { keccak_256, keccakOfText, sha256 } from "../../src/tron/hashes.ts";
import {
  alice,
  bob,
  carol,
  fundedDevnet,
  infoOf,
  type Json,
  manualDevnet,
  pay,
  post,
  signed,
  trxTransfer,
} from "./support.ts";
import {
  ask,
  bytesWords,
  calldata,
  compiled,
  deploy,
  result,
  send,
  textHex,
  trigger,
  word,
} from "./contract-support.ts";

const made: Record<string, Artifact> = {};

beforeAll(() => {
  for (const name of ["AnyToken", "Child", "Library", "Workshop"]) made[name] = compiled(name);
}, 120_000);

const artifact = (name: string): Artifact => made[name] ?? compiled(name);

/** alice can pay for anything. */
async function richDevnet(): Promise<Devnet> {
  const devnet = await manualDevnet();
  for (const { address } of [alice, bob]) await devnet.faucet({ address, trxSun: 1_000_000_000_000n });
  await devnet.mine();
  return devnet;
}

async function workshop(devnet: Devnet): Promise<string> {
  return (await deploy(devnet, artifact("Workshop"))).address;
}

const internalsOf = (info: Json) =>
  (info["internal_transactions"] ?? []).map((one: Json) => ({
    from: one["caller_address"],
    to: one["transferTo_address"],
    sun: one["callValueInfo"][0].callValue ?? 0,
    note: Buffer.from(one["note"], "hex").toString(),
    rejected: one["rejected"] ?? false,
  }));

describe("a token that somebody deployed", () => {
  test("has its address from the transaction, its code, and its interface", async () => {
    const devnet = await richDevnet();
    const parameter = word(64) + word(1_000) + word(3) + textHex("Any").padEnd(64, "0");
    const { address, info } = await deploy(devnet, { ...artifact("AnyToken"), parameter });
    expect(address).toBe(contractAddressOf({ txId: info["id"], ownerHex41: alice.hex41 }));
    expect(info["receipt"].result).toBe("SUCCESS");
    const shown = await post(devnet, "/wallet/getcontract", { value: address });
    expect(shown).toMatchObject({
      origin_address: alice.hex41,
      contract_address: address,
      name: "AnyToken",
      bytecode: artifact("AnyToken").bytecode + parameter,
      consume_user_resource_percent: 100,
      origin_energy_limit: 10_000_000,
    });
    expect(shown["abi"].entrys.map((entry: Json) => entry["name"])).toContain("transferFrom");
    const { runtimecode, contract_state } = await post(devnet, "/wallet/getcontractinfo", { value: address });
    expect(runtimecode).toBe(info["contractResult"][0]);
    expect(shown["code_hash"]).toBe(toHex(keccak_256(fromHex(runtimecode))));
    expect(contract_state.energy_usage).toBeGreaterThan(0);
    // 200 energy for each byte that stays.
    expect(info["receipt"].energy_usage_total).toBeGreaterThan((runtimecode.length / 2) * 200);
    expect(await post(devnet, "/wallet/getaccount", { address })).toMatchObject({ type: "Contract" });
    expect(await result(devnet, address, calldata("totalSupply()"))).toBe(word(1_000));
    expect(info["log"]).toEqual([
      {
        address: address.slice(2),
        topics: [keccakOfText("Transfer(address,address,uint256)"), word(0), word(alice.hex41.slice(2))],
        data: word(1_000),
      },
    ]);
  });

  test("moves, is approved, and says why not", async () => {
    const devnet = await richDevnet();
    const parameter = word(64) + word(1_000) + word(0);
    const { address } = await deploy(devnet, { ...artifact("AnyToken"), parameter });
    const balanceOf = (hex41: string) => result(devnet, address, calldata("balanceOf(address)", word(hex41.slice(2))));
    const moved = await send(
      devnet,
      address,
      calldata("transfer(address,uint256)", word(bob.hex41.slice(2)) + word(400)),
    );
    expect(moved["contractResult"]).toEqual([word(1)]);
    expect([await balanceOf(alice.hex41), await balanceOf(bob.hex41)]).toEqual([word(600), word(400)]);
    const three = word(bob.hex41.slice(2)) + word(alice.hex41.slice(2)) + word(5);
    const refused = await send(devnet, address, calldata("transferFrom(address,address,uint256)", three));
    expect(refused).toMatchObject({ result: "FAILED", receipt: { result: "REVERT" } });
    expect(refused["contractResult"][0]).toContain(textHex("insufficient allowance"));
    expect(refused).not.toHaveProperty("log");
    const approval = calldata("approve(address,uint256)", word(alice.hex41.slice(2)) + word(5));
    await send(devnet, address, approval, { from: bob });
    await send(devnet, address, calldata("transferFrom(address,address,uint256)", three));
    expect([await balanceOf(alice.hex41), await balanceOf(bob.hex41)]).toEqual([word(605), word(395)]);
    const own = calldata("transfer(address,uint256)", word(bob.hex41.slice(2)) + word(10_000));
    const custom = keccakOfText("InsufficientBalance(address,uint256,uint256)").slice(0, 8);
    expect((await ask(devnet, address, own))["constant_result"][0].slice(0, 8)).toBe(custom);
  });
});

describe("code that goes wrong", () => {
  test.each([
    ["fail(string)", bytesWords(textHex("no")), "REVERT", "REVERT opcode executed"],
    ["panic(uint256)", word(0), "REVERT", "REVERT opcode executed"],
    ["illegal()", "", "ILLEGAL_OPERATION", "Invalid operation code: opCode[fe];"],
    ["spin()", "", "OUT_OF_ENERGY", "Not enough energy for"],
  ])("%s is in the block, charged and changes nothing", async (signature, words, code, message) => {
    const devnet = await richDevnet();
    const address = await workshop(devnet);
    const before = devnet.ledger.trx(alice.address);
    const info = await send(devnet, address, calldata(signature, words), { feeLimit: 5_000_000n });
    expect(info).toMatchObject({ result: "FAILED", receipt: { result: code } });
    expect(Buffer.from(info["resMessage"], "hex").toString()).toContain(message);
    const energy = info["receipt"].energy_usage_total;
    // A revert keeps what is left; everything else takes the whole limit.
    if (code === "REVERT") expect(energy).toBeLessThan(2_000);
    else expect(energy).toBe(50_000);
    expect(before - devnet.ledger.trx(alice.address)).toBe(BigInt(info["fee"]));
    expect(await result(devnet, address, calldata("number()"))).toBe(word(0));
  });

  const ENDS: [string, string, string][] = [
    ["00", "SUCCESS", ""],
    ["60", "SUCCESS", ""],
    ["01", "STACK_TOO_SMALL", "Expected stack size 2 but actual 0;"],
    ["5b5f600056", "STACK_TOO_LARGE", "Expected: overflow 1024 elements stack limit"],
    ["600556", "BAD_JUMP_DESTINATION", "Operation with pc isn't 'JUMPDEST': PC[5];"],
    ["64ffffffffff56", "BAD_JUMP_DESTINATION", "Operation with pc isn't 'JUMPDEST': PC[-1];"],
    ["60016230000052", "OUT_OF_MEMORY", "Out of Memory when 'MSTORE' operation executing"],
    ["0c", "ILLEGAL_OPERATION", "Invalid operation code: opCode[0c];"],
    ["da", "ILLEGAL_OPERATION", "Invalid operation code: opCode[da];"],
    ["60016000803e", "UNKNOWN", "Illegal RETURNDATACOPY arguments"],
    ["60ef5f5360015ff3", "INVALID_CODE", "invalid code: must not begin with 0xef"],
    [
      "6103e85ff3",
      "OUT_OF_ENERGY",
      "Not enough energy for 'save just created contract code' executing: needEnergy[200000]",
    ],
  ];

  test("ends as a node says, in a receipt", async () => {
    const devnet = await richDevnet();
    for (const [bytecode, code, message] of ENDS) {
      const { info, address } = await deploy(devnet, { bytecode }, { feeLimit: 15_000_000n });
      expect([bytecode, info["receipt"].result]).toEqual([bytecode, code]);
      expect(Buffer.from(info["resMessage"] ?? "", "hex").toString()).toContain(message);
      expect(await post(devnet, "/wallet/getcontract", { value: address })).toEqual(
        code === "SUCCESS" ? expect.objectContaining({ contract_address: address }) : {},
      );
    }
  });

  test("value that cannot be sent fails the transfer and keeps the rest of the energy", async () => {
    const devnet = await richDevnet();
    // CALL to itself with 1 sun, which the deployment brings along.
    const bytecode = `5f5f5f5f600130620186a0f1`;
    const { info } = await deploy(devnet, { bytecode }, { value: 5n, feeLimit: 100_000_000n });
    expect(info["receipt"].result).toBe("TRANSFER_FAILED");
    expect(Buffer.from(info["resMessage"], "hex").toString()).toBe(
      "transfer trx failed: Cannot transfer TRX to yourself.",
    );
    expect(info["receipt"].energy_usage_total).toBeLessThan(20_000);
  });

  test("a look says reverted in its result, and other failures as an error", async () => {
    const devnet = await richDevnet();
    const address = await workshop(devnet);
    const reverted = await ask(devnet, address, calldata("fail(string)", bytesWords(textHex("because"))));
    expect(reverted).toMatchObject({
      result: { result: true, message: textHex("REVERT opcode executed") },
      constant_result: [`08c379a0${bytesWords(textHex("because"))}`],
      transaction: { ret: [{ ret: "FAILED" }] },
    });
    const broken = await ask(devnet, address, calldata("illegal()"), { visible: false });
    expect(broken).toEqual({
      result: {
        code: "OTHER_ERROR",
        message: textHex(
          "class org.tron.core.vm.program.Program$IllegalOperationException : Invalid operation code: opCode[fe];",
        ),
      },
    });
  });
});

describe("contracts that use others", () => {
  test("make one by CREATE, with money, where txID and a count say", async () => {
    const devnet = await richDevnet();
    const address = await workshop(devnet);
    const info = await send(devnet, address, calldata("make(uint256)", word(7)), { value: 250n });
    const child = `41${info["contractResult"][0].slice(24)}`;
    expect(child).toBe(`41${toHex(keccak_256(fromHex(`${info["id"]}${"0".repeat(16)}`)).subarray(12))}`);
    expect(internalsOf(info)).toEqual([{ from: address, to: child, sun: 250, note: "create", rejected: false }]);
    expect(await result(devnet, child, calldata("maker()"))).toBe(word(address.slice(2)));
    expect(await result(devnet, child, calldata("number()"))).toBe(word(7));
    expect((await post(devnet, "/wallet/getaccount", { address: child }))["balance"]).toBe(250);
    expect((await post(devnet, "/wallet/getcontract", { value: child }))["origin_address"]).toBe(address);
  });

  test("make one by CREATE2, where salt and code say", async () => {
    const devnet = await richDevnet();
    const address = await workshop(devnet);
    const info = await send(devnet, address, calldata("make2(bytes32,uint256)", word(5) + word(9)));
    const code = toHex(keccak_256(fromHex(artifact("Child").bytecode + word(9))));
    const expected = `41${toHex(keccak_256(fromHex(address + word(5) + code)).subarray(12))}`;
    expect(info["contractResult"]).toEqual([word(expected.slice(2))]);
    const again = await send(devnet, address, calldata("make2(bytes32,uint256)", word(5) + word(9)));
    expect(again["receipt"].result).not.toBe("SUCCESS");
  });

  test("pay others, who come to be if they were not", async () => {
    const devnet = await richDevnet();
    const address = await workshop(devnet);
    await send(devnet, address, "", { value: 1_000n });
    const data = calldata("pay(address,uint256)", word(carol.hex41.slice(2)) + word(300));
    const info = await send(devnet, address, data);
    expect(internalsOf(info)).toEqual([{ from: address, to: carol.hex41, sun: 300, note: "call", rejected: false }]);
    expect(devnet.ledger.trx(carol.address)).toBe(300n);
    const again = await send(devnet, address, data);
    // The second time there is no account to create: 25,000 energy less.
    expect(info["receipt"].energy_usage_total - again["receipt"].energy_usage_total).toBe(25_000);
    const tooMuch = calldata("pay(address,uint256)", word(carol.hex41.slice(2)) + word(5_000));
    const refused = await send(devnet, address, tooMuch);
    expect(refused["receipt"].result).toBe("REVERT");
    expect(devnet.ledger.trx(carol.address)).toBe(600n);
  });

  test("lend their storage to a library's code", async () => {
    const devnet = await richDevnet();
    const address = await workshop(devnet);
    const library = (await deploy(devnet, artifact("Library"))).address;
    await send(devnet, address, calldata("delegate(address,uint256)", word(library.slice(2)) + word(77)));
    expect(await result(devnet, address, calldata("number()"))).toBe(word(77));
    expect(await result(devnet, library, calldata("number()"))).toBe(word(0));
  });

  test("go on when a call of theirs is reverted, and only that is undone", async () => {
    const devnet = await richDevnet();
    const address = await workshop(devnet);
    const maker = await send(devnet, address, calldata("make(uint256)", word(1)));
    const child = `41${maker["contractResult"][0].slice(24)}`;
    const info = await send(devnet, address, calldata("attempt(uint256)", word(13)));
    expect(info["receipt"].result).toBe("SUCCESS");
    expect(info["log"][0].topics[1]).toBe(word(13));
    expect(info["log"][0].data).toContain(textHex("unlucky"));
    expect(internalsOf(info)).toEqual([{ from: address, to: child, sun: 0, note: "call", rejected: true }]);
    expect(await result(devnet, child, calldata("number()"))).toBe(word(1));
    await send(devnet, address, calldata("attempt(uint256)", word(14)));
    expect(await result(devnet, child, calldata("number()"))).toBe(word(14));
  });

  test("leave what they have to somebody, and are gone", async () => {
    const devnet = await richDevnet();
    const { address } = await deploy(devnet, { ...artifact("Child"), parameter: word(1) }, { value: 900n });
    const info = await send(devnet, address, calldata("destroy(address)", word(carol.hex41.slice(2))));
    expect(internalsOf(info)).toEqual([{ from: address, to: carol.hex41, sun: 900, note: "suicide", rejected: false }]);
    expect(devnet.ledger.trx(carol.address)).toBe(900n);
    expect(await post(devnet, "/wallet/getcontract", { value: address })).toEqual({});
    expect(await post(devnet, "/wallet/getaccount", { address })).toEqual({});
  });
});

describe("a chain with contracts", () => {
  test("goes on from disk with their code, storage, interface and history", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "devnet-contracts-"));
    try {
      const first = await manualDevnet({ dataDir });
      await first.faucet({ address: alice.address, trxSun: 1_000_000_000_000n });
      await first.mine();
      const address = await workshop(first);
      const info = await send(first, address, calldata("make(uint256)", word(7)));
      const shown = await post(first, "/wallet/getcontractinfo", { value: address });
      await first.close();
      const second = await manualDevnet({ dataDir });
      expect(await post(second, "/wallet/getcontractinfo", { value: address })).toEqual(shown);
      expect(await infoOf(second, info["id"])).toEqual(info);
      const child = `41${info["contractResult"][0].slice(24)}`;
      expect(await result(second, child, calldata("number()"))).toBe(word(7));
      const more = await send(second, address, calldata("attempt(uint256)", word(8)));
      expect(more["receipt"].result).toBe("SUCCESS");
      await second.close();
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });

  test("forgets a contract whose block left the chain", async () => {
    const devnet = await richDevnet();
    const { address } = await deploy(devnet, artifact("Library"));
    await devnet.fork({ depth: 1, drop: "all" });
    expect(await post(devnet, "/wallet/getcontract", { value: address })).toEqual({});
    expect(await post(devnet, "/wallet/getaccount", { address })).toEqual({});
  });

  test("shows a contract on the solidity side only when its block is solidified", async () => {
    const devnet = await richDevnet();
    const { address } = await deploy(devnet, artifact("Library"));
    const body = { owner_address: alice.hex41, contract_address: address, data: calldata("number()") };
    expect(await post(devnet, "/walletsolidity/triggerconstantcontract", body)).toMatchObject({
      result: { code: "CONTRACT_VALIDATE_ERROR" },
    });
    await devnet.mine(19);
    expect((await post(devnet, "/walletsolidity/triggerconstantcontract", body))["constant_result"]).toEqual([word(0)]);
  });
});

describe("what code sees", () => {
  test("is the head block in a look, and the block being made in a transaction", async () => {
    const devnet = await richDevnet();
    const address = await workshop(devnet);
    const head = await post(devnet, "/wallet/getnowblock");
    const { number, timestamp, witness_address, parentHash } = head["block_header"].raw_data;
    const seen = await result(devnet, address, calldata("surroundings()"));
    const words = seen.match(/.{64}/g);
    expect(words).toEqual([
      word(devnet.genesisId.slice(-8)),
      word(timestamp / 1000),
      word(number),
      word(witness_address.slice(2)),
      parentHash,
      word(alice.hex41.slice(2)),
      word(100),
    ]);
    const info = await send(devnet, address, calldata("look()"));
    expect(info["contractResult"]).toEqual([word(info["blockNumber"])]);
    const [, , at] = info["log"][0].data.match(/.{64}/g);
    expect(at).toBe(word(info["blockTimeStamp"] / 1000));
  });

  test("is what the precompiled contracts make of it, the odd ripemd too", async () => {
    const devnet = await richDevnet();
    const address = await workshop(devnet);
    const data = Buffer.from("tron");
    const seen = await result(devnet, address, calldata("digests(bytes)", bytesWords(data.toString("hex"))));
    const odd = sha256(sha256(data).subarray(0, 20));
    expect(seen.slice(0, 64)).toBe(toHex(sha256(data)));
    expect(seen.slice(64, 104)).toBe(toHex(odd).slice(24));
  });
});

describe("the owner of a contract", () => {
  const change = async (devnet: Devnet, path: string, fields: Json, from = alice) => {
    const built = await post(devnet, path, { owner_address: from.hex41, ...fields });
    if (built["Error"] !== undefined) return built["Error"];
    const [{ type, parameter }] = built["raw_data"].contract;
    const value = Object.fromEntries(
      Object.entries(parameter.value).map(([name, given]) => [name, typeof given === "number" ? BigInt(given) : given]),
    );
    const zeros = { UpdateSettingContract: { consume_user_resource_percent: 0n }, ClearABIContract: {} };
    const full = { ...zeros[type as keyof typeof zeros], ...value };
    await pay(devnet, { type, permissionId: 0, value: full } as never, { signers: [from] });
    return undefined;
  };

  test("changes who pays and how much, and clears the interface; nobody else does", async () => {
    const devnet = await richDevnet();
    const contract_address = await workshop(devnet);
    await change(devnet, "/wallet/updatesetting", { contract_address, consume_user_resource_percent: 30 });
    await change(devnet, "/wallet/updateenergylimit", { contract_address, origin_energy_limit: 5 });
    await change(devnet, "/wallet/clearabi", { contract_address });
    expect(await post(devnet, "/wallet/getcontract", { value: contract_address })).toMatchObject({
      consume_user_resource_percent: 30,
      origin_energy_limit: 5,
      abi: {},
    });
    const say = "class org.tron.core.exception.ContractValidateException : ";
    expect(await change(devnet, "/wallet/clearabi", { contract_address }, bob)).toBe(
      `${say}Account[${bob.hex41}] is not the owner of the contract`,
    );
    const percent = { contract_address, consume_user_resource_percent: 101 };
    expect(await change(devnet, "/wallet/updatesetting", percent)).toBe(`${say}percent not in [0, 100]`);
    expect(await change(devnet, "/wallet/updateenergylimit", { contract_address, origin_energy_limit: 0 })).toBe(
      `${say}origin energy limit must be > 0`,
    );
    const nowhere = { contract_address: bob.hex41 };
    expect(await change(devnet, "/wallet/clearabi", nowhere)).toBe(`${say}Contract not exists`);
  });

  test("pays a share of the energy out of what it has staked for, and only that", async () => {
    const devnet = await richDevnet();
    const address = (await deploy(devnet, artifact("Workshop"), { consume_user_resource_percent: 40 })).address;
    const freeze = { owner_address: alice.hex41, frozen_balance: 500_000_000_000n, resource: 1 };
    const call = calldata("make(uint256)", word(1));
    const alone = await send(devnet, address, call, { from: bob });
    expect(alone["receipt"]).not.toHaveProperty("origin_energy_usage");
    await pay(devnet, { type: "FreezeBalanceV2Contract", permissionId: 0, value: freeze });
    const shared = await send(devnet, address, calldata("make2(bytes32,uint256)", word(1) + word(2)), { from: bob });
    const { energy_usage_total: total, origin_energy_usage: origin, energy_fee: burned } = shared["receipt"];
    const own = Math.floor((total * 60) / 100);
    const staked = await post(devnet, "/wallet/getaccountresource", { address: alice.hex41 });
    expect(origin).toBe(Math.min(own, staked["EnergyLimit"]));
    expect(burned).toBe((total - origin) * 100);
    // A block has passed, in which a little came back.
    expect(staked["EnergyUsed"]).toBeGreaterThan(origin - 20);
  });
});

describe("before it is sent", () => {
  test("a deployment can be tried and priced without a contract", async () => {
    const devnet = await richDevnet();
    const { bytecode } = artifact("Library");
    const body = { owner_address: alice.hex41, data: bytecode };
    const tried = await post(devnet, "/wallet/triggerconstantcontract", body);
    const { info } = await deploy(devnet, artifact("Library"));
    expect(tried["constant_result"]).toEqual(info["contractResult"]);
    expect(tried["energy_used"]).toBe(info["receipt"].energy_usage_total);
    const { energy_required } = await post(devnet, "/wallet/estimateenergy", body);
    expect(energy_required).toBeGreaterThanOrEqual(info["receipt"].energy_usage_total);
    expect(energy_required).toBeLessThanOrEqual(info["receipt"].energy_usage_total + 10_001);
  });

  test("a creation that cannot be is refused with the reason", async () => {
    const devnet = await richDevnet();
    const wrongs: [Json, string][] = [
      [{ consume_user_resource_percent: 101 }, "percent must be >= 0 and <= 100"],
      [{ origin_energy_limit: 0 }, "The originEnergyLimit must be > 0"],
      [{ name: "x".repeat(33) }, "contractName's length cannot be greater than 32"],
      [{ feeLimit: 15_000_000_001n }, "feeLimit must be >= 0 and <= 15000000000"],
      [{ value: 10n ** 16n }, "Validate InternalTransfer error, balance is not sufficient."],
      [{ token_id: 5 }, "tokenId must be > 1000000"],
    ];
    for (const [wrong, message] of wrongs) {
      await expect(deploy(devnet, artifact("Library"), wrong)).rejects.toThrow(message);
    }
  });

  test("a call of something that is no contract is refused", async () => {
    const devnet = await fundedDevnet();
    const tx = await signed(devnet, trigger(bob.hex41, "00000000"));
    expect(await post(devnet, "/wallet/broadcasthex", { transaction: tx.hex })).toMatchObject({
      code: "CONTRACT_VALIDATE_ERROR",
      message: "Contract validate error : No contract or not a smart contract",
    });
  });

  test("TRX sent by a plain transfer runs no code", async () => {
    const devnet = await richDevnet();
    const address = await workshop(devnet);
    const { txId } = await pay(devnet, trxTransfer({ hex41: address } as never, 5n));
    expect((await infoOf(devnet, txId))["receipt"]).not.toHaveProperty("energy_usage_total");
    expect((await post(devnet, "/wallet/getaccount", { address }))["balance"]).toBe(5);
  });
});
