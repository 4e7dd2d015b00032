import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Devnet } from "../../../src/devnet/handle.ts";
import { toEvmWord } from "../../../src/tron/address.ts";
import { sign } from "../../../src/tron/signature.ts";
import { SELECTORS, encodeUint } from "../../../src/tron/trc20.ts";
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
} from "../support.ts";

type Sample = { name: string; response: Json };
const { samples }: { samples: Sample[] } = JSON.parse(
  readFileSync(new URL("../samples.json", import.meta.url), "utf8"),
);
const sample = (name: string): Json => samples.find((one) => one.name === name)?.response ?? {};

async function ask(devnet: Devnet, path: string): Promise<{ status: number; body: Json }> {
  const response = await fetch(devnet.url + path);
  return { status: response.status, body: (await response.json()) as Json };
}

const dataOf = async (devnet: Devnet, path: string): Promise<Json[]> => (await ask(devnet, path)).body["data"];
const ids = (items: Json[]) => items.map((item) => item["txID"] ?? item["transaction_id"]);

/** Pays from alice to bob, TRX and USDT by turns, and returns the ids, oldest first. */
async function payments(devnet: Devnet, count: number): Promise<string[]> {
  const made: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const contract = at % 2 === 0 ? trxTransfer(bob, BigInt(at + 1)) : usdtTransfer(devnet, bob, BigInt(at + 1));
    made.push((await pay(devnet, contract)).txId);
  }
  return made;
}

describe("an account", () => {
  test("is shown as the node shows it, with its tokens", async () => {
    const devnet = await fundedDevnet();
    const { body } = await ask(devnet, `/v1/accounts/${alice.address}`);
    expect(body).toMatchObject({ success: true, meta: { at: devnet.ledger.headTimestamp(), page_size: 1 } });
    expect(body["data"]).toMatchObject([
      { address: alice.hex41, balance: 1_000_000_000, trc20: [{ [devnet.usdtContract]: "1000000000" }] },
    ]);
  });

  test("that does not exist is no data, and before it is solidified too when only that counts", async () => {
    const devnet = await fundedDevnet();
    expect(await dataOf(devnet, `/v1/accounts/${carol.hex41}`)).toEqual([]);
    expect(await dataOf(devnet, `/v1/accounts/${alice.hex41}?only_confirmed=true`)).toEqual([]);
    await devnet.mine(18);
    expect(await dataOf(devnet, `/v1/accounts/${alice.hex41}?onlyConfirmed=true`)).toHaveLength(1);
  });
});

describe("transactions of an account", () => {
  test("have the node's fields and the receipt's, zeros included", async () => {
    const devnet = await fundedDevnet();
    const tx = await pay(devnet, trxTransfer(bob, 3n));
    const [item] = await dataOf(devnet, `/v1/accounts/${bob.address}/transactions?limit=1`);
    const block = devnet.ledger.headNumber();
    expect(item).toEqual({
      ret: [{ contractRet: "SUCCESS", fee: 0 }],
      signature: tx.signatures,
      txID: tx.txId,
      net_usage: 265,
      raw_data_hex: tx.rawHex,
      net_fee: 0,
      energy_usage: 0,
      blockNumber: block,
      block_timestamp: devnet.ledger.headTimestamp(),
      energy_fee: 0,
      energy_usage_total: 0,
      raw_data: expect.objectContaining({ contract: [expect.objectContaining({ type: "TransferContract" })] }),
      internal_transactions: [],
    });
  });

  test("a failed call is there with what it burned", async () => {
    const devnet = await fundedDevnet();
    const { txId } = await pay(devnet, call(devnet, "deadbeef"));
    const info = await infoOf(devnet, txId);
    const [item] = await dataOf(devnet, `/v1/contracts/${devnet.usdtContract}/transactions?limit=1`);
    expect(item).toMatchObject({ txID: txId, ret: [{ contractRet: "REVERT", fee: info["fee"] }] });
    expect(item?.["energy_fee"]).toBe(info["receipt"].energy_fee);
  });

  test("come newest first or oldest first, of one direction or both", async () => {
    const devnet = await fundedDevnet();
    const [first, second] = await payments(devnet, 2);
    const back = (await pay(devnet, trxTransfer(alice, 1n, bob), { signers: [bob] })).txId;
    const path = `/v1/accounts/${bob.address}/transactions`;
    expect(ids(await dataOf(devnet, `${path}?order_by=block_timestamp,asc&limit=200`)).slice(-2)).toEqual([
      first,
      back,
    ]);
    expect(ids(await dataOf(devnet, path)).slice(0, 2)).toEqual([back, first]);
    expect(ids(await dataOf(devnet, `${path}?only_from=true`))).toEqual([back]);
    expect(ids(await dataOf(devnet, `${path}?only_to=true`))).not.toContain(back);
    expect(ids(await dataOf(devnet, `${path}?only_to=true&only_from=true`))).toContain(back);
    expect(ids(await dataOf(devnet, `/v1/contracts/${devnet.usdtContract}/transactions`))[0]).toBe(second);
  });

  test("by time, both ends included", async () => {
    const devnet = await fundedDevnet();
    const made = await payments(devnet, 3);
    const times = made.map((txId) => devnet.ledger.transaction(txId)?.blockNumber ?? 0);
    const head = devnet.ledger.headTimestamp();
    const timeOf = (number: number) => head - (devnet.ledger.headNumber() - number) * 3_000;
    const [, middle = 0] = times;
    const range = `min_timestamp=${timeOf(middle)}&max_timestamp=${timeOf(middle)}`;
    expect(ids(await dataOf(devnet, `/v1/accounts/${alice.address}/transactions?${range}`))).toEqual([made[1]]);
    const iso = new Date(timeOf(middle)).toISOString();
    expect(ids(await dataOf(devnet, `/v1/accounts/${alice.address}/transactions?min_timestamp=${iso}`))).toHaveLength(
      2,
    );
  });

  test("confirmed and unconfirmed are what is solidified and what is not yet", async () => {
    const devnet = await fundedDevnet();
    const [old] = await payments(devnet, 1);
    await devnet.mine(18);
    const fresh = (await pay(devnet, trxTransfer(bob, 9n))).txId;
    const path = `/v1/accounts/${alice.address}/transactions`;
    expect(ids(await dataOf(devnet, `${path}?only_confirmed=true`))[0]).toBe(old);
    expect(ids(await dataOf(devnet, `${path}?only_unconfirmed=true`))).toEqual([fresh]);
    const both = await dataOf(devnet, `${path}?only_unconfirmed=true&only_confirmed=true`);
    expect(ids(both).slice(0, 2)).toEqual([fresh, old]);
  });
});

describe("token transfers", () => {
  test("are those of the sample, field by field", async () => {
    const devnet = await fundedDevnet();
    const { txId } = await pay(devnet, usdtTransfer(devnet, bob, 1_000_000n));
    await devnet.mine(18);
    const query = `limit=20&only_to=true&only_confirmed=true&contract_address=${devnet.usdtContract}&min_timestamp=1`;
    const { body } = await ask(devnet, `/v1/accounts/${bob.address}/transactions/trc20?${query}`);
    const expected = sample("v1 trc20 history");
    const [item] = expected["data"];
    const time = (await infoOf(devnet, txId))["blockTimeStamp"];
    expect(body["data"][0]).toEqual({
      ...item,
      transaction_id: txId,
      token_info: { ...item.token_info, address: devnet.usdtContract },
      block_timestamp: time,
      from: alice.address,
      to: bob.address,
    });
    expect(body).toEqual({
      ...expected,
      data: body["data"],
      meta: { at: devnet.ledger.headTimestamp(), page_size: 2 },
    });
  });

  test("approvals are listed for both parties, failures for none, and other contracts are left out", async () => {
    const devnet = await fundedDevnet();
    const data = SELECTORS["approve(address,uint256)"] + toEvmWord(carol.address) + encodeUint(5n);
    const { txId } = await pay(devnet, call(devnet, data));
    await pay(devnet, usdtTransfer(devnet, carol, 9_000_000_000n));
    const path = `/v1/accounts/${carol.address}/transactions/trc20`;
    expect(await dataOf(devnet, path)).toMatchObject([{ transaction_id: txId, type: "Approval", value: "5" }]);
    expect(await dataOf(devnet, `${path}?only_from=true`)).toEqual([]);
    expect(await dataOf(devnet, `${path}?contract_address=${bob.address}`)).toEqual([]);
  });
});

describe("events", () => {
  test("are those of the sample, field by field", async () => {
    const devnet = await fundedDevnet();
    const { txId } = await pay(devnet, usdtTransfer(devnet, bob, 1_000_000n));
    const number = devnet.ledger.headNumber();
    await devnet.mine(18);
    const { body } = await ask(devnet, `/v1/contracts/${devnet.usdtContract}/events?event_name=Transfer&limit=1`);
    const [expected] = sample("v1 contract events")["data"];
    const parties = { from: `0x${alice.hex41.slice(2)}`, to: `0x${bob.hex41.slice(2)}` };
    expect(body["data"]).toEqual([
      {
        ...expected,
        block_number: number,
        block_timestamp: (await infoOf(devnet, txId))["blockTimeStamp"],
        caller_contract_address: devnet.usdtContract,
        contract_address: devnet.usdtContract,
        transaction_id: txId,
        result: { ...expected.result, "0": parties.from, "1": parties.to, ...parties },
      },
    ]);
    expect(Object.keys(body["meta"]).toSorted()).toEqual(Object.keys(sample("v1 contract events")["meta"]).toSorted());
  });

  test("by transaction, by block, by its id, and of the newest block; unconfirmed ones say so", async () => {
    const devnet = await fundedDevnet();
    const { txId } = await pay(devnet, usdtTransfer(devnet, bob, 7n));
    const number = devnet.ledger.headNumber();
    const block = (await (await fetch(`${devnet.url}/wallet/getnowblock`)).json()) as Json;
    const paths = [`transactions/${txId}`, `blocks/${number}`, "blocks/latest", `blocks/${block["blockID"]}`];
    for (const path of paths) {
      expect(await dataOf(devnet, `/v1/${path}/events`)).toMatchObject([
        { transaction_id: txId, result: { value: "7" }, _unconfirmed: true },
      ]);
      expect(await dataOf(devnet, `/v1/${path}/events?only_confirmed=true`)).toEqual([]);
    }
    await devnet.mine(18);
    expect((await dataOf(devnet, `/v1/blocks/${number}/events`))[0]).not.toHaveProperty("_unconfirmed");
    expect(await dataOf(devnet, "/v1/blocks/latest/events")).toEqual([]);
    expect(await dataOf(devnet, `/v1/transactions/${"ab".repeat(32)}/events`)).toEqual([]);
    expect(await dataOf(devnet, `/v1/blocks/${"0".repeat(64)}/events`)).toEqual([]);
    expect(await dataOf(devnet, "/v1/blocks/99999/events")).toEqual([]);
  });

  test("by name and by block", async () => {
    const devnet = await fundedDevnet();
    await devnet.usdt.setFee(10, 1);
    const data = SELECTORS["approve(address,uint256)"] + toEvmWord(carol.address) + encodeUint(5n);
    await pay(devnet, call(devnet, data));
    await pay(devnet, usdtTransfer(devnet, bob, 1_000_000n));
    const path = `/v1/contracts/${devnet.usdtContract}/events`;
    const names = async (query: string) => (await dataOf(devnet, path + query)).map((item) => item["event_name"]);
    expect(await names("?event_name=Approval")).toEqual(["Approval"]);
    expect(await names(`?block_number=${devnet.ledger.headNumber()}`)).toEqual(["Transfer", "Transfer"]);
    expect(await names("?event_name=Nothing")).toEqual([]);
  });
});

describe("events of a block", () => {
  test("come in the order in which they happened, by pages", async () => {
    const devnet = await fundedDevnet();
    for (const amount of [1n, 2n, 3n]) await broadcast(devnet, await signed(devnet, usdtTransfer(devnet, bob, amount)));
    await devnet.mine();
    const path = `/v1/blocks/${devnet.ledger.headNumber()}/events?limit=2`;
    const { body } = await ask(devnet, path);
    const rest = await dataOf(devnet, `${path}&fingerprint=${body["meta"].fingerprint}`);
    expect([...body["data"], ...rest].map((item: Json) => item["result"].value)).toEqual(["1", "2", "3"]);
  });
});

describe("holders of a token", () => {
  test("are listed by what they hold", async () => {
    const devnet = await fundedDevnet();
    await pay(devnet, usdtTransfer(devnet, carol, 5n));
    const holders = await dataOf(devnet, `/v1/contracts/${devnet.usdtContract}/tokens`);
    expect(holders.slice(1)).toEqual([
      { [alice.address]: "999999995" },
      { [bob.address]: "1000000" },
      { [carol.address]: "5" },
    ]);
    const path = `/v1/contracts/${devnet.usdtContract}/tokens?order_by=balance,asc&limit=2`;
    const { body } = await ask(devnet, path);
    expect(body["data"]).toEqual([{ [carol.address]: "5" }, { [bob.address]: "1000000" }]);
    expect(await dataOf(devnet, `${path}&fingerprint=${body["meta"].fingerprint}`)).toEqual([
      { [alice.address]: "999999995" },
      holders[0],
    ]);
  });
});

describe("what code did", () => {
  /** Has the node build it, signs as alice, sends and includes it. */
  async function sendBuilt(devnet: Devnet, path: string, fields: Json): Promise<Json> {
    const answer = await post(devnet, path, { owner_address: alice.hex41, fee_limit: 1_000_000_000, ...fields });
    const built = answer["transaction"] ?? answer;
    const sent = { ...built, signature: [sign(built["txID"], alice.key)] };
    expect(await post(devnet, "/wallet/broadcasttransaction", sent)).toMatchObject({ result: true });
    await devnet.mine();
    return built;
  }

  test("is listed by account, contract and transaction, by direction, and among transactions unless asked without", async () => {
    const devnet = await fundedDevnet();
    const box: { abi: unknown; bytecode: string } = JSON.parse(
      readFileSync(new URL("../tronweb/box.json", import.meta.url), "utf8"),
    );
    const creation = { abi: JSON.stringify(box.abi), bytecode: box.bytecode, parameter: encodeUint(7n), name: "Box" };
    const { contract_address: contract } = await sendBuilt(devnet, "/wallet/deploycontract", {
      ...creation,
      consume_user_resource_percent: 100,
      origin_energy_limit: 1_000_000,
      call_value: 900,
    });
    const { txID } = await sendBuilt(devnet, "/wallet/triggersmartcontract", {
      contract_address: contract,
      function_selector: "pay(address,uint256)",
      parameter: toEvmWord(carol.address) + encodeUint(400n),
    });
    const item = {
      internal_tx_id: expect.stringMatching(/^[0-9a-f]{64}$/),
      data: { note: "call", rejected: false, call_value: { _: 400 } },
      block_timestamp: devnet.ledger.headTimestamp(),
      to_address: carol.hex41,
      tx_id: txID,
      from_address: contract,
    };
    for (const path of [
      `accounts/${carol.address}/internal-transactions`,
      `accounts/${carol.address}/internal-transactions?only_to=true`,
      `contracts/${contract}/internal-transactions?only_from=true`,
      `transactions/${txID}/internal-transactions`,
      `accounts/${carol.address}/transactions`,
    ]) {
      expect(await dataOf(devnet, `/v1/${path}`)).toEqual([item]);
    }
    expect(await dataOf(devnet, `/v1/accounts/${carol.address}/transactions?search_internal=false`)).toEqual([]);
    expect(await dataOf(devnet, `/v1/accounts/${carol.address}/internal-transactions?only_from=true`)).toEqual([]);
    expect(await dataOf(devnet, `/v1/transactions/${"ab".repeat(32)}/internal-transactions`)).toEqual([]);
    const [called] = await dataOf(devnet, `/v1/contracts/${contract}/transactions?limit=1`);
    expect(called).toMatchObject({ txID, internal_transactions: [{ transferTo_address: carol.hex41 }] });
  });

  test("events of which nobody knows the interface are shown as they are; a Transfer of no token moves none", async () => {
    const devnet = await fundedDevnet();
    const transfer = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
    // LOG1 with topic 7, then LOG3 like a transfer from 0xaa to 0xbb; each with 32 zero bytes of data.
    const code = `600760206000a160bb60aa7f${transfer}60206000a300`;
    const set = { jsonrpc: "2.0", id: 1, method: "tre_setAccountCode", params: [carol.address, code] };
    expect(await post(devnet, "/tre", set)).toMatchObject({ result: true });
    const { txID } = await sendBuilt(devnet, "/wallet/triggersmartcontract", {
      contract_address: carol.hex41,
      data: "00",
    });
    expect(await dataOf(devnet, `/v1/transactions/${txID}/events`)).toMatchObject([
      { event_name: "", event: "", result: { "0": encodeUint(7n), "1": encodeUint(0n) }, result_type: {} },
      { event_name: "Transfer", event_index: 1, result: { value: "0" } },
    ]);
    expect(await dataOf(devnet, `/v1/accounts/41${"aa".padStart(40, "0")}/transactions/trc20`)).toEqual([]);
    expect(await dataOf(devnet, `/v1/contracts/${carol.hex41}/tokens`)).toEqual([]);
  });
});

describe("TRC10 tokens", () => {
  test("are listed, found by number, issuer and name, and sorted", async () => {
    const devnet = await fundedDevnet();
    await devnet.faucet({ address: alice.address, trxSun: 5_000_000_000n });
    await devnet.mine();
    const start = devnet.ledger.headTimestamp() + 600_000;
    for (const [issuer, name, supply] of [
      [alice, "One", 50],
      [bob, "Two", 20],
    ] as const) {
      await devnet.faucet({ address: issuer.address, trxSun: 2_000_000_000n });
      await devnet.mine();
      const times = { start_time: start, end_time: start + 600_000 };
      const built = await post(devnet, "/wallet/createassetissue", {
        owner_address: issuer.address,
        name,
        abbr: name,
        url: "https://example.org",
        description: "d",
        total_supply: supply,
        trx_num: 1,
        num: 1,
        precision: 0,
        visible: true,
        ...times,
      });
      const signature = [sign(built["txID"], issuer.key)];
      expect(await post(devnet, "/wallet/broadcasttransaction", { ...built, signature })).toMatchObject({
        result: true,
      });
      await devnet.mine();
    }
    const names = async (path: string) => (await dataOf(devnet, path)).map((item) => item["name"]);
    expect(await names("/v1/assets")).toEqual(["Two", "One"]);
    expect(await names("/v1/assets?order_by=total_supply,desc")).toEqual(["One", "Two"]);
    expect(await names("/v1/assets?only_confirmed=true")).toEqual([]);
    expect(await names("/v1/assets/1000001")).toEqual(["One"]);
    expect(await names(`/v1/assets/${bob.address}`)).toEqual(["Two"]);
    expect(await names("/v1/assets/Two/list")).toEqual(["Two"]);
    expect(await names("/v1/assets/Three/list")).toEqual([]);
    expect((await dataOf(devnet, "/v1/assets/1000001"))[0]).toMatchObject({
      id: 1_000_001,
      abbr: "One",
      owner_address: alice.hex41,
      total_supply: 50,
      precision: 0,
      vote_score: 0,
      start_time: start,
    });
    const { body } = await ask(devnet, "/v1/assets?limit=1");
    expect(await names(`/v1/assets?limit=1&fingerprint=${body["meta"].fingerprint}`)).toEqual(["One"]);
    expect((await ask(devnet, "/v1/assets?order_by=block_timestamp")).status).toBe(400);
  });
});

describe("pages", () => {
  test("follow each other without gaps or repeats, also while the chain grows", async () => {
    const devnet = await fundedDevnet();
    const made = await payments(devnet, 7);
    const seen: string[] = [];
    let url: string | undefined = `${devnet.url}/v1/accounts/${alice.address}/transactions?limit=3&only_from=true`;
    while (url !== undefined) {
      const body = (await (await fetch(url)).json()) as Json;
      seen.push(...ids(body["data"]));
      expect(body["meta"].page_size).toBe(body["data"].length);
      await pay(devnet, trxTransfer(bob, 100n + BigInt(seen.length)));
      url = body["meta"].links?.next;
    }
    expect(seen).toEqual(made.toReversed());
  });

  test("a fingerprint belongs to its parameters", async () => {
    const devnet = await fundedDevnet();
    await payments(devnet, 2);
    const path = `/v1/accounts/${alice.address}/transactions`;
    const { fingerprint } = (await ask(devnet, `${path}?limit=1`)).body["meta"];
    const refused = {
      status: 400,
      body: {
        success: false,
        error: "Invalid query filter(s)!: [fingerprint does not match current set of params]",
        statusCode: 400,
      },
    };
    expect(await ask(devnet, `${path}?limit=2&fingerprint=${fingerprint}`)).toEqual(refused);
    expect(await ask(devnet, `${path}?limit=1&fingerprint=nonsense`)).toEqual(refused);
    expect((await ask(devnet, `${path}?limit=1&fingerprint=${fingerprint}`)).status).toBe(200);
  });
});

describe("the index", () => {
  test("forgets what a fork took away and learns what it brought", async () => {
    const devnet = await fundedDevnet();
    const kept = (await pay(devnet, trxTransfer(bob, 1n))).txId;
    const dropped = await signed(devnet, trxTransfer(bob, 2n));
    await broadcast(devnet, dropped);
    await devnet.mine();
    const path = `/v1/accounts/${alice.address}/transactions?only_from=true`;
    expect(ids(await dataOf(devnet, path))).toEqual([dropped.txId, kept]);
    await devnet.fork({ depth: 2, drop: [dropped.txId] });
    expect(ids(await dataOf(devnet, path))).toEqual([kept]);
    const fresh = (await pay(devnet, trxTransfer(bob, 3n))).txId;
    expect(ids(await dataOf(devnet, path))).toEqual([fresh, kept]);
  });

  test("lags as far as it is told, and does not forget what it knew", async () => {
    const devnet = await fundedDevnet();
    const path = `/v1/accounts/${alice.address}/transactions?only_from=true`;
    const first = (await pay(devnet, trxTransfer(bob, 1n))).txId;
    expect(ids(await dataOf(devnet, path))).toEqual([first]);
    devnet.setHistoryLag(2);
    const second = await pay(devnet, usdtTransfer(devnet, bob, 2n));
    expect(ids(await dataOf(devnet, path))).toEqual([first]);
    expect(await dataOf(devnet, `/v1/transactions/${second.txId}/events`)).toEqual([]);
    expect(await dataOf(devnet, "/v1/blocks/latest/events")).toEqual([]);
    await devnet.mine(2);
    expect(ids(await dataOf(devnet, path))).toEqual([second.txId, first]);
    expect(await dataOf(devnet, `/v1/transactions/${second.txId}/events`)).toHaveLength(1);
  });

  test("reads a long chain in turns, and two readers at once get the same", async () => {
    const devnet = await manualDevnet();
    await devnet.mine(1_100);
    await devnet.faucet({ address: alice.address, trxSun: 5n });
    await devnet.mine();
    const path = `/v1/accounts/${alice.address}/transactions`;
    const [one, two] = await Promise.all([dataOf(devnet, path), dataOf(devnet, path)]);
    expect(one).toHaveLength(1);
    expect(two).toEqual(one);
  });
});

describe("bad input", () => {
  test.each([
    ["/v1/accounts/T123", "A valid account address is required."],
    ["/v1/accounts/%ZZ", "A valid account address is required."],
    ["/v1/contracts/xyz/events", "A valid contract address is required."],
    ["/v1/transactions/12/events", "A valid transaction id is required."],
    ["/v1/blocks/first/events", "A valid block identifier is required."],
    [`/v1/accounts/${alice.address}/transactions?limit=201`, "Invalid query filter(s)!: [limit must be 1 to 200]"],
    [`/v1/accounts/${alice.address}/transactions?limit=0`, "Invalid query filter(s)!: [limit must be 1 to 200]"],
    [
      `/v1/accounts/${alice.address}/transactions?only_to=yes`,
      "Invalid query filter(s)!: [only_to must be true or false]",
    ],
    [`/v1/accounts/${alice.address}/transactions?order_by=size`, "Invalid query filter(s)!: [order_by must be"],
    [`/v1/accounts/${alice.address}/transactions?min_timestamp=then`, "[min_timestamp must be a time in ms]"],
    [
      `/v1/accounts/${alice.address}/transactions/trc20?contract_address=x`,
      "[contract_address must be a valid address]",
    ],
    [`/v1/contracts/${alice.address}/events?block_number=-1`, "[block_number must be a whole number]"],
  ])("%s", async (path, error) => {
    const devnet = await manualDevnet();
    const answer = await ask(devnet, path);
    expect(answer.status).toBe(400);
    expect(Object.keys(answer.body)).toEqual(Object.keys(sample("v1 error")));
    expect(answer.body).toMatchObject({ success: false, statusCode: 400, error: expect.stringContaining(error) });
  });

  test("unknown paths and methods", async () => {
    const devnet = await manualDevnet();
    expect(await ask(devnet, "/v1/unheardof")).toMatchObject({ status: 404, body: { success: false } });
    const posted = await fetch(`${devnet.url}/v1/blocks/latest/events`, { method: "POST" });
    expect(posted.status).toBe(405);
  });

  test("addresses are taken in all their spellings", async () => {
    const devnet = await fundedDevnet();
    const spellings = [alice.address, alice.hex41, `0x${alice.hex41.slice(2)}`, alice.hex41.toUpperCase()];
    for (const spelling of spellings) expect(await dataOf(devnet, `/v1/accounts/${spelling}`)).toHaveLength(1);
  });
});
