/** Endpoints whose feature is off: they answer as a node does that was configured without it. */
import type { Field } from "../../tron/protobuf.ts";
import { address, bytes, int64 } from "../../tron/shapes/fields.ts";
import type { Json } from "./json.ts";
import { NodeError } from "./node-error.ts";
import { type ApiRequest, messageOf } from "./request.ts";
import type { Context } from "./route.ts";

/** The keys and proofs of shielded TRC20 transfers. */
export function shielded(): Json {
  throw new NodeError("org.tron.core.exception.ZksnarkException", "ShieldedTransactionApi is not allowed");
}

const BLOCK_IDENTIFIER = { hash: bytes(1), number: int64(2) } as const;
const BALANCE_REQUEST = {
  account_identifier: { n: 1, is: { address: address(1) } },
  block_identifier: { n: 2, is: BLOCK_IDENTIFIER },
} as const satisfies Record<string, Field>;

/** Balances of the past are not kept: zero, with the block that was asked for. */
export function getAccountBalance(request: ApiRequest, context: Context): Json {
  const { account_identifier: account, block_identifier: block } = messageOf(request, BALANCE_REQUEST);
  if (account === undefined) throw illegal("account_identifier is null");
  if (account.address === "") throw illegal("account_identifier address is null");
  if (block === undefined) throw illegal("block_identifier null");
  checkBlock(block, context);
  return { balance: 0, block_identifier: { hash: block.hash, number: block.number } };
}

/** Movements of money inside blocks are not kept. */
export function getBlockBalance(request: ApiRequest, context: Context): Json {
  checkBlock(messageOf(request, BLOCK_IDENTIFIER), context);
  throw new NodeError("org.tron.core.exception.ItemNotFoundException", "This block does not exist");
}

function checkBlock({ hash, number }: { hash: string; number: bigint }, context: Context): void {
  if (number < 0n) throw illegal("block_identifier number less than 0");
  if (hash.length !== 64) throw illegal("block_identifier hash length not equals 32");
  const block = number > BigInt(context.at.number) ? undefined : context.chain.store.block(Number(number));
  if (block === undefined) {
    throw new NodeError("org.tron.core.exception.ItemNotFoundException", `number: ${number} is not found!`);
  }
  if (block.id !== hash) throw illegal("number and hash do not match");
}

function illegal(message: string): NodeError {
  return new NodeError("java.lang.IllegalArgumentException", message);
}
