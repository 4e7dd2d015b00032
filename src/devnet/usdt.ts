/**
 * USDT-TRC20, simulated natively (tron.md §7): the rules and events of the mainnet contract, with its energy as a price
 * list instead of opcodes. Observed prices: 64,285 to a holder, 130,285 to a new one, about 935 for a view; of a
 * transfer, all above the base of 14,650 or 29,650 is the dynamic energy penalty. Prices of the rarer calls are guesses.
 */
import { encodeUint, type Log, SELECTORS, TOPICS } from "../tron/trc20.ts";
import type { Call, CallResult, Contract, Storage } from "./contract.ts";
import { USDT_ABI } from "./usdt-abi.ts";

export const USDT_DECIMALS = 6;
const VIEW_ENERGY = 935;
const REVERT_ENERGY = 4_000;
const ADMIN_ENERGY = 20_000;
const APPROVE_ENERGY = 22_365;
/** What transferFrom costs beyond transfer: the allowance. */
const ALLOWANCE_ENERGY = 14_000;
const TO_HOLDER = { energy: 64_285, base: 14_650 };
const TO_NEW_HOLDER = { energy: 130_285, base: 29_650 };
const UINT_MAX = 2n ** 256n - 1n;
const ZERO_20 = "0".repeat(40);
/** setParams refuses more than this: basis points, and whole USDT. */
const BASIS_POINTS_SETTABLE = 20n;
const MAX_FEE_SETTABLE = 50n;

const slots = {
  balance: (holder: string) => `balance:${holder}`,
  allowance: (holder: string, spender: string) => `allowance:${holder}:${spender}`,
  black: (holder: string) => `black:${holder}`,
  supply: "supply",
  paused: "paused",
  basisPoints: "basisPoints",
  maximumFee: "maximumFee",
};

/** The storage a new token starts with: everything belongs to the owner. */
export function usdtGenesis(owner20: string, supply: bigint): ReadonlyMap<string, bigint> {
  return new Map([
    [slots.supply, supply],
    [slots.balance(owner20), supply],
  ]);
}

export function usdtBalance(storage: Storage, holder20: string): bigint {
  return storage.get(slots.balance(holder20));
}

export function simulatedUsdt(identity: { address: string; owner: string }): Contract {
  return { ...identity, name: "TetherToken", abi: USDT_ABI, call: (call) => charge(call, run(call, identity)) };
}

/** What a function does when there is energy enough. `undefined`: a `require` failed. */
type Run = { energy: number; base?: number; output?: string; logs?: readonly Log[] } | undefined;
type Identity = { readonly address: string; readonly owner: string };

function charge(call: Call, done: Run): CallResult {
  const energy = done?.energy ?? REVERT_ENERGY;
  if (energy > call.energyLimit) {
    const message =
      `Not enough energy for 'SSTORE' operation executing: curInvokeEnergyLimit[${call.energyLimit}], ` +
      `curOpEnergy[5000], penaltyEnergy[17000], usedEnergy[${Math.max(0, call.energyLimit - 19_000)}]`;
    const energyUsed = call.energyLimit;
    return { result: "OUT_OF_ENERGY", energyUsed, energyPenalty: 0, output: "", logs: [], message };
  }
  if (done === undefined) {
    const message = "REVERT opcode executed";
    return { result: "REVERT", energyUsed: energy, energyPenalty: 0, output: "", logs: [], message };
  }
  const { output = "", logs = [], base = energy } = done;
  return { result: "SUCCESS", energyUsed: energy, energyPenalty: energy - base, output, logs };
}

function run(call: Call, identity: Identity): Run {
  // None of its functions is payable.
  if (call.value > 0n) return undefined;
  const words = wordsOf(call.data.slice(8));
  const selector = call.data.slice(0, 8);
  return change(call, identity, { selector, words }) ?? look(call, identity, { selector, words });
}

type Invocation = { readonly selector: string; readonly words: readonly string[] };

function change(call: Call, identity: Identity, { selector, words }: Invocation): Run {
  const { storage, caller } = call;
  const [first, second, third] = words;
  const token = { storage, identity };
  switch (selector) {
    case SELECTORS["transfer(address,uint256)"]:
      if (first === undefined || second === undefined) return undefined;
      return transfer(token, { from: caller, to: low20(first), value: BigInt(`0x${second}`) });
    case SELECTORS["transferFrom(address,address,uint256)"]:
      if (first === undefined || second === undefined || third === undefined) return undefined;
      return transferFrom(token, caller, { from: low20(first), to: low20(second), value: BigInt(`0x${third}`) });
    case SELECTORS["approve(address,uint256)"]:
      if (first === undefined || second === undefined || storage.get(slots.paused) !== 0n) return undefined;
      storage.set(slots.allowance(caller, low20(first)), BigInt(`0x${second}`));
      return {
        energy: APPROVE_ENERGY,
        output: word(1n),
        logs: [event(identity, "Approval(address,address,uint256)", [caller, low20(first)], second)],
      };
    default:
      return caller === identity.owner.slice(2) ? administer(token, { selector, words }) : undefined;
  }
}

type Token = { readonly storage: Storage; readonly identity: Identity };

function administer({ storage, identity }: Token, { selector, words: [first = "", second = ""] }: Invocation): Run {
  switch (selector) {
    case SELECTORS["pause()"]:
      storage.set(slots.paused, 1n);
      return { energy: ADMIN_ENERGY, logs: [event(identity, "Pause()", [], "")] };
    case SELECTORS["unpause()"]:
      storage.set(slots.paused, 0n);
      return { energy: ADMIN_ENERGY, logs: [event(identity, "Unpause()", [], "")] };
    case SELECTORS["addBlackList(address)"]:
      storage.set(slots.black(low20(first)), 1n);
      return { energy: ADMIN_ENERGY, logs: [event(identity, "AddedBlackList(address)", [], pad(low20(first)))] };
    case SELECTORS["removeBlackList(address)"]:
      storage.set(slots.black(low20(first)), 0n);
      return { energy: ADMIN_ENERGY, logs: [event(identity, "RemovedBlackList(address)", [], pad(low20(first)))] };
    case SELECTORS["setParams(uint256,uint256)"]: {
      const basisPoints = BigInt(`0x0${first}`);
      const maximum = BigInt(`0x0${second}`);
      if (basisPoints >= BASIS_POINTS_SETTABLE || maximum >= MAX_FEE_SETTABLE) return undefined;
      const maximumFee = maximum * 10n ** BigInt(USDT_DECIMALS);
      storage.set(slots.basisPoints, basisPoints);
      storage.set(slots.maximumFee, maximumFee);
      const data = word(basisPoints) + word(maximumFee);
      return { energy: ADMIN_ENERGY, logs: [event(identity, "Params(uint256,uint256)", [], data)] };
    }
    default:
      return undefined;
  }
}

type Movement = { readonly from: string; readonly to: string; readonly value: bigint };

/** Succeeds with 32 zero bytes: the mainnet contract returns false although the money moved. */
function transfer(token: Token, movement: Movement): Run {
  const moved = move(token, movement);
  return moved === undefined ? undefined : { ...moved, output: word(0n) };
}

function transferFrom(token: Token, spender: string, movement: Movement): Run {
  const { storage } = token;
  const slot = slots.allowance(movement.from, spender);
  const allowed = storage.get(slot);
  if (movement.value > allowed) return undefined;
  const moved = move(token, movement);
  if (moved === undefined) return undefined;
  if (allowed < UINT_MAX) storage.set(slot, allowed - movement.value);
  return { ...moved, energy: moved.energy + ALLOWANCE_ENERGY, base: moved.base + ALLOWANCE_ENERGY, output: word(1n) };
}

function move({ storage, identity }: Token, { from, to, value }: Movement) {
  if (storage.get(slots.paused) !== 0n || storage.get(slots.black(from)) !== 0n) return undefined;
  if (to === ZERO_20 || value > storage.get(slots.balance(from))) return undefined;
  const price = value > 0n && storage.get(slots.balance(to)) === 0n ? TO_NEW_HOLDER : TO_HOLDER;
  const fee = feeOf(storage, value);
  const owner = identity.owner.slice(2);
  const logs = [book(storage, identity, { from, to, value: value - fee })];
  if (fee > 0n) logs.push(book(storage, identity, { from, to: owner, value: fee }));
  return { ...price, logs };
}

function book(storage: Storage, identity: Identity, { from, to, value }: Movement): Log {
  storage.set(slots.balance(from), storage.get(slots.balance(from)) - value);
  storage.set(slots.balance(to), storage.get(slots.balance(to)) + value);
  return event(identity, "Transfer(address,address,uint256)", [from, to], word(value));
}

function feeOf(storage: Storage, value: bigint): bigint {
  const fee = (value * storage.get(slots.basisPoints)) / 10_000n;
  const maximum = storage.get(slots.maximumFee);
  return fee > maximum ? maximum : fee;
}

function look({ storage }: Call, identity: Identity, { selector, words }: Invocation): Run {
  const value = viewOf(storage, identity, { selector, words });
  return value === undefined ? undefined : { energy: VIEW_ENERGY, output: value };
}

function viewOf(storage: Storage, identity: Identity, { selector, words: [first, second] }: Invocation) {
  switch (selector) {
    case SELECTORS["balanceOf(address)"]:
      return first && word(storage.get(slots.balance(low20(first))));
    case SELECTORS["allowance(address,address)"]:
      return first && second && word(storage.get(slots.allowance(low20(first), low20(second))));
    case SELECTORS["isBlackListed(address)"]:
    case SELECTORS["getBlackListStatus(address)"]:
      return first && word(storage.get(slots.black(low20(first))));
    case SELECTORS["calcFee(uint256)"]:
      return first && word(feeOf(storage, BigInt(`0x${first}`)));
    case SELECTORS["totalSupply()"]:
      return word(storage.get(slots.supply));
    case SELECTORS["paused()"]:
      return word(storage.get(slots.paused));
    case SELECTORS["basisPointsRate()"]:
      return word(storage.get(slots.basisPoints));
    case SELECTORS["maximumFee()"]:
      return word(storage.get(slots.maximumFee));
    case SELECTORS["decimals()"]:
      return word(BigInt(USDT_DECIMALS));
    case SELECTORS["deprecated()"]:
    case SELECTORS["upgradedAddress()"]:
      return word(0n);
    case SELECTORS["owner()"]:
      return pad(identity.owner.slice(2));
    case SELECTORS["name()"]:
      return text("Tether USD");
    case SELECTORS["symbol()"]:
      return text("USDT");
    default:
      return undefined;
  }
}

function event(identity: Identity, signature: keyof typeof TOPICS, indexed: readonly string[], data: string): Log {
  return { address: identity.address.slice(2), topics: [TOPICS[signature], ...indexed.map(pad)], data };
}

/** Whole 32-byte words only: the contract checks the length of its call data. */
function wordsOf(hex: string): string[] {
  const words: string[] = [];
  for (let at = 0; at + 64 <= hex.length; at += 64) words.push(hex.slice(at, at + 64));
  return words;
}

function low20(aWord: string): string {
  return aWord.slice(24);
}

const word = encodeUint;

function pad(hex20: string): string {
  return hex20.padStart(64, "0");
}

/** ABI encoding of one dynamic string. */
function text(value: string): string {
  const hex = Buffer.from(value, "utf8").toString("hex");
  return word(32n) + word(BigInt(hex.length / 2)) + hex.padEnd(Math.ceil(hex.length / 64) * 64, "0");
}
