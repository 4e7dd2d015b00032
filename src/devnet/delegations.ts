/**
 * Who delegated how much to whom (java-tron DelegatedResourceStore, DelegatedResourceAccountIndexStore).
 *
 * D1. A delegation has a locked and an open part. What was locked is open from the first change on after its lock ended.
 * D2. The two accounts list each other as long as one part exists.
 */
import { read, type Session, type View } from "./state.ts";
import type { Delegates, Delegation, PerResource, Resource } from "./system-rows.ts";

export type Pair = { readonly from: string; readonly to: string };
export type LockedPart = NonNullable<Delegation["locked"]>;

const NOTHING: PerResource<bigint> = { bandwidth: 0n, energy: 0n };
const NO_LOCKS = { ...NOTHING, until: { bandwidth: 0, energy: 0 } };
const NOT_DELEGATED: Delegation = { open: null, locked: null };
const NOBODY: Delegates = { to: {}, from: {} };

export function delegationOf(view: View, { from, to }: Pair): Delegation {
  return read(view, `delegation!${from}!${to}`) ?? NOT_DELEGATED;
}

export function delegatesOf(view: View, hex41: string): Delegates {
  return read(view, `delegates!${hex41}`) ?? NOBODY;
}

/** Adds to the open part, or, with `until`, ms, to the locked one, all of whose resource is then locked until then. */
export function addDelegation(
  session: Session,
  pair: Pair,
  added: { resource: Resource; sun: bigint; until?: number; now: number },
): void {
  const { resource, sun, until } = added;
  const { open, locked } = unlocked(delegationOf(session, pair), added.now);
  if (until === undefined) {
    const before = open ?? NOTHING;
    put(session, pair, { open: { ...before, [resource]: before[resource] + sun }, locked });
  } else {
    const before = locked ?? NO_LOCKS;
    const times = { ...before.until, [resource]: until };
    put(session, pair, { open, locked: { ...before, [resource]: before[resource] + sun, until: times } });
  }
  list(session, pair, added.now);
}

/** Takes from what is not locked any more. The caller has checked that there is enough. */
export function removeDelegation(
  session: Session,
  pair: Pair,
  removed: { resource: Resource; sun: bigint; now: number },
): void {
  const { resource, sun } = removed;
  const { open, locked } = unlocked(delegationOf(session, pair), removed.now);
  const before = open ?? NOTHING;
  const after = { ...before, [resource]: before[resource] - sun };
  const isEmpty = after.bandwidth === 0n && after.energy === 0n;
  put(session, pair, { open: isEmpty ? null : after, locked });
  if (isEmpty && locked === null) unlist(session, pair);
}

/** What may be undelegated now, in sun. */
export function removable({ open, locked }: Delegation, resource: Resource, now: number): bigint {
  const expired = locked !== null && locked.until[resource] < now ? locked[resource] : 0n;
  return (open?.[resource] ?? 0n) + expired;
}

/** The delegation with what is not locked any more in its open part (unLockExpireResource). */
function unlocked({ open, locked }: Delegation, now: number): Delegation {
  if (locked === null || (locked.until.bandwidth >= now && locked.until.energy >= now)) return { open, locked };
  const opened = { ...(open ?? NOTHING) };
  const kept: { bandwidth: bigint; energy: bigint; until: { bandwidth: number; energy: number } } = {
    ...locked,
    until: { ...locked.until },
  };
  for (const resource of ["bandwidth", "energy"] as const) {
    if (locked.until[resource] >= now) continue;
    opened[resource] += locked[resource];
    kept[resource] = 0n;
    kept.until[resource] = 0;
  }
  return { open: opened, locked: kept.bandwidth === 0n && kept.energy === 0n ? null : kept };
}

function put(session: Session, { from, to }: Pair, delegation: Delegation): void {
  if (delegation.open === null && delegation.locked === null) session.remove(`delegation!${from}!${to}`);
  else session.write(`delegation!${from}!${to}`, delegation);
}

function list(session: Session, { from, to }: Pair, now: number): void {
  const owner = delegatesOf(session, from);
  session.write(`delegates!${from}`, { ...owner, to: { ...owner.to, [to]: now } });
  const receiver = delegatesOf(session, to);
  session.write(`delegates!${to}`, { ...receiver, from: { ...receiver.from, [from]: now } });
}

function unlist(session: Session, { from, to }: Pair): void {
  const owner = delegatesOf(session, from);
  session.write(`delegates!${from}`, { ...owner, to: without(owner.to, to) });
  const receiver = delegatesOf(session, to);
  session.write(`delegates!${to}`, { ...receiver, from: without(receiver.from, from) });
}

function without(times: Readonly<Record<string, number>>, name: string): Record<string, number> {
  return Object.fromEntries(Object.entries(times).filter(([key]) => key !== name));
}
