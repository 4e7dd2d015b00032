import { expect, test } from "vitest";
import { openWalletMoney } from "../../src/composition/wallet-money.ts";
import { Fault } from "../../src/domain/errors.ts";
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

test("a store that cannot be read is not a damaged wallet", async () => {
  await expect(
    opened(() => {
      throw new Fault("store_failed", "EIO");
    }),
  ).rejects.toThrow("EIO");
});
