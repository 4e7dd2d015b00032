/** The witnesses: who they are, and how many votes they have. */
import { read, type Session, type View } from "./state.ts";
import type { Schedule, WitnessRow } from "./system-rows.ts";

export type NamedWitness = WitnessRow & { readonly address: string };

const SCHEDULE = "schedule!now";
const NOBODY: Schedule = { all: [], active: [] };

export function witnessOf(view: View, hex41: string): WitnessRow | undefined {
  return read(view, `witness!${hex41}`);
}

export function changeWitness(session: Session, hex41: string, change: Partial<WitnessRow>): void {
  const witness = witnessOf(session, hex41);
  if (witness === undefined) throw new RangeError(`${hex41} is no witness`);
  session.write(`witness!${hex41}`, { ...witness, ...change });
}

export function addWitness(session: Session, hex41: string, witness: WitnessRow): void {
  session.write(`witness!${hex41}`, witness);
  const schedule = scheduleOf(session);
  session.write(SCHEDULE, { ...schedule, all: [...schedule.all, hex41].toSorted() });
}

/** In the order of their addresses, as a node lists them. */
export function allWitnesses(view: View): NamedWitness[] {
  return scheduleOf(view).all.flatMap((address) => {
    const witness = witnessOf(view, address);
    return witness === undefined ? [] : [{ address, ...witness }];
  });
}

/** Most votes first; of equals, the higher address. */
export function byVotes(witnesses: readonly NamedWitness[]): NamedWitness[] {
  return witnesses.toSorted((a, b) => {
    if (a.voteCount !== b.voteCount) return a.voteCount > b.voteCount ? -1 : 1;
    return a.address > b.address ? -1 : 1;
  });
}

export function scheduleOf(view: View): Schedule {
  return read(view, SCHEDULE) ?? NOBODY;
}

/** Gives the turns to the `seats` witnesses with the most votes. */
export function electWitnesses(session: Session, seats: number): void {
  const elected = byVotes(allWitnesses(session)).slice(0, seats);
  session.write(SCHEDULE, { ...scheduleOf(session), active: elected.map(({ address }) => address) });
}
