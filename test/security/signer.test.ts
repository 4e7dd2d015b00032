import { inspect } from "node:util";
import type { Worker } from "node:worker_threads";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { TronWeb, utils } from "tronweb";
import { describe, expect, onTestFinished, test } from "vitest";
import type { SigningOrder } from "../../src/ports/world.ts";
import type { Keystore } from "../../src/security/keystore.ts";
import { openSigner, SIGNING_QUEUE_MAX, ThreadedSigner } from "../../src/security/signer.ts";
import { recoverAddress } from "../../src/tron/signature.ts";
import { decodeSigned, encodeSigned, txIdOf } from "../../src/tron/transaction.ts";
import { corpus } from "./malicious-bytes.ts";
import { failureOf, openTestKeystore, temporaryFolder, units, USDT, vectorOrder, vectors } from "./support.ts";

type Rig = { keystore: Keystore; signer: ThreadedSigner; directory: string; threads: Worker[] };

/** A real keystore with pkA as "wl_a", and a real pool. `threads` are the workers that were started, in order. */
async function rig(options: { threads?: number; keysMax?: number } = {}): Promise<Rig> {
  const directory = temporaryFolder();
  const keystore = await openTestKeystore(directory);
  await keystore.importKey("wl_a", vectors.pkA.privateKey);
  const threads: Worker[] = [];
  const note = (worker: Worker): void => void threads.push(worker);
  process.on("worker", note);
  const signer = await openSigner({ keystore, usdtContract: USDT, ...options });
  onTestFinished(async () => {
    process.off("worker", note);
    await signer.close();
  });
  return { keystore, signer, directory, threads };
}

const trxOrder = (changes: Partial<SigningOrder> = {}): SigningOrder =>
  vectorOrder({ asset: "TRX", feeLimitSun: units(0), ...changes });

describe("signing", () => {
  test("gives the published signatures", async () => {
    const { signer } = await rig();
    const trx = await signer.sign(trxOrder(), await signer.build(trxOrder()));
    expect(trx).toEqual({ signedHex: vectors.transferVector.broadcasthex, txId: vectors.transferVector.txID });
    const usdt = await signer.sign(vectorOrder(), await signer.build(vectorOrder()));
    const [signature = ""] = vectors.usdtVector.signature;
    expect(usdt.signedHex).toBe(encodeSigned(vectors.usdtVector.raw_data_hex, [signature.toLowerCase()]));
    expect(usdt.txId).toBe(vectors.usdtVector.txID);
  });

  test("gives, for 200 random orders, byte for byte what TronWeb builds and signs", async () => {
    const { signer } = await rig();
    const tronWeb = new TronWeb({ fullHost: "http://127.0.0.1:1" });
    const recipients = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => {
      return TronWeb.address.fromHex(`41${Buffer.from(bytes).toString("hex")}`);
    });
    const orders = fc.record({
      asset: fc.constantFrom("USDT" as const, "TRX" as const),
      to: recipients,
      amount: fc.bigInt(1n, 2n ** 53n - 1n).map(units),
      fee: fc.integer({ min: 1, max: 15_000_000_000 }),
      expiration: fc.integer({ min: 1_600_000_000_000, max: 4_000_000_000_000 }),
      timestamp: fc.integer({ min: 1, max: 4_000_000_000_000 }),
      number: fc.integer({ min: 1, max: 4_000_000_000 }),
      hash: fc.uint8Array({ minLength: 24, maxLength: 24 }),
    });
    await Promise.all(
      fc.sample(orders, 200).map(async ({ fee, number, hash, ...rest }) => {
        const id = number.toString(16).padStart(16, "0") + Buffer.from(hash).toString("hex");
        const feeLimitSun = units(rest.asset === "TRX" ? 0 : fee);
        const order = vectorOrder({ ...rest, feeLimitSun, reference: { number, id } });
        const blockHeader = {
          ref_block_bytes: id.slice(12, 16),
          ref_block_hash: id.slice(16, 32),
          expiration: rest.expiration,
          timestamp: rest.timestamp,
        };
        const parameters = [
          { type: "address", value: order.to },
          { type: "uint256", value: order.amount },
        ];
        const options = { txLocal: true, feeLimit: fee, callValue: 0, blockHeader };
        const builder = tronWeb.transactionBuilder;
        const theirs =
          order.asset === "TRX"
            ? await builder.sendTrx(order.to, Number(order.amount), order.from, { blockHeader })
            : (await builder.triggerSmartContract(USDT, "transfer(address,uint256)", options, parameters, order.from))
                .transaction;
        const [signature = ""] = utils.crypto.signTransaction(vectors.pkA.privateKey, theirs).signature;
        const built = await signer.build(order);
        expect(built).toEqual({ rawHex: theirs.raw_data_hex, txId: theirs.txID });
        const signed = await signer.sign(order, built);
        expect(decodeSigned(signed.signedHex)).toEqual({
          rawHex: theirs.raw_data_hex,
          signatures: [signature.toLowerCase()],
          txId: theirs.txID,
        });
      }),
    );
  });

  test("uses each wallet's own key, over several threads", async () => {
    const { keystore, signer } = await rig({ threads: 2 });
    const wallets = await Promise.all(Array.from({ length: 12 }, (_, i) => keystore.createHdWallet(`wl_${i}`)));
    const orders = Array.from({ length: 240 }, (_, i) =>
      vectorOrder({
        walletId: `wl_${i % 12}`,
        from: wallets[i % 12]?.address ?? "",
        timestamp: vectorOrder().timestamp + i,
      }),
    );
    const signed = await Promise.all(orders.map(async (order) => signer.sign(order, await signer.build(order))));
    for (const [i, { signedHex, txId }] of signed.entries()) {
      expect(recoverAddress(txId, decodeSigned(signedHex).signatures[0] ?? "")).toBe(orders[i]?.from);
    }
    expect(new Set(signed.map((each) => each.txId)).size).toBe(240);
    expect(signer.pending()).toBe(0);
  });

  test("goes on when there are more wallets than keys fit into memory", async () => {
    const { keystore, signer } = await rig({ keysMax: 2 });
    const wallets = await Promise.all(Array.from({ length: 7 }, (_, i) => keystore.createHdWallet(`wl_${i}`)));
    for (let round = 0; round < 3; round += 1) {
      for (const [i, { address }] of wallets.entries()) {
        const order = vectorOrder({ walletId: `wl_${i}`, from: address });
        const { signedHex, txId } = await signer.sign(order, await signer.build(order));
        expect(recoverAddress(txId, decodeSigned(signedHex).signatures[0] ?? "")).toBe(address);
      }
    }
  });

  test("bytes that are built and signed in one go are those of two", async () => {
    const { signer } = await rig();
    const built = await signer.build(vectorOrder());
    const signed = await signer.sign(vectorOrder(), built);
    expect(await signer.prepare(vectorOrder())).toEqual({ ...built, ...signed });
  });

  test("bytes of a wallet that cannot sign are built all the same, and impossible ones are not", async () => {
    const { signer } = await rig();
    const order = vectorOrder({ walletId: "wl_unknown" });
    expect(await signer.prepare(order)).toEqual(await signer.build(order));
    expect(await failureOf(signer.prepare(vectorOrder({ to: "T" })))).toMatchObject({ code: "order_mismatch" });
  });

  test("a keystore with a bug is not taken for a wallet that cannot sign", async () => {
    const { signer, keystore } = await rig();
    keystore.sealedKey = () => Promise.reject(new TypeError("a bug"));
    await expect(signer.prepare(vectorOrder())).rejects.toThrow("a bug");
  });

  test("the same bytes signed twice are the same transaction", async () => {
    const { signer } = await rig();
    const built = await signer.build(vectorOrder());
    const [one, two] = await Promise.all([signer.sign(vectorOrder(), built), signer.sign(vectorOrder(), built)]);
    expect(one).toEqual(two);
  });
});

describe("refusing", () => {
  test("no forgery of the corpus is signed, and each refusal names its field", async () => {
    const { signer } = await rig();
    for (const [order, right] of [
      [vectorOrder(), vectors.usdtVector.raw_data_hex],
      [trxOrder(), vectors.transferVector.raw_data_hex],
    ] as const) {
      for (const { name, rawHex, field } of corpus(order, right)) {
        const fault = await failureOf(signer.sign(order, { rawHex, txId: txIdOf(rawHex) }));
        expect(fault, name).toMatchObject({ code: "order_mismatch" });
        expect(String(fault), name).toContain(field);
      }
    }
  });

  test("another wallet's key does not sign, whatever the order says about its sender", async () => {
    const { keystore, signer } = await rig();
    await keystore.importKey("wl_b", vectors.pkB.privateKey);
    const order = vectorOrder({ walletId: "wl_b" });
    const fault = await failureOf(signer.sign(order, await signer.build(order)));
    expect(fault).toMatchObject({ code: "order_mismatch", evidence: { differences: [{ field: "signer" }] } });
  });

  test("a wallet without a key is refused", async () => {
    const { signer } = await rig();
    const order = vectorOrder({ walletId: "wl_none" });
    await expect(signer.sign(order, await signer.build(order))).rejects.toMatchObject({ code: "wallet_watch_only" });
  });

  test("an order that no bytes can express is refused by the builder", async () => {
    const { signer } = await rig();
    await expect(signer.build(vectorOrder({ to: "T" }))).rejects.toMatchObject({ code: "order_mismatch" });
  });

  test("a key file changed under the running engine is refused", async () => {
    const { keystore, signer, directory } = await rig();
    const { address } = await keystore.importKey("wl_b", vectors.pkB.privateKey);
    const record = await keystore.sealedKey("wl_b");
    const stolen = { ...record, seal: (await keystore.sealedKey("wl_a")).seal };
    writeFileSync(join(directory, `wallet-wl_b.${address}.json`), JSON.stringify(stolen));
    const order = vectorOrder({ walletId: "wl_b", from: address });
    await expect(signer.sign(order, await signer.build(order))).rejects.toMatchObject({ code: "key_unavailable" });
  });

  test("an order that is not plain data is refused, and the next one is signed", async () => {
    const { signer } = await rig();
    const order = vectorOrder({ amount: (() => 1) as never });
    await expect(signer.build(order)).rejects.toMatchObject({ code: "internal" });
    await expect(signer.sign(vectorOrder(), await signer.build(vectorOrder()))).resolves.toBeDefined();
  });

  test("an order that breaks the thread's code gives an error without its text", async () => {
    const { signer } = await rig();
    const built = await signer.build(vectorOrder());
    const fault = await failureOf(signer.sign(vectorOrder({ reference: null as never }), built));
    expect(fault).toMatchObject({ code: "internal", message: "A signing thread met an unexpected TypeError" });
  });
});

describe("a thread that ends", () => {
  test("rejects what it had with a retryable fault, and the next request gets a new thread", async () => {
    const { signer, threads } = await rig();
    const orders = Array.from({ length: 200 }, (_, i) => vectorOrder({ timestamp: vectorOrder().timestamp + i }));
    const asked = orders.map((order) => signer.build(order));
    const settled = Promise.allSettled(asked);
    // Let the first batches leave, then cut the thread off in the middle of them.
    await new Promise((resolve) => setImmediate(resolve));
    await threads[0]?.terminate();
    const outcomes = await settled;
    const rejected = outcomes.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    expect(rejected.length).toBeGreaterThan(0);
    for (const fault of rejected) expect(fault).toMatchObject({ code: "signer_unavailable", retryable: true });
    // A new thread knows no keys yet: they travel to it again.
    const signed = await signer.sign(vectorOrder(), await signer.build(vectorOrder()));
    expect(signed.txId).toBe(vectors.usdtVector.txID);
    expect(threads).toHaveLength(2);
    expect(signer.pending()).toBe(0);
  });

  test("takes nothing down with it when it fails while idle", async () => {
    const { signer, threads } = await rig({ threads: 2 });
    await signer.sign(vectorOrder(), await signer.build(vectorOrder()));
    await Promise.all(threads.map((thread) => thread.terminate()));
    const orders = Array.from({ length: 100 }, (_, i) => vectorOrder({ timestamp: vectorOrder().timestamp + i }));
    const signed = await Promise.all(orders.map(async (order) => signer.sign(order, await signer.build(order))));
    expect(signed).toHaveLength(100);
  });
});

test("a pool that cannot start says so", async () => {
  const keystore = await openTestKeystore(temporaryFolder());
  const fault = await failureOf(openSigner({ keystore, usdtContract: "not a contract" }));
  expect(fault).toMatchObject({ code: "signer_unavailable" });
  expect(String(fault)).toContain("order_mismatch");
});

test("a signer that was not started starts with its first request", async () => {
  const keystore = await openTestKeystore(temporaryFolder());
  const signer = new ThreadedSigner({ keystore, usdtContract: USDT });
  onTestFinished(() => signer.close());
  expect((await signer.build(vectorOrder())).txId).toBe(vectors.usdtVector.txID);
});

describe("closing", () => {
  test("rejects what waits, and everything after", async () => {
    const { signer } = await rig();
    const waiting = Promise.allSettled(Array.from({ length: 500 }, () => signer.build(vectorOrder())));
    await signer.close();
    const outcomes = await waiting;
    expect(outcomes.every((each) => each.status === "rejected")).toBe(true);
    await expect(signer.build(vectorOrder())).rejects.toMatchObject({ code: "signer_unavailable" });
    await expect(signer.sign(vectorOrder(), { rawHex: "", txId: "" })).rejects.toMatchObject({
      code: "signer_unavailable",
    });
    expect(signer.pending()).toBe(0);
  });
});

test("above its bound the queue refuses instead of growing", async () => {
  const { signer } = await rig();
  const all = Array.from({ length: SIGNING_QUEUE_MAX + 5 }, () => signer.build(vectorOrder({ to: "T" })));
  const outcomes = Promise.allSettled(all);
  await expect(all.at(-1)).rejects.toMatchObject({ code: "engine_busy", retryable: true });
  await signer.close();
  const codes = (await outcomes).map((each) => (each.status === "rejected" ? each.reason.code : "ok"));
  expect(codes.filter((code) => code === "engine_busy")).toHaveLength(5);
});

test("the key is in nothing that the signer prints or throws", async () => {
  const { signer, keystore } = await rig();
  const built = await signer.build(vectorOrder());
  const signed = await signer.sign(vectorOrder(), built);
  const faults = await Promise.all([
    failureOf(signer.sign(vectorOrder(), { ...built, rawHex: `${built.rawHex}00` })),
    failureOf(signer.sign(vectorOrder({ reference: null as never }), built)),
    failureOf(signer.sign(vectorOrder({ walletId: "wl_none" }), built)),
  ]);
  const printed = [signer, keystore, signed, built, ...faults]
    .map((each) => inspect(each, { showHidden: true, depth: Infinity }) + JSON.stringify(each))
    .join("\n");
  const key = Buffer.from(vectors.pkA.privateKey, "hex");
  for (const spelling of [
    vectors.pkA.privateKey,
    key.toString("base64"),
    key.toString("latin1"),
    [...key].join(", "),
  ]) {
    expect(printed.includes(spelling)).toBe(false);
  }
});
