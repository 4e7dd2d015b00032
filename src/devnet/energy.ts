/**
 * Who pays for the energy of a contract call, and how much there is (tron.md §1.4, §4.3; java-tron VMActuator,
 * ReceiptCapsule.payEnergyBill): the contract's owner a share, out of staked energy only; the caller the rest, out of
 * staked energy first and then in TRX.
 */
import type { SmartContract } from "./evm/contract-rows.ts";
import type { Rejection } from "./outcome.ts";
import { parametersOf } from "./chain-parameters.ts";
import { SLOT_MS } from "./parameters.ts";
import { changeStake, resourceLeft, stakeOf } from "./stake.ts";
import { accountKey, accountOf, burnFrom, type Session, type View } from "./state.ts";
import { settled, used } from "./usage.ts";

export type EnergyPayer = {
  readonly caller: string;
  /** The one that is called; absent: one is created, and its creator pays alone. */
  readonly contract?: SmartContract;
  /** Timestamp of the head block, ms. */
  readonly headTimestamp: number;
};

export type EnergyBill = {
  /** Staked energy of the caller. */
  readonly energyUsage: number;
  /** Sun that the caller burned. */
  readonly energyFee: bigint;
  /** Staked energy of the contract's owner. */
  readonly originEnergyUsage: number;
};

/** The most energy that the execution may use. */
export function energyLimitOf(
  view: View,
  payer: EnergyPayer,
  { feeLimit, callValue }: { feeLimit: bigint; callValue: bigint },
): number {
  const { caller, headTimestamp } = payer;
  const price = BigInt(parametersOf(view).getEnergyFee);
  const spendable = (accountOf(view, caller)?.balance ?? 0n) - callValue;
  const affordable = spendable > 0n ? Number(spendable / price) : 0;
  const available = stakedLeft(view, caller, headTimestamp) + affordable;
  const callers = Math.min(available, Number(feeLimit / price));
  const { contract } = payer;
  const origin = originOf(view, payer);
  if (contract === undefined || origin === undefined) return callers;
  const percent = Number(contract.consume_user_resource_percent);
  if (percent >= 100) return callers;
  const most = Math.min(stakedLeft(view, origin, headTimestamp), Number(contract.origin_energy_limit));
  return callers + (percent <= 0 ? most : Math.min(Math.floor((callers * (100 - percent)) / percent), most));
}

/**
 * Takes what was used from those who owe it. A rejection: the caller cannot pay, and the transaction cannot be in a
 * block.
 */
export function payEnergy(
  session: Session,
  payer: EnergyPayer,
  { energyUsed: usage, succeeded }: { energyUsed: number; succeeded: boolean },
): EnergyBill | Rejection {
  const { caller, contract, headTimestamp } = payer;
  if (usage <= 0) return { energyUsage: 0, energyFee: 0n, originEnergyUsage: 0 };
  const origin = originOf(session, payer);
  const use = { headTimestamp, succeeded };
  let originEnergyUsage = 0;
  if (contract !== undefined && origin !== undefined) {
    const percent = Math.min(100, Math.max(0, 100 - Number(contract.consume_user_resource_percent)));
    const share = Math.floor((usage * percent) / 100);
    const most = Math.min(stakedLeft(session, origin, headTimestamp), Number(contract.origin_energy_limit));
    originEnergyUsage = Math.min(share, most);
    useStaked(session, origin, { ...use, energy: originEnergyUsage });
  }
  const owed = usage - originEnergyUsage;
  const energyUsage = Math.min(owed, stakedLeft(session, caller, headTimestamp));
  useStaked(session, caller, { ...use, energy: energyUsage });
  const energyFee = BigInt(owed - energyUsage) * BigInt(parametersOf(session).getEnergyFee);
  if (!burnFrom(session, caller, energyFee)) {
    return { code: "CONTRACT_EXE_ERROR", message: `Contract execute error : ${caller} insufficient balance` };
  }
  return { energyUsage, energyFee, originEnergyUsage };
}

function stakedLeft(view: View, hex41: string, headTimestamp: number): number {
  const at = { resource: "energy", parameters: parametersOf(view), slot: slotOf(headTimestamp) } as const;
  return Math.max(0, resourceLeft(view, stakeOf(view, hex41), at));
}

/**
 * Also a use of nothing is noted with its time, as in java-tron. A call that succeeded had its account's use brought to
 * the present before it ran (TransactionTrace.resetAccountUsage), which rounds once more.
 */
function useStaked(
  session: Session,
  hex41: string,
  use: { energy: number; headTimestamp: number; succeeded: boolean },
): void {
  const slot = slotOf(use.headTimestamp);
  const stake = stakeOf(session, hex41);
  const before = use.succeeded ? settled(stake.used.energy, slot) : stake.used.energy;
  changeStake(session, hex41, { used: { ...stake.used, energy: used(before, use.energy, slot) } });
  const account = accountOf(session, hex41);
  if (account !== undefined) {
    session.write(accountKey(hex41), { ...account, latestOperationTime: use.headTimestamp });
  }
}

function slotOf(headTimestamp: number): number {
  return Math.floor(headTimestamp / SLOT_MS);
}

/** The owner of the contract, if it is somebody else than the caller and still there. */
function originOf(view: View, { caller, contract }: EnergyPayer): string | undefined {
  const origin = contract?.origin_address;
  if (origin === undefined || origin === caller) return undefined;
  return accountOf(view, origin) === undefined ? undefined : origin;
}
