/** Who pays for the bytes of a transaction (tron.md §4.1, §4.2): free quota, or TRX, all or nothing. */
import type { Rejection } from "./outcome.ts";
import { BANDWIDTH_FEE, CREATE_ACCOUNT_FEE, DAY_SLOTS, FREE_BANDWIDTH, PUBLIC_BANDWIDTH } from "./parameters.ts";
import type { Account } from "./rows.ts";
import { accountKey, accountOf, burnFrom, type Session, TOTALS, totalsOf } from "./state.ts";

export type BandwidthBill = { readonly netUsage: number; readonly netFee: bigint };
export type Clock = {
  /** Timestamp of the head block, ms. */
  readonly headTimestamp: number;
  /** The same in slots. */
  readonly slot: number;
};

const PRECISION = 1_000_000;

/** The usage left of `usage` after linear recovery over a day of slots (ResourceProcessor.increase). */
export function decayed(usage: number, lastSlot: number, slot: number): number {
  return increase({ usage, added: 0, lastSlot, slot });
}

function increase(use: { usage: number; added: number; lastSlot: number; slot: number }): number {
  let average = Math.ceil((use.usage * PRECISION) / DAY_SLOTS);
  const elapsed = use.slot - use.lastSlot;
  if (elapsed >= DAY_SLOTS) average = 0;
  else if (elapsed > 0) average = Math.round(average * ((DAY_SLOTS - elapsed) / DAY_SLOTS));
  average += Math.ceil((use.added * PRECISION) / DAY_SLOTS);
  return Math.floor((average * DAY_SLOTS) / PRECISION);
}

export function payBandwidth(
  session: Session,
  payer: { owner: string; bytes: number; createsAccount: boolean },
  clock: Clock,
): BandwidthBill | Rejection {
  const account = accountOf(session, payer.owner);
  if (account === undefined) throw new RangeError("the owner of a transaction is checked before its bandwidth");
  if (payer.createsAccount) {
    const fee = BigInt(CREATE_ACCOUNT_FEE);
    return burnFrom(session, payer.owner, fee) ? { netUsage: 0, netFee: fee } : insufficient;
  }
  if (useFree(session, { ...payer, account }, clock)) return { netUsage: payer.bytes, netFee: 0n };
  const fee = BigInt(BANDWIDTH_FEE * payer.bytes);
  return burnFrom(session, payer.owner, fee) ? { netUsage: 0, netFee: fee } : insufficient;
}

const insufficient: Rejection = { code: "BANDWITH_ERROR", message: "Account resource insufficient error." };

function useFree(session: Session, payer: { owner: string; bytes: number; account: Account }, clock: Clock): boolean {
  const { account, bytes } = payer;
  const used = decayed(account.freeNetUsage, account.latestConsumeFreeTime, clock.slot);
  if (bytes > FREE_BANDWIDTH - used) return false;
  const totals = totalsOf(session);
  const publicUsed = decayed(totals.publicNetUsage, totals.publicNetTime, clock.slot);
  if (bytes > PUBLIC_BANDWIDTH - publicUsed) return false;
  const { slot } = clock;
  session.write(accountKey(payer.owner), {
    ...account,
    freeNetUsage: increase({ usage: used, added: bytes, lastSlot: slot, slot }),
    latestConsumeFreeTime: slot,
    latestOperationTime: clock.headTimestamp,
  });
  session.write(TOTALS, {
    ...totals,
    publicNetUsage: increase({ usage: publicUsed, added: bytes, lastSlot: slot, slot }),
    publicNetTime: slot,
  });
  return true;
}
