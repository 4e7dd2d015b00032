/** Contracts of features that are off: the committee did not open them, or the devnet does not have them and says so. */
import type { Contract } from "../../tron/contracts.ts";
import { invalid, type Rejection } from "../outcome.ts";
import type { Actuator, Actuators } from "./actuator.ts";

const market = refusing("Not support Market Transaction, need to be opened by the committee");
/** A node has Bancor exchanges; this is the devnet's own answer. */
const exchange = refusing("exchanges are not supported by the devnet");

export const closedActuators = {
  ExchangeCreateContract: exchange,
  ExchangeInjectContract: exchange,
  ExchangeWithdrawContract: exchange,
  ExchangeTransactionContract: exchange,
  MarketSellAssetContract: market,
  MarketCancelOrderContract: market,
  ShieldedTransferContract: refusing("Not support Shielded Transaction, need to be opened by the committee"),
} satisfies Actuators;

function refusing(message: string): Actuator<Contract> {
  const refusal = (): Rejection => invalid(message);
  return { validate: refusal, execute: refusal };
}
