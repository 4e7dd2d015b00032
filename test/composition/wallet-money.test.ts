import { expect, test } from "vitest";
import { openWalletMoney } from "../../src/composition/wallet-money.ts";
import { Fault } from "../../src/domain/errors.ts";
import { units } from "../../src/domain/money.ts";
import type { ActorAddress, ActorRecord } from "../../src/domain/records.ts";
import { silentLogger } from "../../src/ports/telemetry.ts";
import { Driven } from "../support/kernel.ts";
import { memoryStore } from "../support/engine.ts";
import { ManualClock } from "../support/manual-clock.ts";

const USDT = "TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf";
const [GOOD, ROTTEN] = ["TJRabPrwbZy45sbavfcjinPJC18kjpRTv8", "TNPeeaaFB7K9cmo4uQpcU32zGK8G1NYqeL"];
const ports = {
  metrics: { moneyCame: () => {} },
  clock: new ManualClock(),
  logger: silentLogger,
  refresh: async () => {},
};

const walletAt = (id: string, address: string): ActorRecord =>
  Driven.born("wallet", { address, name: id, kind: "hd", labels: {}, limits: {}, hot: false }, { id }).record;

async function opened(onRotten: () => never) {
  const store = memoryStore();
  const wallets = [walletAt("w1", ROTTEN), walletAt("w2", GOOD)];
  await store.commit(wallets.map((record) => ({ put: "record" as const, record })));
  const read = store.record.bind(store);
  store.record = (actor: ActorAddress) => (actor.id === "w1" ? onRotten() : read(actor));
  return { money: await openWalletMoney({ store, usdt: USDT }, ports), wallets };
}

test("a wallet whose record is damaged keeps nobody from starting, and is heard when it moves again", async () => {
  const { money, wallets } = await opened(() => {
    throw new Fault("store_corrupt", "it rotted");
  });
  const before = money.transfers.version;
  money.moved({ kind: "wallet", id: "w2" }, wallets[1]?.context);
  expect(money.transfers.version).toBe(before);
  money.moved({ kind: "wallet", id: "w1" }, wallets[0]?.context);
  expect(money.transfers.version).toBe(before + 1);
});

test("two wallets of one address both read their balance, and the money is counted once", async () => {
  const store = memoryStore();
  const wallets = ["archived", "imported"].map((id) => walletAt(id, GOOD));
  await store.commit(wallets.slice(0, 1).map((record) => ({ put: "record" as const, record })));
  const told = { counted: 0, read: [] as string[] };
  const money = await openWalletMoney(
    { store, usdt: USDT },
    {
      ...ports,
      metrics: { moneyCame: () => void (told.counted += 1) },
      refresh: async (id) => void told.read.push(id),
    },
  );
  for (const { id, context } of [...wallets, ...wallets]) money.moved({ kind: "wallet", id }, context);
  const block = { number: 9, id: "b9", timestamp: 9_000 };
  const transfer = {
    txId: "t1",
    source: "log",
    index: 0,
    asset: "USDT",
    from: ROTTEN,
    to: GOOD,
    amount: units(5n),
  } as const;
  const evidence = { solidNumber: 9, solidId: "b9", solidTimestamp: 9_000, nodes: ["n"] };
  money.transfers.solidified(block, { transfers: [transfer], ignored: [] }, evidence);
  await money.transfers.flush();
  expect(told).toEqual({ counted: 1, read: ["archived", "imported"] });
});

test("a store that cannot be read is not a damaged wallet", async () => {
  await expect(
    opened(() => {
      throw new Fault("store_failed", "EIO");
    }),
  ).rejects.toThrow("EIO");
});
