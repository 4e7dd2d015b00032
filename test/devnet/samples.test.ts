import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Devnet } from "../../src/devnet/handle.ts";
import { fromHex41, toHex41 } from "../../src/tron/address.ts";
import {
  alice,
  asJson,
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
  type Signed,
  signed,
  trxTransfer,
  usdtTransfer,
} from "./support.ts";

type Sample = { name: string; path?: string; request?: Json; response: Json };
const data: { samples: Sample[]; chainParameters: { key: string; value: number }[] } = JSON.parse(
  readFileSync(new URL("samples.json", import.meta.url), "utf8"),
);

function sample(name: string): Sample {
  const found = data.samples.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no sample called ${name}`);
  return found;
}

/** The sample with what cannot be the same here replaced: ids, blocks, the token's address. */
function expected(name: string, devnet: Devnet, changes: Json = {}): Json {
  const usdt = toHex41(devnet.usdtContract);
  const text = JSON.stringify(sample(name).response)
    .replaceAll("41a614f803b6fd780986a42c78ec9c7f77e6ded13c", usdt)
    .replaceAll("a614f803b6fd780986a42c78ec9c7f77e6ded13c", usdt.slice(2));
  return { ...JSON.parse(text), ...changes };
}

const place = (info: Json) => ({
  id: info["id"],
  blockNumber: info["blockNumber"],
  blockTimeStamp: info["blockTimeStamp"],
});
/** Uses up alice's free bandwidth. */
const tire = async (devnet: Devnet) => {
  for (let count = 0; count < 2; count += 1) await pay(devnet, trxTransfer(bob, 1n));
};

describe("receipts are those of the samples, field by field", () => {
  test("a TRX transfer on free bandwidth", async () => {
    const devnet = await fundedDevnet();
    const info = await infoOf(devnet, (await pay(devnet, trxTransfer(bob, 1_000_000n))).txId);
    expect(info).toEqual(expected("info: TRX transfer, free bandwidth", devnet, place(info)));
  });

  test("a TRX transfer that burns its bandwidth", async () => {
    const devnet = await fundedDevnet();
    await tire(devnet);
    const info = await infoOf(devnet, (await pay(devnet, trxTransfer(bob, 1_000_000n))).txId);
    expect(info).toEqual(expected("info: TRX transfer, burned bandwidth", devnet, place(info)));
  });

  test("a TRX transfer that creates its receiver", async () => {
    const devnet = await fundedDevnet();
    const info = await infoOf(devnet, (await pay(devnet, trxTransfer(carol, 1_000_000n))).txId);
    expect(info).toEqual(expected("info: TRX transfer activating recipient", devnet, place(info)));
  });

  test("a USDT transfer to a holder, all burned", async () => {
    const devnet = await fundedDevnet();
    await tire(devnet);
    const info = await infoOf(devnet, (await pay(devnet, usdtTransfer(devnet, bob, 1_000_000n))).txId);
    expect(info).toEqual(expected("info: USDT transfer ok, all burned, recipient holds USDT", devnet, place(info)));
  });

  test("a USDT transfer on staked energy and free bandwidth", async () => {
    const devnet = await fundedDevnet();
    const value = { owner_address: alice.hex41, frozen_balance: 900_000_000n, resource: 1 };
    await pay(devnet, { type: "FreezeBalanceV2Contract", permissionId: 0, value });
    const info = await infoOf(devnet, (await pay(devnet, usdtTransfer(devnet, bob, 1_000_000n))).txId);
    const changes = { ...place(info), log: info["log"] };
    expect(info).toEqual(expected("info: USDT transfer ok, staked energy, free bandwidth", devnet, changes));
  });

  test("a USDT transfer that reverts", async () => {
    const devnet = await fundedDevnet();
    await tire(devnet);
    const info = await infoOf(devnet, (await pay(devnet, usdtTransfer(devnet, bob, 2_000_000_000n))).txId);
    // The sample's energy is only illustrative; what was used was burned, and the receipt says how much was penalty.
    const { receipt, fee, ...rest } = expected("info: USDT REVERT", devnet, place(info));
    const { receipt: charged, fee: burned, ...other } = info;
    const energy = charged.energy_usage_total;
    expect(other).toEqual(rest);
    expect(energy).toBeLessThan(14_650);
    expect(burned).toBe(fee - receipt.energy_fee + energy * 100);
    const changes = { energy_fee: energy * 100, energy_usage_total: energy };
    expect(charged).toEqual({ ...receipt, ...changes, energy_penalty_total: charged.energy_penalty_total });
  });

  test("a USDT transfer that runs out of energy burns its whole limit", async () => {
    const devnet = await fundedDevnet();
    await tire(devnet);
    const info = await infoOf(
      devnet,
      (await pay(devnet, usdtTransfer(devnet, bob, 1n), { feeLimit: 5_000_000n })).txId,
    );
    // How much had been used before, and how much of it was penalty, is only illustrative in the sample.
    const { resMessage, receipt, ...rest } = expected("info: OUT_OF_ENERGY (fee_limit 5 TRX)", devnet, place(info));
    const { resMessage: said, receipt: charged, ...other } = info;
    expect(other).toEqual(rest);
    expect(charged).toEqual({ ...receipt, energy_penalty_total: charged.energy_penalty_total });
    const words = (hex: string) =>
      Buffer.from(hex, "hex")
        .toString()
        .replace(/usedEnergy.*/, "");
    expect(words(said)).toBe(words(resMessage));
  });
});

describe("accounts are those of the samples", () => {
  test("an address without an account is nothing", async () => {
    const devnet = await manualDevnet();
    expect(await post(devnet, "/wallet/getaccount", { address: bob.hex41 })).toEqual(
      expected("getaccount inactive", devnet),
    );
    expect(await post(devnet, "/wallet/getaccountresource", { address: bob.hex41 })).toEqual({});
    expect(await post(devnet, "/wallet/getaccountnet", { address: bob.hex41 })).toEqual({});
  });

  test("a fresh account has its defaults", async () => {
    const devnet = await manualDevnet();
    await devnet.faucet({ address: alice.address, trxSun: 5_000_000n });
    const created = devnet.ledger.headTimestamp();
    await devnet.mine();
    const changes = { create_time: created };
    expect(await post(devnet, "/wallet/getaccount", { address: alice.hex41 })).toEqual(
      expected("getaccount fresh active", devnet, changes),
    );
    expect(await post(devnet, "/wallet/getaccountresource", { address: alice.hex41 })).toEqual(
      expected("getaccountresource fresh", devnet),
    );
  });

  test("with visible the addresses are base58", async () => {
    const devnet = await fundedDevnet();
    const account = await post(devnet, "/wallet/getaccount", { address: alice.address, visible: true });
    expect(account["address"]).toBe(alice.address);
    expect(account["owner_permission"].keys).toEqual([{ address: alice.address, weight: 1 }]);
  });
});

describe("building and trying", () => {
  test("createtransaction answers the envelope of the sample around its own block and time", async () => {
    const devnet = await fundedDevnet();
    const built = await post(devnet, "/wallet/createtransaction", sample("createtransaction ok").request);
    const { raw_data, ...rest } = sample("createtransaction ok").response;
    expect(Object.keys(built).toSorted()).toEqual(Object.keys({ ...rest, raw_data }).toSorted());
    expect(built["raw_data"].contract).toEqual(raw_data.contract);
    expect(Object.keys(built["raw_data"]).toSorted()).toEqual(Object.keys(raw_data).toSorted());
  });

  test("createtransaction says when the balance is short", async () => {
    const devnet = await fundedDevnet();
    const { request } = sample("createtransaction insufficient");
    expect(await post(devnet, "/wallet/createtransaction", request)).toEqual(
      expected("createtransaction insufficient", devnet),
    );
  });

  test("a constant call of balanceOf", async () => {
    const devnet = await manualDevnet();
    await devnet.faucet({ address: alice.address, usdt: 5_000_000n });
    await devnet.mine();
    const { request = {} } = sample("triggerconstantcontract balanceOf");
    const body = { ...request, contract_address: toHex41(devnet.usdtContract) };
    const { transaction, ...answer } = await post(devnet, "/wallet/triggerconstantcontract", body);
    // The sampled contract was cheap that day: the energy depends on the contract and its penalty.
    const { transaction: sampled, energy_used: _, ...rest } = expected("triggerconstantcontract balanceOf", devnet);
    const { energy_used: used, energy_penalty: penalty, ...other } = answer;
    expect(other).toEqual(rest);
    expect(used - penalty).toBeLessThan(sample("triggerconstantcontract balanceOf").response["energy_used"]);
    expect(transaction.ret).toEqual(sampled.ret);
    expect(Object.keys(transaction).toSorted()).toEqual(Object.keys(sampled).toSorted());
  });

  test("a constant call that reverts says so in three places", async () => {
    const devnet = await fundedDevnet();
    const contract = usdtTransfer(devnet, bob, 2_000_000_000n);
    const { transaction, ...answer } = await post(devnet, "/wallet/triggerconstantcontract", contract.value);
    const { transaction: sampled, energy_used: _, ...rest } = expected("triggerconstantcontract reverted", devnet);
    const { energy_used: used, energy_penalty: penalty, ...other } = answer;
    expect(other).toEqual(rest);
    expect(used).toBeGreaterThan(penalty);
    expect(transaction.ret).toEqual(sampled.ret);
  });

  test.each([
    ["triggerconstantcontract no contract", "/wallet/triggerconstantcontract"],
    ["triggersmartcontract no contract", "/wallet/triggersmartcontract"],
  ])("%s", async (name, path) => {
    const devnet = await manualDevnet();
    const body = { owner_address: alice.hex41, contract_address: bob.hex41, function_selector: "name()" };
    expect(await post(devnet, path, body)).toEqual(expected(name, devnet));
  });

  test("triggersmartcontract builds the transfer of the sample", async () => {
    const devnet = await fundedDevnet();
    const { request = {} } = sample("triggersmartcontract USDT");
    const body = { ...request, contract_address: toHex41(devnet.usdtContract) };
    const answer = await post(devnet, "/wallet/triggersmartcontract", body);
    const { result, transaction } = expected("triggersmartcontract USDT", devnet);
    expect(answer["result"]).toEqual(result);
    expect(answer["transaction"].raw_data.contract).toEqual(transaction.raw_data.contract);
    expect(answer["transaction"].raw_data.fee_limit).toBe(transaction.raw_data.fee_limit);
    expect(Object.keys(answer["transaction"].raw_data).toSorted()).toEqual(
      Object.keys(transaction.raw_data).toSorted(),
    );
  });

  test("estimateenergy overstates as the node's algorithm does", async () => {
    const devnet = await fundedDevnet();
    const { value } = usdtTransfer(devnet, bob, 1_000_000n);
    expect(await post(devnet, "/wallet/estimateenergy", value)).toEqual(expected("estimateenergy", devnet));
    const view = {
      owner_address: alice.hex41,
      contract_address: toHex41(devnet.usdtContract),
      function_selector: "decimals()",
    };
    const { energy_used: used } = await post(devnet, "/wallet/triggerconstantcontract", view);
    // Below 10,000 energy the search has nothing to divide: the answer is the double.
    expect(await post(devnet, "/wallet/estimateenergy", view)).toEqual({
      result: { result: true },
      energy_required: used * 2,
    });
  });

  test("estimateenergy of a call that reverts names the reason", async () => {
    const devnet = await fundedDevnet();
    const { value } = usdtTransfer(devnet, bob, 2_000_000_000n);
    expect(await post(devnet, "/wallet/estimateenergy", value)).toEqual({
      result: { code: "CONTRACT_EXE_ERROR", message: Buffer.from("REVERT opcode executed").toString("hex") },
    });
  });
});

describe("lookups", () => {
  test("nothing found is an empty object", async () => {
    const devnet = await manualDevnet();
    for (const scope of ["wallet", "walletsolidity"]) {
      for (const name of ["gettransactionbyid", "gettransactioninfobyid"]) {
        expect(await post(devnet, `/${scope}/${name}`, { value: "ab".repeat(32) })).toEqual({});
      }
      expect(await post(devnet, `/${scope}/getblockbynum`, { num: 10_000 })).toEqual({});
      expect(await post(devnet, `/${scope}/getblockbyid`, { value: "ab".repeat(32) })).toEqual({});
      expect(await post(devnet, `/${scope}/gettransactioninfobyblocknum`, { num: 10_000 })).toEqual([]);
      expect(await post(devnet, `/${scope}/gettransactioninfobyblocknum`, { num: 0 })).toEqual({});
    }
  });

  test("a transaction in a block has the fields of the sample", async () => {
    const devnet = await fundedDevnet();
    const tx = await pay(devnet, trxTransfer(bob, 1_000_000n));
    const found = await post(devnet, "/wallet/gettransactionbyid", { value: tx.txId });
    const sampled = sample("gettransactionbyid").response;
    expect(Object.keys(found).toSorted()).toEqual(Object.keys(sampled).toSorted());
    expect(found["ret"]).toEqual(sampled["ret"]);
    expect(found["raw_data"].contract).toEqual(sampled["raw_data"].contract);
    expect(found["raw_data_hex"]).toBe(tx.rawHex);
  });

  test("a block without detail has the fields of the sample and hides its transactions", async () => {
    const devnet = await fundedDevnet();
    const block = await post(devnet, "/wallet/getblock", { detail: false });
    const sampled = sample("block without detail").response;
    expect(Object.keys(block).toSorted()).toEqual(Object.keys(sampled).toSorted());
    expect(Object.keys(block["block_header"].raw_data).toSorted()).toEqual(
      Object.keys(sampled["block_header"].raw_data).toSorted(),
    );
    expect(block["block_header"].raw_data.version).toBe(32);
    expect((await post(devnet, "/wallet/getblock", { detail: true }))["transactions"]).toHaveLength(4);
  });

  test("the genesis block omits its number and its time, and answers at number 0", async () => {
    const devnet = await manualDevnet();
    const genesis = await post(devnet, "/wallet/getblockbynum", { num: 0 });
    expect(genesis["blockID"]).toBe(devnet.genesisId);
    expect(genesis["block_header"].raw_data).not.toHaveProperty("number");
    expect(genesis["block_header"].raw_data).not.toHaveProperty("timestamp");
    expect(await post(devnet, "/wallet/getblockbynum")).toEqual(genesis);
  });

  test("getblock has error texts of its own", async () => {
    const devnet = await manualDevnet();
    expect(await post(devnet, "/wallet/getblock", { id_or_num: "-1" })).toEqual({
      Error: "num must be non-positive number.",
    });
    expect(await post(devnet, "/wallet/getblock", { id_or_num: "abc" })).toEqual({
      Error: "id must be legal block hash.",
    });
    expect(await post(devnet, "/wallet/getblock", { id_or_num: "99999" })).toEqual({});
  });

  test("ranges end before their end and hold at most 100 blocks", async () => {
    const devnet = await manualDevnet();
    const numbers = (answer: Json) =>
      (answer["block"] ?? []).map((block: Json) => block["block_header"].raw_data.number ?? 0);
    expect(numbers(await post(devnet, "/wallet/getblockbylimitnext", { startNum: 3, endNum: 6 }))).toEqual([3, 4, 5]);
    expect(await post(devnet, "/wallet/getblockbylimitnext", { startNum: 1, endNum: 102 })).toEqual({});
    expect(await post(devnet, "/wallet/getblockbylimitnext", { startNum: 5, endNum: 5 })).toEqual({});
    const head = devnet.ledger.headNumber();
    expect(numbers(await post(devnet, "/wallet/getblockbylatestnum", { num: 2 }))).toEqual([head - 1, head]);
    const solid = devnet.ledger.solidNumber();
    expect(
      numbers(await post(devnet, "/walletsolidity/getblockbylimitnext", { startNum: solid, endNum: solid + 5 })),
    ).toEqual([solid]);
  });

  test("the chain's parameters are those of mainnet, zeros without a value", async () => {
    const devnet = await manualDevnet();
    const { chainParameter } = await post(devnet, "/wallet/getchainparameters");
    expect(chainParameter).toEqual(
      data.chainParameters.map(({ key, value }) => (value === 0 ? { key } : { key, value })),
    );
  });

  test("a waiting transaction is found on /wallet, by none of the ways that read blocks", async () => {
    const devnet = await fundedDevnet();
    const tx = await signed(devnet, call(devnet, "deadbeef"));
    await broadcast(devnet, tx);
    const found = await post(devnet, "/wallet/gettransactionbyid", { value: tx.txId });
    expect(found["ret"]).toEqual([{ contractRet: "REVERT" }]);
    expect(await post(devnet, "/wallet/gettransactionfrompending", { value: tx.txId })).toEqual(found);
    expect(await post(devnet, "/wallet/gettransactionlistfrompending")).toEqual({ txId: [tx.txId] });
    expect(await post(devnet, "/wallet/getpendingsize")).toEqual({ pendingSize: 1 });
    expect(await infoOf(devnet, tx.txId)).toEqual({});
    expect(await post(devnet, "/walletsolidity/gettransactionbyid", { value: tx.txId })).toEqual({});
    await devnet.mine();
    expect(await post(devnet, "/wallet/gettransactionlistfrompending")).toEqual({});
    expect(await post(devnet, "/wallet/getpendingsize")).toEqual({ pendingSize: 0 });
  });

  test("getsignweight of one of two signers is the sample's", async () => {
    const devnet = await fundedDevnet();
    const wanted = expected("getsignweight partial", devnet);
    const { permission } = wanted;
    await pay(devnet, {
      type: "AccountPermissionUpdateContract",
      permissionId: 0,
      value: {
        owner_address: alice.hex41,
        owner: {
          type: 0,
          id: 0,
          permission_name: "owner",
          threshold: 1n,
          parent_id: 0,
          operations: "",
          keys: [{ address: alice.hex41, weight: 1n }],
        },
        witness: undefined,
        actives: [
          {
            type: 2,
            id: 0,
            permission_name: permission.permission_name,
            threshold: BigInt(permission.threshold),
            parent_id: 0,
            operations: permission.operations,
            keys: permission.keys.map(({ address, weight }: Json) => ({ address, weight: BigInt(Number(weight)) })),
          },
        ],
      },
    });
    const tx = await signed(devnet, { ...trxTransfer(bob, 1_000_000n), permissionId: 2 });
    const shown = await post(devnet, "/wallet/getsignweight", asJson(tx, true));
    const base58 = (hex41: string) => (hex41 === alice.hex41 ? alice.address : fromHex41(hex41));
    expect(shown).toEqual({
      ...wanted,
      approved_list: wanted["approved_list"].map(base58),
      permission: {
        ...permission,
        keys: permission.keys.map(({ address, weight }: Json) => ({ address: base58(String(address)), weight })),
      },
      transaction: {
        result: { result: true },
        txid: tx.txId,
        transaction: {
          signature: tx.signatures,
          txID: tx.txId,
          raw_data: expect.objectContaining({ ref_block_bytes: tx.raw.refBlockBytes }),
          raw_data_hex: tx.rawHex,
        },
      },
    });
  });

  test("getsignweight says whether the signatures are enough", async () => {
    const devnet = await fundedDevnet();
    const { raw_data, signature, visible } = sample("broadcast ok").request ?? {};
    const weighed = (signatures: string[]) =>
      post(devnet, "/wallet/getsignweight", { raw_data, visible, signature: signatures });
    const enough = await weighed(signature);
    expect(enough["result"]).toEqual({});
    expect(enough["current_weight"]).toBe(1);
    expect(enough["transaction"].txid).toBe(sample("broadcast ok").request?.["txID"]);
    expect((await weighed([]))["result"]).toEqual({ code: "NOT_ENOUGH_PERMISSION" });
    expect((await weighed(["00".repeat(65)]))["result"]).toEqual({
      code: "COMPUTE_ADDRESS_ERROR",
      message: "Could not recover public key from signature",
    });
  });

  test("addresses are validated in their three spellings", async () => {
    const devnet = await manualDevnet();
    const validated = (address: string) => post(devnet, "/wallet/validateaddress", { address });
    expect(await validated(alice.hex41)).toEqual({ result: true, message: "Hex string format" });
    expect(await validated(alice.address)).toEqual({ result: true, message: "Base58check format" });
    expect(await validated(Buffer.from(alice.hex41, "hex").toString("base64"))).toEqual({
      result: true,
      message: "Base64 format",
    });
    expect(await validated(`${alice.address.slice(0, -1)}1`)).toEqual({ result: false, message: "Invalid address" });
    expect(await validated("T")).toEqual({ result: false, message: "Length error" });
  });
});

describe("answers to a broadcast are those of the samples", () => {
  const sent = async (devnet: Devnet, tx: Signed, signature = tx.signatures): Promise<Json> =>
    post(devnet, "/wallet/broadcasttransaction", { ...asJson(tx), signature });
  /** What was answered, and what the sample says. */
  const said = async (name: string, devnet: Devnet, tx: Signed, signature?: string[]): Promise<[Json, Json]> => [
    await sent(devnet, tx, signature),
    expected(name, devnet, { txid: tx.txId }),
  ];

  test("taken, known, unsigned, expired, of another chain, too much", async () => {
    const devnet = await fundedDevnet();
    const answers: [Json, Json][] = [];
    const tx = await signed(devnet, trxTransfer(bob, 1n));
    answers.push(await said("broadcast bad signature", devnet, tx, []));
    answers.push(await said("broadcast ok", devnet, tx));
    answers.push(await said("broadcast dup", devnet, tx));
    answers.push(
      await said("broadcast expired", devnet, await signed(devnet, trxTransfer(bob, 1n), { expiration: 1n })),
    );
    answers.push(
      await said(
        "broadcast tapos",
        devnet,
        await signed(devnet, trxTransfer(bob, 1n), { refBlockHash: "ab".repeat(8) }),
      ),
    );
    answers.push(await said("broadcast validate error", devnet, await signed(devnet, trxTransfer(bob, 10n ** 15n))));
    for (const [answer, sampled] of answers) expect(answer).toEqual(sampled);
  });

  test("neither quota nor money for its bytes", async () => {
    const devnet = await fundedDevnet();
    const answers: [Json, Json][] = [];
    for (let count = 0; count < 2; count += 1) await pay(devnet, trxTransfer(alice, 1n, bob), { signers: [bob] });
    const left = devnet.ledger.trx(bob.address);
    await pay(devnet, trxTransfer(alice, left - 267_001n, bob), { signers: [bob] });
    answers.push(
      await said(
        "broadcast no bandwidth",
        devnet,
        await signed(devnet, trxTransfer(alice, 1n, bob), { signers: [bob] }),
      ),
    );
    for (const [answer, sampled] of answers) expect(answer).toEqual(sampled);
  });

  test("a full pool, and a network that was not reached", async () => {
    const devnet = await fundedDevnet();
    const answers: [Json, Json][] = [];
    devnet.faults.next({ kind: "server-busy", path: "broadcasttransaction" });
    answers.push(await said("broadcast busy", devnet, await signed(devnet, trxTransfer(bob, 1n))));
    devnet.faults.next({ kind: "p2p-failed", path: "broadcasttransaction" });
    answers.push(await said("broadcast p2p failed (ambiguous)", devnet, await signed(devnet, trxTransfer(bob, 2n))));
    for (const [answer, sampled] of answers) expect(answer).toEqual(sampled);
  });

  test("what is not there is nothing, and what is off says so", async () => {
    const devnet = await manualDevnet();
    const body = { value: "ab".repeat(32), address: carol.hex41, num: 999_999 };
    for (const path of ["gettransactionbyid", "gettransactioninfobyid", "getaccount", "getblockbynum"]) {
      expect(await post(devnet, `/wallet/${path}`, body)).toEqual(expected("not found", devnet));
    }
    const off = await fetch(`${devnet.url}/monitor/getstatsinfo`);
    expect([off.status, await off.json()]).toEqual([404, expected("disabled api (HTTP 404)", devnet)]);
  });

  test("the answer to bytes is that of the sample, with the message as a node prints it", async () => {
    const devnet = await fundedDevnet();
    const tx = await signed(devnet, trxTransfer(bob, 1n));
    const { transaction, ...rest } = await broadcast(devnet, tx);
    const { transaction: _, ...wanted } = expected("broadcasthex ok", devnet, { txid: tx.txId });
    expect(rest).toEqual(wanted);
    const { raw_data, signature } = JSON.parse(transaction);
    expect(signature).toEqual(tx.signatures);
    expect(raw_data.contract).toEqual([
      {
        type: "TransferContract",
        parameter: { type_url: "type.googleapis.com/protocol.TransferContract", value: expect.any(String) },
      },
    ]);
    expect(tx.rawHex).toContain(raw_data.contract[0].parameter.value);
  });
});
