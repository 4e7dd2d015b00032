/** The rows of contracts: what was deployed, and how much it is used. Their keys are in contract-keys.ts. */
import type { smartContractShape } from "../../tron/shapes/smart-contracts.ts";
import type { MessageOf } from "../../tron/protobuf.ts";

/** As CreateSmartContract brought it, with its address; the name is one that getcontract prints. */
export type SmartContract = MessageOf<typeof smartContractShape>;

/** Of the dynamic energy model (tron.md §4.3): `factor` in 1/10,000 above 1, `cycle` the one it is valid for. */
export type EnergyState = {
  readonly usage: number;
  readonly factor: number;
  readonly cycle: number;
  /** The factor stays where it is, as if the rest of the world kept the contract busy: USDT (docs/adr/0015). */
  readonly held?: true;
};
