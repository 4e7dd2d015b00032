/**
 * Builds unsigned transactions with TronWeb, offline: reference block, expiration and timestamp come from the order
 * (`options.blockHeader`), so TronWeb asks no node. Should a future version ask all the same, its provider refuses.
 */
import { providers, TronWeb } from "tronweb";
import type { TronAddress } from "../domain/chain-facts.ts";
import { Fault } from "../domain/errors.ts";
import type { BuiltTransaction, SigningOrder } from "../ports/world.ts";

const SENDERS_CACHED_MAX = 1_000;
const BASE58_ADDRESS = /^T[1-9A-HJ-NP-Za-km-z]{33}$/;
const HEX_ID = /^[0-9a-f]{64}$/;

class NoNetwork extends providers.HttpProvider {
  constructor() {
    // A port that nothing listens on; `request` below does not even try.
    super("http://127.0.0.1:1");
  }

  override request<T>(): Promise<T> {
    return Promise.reject(new Fault("internal", "A transaction is built without asking a node"));
  }
}

export type TransactionBuilder = (order: SigningOrder) => Promise<BuiltTransaction>;

/** Throws `Fault("order_mismatch")` when TronWeb refuses the order, for example because the amount is 0. */
export function createTransactionBuilder(usdtContract: TronAddress): TransactionBuilder {
  const tronWeb = new TronWeb({ fullHost: "http://127.0.0.1:1" });
  const nowhere = new NoNetwork();
  tronWeb.setFullNode(nowhere);
  tronWeb.setSolidityNode(nowhere);
  const contractHex = hexOf(usdtContract);
  const senders = new Map<TronAddress, string>();
  const senderHex = (address: TronAddress): string => {
    const known = senders.get(address);
    if (known !== undefined) return known;
    if (senders.size >= SENDERS_CACHED_MAX) senders.clear();
    const hex = hexOf(address);
    senders.set(address, hex);
    return hex;
  };
  return async (order) => {
    try {
      const parties = { from: senderHex(order.from), to: hexOf(order.to), contract: contractHex };
      return order.asset === "USDT"
        ? await buildUsdt(tronWeb, order, parties)
        : await buildTrx(tronWeb, order, parties);
    } catch (cause) {
      if (cause instanceof Fault) throw cause;
      throw new Fault("order_mismatch", "TronWeb refuses to build this order", { cause });
    }
  };
}

type Parties = { readonly from: string; readonly to: string; readonly contract: string };

async function buildUsdt(tronWeb: TronWeb, order: SigningOrder, parties: Parties): Promise<BuiltTransaction> {
  // The ABI words are written here because TronWeb's coder costs as much as a signature; `sign` decodes them again.
  const rawParameter = parties.to.slice(2).padStart(64, "0") + BigInt(order.amount).toString(16).padStart(64, "0");
  const options = {
    txLocal: true,
    callValue: 0,
    feeLimit: safeInteger(order.feeLimitSun, "fee_limit"),
    blockHeader: blockHeader(order),
    rawParameter,
  };
  const { transaction } = await tronWeb.transactionBuilder.triggerSmartContract(
    parties.contract,
    "transfer(address,uint256)",
    options,
    [],
    parties.from,
  );
  return built(transaction);
}

async function buildTrx(tronWeb: TronWeb, order: SigningOrder, parties: Parties): Promise<BuiltTransaction> {
  const amount = safeInteger(order.amount, "amount");
  const options = { blockHeader: blockHeader(order) };
  return built(await tronWeb.transactionBuilder.sendTrx(parties.to, amount, parties.from, options));
}

/** tron.md §1.2: bytes 6..8 of the block number, bytes 8..16 of the block id. */
function blockHeader(order: SigningOrder): {
  ref_block_bytes: string;
  ref_block_hash: string;
  expiration: number;
  timestamp: number;
} {
  if (!HEX_ID.test(order.reference.id)) throw new Fault("order_mismatch", "The reference block has no valid id");
  return {
    ref_block_bytes: order.reference.number.toString(16).padStart(4, "0").slice(-4),
    ref_block_hash: order.reference.id.slice(16, 32),
    expiration: order.expiration,
    timestamp: order.timestamp,
  };
}

function built(transaction: { raw_data_hex: string; txID: string }): BuiltTransaction {
  return { rawHex: transaction.raw_data_hex, txId: transaction.txID };
}

/** TronWeb carries sun as a double: 9 billion TRX at most. Above it, refuse rather than round. */
function safeInteger(units: string, field: string): number {
  const value = Number(units);
  if (!Number.isSafeInteger(value)) throw new Fault("order_mismatch", `${field} is beyond what TronWeb can carry`);
  return value;
}

/** 42 hex characters. TronWeb throws when the checksum is wrong; hex, which has none, is refused here. */
function hexOf(address: TronAddress): string {
  if (!BASE58_ADDRESS.test(address)) throw new Fault("order_mismatch", "Not a TRON address in base58");
  return TronWeb.address.toHex(address);
}
