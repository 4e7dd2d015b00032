/**
 * The `Signer` of the engine: a pool of signing threads.
 *
 * Owns the threads and the queue to them; knows no private key, only sealed records.
 *
 * G1. Requests of one turn travel together, and while every thread has work waiting, they collect: under load a
 *     message carries many requests and costs the engine's thread little.
 * G2. A request is answered once. When its thread ends, it is rejected with `signer_unavailable` (retryable; building
 *     and signing change nothing in the world) and the next request starts a new thread. The
 *     same goes for what waits when no thread can be started.
 * G3. The queue is bounded: above `SIGNING_QUEUE_MAX` requests are refused with `engine_busy`.
 */
import { Worker } from "node:worker_threads";
import type { TronAddress } from "../domain/chain-facts.ts";
import { Fault, isFault } from "../domain/errors.ts";
import type { BuiltTransaction, PreparedTransaction, SignedTransaction, Signer, SigningOrder } from "../ports/world.ts";
import type { WalletRecord } from "./key-records.ts";
import type { Keystore } from "./keystore.ts";
import type { Batch, FromWorker, Job, JobResult, WorkerSetup } from "./signing-protocol.ts";

export const SIGNING_QUEUE_MAX = 20_000;
/** Small enough that answers come back in steps of a few milliseconds. */
const BATCH_JOBS_MAX = 32;
/** One being worked on and one waiting, so that a thread never waits for the engine. */
const BATCHES_PER_THREAD = 2;
/** Sealed records kept here, and opened keys kept by a thread; above it they are dropped and learned again. */
const KEYS_MAX = 10_000;

/** Without a bound a thread lets some 50 MB of garbage pile up; this costs it no speed. */
const THREAD_MEMORY = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 256 };

export type SignerOptions = {
  readonly keystore: Keystore;
  readonly usdtContract: TronAddress;
  /** Signing threads, default 1. */
  readonly threads?: number;
  /** Keys in memory, default 10,000. */
  readonly keysMax?: number;
};

type Request = {
  readonly job: Job;
  readonly key: WalletRecord | undefined;
  readonly resolve: (result: JobResult) => void;
  readonly reject: (error: Fault) => void;
};

type Thread = { readonly worker: Worker; readonly batches: Request[][]; readonly knownKeys: Set<string> };

/** Starts the threads; resolves when all of them are ready to sign. Throws `Fault("signer_unavailable")`. */
export async function openSigner(options: SignerOptions): Promise<ThreadedSigner> {
  const signer = new ThreadedSigner(options);
  try {
    await signer.start();
  } catch (error) {
    await signer.close();
    throw error;
  }
  return signer;
}

export class ThreadedSigner implements Signer {
  readonly #options: SignerOptions;
  readonly #threads: (Thread | undefined)[];
  readonly #keysMax: number;
  readonly #records = new Map<string, WalletRecord>();
  #queue: Request[] = [];
  #flushing = false;
  #closed = false;

  constructor(options: SignerOptions) {
    this.#options = options;
    this.#keysMax = options.keysMax ?? KEYS_MAX;
    this.#threads = Array.from({ length: options.threads ?? 1 }, () => undefined);
  }

  async start(): Promise<void> {
    await Promise.all(this.#threads.map((_, index) => this.#spawn(index)));
  }

  /** Throws `Fault("order_mismatch")` when no bytes can say what is ordered. */
  async build(order: SigningOrder): Promise<BuiltTransaction> {
    const result = await this.#ask({ do: "build", order }, undefined);
    if ("rawHex" in result) return result;
    throw faultOf(result);
  }

  /** Throws `Fault("order_mismatch")` when no bytes can say what is ordered. Bytes that cannot be signed come unsigned. */
  async prepare(order: SigningOrder): Promise<PreparedTransaction> {
    const record = this.#records.get(order.walletId) ?? (await this.#load(order.walletId).catch(nothingIfFault));
    const result = await this.#ask({ do: record === undefined ? "build" : "prepare", order }, record);
    if ("rawHex" in result) return result;
    throw faultOf(result);
  }

  /** Throws `Fault("order_mismatch")`, `Fault("key_unavailable")`, `Fault("wallet_watch_only")`: nothing was signed. */
  async sign(order: SigningOrder, built: BuiltTransaction): Promise<SignedTransaction> {
    const record = this.#records.get(order.walletId) ?? (await this.#load(order.walletId));
    const result = await this.#ask({ do: "sign", order, built }, record);
    if ("signedHex" in result && !("rawHex" in result)) return result;
    throw faultOf(result);
  }

  /** Requests waiting or being worked on. */
  pending(): number {
    const working = this.#threads.flatMap((thread) => thread?.batches ?? []);
    return this.#queue.length + working.reduce((sum, batch) => sum + batch.length, 0);
  }

  /** Ends the threads; what was waiting is rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    const workers = this.#threads.flatMap((thread) => (thread === undefined ? [] : [thread.worker]));
    this.#reject(this.#queue.splice(0), "closed");
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  async #load(walletId: string): Promise<WalletRecord> {
    const record = await this.#options.keystore.sealedKey(walletId);
    if (this.#records.size >= this.#keysMax) this.#records.clear();
    this.#records.set(walletId, record);
    return record;
  }

  #ask(job: Job, key: WalletRecord | undefined): Promise<JobResult> {
    if (this.#closed) return Promise.reject(unavailable("closed"));
    if (this.#queue.length >= SIGNING_QUEUE_MAX) {
      return Promise.reject(new Fault("engine_busy", "Too many transactions wait for a signature"));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ job, key, resolve, reject });
      this.#flushSoon();
    });
  }

  /** After the present turn's microtasks: everything that one commit asked for goes out together (G1). */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    for (let round = 0; round < BATCHES_PER_THREAD; round += 1) {
      for (const [index, thread] of this.#threads.entries()) {
        if (this.#queue.length === 0) return;
        // In the second round it would only be refused again.
        if (thread === undefined && round === 0) void this.#spawn(index).catch(() => undefined);
        const target = this.#threads[index];
        if (target !== undefined && target.batches.length <= round) this.#post(target);
      }
    }
  }

  #post(thread: Thread): void {
    const requests = this.#queue.splice(0, BATCH_JOBS_MAX);
    const forgetKeys = thread.knownKeys.size >= this.#keysMax;
    if (forgetKeys) thread.knownKeys.clear();
    const keys: WalletRecord[] = [];
    for (const { key } of requests) {
      if (key === undefined || thread.knownKeys.has(key.walletId)) continue;
      thread.knownKeys.add(key.walletId);
      keys.push(key);
    }
    thread.batches.push(requests);
    const batch: Batch = { jobs: requests.map((request) => request.job), keys, forgetKeys };
    try {
      thread.worker.postMessage(batch);
    } catch (cause) {
      // Something in it is not plain data. The keys of this batch did not arrive, so the thread knows none for sure.
      thread.batches.pop();
      thread.knownKeys.clear();
      for (const { reject } of requests) reject(new Fault("internal", "An order is not plain data", { cause }));
    }
  }

  #spawn(index: number): Promise<void> {
    let worker: Worker;
    try {
      worker = this.#newWorker(index);
    } catch (error) {
      return this.#cannotStart(causeOf(error));
    }
    const thread: Thread = { worker, batches: [], knownKeys: new Set() };
    this.#threads[index] = thread;
    return new Promise((resolve, reject) => {
      worker.on("message", (message: FromWorker) => {
        if (message.ready) resolve();
        else this.#settle(thread, message.results);
      });
      let cause = "ended";
      worker.on("error", (error) => (cause = causeOf(error)));
      worker.on("exit", () => {
        if (this.#threads[index] === thread) this.#threads[index] = undefined;
        this.#reject(thread.batches.splice(0).flat(), cause);
        reject(unavailable(cause));
        if (this.#queue.length > 0) this.#flushSoon();
      });
    });
  }

  /** Throws at once when the machine has no more threads. The thread gets no environment: the passphrase may stand there. */
  #newWorker(index: number): Worker {
    const { usdtContract, keystore } = this.#options;
    const setup: WorkerSetup = {
      usdtContract,
      kek: keystore.keyEncryptionKey().use((bytes) => Uint8Array.from(bytes)),
    };
    try {
      return new Worker(workerUrl, {
        workerData: setup,
        env: {},
        resourceLimits: THREAD_MEMORY,
        name: `signer-${index}`,
      });
    } finally {
      setup.kek.fill(0);
    }
  }

  /** Without any thread nothing would ever take what waits. */
  #cannotStart(cause: string): Promise<never> {
    if (this.#threads.every((thread) => thread === undefined)) this.#reject(this.#queue.splice(0), cause);
    return Promise.reject(unavailable(cause));
  }

  #settle(thread: Thread, results: readonly JobResult[]): void {
    const requests = thread.batches.shift() ?? [];
    for (const [index, request] of requests.entries()) {
      const result = results[index];
      if (result === undefined) request.reject(new Fault("internal", "A signing thread left a request unanswered"));
      else request.resolve(result);
    }
    this.#flush();
  }

  #reject(requests: readonly Request[], cause: string): void {
    for (const request of requests) request.reject(unavailable(cause));
  }
}

/** Beside this file, whether it runs as TypeScript or compiled. */
const workerUrl = new URL(
  import.meta.url.endsWith(".ts") ? "./signer-worker.ts" : "./signer-worker.js",
  import.meta.url,
);

function nothingIfFault(error: unknown): undefined {
  if (!isFault(error)) throw error;
}

function unavailable(cause: string): Fault {
  return new Fault("signer_unavailable", `Nothing was signed: the signing thread is gone (${cause})`);
}

/** The code or the class of an error. Its text came from a thread that holds keys and is not repeated. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return "failed";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}

function faultOf(result: JobResult): Fault {
  if (!("failed" in result)) return new Fault("internal", "A signing thread gave another answer than was asked for");
  return new Fault(result.failed, result.detail, result.evidence === undefined ? {} : { evidence: result.evidence });
}
