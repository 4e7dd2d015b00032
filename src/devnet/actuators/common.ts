/** What the actuators of staking, voting and delegation have in common. */
import type { Contract } from "../../tron/contracts.ts";
import { parametersOf } from "../chain-parameters.ts";
import { invalid, type Rejection, type ResultAmounts } from "../outcome.ts";
import type { View } from "../state.ts";
import type { Actuator, Effect, Moment } from "./actuator.ts";

export const DAY_MS = 86_400_000;

type Objection<C extends Contract> = (view: View, contract: C, moment: Moment) => string | undefined;

/** Whether the committee has opened Stake 2.0: without a delay there is none. */
export function hasStake2(view: View): boolean {
  return parametersOf(view).getUnfreezeDelayDays > 0;
}

/** What a node says about a kind of transaction that is not open. */
export function closed(kind: string): string {
  return `Not support ${kind} transaction, need to be opened by the committee`;
}

/** `validate` of an actuator, from a function that says what is wrong in the node's words. */
export function validating<C extends Contract>(objectionTo: Objection<C>): Actuator<C>["validate"] {
  return (view, contract, moment): Rejection | undefined => {
    const objection = objectionTo(view, contract, moment);
    return objection === undefined ? undefined : invalid(objection);
  };
}

/** What a contract did that burned nothing. Amounts of zero are left out of the receipt. */
export function done(amounts: ResultAmounts = {}): Effect {
  const shown = Object.fromEntries(Object.entries(amounts).filter(([, value]) => value !== 0n));
  return { result: "SUCCESS", fee: 0n, ...(Object.keys(shown).length === 0 ? {} : { amounts: shown }) };
}

/** `hex41` in the node's messages is hex, whatever `visible` says. */
export function noAccount(hex41: string): string {
  return `Account[${hex41}] not exists`;
}
