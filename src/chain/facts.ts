/** From checked node answers to facts of the domain. Zero defaults are applied here, and every cross-check that one answer allows. */
import type {
  AccountFacts,
  Block,
  BlockHeader,
  ChainParameters,
  Receipt,
  TokenTransfer,
  TronAddress,
} from "../domain/chain-facts.ts";
import { Fault } from "../domain/errors.ts";
import { AMOUNT_MAX, units, type Units } from "../domain/money.ts";
import { fromEvm20 } from "../tron/address.ts";
import { mayMoveCoin } from "../tron/coin-transfer.ts";
import { decodeTransferLog } from "../tron/trc20.ts";
import { checkHeader, provesBody } from "./block-integrity.ts";
import {
  messageText,
  type WireAccount,
  type WireAccountResource,
  type WireBlock,
  type WireBlockHeader,
  type WireChainParameters,
  type WireInfo,
} from "./wire.ts";

/** Throws `Fault("chain_error")` when the id is not that of the header: such a header belongs to another block. */
export function headerFact(wire: WireBlockHeader): BlockHeader {
  const raw = wire.block_header.raw_data;
  const number = raw.number ?? 0;
  if (wire.blockID.slice(0, 16) !== number.toString(16).padStart(16, "0")) {
    throw new Fault("chain_error", `block ${number} came with the id of another number`);
  }
  checkHeader(wire);
  return { number, id: wire.blockID, parentId: raw.parentHash, timestamp: raw.timestamp ?? 0 };
}

/**
 * Throws `Fault("chain_error")` for a block that contradicts itself: neither an inclusion nor a proof of absence may
 * rest on transactions other than those that its header promises.
 */
export function blockFact(wire: WireBlock): Block {
  const header = headerFact(wire);
  const proved = provesBody(wire);
  const transactions = (wire.transactions ?? []).map((transaction) => ({
    txId: transaction.txID,
    result: transaction.ret?.[0]?.contractRet ?? "SUCCESS",
    ...(mayMoveCoin(transaction.raw_data_hex) ? { rawHex: transaction.raw_data_hex } : {}),
  }));
  return proved ? { ...header, transactions } : { ...header, transactions, unproved: true };
}

/** Throws `Fault("chain_error")` for a receipt of another block. */
export function receiptFact(wire: WireInfo): Receipt {
  const message = messageText(wire.resMessage);
  let transfers: readonly TokenTransfer[] | undefined;
  return {
    txId: wire.id,
    blockNumber: wire.blockNumber,
    blockTimestamp: wire.blockTimeStamp,
    result: resultOf(wire),
    feeSun: unitsFact(wire.fee ?? 0),
    energyUsed: wire.receipt.energy_usage_total ?? 0,
    // Bytes from quota. Burned bandwidth shows as sun only; its bytes are not in the receipt.
    bandwidthUsed: wire.receipt.net_usage ?? 0,
    ...(message === "" ? {} : { message }),
    // Decoding addresses costs two hashes each, and most readers of a block's receipts want none of them.
    get transfers() {
      transfers ??= transfersOf(wire);
      return transfers;
    },
    logs: wire.log ?? [],
  };
}

/** `energyFeeSun` and the rest are required: a default price would be a made-up price. */
export function chainParametersFact(wire: WireChainParameters): ChainParameters {
  const raw = new Map(wire.chainParameter.map(({ key, value }) => [key, Number(value ?? 0)]));
  const required = (key: string): number => {
    const value = raw.get(key);
    if (value === undefined || value < 0 || !Number.isSafeInteger(value)) {
      throw new Fault("chain_error", `the chain parameters lack ${key}`);
    }
    return value;
  };
  return {
    energyFeeSun: required("getEnergyFee"),
    bandwidthFeeSun: required("getTransactionFee"),
    maxFeeLimitSun: required("getMaxFeeLimit"),
    createAccountFeeSun: required("getCreateAccountFee"),
    newAccountFeeSun: required("getCreateNewAccountFeeInSystemContract"),
    memoFeeSun: required("getMemoFee"),
    unfreezeDelayDays: required("getUnfreezeDelayDays"),
    raw: Object.fromEntries(raw),
  };
}

/** `account` undefined: the address was never activated (tron.md §4.2). */
export function accountFact(answer: {
  address: TronAddress;
  account: WireAccount | undefined;
  resource: WireAccountResource;
}): AccountFacts {
  const { address, account, resource } = answer;
  return {
    address,
    activated: account !== undefined,
    isContract: account?.type === "Contract",
    trxSun: unitsFact(account?.balance ?? 0),
    energyLimit: resource.EnergyLimit ?? 0,
    energyUsed: resource.EnergyUsed ?? 0,
    bandwidthLimit: (resource.freeNetLimit ?? 0) + (resource.NetLimit ?? 0),
    bandwidthUsed: (resource.freeNetUsed ?? 0) + (resource.NetUsed ?? 0),
  };
}

/** Throws `Fault("chain_error")` beyond int64: no transaction could ever carry such an amount. */
export function unitsFact(value: number | bigint): Units {
  const amount = BigInt(value);
  if (amount > AMOUNT_MAX) throw new Fault("chain_error", "an amount is out of int64");
  return units(amount);
}

/**
 * Success has to be said by everything that can say it: `result: "FAILED"` is absent on success, `receipt.result` exists
 * only for contract calls (tron.md §2.3, §12.3).
 */
function resultOf(wire: WireInfo): string {
  const word = wire.receipt.result ?? (wire.contract_address === undefined ? "SUCCESS" : "UNKNOWN");
  return word === "SUCCESS" && wire.result !== undefined && wire.result !== "SUCESS" ? wire.result : word;
}

function transfersOf(wire: WireInfo): TokenTransfer[] {
  // Failed executions have no logs; a node that shows some must not make them count.
  if (resultOf(wire) !== "SUCCESS") return [];
  const transfers: TokenTransfer[] = [];
  for (const [logIndex, log] of [...(wire.log ?? [])].entries()) {
    const transfer = decodeTransferLog(log);
    if (transfer === undefined) continue;
    const { from, to, amount } = transfer;
    transfers.push({ logIndex, token: fromEvm20(log.address), from, to, amount: amount.toString() });
  }
  return transfers;
}
