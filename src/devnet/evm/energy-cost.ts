/**
 * What operations cost (java-tron EnergyCost, with the chain parameters of mainnet: MLOAD, MSTORE and MSTORE8 cost 1 and
 * not 3, SELFDESTRUCT to a new account 25,000, no 63/64 rule, no warm and cold accesses, no refunds).
 */
import { energyLeft, fail, failures, FACTOR_ONE, type Frame } from "./frame.ts";
import type { RunState } from "./library.ts";

export const TIER = { zero: 0, special: 1, base: 2, veryLow: 3, low: 5, mid: 8, high: 10, ext: 20 } as const;
export const CREATE_DATA = 200;
export const STIPEND = 2_300;
const NEW_ACCOUNT = 25_000;
const VALUE_CALL = 9_000;
const CALL = 40;
const CREATE = 32_000;
const SHA3 = 30;
const SHA3_WORD = 6;
const LOG = 375;
const LOG_BYTE = 8;
const COPY_WORD = 3;
const MEMORY_MAX = 3n * 1024n * 1024n;

/** What an operation is about to do, as far as its price depends on it. */
export type Pricing = {
  readonly run: RunState;
  readonly frame: Frame;
  readonly operation: string;
  readonly exists: (hex41: string) => boolean;
  /** `undefined`: the slot was never written. */
  readonly stored: (slot: bigint) => bigint | undefined;
};

export type Cost = number | ((pricing: Pricing) => number);

/** A piece of memory, by the positions of offset and size on the stack. */
type Area = readonly [offset: number, size: number];

const at = (run: RunState, position: number): bigint => run.stack.peek(position + 1)[position] ?? 0n;

/** Takes energy for an operation, with the penalty that the contract has at the moment. */
export function spend(frame: Frame, operation: string, energy: number): void {
  frame.usage += energy;
  const penalty = penaltyOf(frame, energy);
  const total = energy + penalty;
  if (energyLeft(frame) < total) {
    const part = frame.factor > FACTOR_ONE ? `, penaltyEnergy[${penalty}]` : "";
    fail(
      frame,
      failures.outOfEnergy(
        `Not enough energy for '${operation}' operation executing: curInvokeEnergyLimit[${frame.energyLimit}], ` +
          `curOpEnergy[${energy}]${part}, usedEnergy[${frame.used}]`,
      ),
    );
  }
  frame.used += total;
  frame.penalty += penalty;
}

function penaltyOf(frame: Frame, energy: number): number {
  return frame.factor > FACTOR_ONE ? Math.floor((energy * frame.factor) / FACTOR_ONE) - energy : 0;
}

export const costs = {
  exp: ({ run }: Pricing) => 10 + 10 * bytesOf(at(run, 1)),
  sha3: (pricing: Pricing) => SHA3 + memory(pricing, [0, 1]) + SHA3_WORD * words(at(pricing.run, 1)),
  /** CALLDATACOPY, CODECOPY, RETURNDATACOPY. */
  copy: (pricing: Pricing) => memory(pricing, [0, 2]) + COPY_WORD * words(at(pricing.run, 2)),
  codeCopy: (pricing: Pricing) => 20 + memory(pricing, [1, 3]) + COPY_WORD * words(at(pricing.run, 3)),
  memoryCopy: (pricing: Pricing) => {
    const [target, source] = [at(pricing.run, 0), at(pricing.run, 1)];
    const area = memory(pricing, target > source ? [0, 2] : [1, 2]);
    return TIER.veryLow + area + COPY_WORD * words(at(pricing.run, 2));
  },
  memoryWord: (pricing: Pricing) => TIER.special + expand(pricing, end(at(pricing.run, 0), 32n)),
  memoryByte: (pricing: Pricing) => TIER.special + expand(pricing, end(at(pricing.run, 0), 1n)),
  /** RETURN and REVERT. */
  output: (pricing: Pricing) => memory(pricing, [0, 1]),
  store: ({ run, stored }: Pricing) => {
    const before = stored(at(run, 0));
    return before === undefined && at(run, 1) !== 0n ? 20_000 : 5_000;
  },
  log: (topics: number) => (pricing: Pricing) => {
    const data = at(pricing.run, 1) * BigInt(LOG_BYTE);
    const left = energyLeft(pricing.frame);
    if (data > BigInt(left)) {
      const { frame, operation } = pricing;
      const needed = BigInt.asIntN(64, data);
      fail(frame, failures.outOfEnergy(notEnough(operation, needed, left)));
    }
    return LOG * (topics + 1) + Number(data) + memory(pricing, [0, 1]);
  },
  selfDestruct: ({ run, exists }: Pricing) => (exists(hex41Of(at(run, 0))) ? 0 : NEW_ACCOUNT),
  create: (pricing: Pricing) => CREATE + memory(pricing, [1, 2]),
  create2: (pricing: Pricing) => CREATE + memory(pricing, [1, 2]) + SHA3_WORD * words(at(pricing.run, 2)),
} as const;

/**
 * The price of a CALL without what it passes on, which is left in `frame.callEnergy`: what was asked for, at most what
 * is there (there is no 63/64 rule).
 */
export function spendCall(
  pricing: Pricing,
  shape: { readonly value: boolean; readonly creates: boolean; readonly input: number },
): void {
  const { run, frame, operation } = pricing;
  const hasValue = shape.value && at(run, 2) !== 0n;
  let energy = CALL + (hasValue ? VALUE_CALL : 0);
  if (hasValue && shape.creates && !pricing.exists(hex41Of(at(run, 1)))) energy += NEW_ACCOUNT;
  const { input } = shape;
  const inEnd = end(at(run, input), at(run, input + 1));
  const outEnd = end(at(run, input + 2), at(run, input + 3));
  energy += expand(pricing, inEnd > outEnd ? inEnd : outEnd);
  const penalty = penaltyOf(frame, energy);
  const total = energy + penalty;
  const left = energyLeft(frame);
  if (total > left) fail(frame, failures.outOfEnergy(notEnough(operation, BigInt(total), left)));
  const asked = at(run, 0);
  const most = left - total;
  frame.callEnergy = asked > BigInt(most) ? most : Number(asked);
  frame.usage += energy;
  frame.used += total + frame.callEnergy;
  frame.penalty += penalty;
}

export function hex41Of(word: bigint): string {
  return `41${BigInt.asUintN(160, word).toString(16).padStart(40, "0")}`;
}

function notEnough(operation: string, energy: bigint, left: number): string {
  return `Not enough energy for '${operation}' operation executing: opEnergy[${energy}], programEnergy[${left}]`;
}

function memory(pricing: Pricing, [offset, size]: Area): number {
  return expand(pricing, end(at(pricing.run, offset), at(pricing.run, size)));
}

function end(offset: bigint, size: bigint): bigint {
  return size === 0n ? 0n : offset + size;
}

/** Makes the memory reach to `needed` and says what that costs. */
function expand({ run, frame, operation }: Pricing, needed: bigint): number {
  if (needed > MEMORY_MAX) fail(frame, failures.outOfMemory(operation));
  const after = words(needed);
  const before = Number(run.memoryWordCount);
  if (after <= before) return 0;
  run.memoryWordCount = BigInt(after);
  return memoryPrice(after) - memoryPrice(before);
}

function memoryPrice(count: number): number {
  return 3 * count + Math.floor((count * count) / 512);
}

/** Of a size that is small or about to be refused. */
function words(size: bigint): number {
  return Math.ceil(Number(size) / 32);
}

function bytesOf(value: bigint): number {
  return value === 0n ? 0 : Math.ceil(value.toString(16).length / 2);
}
