import { describe, expect, test } from "vitest";
import { lookCode, readLook } from "../../src/chain/destination-look.ts";
import type { TronAddress } from "../../src/domain/chain-facts.ts";
import { DESTINATIONS_ASKED_MAX } from "../../src/domain/limits.ts";
import { codeKey } from "../../src/devnet/evm/contract-keys.ts";
import { executeContract } from "../../src/devnet/evm/execution.ts";
import { Tvm } from "../../src/devnet/evm/tvm.ts";
import { CONSTANT_CALL_ENERGY_MAX } from "../../src/devnet/parameters.ts";
import { accountKey, newAccount, Session } from "../../src/devnet/state.ts";
import { fromHex41, toHex41 } from "../../src/tron/address.ts";

const addressOf = (number: number): TronAddress => fromHex41(`41${number.toString(16).padStart(40, "0")}`);
const TOKEN = addressOf(0x7000);
const MOST = Array.from({ length: DESTINATIONS_ASKED_MAX }, (_, index) => addressOf(0x1000 + index));
/** Says that an address is frozen whose last bit is one. */
const ODD_ARE_FROZEN = "60043560011660005260206000f3";

/** The code as a node runs it, beside a token with the given code. */
async function tried(data: string, tokenCode: string) {
  const session = new Session({ row: () => undefined });
  const contract = `41${"cc".repeat(20)}`;
  const caller = `41${"00".repeat(20)}`;
  if (tokenCode !== "") {
    session.write(accountKey(toHex41(TOKEN)), { ...newAccount(1), isContract: true });
    session.write(codeKey(toHex41(TOKEN)), tokenCode);
  }
  const creates = {
    origin_address: caller,
    contract_address: contract,
    abi: undefined,
    bytecode: data,
    call_value: 0n,
    consume_user_resource_percent: 100n,
    name: "",
    origin_energy_limit: 1n,
    code_hash: "",
    trx_hash: "",
    version: 0,
  };
  const order = { txId: "ab".repeat(32), caller, contract, data, creates, isConstant: true };
  const terms = { callValue: 0n, tokenValue: 0n, tokenId: 0n, energyLimit: CONSTANT_CALL_ENERGY_MAX };
  const block = { number: 1, timestamp: 1, witness: "", idOf: () => undefined };
  return executeContract(new Tvm("00".repeat(32)), { session, order: { ...order, ...terms } }, { block, now: 1 });
}

describe("a look at many addresses", () => {
  test("tells each of as many as one question may have, in their order, for a fraction of what a node allows", async () => {
    const done = await tried(lookCode(MOST, TOKEN), ODD_ARE_FROZEN);
    expect(done).toMatchObject({ result: "SUCCESS", logs: [] });
    expect(readLook(done.output, MOST.length)).toEqual(
      MOST.map((_, index) => ({ isContract: false, isFrozen: index % 2 === 1 })),
    );
    expect(done.energyUsed).toBeLessThan(CONSTANT_CALL_ENERGY_MAX / 100);
  });

  test("knows a contract by its code", async () => {
    const done = await tried(lookCode([addressOf(2), TOKEN], TOKEN), ODD_ARE_FROZEN);
    expect(readLook(done.output, 2)).toEqual([
      { isContract: false, isFrozen: false },
      { isContract: true, isFrozen: false },
    ]);
  });

  test.each([
    ["is not there", ""],
    ["reverts with a word", "600160005260206000fd"],
    ["does what no machine knows", "fe"],
    ["never ends", "5b600056"],
    ["writes", "6001600055600160005260206000f3"],
    ["says nothing", "00"],
    ["says less than a word", "6001600052601f6000f3"],
    ["says more than a word", "600160005260406000f3"],
  ])("does not know who is frozen when the token %s, but still who is a contract", async (_name, code) => {
    const done = await tried(lookCode([...MOST.slice(1), TOKEN], TOKEN), code);
    expect(done.result).toBe("SUCCESS");
    const facts = readLook(done.output, MOST.length);
    expect(facts.map(({ isFrozen }) => isFrozen)).toEqual(MOST.map(() => undefined));
    expect(facts.map(({ isContract }) => isContract)).toEqual([...MOST.slice(1).map(() => false), code !== ""]);
  });

  test("asks no token where none is named", async () => {
    const done = await tried(lookCode([addressOf(1), TOKEN]), ODD_ARE_FROZEN);
    expect(readLook(done.output, 2)).toEqual([
      { isContract: false, isFrozen: undefined },
      { isContract: true, isFrozen: undefined },
    ]);
  });

  test("uses no instruction that a chain had to learn after Istanbul", () => {
    const code = Buffer.from(lookCode([]).slice(0, -3 * 64), "hex");
    const used = new Set<number>();
    for (let at = 0; at < code.length; at += 1) {
      const instruction = code[at] ?? 0;
      used.add(instruction);
      if (instruction >= 0x60 && instruction <= 0x7f) at += instruction - 0x5f;
    }
    // BASEFEE, BLOBHASH, BLOBBASEFEE, TLOAD, TSTORE, MCOPY, PUSH0
    expect([0x48, 0x49, 0x4a, 0x5c, 0x5d, 0x5e, 0x5f].filter((instruction) => used.has(instruction))).toEqual([]);
  });
});

describe("an answer to a look", () => {
  test("is nothing but what the code can have said", () => {
    expect(readLook("00010305070d0f", 6)).toEqual([
      { isContract: false, isFrozen: undefined },
      { isContract: true, isFrozen: undefined },
      { isContract: false, isFrozen: false },
      { isContract: true, isFrozen: false },
      { isContract: false, isFrozen: true },
      { isContract: true, isFrozen: true },
    ]);
  });

  test.each([
    ["nothing", ""],
    ["one address too few", "0001"],
    ["one address too many", "00010101"],
    ["another first byte", "ef0101"],
    ["an address that was not looked at", "000100"],
    ["frozen, as nobody said", "000109"],
    ["a bit that has no meaning", "000111"],
    ["a word of zeros", "00".repeat(32)],
  ])("that is %s is a fault of the node", (_name, answer) => {
    expect(() => readLook(answer, 2)).toThrow(expect.objectContaining({ code: "chain_error" }));
  });
});
