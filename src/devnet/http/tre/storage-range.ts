/** The slots of a contract, in the order of their hashes, as `debug_storageRangeAt` shows them. */
import { fromHex, toHex } from "../../../tron/bytes.ts";
import { keccak_256 } from "../../../tron/hashes.ts";
import type { Chain } from "../../chain.ts";
import { contractKey, slotKey, storageOwner } from "../../evm/contract-keys.ts";
import { read } from "../../state.ts";
import type { Json } from "../json.ts";
import { InvalidParameters } from "./json-rpc.ts";

type Range = { readonly contract: string; readonly from: string; readonly limit: number };

/** Words are 64 hex characters. The caller sees to it that nothing changes meanwhile. */
export async function storageRange(chain: Chain, { contract, from, limit }: Range): Promise<Json> {
  const { store } = chain;
  const owner = storageOwner(contract, read(store, contractKey(contract)));
  const keys = await store.keysOf(`s!${owner}!`);
  const slots = keys
    .map((key) => key.slice(key.lastIndexOf("!") + 1))
    .map((slot) => ({ slot, hash: toHex(keccak_256(fromHex(slot))) }))
    .filter(({ hash }) => hash >= from)
    .toSorted((a, b) => (a.hash < b.hash ? -1 : 1));
  const shown = slots.slice(0, limit).map(({ slot, hash }) => {
    const value = read(store, slotKey(owner, BigInt(`0x${slot}`))) ?? 0n;
    return [hash, { key: slot, value: value.toString(16).padStart(64, "0") }] as const;
  });
  return { storage: Object.fromEntries(shown), nextKey: slots[limit]?.hash ?? null };
}

/** The state is known at the head only. Throws `InvalidParameters` for any other block. */
export function mustBeHead(chain: Chain, block: unknown): void {
  const { number, id } = chain.store.head;
  const spellings = [null, undefined, "latest", 0, number, String(number), `0x${number.toString(16)}`, id, `0x${id}`];
  if (!spellings.includes(typeof block === "bigint" ? Number(block) : asIs(block))) {
    throw new InvalidParameters("only the latest/current state is supported");
  }
}

function asIs(block: unknown): string | number | null | undefined {
  return typeof block === "string" || typeof block === "number" || block === null ? block : undefined;
}
