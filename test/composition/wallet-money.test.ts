import { expect, test } from "vitest";
import { openWalletMoney } from "../../src/composition/wallet-money.ts";
import { Fault } from "../../src/domain/errors.ts";
import { units } from "../../src/domain/money.ts";
import type { ActorAddress, ActorRecord } from "../../src/domain/records.ts";
import type { WalletContext } from "../../src/machines/wallet.machine.ts";
import { silentLogger } from "../../src/ports/telemetry.ts";
import { Driven } from "../support/kernel.ts";
import { memoryStore } from "../support/engine.ts";
import { ManualClock } from "../support/manual-clock.ts";

const USDT = "TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf";
const NOBODY = { code: "chain_timeout", message: "no node answered", retryable: true } as const;
const [GOOD, ROTTEN] = ["TJRabPrwbZy45sbavfcjinPJC18kjpRTv8", "TNPeeaaFB7K9cmo4uQpcU32zGK8G1NYqeL"];
const ports = {
  metrics: { moneyCame: () => {} },
  clock: new ManualClock(),
  logger: silentLogger,
  refresh: async () => {},
};

const born = (id: string, address: string, kind: WalletContext["kind"] = "hd") =>
  Driven.born("wallet", { address, name: id, kind, labels: {}, limits: {}, hot: false }, { id });
const walletAt = (...wallet: Parameters<typeof born>): ActorRecord => born(...wallet).record;
const archived = (wallet: Driven) =>
  wallet.answer("balances", { usdt: units(0n), trx: units(0n), atBlock: 1 }).send({ type: "wallet.archive" }).record;

/** Knows what is stored, and notes what it is told. */
async function listening(stored: readonly ActorRecord[] = []) {
  const store = memoryStore();
  await store.commit(stored.map((record) => ({ put: "record" as const, record })));
  const told = { counted: 0, read: [] as string[] };
  const money = await openWalletMoney(
    { store, usdt: USDT },
    {
      ...ports,
      metrics: { moneyCame: () => void (told.counted += 1) },
      refresh: async (id) => void told.read.push(id),
    },
  );
  const move = (record: ActorRecord) => money.moved({ kind: "wallet", id: record.id }, record);
  let number = 8;
  const pay = async (from: string, to: string) => {
    number += 1;
    const transfer = {
      txId: `t${number}`,
      source: "log",
      index: 0,
      asset: "USDT",
      amount: units(5n),
      from,
      to,
    } as const;
    const evidence = { solidNumber: number, solidId: `b${number}`, solidTimestamp: number * 1_000, nodes: ["n"] };
    const block = { number, id: `b${number}`, timestamp: number * 1_000 };
    money.transfers.solidified(block, { transfers: [transfer], ignored: [] }, evidence);
    await money.transfers.flush();
  };
  return { told, money, move, pay };
}

async function opened(onRotten: () => never) {
  const store = memoryStore();
  const wallets = [walletAt("w1", ROTTEN), walletAt("w2", GOOD)];
  await store.commit(wallets.map((record) => ({ put: "record" as const, record })));
  const read = store.record.bind(store);
  store.record = (actor: ActorAddress) => (actor.id === "w1" ? onRotten() : read(actor));
  return { money: await openWalletMoney({ store, usdt: USDT }, ports) };
}

test("a wallet whose record is damaged keeps nobody from starting, and is heard when it moves again", async () => {
  const { money } = await opened(() => {
    throw new Fault("store_corrupt", "it rotted");
  });
  const before = money.transfers.version;
  money.moved({ kind: "wallet", id: "w2" }, walletAt("w2", GOOD));
  expect(money.transfers.version).toBe(before);
  money.moved({ kind: "wallet", id: "w1" }, walletAt("w1", ROTTEN));
  expect(money.transfers.version).toBe(before + 1);
});

test("two wallets of one address both read their balance, and the money is counted once", async () => {
  const wallets = [walletAt("watched", GOOD, "watch"), walletAt("imported", GOOD)];
  const { told, move, pay } = await listening(wallets.slice(0, 1));
  for (const wallet of [...wallets, ...wallets]) move(wallet);
  await pay(ROTTEN, GOOD);
  expect(told).toEqual({ counted: 1, read: ["watched", "imported"] });
});

test("money that leaves is read by the wallets without a key, and counted for nobody", async () => {
  const { told, pay } = await listening([walletAt("hd", GOOD), walletAt("watched", GOOD, "watch")]);
  await pay(GOOD, ROTTEN);
  expect(told).toEqual({ counted: 0, read: ["watched"] });
});

test("money that an address sends to itself is counted once and read once by each of its wallets", async () => {
  const { told, pay } = await listening([walletAt("hd", GOOD), walletAt("watched", GOOD, "watch")]);
  await pay(GOOD, GOOD);
  expect(told).toEqual({ counted: 1, read: ["hd", "watched"] });
});

test("a watch-only wallet that pauses after a reading that failed is left to it, one with a key is told", async () => {
  const stale = (kind: "watch" | "hd") => born(kind, GOOD, kind).fail("balances", NOBODY);
  const { told, move, pay } = await listening([stale("watch").record, stale("hd").record]);
  await pay(ROTTEN, GOOD);
  await pay(GOOD, ROTTEN);
  expect(told).toEqual({ counted: 1, read: ["hd"] });
  move(
    stale("watch")
      .elapse()
      .answer("balances", { usdt: units(1n), trx: units(0n), atBlock: 1 }).record,
  );
  await pay(GOOD, ROTTEN);
  expect(told.read).toEqual(["hd", "watch"]);
});

test("an archived wallet is told of no money, after a start neither, and its address is watched no more", async () => {
  const [old, put] = [archived(born("old", ROTTEN)), born("put", GOOD)];
  const { told, money, move, pay } = await listening([old, put.record, walletAt("watched", GOOD, "watch")]);
  await pay(GOOD, ROTTEN);
  expect(told).toEqual({ counted: 0, read: ["watched"] });
  const { version } = money.transfers;
  for (let times = 0; times < 2; times += 1) move(archived(put));
  expect([money.transfers.active, money.transfers.version]).toEqual([true, version]);
  for (let times = 0; times < 2; times += 1) move(archived(born("watched", GOOD, "watch")));
  expect([money.transfers.active, money.transfers.version]).toEqual([false, version + 1]);
  await pay(ROTTEN, GOOD);
  expect(told).toEqual({ counted: 0, read: ["watched"] });
  move(walletAt("again", GOOD, "watch"));
  expect(money.transfers.active).toBe(true);
  await pay(ROTTEN, GOOD);
  expect(told).toEqual({ counted: 1, read: ["watched", "again"] });
});

test("a store that cannot be read is not a damaged wallet", async () => {
  await expect(
    opened(() => {
      throw new Fault("store_failed", "EIO");
    }),
  ).rejects.toThrow("EIO");
});
