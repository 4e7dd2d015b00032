/**
 * Who pays for the bytes of a transaction (java-tron BandwidthProcessor, tron.md §4.1, §4.2): staked bandwidth, free
 * quota, or TRX; each all or nothing.
 */
import { parametersOf } from "./chain-parameters.ts";
import type { Rejection } from "./outcome.ts";
import { PUBLIC_BANDWIDTH } from "./parameters.ts";
import { changeStake, resourceLeft, stakeOf } from "./stake.ts";
import { accountKey, accountOf, burnFrom, type Session, TOTALS, totalsOf } from "./state.ts";
import { used, usedOfDay } from "./usage.ts";

export type BandwidthBill = { readonly netUsage: number; readonly netFee: bigint };
export type Clock = {
  /** Timestamp of the head block, ms. */
  readonly headTimestamp: number;
  /** The same in slots. */
  readonly slot: number;
};

type Payer = { readonly owner: string; readonly bytes: number };

/** The owner has an account. */
export function payBandwidth(
  session: Session,
  payer: Payer & { readonly createsAccount: boolean },
  clock: Clock,
): BandwidthBill | Rejection {
  const parameters = parametersOf(session);
  if (payer.createsAccount) {
    const bytes = payer.bytes * parameters.getCreateNewAccountBandwidthRate;
    if (useStaked(session, { ...payer, bytes }, clock)) return { netUsage: bytes, netFee: 0n };
    return burnInstead(session, { owner: payer.owner, fee: parameters.getCreateAccountFee }, clock);
  }
  if (useStaked(session, payer, clock)) return { netUsage: payer.bytes, netFee: 0n };
  if (useFree(session, payer, clock)) return { netUsage: payer.bytes, netFee: 0n };
  return burnInstead(session, { owner: payer.owner, fee: parameters.getTransactionFee * payer.bytes }, clock);
}

function useStaked(session: Session, { owner, bytes }: Payer, clock: Clock): boolean {
  const stake = stakeOf(session, owner);
  const at = { resource: "bandwidth", parameters: parametersOf(session), slot: clock.slot } as const;
  if (bytes > resourceLeft(session, stake, at)) return false;
  const bandwidth = used(stake.used.bandwidth, bytes, clock.slot);
  changeStake(session, owner, { used: { ...stake.used, bandwidth } });
  noteOperation(session, owner, clock);
  return true;
}

function useFree(session: Session, { owner, bytes }: Payer, { slot, headTimestamp }: Clock): boolean {
  const account = accountOf(session, owner);
  if (account === undefined) return false;
  const own = usedOfDay({ usage: account.freeNetUsage, slot: account.latestConsumeFreeTime }, 0, slot);
  if (bytes > parametersOf(session).getFreeNetLimit - own) return false;
  const totals = totalsOf(session);
  const everybodys = usedOfDay({ usage: totals.publicNetUsage, slot: totals.publicNetTime }, 0, slot);
  if (bytes > PUBLIC_BANDWIDTH - everybodys) return false;
  session.write(accountKey(owner), {
    ...account,
    freeNetUsage: usedOfDay({ usage: own, slot }, bytes, slot),
    latestConsumeFreeTime: slot,
    latestOperationTime: headTimestamp,
  });
  session.write(TOTALS, {
    ...totals,
    publicNetUsage: usedOfDay({ usage: everybodys, slot }, bytes, slot),
    publicNetTime: slot,
  });
  return true;
}

function burnInstead(
  session: Session,
  { owner, fee }: { owner: string; fee: number },
  clock: Clock,
): BandwidthBill | Rejection {
  if (!burnFrom(session, owner, BigInt(fee))) {
    return { code: "BANDWITH_ERROR", message: "Account resource insufficient error." };
  }
  noteOperation(session, owner, clock);
  return { netUsage: 0, netFee: BigInt(fee) };
}

function noteOperation(session: Session, owner: string, { headTimestamp }: Clock): void {
  const account = accountOf(session, owner);
  if (account === undefined) return;
  session.write(accountKey(owner), { ...account, latestOperationTime: headTimestamp });
}
