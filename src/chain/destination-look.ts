/**
 * One call that looks at many addresses (contracts/destinations.sol): the code that a node tries, and what its answer
 * means. The answer is checked by its form alone; what one node says of an address is no proof.
 */
import type { DestinationFacts, TronAddress } from "../domain/chain-facts.ts";
import { Fault } from "../domain/errors.ts";
import { toEvmWord, ZERO_ADDRESS } from "../tron/address.ts";
import { encodeUint } from "../tron/trc20.ts";
import artifact from "./contracts/destinations.json" with { type: "json" };

const LOOKED_AT = 1;
const HAS_CODE = 2;
const TOKEN_ANSWERED = 4;
const IS_FROZEN = 8;
/** Whatever else a node answers is not from this code. */
const KNOWN: ReadonlySet<number> = new Set(
  [0, TOKEN_ANSWERED, TOKEN_ANSWERED | IS_FROZEN].flatMap((status) => [
    LOOKED_AT | status,
    LOOKED_AT | HAS_CODE | status,
  ]),
);

/** Code and arguments, hex. Without `token` nobody is asked who is frozen. */
export function lookCode(addresses: readonly TronAddress[], token: TronAddress = ZERO_ADDRESS): string {
  const head = [toEvmWord(token), encodeUint(64n), encodeUint(BigInt(addresses.length))];
  return artifact.bytecode + [...head, ...addresses.map(toEvmWord)].join("");
}

/** In the order of the question, one for each of `count` addresses. Throws `Fault("chain_error")`. */
export function readLook(answer: string, count: number): DestinationFacts[] {
  const [first, ...bytes] = Buffer.from(answer, "hex");
  if (first !== 0 || bytes.length !== count || !bytes.every((byte) => KNOWN.has(byte)))
    throw new Fault("chain_error", `the look at ${count} addresses was answered with something else`);
  return bytes.map((byte) => ({
    isContract: (byte & HAS_CODE) !== 0,
    isFrozen: (byte & TOKEN_ANSWERED) === 0 ? undefined : (byte & IS_FROZEN) !== 0,
  }));
}
