/**
 * A signing thread. Private keys are decrypted here and exist nowhere else while the engine runs.
 *
 * W1. A key signs only bytes in which `differences` finds none (never blind).
 * W2. Nothing leaves this thread but public bytes and errors of the catalogue; an unexpected error leaves only its
 *     class name, because its text could carry anything.
 * W3. No network: TronWeb builds from the order alone.
 */
import { parentPort, workerData } from "node:worker_threads";
import { isFault } from "../domain/errors.ts";
import { openJobs, type SigningJobs } from "./signing-jobs.ts";
import type { Batch, Failure, FromWorker, Job, JobResult, WorkerSetup } from "./signing-protocol.ts";

const given: unknown = workerData;
if (parentPort !== null && isSetup(given)) serve(parentPort, given);

/** What a thread needs of its port to the engine's thread. */
export type SignerPort = {
  on(name: "message", listener: (batch: Batch) => void): void;
  postMessage(message: FromWorker): void;
};

export function serve(port: SignerPort, setup: WorkerSetup): void {
  const jobs = openJobs(setup);
  // This copy of the key-encryption key was only for the journey; `jobs` keeps its own.
  setup.kek.fill(0);
  const post = (message: FromWorker): void => port.postMessage(message);
  port.on("message", (batch: Batch) => {
    jobs.learn(batch);
    post({ ready: false, results: batch.jobs.map((job) => resultOf(job, jobs)) });
  });
  post({ ready: true });
}

function isSetup(value: unknown): value is WorkerSetup {
  return typeof value === "object" && value !== null && "usdtContract" in value && "kek" in value;
}

function resultOf(job: Job, jobs: SigningJobs): JobResult {
  try {
    return jobs.run(job);
  } catch (error) {
    return failureOf(error);
  }
}

function failureOf(error: unknown): Failure {
  if (isFault(error)) {
    return { failed: error.code, detail: error.message, evidence: error.evidence && { ...error.evidence } };
  }
  const name = error instanceof Error ? error.name : typeof error;
  return { failed: "internal", detail: `A signing thread met an unexpected ${name}`, evidence: undefined };
}
