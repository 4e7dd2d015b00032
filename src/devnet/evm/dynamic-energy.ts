/**
 * The dynamic energy model (tron.md §4.3, java-tron ContractStateCapsule.catchUpToCycle): a contract that was used more
 * than the threshold in a maintenance cycle costs more in the next, and less again while it is used little.
 */
import { type ChainParameters, parametersOf } from "../chain-parameters.ts";
import { periodOf } from "../rewards.ts";
import { read, type View } from "../state.ts";
import { energyKey } from "./contract-keys.ts";
import type { EnergyState } from "./contract-rows.ts";
import { FACTOR_ONE, type Frame } from "./frame.ts";
import type { Run } from "./run.ts";

const DECREASE_DIVISION = 4;

/** As it is in the running cycle. */
export function energyStateOf(view: View, hex41: string): EnergyState {
  const { cycle } = periodOf(view);
  const stored = read(view, energyKey(hex41));
  return stored === undefined ? { usage: 0, factor: 0, cycle } : caughtUp(stored, cycle, parametersOf(view));
}

/** The price level of the contract, 10,000 being 1; its state is brought to the cycle. */
export function factorAt(run: Run, hex41: string): number {
  const { session } = run.world;
  if (parametersOf(session).getAllowDynamicEnergy !== 1) return FACTOR_ONE;
  const state = energyStateOf(session, hex41);
  session.write(energyKey(hex41), state);
  return state.factor + FACTOR_ONE;
}

/** Counts what a frame used, without penalties and what it passed on. */
export function chargeUsage(run: Run, frame: Frame): void {
  const { session } = run.world;
  const state = energyStateOf(session, frame.address);
  session.write(energyKey(frame.address), { ...state, usage: state.usage + frame.usage });
}

function caughtUp(state: EnergyState, cycle: number, parameters: ChainParameters): EnergyState {
  if (state.cycle === cycle) return state;
  if (state.held === true) return { ...state, usage: 0, cycle };
  if (state.cycle > cycle) return { usage: 0, factor: 0, cycle };
  const increase = parameters.getDynamicEnergyIncreaseFactor;
  let { factor, cycle: reached } = state;
  if (state.usage > parameters.getDynamicEnergyThreshold) {
    reached += 1;
    const raised = Math.trunc((factor + FACTOR_ONE) * (1 + increase / FACTOR_ONE)) - FACTOR_ONE;
    factor = Math.min(parameters.getDynamicEnergyMaxFactor, raised);
  }
  const quiet = cycle - reached;
  if (quiet <= 0) return { usage: 0, factor, cycle: reached };
  const kept = (1 - increase / DECREASE_DIVISION / FACTOR_ONE) ** quiet;
  return { usage: 0, factor: Math.max(0, Math.trunc((factor + FACTOR_ONE) * kept) - FACTOR_ONE), cycle };
}
