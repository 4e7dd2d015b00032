/** What whoever starts a devnet says and gets. */
import type { BlockHeader, TronAddress } from "../domain/chain-facts.ts";
import type { ForkPlan } from "./chain.ts";
import type { AccountPlan, DevAccounts } from "./dev-accounts.ts";
import type { Grant } from "./faucet.ts";
import type { FaultPlan } from "./faults.ts";
import type { GridLimits } from "./http/grid-gate.ts";
import type { Ledger } from "./ledger.ts";
import type { SlotMs } from "./schedule.ts";

export type DevnetOptions = {
  readonly host?: string;
  /** 0: any free port. */
  readonly port: number;
  /** The chain is kept here; absent: in memory. */
  readonly dataDir?: string;
  /** Wall-clock ms between blocks, only when told, or at each broadcast. Chain time advances by 3000 per slot, whatever this is. */
  readonly slotMs: SlotMs;
  /** 27 like the network: the solidified block lags by 18. */
  readonly witnesses?: number;
  /** A fixed lag instead of the rule of two thirds. */
  readonly solidLag?: number;
  readonly seed?: string;
  /** ms; a multiple of 3000. */
  readonly genesisTimestamp?: number;
  /**
   * A new chain begins at this machine's time, and scheduled blocks keep up with it, so that clients that compare the
   * two work. Without it the content of the chain depends on no clock.
   */
  readonly wallClock?: boolean;
  /** Funded accounts with keys for everybody; absent: none. */
  readonly accounts?: AccountPlan;
  /** API keys and rate limits, as a provider has them; absent: none. */
  readonly limits?: GridLimits;
};

export interface Devnet {
  readonly url: string;
  readonly port: number;
  readonly usdtContract: TronAddress;
  readonly genesisId: string;
  /** Makes blocks now, also beside a schedule. */
  mine(count?: number): Promise<BlockHeader[]>;
  readonly slotMs: SlotMs;
  /** When blocks come from now on. */
  setSchedule(slotMs: SlotMs): void;
  /**
   * Lets chain time go by, in no time: the slots are missed, all but the last and those that end a maintenance period.
   * The header is the newest block's.
   */
  advanceTime(ms: number): Promise<BlockHeader>;
  /** The next block's timestamp skips this many slots. */
  missSlots(count: number): void;
  /** While on, the witnesses leave out every transaction; what waits in the pool is forgotten after 60 s of chain time. */
  setCensoring(on: boolean): void;
  /** Real transfers from a rich account; they are in the next block. */
  faucet(grant: Grant): Promise<void>;
  fork(plan: ForkPlan): Promise<void>;
  readonly faults: FaultPlan;
  readonly ledger: Ledger;
  /** Calls of the token's owner; like the faucet's they take effect with the next block. */
  readonly usdt: {
    setPaused(paused: boolean): Promise<void>;
    setBlacklisted(address: TronAddress, blacklisted: boolean): Promise<void>;
    /** The contract refuses 20 basis points or more and 50 whole USDT or more. */
    setFee(basisPoints: number, maxFeeUsdt: number): Promise<void>;
  };
  readonly requests: Requests;
  /** The limits of the provider that is simulated. */
  readonly limits: GridLimits | undefined;
  setLimits(limits: GridLimits | undefined): void;
  /** The history endpoints (/v1) know a block only when it is so many deep. */
  setHistoryLag(blocks: number): void;
  /** The funded accounts, if the devnet was started with some. */
  readonly accounts: DevAccounts | undefined;
  close(): Promise<void>;
}

/** How often the API was asked, by path. */
export interface Requests {
  readonly counts: ReadonlyMap<string, number>;
  total(): number;
  reset(): void;
}
