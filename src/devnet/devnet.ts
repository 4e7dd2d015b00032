/**
 * A TRON network in one process: real bytes, real rules, a real socket; and a handle for tests that sees the truth and
 * bends the world. It shares no client code with the engine: the two meet over HTTP only.
 */
import type { BlockHeader } from "../domain/chain-facts.ts";
import { Fault } from "../domain/errors.ts";
import { fromHex41, isTronAddress } from "../tron/address.ts";
import { MemoryBacking } from "./backing.ts";
import type { Header } from "./block.ts";
import { Chain } from "./chain.ts";
import { DevAccounts } from "./dev-accounts.ts";
import { Faucet } from "./faucet.ts";
import { Faults } from "./faults.ts";
import type { Devnet, DevnetOptions } from "./handle.ts";
import { accountsDoor } from "./http/admin/accounts-door.ts";
import { controlDoor } from "./http/admin/control-door.ts";
import { GridGate } from "./http/grid-gate.ts";
import { type Door, openDoor, type Parts as DoorParts } from "./http/server.ts";
import { treDoor } from "./http/tre/tre-door.ts";
import { History } from "./http/v1/history.ts";
import { v1Door } from "./http/v1/v1-door.ts";
import { ledgerOf } from "./ledger.ts";
import { openLevelBacking } from "./level-backing.ts";
import { SLOT_MS } from "./parameters.ts";
import { RequestCounter } from "./request-counter.ts";
import { Schedule } from "./schedule.ts";

/** A chain without an audience needs no finality of many: instant mining is for those who want no waiting. */
const INSTANT_WITNESSES = 1;
/** Blocks that a chain has when it opens, beyond its lag: two of its own, two that fund accounts. */
const SLOTS_BEGUN = 4;
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
    return await start(options, await Chain.open(backing, askedOf(options), defaultsOf(options), options.solidLag));
  } catch (error) {
    await backing.close();
    throw error;
  }
}

async function start(options: DevnetOptions, chain: Chain): Promise<Devnet> {
  const faucet = new Faucet(chain);
  const parts: Parts = {
    chain,
    faucet,
    faults: new Faults(options.seed ?? DEFAULTS.seed),
    requests: new RequestCounter(),
    schedule: new Schedule(chain, options.wallClock),
    gate: new GridGate(() => chain.store.head.timestamp),
    history: new History(chain.store),
    accounts: await accountsOf(options, chain, faucet),
  };
  parts.gate.set(options.limits);
  const host = options.host ?? "127.0.0.1";
  const opened: { handle?: Devnet } = {};
  const door = await openDoor(
    doorParts(parts, () => opened.handle),
    { host, port: options.port },
  );
  parts.schedule.set(options.slotMs);
  opened.handle = handleOf(parts, door, host);
  return opened.handle;
}

type Parts = {
  readonly chain: Chain;
  readonly faucet: Faucet;
  readonly faults: Faults;
  readonly requests: RequestCounter;
  readonly schedule: Schedule;
  readonly gate: GridGate;
  readonly history: History;
  readonly accounts: DevAccounts | undefined;
};

async function accountsOf(options: DevnetOptions, chain: Chain, faucet: Faucet): Promise<DevAccounts | undefined> {
  const { accounts: plan, seed = DEFAULTS.seed } = options;
  return plan === undefined ? undefined : DevAccounts.open(chain, faucet, { plan, seed });
}

/** `handle` is asked for at each request: the door is open before it exists. */
function doorParts(parts: Parts, handle: () => Devnet | undefined): DoorParts {
  return {
    chain: parts.chain,
    faults: parts.faults,
    counted: (path) => parts.requests.count(path),
    gate: (asked) => parts.gate.check(asked),
    broadcasted: () => parts.schedule.stir(),
    public: [v1Door(parts.chain, parts.history)],
    private: [accountsDoor(parts.accounts), controlDoor(handle), treDoor(parts.chain, parts.schedule)],
  };
}

function handleOf(parts: Parts, door: Door, host: string): Devnet {
  const { chain, faucet, faults, requests, schedule, gate, history, accounts } = parts;
  return {
    ...chainControls(chain),
    url: `http://${host}:${door.port}`,
    port: door.port,
    usdtContract: fromHex41(chain.genesis.usdt),
    genesisId: chain.genesis.block.id,
    get slotMs() {
      return schedule.slotMs;
    },
    setSchedule: (slotMs) => schedule.set(slotMs),
    faucet: (grant) => faucet.give(grant),
    faults,
    ledger: ledgerOf(chain),
    usdt: usdtControls(faucet),
    requests,
    get limits() {
      return gate.limits;
    },
    setLimits: (limits) => gate.set(limits),
    setHistoryLag: (blocks) => history.setLag(blocks),
    accounts,
    close: async () => {
      schedule.stop();
      await door.close();
      await chain.close();
    },
  };
}

function chainControls(chain: Chain): Pick<Devnet, "mine" | "advanceTime" | "missSlots" | "setCensoring" | "fork"> {
  return {
    mine: async (count = 1) => {
      const headers: BlockHeader[] = [];
      for (let made = 0; made < count; made += 1) headers.push(headerOf(await chain.mine()));
      return headers;
    },
    advanceTime: async (ms) => headerOf(await chain.advance(ms)),
    missSlots: (count) => chain.missSlots(count),
    setCensoring: (on) => chain.setCensoring(on),
    fork: (plan) => chain.fork(plan),
  };
}

function usdtControls(faucet: Faucet): Devnet["usdt"] {
  return {
    setPaused: (paused) => faucet.administer(paused ? "pause()" : "unpause()", []),
    setBlacklisted: async (address, blacklisted) => {
      if (!isTronAddress(address)) throw new Fault("invalid_address");
      await faucet.administer(blacklisted ? "addBlackList(address)" : "removeBlackList(address)", [address]);
    },
    setFee: (basisPoints, maxFeeUsdt) =>
      faucet.administer("setParams(uint256,uint256)", [BigInt(basisPoints), BigInt(maxFeeUsdt)]),
  };
}

function defaultsOf({ slotMs, witnesses, wallClock }: DevnetOptions): typeof DEFAULTS {
  const identity = slotMs === "instant" ? { ...DEFAULTS, witnesses: INSTANT_WITNESSES } : DEFAULTS;
  if (wallClock !== true) return identity;
  const begun = Math.floor((witnesses ?? identity.witnesses) * 0.7) + SLOTS_BEGUN;
  return { ...identity, genesisTimestamp: (Math.floor(Date.now() / SLOT_MS) - begun) * SLOT_MS };
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
