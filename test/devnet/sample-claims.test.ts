import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Devnet } from "../../src/devnet/handle.ts";
import { sign } from "../../src/tron/signature.ts";
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
  usdtTransfer,
  Wallet,
} from "./support.ts";

type Sample = { name: string; path?: string; request?: Json; response: Json };
const { samples }: { samples: Sample[] } = JSON.parse(readFileSync(new URL("samples.json", import.meta.url), "utf8"));

function sample(name: string): Sample {
  const found = samples.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no sample called ${name}`);
  return found;
}

/** A transfer as the node builds it, signed; `change` alters what is sent, not what was signed. */
async function transfer(devnet: Devnet, amount: number, change: Json = {}): Promise<Json> {
  const parties = { owner_address: alice.hex41, to_address: bob.hex41 };
  const built = await post(devnet, "/wallet/createtransaction", { ...parties, amount });
  return { ...built, signature: [sign(built["txID"], alice.key)], ...change };
}

async function answerTo(devnet: Devnet, tx: Json): Promise<Json> {
  return post(devnet, "/wallet/broadcasttransaction", tx);
}

describe("no sample is forgotten", () => {
  test("each of the 46 is named by a test that compares it", () => {
    const files = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".test.ts"),
    );
    const text = files.map((file) => readFileSync(join(import.meta.dirname, file), "utf8")).join("\n");
    expect(samples).toHaveLength(46);
    const claim = (name: string) => ["sample", "expected", "likeSample"].some((by) => text.includes(`${by}("${name}"`));
    const inTable = (name: string) => text.includes(`["${name}",`);
    expect(samples.map(({ name }) => name).filter((name) => !claim(name) && !inTable(name))).toEqual([]);
  });
});

describe("a broadcast is answered as in the samples, field by field", () => {
  /** The sample with this transaction's id. */
  const likeSample = (name: string, tx: Json): Json => ({ ...sample(name).response, txid: tx["txID"] });

  test("taken", async () => {
    const devnet = await fundedDevnet();
    const tx = await transfer(devnet, 1);
    expect(await answerTo(devnet, tx)).toEqual(likeSample("broadcast ok", tx));
  });

  test("taken as bytes", async () => {
    const devnet = await fundedDevnet();
    const tx = await signed(devnet, trxTransfer(bob, 1n));
    const { transaction, ...answer } = await post(devnet, "/wallet/broadcasthex", { transaction: tx.hex });
    const { transaction: _text, ...expected } = likeSample("broadcasthex ok", { txID: tx.txId });
    expect(answer).toEqual(expected);
    expect(JSON.parse(transaction)["raw_data"].contract[0].parameter.value).toContain(bob.hex41);
  });

  test("without a signature", async () => {
    const devnet = await fundedDevnet();
    const tx = await transfer(devnet, 1, { signature: [] });
    expect(await answerTo(devnet, tx)).toEqual(likeSample("broadcast bad signature", tx));
  });

  test("twice", async () => {
    const devnet = await fundedDevnet();
    const tx = await transfer(devnet, 1);
    await answerTo(devnet, tx);
    expect(await answerTo(devnet, tx)).toEqual(likeSample("broadcast dup", tx));
  });

  test("too late", async () => {
    const devnet = await fundedDevnet();
    const tx = await transfer(devnet, 1);
    await devnet.advanceTime(60_000);
    expect(await answerTo(devnet, tx)).toEqual(likeSample("broadcast expired", tx));
  });

  test("on a block that the chain does not have", async () => {
    const devnet = await fundedDevnet();
    const { raw, txId } = await signed(devnet, trxTransfer(bob, 1n), { refBlockHash: "39ece39d08a7abe4" });
    const tx = await transfer(devnet, 1);
    const { raw_data } = tx;
    const times = { expiration: Number(raw.expiration), timestamp: Number(raw.timestamp) };
    const elsewhere = { ...raw_data, ...times, ref_block_hash: "39ece39d08a7abe4", ref_block_bytes: raw.refBlockBytes };
    const sent = { ...tx, raw_data: elsewhere, signature: [sign(txId, alice.key)] };
    expect(await answerTo(devnet, sent)).toEqual(likeSample("broadcast tapos", { txID: txId }));
  });

  test("to a busy node, and to one without peers", async () => {
    const devnet = await fundedDevnet();
    const tx = await transfer(devnet, 1);
    devnet.faults.next({ kind: "server-busy" });
    expect(await answerTo(devnet, tx)).toEqual(likeSample("broadcast busy", tx));
    devnet.faults.next({ kind: "p2p-failed" });
    expect(await answerTo(devnet, tx)).toEqual(likeSample("broadcast p2p failed (ambiguous)", tx));
  });

  test("with too little for the bandwidth, and for the amount", async () => {
    const devnet = await fundedDevnet();
    const poor = new Wallet("09".repeat(32));
    await devnet.faucet({ address: poor.address, trxSun: 1_000n });
    await devnet.mine();
    for (let spent = 0; spent < 2; spent += 1) {
      await pay(devnet, trxTransfer(bob, 1n, poor), { signers: [poor] });
    }
    const parties = { owner_address: poor.hex41, to_address: bob.hex41 };
    const built = await post(devnet, "/wallet/createtransaction", { ...parties, amount: 9 });
    const tx = { ...built, signature: [sign(built["txID"], poor.key)] };
    expect(await answerTo(devnet, tx)).toEqual(likeSample("broadcast no bandwidth", tx));
    const rich = await transfer(devnet, 900_000_000);
    await pay(devnet, trxTransfer(carol, 500_000_000n));
    expect(await answerTo(devnet, rich)).toEqual(likeSample("broadcast validate error", rich));
  });
});

describe("answers of single paths are those of the samples", () => {
  test.each([
    ["validateaddress", "/wallet/validateaddress"],
    ["getReward", "/wallet/getReward"],
    ["getBrokerage", "/wallet/getBrokerage"],
    ["getcandelegatedmaxsize zero", "/wallet/getcandelegatedmaxsize"],
    ["getavailableunfreezecount", "/wallet/getavailableunfreezecount"],
  ])("%s", async (name, path) => {
    const devnet = await fundedDevnet();
    const { request, response } = sample(name);
    expect(await post(devnet, path, request)).toEqual(response);
  });

  test("what is not there is nothing", async () => {
    const devnet = await manualDevnet();
    const { response } = sample("not found");
    for (const name of ["gettransactionbyid", "gettransactioninfobyid"]) {
      expect(await post(devnet, `/wallet/${name}`, { value: "ab".repeat(32) })).toEqual(response);
    }
    expect(await post(devnet, "/wallet/getaccount", { address: alice.hex41 })).toEqual(response);
    expect(await post(devnet, "/wallet/getblockbynum", { num: 99_999 })).toEqual(response);
  });

  test("a chain parameter that is zero has no value", async () => {
    const devnet = await manualDevnet();
    const { chainParameter } = await post(devnet, "/wallet/getchainparameters");
    for (const parameter of sample("chain parameter shape").response["chainParameter"]) {
      expect(chainParameter).toContainEqual(parameter);
    }
  });

  test("a delegation that is open and one that is locked", async () => {
    const devnet = await fundedDevnet();
    const staked = { owner_address: alice.hex41, frozen_balance: 9_000_000, resource: "ENERGY" };
    await sendBuilt(devnet, "freezebalancev2", staked);
    const lent = { owner_address: alice.hex41, receiver_address: bob.hex41, resource: "ENERGY" };
    await sendBuilt(devnet, "delegateresource", { ...lent, balance: 1_000_000 });
    await sendBuilt(devnet, "delegateresource", { ...lent, balance: 2_000_000, lock: true });
    const { request, response } = sample("getdelegatedresourcev2");
    const expires = devnet.ledger.headTimestamp() - 3_000 + 86_400 * 3_000;
    const [open, locked] = response["delegatedResource"];
    expect(await post(devnet, "/wallet/getdelegatedresourcev2", request)).toEqual({
      delegatedResource: [open, { ...locked, expire_time_for_energy: expires }],
    });
  });

  test("one of two signatures", async () => {
    const devnet = await fundedDevnet();
    const { response } = sample("getsignweight partial");
    const { permission } = response;
    const owner = { permission_name: "owner", threshold: 1, keys: [{ address: alice.hex41, weight: 1 }] };
    const { id: _id, ...active } = permission;
    await sendBuilt(devnet, "accountpermissionupdate", {
      owner_address: alice.hex41,
      owner,
      actives: [{ ...active, type: 2 }],
    });
    const parties = { owner_address: alice.hex41, to_address: bob.hex41, amount: 1_000_000, Permission_id: 2 };
    const built = await post(devnet, "/wallet/createtransaction", parties);
    const signature = [sign(built["txID"], alice.key)];
    const { visible: _visible, ...shown } = built;
    expect(await post(devnet, "/wallet/getsignweight", { ...built, signature })).toEqual({
      ...response,
      transaction: { result: { result: true }, txid: built["txID"], transaction: { signature, ...shown } },
    });
  });

  test("a USDT transfer that staked energy pays for", async () => {
    const devnet = await fundedDevnet();
    await devnet.faucet({ address: alice.address, trxSun: 30_000_000_000_000n });
    await devnet.mine();
    await sendBuilt(devnet, "freezebalancev2", {
      owner_address: alice.hex41,
      frozen_balance: 20_000_000_000_000,
      resource: "ENERGY",
    });
    await devnet.advanceTime(86_400_000);
    const { txId } = await pay(devnet, usdtTransfer(devnet, bob, 1_000_000n));
    const { log, ...info } = await infoOf(devnet, txId);
    const { log: _log, ...expected } = sample("info: USDT transfer ok, staked energy, free bandwidth").response;
    const own = { id: txId, blockNumber: info["blockNumber"], blockTimeStamp: info["blockTimeStamp"] };
    expect(info).toEqual({ ...expected, ...own, contract_address: info["contract_address"] });
    expect(log).toHaveLength(1);
  });
});

describe("what a node says instead of an answer", () => {
  async function asked(devnet: Devnet, path: string, key?: string) {
    const headers: Record<string, string> = key === undefined ? {} : { "TRON-PRO-API-KEY": key };
    const response = await fetch(devnet.url + path, { method: "POST", body: "{}", headers });
    return { status: response.status, body: await response.json() };
  }

  test("a path that is configured away, and an estimate", async () => {
    const devnet = await manualDevnet();
    devnet.faults.set({ kind: "api-disabled" });
    expect(await asked(devnet, "/wallet/getnowblock")).toEqual({
      status: 404,
      body: sample("disabled api (HTTP 404)").response,
    });
    expect(await asked(devnet, "/wallet/estimateenergy")).toEqual({
      status: 200,
      body: sample("estimateenergy disabled").response,
    });
  });

  test("the node's own limiter", async () => {
    const devnet = await manualDevnet();
    devnet.faults.next({ kind: "no-computing-resources" });
    expect(await asked(devnet, "/wallet/getnowblock")).toEqual({
      status: 200,
      body: sample("node rate limit (HTTP 200)").response,
    });
  });

  test("a provider's limit", async () => {
    const devnet = await manualDevnet();
    await fetch(`${devnet.url}/admin/devnet/limits`, { method: "POST", body: "{}" });
    for (let count = 0; count < 15; count += 1)
      expect((await asked(devnet, "/wallet/getnowblock", "k")).status).toBe(200);
    expect(await asked(devnet, "/wallet/getnowblock", "k")).toEqual({
      status: 403,
      body: sample("TronGrid over limit (HTTP 403)").response,
    });
  });
});

/** Has the node build it, signs, sends and includes it. */
async function sendBuilt(devnet: Devnet, name: string, fields: Json): Promise<void> {
  const built = await post(devnet, `/wallet/${name}`, fields);
  const answer = await post(devnet, "/wallet/broadcasttransaction", {
    ...built,
    signature: [sign(built["txID"] ?? "", alice.key)],
  });
  expect(answer).toMatchObject({ result: true });
  await devnet.mine();
}
