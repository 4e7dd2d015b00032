import { expect, test } from "vitest";
import { seal } from "../../src/security/envelope.ts";
import { walletContext } from "../../src/security/key-records.ts";
import type { WalletRecord } from "../../src/security/key-records.ts";
import { Secret } from "../../src/security/secret.ts";
import { openJobs } from "../../src/security/signing-jobs.ts";
import { thrownBy, USDT, vectorOrder, vectors } from "./support.ts";

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

test("a key signs from when it was learned until it is forgotten", () => {
  const jobs = openJobs({ usdtContract: USDT, kek });
  expect(thrownBy(() => jobs.run(job))).toMatchObject({ code: "key_unavailable" });
  jobs.learn({ keys: [record(vectors.pkA.privateKey, vectors.pkA.address)], forgetKeys: false });
  expect(jobs.run(job)).toMatchObject({ txId: built.txId });
  jobs.learn({ keys: [], forgetKeys: false });
  expect(jobs.run(job)).toMatchObject({ txId: built.txId });
  jobs.learn({ keys: [], forgetKeys: true });
  expect(thrownBy(() => jobs.run(job))).toMatchObject({ code: "key_unavailable" });
});

test("a sealed key that is not the key of its address does not sign", () => {
  const jobs = openJobs({ usdtContract: USDT, kek });
  jobs.learn({ keys: [record(vectors.pkB.privateKey, vectors.pkA.address)], forgetKeys: false });
  expect(thrownBy(() => jobs.run(job))).toMatchObject({ code: "key_unavailable" });
});

test("bytes that differ from the order are not signed by a key that could", () => {
  const jobs = openJobs({ usdtContract: USDT, kek });
  jobs.learn({ keys: [record(vectors.pkA.privateKey, vectors.pkA.address)], forgetKeys: false });
  const order = vectorOrder({ expiration: vectorOrder().expiration + 1 });
  expect(thrownBy(() => jobs.run({ ...job, order }))).toMatchObject({
    code: "order_mismatch",
    evidence: { differences: [{ field: "expiration" }] },
  });
  expect(jobs.run({ do: "build", order: vectorOrder() })).toEqual(built);
});

test("bytes are prepared signed when their key is known, and unsigned when it is not", () => {
  const jobs = openJobs({ usdtContract: USDT, kek });
  const prepare = { do: "prepare", order: vectorOrder() } as const;
  expect(jobs.run(prepare)).toEqual(built);
  jobs.learn({ keys: [record(vectors.pkA.privateKey, vectors.pkA.address)], forgetKeys: false });
  const signed = jobs.run(job);
  expect(jobs.run(prepare)).toEqual({ ...built, ...signed });
  expect(jobs.run({ ...prepare, order: vectorOrder({ from: vectors.pkB.address }) })).not.toHaveProperty("signedHex");
  expect(thrownBy(() => jobs.run({ ...prepare, order: vectorOrder({ to: "T" }) }))).toMatchObject({
    code: "order_mismatch",
  });
});

test("another key-encryption key opens nothing", () => {
  const jobs = openJobs({ usdtContract: USDT, kek: new Uint8Array(32).fill(8) });
  jobs.learn({ keys: [record(vectors.pkA.privateKey, vectors.pkA.address)], forgetKeys: false });
  expect(thrownBy(() => jobs.run(job))).toMatchObject({ code: "key_unavailable" });
});
