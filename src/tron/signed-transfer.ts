/** Reads a transaction that somebody else signed, if it is a plain transfer of TRX or of the one token. */
import type { TransferOrder, TronAddress, TxId } from "../domain/chain-facts.ts";
import { Fault } from "../domain/errors.ts";
import { AMOUNT_MAX, units, type Units } from "../domain/money.ts";
import { fromHex41 } from "./address.ts";
import type { Contract } from "./contracts.ts";
import { decodeRawTransaction, decodeSigned, encodeSigned } from "./transaction.ts";
import { decodeTransferCall } from "./trc20.ts";

export type SignedTransfer = {
  readonly txId: TxId;
  readonly transfer: TransferOrder;
  /** ms since epoch */
  readonly expiration: number;
  readonly feeLimitSun: Units;
  readonly signatures: number;
  /** The same transaction without whatever else its bytes carried. */
  readonly signedHex: string;
};

/** Keys of one permission (tron.md §1.3). */
const SIGNATURES_MAX = 5;
const SIGNATURE_HEX = 130;

/** Throws `Fault` `tx_malformed` or `tx_type_not_allowed`. */
export function decodeSignedTransfer(signedHex: string, usdtContract: TronAddress): SignedTransfer {
  const { rawHex, signatures, txId } = decodeSigned(signedHex);
  if (signatures.length === 0) throw new Fault("tx_malformed", "the transaction carries no signature");
  if (signatures.length > SIGNATURES_MAX || signatures.some((signature) => signature.length !== SIGNATURE_HEX))
    throw new Fault("tx_malformed", `at most ${SIGNATURES_MAX} signatures of 65 bytes each can be right`);
  const raw = decodeRawTransaction(rawHex);
  const [contract, ...others] = raw.contracts;
  if (contract === undefined || others.length > 0)
    throw new Fault("tx_malformed", "a transaction has exactly one contract");
  return {
    txId,
    transfer: transferOf(contract, usdtContract),
    expiration: timeOf(raw.expiration),
    feeLimitSun: amountOf(raw.feeLimit, "fee limit"),
    signatures: signatures.length,
    signedHex: encodeSigned(rawHex, signatures),
  };
}

function transferOf(contract: Contract, usdtContract: TronAddress): TransferOrder {
  if (contract.type === "TransferContract") {
    const { owner_address: owner, to_address: to, amount } = contract.value;
    return { asset: "TRX", from: fromHex41(owner), to: fromHex41(to), amount: amountOf(amount, "amount") };
  }
  if (contract.type !== "TriggerSmartContract")
    throw new Fault("tx_type_not_allowed", `${contract.type} is not a transfer`);
  const {
    owner_address: owner,
    contract_address: token,
    data,
    call_value: callValue,
    call_token_value: tokenValue,
  } = contract.value;
  if (fromHex41(token) !== usdtContract) throw new Fault("tx_type_not_allowed", "the called contract is not USDT");
  const call = decodeTransferCall(data);
  if (call === undefined || callValue !== 0n || tokenValue !== 0n)
    throw new Fault("tx_type_not_allowed", "the call is not transfer(address,uint256)");
  return { asset: "USDT", from: fromHex41(owner), to: call.to, amount: amountOf(call.amount, "amount") };
}

/** The bytes can hold numbers that no chain takes. */
function amountOf(value: bigint, name: string): Units {
  if (value < 0n || value > AMOUNT_MAX) throw new Fault("tx_malformed", `the ${name} is ${value}, which cannot be`);
  return units(value);
}

/** ms since epoch, as far as a `Date` reaches. */
const TIME_MAX = 8_640_000_000_000_000n;

function timeOf(value: bigint): number {
  if (value < 0n || value > TIME_MAX) throw new Fault("tx_malformed", `the expiration is ${value}, which is no time`);
  return Number(value);
}
