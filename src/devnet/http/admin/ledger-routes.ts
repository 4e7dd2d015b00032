/** What is true on the chain, for tests in other processes: answers come from the ledger, never from what a node says. */
import type { Devnet } from "../../handle.ts";
import type { Outcome } from "../../outcome.ts";
import type { Json } from "../json.ts";
import type { ControlRoute } from "./control-route.ts";
import { address, allow, BadRequest, type Fields, oneOf, optionalText, whole } from "./fields.ts";

export const ledgerRoutes: readonly ControlRoute[] = [
  {
    method: "GET",
    path: "",
    does: "what this devnet is and how far it is",
    takes: "–",
    handle: (_fields, devnet) => stateOf(devnet),
  },
  {
    method: "GET",
    path: "/ledger/balance",
    does: "TRX (sun) and USDT (10^-6) of an address at the head, without what is pending",
    takes: "`address`",
    handle: (fields, devnet) => {
      allow(fields, ["address"]);
      const holder = address(fields, "address");
      return { trx_sun: devnet.ledger.trx(holder).toString(), usdt: devnet.ledger.usdt(holder).toString() };
    },
  },
  {
    method: "GET",
    path: "/ledger/payments",
    does: "every movement of TRX and USDT that a block holds, and the failed ones",
    takes: "`from`, `to`, `asset` (TRX or USDT), `tx_id`, `since_block`",
    handle: (fields, devnet) => ({ payments: paymentsOf(fields, devnet) }),
  },
  {
    method: "GET",
    path: "/ledger/transaction",
    does: "what came of a transaction, and in which block",
    takes: "`tx_id`",
    handle: (fields, devnet) => {
      allow(fields, ["tx_id"]);
      const txId = optionalText(fields, "tx_id");
      if (txId === undefined) throw new BadRequest("tx_id must be a text");
      const found = devnet.ledger.transaction(txId);
      if (found === undefined) return { transaction: null };
      const { blockNumber, solid, outcome } = found;
      return { transaction: { block_number: blockNumber, solid, ...outcomeOf(outcome) } };
    },
  },
];

function stateOf(devnet: Devnet): Json {
  const { ledger } = devnet;
  return {
    url: devnet.url,
    genesis_id: devnet.genesisId,
    usdt_contract: devnet.usdtContract,
    block_ms: devnet.slotMs,
    head_number: ledger.headNumber(),
    head_timestamp: ledger.headTimestamp(),
    solid_number: ledger.solidNumber(),
    pending_size: ledger.pendingSize(),
    burned_sun: ledger.burnedSun().toString(),
  };
}

function paymentsOf(fields: Fields, devnet: Devnet): Json[] {
  allow(fields, ["from", "to", "asset", "tx_id", "since_block"]);
  const txId = optionalText(fields, "tx_id");
  const filter = {
    ...(fields["from"] === undefined ? {} : { from: address(fields, "from") }),
    ...(fields["to"] === undefined ? {} : { to: address(fields, "to") }),
    ...(fields["asset"] === undefined ? {} : { asset: oneOf(fields, "asset", ["TRX", "USDT"]) }),
    ...(txId === undefined ? {} : { txId }),
    sinceBlock: whole(fields, "since_block", { min: 0, max: Number.MAX_SAFE_INTEGER, absent: 1 }),
  };
  return devnet.ledger.payments(filter).map((payment) => ({
    tx_id: payment.txId,
    block_number: payment.blockNumber,
    from: payment.from,
    to: payment.to,
    asset: payment.asset,
    amount: payment.amount.toString(),
    result: payment.result,
    solid: payment.solid,
  }));
}

function outcomeOf({ result, fee }: Outcome): { result: string; fee_sun: string } {
  return { result, fee_sun: fee.toString() };
}
