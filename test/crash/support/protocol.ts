/** What the processes of a crash test say to each other. */
import type { Payment } from "../../../src/devnet/ledger.ts";

/** Everything an engine process needs; handed over as JSON in its first argument. */
export type EngineSetup = {
  readonly environment: Readonly<Record<string, string>>;
  readonly speed: number;
  readonly origin: number;
  /** The process kills itself at hits of this point, each with this chance. */
  readonly failpoint: { readonly name: string; readonly probability: number } | undefined;
  /** Sign anew at each push instead of sending the stored bytes: the mistake that the audit has to notice. */
  readonly signsAtEachPush: boolean;
};

/** What an engine process writes to its standard output, one JSON text per line. */
export type EngineLine =
  /** States of the payouts that were not over, as the process before left them on disk. */
  | { readonly found: readonly string[] }
  | { readonly ready: string }
  | { readonly killing: string }
  | { readonly failed: string };

export type DevnetFacts = { readonly url: string; readonly genesisId: string; readonly usdtContract: string };

export type Weather = {
  /** Wall-clock ms between two slots. */
  readonly slotMs: number;
  /** Nodes lie, connections break, branches are replaced, witnesses leave transactions out. */
  readonly stormy: boolean;
  /** Witnesses leave every transaction out: what nodes accepted stays pending. */
  readonly withheld?: boolean;
};

/** The devnet's process answers these, by name. */
export type DevnetCalls = {
  facts(): DevnetFacts;
  weather(weather: Weather): void;
  fund(grant: { address: string; trxSun: bigint; usdt: bigint }): void;
  payments(from: string): Payment[];
  balances(address: string): { usdt: bigint; trx: bigint };
  /** How often each fault was played, and how many branches were replaced. */
  troubles(): Record<string, number>;
};
export type DevnetCall = { readonly id: number; readonly name: keyof DevnetCalls; readonly argument: unknown };
export type DevnetAnswer = { readonly id: number; readonly value?: unknown; readonly error?: string };
