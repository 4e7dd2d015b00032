/** Transactions that a hostile or broken builder might hand over instead of the one that was ordered. */
import type { SigningOrder } from "../../src/ports/world.ts";
import { toHex41 } from "../../src/tron/address.ts";
import { decodeRawTransaction, encodeRawTransaction } from "../../src/tron/transaction.ts";
import type { RawTransaction } from "../../src/tron/transaction.ts";
import { vectors } from "./support.ts";

/** `field`: what the refusal must name. */
export type Forgery = { readonly name: string; readonly rawHex: string; readonly field: string };

type Contract = RawTransaction["contracts"][number];

const THIEF = toHex41(vectors.pk1.address);

export function corpus(order: SigningOrder, rightHex: string): Forgery[] {
  const right = decodeRawTransaction(rightHex);
  const [contract] = right.contracts;
  if (contract === undefined) throw new Error("the right bytes hold one contract");
  const envelope = (name: string, field: string, change: Partial<RawTransaction>): Forgery => ({
    name,
    field,
    rawHex: encodeRawTransaction({ ...right, ...change }),
  });
  const inner = (name: string, field: string, change: Record<string, unknown>): Forgery =>
    envelope(name, field, { contracts: [{ ...contract, value: { ...contract.value, ...change } } as Contract] });
  return [
    envelope("a memo", "memo", { data: "6869" }),
    envelope("a later expiration", "expiration", { expiration: right.expiration + 60_000n }),
    envelope("another timestamp", "timestamp", { timestamp: right.timestamp + 1n }),
    envelope("a higher fee limit", "fee_limit", { feeLimit: right.feeLimit + 1n }),
    envelope("a huge fee limit", "fee_limit", { feeLimit: 15_000_000_000n }),
    envelope("another reference block number", "ref_block_bytes", { refBlockBytes: "2928" }),
    envelope("another reference block hash", "ref_block_hash", { refBlockHash: "39ece39d08a7abe5" }),
    envelope("no reference block", "ref_block_hash", { refBlockHash: "" }),
    envelope("no contract", "contracts", { contracts: [] }),
    envelope("the contract twice", "contracts", { contracts: [contract, contract] }),
    envelope("a second contract", "contracts", { contracts: [contract, trxTransfer(order)] }),
    envelope("another permission", "permission_id", { contracts: [{ ...contract, permissionId: 2 }] }),
    inner("another owner", "owner", { owner_address: THIEF }),
    envelope("a contract of another type", "type", { contracts: [unfreeze(order)] }),
    ...(order.asset === "USDT"
      ? usdtForgeries(order, { contract, envelope, inner })
      : trxForgeries(order, { envelope, inner })),
    ...wireForgeries(right, rightHex),
  ];
}

type Makers = {
  readonly envelope: (name: string, field: string, change: Partial<RawTransaction>) => Forgery;
  readonly inner: (name: string, field: string, change: Record<string, unknown>) => Forgery;
};

function usdtForgeries(order: SigningOrder, { contract, envelope, inner }: Makers & { contract: Contract }): Forgery[] {
  const data = String("data" in contract.value ? contract.value.data : "");
  const words = { selector: data.slice(0, 8), to: data.slice(8, 72), amount: data.slice(72) };
  const call = (change: Partial<typeof words>): string => Object.values({ ...words, ...change }).join("");
  const word = (hex: string): string => hex.padStart(64, "0");
  return [
    envelope("TRX instead of USDT", "type", { contracts: [trxTransfer(order)] }),
    inner("another token contract", "token", { contract_address: THIEF }),
    inner("TRX sent along", "call_value", { call_value: 1_000_000n }),
    inner("a TRC-10 token sent along", "call_token_value", { call_token_value: 1n }),
    inner("a TRC-10 token id", "token_id", { token_id: 1_000_001n }),
    inner("another recipient", "recipient", { data: call({ to: word(THIEF.slice(2)) }) }),
    inner("a recipient word with the 41 left in", "recipient", { data: call({ to: word(toHex41(order.to)) }) }),
    inner("a recipient word with other bytes in front", "recipient", { data: call({ to: `ff${words.to.slice(2)}` }) }),
    inner("a greater amount", "amount", { data: call({ amount: word((BigInt(order.amount) + 1n).toString(16)) }) }),
    inner("an amount with bits beyond int64", "amount", { data: call({ amount: `80${words.amount.slice(2)}` }) }),
    inner("approve instead of transfer", "selector", { data: call({ selector: "095ea7b3" }) }),
    inner("transferFrom instead of transfer", "selector", { data: call({ selector: "23b872dd" }) }),
    inner("increaseApproval instead of transfer", "selector", { data: call({ selector: "d73dd623" }) }),
    inner("bytes after the call", "call_data_length", { data: `${data}00` }),
    inner("a call cut short", "call_data_length", { data: data.slice(0, -2) }),
    inner("no call", "selector", { data: "" }),
  ];
}

function trxForgeries(order: SigningOrder, { envelope, inner }: Makers): Forgery[] {
  const value = {
    owner_address: toHex41(order.from),
    contract_address: toHex41("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"),
    call_value: 0n,
    data: `a9059cbb${toHex41(order.to).slice(2).padStart(64, "0")}${BigInt(order.amount).toString(16).padStart(64, "0")}`,
    call_token_value: 0n,
    token_id: 0n,
  };
  return [
    inner("another recipient", "recipient", { to_address: THIEF }),
    inner("a greater amount", "amount", { amount: BigInt(order.amount) + 1n }),
    inner("a negative amount", "amount", { amount: -1n }),
    inner("no amount", "amount", { amount: 0n }),
    envelope("USDT instead of TRX", "type", { contracts: [{ type: "TriggerSmartContract", permissionId: 0, value }] }),
  ];
}

/** Bytes that mean the same to a lenient reader, and bytes that a reader could skip. */
function wireForgeries(right: RawTransaction, rightHex: string): Forgery[] {
  const field = (name: string, hex: string): Forgery => ({ name, field: "encoding", rawHex: rightHex + hex });
  return [
    field("ref_block_num, which no client sets", "1801"),
    field("auths", "4a00"),
    field("scripts", "620101"),
    field("an unknown field", "f80701"),
    field("an unknown group", "0b0c"),
    field("a trailing zero byte", "00"),
    field("trailing garbage", "ffffffffff"),
    field("the expiration twice", rightHex.slice(rightHex.indexOf("40"), rightHex.indexOf("40") + 14)),
    field("an empty memo written out", "5200"),
    field("a zero fee limit written out", "900100"),
    { name: "the last byte missing", field: "encoding", rawHex: rightHex.slice(0, -2) },
    {
      name: "the hash before the number",
      field: "encoding",
      rawHex: rightHex.slice(8, 28) + rightHex.slice(0, 8) + rightHex.slice(28),
    },
    { name: "a varint longer than needed", field: "encoding", rawHex: rightHex.replace(/^0a02/, "0a8200") },
    { name: "no timestamp", field: "timestamp", rawHex: encodeRawTransaction({ ...right, timestamp: 0n }) },
  ];
}

function trxTransfer(order: SigningOrder): Contract {
  const value = { owner_address: toHex41(order.from), to_address: toHex41(order.to), amount: BigInt(order.amount) };
  return { type: "TransferContract", permissionId: 0, value };
}

function unfreeze(order: SigningOrder): Contract {
  const value = { owner_address: toHex41(order.from), unfreeze_balance: BigInt(order.amount), resource: 1 };
  return { type: "UnfreezeBalanceV2Contract", permissionId: 0, value };
}
