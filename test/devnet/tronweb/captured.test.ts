import { readFileSync } from "node:fs";
import { TronWeb, type Types } from "tronweb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../support.ts";
import { Program } from "./program.ts";
import { Recorder, type Sent } from "./recorder.ts";

type Call = { call: string; requests: Sent[] };
const { calls }: { calls: Call[] } = JSON.parse(readFileSync(new URL("captured.json", import.meta.url), "utf8"));

const A = { key: "01".repeat(32), address: "TCNkawTmcQgYSU8nP8cHswT1QPjharxJr7" };
const B = { key: "02".repeat(32), address: "THHsfg2eNiv6MSXC4y5d4t5wkvRVADRKiF" };
const MAINNET_USDT = {
  hex: "41a614f803b6fd780986a42c78ec9c7f77e6ded13c",
  base58: "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
};
/** The block that the capture was built on. */
const HEADER = {
  ref_block_bytes: "2927",
  ref_block_hash: "39ece39d08a7abe4",
  expiration: 1_777_447_527_000,
  timestamp: 1_777_447_467_000,
};
const TRANSFER = [
  { type: "address", value: B.address },
  { type: "uint256", value: 5 },
];
/** "devnet01": an id is readable text. */
const ACCOUNT_ID = "6465766e65743031";

/** What exists on the chain that the replay runs on. */
type Facts = { usdt: string; blockId: string; txId: string };
type Client = { tronWeb: TronWeb; facts: Facts };
type Replayed = (client: Client) => unknown;

/**
 * `replay` makes the call with the arguments of the capture. Some of those name things that exist nowhere; then `missing`
 * is what the client makes of it and `real` is the same call for something that is there. `check` looks at the answer.
 */
type Entry = {
  replay: Replayed;
  missing?: string | RegExp | object;
  real?: Replayed;
  check?: (answer: Json) => void;
};

const nobody = { missing: {} };
const offline = (tronWeb: TronWeb) =>
  tronWeb.transactionBuilder.sendTrx(B.address, 1_000_000, A.address, { blockHeader: HEADER });
const isBlock = (answer: Json) => expect(answer["blockID"]).toMatch(/^[0-9a-f]{64}$/);
const isTransaction = (answer: Json) => expect(answer["raw_data_hex"]).toMatch(/^0a02/);
const trigger = { feeLimit: 100_000_000, callValue: 0 };

const ENTRIES: Record<string, Entry> = {
  isConnected: {
    replay: ({ tronWeb }) => tronWeb.isConnected(),
    check: (answer) => expect(answer).toEqual({ fullNode: true, solidityNode: true, eventServer: true }),
  },
  getCurrentBlock: { replay: ({ tronWeb }) => tronWeb.trx.getCurrentBlock(), check: isBlock },
  getConfirmedCurrentBlock: { replay: ({ tronWeb }) => tronWeb.trx.getConfirmedCurrentBlock(), check: isBlock },
  "getBlock num": { replay: ({ tronWeb }) => tronWeb.trx.getBlock(5), check: isBlock },
  "getBlock earliest": { replay: ({ tronWeb }) => tronWeb.trx.getBlock("earliest"), check: isBlock },
  "getBlock latest": { replay: ({ tronWeb }) => tronWeb.trx.getBlock("latest"), check: isBlock },
  getBlockByHash: {
    replay: ({ tronWeb }) => tronWeb.trx.getBlockByHash("0".repeat(64)),
    missing: "Block not found",
    real: ({ tronWeb, facts }) => tronWeb.trx.getBlockByHash(facts.blockId),
    check: isBlock,
  },
  getBlockRange: {
    replay: ({ tronWeb }) => tronWeb.trx.getBlockRange(1, 5),
    check: (answer) => expect(answer).toHaveLength(5),
  },
  getBlockTransactionCount: {
    replay: ({ tronWeb }) => tronWeb.trx.getBlockTransactionCount("latest"),
    check: (answer) => expect(answer).toBe(1),
  },
  getTransaction: {
    replay: ({ tronWeb }) => tronWeb.trx.getTransaction("a".repeat(64)),
    missing: "Transaction not found",
    real: ({ tronWeb, facts }) => tronWeb.trx.getTransaction(facts.txId),
    check: isTransaction,
  },
  getConfirmedTransaction: {
    replay: ({ tronWeb }) => tronWeb.trx.getConfirmedTransaction("a".repeat(64)),
    missing: "Transaction not found",
    real: ({ tronWeb, facts }) => tronWeb.trx.getConfirmedTransaction(facts.txId),
    check: isTransaction,
  },
  getTransactionInfo: {
    replay: ({ tronWeb }) => tronWeb.trx.getTransactionInfo("a".repeat(64)),
    ...nobody,
    real: ({ tronWeb, facts }) => tronWeb.trx.getTransactionInfo(facts.txId),
    check: (answer) => expect(answer["receipt"]).toBeDefined(),
  },
  getUnconfirmedTransactionInfo: {
    replay: ({ tronWeb }) => tronWeb.trx.getUnconfirmedTransactionInfo("a".repeat(64)),
    ...nobody,
    real: ({ tronWeb, facts }) => tronWeb.trx.getUnconfirmedTransactionInfo(facts.txId),
    check: (answer) => expect(answer["receipt"]).toBeDefined(),
  },
  getAccount: {
    replay: ({ tronWeb }) => tronWeb.trx.getAccount(A.address),
    check: (answer) => expect(answer["balance"]).toBeGreaterThan(0),
  },
  getBalance: { replay: ({ tronWeb }) => tronWeb.trx.getBalance(A.address), check: isPositive },
  getUnconfirmedBalance: { replay: ({ tronWeb }) => tronWeb.trx.getUnconfirmedBalance(A.address), check: isPositive },
  getBandwidth: { replay: ({ tronWeb }) => tronWeb.trx.getBandwidth(A.address), check: isNumber },
  getAccountResources: {
    replay: ({ tronWeb }) => tronWeb.trx.getAccountResources(A.address),
    check: (answer) => expect(answer["freeNetLimit"]).toBe(600),
  },
  getAccountById: {
    replay: ({ tronWeb }) => tronWeb.trx.getAccountById("12345678"),
    ...nobody,
    real: ({ tronWeb }) => tronWeb.trx.getAccountById(ACCOUNT_ID),
    check: (answer) => expect(answer["balance"]).toBeGreaterThan(0),
  },
  getUnconfirmedAccountById: {
    replay: ({ tronWeb }) => tronWeb.trx.getUnconfirmedAccountById("12345678"),
    ...nobody,
    real: ({ tronWeb }) => tronWeb.trx.getUnconfirmedAccountById(ACCOUNT_ID),
    check: (answer) => expect(answer["balance"]).toBeGreaterThan(0),
  },
  getChainParameters: {
    replay: ({ tronWeb }) => tronWeb.trx.getChainParameters(),
    check: (answer) => expect(answer).toContainEqual({ key: "getEnergyFee", value: 100 }),
  },
  getNodeInfo: {
    replay: ({ tronWeb }) => tronWeb.trx.getNodeInfo(),
    check: (answer) => expect(answer["configNodeInfo"].codeVersion).toMatch(/^4\./),
  },
  listNodes: { replay: ({ tronWeb }) => tronWeb.trx.listNodes(), check: (answer) => expect(answer).toEqual([]) },
  listSuperRepresentatives: {
    replay: ({ tronWeb }) => tronWeb.trx.listSuperRepresentatives(),
    check: (answer) => expect(answer[0].address).toMatch(/^41/),
  },
  getNowWitnessList: {
    replay: ({ tronWeb }) => tronWeb.trx.getNowWitnessList({ limit: 10, offset: 0 }),
    check: (answer) => expect(answer[0].address).toMatch(/^41/),
  },
  timeUntilNextVoteCycle: { replay: ({ tronWeb }) => tronWeb.trx.timeUntilNextVoteCycle(), check: isPositive },
  getContract: {
    replay: ({ tronWeb, facts }) => tronWeb.trx.getContract(facts.usdt),
    check: (answer) => expect(answer["name"]).toBe("TetherToken"),
  },
  getContractInfo: {
    replay: ({ tronWeb, facts }) => tronWeb.trx.getContractInfo(facts.usdt),
    check: (answer) => expect(answer["runtimecode"]).toMatch(/^[0-9a-f]+$/),
  },
  getReward: { replay: ({ tronWeb }) => tronWeb.trx.getReward(A.address), check: isNumber },
  getUnconfirmedReward: { replay: ({ tronWeb }) => tronWeb.trx.getUnconfirmedReward(A.address), check: isNumber },
  getBrokerage: {
    replay: ({ tronWeb }) => tronWeb.trx.getBrokerage(A.address),
    check: (answer) => expect(answer).toBe(20),
  },
  getUnconfirmedBrokerage: {
    replay: ({ tronWeb }) => tronWeb.trx.getUnconfirmedBrokerage(A.address),
    check: (answer) => expect(answer).toBe(20),
  },
  getBandwidthPrices: {
    replay: ({ tronWeb }) => tronWeb.trx.getBandwidthPrices(),
    check: (answer) => expect(answer).toMatch(/^0:\d+/),
  },
  getEnergyPrices: {
    replay: ({ tronWeb }) => tronWeb.trx.getEnergyPrices(),
    check: (answer) => expect(answer).toMatch(/^0:\d+/),
  },
  getDelegatedResourceV2: {
    replay: ({ tronWeb }) => tronWeb.trx.getDelegatedResourceV2(A.address, B.address, { confirmed: false }),
    check: (answer) => expect(answer["delegatedResource"]).toHaveLength(1),
  },
  getDelegatedResourceAccountIndexV2: {
    replay: ({ tronWeb }) => tronWeb.trx.getDelegatedResourceAccountIndexV2(A.address),
    check: (answer) => expect(answer["toAccounts"]).toHaveLength(1),
  },
  getCanDelegatedMaxSize: {
    replay: ({ tronWeb }) => tronWeb.trx.getCanDelegatedMaxSize(A.address, "ENERGY"),
    check: (answer) => expect(answer["max_size"]).toBeGreaterThan(0),
  },
  getAvailableUnfreezeCount: {
    replay: ({ tronWeb }) => tronWeb.trx.getAvailableUnfreezeCount(A.address),
    check: (answer) => expect(answer["count"]).toBe(31),
  },
  getCanWithdrawUnfreezeAmount: {
    replay: ({ tronWeb }) => tronWeb.trx.getCanWithdrawUnfreezeAmount(A.address, 1_700_000_000_000),
    ...nobody,
    real: ({ tronWeb }) => tronWeb.trx.getCanWithdrawUnfreezeAmount(A.address, Date.now() + 30 * 86_400_000),
    check: (answer) => expect(answer["amount"]).toBe(1_000_000),
  },
  getCurrentRefBlockParams: {
    replay: ({ tronWeb }) => tronWeb.trx.getCurrentRefBlockParams(),
    check: (answer) => expect(answer["ref_block_bytes"]).toHaveLength(4),
  },
  getTokensIssuedByAddress: {
    replay: ({ tronWeb }) => tronWeb.trx.getTokensIssuedByAddress(A.address),
    check: (answer) => expect(answer["abc"].id).toBe("1000001"),
  },
  getTokenByID: { replay: ({ tronWeb }) => tronWeb.trx.getTokenByID("1000001"), check: isToken },
  listTokens: { replay: ({ tronWeb }) => tronWeb.trx.listTokens(10, 0), check: (answer) => isToken(answer[0]) },
  getTokenFromID: { replay: ({ tronWeb }) => tronWeb.trx.getTokenFromID("abc"), check: isToken },
  getTokenListByName: {
    replay: ({ tronWeb }) => tronWeb.trx.getTokenListByName("abc"),
    check: (answer) => isToken(answer[0] ?? answer),
  },
  getProposal: {
    replay: ({ tronWeb }) => tronWeb.trx.getProposal(1),
    check: (answer) => expect(answer["proposal_id"]).toBe(1),
  },
  listProposals: {
    replay: ({ tronWeb }) => tronWeb.trx.listProposals(),
    check: (answer) => expect(answer).toHaveLength(1),
  },
  getExchangeByID: {
    replay: ({ tronWeb }) => tronWeb.trx.getExchangeByID(1),
    missing: { Error: "class java.lang.NullPointerException : null" },
  },
  listExchanges: {
    replay: ({ tronWeb }) => tronWeb.trx.listExchanges(),
    check: (answer) => expect(answer).toEqual([]),
  },
  listExchangesPaginated: {
    replay: ({ tronWeb }) => tronWeb.trx.listExchangesPaginated(10, 0),
    check: (answer) => expect(answer).toEqual([]),
  },
  sendTrx: {
    replay: ({ tronWeb }) => tronWeb.transactionBuilder.sendTrx(B.address, 1_000_000, A.address),
    check: isTransaction,
  },
  "sendTrx again": {
    replay: ({ tronWeb }) => tronWeb.transactionBuilder.sendTrx(B.address, 1_000_000, A.address),
    check: isTransaction,
  },
  broadcast: {
    replay: async ({ tronWeb }) => tronWeb.trx.sendRawTransaction(await tronWeb.trx.sign(await offline(tronWeb))),
    missing: { code: "TRANSACTION_EXPIRATION_ERROR" },
    real: async ({ tronWeb }) =>
      tronWeb.trx.sendRawTransaction(
        await tronWeb.trx.sign(await tronWeb.transactionBuilder.sendTrx(B.address, 7, A.address)),
      ),
    check: (answer) => expect(answer["result"]).toBe(true),
  },
  broadcasthex: {
    replay: ({ tronWeb }) => tronWeb.trx.sendHexTransaction("0a"),
    missing: { Error: expect.stringContaining("InvalidProtocolBufferException") },
    real: async ({ tronWeb }) => {
      const tx = await tronWeb.transactionBuilder.sendTrx(B.address, 8, A.address);
      const [signature = ""] = (await tronWeb.trx.sign(tx)).signature;
      const size = (tx.raw_data_hex.length / 2).toString(16);
      return tronWeb.trx.sendHexTransaction(`0a${varint(size)}${tx.raw_data_hex}1241${signature}`);
    },
    check: (answer) => expect(answer["result"]).toBe(true),
  },
  "sendTrx+sign+send (trx.sendTransaction)": {
    replay: ({ tronWeb }) => tronWeb.trx.sendTransaction(B.address, 1_000_000),
    check: (answer) => expect(answer["result"]).toBe(true),
  },
  freezeBalanceV2: {
    replay: ({ tronWeb }) => tronWeb.transactionBuilder.freezeBalanceV2(1_000_000, "ENERGY", A.address),
    check: isTransaction,
  },
  delegateResource: {
    replay: ({ tronWeb }) => tronWeb.transactionBuilder.delegateResource(1_000_000, B.address, "ENERGY", A.address),
    check: isTransaction,
  },
  vote: {
    replay: ({ tronWeb }) => tronWeb.transactionBuilder.vote({ [B.address]: 1 }, A.address),
    check: isTransaction,
  },
  triggerConstant: {
    replay: ({ tronWeb, facts }) =>
      tronWeb.transactionBuilder.triggerConstantContract(
        facts.usdt,
        "balanceOf(address)",
        {},
        [{ type: "address", value: A.address }],
        A.address,
      ),
    check: (answer) => expect(BigInt(`0x${answer["constant_result"][0]}`)).toBeGreaterThan(0n),
  },
  triggerConfirmedConstant: {
    replay: ({ tronWeb, facts }) =>
      tronWeb.transactionBuilder.triggerConfirmedConstantContract(
        facts.usdt,
        "balanceOf(address)",
        {},
        [{ type: "address", value: A.address }],
        A.address,
      ),
    check: (answer) => expect(BigInt(`0x${answer["constant_result"][0]}`)).toBeGreaterThan(0n),
  },
  estimateEnergy: {
    replay: ({ tronWeb, facts }) =>
      tronWeb.transactionBuilder.estimateEnergy(facts.usdt, "transfer(address,uint256)", {}, TRANSFER, A.address),
    check: (answer) => expect(answer["energy_required"]).toBeGreaterThan(64_000),
  },
  "triggerSmart txLocal": {
    replay: ({ tronWeb, facts }) =>
      tronWeb.transactionBuilder.triggerSmartContract(
        facts.usdt,
        "transfer(address,uint256)",
        { ...trigger, txLocal: true },
        TRANSFER,
        A.address,
      ),
    check: (answer) => isTransaction(answer["transaction"]),
  },
  "triggerSmart remote": {
    replay: ({ tronWeb, facts }) =>
      tronWeb.transactionBuilder.triggerSmartContract(
        facts.usdt,
        "transfer(address,uint256)",
        trigger,
        TRANSFER,
        A.address,
      ),
    check: (answer) => isTransaction(answer["transaction"]),
  },
  "contract().at": {
    replay: ({ tronWeb, facts }) => tronWeb.contract().at(facts.usdt),
    check: (answer) => expect(answer["transfer"]).toBeTypeOf("function"),
  },
  "c.balanceOf.call": {
    replay: async ({ tronWeb, facts }) => tokenOf(tronWeb, facts).balanceOf(A.address).call(),
    check: (answer) => expect(answer).toBeGreaterThan(0n),
  },
  "c.transfer.send": {
    replay: async ({ tronWeb, facts }) =>
      tokenOf(tronWeb, facts).transfer(B.address, 5).send({ feeLimit: 100_000_000 }),
    check: (answer) => expect(answer).toMatch(/^[0-9a-f]{64}$/),
  },
  deploy: {
    replay: ({ tronWeb }) =>
      tronWeb.transactionBuilder.createSmartContract(
        { abi: [], bytecode: "6000", name: "C", feeLimit: 1_000_000_000 },
        A.address,
      ),
    check: isTransaction,
  },
  deployConstant: {
    replay: ({ tronWeb }) =>
      tronWeb.transactionBuilder.deployConstantContract({ input: "60", ownerAddress: A.address }),
    check: (answer) => expect(answer["energy_required"]).toBeGreaterThan(0),
  },
  signWeight: {
    replay: async ({ tronWeb }) => tronWeb.trx.getSignWeight(await tronWeb.trx.sign(await offline(tronWeb))),
    check: (answer) => expect(answer["current_weight"]).toBe(1),
  },
  approvedList: {
    replay: async ({ tronWeb }) => tronWeb.trx.getApprovedList(await tronWeb.trx.sign(await offline(tronWeb))),
    check: (answer) => expect(answer["approved_list"]).toHaveLength(1),
  },
  "newTxID remote": {
    replay: async ({ tronWeb }) => tronWeb.transactionBuilder.newTxID(await offline(tronWeb)),
    check: (answer) => expect(answer["txID"]).toMatch(/^45aa0bd9/),
  },
  "extendExpiration txLocal": {
    replay: async ({ tronWeb }) => {
      const header = { ...HEADER, expiration: Date.now() + 60_000, timestamp: Date.now() };
      const tx = await tronWeb.transactionBuilder.sendTrx(B.address, 1, A.address, { blockHeader: header });
      return tronWeb.transactionBuilder.extendExpiration(tx, 3_600, { txLocal: true });
    },
    check: isTransaction,
  },
  "events contract": {
    replay: ({ tronWeb, facts }) =>
      tronWeb.event.getEventsByContractAddress(facts.usdt, {
        eventName: "Transfer",
        onlyConfirmed: true,
        orderBy: "timestamp,desc" as "block_timestamp,desc",
        limit: 5,
      }),
    check: (answer) => expect(answer["data"].length).toBeGreaterThan(0),
  },
  "events tx": {
    replay: ({ tronWeb }) => tronWeb.event.getEventsByTransactionID("a".repeat(64)),
    check: (answer) => expect(answer["success"]).toBe(true),
  },
  "events block": {
    replay: ({ tronWeb }) => tronWeb.event.getEventsByBlockNumber(5),
    check: (answer) => expect(answer["success"]).toBe(true),
  },
  "events latest": {
    replay: ({ tronWeb }) => tronWeb.event.getEventsOfLatestBlock(),
    check: (answer) => expect(answer["success"]).toBe(true),
  },
  "raw.getAccount": {
    replay: ({ tronWeb }) => tronWeb.trx.raw.getAccount(A.address),
    check: (answer) => expect(answer["balance"]).toMatch(/^\d+$/),
  },
  "raw.getBlock": {
    replay: ({ tronWeb }) => tronWeb.trx.raw.getBlock(5),
    check: (answer) => expect(answer["block_header"].raw_data.number).toBe("5"),
  },
};

function isPositive(answer: unknown): void {
  expect(answer).toBeGreaterThan(0);
}

function isNumber(answer: unknown): void {
  expect(answer).toBeGreaterThanOrEqual(0);
}

function isToken(answer: Json): void {
  expect(answer).toMatchObject({ id: "1000001", name: "abc", owner_address: expect.stringMatching(/^41/) });
}

/** Without asking the node for the interface: the capture starts at the call. */
function tokenOf(tronWeb: TronWeb, facts: Facts) {
  const address = [{ name: "who", type: "address" }];
  const abi = [
    {
      type: "function",
      name: "balanceOf",
      stateMutability: "view",
      inputs: address,
      outputs: [{ name: "", type: "uint256" }],
    },
    {
      type: "function",
      name: "transfer",
      stateMutability: "nonpayable",
      inputs: [...address, { name: "value", type: "uint256" }],
      outputs: [],
    },
  ] as const;
  return tronWeb.contract(abi, facts.usdt);
}

/** Length of a message of 128 to 16,383 bytes. */
function varint(hex: string): string {
  const value = Number.parseInt(hex, 16);
  return value < 128
    ? value.toString(16).padStart(2, "0")
    : Buffer.from([(value & 0x7f) | 0x80, value >> 7]).toString("hex");
}

describe("every call of the capture, replayed against the program", () => {
  let program: Program;
  let recorder: Recorder;
  let client: Client;

  beforeAll(async () => {
    program = await Program.start("--block-ms", "instant", "--accounts", "0");
    recorder = await Recorder.before(program.url);
    const tronWeb = new TronWeb({ fullHost: recorder.url, privateKey: A.key });
    client = { tronWeb, facts: await prepare(program, tronWeb) };
  });

  afterAll(async () => {
    recorder.close();
    await program.stop();
  });

  test("none is forgotten and none is made up", () => {
    expect(calls).toHaveLength(78);
    expect(Object.keys(ENTRIES).toSorted()).toEqual(calls.map(({ call }) => call).toSorted());
  });

  test.each(calls)("$call", async ({ call, requests }) => {
    const entry = ENTRIES[call];
    if (entry === undefined) throw new Error("no entry");
    recorder.taken();
    const { missing, check } = entry;
    const replay = Promise.resolve(entry.replay(client));
    if (typeof missing === "string" || missing instanceof RegExp) await expect(replay).rejects.toThrow(missing);
    else if (missing !== undefined) expect(await replay).toMatchObject(missing);
    else check?.((await replay) as Json);
    expect(sameAs(recorder.taken(), client.facts)).toEqual(requests.map(shortened));
    if (entry.real !== undefined) check?.((await entry.real(client)) as Json);
  });
});

/** The requests as the capture would have them: the token's address, and what follows from the block they refer to. */
function sameAs(sent: Sent[], facts: Facts): Sent[] {
  const hex = TronWeb.address.toHex(facts.usdt);
  const mainnet = (text: string) => text.replaceAll(hex, MAINNET_USDT.hex).replaceAll(facts.usdt, MAINNET_USDT.base58);
  return sent.map(({ url, body, ...rest }) =>
    shortened({ ...rest, url: mainnet(url), body: body === null ? null : mainnet(body) }),
  );
}

/** The capture has only the beginning of long bodies, and ids that follow from its own block. */
function shortened(sent: Sent): Sent {
  const isTransaction = /^\{"visible":false,"txID":"[0-9a-f]{64}","raw_data/.test(sent.body ?? "");
  return isTransaction ? { ...sent, body: "a transaction" } : sent;
}

/** Gives A money, stake, a delegation, an unfreezing, an id and a token; and makes A a witness with a proposal. */
async function prepare(program: Program, tronWeb: TronWeb): Promise<Facts> {
  const { usdt_contract: usdt } = await program.control("");
  for (const { address } of [A, B]) {
    await program.control("/faucet", { address, trx_sun: "100000000000000", usdt: "1000000000" });
  }
  await program.control("/mine", { count: 6 });
  const builder = tronWeb.transactionBuilder;
  const send = async (tx: Types.Transaction) => {
    const answer = await tronWeb.trx.sendRawTransaction(await tronWeb.trx.sign(tx));
    if (!answer.result) throw new Error(`${answer.code} ${tronWeb.toUtf8(answer.message)}`);
    return answer;
  };
  await send(await builder.setAccountId(ACCOUNT_ID));
  await send(await builder.freezeBalanceV2(9_000_000, "ENERGY"));
  await send(await builder.delegateResource(1_000_000, B.address, "ENERGY"));
  await send(await builder.unfreezeBalanceV2(1_000_000, "ENERGY"));
  const token = {
    name: "abc",
    abbreviation: "abc",
    description: "d",
    url: "https://example.org",
    totalSupply: 1_000,
    trxRatio: 1,
    tokenRatio: 1,
  };
  await send(
    await builder.createToken({
      ...token,
      saleStart: Date.now() + 60_000,
      saleEnd: Date.now() + 120_000,
      precision: 0,
    }),
  );
  await send(await builder.applyForSR(A.address, "https://example.org"));
  await send(await builder.createProposal([{ key: 11, value: 110 }]));
  const { txid } = await tronWeb.trx.sendTransaction(B.address, 1);
  const { blockID } = await tronWeb.trx.getCurrentBlock();
  return { usdt, blockId: blockID, txId: txid };
}
