/** A node that wants to hide a transaction has to show other transactions with the same root. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { provesBody } from "../../src/chain/block-integrity.ts";
import type { WireBlock, WireTransaction } from "../../src/chain/wire.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
/** Transaction.raw_data of 62 bytes: what the first two bytes of 64 have to be for all of them to read as a transaction. */
const RAW_OF_62 = [0x0a, 0x3e];

/** One that serialises as raw_data alone, as no signed transaction does. */
function transaction(raw: Uint8Array): { wire: WireTransaction; leaf: Buffer } {
  const wire = { txID: sha256(raw).toString("hex"), raw_data_hex: Buffer.from(raw).toString("hex") };
  return { wire, leaf: sha256(Buffer.concat([Buffer.from([0x0a, raw.length]), raw])) };
}

function block(root: Uint8Array, transactions: readonly WireTransaction[]): WireBlock {
  const raw_data = {
    number: 5,
    timestamp: 1,
    parentHash: "0".repeat(64),
    txTrieRoot: Buffer.from(root).toString("hex"),
  };
  return { blockID: "0".repeat(64), block_header: { raw_data }, transactions } as unknown as WireBlock;
}

/** Its leaf begins as a transaction begins; one in 65,536 does by itself. */
function leftOne(): ReturnType<typeof transaction> {
  for (let salt = 0; ; salt += 1) {
    const made = transaction(Buffer.alloc(100, `salt ${salt} `));
    if (RAW_OF_62.every((byte, at) => made.leaf[at] === byte)) return made;
  }
}

test("two hashes of a tree are no transaction, even if they read as one", () => {
  const [left, right] = [leftOne(), transaction(Buffer.alloc(100, "paid"))];
  const pair = Buffer.concat([left.leaf, right.leaf]);
  const root = sha256(pair);
  expect(provesBody(block(root, [left.wire, right.wire]))).toBe(true);
  const forged = transaction(pair.subarray(2));
  expect(forged.leaf).toEqual(root);
  expect(() => provesBody(block(root, [forged.wire]))).toThrow("64 bytes");
});
