/** Reads a transaction that somebody else signed, if it is a plain transfer of TRX or of the one token. */
import type { TransferOrder, TronAddress, TxId } from "../domain/chain-facts.ts";
import { Fault } from "../domain/errors.ts";
import { units, type Units } from "../domain/money.ts";
import { fromHex41 } from "./address.ts";
import type { Contract } from "./contracts.ts";
import { decodeRawTransaction, decodeSigned } from "./transaction.ts";
import { decodeTransferCall } from "./trc20.ts";

export type SignedTransfer = {
  readonly txId: TxId;
  readonly transfer: TransferOrder;
  /** ms since epoch */
  readonly expiration: number;
  readonly feeLimitSun: Units;
  readonly signatures: number;
};

/** Throws `Fault` `tx_malformed` or `tx_type_not_allowed`. */
export function decodeSignedTransfer(signedHex: string, usdtContract: TronAddress): SignedTransfer {
  const { rawHex, signatures, txId } = decodeSigned(signedHex);
  if (signatures.length === 0) throw new Fault("tx_malformed", "the transaction carries no signature");
  const raw = decodeRawTransaction(rawHex);
  const [contract, ...others] = raw.contracts;
  if (contract === undefined || others.length > 0)
    throw new Fault("tx_malformed", "a transaction has exactly one contract");
  return {
    txId,
    transfer: transferOf(contract, usdtContract),
    expiration: Number(raw.expiration),
    feeLimitSun: units(raw.feeLimit),
    signatures: signatures.length,
  };
}

function transferOf(contract: Contract, usdtContract: TronAddress): TransferOrder {
  if (contract.type === "TransferContract") {
    const { owner_address: owner, to_address: to, amount } = contract.value;
    return { asset: "TRX", from: fromHex41(owner), to: fromHex41(to), amount: units(amount) };
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
  return { asset: "USDT", from: fromHex41(owner), to: call.to, amount: units(call.amount) };
}
