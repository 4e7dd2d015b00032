import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { GATEWAY_DEFAULTS, type TronGateway } from "../../src/chain/tron-gateway.ts";
import { units } from "../../src/domain/money.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { FAKE_USDT } from "./fake-chain.ts";
import { NO_ROOT, sealedBlock, sha, wireTransaction, type SealOrder } from "../support/wire-block.ts";
import { openGateway, ScriptedNode, type Answer } from "./support.ts";

const RAW = "0a02d3c4";
const TX = sha(RAW);
const FROM = "TCNkawTmcQgYSU8nP8cHswT1QPjharxJr7";
const TO = "THHsfg2eNiv6MSXC4y5d4t5wkvRVADRKiF";
const TIME = 1_777_447_479_000;

function idOf(number: number): string {
  return number.toString(16).padStart(16, "0") + "5d3c".repeat(12);
}

function sealed(number: number, order: Partial<SealOrder> = {}) {
  const parentHash = idOf(number - 1);
  return sealedBlock({ number, parentHash, timestamp: TIME, transactions: [wireTransaction(RAW)], ...order });
}

/** A block that is right but for what was changed after it was sealed. */
function blockJson(number: number, changes: object = {}): object {
  return { ...sealed(number), ...changes };
}

function headerJson(number: number, header: object, raw: object = {}): object {
  const block = sealed(number);
  const { raw_data, ...rest } = block.block_header;
  return { ...block, block_header: { raw_data: { ...raw_data, ...raw }, ...rest, ...header } };
}

function infoJson(changes: object = {}): object {
  return {
    id: TX,
    blockNumber: 100,
    blockTimeStamp: 1_777_447_479_000,
    contractResult: [""],
    receipt: { net_usage: 267 },
    ...changes,
  };
}

const parametersJson = {
  chainParameter: [
    { key: "getEnergyFee", value: 100 },
    { key: "getTransactionFee", value: 1000 },
    { key: "getMaxFeeLimit", value: 15_000_000_000 },
    { key: "getCreateAccountFee", value: 100_000 },
    { key: "getCreateNewAccountFeeInSystemContract", value: 1_000_000 },
    { key: "getMemoFee", value: 1_000_000 },
    { key: "getUnfreezeDelayDays", value: 14 },
    { key: "getRemoveThePowerOfTheGr", value: -1 },
    { key: "getAllowUpdateAccountName" },
  ],
};

let node: ScriptedNode;
let gateway: TronGateway;

beforeEach(async () => {
  node = await ScriptedNode.open();
  gateway = openGateway([node.url]);
});
afterEach(async () => {
  await gateway.close();
  await node.close();
});

describe("what a node says is believed only when it fits", () => {
  const once = { retry: { ...GATEWAY_DEFAULTS.retry, maxRetries: 0 } };
  const limits: [string, Answer][] = [
    [
      "HTTP 403",
      {
        status: 403,
        body: { Error: "The key exceeds the frequency limit(15), and the query server is suspended for 30s" },
      },
    ],
    ["HTTP 429", { status: 429, text: "" }],
  ];
  const nonsense: [string, Answer][] = [
    ["an Error body", { body: { Error: "class org.tron.core.exception.BadItemException : x" } }],
    [
      "the node's own rate limit",
      { body: { Error: "class java.lang.IllegalAccessException : lack of computing resources" } },
    ],
    ["bare text", { text: "this API is closed because this node is a lite fullnode" }],
    ["a proxy's page", { text: "<html><body>502 Bad Gateway</body></html>" }],
    ["half an answer", { text: JSON.stringify(blockJson(100)).slice(0, -30) }],
    ["nothing at all", { text: "" }],
    ["an empty object", { body: {} }],
    ["a list", { body: [] }],
    ["null", { text: "null" }],
    ["a fraction as number", { text: JSON.stringify(blockJson(100)).replace("1777447479000", "1777447479000.5") }],
    [
      "a number beyond int64",
      { text: JSON.stringify(blockJson(100)).replace("1777447479000", "99999999999999999999") },
    ],
    ["a negative timestamp", { body: sealed(100, { raw: { timestamp: -1 } }) }],
    ["a number as text", { body: headerJson(100, {}, { number: "100" }) }],
    ["the id of another height", { body: blockJson(100, { blockID: sealed(101).blockID }) }],
    ["an id that is not the hash of its header", { body: blockJson(100, { blockID: idOf(100) }) }],
    ["an id that is not hex", { body: blockJson(100, { blockID: "z".repeat(64) }) }],
    ["another time than the one that was hashed", { body: headerJson(100, {}, { timestamp: TIME + 3_000 }) }],
    ["another parent than the one that was hashed", { body: headerJson(100, {}, { parentHash: idOf(98) }) }],
    ["a header field of a version to come", { body: headerJson(100, {}, { shard: 7 }) }],
    ["a header that nobody signed", { body: headerJson(100, { witness_signature: "00" }) }],
    ["a header with a signature of nobody", { body: headerJson(100, { witness_signature: "ff".repeat(65) }) }],
    ["a header without the transactions that it promises", { body: blockJson(100, { transactions: [] }) }],
    ["transactions that the header does not know", { body: sealed(100, { root: "0".repeat(64) }) }],
    [
      "one transaction less than were hashed",
      {
        body: {
          ...sealed(100, { transactions: [wireTransaction(RAW), wireTransaction("0a02ffff")] }),
          transactions: [wireTransaction(RAW)],
        },
      },
    ],
    ["another result than was hashed", { body: blockJson(100, { transactions: [wireTransaction(RAW, "REVERT")] }) }],
    [
      "a txID that is not the hash of its bytes",
      { body: blockJson(100, { transactions: [{ ...wireTransaction(RAW), txID: sha("00") }] }) },
    ],
    [
      "a signature that was not hashed",
      { body: blockJson(100, { transactions: [{ ...wireTransaction(RAW), signature: ["1c".repeat(65)] }] }) },
    ],
    ["a transaction without id", { body: blockJson(100, { transactions: [{ ret: [] }] }) }],
    ["HTTP 500", { status: 500, body: blockJson(100) }],
    ["HTTP 404", { status: 404, body: { Error: "this API is unavailable due to config" } }],
    ["a redirect", { status: 302, body: blockJson(100) }],
  ];

  test("a header that was believed is refused with any other signature", async () => {
    node.on("wallet/getnowblock", { body: blockJson(100) });
    await expect(gateway.headBlock()).resolves.toMatchObject({ number: 100 });
    node.on("wallet/getnowblock", { body: headerJson(100, { witness_signature: "ff".repeat(65) }) });
    await expect(gateway.headBlock()).rejects.toMatchObject({ code: "chain_error" });
  });

  test.each(nonsense)("%s is a chain_error", async (_name, answer) => {
    node.on("wallet/getnowblock", answer);
    await expect(gateway.headBlock()).rejects.toMatchObject({ name: "Fault", code: "chain_error" });
  });

  test.each(limits)("%s is chain_busy", async (_name, answer) => {
    await gateway.close();
    gateway = openGateway([node.url], once);
    node.on("wallet/getnowblock", answer);
    await expect(gateway.headBlock()).rejects.toMatchObject({ name: "Fault", code: "chain_busy" });
  });

  test.each([...nonsense, ...limits].filter(([name]) => name !== "an empty object"))(
    "%s never means: no such receipt",
    async (_name, answer) => {
      await gateway.close();
      gateway = openGateway([node.url], once);
      node.on("walletsolidity/gettransactioninfobyid", answer);
      await expect(gateway.solidReceipt(TX)).rejects.toMatchObject({
        code: expect.stringMatching(/^chain_(error|busy)$/),
      });
    },
  );

  test("an empty block has neither transactions nor a root", async () => {
    const block = sealed(100, { transactions: [] });
    node.on("wallet/getnowblock", { body: block });
    expect(await gateway.headBlock()).toEqual({
      number: 100,
      id: block.blockID,
      parentId: idOf(99),
      timestamp: TIME,
      transactions: [],
    });
  });

  test("any number of transactions proves itself by the root of the header", async () => {
    for (const count of [1, 2, 3, 4, 5, 7, 300]) {
      const transactions = Array.from({ length: count }, (_, at) =>
        wireTransaction(`0a02${at.toString(16).padStart(300, "0")}`, at % 3 === 1 ? "OUT_OF_ENERGY" : "SUCCESS"),
      );
      node.on("wallet/getnowblock", { body: sealed(100, { transactions }) });
      const block = await gateway.headBlock();
      expect(block.transactions).toHaveLength(count);
      expect(block.unproved).toBeUndefined();
    }
  });

  test("a transaction with a field that cannot be written back leaves its list the word of one node", async () => {
    for (const strange of [
      { ...wireTransaction(RAW), "7": "ab" },
      { ...wireTransaction(RAW), ret: [{ contractRet: "SUCCESS", orderId: "ab" }] },
      { ...wireTransaction(RAW), ret: [{ contractRet: "A_RESULT_TO_COME" }] },
    ]) {
      node.on("wallet/getnowblock", { body: blockJson(100, { transactions: [strange] }) });
      expect(await gateway.headBlock()).toMatchObject({ number: 100, unproved: true });
    }
  });

  test("nothing found is an answer only where nodes say so", async () => {
    for (const path of [
      "wallet/getblockbynum",
      "walletsolidity/gettransactioninfobyid",
      "wallet/getaccount",
      "wallet/getblockbylimitnext",
    ]) {
      node.on(path, { body: {} });
    }
    expect(await gateway.block(7)).toBeUndefined();
    expect(await gateway.solidReceipt(TX)).toBeUndefined();
    expect((await gateway.account(FROM)).activated).toBe(false);
    expect(await gateway.blocks(7, 9)).toEqual([]);
    await gateway.close();
    gateway = openGateway([node.url], once);
    for (const path of [
      "walletsolidity/getnowblock",
      "wallet/gettransactioninfobyblocknum",
      "wallet/getchainparameters",
    ])
      node.on(path, { body: {} });
    await expect(gateway.solidBlock()).rejects.toMatchObject({ code: "chain_error" });
    await expect(gateway.receipts(7)).rejects.toMatchObject({ code: "chain_error" });
    await expect(gateway.chainParameters()).rejects.toMatchObject({ code: "chain_error" });
  });

  test("an answer about something else than was asked is a chain_error", async () => {
    await gateway.close();
    gateway = openGateway([node.url], once);
    node.on("wallet/getblockbynum", { body: blockJson(8) });
    await expect(gateway.block(7)).rejects.toMatchObject({ code: "chain_error" });
    node.on("wallet/gettransactioninfobyblocknum", { body: [infoJson({ blockNumber: 8 })] });
    await expect(gateway.receipts(7)).rejects.toMatchObject({ code: "chain_error" });
    node.on("walletsolidity/gettransactioninfobyid", { body: infoJson({ id: "ab".repeat(32) }) });
    await expect(gateway.solidReceipt(TX)).rejects.toMatchObject({ code: "chain_error" });
  });

  test.each([
    ["a hole", [7, 9]],
    ["a late start", [8, 9]],
    ["a block too many", [7, 8, 9, 10]],
    ["a block twice", [7, 7, 8]],
  ])("a page with %s is a chain_error", async (_name, numbers) => {
    node.on("wallet/getblockbylimitnext", { body: { block: numbers.map((number) => blockJson(number)) } });
    await expect(gateway.blocks(7, 9)).rejects.toMatchObject({ code: "chain_error" });
  });

  test("a page in any order comes back ascending", async () => {
    node.on("wallet/getblockbylimitnext", { body: { block: [9, 7, 8].map((number) => blockJson(number)) } });
    expect((await gateway.blocks(7, 9)).map((block) => block.number)).toEqual([7, 8, 9]);
    expect(node.asked[0]?.body).toEqual({ startNum: 7, endNum: 10 });
  });

  test("an answer larger than allowed is cut off, and not asked for again", async () => {
    await gateway.close();
    const { http } = GATEWAY_DEFAULTS;
    gateway = openGateway([node.url], { http: { ...http, timeoutMs: 2_000, maxBodyBytes: 10_000 } });
    node.on("wallet/getnowblock", { body: { ...blockJson(100), filler: "x".repeat(1_000_000) } });
    await expect(gateway.headBlock()).rejects.toMatchObject({
      code: "chain_error",
      message: expect.stringContaining("larger"),
    });
    expect(node.asked).toHaveLength(1);
  });

  test("amounts beyond 2^53 are exact", async () => {
    node.on("wallet/getaccount", { text: `{"address":"41${"0".repeat(40)}","balance":9007199254740993}` });
    node.on("wallet/getaccountresource", { body: { freeNetLimit: 600 } });
    expect((await gateway.account(FROM)).trxSun).toBe("9007199254740993");
  });

  test("an account that holds code says so, and its quotas are summed", async () => {
    node.on("wallet/getaccount", { body: { address: "41", type: "Contract" } });
    node.on("wallet/getaccountresource", {
      body: { freeNetLimit: 600, freeNetUsed: 20, NetLimit: 100, NetUsed: 3, EnergyLimit: 50, EnergyUsed: 7 },
    });
    expect(await gateway.account(FROM)).toEqual({
      address: FROM,
      activated: true,
      isContract: true,
      trxSun: "0",
      energyLimit: 50,
      energyUsed: 7,
      bandwidthLimit: 700,
      bandwidthUsed: 23,
    });
  });
});

describe("a receipt says success only when everything in it does", () => {
  const usdt = {
    contract_address: "41a614f803b6fd780986a42c78ec9c7f77e6ded13c",
    fee: 6_773_500,
    contractResult: [NO_ROOT],
    receipt: { energy_fee: 6_428_500, energy_usage_total: 64_285, net_fee: 345_000, result: "SUCCESS" },
    log: [
      {
        address: "a614f803b6fd780986a42c78ec9c7f77e6ded13c",
        topics: [
          "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
          "0000000000000000000000001a642f0e3c3af545e7acbd38b07251b3990914f1",
          "0000000000000000000000005050a4f4b3f9338c3472dcc01a87c76a144b3c9c",
        ],
        data: "00000000000000000000000000000000000000000000000000000000000f4240",
      },
    ],
  };

  const read = async (changes: object) => {
    node.on("wallet/gettransactioninfobyblocknum", { body: [infoJson(changes)] });
    return (await gateway.receipts(100))[0];
  };

  test("a TRX transfer without any result word succeeded", async () => {
    expect(await read({})).toEqual({
      txId: TX,
      blockNumber: 100,
      blockTimestamp: 1_777_447_479_000,
      result: "SUCCESS",
      feeSun: "0",
      energyUsed: 0,
      bandwidthUsed: 267,
      transfers: [],
      logs: [],
    });
  });

  test("a USDT transfer shows what moved, from the log and not from the returned false", async () => {
    expect(await read(usdt)).toMatchObject({
      result: "SUCCESS",
      feeSun: "6773500",
      energyUsed: 64_285,
      transfers: [{ logIndex: 0, token: FAKE_USDT, from: FROM, to: TO, amount: "1000000" }],
    });
  });

  test.each([
    [
      "a revert",
      { receipt: { result: "REVERT" }, result: "FAILED", resMessage: "524556455254206f70636f6465206578656375746564" },
      "REVERT",
    ],
    ["out of energy", { receipt: { result: "OUT_OF_ENERGY" }, result: "FAILED" }, "OUT_OF_ENERGY"],
    ["a failure that the receipt does not admit", { receipt: { result: "SUCCESS" }, result: "FAILED" }, "FAILED"],
    ["a contract call without a result", { receipt: {} }, "UNKNOWN"],
  ])("%s is no success, and its logs moved nothing", async (_name, changes, word) => {
    expect(await read({ ...usdt, ...changes })).toMatchObject({ result: word, transfers: [] });
  });

  test("the reason of a failure is readable", async () => {
    expect(
      await read({ ...usdt, result: "FAILED", resMessage: "524556455254206f70636f6465206578656375746564" }),
    ).toMatchObject({
      message: "REVERT opcode executed",
    });
  });

  test("logs that are not token transfers are no transfers", async () => {
    const [log] = usdt.log;
    const others = [{ ...log, topics: log?.topics.slice(0, 2) }, { ...log, data: "" }, { address: log?.address }, log];
    expect((await read({ ...usdt, log: others }))?.transfers).toMatchObject([{ logIndex: 3 }]);
  });
});

describe("a simulation is believed only when it ran and did not fail", () => {
  const order = { asset: "USDT", from: FROM, to: TO, amount: units(1_000_000n) } as const;
  const ok = {
    result: { result: true },
    energy_used: 64_285,
    constant_result: [NO_ROOT],
    transaction: { ret: [{}] },
  };

  beforeEach(() => node.on("wallet/getchainparameters", { body: parametersJson }));

  test("the order is what is simulated, from its sender", async () => {
    node.on("wallet/triggerconstantcontract", { body: { ...ok, energy_penalty: 12_000 } });
    expect(await gateway.estimate(order)).toEqual({
      energy: 64_285,
      penalty: 12_000,
      bandwidth: 345,
      burnSun: "6773500",
      feeLimitSun: "8035700",
    });
    expect(node.asked.at(-1)?.body).toEqual({
      owner_address: "411a642f0e3c3af545e7acbd38b07251b3990914f1",
      contract_address: "41a614f803b6fd780986a42c78ec9c7f77e6ded13c",
      function_selector: "transfer(address,uint256)",
      parameter:
        "0000000000000000000000005050a4f4b3f9338c3472dcc01a87c76a144b3c9c00000000000000000000000000000000000000000000000000000000000f4240",
    });
  });

  test.each([
    ["a message", { ...ok, result: { result: true, message: "524556455254206f70636f6465206578656375746564" } }],
    ["a failed execution", { ...ok, transaction: { ret: [{ ret: "FAILED" }] } }],
  ])("%s is simulation_reverted", async (_name, body) => {
    node.on("wallet/triggerconstantcontract", { body });
    await expect(gateway.estimate(order)).rejects.toMatchObject({ code: "simulation_reverted" });
    expect(node.paths().filter((path) => path.includes("trigger"))).toHaveLength(1);
  });

  test.each([
    [
      "no contract",
      {
        result: {
          code: "CONTRACT_VALIDATE_ERROR",
          message: "536d61727420636f6e7472616374206973206e6f742065786973742e",
        },
      },
    ],
    ["no energy", { ...ok, energy_used: undefined }],
    ["no result", { energy_used: 64_285 }],
  ])("%s is a chain_error", async (_name, body) => {
    node.on("wallet/triggerconstantcontract", { body });
    await expect(gateway.estimate(order)).rejects.toMatchObject({ code: "chain_error" });
  });

  test("a view that fails or returns no word is a chain_error, never a balance of zero", async () => {
    node.on("wallet/getblock", { body: blockJson(100) });
    for (const body of [
      { ...ok, constant_result: [""] },
      { ...ok, constant_result: [] },
      { ...ok, transaction: { ret: [{ ret: "FAILED" }] } },
    ]) {
      node.on("wallet/triggerconstantcontract", { body });
      await expect(gateway.tokenBalance(FROM)).rejects.toMatchObject({ code: "chain_error" });
    }
    node.on("wallet/triggerconstantcontract", { body: { ...ok, constant_result: ["f".repeat(64)] } });
    await expect(gateway.tokenBalance(FROM)).rejects.toMatchObject({ code: "chain_error" });
  });

  test("the blacklist is what the contract says", async () => {
    node.on("wallet/triggerconstantcontract", { body: { ...ok, constant_result: [`${"0".repeat(63)}1`] } });
    expect(await gateway.isBlacklisted(TO)).toBe(true);
  });

  test("many destinations are one creation that is tried, from nobody", async () => {
    node.on("wallet/triggerconstantcontract", { body: { ...ok, constant_result: ["00050d"] } });
    expect(await gateway.destinations([FROM, TO], "USDT")).toEqual([
      { isContract: false, isFrozen: false },
      { isContract: false, isFrozen: true },
    ]);
    expect(node.asked).toHaveLength(1);
    expect(node.asked[0]?.body).toEqual({ owner_address: `41${"00".repeat(20)}`, data: expect.any(String) });
  });

  test.each([
    ["another number of them", { ...ok, constant_result: ["0005"] }],
    ["nothing", { ...ok, constant_result: [""] }],
    ["no result", { ...ok, constant_result: undefined }],
    ["a failed execution", { ...ok, constant_result: ["00050d"], transaction: { ret: [{ ret: "FAILED" }] } }],
    ["a refusal", { result: { code: "CONTRACT_VALIDATE_ERROR", message: "" } }],
  ])("destinations that were answered with %s are a chain_error", async (_name, body) => {
    node.on("wallet/triggerconstantcontract", { body });
    await expect(gateway.destinations([FROM, TO], "USDT")).rejects.toMatchObject({ code: "chain_error" });
    expect(node.asked).toHaveLength(1);
  });

  test("destinations that one node refuses to tell are told by the next", async () => {
    const other = await ScriptedNode.open();
    const both = openGateway([node.url, other.url]);
    onTestFinished(async () => {
      await both.close();
      await other.close();
    });
    node.on("wallet/triggerconstantcontract", { body: { result: { code: "CONTRACT_VALIDATE_ERROR", message: "" } } });
    other.on("wallet/triggerconstantcontract", { body: { ...ok, constant_result: ["0005"] } });
    expect(await both.destinations([TO], "USDT")).toEqual([{ isContract: false, isFrozen: false }]);
    expect([node.asked.length, other.asked.length]).toEqual([1, 1]);
  });

  test("a node that does not know the question about many destinations is not a bad node", async () => {
    node.on("wallet/triggerconstantcontract", { body: { result: { code: "CONTRACT_VALIDATE_ERROR", message: "" } } });
    for (let i = 0; i < 6; i += 1) await gateway.destinations([TO], "USDT").catch(() => undefined);
    expect(node.asked).toHaveLength(6);
    expect(gateway.pool.all().map((each) => each.reading().breaker)).toEqual(["closed"]);
  });

  test("more destinations than one question has room for are a mistake of whoever asks", async () => {
    const many = Array.from({ length: 101 }, () => TO);
    await expect(gateway.destinations(many, "USDT")).rejects.toMatchObject({ code: "internal" });
    expect(node.asked).toEqual([]);
  });
});

describe("balances that a decision rests on", () => {
  test("the block is read before the balances, all on the solidified side", async () => {
    node.on("walletsolidity/getnowblock", { body: blockJson(100) });
    node.on("walletsolidity/getaccount", { body: { address: "41", balance: 5 } });
    node.on("walletsolidity/triggerconstantcontract", {
      body: { result: { result: true }, constant_result: [`${"0".repeat(63)}7`] },
    });
    expect(await gateway.solidBalances(FROM)).toEqual({ usdt: "7", trx: "5", atBlock: 100 });
    expect(node.paths()[0]).toBe("walletsolidity/getnowblock");
    expect(node.paths()).toHaveLength(3);
  });
});

describe("cached reads", () => {
  test("chain parameters are read once for everybody and again when they are old", async () => {
    await gateway.close();
    const clock = new ManualClock();
    gateway = openGateway([node.url], { parameterTtlMs: 1_000 }, { clock });
    node.on("wallet/getchainparameters", { body: parametersJson });
    const all = await Promise.all(Array.from({ length: 50 }, () => gateway.chainParameters()));
    expect(new Set(all).size).toBe(1);
    expect(all[0]).toMatchObject({
      energyFeeSun: 100,
      raw: { getRemoveThePowerOfTheGr: -1, getAllowUpdateAccountName: 0 },
    });
    await clock.advance(999);
    await gateway.chainParameters();
    expect(gateway.stats()).toMatchObject({
      requests: { "wallet/getchainparameters": 1 },
      caches: { parameters: { hits: 50, misses: 1 } },
    });
    await clock.advance(1);
    await gateway.chainParameters();
    expect(gateway.stats().requests["wallet/getchainparameters"]).toBe(2);
  });

  test("a price that is missing is no price of zero", async () => {
    node.on("wallet/getchainparameters", { body: { chainParameter: parametersJson.chainParameter.slice(1) } });
    await expect(gateway.chainParameters()).rejects.toMatchObject({
      code: "chain_error",
      message: expect.stringContaining("getEnergyFee"),
    });
  });

  test("a failed load is not kept", async () => {
    node.on("wallet/getaccount", { body: { Error: "class x" } });
    await expect(gateway.account(FROM)).rejects.toMatchObject({ code: "chain_error" });
    node.on("wallet/getaccount", { body: {} });
    expect((await gateway.account(FROM)).activated).toBe(false);
  });

  test("a caller that gives up does not take the answer from the others", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    node.on("wallet/getaccount", () => {
      release();
      return { body: {} };
    });
    const controller = new AbortController();
    const impatient = gateway.account(FROM, controller.signal);
    const patient = gateway.account(FROM);
    controller.abort();
    await expect(impatient).rejects.toMatchObject({ code: "chain_unavailable" });
    await held;
    expect((await patient).activated).toBe(false);
    expect(node.asked).toHaveLength(1);
  });

  test("the account cache is bounded: the least recently used one leaves", async () => {
    await gateway.close();
    gateway = openGateway([node.url], { accountCapacity: 2, accountTtlMs: 60_000 });
    node.on("wallet/getaccount", { body: {} });
    for (const address of [FROM, TO, FROM, FAKE_USDT, FROM, TO]) await gateway.account(address);
    expect(gateway.stats().caches.accounts).toEqual({ hits: 2, misses: 4, size: 2 });
  });
});
