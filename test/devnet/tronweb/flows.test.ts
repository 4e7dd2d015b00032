import { TronWeb, type Types } from "tronweb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../support.ts";
import { Program } from "./program.ts";

const DAY_MS = 86_400_000;
const TRX = 1_000_000;

/** What users of the published client do, with the accounts that the program gives them. */
let program: Program;
let keys: string[];

beforeAll(async () => {
  program = await Program.start("--block-ms", "instant", "--accounts", "30");
  keys = await program.accounts();
});

afterAll(async () => {
  await program.stop();
});

type Person = { tronWeb: TronWeb; key: string; address: string; hex: string };

/** An account that no other test uses. */
function person(): Person {
  const key = keys.pop();
  if (key === undefined) throw new Error("more accounts are needed");
  const tronWeb = new TronWeb({ fullHost: program.url, privateKey: key });
  const address = tronWeb.defaultAddress.base58;
  if (address === false) throw new Error("no address");
  return { tronWeb, key, address, hex: TronWeb.address.toHex(address) };
}

async function send({ tronWeb }: Person, tx: Types.Transaction): Promise<string> {
  return broadcast(tronWeb, await tronWeb.trx.sign(tx));
}

async function broadcast(tronWeb: TronWeb, tx: Types.SignedTransaction): Promise<string> {
  const answer = await tronWeb.trx.sendRawTransaction(tx);
  if (!answer.result) throw new Error(`${answer.code} ${tronWeb.toUtf8(answer.message)}`);
  return answer.txid ?? tx.txID;
}

const infoOf = async ({ tronWeb }: Person, txId: string) =>
  (await tronWeb.trx.getTransactionInfo(txId)) as unknown as Json;

describe("TRX", () => {
  test("is built, signed, sent, and there", async () => {
    const [from, to] = [person(), person()];
    const before = await to.tronWeb.trx.getBalance(to.address);
    const tx = await from.tronWeb.transactionBuilder.sendTrx(to.address, 5 * TRX, from.address);
    const txId = await send(from, tx);
    expect(await to.tronWeb.trx.getBalance(to.address)).toBe(before + 5 * TRX);
    expect((await infoOf(from, txId))["receipt"]).toEqual({ net_usage: 268 });
    expect((await from.tronWeb.trx.getTransaction(txId)).ret?.[0]).toEqual({ contractRet: "SUCCESS" });
    const events = await from.tronWeb.event.getEventsByTransactionID(txId);
    expect(events.data).toEqual([]);
  });

  test("cannot be sent twice, nor more than there is, nor by somebody else", async () => {
    const [from, thief] = [person(), person()];
    const { tronWeb } = from;
    const signed = await tronWeb.trx.sign(await tronWeb.transactionBuilder.sendTrx(thief.address, 1, from.address));
    await broadcast(tronWeb, signed);
    await expect(broadcast(tronWeb, signed)).rejects.toThrow("DUP_TRANSACTION_ERROR");
    await expect(tronWeb.trx.sendTransaction(thief.address, 1e15)).resolves.toMatchObject({
      code: "CONTRACT_VALIDATE_ERROR",
    });
    const stolen = await tronWeb.transactionBuilder.sendTrx(thief.address, 1, from.address);
    const forged = await thief.tronWeb.trx.multiSign(stolen, thief.key);
    await expect(broadcast(tronWeb, forged)).rejects.toThrow("SIGERROR");
  });

  test("creates the account that it is sent to, and so does createAccount", async () => {
    const from = person();
    const { tronWeb } = from;
    const [one, two] = [await tronWeb.createAccount(), await tronWeb.createAccount()];
    const txId = await send(from, await tronWeb.transactionBuilder.sendTrx(one.address.base58, 1, from.address));
    expect(await infoOf(from, txId)).toMatchObject({ fee: 1_100_000, receipt: { net_fee: 100_000 } });
    await send(from, await tronWeb.transactionBuilder.createAccount(two.address.base58));
    for (const made of [one, two]) {
      expect((await tronWeb.trx.getAccount(made.address.base58)).create_time).toBeGreaterThan(0);
    }
  });

  test("an account has a name", async () => {
    const owner = person();
    await send(owner, await owner.tronWeb.transactionBuilder.updateAccount("grüße", owner.address));
    const { account_name } = (await owner.tronWeb.trx.getAccount(owner.address)) as unknown as Json;
    expect(owner.tronWeb.toUtf8(account_name)).toBe("grüße");
  });
});

describe("a transaction that waits", () => {
  test("gets more time, by itself and through the node", async () => {
    const from = person();
    const { transactionBuilder } = from.tronWeb;
    for (const txLocal of [true, false]) {
      const tx = await transactionBuilder.sendTrx(person().address, txLocal ? 1 : 2, from.address);
      const longer = await transactionBuilder.extendExpiration(tx, 3_600, { txLocal });
      expect(longer.raw_data.expiration).toBe(tx.raw_data.expiration + 3_600_000);
      expect(longer.txID).not.toBe(tx.txID);
      await send(from, longer);
    }
  });

  test("carries a memo, and the memo costs", async () => {
    const from = person();
    const { transactionBuilder } = from.tronWeb;
    for (const txLocal of [true, false]) {
      const tx = await transactionBuilder.sendTrx(person().address, txLocal ? 3 : 4, from.address);
      const noted = await transactionBuilder.addUpdateData(tx, "invoice 7", "utf8", { txLocal });
      const txId = await send(from, noted);
      expect((await infoOf(from, txId))["fee"]).toBeGreaterThanOrEqual(TRX);
      const found = await from.tronWeb.trx.getTransaction(txId);
      expect(from.tronWeb.toUtf8(found.raw_data.data as string)).toBe("invoice 7");
    }
  });
});

describe("permissions", () => {
  test("two of two: one signature is not enough, both are, and each is listed", async () => {
    const [owner, second, receiver] = [person(), person(), person()];
    const { tronWeb } = owner;
    const key = (who: Person) => ({ address: who.hex, weight: 1 });
    const operations = "7fff1fc0033efb0f".padEnd(64, "0");
    const update = await tronWeb.transactionBuilder.updateAccountPermissions(
      owner.hex,
      { type: 0, permission_name: "owner", threshold: 1, keys: [key(owner)] },
      undefined,
      [{ type: 2, permission_name: "active0", threshold: 2, operations, keys: [key(owner), key(second)] }],
    );
    const txId = await send(owner, update);
    expect((await infoOf(owner, txId))["fee"]).toBe(100 * TRX);

    const tx = await tronWeb.transactionBuilder.sendTrx(receiver.address, 7, owner.address, { permissionId: 2 });
    const once = await tronWeb.trx.multiSign(tx, owner.key, 2);
    const weight = await tronWeb.trx.getSignWeight(once, 2);
    expect(weight).toMatchObject({ result: { code: "NOT_ENOUGH_PERMISSION" }, current_weight: 1 });
    await expect(broadcast(tronWeb, once)).rejects.toThrow("SIGERROR");
    const both = await second.tronWeb.trx.multiSign(once, second.key, 2);
    expect((await tronWeb.trx.getApprovedList(both)).approved_list).toEqual([owner.hex, second.hex]);
    const paid = await broadcast(tronWeb, both);
    // The update used up the free bandwidth, so these bytes are burned; the second signature costs 1 TRX.
    expect(await infoOf(owner, paid)).toMatchObject({ fee: TRX + 334_000, receipt: { net_fee: 334_000 } });
  });

  test("a stranger is told that he may not sign", async () => {
    const [owner, stranger] = [person(), person()];
    const tx = await owner.tronWeb.transactionBuilder.sendTrx(stranger.address, 7, owner.address);
    await expect(stranger.tronWeb.trx.multiSign(tx, stranger.key, 2)).rejects.toThrow(
      /has no permission to sign|is not contained of permission/,
    );
  });
});

describe("staking", () => {
  test("freeze, delegate, take back, unfreeze, wait, withdraw", async () => {
    const [owner, friend] = [person(), person()];
    const { tronWeb } = owner;
    const { transactionBuilder } = tronWeb;
    await send(owner, await transactionBuilder.freezeBalanceV2(1_000 * TRX, "ENERGY", owner.address));
    await send(owner, await transactionBuilder.freezeBalanceV2(100 * TRX, "BANDWIDTH", owner.address));
    const { EnergyLimit, tronPowerLimit } = await tronWeb.trx.getAccountResources(owner.address);
    expect(EnergyLimit).toBeGreaterThan(0);
    expect(tronPowerLimit).toBe(1_100);
    expect(await tronWeb.trx.getCanDelegatedMaxSize(owner.address, "ENERGY")).toEqual({ max_size: 1_000 * TRX });

    await send(owner, await transactionBuilder.delegateResource(400 * TRX, friend.address, "ENERGY", owner.address));
    const delegated = await tronWeb.trx.getDelegatedResourceV2(owner.address, friend.address);
    expect(delegated).toEqual({
      delegatedResource: [{ from: owner.hex, to: friend.hex, frozen_balance_for_energy: 400 * TRX }],
    });
    expect(await tronWeb.trx.getDelegatedResourceAccountIndexV2(owner.address)).toMatchObject({
      toAccounts: [friend.hex],
    });
    const { EnergyLimit: lent } = await tronWeb.trx.getAccountResources(friend.address);
    expect(lent).toBeGreaterThan(0);
    await send(owner, await transactionBuilder.undelegateResource(400 * TRX, friend.address, "ENERGY", owner.address));
    expect(await tronWeb.trx.getDelegatedResourceV2(owner.address, friend.address)).toEqual({});

    await send(owner, await transactionBuilder.unfreezeBalanceV2(300 * TRX, "ENERGY", owner.address));
    expect(await tronWeb.trx.getAvailableUnfreezeCount(owner.address)).toEqual({ count: 31 });
    await expect(
      transactionBuilder.withdrawExpireUnfreeze(owner.address).then(async (tx) => send(owner, tx)),
    ).rejects.toThrow("no unFreeze balance to withdraw");
    await program.control("/advance", { ms: 14 * DAY_MS + 3_000 });
    const before = await tronWeb.trx.getBalance(owner.address);
    const txId = await send(owner, await transactionBuilder.withdrawExpireUnfreeze(owner.address));
    expect((await infoOf(owner, txId))["withdraw_expire_amount"]).toBe(300 * TRX);
    expect(await tronWeb.trx.getBalance(owner.address)).toBe(before + 300 * TRX);
  });

  test("a locked delegation stays for its time, an unfreezing can be cancelled", async () => {
    const [owner, friend] = [person(), person()];
    const { transactionBuilder } = owner.tronWeb;
    await send(owner, await transactionBuilder.freezeBalanceV2(50 * TRX, "BANDWIDTH", owner.address));
    const locked = [10 * TRX, friend.address, "BANDWIDTH", owner.address, true, 1_200] as const;
    await send(owner, await transactionBuilder.delegateResource(...locked));
    const back = async () =>
      send(owner, await transactionBuilder.undelegateResource(10 * TRX, friend.address, "BANDWIDTH", owner.address));
    await expect(back()).rejects.toThrow("insufficient delegatedFrozenBalance(BANDWIDTH)");
    await program.control("/advance", { ms: 1_200 * 3_000 + 3_000 });
    await back();
    await send(owner, await transactionBuilder.unfreezeBalanceV2(20 * TRX, "BANDWIDTH", owner.address));
    const txId = await send(owner, await transactionBuilder.cancelUnfreezeBalanceV2(owner.address));
    expect((await infoOf(owner, txId))["cancel_unfreezeV2_amount"]).toContainEqual({
      key: "BANDWIDTH",
      value: 20 * TRX,
    });
    expect(await owner.tronWeb.trx.getAvailableUnfreezeCount(owner.address)).toEqual({ count: 32 });
  });

  test("votes earn, and a day later the reward can be claimed once", async () => {
    const owner = person();
    const { tronWeb } = owner;
    const { transactionBuilder } = tronWeb;
    const [witness] = await tronWeb.trx.listSuperRepresentatives();
    await send(owner, await transactionBuilder.freezeBalanceV2(2_000 * TRX, "ENERGY", owner.address));
    await send(owner, await transactionBuilder.vote({ [witness?.address ?? ""]: 2_000 }, owner.address));
    await program.control("/advance", { ms: DAY_MS });
    await program.control("/mine", { count: 5 });
    await program.control("/advance", { ms: DAY_MS });
    const reward = await tronWeb.trx.getReward(owner.address);
    expect(reward).toBeGreaterThan(0);
    const txId = await send(owner, await transactionBuilder.withdrawBlockRewards(owner.address));
    expect((await infoOf(owner, txId))["withdraw_amount"]).toBeGreaterThanOrEqual(reward);
    await expect(
      transactionBuilder.withdrawBlockRewards(owner.address).then(async (tx) => send(owner, tx)),
    ).rejects.toThrow("less than 24 hours");
  });
});

describe("TRC10", () => {
  test("is issued, found by everything it can be found by, and transferred", async () => {
    const [issuer, holder] = [person(), person()];
    const { tronWeb } = issuer;
    const { transactionBuilder } = tronWeb;
    // The dial may have moved: a sale opens after the newest block.
    const { block_header } = await tronWeb.trx.getCurrentBlock();
    const start = Math.max(Date.now(), block_header.raw_data.timestamp) + 60_000;
    const name = { name: "DevToken", abbreviation: "DEV", description: "for tests", url: "https://example.org" };
    const amounts = { totalSupply: 1_000, trxRatio: 1, tokenRatio: 10, precision: 2 };
    await send(
      issuer,
      await transactionBuilder.createToken(
        { ...name, ...amounts, saleStart: start, saleEnd: start + DAY_MS },
        issuer.address,
      ),
    );
    const issued = await tronWeb.trx.getTokensIssuedByAddress(issuer.address);
    const { id } = issued["DevToken"] as unknown as { id: string };
    expect(await tronWeb.trx.getTokenByID(id)).toMatchObject({ name: "DevToken", abbr: "DEV", total_supply: 1_000 });
    await send(issuer, await transactionBuilder.sendToken(holder.address, 30, id, issuer.address));
    const { assetV2 } = (await tronWeb.trx.getAccount(holder.address)) as unknown as Json;
    expect(assetV2).toContainEqual({ key: id, value: 30 });

    await program.control("/advance", { ms: 120_000 });
    await send(holder, await transactionBuilder.purchaseToken(issuer.address, id, 5, holder.address));
    const after = (await tronWeb.trx.getAccount(holder.address)) as unknown as Json;
    expect(after["assetV2"]).toContainEqual({ key: id, value: 80 });
  });
});

describe("witnesses and proposals", () => {
  test("one stands for election, changes his page and his share", async () => {
    const candidate = person();
    const { tronWeb, address } = candidate;
    await program.control("/faucet", { address, trx_sun: "20000000000" });
    await program.control("/mine", {});
    const { transactionBuilder } = tronWeb;
    await send(candidate, await transactionBuilder.applyForSR(address, "https://one.example"));
    await send(candidate, await transactionBuilder.updateWitness(address, "https://two.example"));
    await send(candidate, await transactionBuilder.updateBrokerage(35, address));
    const listed = await tronWeb.trx.listSuperRepresentatives();
    const own = listed.find((witness) => witness.address === candidate.hex);
    expect(own?.url).toBe("https://two.example");
    // A new share holds from the next maintenance period on.
    expect(await tronWeb.trx.getBrokerage(address)).toBe(20);
    await program.control("/advance", { ms: DAY_MS / 4 });
    expect(await tronWeb.trx.getBrokerage(address)).toBe(35);
    expect((await tronWeb.trx.getAccount(address)) as unknown as Json).toMatchObject({ is_witness: true });

    const id = (await tronWeb.trx.listProposals()).length + 1;
    await send(candidate, await transactionBuilder.createProposal([{ key: 11, value: 110 }], address));
    expect(await tronWeb.trx.getProposal(id)).toMatchObject({ proposal_id: id, proposer_address: candidate.hex });
    await send(candidate, await transactionBuilder.voteProposal(id, true, address));
    expect((await tronWeb.trx.getProposal(id)) as unknown as Json).toMatchObject({ approvals: [candidate.hex] });
    await send(candidate, await transactionBuilder.deleteProposal(id, address));
    expect((await tronWeb.trx.getProposal(id)) as unknown as Json).toMatchObject({ state: "CANCELED" });
  });
});

describe("the program", () => {
  test("ends with 0 when npm is told to end, and says that a port is taken", async () => {
    const other = await Program.start("--block-ms", "manual", "--accounts", "0");
    const { port } = new URL(other.url);
    await expect(Program.start("--port", port)).rejects.toThrow("ended before it was ready");
    expect(await other.stop()).toBe(0);
  });
});

describe("messages", () => {
  test("are signed and verified without the node", async () => {
    const { tronWeb, address } = person();
    const signature = tronWeb.trx.signMessageV2("hello");
    expect(await tronWeb.trx.verifyMessageV2("hello", signature)).toBe(address);
  });
});
