/** What the engine's thread and the signing threads say to each other: plain data, in batches. */
import type { TronAddress } from "../domain/chain-facts.ts";
import type { ErrorCode } from "../domain/errors.ts";
import type { BuiltTransaction, PreparedTransaction, SignedTransaction, SigningOrder } from "../ports/world.ts";
import type { WalletRecord } from "./key-records.ts";

/** Given once, when a thread starts. */
export type WorkerSetup = { readonly usdtContract: TronAddress; readonly kek: Uint8Array };

export type Job =
  | { readonly do: "build" | "prepare"; readonly order: SigningOrder }
  | { readonly do: "sign"; readonly order: SigningOrder; readonly built: BuiltTransaction };

/** `keys` are the sealed records of wallets that this thread has not seen yet. */
export type Batch = {
  readonly jobs: readonly Job[];
  readonly keys: readonly WalletRecord[];
  readonly forgetKeys: boolean;
};

export type Failure = {
  readonly failed: ErrorCode;
  readonly detail: string;
  readonly evidence: Record<string, unknown> | undefined;
};
export type JobResult = PreparedTransaction | SignedTransaction | Failure;

/** `results[i]` answers `jobs[i]` of the oldest batch that was not answered. */
export type FromWorker = { readonly ready: true } | { readonly ready: false; readonly results: readonly JobResult[] };
