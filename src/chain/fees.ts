/** What a transfer costs (tron.md §4). Pure; sun and resource units only, with prices that were read from the chain. */
import type { ChainParameters, EnergyUse, Estimate, TransferOrder } from "../domain/chain-facts.ts";
import { Fault } from "../domain/errors.ts";
import { lesser, units, type Units } from "../domain/money.ts";

export type FeePolicy = {
  /** Energy on top of the estimate, in percent: needs may rise by 20 % at a maintenance between estimate and inclusion. */
  readonly headroomPercent: number;
  /** The most one transfer may cost in TRX, in sun. */
  readonly feeCapSun: Units;
};

/** `maxFeeSun` lowers the cap for one transfer and never raises it. */
export function cappedBy(maxFeeSun: Units | undefined, policy: FeePolicy): FeePolicy {
  return maxFeeSun === undefined ? policy : { ...policy, feeCapSun: lesser(policy.feeCapSun, maxFeeSun) };
}

/** Bytes of a signed transfer without the varint that varies: the amount of a TRX, the fee limit of a USDT transfer. */
const TRX_BYTES = 264;
const USDT_BYTES = 341;

/** Throws `Fault("fee_cap_exceeded")`. */
export function trxEstimate(
  order: TransferOrder,
  given: { parameters: ChainParameters; recipientActivated: boolean; policy: FeePolicy },
): Estimate {
  const { parameters, recipientActivated, policy } = given;
  const bandwidth = TRX_BYTES + varintBytes(BigInt(order.amount));
  // Creating the recipient's account has a flat price instead of the price per byte (tron.md §4.2).
  const burn = recipientActivated
    ? BigInt(bandwidth) * BigInt(parameters.bandwidthFeeSun)
    : BigInt(parameters.createAccountFeeSun) + BigInt(parameters.newAccountFeeSun);
  assertUnderCap(burn, policy);
  return { energy: 0, penalty: 0, bandwidth, burnSun: units(burn), feeLimitSun: units(0n) };
}

/**
 * The fee limit has head-room, but fee limit and bandwidth together never exceed the cap. Throws
 * `Fault("fee_cap_exceeded")` when even the bare estimate does, or when the chain permits no such fee limit.
 */
export function usdtEstimate(use: EnergyUse, given: { parameters: ChainParameters; policy: FeePolicy }): Estimate {
  const { parameters, policy } = given;
  const { energy, penalty } = use;
  const price = BigInt(parameters.energyFeeSun);
  const energyBurn = BigInt(energy) * price;
  const wanted = ceilDivide(BigInt(energy) * (100n + BigInt(policy.headroomPercent)), 100n) * price;
  const bandwidth = USDT_BYTES + varintBytes(wanted);
  const bandwidthBurn = BigInt(bandwidth) * BigInt(parameters.bandwidthFeeSun);
  const burn = energyBurn + bandwidthBurn;
  assertUnderCap(burn, policy);
  if (energyBurn > BigInt(parameters.maxFeeLimitSun)) {
    throw new Fault("fee_cap_exceeded", "the transfer needs more energy than the chain's maximum fee limit buys");
  }
  const feeLimit = least([wanted, BigInt(policy.feeCapSun) - bandwidthBurn, BigInt(parameters.maxFeeLimitSun)]);
  return { energy, penalty, bandwidth, burnSun: units(burn), feeLimitSun: units(feeLimit) };
}

function assertUnderCap(burn: bigint, policy: FeePolicy): void {
  if (burn <= BigInt(policy.feeCapSun)) return;
  throw new Fault("fee_cap_exceeded", `the transfer would burn ${burn} sun, the cap is ${policy.feeCapSun} sun`, {
    evidence: { burnSun: burn.toString(), feeCapSun: policy.feeCapSun },
  });
}

function varintBytes(value: bigint): number {
  let bytes = 1;
  for (let rest = value >> 7n; rest > 0n; rest >>= 7n) bytes += 1;
  return bytes;
}

function ceilDivide(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}

function least(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (a < b ? a : b));
}
