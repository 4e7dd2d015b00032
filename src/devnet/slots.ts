/**
 * Whose turn it is, and when (java-tron DposSlot and StatisticManager).
 *
 * A slot is counted from the head: 1 is the next one that may hold a block. After a maintenance block two slots of time
 * are left out, yet the turn goes on as if they had not been there.
 */
import type { Header } from "./block.ts";
import { SLOT_MS } from "./parameters.ts";
import { periodOf } from "./rewards.ts";
import type { Session, View } from "./state.ts";
import { changeWitness, scheduleOf, witnessOf } from "./witnesses.ts";

const MAINTENANCE_SKIP_SLOTS = 2;

/** Time of a slot after `head`, ms. `view` is the state after the head. */
export function timeOfSlot(view: View, head: Pick<Header, "timestamp">, slot: number): number {
  const skipped = periodOf(view).justMaintained ? MAINTENANCE_SKIP_SLOTS : 0;
  return head.timestamp + (slot + skipped) * SLOT_MS;
}

/** The slot whose time is `timestamp` or the last before it; 0 or less: it is too early for a block. */
export function slotAt(view: View, head: Pick<Header, "timestamp">, timestamp: number): number {
  return Math.floor((timestamp - timeOfSlot(view, head, 0)) / SLOT_MS);
}

/** The witness whose turn the slot is. */
export function witnessOfSlot(view: View, head: Pick<Header, "timestamp">, slot: number): string {
  const { active } = scheduleOf(view);
  const witness = active[(Math.floor(head.timestamp / SLOT_MS) + slot) % active.length];
  if (witness === undefined) throw new RangeError("a chain needs at least one witness");
  return witness;
}

/** Writes down who made the block and who missed a slot before it; `session` is the state after `head`. */
export function countTurns(
  session: Session,
  head: Pick<Header, "timestamp">,
  made: { number: number; slot: number; timestamp: number; witness: string },
): void {
  const { slot } = made;
  const { active } = scheduleOf(session);
  // Whole rounds are missed by everybody alike: a gap of days costs no more than one of minutes.
  const rounds = Math.floor((slot - 1) / active.length);
  const missed = new Map(active.map((address) => [address, rounds]));
  for (let rest = rounds * active.length + 1; rest < slot; rest += 1) {
    const address = witnessOfSlot(session, head, rest);
    missed.set(address, (missed.get(address) ?? 0) + 1);
  }
  for (const [address, count] of missed) {
    if (count > 0) changeWitness(session, address, { missed: (witnessOf(session, address)?.missed ?? 0) + count });
  }
  const produced = (witnessOf(session, made.witness)?.produced ?? 0) + 1;
  const latestSlot = Math.floor(made.timestamp / SLOT_MS);
  changeWitness(session, made.witness, { produced, latestBlock: made.number, latestSlot });
}

/** Number of the newest block that two thirds of the witnesses have built upon (DposService.updateSolidBlock). */
export function agreedNumber(view: View): number {
  const latest = scheduleOf(view).active.map((address) => witnessOf(view, address)?.latestBlock ?? 0);
  return latest.toSorted((a, b) => a - b)[Math.floor(latest.length * 0.3)] ?? 0;
}
