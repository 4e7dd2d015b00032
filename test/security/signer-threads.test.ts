import type * as threads from "node:worker_threads";
import { expect, onTestFinished, test, vi } from "vitest";
import { openSigner, ThreadedSigner } from "../../src/security/signer.ts";
import { failureOf, openTestKeystore, temporaryFolder, USDT, vectorOrder, vectors } from "./support.ts";

/** How many threads may still begin; above it `new Worker` throws at once, as at a limit of the machine. */
const machine = vi.hoisted(() => ({ threadsLeft: Infinity }));

vi.mock("node:worker_threads", async (original) => {
  const real = await original<typeof threads>();
  class Worker extends real.Worker {
    constructor(file: URL, options: threads.WorkerOptions) {
      machine.threadsLeft -= 1;
      if (machine.threadsLeft < 0) throw Object.assign(new Error("EAGAIN"), { code: "ERR_WORKER_INIT_FAILED" });
      super(file, options);
    }
  }
  return { ...real, Worker };
});

async function limited(threadsLeft: number, size = 1) {
  machine.threadsLeft = threadsLeft;
  onTestFinished(() => void (machine.threadsLeft = Infinity));
  const keystore = await openTestKeystore(temporaryFolder());
  const signer = new ThreadedSigner({ keystore, usdtContract: USDT, threads: size });
  onTestFinished(() => signer.close());
  return { keystore, signer };
}

test("a thread that the machine refuses rejects what waits, and the next request tries again", async () => {
  const { signer } = await limited(0, 2);
  const orders = Array.from({ length: 100 }, (_, i) => vectorOrder({ timestamp: vectorOrder().timestamp + i }));
  const outcomes = await Promise.allSettled(orders.map((order) => signer.build(order)));
  for (const outcome of outcomes)
    expect(outcome).toMatchObject({ reason: { code: "signer_unavailable", retryable: true } });
  expect(String(await failureOf(signer.build(vectorOrder())))).toContain("ERR_WORKER_INIT_FAILED");
  expect(signer.pending()).toBe(0);
  machine.threadsLeft = Infinity;
  expect((await signer.build(vectorOrder())).txId).toBe(vectors.usdtVector.txID);
});

test("with one thread of two everything is built", async () => {
  const { signer } = await limited(1, 2);
  const orders = Array.from({ length: 100 }, (_, i) => vectorOrder({ timestamp: vectorOrder().timestamp + i }));
  expect(await Promise.all(orders.map((order) => signer.build(order)))).toHaveLength(100);
});

test("a pool whose threads are refused says so", async () => {
  const { keystore } = await limited(0);
  expect(await failureOf(openSigner({ keystore, usdtContract: USDT }))).toMatchObject({ code: "signer_unavailable" });
});
