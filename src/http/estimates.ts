/** What a transfer would cost, asked from a node and told in the words of the API. Nothing is signed or stored. */
import type { Estimate, PricedOrder, TransferOrder } from "../domain/chain-facts.ts";
import { formatDecimal, type Asset } from "../domain/money.ts";
import { judgeAddress, readAmount } from "./payment-orders.ts";
import type { HttpPorts } from "./ports.ts";
import type { Rejected } from "./problem.ts";
import { nodeSignal } from "./node-signal.ts";

export type OrderText = { readonly from: string; readonly to: string; readonly amount: string; readonly asset: Asset };

export function readOrder(
  ports: Pick<HttpPorts, "addresses">,
  { from, to, amount, asset }: OrderText,
): TransferOrder | Rejected {
  const wrong = judgeAddress(ports, from) ?? judgeAddress(ports, to);
  if (wrong !== undefined) return { refusal: wrong };
  const units = readAmount(amount);
  return typeof units === "string" ? { asset, from, to, amount: units } : { refusal: units };
}

/** Throws the `Fault` of the gateway: `simulation_reverted`, `fee_cap_exceeded`, `chain_…`. */
export async function estimateOrder({ gateway }: Pick<HttpPorts, "gateway">, order: PricedOrder) {
  return estimateView(order, await gateway.estimate(order, nodeSignal()));
}

function estimateView(
  { asset, from, to, amount }: TransferOrder,
  { energy, penalty, bandwidth, burnSun, feeLimitSun }: Estimate,
) {
  return {
    asset,
    from,
    to,
    amount: formatDecimal(amount),
    energy,
    penalty,
    bandwidth,
    burn_trx: formatDecimal(burnSun),
    burn_sun: burnSun,
    fee_limit_trx: formatDecimal(feeLimitSun),
    fee_limit_sun: feeLimitSun,
  };
}
