import { readFileSync } from "node:fs";

type TransactionVector = {
  raw_data_hex: string;
  txID: string;
  bandwidth?: number;
  signature?: string[];
};

type KeyVector = { privateKey: string; address: string; hex: string };

export type Vectors = {
  selectors: Record<string, string>;
  eventTopics: Record<string, string>;
  addresses: Record<string, { base58: string; hex: string }>;
  resourceNumbers: { bandwidthBytes: Record<string, number> };
  vectors: {
    pk1: KeyVector;
    pkA: KeyVector;
    pkB: KeyVector;
    mnemonic: { accounts: { address: string; privateKey: string }[] };
    transferVector: TransactionVector & {
      broadcasthex: string;
      serialized_bytes: number;
      bandwidth: number;
      signature: string[];
    };
    usdtVector: TransactionVector & { signature: string[] };
    usdtSizes: { default_fee_limit: number; raw: number; serialized: number; bandwidth: number }[];
    memo: TransactionVector & { data: string };
    deployVector: TransactionVector & { owner: string; contract_address: string };
    txs: Record<string, TransactionVector & { type: string; value: Record<string, unknown>; bandwidth: number }>;
  };
};

export const data: Vectors = JSON.parse(readFileSync(new URL("vectors.json", import.meta.url), "utf8"));
export const { vectors } = data;

/** Every transaction of the vectors, by name. */
export const transactions: [string, TransactionVector][] = Object.entries({
  transfer: vectors.transferVector,
  usdt: vectors.usdtVector,
  memo: vectors.memo,
  deploy: vectors.deployVector,
  ...vectors.txs,
});
