/** How much a wallet could pay at once: what it knows to be there and has promised nobody. */
import { refuse, type Refusal } from "../domain/errors.ts";
import { formatDecimal, saturatingSubtract, ZERO, type Asset, type Units } from "../domain/money.ts";
import { available, isLackOfMoney, type Ledger } from "../machines/ledger.ts";
import type { EngineFacade } from "../supervisor/facade.ts";
import { BALANCE_STALE_BLOCKS } from "./bounds.ts";
import type { HttpPorts } from "./ports.ts";
import { orRefusal } from "./problem.ts";
import { walletContext } from "./records.ts";

/** In the place of an amount. */
export const EVERYTHING = Symbol("everything");

type Wanted = {
  readonly wallet: string;
  readonly asset: Asset;
  readonly feeReserveSun: Units;
};

/** Of TRX the fee of this very transfer stays. Decimal text, or why there is nothing. */
export function everythingOf({ engine, chain }: Pick<HttpPorts, "engine" | "chain">, wanted: Wanted): string | Refusal {
  const { asset, feeReserveSun: fee } = wanted;
  const ledger = orRefusal(() => ledgerOf(engine, wanted.wallet));
  if ("code" in ledger) return ledger;
  // Less than everything would be moved, for a whole fee.
  const behind = (chain.status().solid?.number ?? 0) - ledger.balanceBlock;
  if (ledger.balanceBlock < 0 || behind > BALANCE_STALE_BLOCKS)
    return refuse("not_ready", "The wallet is read from the chain first; ask again in a moment");
  const free = available(ledger, asset);
  const amount = asset === "USDT" ? free : saturatingSubtract(free, fee);
  if (amount !== ZERO) return formatDecimal(amount);
  const beyond = asset === "TRX" ? ` beyond the ${formatDecimal(fee)} TRX for the transfer's own fee` : "";
  return refuse("insufficient_funds", `The wallet has no ${asset} that it could pay${beyond}`, {
    asset,
    available: formatDecimal(free),
  });
}

/** What a newer reading may mend. */
export function isOfReading(refusal: Refusal): boolean {
  return isLackOfMoney(refusal) || refusal.code === "not_ready";
}

function ledgerOf(engine: Pick<EngineFacade, "record">, id: string): Ledger | Refusal {
  const record = engine.record({ kind: "wallet", id });
  if (record === undefined) return refuse("not_found", `There is no wallet ${id}`, { wallet: id });
  return walletContext(record).ledger;
}
