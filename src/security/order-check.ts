/**
 * Compares bytes with an order before they are signed. The bytes are read by `tron/transaction`, which shares nothing
 * with the builder: a builder that lies, or errs, is found out here (threats.md A.11).
 *
 * O1. Every field that bytes can carry is named below and must say exactly what was ordered; what the decoder does not
 *     know, it refuses.
 * O2. The bytes are the canonical encoding of what was read, and the txID is their hash.
 * O3. Nothing here is secret: differences may be shown.
 */
import type { TronAddress } from "../domain/chain-facts.ts";
import { isFault } from "../domain/errors.ts";
import type { BuiltTransaction, SigningOrder } from "../ports/world.ts";
import { toHex41 } from "../tron/address.ts";
import { decodeRawTransaction, encodeRawTransaction, refBlockOf, txIdOf } from "../tron/transaction.ts";
import type { RawTransaction } from "../tron/transaction.ts";
import { encodeTransferCall } from "../tron/trc20.ts";

export type Difference = { readonly field: string; readonly ordered: string; readonly found: string };

export type OrderCheck = {
  readonly order: SigningOrder;
  readonly built: BuiltTransaction;
  /** Address of the key that would sign. */
  readonly signer: TronAddress;
  readonly usdtContract: TronAddress;
};

type Contract = RawTransaction["contracts"][number];
/** field, what the order says, what the bytes say */
type Comparison = readonly [string, string | bigint | number, string | bigint | number];

const HEX = /^(?:[0-9a-f]{2})+$/;
/** Longer values are cut: a difference is shown to people. */
const SHOWN_LENGTH_MAX = 160;

/** Every difference between bytes and order; empty when they may be signed. */
export function differences(check: OrderCheck): Difference[] {
  const { order, built } = check;
  if (!HEX.test(built.rawHex)) return [{ field: "encoding", ordered: "lower-case hex", found: "something else" }];
  const raw = decoded(built.rawHex);
  if (typeof raw === "string") return [{ field: "encoding", ordered: "a known, canonical transaction", found: raw }];
  const comparisons: Comparison[] = [
    ["signer", order.from, check.signer],
    ["encoding", encodeRawTransaction(raw), built.rawHex],
    ["txId", txIdOf(built.rawHex), built.txId],
    ...compareEnvelope(order, raw),
    ["contracts", 1, raw.contracts.length],
    ...raw.contracts.flatMap((contract) => compareContract(check, contract)),
  ];
  return comparisons.filter(([, ordered, found]) => ordered !== found).map(difference);
}

function decoded(rawHex: string): RawTransaction | string {
  try {
    return decodeRawTransaction(rawHex);
  } catch (error) {
    return isFault(error) ? error.message : "undecodable bytes";
  }
}

function compareEnvelope(order: SigningOrder, raw: RawTransaction): Comparison[] {
  const { refBlockBytes, refBlockHash } = refBlockOf(order.reference.number, order.reference.id);
  return [
    ["ref_block_bytes", refBlockBytes, raw.refBlockBytes],
    ["ref_block_hash", refBlockHash, raw.refBlockHash],
    ["expiration", BigInt(order.expiration), raw.expiration],
    ["timestamp", BigInt(order.timestamp), raw.timestamp],
    // A TRX transfer has no fee limit: absent and 0 are the same bytes.
    ["fee_limit", BigInt(order.feeLimitSun), raw.feeLimit],
    ["memo", "", raw.data],
  ];
}

function compareContract(check: OrderCheck, contract: Contract): Comparison[] {
  const { order } = check;
  const wanted = order.asset === "USDT" ? "TriggerSmartContract" : "TransferContract";
  const kind: Comparison[] = [
    ["type", wanted, contract.type],
    ["permission_id", 0, contract.permissionId],
  ];
  if (contract.type !== wanted) return kind;
  if (contract.type === "TransferContract") {
    return [
      ...kind,
      ["owner", toHex41(order.from), contract.value.owner_address],
      ["recipient", toHex41(order.to), contract.value.to_address],
      ["amount", BigInt(order.amount), contract.value.amount],
    ];
  }
  if (contract.type !== "TriggerSmartContract") return kind;
  return [
    ...kind,
    ["owner", toHex41(order.from), contract.value.owner_address],
    ["token", toHex41(check.usdtContract), contract.value.contract_address],
    ["call_value", 0n, contract.value.call_value],
    ["call_token_value", 0n, contract.value.call_token_value],
    ["token_id", 0n, contract.value.token_id],
    ...compareCall(order, contract.value.data),
  ];
}

/** Word by word, so that the answer names what was changed. Exactly 68 bytes, with nothing in the unused ones. */
function compareCall(order: SigningOrder, data: string): Comparison[] {
  const call = encodeTransferCall(order.to, BigInt(order.amount));
  return [
    ["selector", call.slice(0, 8), data.slice(0, 8)],
    ["recipient", call.slice(8, 72), data.slice(8, 72)],
    ["amount", call.slice(72, 136), data.slice(72, 136)],
    ["call_data_length", call.length, data.length],
  ];
}

function difference([field, ordered, found]: Comparison): Difference {
  return { field, ordered: shown(ordered), found: shown(found) };
}

function shown(value: string | bigint | number): string {
  const text = String(value);
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}…` : text;
}
