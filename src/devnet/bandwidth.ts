/**
 * Who pays for the bytes of a transaction (java-tron BandwidthProcessor, tron.md §4.1, §4.2): the issuer of a TRC10 token
 * that is moved, staked bandwidth, free quota, or TRX; each all or nothing.
 */
import type { Asset } from "./account-rows.ts";
import { assetById, changeHoldings, holdingsOf, writeAsset } from "./assets.ts";
import { parametersOf } from "./chain-parameters.ts";
import { invalid, type Rejection } from "./outcome.ts";
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

/** The owner has an account. `tokenId`: of the TRC10 token that a transfer moves, which may have a quota of its own. */
export function payBandwidth(
  session: Session,
  payer: Payer & { readonly createsAccount: boolean; readonly tokenId?: string },
  clock: Clock,
): BandwidthBill | Rejection {
  const parameters = parametersOf(session);
  if (payer.createsAccount) {
    const bytes = payer.bytes * parameters.getCreateNewAccountBandwidthRate;
    if (useStaked(session, { ...payer, bytes }, clock)) return { netUsage: bytes, netFee: 0n };
    return burnInstead(session, { owner: payer.owner, fee: parameters.getCreateAccountFee }, clock);
  }
  const covered = { netUsage: payer.bytes, netFee: 0n };
  if (payer.tokenId !== undefined) {
    const asset = assetById(session, payer.tokenId);
    if (asset === undefined) return invalid(`asset [${payer.tokenId}] does not exist`);
    if (useIssuers(session, { ...payer, asset }, clock)) return covered;
  }
  if (useStaked(session, payer, clock)) return covered;
  if (useFree(session, payer, clock)) return covered;
  return burnInstead(session, { owner: payer.owner, fee: parameters.getTransactionFee * payer.bytes }, clock);
}

/** What an issuer gives to those who move its token: limited per account, for all together, and by what it has staked. */
function useIssuers(session: Session, { owner, bytes, asset }: Payer & { asset: Asset }, clock: Clock): boolean {
  const { slot } = clock;
  const everybodys = usedOfDay(
    { usage: Number(asset.public_free_asset_net_usage), slot: Number(asset.public_latest_free_net_time) },
    0,
    slot,
  );
  if (bytes > Number(asset.public_free_asset_net_limit) - everybodys) return false;
  const { freeUsage } = holdingsOf(session, owner);
  const before = freeUsage[asset.id] ?? { used: 0, slot: 0 };
  const own = usedOfDay({ usage: before.used, slot: before.slot }, 0, slot);
  if (bytes > Number(asset.free_asset_net_limit) - own) return false;
  if (!takeStaked(session, { owner: asset.owner_address, bytes }, clock)) return false;
  writeAsset(session, {
    ...asset,
    public_free_asset_net_usage: BigInt(usedOfDay({ usage: everybodys, slot }, bytes, slot)),
    public_latest_free_net_time: BigInt(slot),
  });
  changeHoldings(session, owner, {
    freeUsage: { ...freeUsage, [asset.id]: { used: usedOfDay({ usage: own, slot }, bytes, slot), slot } },
  });
  noteOperation(session, owner, clock);
  return true;
}

function useStaked(session: Session, payer: Payer, clock: Clock): boolean {
  if (!takeStaked(session, payer, clock)) return false;
  noteOperation(session, payer.owner, clock);
  return true;
}

function takeStaked(session: Session, { owner, bytes }: Payer, clock: Clock): boolean {
  const stake = stakeOf(session, owner);
  const at = { resource: "bandwidth", parameters: parametersOf(session), slot: clock.slot } as const;
  if (bytes > resourceLeft(session, stake, at)) return false;
  const bandwidth = used(stake.used.bandwidth, bytes, clock.slot);
  changeStake(session, owner, { used: { ...stake.used, bandwidth } });
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
