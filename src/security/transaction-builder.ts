/**
 * Builds unsigned transactions with TronWeb: its protobuf messages and its reading of addresses. Reference block,
 * expiration and timestamp come from the order, so no node is asked. TronWeb's `transactionBuilder` makes the same bytes
 * (a test compares them) at three times the cost: it checks and converts each value several times.
 */
import { hash } from "node:crypto";
import { utils } from "tronweb";
import type { TronAddress } from "../domain/chain-facts.ts";
import { Fault } from "../domain/errors.ts";
import type { BuiltTransaction, SigningOrder } from "../ports/world.ts";
import { toHex } from "../tron/bytes.ts";

const BASE58_ADDRESS = /^T[1-9A-HJ-NP-Za-km-z]{33}$/;
const HEX_ID = /^[0-9a-f]{64}$/;
const ADDRESS_PREFIX = 0x41;
const ADDRESS_BYTES = 21;
/** "0x" and 4 bytes. */
const TRANSFER_SELECTOR = utils.ethersUtils.id("transfer(address,uint256)").slice(2, 10);

/** TronWeb's protobuf classes have no types. */
const protobuf: { txJsonToPb(transaction: object): { getRawData(): { serializeBinary(): Uint8Array } } } =
  utils.transaction;

export type TransactionBuilder = (order: SigningOrder) => BuiltTransaction;

/** Throws `Fault("order_mismatch")` when no transaction can say what is ordered, for example because the amount is 0. */
export function createTransactionBuilder(usdtContract: TronAddress): TransactionBuilder {
  const contractHex = hexOf(usdtContract);
  return (order) => {
    try {
      return built(order.asset === "USDT" ? usdtTransfer(order, contractHex) : trxTransfer(order), order);
    } catch (cause) {
      if (cause instanceof Fault) throw cause;
      throw new Fault("order_mismatch", "TronWeb refuses to build this order", { cause });
    }
  };
}

/** The part of a transaction that differs between transfers, as TronWeb's JSON. */
type Transfer = {
  readonly contract: {
    readonly type: string;
    readonly parameter: { readonly value: Readonly<Record<string, unknown>> };
  };
  readonly feeLimitSun: number;
};

/** The ABI words are written here because TronWeb's coder costs as much as a signature; `sign` decodes them again. */
function usdtTransfer(order: SigningOrder, contractHex: string): Transfer {
  const words = hexOf(order.to).slice(2).padStart(64, "0") + BigInt(order.amount).toString(16).padStart(64, "0");
  const value = { owner_address: hexOf(order.from), contract_address: contractHex, data: TRANSFER_SELECTOR + words };
  return {
    contract: { type: "TriggerSmartContract", parameter: { value } },
    feeLimitSun: positiveInteger(order.feeLimitSun, "fee_limit"),
  };
}

function trxTransfer(order: SigningOrder): Transfer {
  if (order.to === order.from) throw new Fault("order_mismatch", "TRX cannot be sent to where it is");
  const value = {
    owner_address: hexOf(order.from),
    to_address: hexOf(order.to),
    amount: positiveInteger(order.amount, "amount"),
  };
  return { contract: { type: "TransferContract", parameter: { value } }, feeLimitSun: 0 };
}

/** tron.md §1.2: bytes 6..8 of the block number, bytes 8..16 of the block id. */
function built({ contract, feeLimitSun }: Transfer, order: SigningOrder): BuiltTransaction {
  const { reference, expiration, timestamp } = order;
  if (!HEX_ID.test(reference.id)) throw new Fault("order_mismatch", "The reference block has no valid id");
  const raw = {
    contract: [contract],
    ref_block_bytes: reference.number.toString(16).padStart(4, "0").slice(-4),
    ref_block_hash: reference.id.slice(16, 32),
    expiration: positiveInteger(expiration, "expiration"),
    timestamp: positiveInteger(timestamp, "timestamp"),
    fee_limit: feeLimitSun,
  };
  const bytes = protobuf.txJsonToPb({ raw_data: raw }).getRawData().serializeBinary();
  return { rawHex: toHex(bytes), txId: hash("sha256", bytes, "hex") };
}

/** TronWeb carries numbers as doubles: 9 billion TRX at most. Above it, refuse rather than round. */
function positiveInteger(value: string | number, field: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new Fault("order_mismatch", `${field} is beyond what TronWeb can carry`);
  if (number <= 0) throw new Fault("order_mismatch", `${field} is not above zero`);
  return number;
}

/** 42 hex characters, of an address whose checksum is right. Hex, which has none, is refused. */
function hexOf(address: TronAddress): string {
  if (!BASE58_ADDRESS.test(address)) throw new Fault("order_mismatch", "Not a TRON address in base58");
  const bytes = Buffer.from(utils.base58.decode58(address));
  const payload = bytes.subarray(0, ADDRESS_BYTES);
  const checksum = hash("sha256", hash("sha256", payload, "buffer"), "buffer").subarray(0, 4);
  if (payload[0] !== ADDRESS_PREFIX || !checksum.equals(bytes.subarray(ADDRESS_BYTES)))
    throw new Fault("order_mismatch", "A TRON address has a wrong checksum");
  return payload.toString("hex");
}
