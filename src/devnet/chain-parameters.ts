/**
 * The chain parameters as they are at one point of the chain. A proposal changes them at maintenance.
 *
 * P1. What was never changed is what `parameters.ts` says; only changes are rows.
 */
import { INITIAL_PARAMETERS, INITIAL_PRICES } from "./parameters.ts";
import { read, type Session, type View } from "./state.ts";
import type { Changed } from "./system-rows.ts";

export type ParameterName = keyof typeof INITIAL_PARAMETERS;
export type ChainParameters = { readonly [P in ParameterName]: number };

const KEY = "parameters!changed";
const UNCHANGED: Changed = { values: {}, prices: {} };

/** Kept per row, because every transaction asks for them. */
const complete = new WeakMap<Changed, ChainParameters>();

export function parametersOf(view: View): ChainParameters {
  const changed = read(view, KEY);
  if (changed === undefined) return INITIAL_PARAMETERS;
  const known = complete.get(changed) ?? { ...INITIAL_PARAMETERS, ...changed.values };
  complete.set(changed, known);
  return known;
}

/** `since`, ms: the time that a price is listed with from then on. */
export function setParameter(
  session: Session,
  { name, value, since }: { name: ParameterName; value: number; since: number },
): void {
  const changed = read(session, KEY) ?? UNCHANGED;
  const values = { ...changed.values, [name]: value };
  const before = changed.prices[name] ?? [];
  const prices = { ...changed.prices, [name]: [...before, [since, value] as const] };
  session.write(KEY, { values, prices: Object.hasOwn(INITIAL_PRICES, name) ? prices : changed.prices });
}

/** All prices that ever were, as the price endpoints list them: "since:price,…". */
export function priceHistory(view: View, name: keyof typeof INITIAL_PRICES): string {
  const later = read(view, KEY)?.prices[name] ?? [];
  return [INITIAL_PRICES[name], ...later.map(([since, price]) => `${since}:${price}`)].join(",");
}
