/** Internal transactions: what code did to others, as receipts list it (java-tron InternalTransaction). */
import { fromHex, toHex } from "../../tron/bytes.ts";
import { keccak_256 } from "../../tron/hashes.ts";
import type { InternalTransaction } from "../outcome.ts";
import type { Frame } from "./frame.ts";
import type { Run } from "./run.ts";

export type Internal = {
  readonly note: "call" | "create" | "suicide";
  readonly to: string;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly tokens: readonly { readonly tokenId: string; readonly callValue: bigint }[];
};

export function record(run: Run, frame: Frame, internal: Internal): InternalTransaction {
  run.nonce += 1;
  const receiver = internal.note === "create" ? "" : internal.to;
  const number = (value: bigint | number) => value.toString(16).padStart(16, "0");
  const encoded = frame.hash + receiver + toHex(internal.data) + number(internal.value) + number(run.nonce);
  const made: InternalTransaction = {
    hash: toHex(keccak_256(fromHex(encoded))),
    caller: frame.address,
    to: internal.to,
    values: [{ callValue: internal.value }, ...internal.tokens],
    note: internal.note,
    rejected: false,
  };
  run.internals.push(made);
  return made;
}
