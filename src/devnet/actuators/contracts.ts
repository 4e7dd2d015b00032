/** Calls of smart contracts (java-tron VMActuator). */
import { callContract } from "../call.ts";
import { isRejection } from "../outcome.ts";
import type { Actuators } from "./actuator.ts";

export const contractActuators = {
  TriggerSmartContract: {
    // What it checks needs the contracts, and no builder asks it: triggersmartcontract only looks whether there is one.
    validate: () => undefined,
    execute: (session, { value }, { feeLimit, contracts }) => {
      const done = callContract(session, { ...value, feeLimit }, contracts);
      return isRejection(done) ? done : { result: done.result, fee: done.facts.energyFee, call: done.facts };
    },
  },
} satisfies Actuators;
