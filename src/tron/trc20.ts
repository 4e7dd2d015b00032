/** The token calls and events that move money (tron.md §7). Amounts are base units. */
import type { TronAddress } from "../domain/chain-facts.ts";
import { Fault } from "../domain/errors.ts";
import { fromEvm20, toEvmWord } from "./address.ts";

/** First 4 bytes of keccak256 of the signature; pinned by a test against the signatures. */
export const SELECTORS = {
  "transfer(address,uint256)": "a9059cbb",
  "transferFrom(address,address,uint256)": "23b872dd",
  "approve(address,uint256)": "095ea7b3",
  "allowance(address,address)": "dd62ed3e",
  "balanceOf(address)": "70a08231",
  "totalSupply()": "18160ddd",
  "decimals()": "313ce567",
  "symbol()": "95d89b41",
  "name()": "06fdde03",
  "owner()": "8da5cb5b",
  "paused()": "5c975abb",
  "pause()": "8456cb59",
  "unpause()": "3f4ba83a",
  "isBlackListed(address)": "e47d6060",
  "getBlackListStatus(address)": "59bf1abe",
  "addBlackList(address)": "0ecb93c0",
  "removeBlackList(address)": "e4997dc5",
  "basisPointsRate()": "dd644f72",
  "maximumFee()": "35390714",
  "calcFee(uint256)": "75dc7d8c",
  "setParams(uint256,uint256)": "c0324c77",
  "deprecated()": "0e136b19",
  "upgradedAddress()": "26976e3f",
} as const;

export const TOPICS = {
  "Transfer(address,address,uint256)": "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
  "Approval(address,address,uint256)": "8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925",
  "AddedBlackList(address)": "42e160154868087d6bfdc0ca23d96a1c1cfa32f1b72ba9ba27b69b98a0d819dc",
  "RemovedBlackList(address)": "d7e9ec6e6ecd65492dce6bf513cd6867560d49544421d0783ddf06e76c24470c",
  "Pause()": "6985a02210a168e66602d3235cb6db0e70f92b3ba4d376a33c0f3d9434bff625",
  "Unpause()": "7805862f689e2f13df9f062ff482ad3ad112aca9e0847911ed832e158c525b33",
  "Params(uint256,uint256)": "b044a1e409eac5c48e5af22d4af52670dd1a99059537a78b31b48c6500a6354e",
} as const;

const UINT256_MAX = 2n ** 256n - 1n;
const CALL = /^a9059cbb[0-9a-f]{128}$/i;
const WORD = /^[0-9a-f]{64}$/i;

/** An event as a node reports it: 20-byte address without 41, topics and data as hex. */
export type Log = { readonly address: string; readonly topics: readonly string[]; readonly data: string };

export function encodeTransferCall(to: TronAddress, amount: bigint): string {
  return SELECTORS["transfer(address,uint256)"] + toEvmWord(to) + encodeUint(amount);
}

/**
 * `undefined` unless the data is exactly one transfer call of 68 bytes. Of the address word only the low 20 bytes
 * count: the contract masks the rest, and some clients leave the 41 there.
 */
export function decodeTransferCall(dataHex: string): { to: TronAddress; amount: bigint } | undefined {
  if (!CALL.test(dataHex)) return undefined;
  return { to: fromEvm20(dataHex.slice(32, 72)), amount: BigInt(`0x${dataHex.slice(72)}`) };
}

/** `undefined` unless it is a Transfer event with three topics and one word of data. Whose token it is, the caller checks. */
export function decodeTransferLog(log: Log): { from: TronAddress; to: TronAddress; amount: bigint } | undefined {
  const [topic, from = "", to = "", ...more] = log.topics;
  if (topic !== TOPICS["Transfer(address,address,uint256)"] || more.length > 0) return undefined;
  if (!WORD.test(from) || !WORD.test(to) || !WORD.test(log.data)) return undefined;
  return { from: fromEvm20(from.slice(24)), to: fromEvm20(to.slice(24)), amount: BigInt(`0x${log.data}`) };
}

/** One 32-byte word. Throws `Fault("invalid_amount")` outside 0..2^256-1. */
export function encodeUint(value: bigint): string {
  if (value < 0n || value > UINT256_MAX) throw new Fault("invalid_amount", "not a uint256");
  return value.toString(16).padStart(64, "0");
}
