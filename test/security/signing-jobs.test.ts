import { expect, test } from "vitest";
import { seal } from "../../src/security/envelope.ts";
import { walletContext } from "../../src/security/key-records.ts";
import type { WalletRecord } from "../../src/security/key-records.ts";
import { Secret } from "../../src/security/secret.ts";
import { openJobs } from "../../src/security/signing-jobs.ts";
import { USDT, vectorOrder, vectors } from "./support.ts";

const kek = new Uint8Array(32).fill(9);
const built = { rawHex: vectors.usdtVector.raw_data_hex, txId: vectors.usdtVector.txID };
const job = { do: "sign", order: vectorOrder(), built } as const;

/** A record whose seal is in order, holding any key at all. */
function record(privateKeyHex: string, address: string): WalletRecord {
  const open = { version: 1, walletId: "wl_a", address, kind: "imported", path: null } as const;
  return {
    ...open,
    seal: seal(Buffer.from(privateKeyHex, "hex"), { kek: new Secret(kek), context: walletContext(open) }),
  };
}

test("a key signs from when it was learned until it is forgotten", async () => {
  const jobs = openJobs({ usdtContract: USDT, kek });
  await expect(jobs.run(job)).rejects.toMatchObject({ code: "key_unavailable" });
  jobs.learn({ keys: [record(vectors.pkA.privateKey, vectors.pkA.address)], forgetKeys: false });
  await expect(jobs.run(job)).resolves.toMatchObject({ txId: built.txId });
  jobs.learn({ keys: [], forgetKeys: false });
  await expect(jobs.run(job)).resolves.toMatchObject({ txId: built.txId });
  jobs.learn({ keys: [], forgetKeys: true });
  await expect(jobs.run(job)).rejects.toMatchObject({ code: "key_unavailable" });
});

test("a sealed key that is not the key of its address does not sign", async () => {
  const jobs = openJobs({ usdtContract: USDT, kek });
  jobs.learn({ keys: [record(vectors.pkB.privateKey, vectors.pkA.address)], forgetKeys: false });
  await expect(jobs.run(job)).rejects.toMatchObject({ code: "key_unavailable" });
});

test("bytes that differ from the order are not signed by a key that could", async () => {
  const jobs = openJobs({ usdtContract: USDT, kek });
  jobs.learn({ keys: [record(vectors.pkA.privateKey, vectors.pkA.address)], forgetKeys: false });
  const order = vectorOrder({ expiration: vectorOrder().expiration + 1 });
  await expect(jobs.run({ ...job, order })).rejects.toMatchObject({
    code: "order_mismatch",
    evidence: { differences: [{ field: "expiration" }] },
  });
  await expect(jobs.run({ do: "build", order: vectorOrder() })).resolves.toEqual(built);
});

test("bytes are prepared signed when their key is known, and unsigned when it is not", async () => {
  const jobs = openJobs({ usdtContract: USDT, kek });
  const prepare = { do: "prepare", order: vectorOrder() } as const;
  await expect(jobs.run(prepare)).resolves.toEqual(built);
  jobs.learn({ keys: [record(vectors.pkA.privateKey, vectors.pkA.address)], forgetKeys: false });
  const signed = await jobs.run(job);
  await expect(jobs.run(prepare)).resolves.toEqual({ ...built, ...signed });
  await expect(jobs.run({ ...prepare, order: vectorOrder({ from: vectors.pkB.address }) })).resolves.not.toHaveProperty(
    "signedHex",
  );
  await expect(jobs.run({ ...prepare, order: vectorOrder({ to: "T" }) })).rejects.toMatchObject({
    code: "order_mismatch",
  });
});

test("another key-encryption key opens nothing", async () => {
  const jobs = openJobs({ usdtContract: USDT, kek: new Uint8Array(32).fill(8) });
  jobs.learn({ keys: [record(vectors.pkA.privateKey, vectors.pkA.address)], forgetKeys: false });
  await expect(jobs.run(job)).rejects.toMatchObject({ code: "key_unavailable" });
});
