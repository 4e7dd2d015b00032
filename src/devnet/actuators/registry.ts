/** Which actuator executes which type of contract. A family is one file that exports its `Actuators`, and a line here. */
import type { Contract } from "../../tron/contracts.ts";
import type { Actuator, Actuators } from "./actuator.ts";
import { accountActuators } from "./accounts.ts";
import { assetIssueActuators } from "./asset-issue.ts";
import { assetActuators } from "./assets.ts";
import { closedActuators } from "./closed.ts";
import { contractActuators } from "./contracts.ts";
import { permissionActuators } from "./permissions.ts";
import { proposalActuators } from "./proposals.ts";
import { delegationActuators } from "./delegation.ts";
import { oldStakeActuators } from "./old-stake.ts";
import { stakeActuators } from "./stake.ts";
import { transferActuators } from "./transfer.ts";
import { voteActuators } from "./votes.ts";
import { witnessActuators } from "./witness.ts";

const ACTUATORS: Actuators = {
  ...transferActuators,
  ...contractActuators,
  ...accountActuators,
  ...permissionActuators,
  ...assetActuators,
  ...assetIssueActuators,
  ...stakeActuators,
  ...oldStakeActuators,
  ...delegationActuators,
  ...voteActuators,
  ...witnessActuators,
  ...proposalActuators,
  ...closedActuators,
};

/** `undefined`: the devnet does not simulate the type. */
export function actuatorFor(contract: Contract): Actuator<Contract> | undefined {
  return ACTUATORS[contract.type];
}
