import { formatDecimal, type Asset, type Units } from "../../domain/money.ts";
import type { ActorRecord } from "../../domain/records.ts";
import { available, type Ledger, type Limits } from "../../machines/ledger.ts";
import type { WalletView } from "../contract/wallets.ts";
import type { MachineWords } from "../machine-view.ts";
import { walletContext } from "../records.ts";
import { isoTime } from "./time.ts";

export function walletView(record: ActorRecord, words: MachineWords): WalletView {
  const c = walletContext(record);
  return {
    id: record.id,
    name: c.name,
    kind: c.kind,
    address: c.address,
    path: c.path ?? null,
    status: record.tag,
    status_text: words.of(record).description,
    frozen_because: c.frozenBecause ?? null,
    labels: c.labels,
    limits: limitsView(c.limits),
    hot: c.hot,
    revision: record.revision,
    created_at: isoTime(record.createdAt),
    last_used: c.sequence === 0 ? null : isoTime(record.updatedAt),
  };
}

export function balanceView(record: ActorRecord, refreshing: boolean) {
  const c = walletContext(record);
  return {
    wallet_id: record.id,
    address: c.address,
    usdt: purseView(c.ledger, "USDT"),
    trx: purseView(c.ledger, "TRX"),
    as_of_block: c.ledger.balanceBlock < 0 ? null : c.ledger.balanceBlock,
    refreshing,
    problem: c.balanceError ?? null,
  };
}

function limitsView({ minimum, maximum, daily, approvalAbove }: Limits): WalletView["limits"] {
  const text = (value: Units | undefined) => (value === undefined ? null : formatDecimal(value));
  return { minimum: text(minimum), maximum: text(maximum), daily: text(daily), approval_above: text(approvalAbove) };
}

function purseView(ledger: Ledger, asset: Asset) {
  const purse = asset === "USDT" ? ledger.usdt : ledger.trx;
  const free = available(ledger, asset);
  return {
    total: formatDecimal(purse.onChain),
    total_units: purse.onChain,
    reserved: formatDecimal(purse.reserved),
    reserved_units: purse.reserved,
    in_flight: formatDecimal(purse.inFlight),
    in_flight_units: purse.inFlight,
    available: formatDecimal(free),
    available_units: free,
  };
}
