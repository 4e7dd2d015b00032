/**
 * A TRON network in one process: real bytes, real rules, a real socket; and a handle for tests that sees the truth and
 * bends the world. It shares no client code with the engine: the two meet over HTTP only.
 */
import type { BlockHeader, TronAddress } from "../domain/chain-facts.ts";
import { fromHex41, isTronAddress } from "../tron/address.ts";
import { Fault } from "../domain/errors.ts";
import { MemoryBacking } from "./backing.ts";
import { Chain, type ForkPlan } from "./chain.ts";
import { Faucet, type Grant } from "./faucet.ts";
import { type FaultPlan, Faults } from "./faults.ts";
import { openDoor } from "./http/server.ts";
import { type Ledger, ledgerOf } from "./ledger.ts";
import { openLevelBacking } from "./level-backing.ts";
import { SLOT_MS } from "./parameters.ts";
import { Schedule, type SlotMs } from "./schedule.ts";
import type { Header } from "./block.ts";

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
};

export interface Devnet {
  readonly url: string;
  readonly port: number;
  readonly usdtContract: TronAddress;
  readonly genesisId: string;
  /** Makes blocks now, also beside a schedule. */
  mine(count?: number): Promise<BlockHeader[]>;
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
  close(): Promise<void>;
}

/** How often the API was asked, by path. */
export interface Requests {
  readonly counts: ReadonlyMap<string, number>;
  total(): number;
  reset(): void;
}

const DEFAULTS = { seed: "devnet", witnesses: 27, genesisTimestamp: 1_777_440_000_000 };

/**
 * Throws `Fault("store_locked")` when another process has `dataDir`, `Fault("config_invalid")` when the chain there was
 * begun with other options.
 */
export async function startDevnet(options: DevnetOptions): Promise<Devnet> {
  if ((options.genesisTimestamp ?? 0) % SLOT_MS !== 0) {
    throw new Fault("config_invalid", "genesisTimestamp must be a multiple of 3000");
  }
  const backing = options.dataDir === undefined ? new MemoryBacking() : await openLevelBacking(options.dataDir);
  try {
    return await start(options, await Chain.open(backing, askedOf(options), DEFAULTS, options.solidLag));
  } catch (error) {
    await backing.close();
    throw error;
  }
}

async function start(options: DevnetOptions, chain: Chain): Promise<Devnet> {
  const faults = new Faults(options.seed ?? DEFAULTS.seed);
  const requests = new RequestCounter();
  const host = options.host ?? "127.0.0.1";
  const counted = (path: string) => requests.count(path);
  const schedule = new Schedule(chain);
  const doors = { gate: () => undefined, broadcasted: () => schedule.stir(), public: [], private: [] };
  const door = await openDoor({ chain, faults, counted, ...doors }, { host, port: options.port });
  schedule.set(options.slotMs);
  const faucet = new Faucet(chain);
  return {
    url: `http://${host}:${door.port}`,
    port: door.port,
    usdtContract: fromHex41(chain.genesis.usdt),
    genesisId: chain.genesis.block.id,
    mine: async (count = 1) => {
      const headers: BlockHeader[] = [];
      for (let made = 0; made < count; made += 1) headers.push(headerOf(await chain.mine()));
      return headers;
    },
    missSlots: (count) => chain.missSlots(count),
    setCensoring: (on) => chain.setCensoring(on),
    faucet: (grant) => faucet.give(grant),
    fork: (plan) => chain.fork(plan),
    faults,
    ledger: ledgerOf(chain),
    usdt: {
      setPaused: (paused) => faucet.administer(paused ? "pause()" : "unpause()", []),
      setBlacklisted: async (address, blacklisted) => {
        if (!isTronAddress(address)) throw new Fault("invalid_address");
        await faucet.administer(blacklisted ? "addBlackList(address)" : "removeBlackList(address)", [address]);
      },
      setFee: (basisPoints, maxFeeUsdt) =>
        faucet.administer("setParams(uint256,uint256)", [BigInt(basisPoints), BigInt(maxFeeUsdt)]),
    },
    requests,
    close: async () => {
      schedule.stop();
      await door.close();
      await chain.close();
    },
  };
}

class RequestCounter implements Requests {
  readonly #counts = new Map<string, number>();

  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  count(path: string): void {
    this.#counts.set(path, (this.#counts.get(path) ?? 0) + 1);
  }

  total(): number {
    return this.#counts.values().reduce((sum, count) => sum + count, 0);
  }

  reset(): void {
    this.#counts.clear();
  }
}

function askedOf(options: DevnetOptions) {
  const { seed, witnesses, genesisTimestamp } = options;
  return {
    ...(seed === undefined ? {} : { seed }),
    ...(witnesses === undefined ? {} : { witnesses }),
    ...(genesisTimestamp === undefined ? {} : { genesisTimestamp }),
  };
}

function headerOf({ number, id, parentId, timestamp }: Header): BlockHeader {
  return { number, id, parentId, timestamp };
}
