import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BlockScene } from "../../src/devnet/evm/run.ts";
import { codeKey, contractKey } from "../../src/devnet/evm/contract-keys.ts";
import { executeContract } from "../../src/devnet/evm/execution.ts";
import { Tvm } from "../../src/devnet/evm/tvm.ts";
import { CONTRACT_RESULTS } from "../../src/devnet/outcome.ts";
import { accountKey, accountOf, newAccount, Session } from "../../src/devnet/state.ts";
import { toHex } from "../../src/tron/bytes.ts";
import { deploy, trigger } from "./contract-support.ts";
import { alice, bob, broadcast, fundedDevnet, infoOf, post, signed } from "./support.ts";

const A = `41${"aa".repeat(20)}`;
const B = `41${"bb".repeat(20)}`;
const BLOCK: BlockScene = {
  number: 300,
  timestamp: 900,
  witness: B,
  idOf: (number) => number.toString(16).padStart(64, "0"),
};
const SUN = 1_000_000n;

/** Code that mostly runs: operations with their operands, and sometimes any byte. */
const operations = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom("5f", "6001", "6020", "60ff", "61ffff", `73${"aa".repeat(20)}`, `73${"bb".repeat(20)}`),
  },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 9 }).map((precompile) => `600${precompile}`) },
  {
    weight: 6,
    arbitrary: fc.constantFrom("80", "81", "90", "91", "50", "5a", "34", "36", "47", "3d", "59", "58", "5b"),
  },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      "01",
      "02",
      "03",
      "04",
      "06",
      "0a",
      "10",
      "14",
      "16",
      "1b",
      "1c",
      "20",
      "51",
      "52",
      "53",
      "5e",
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom("54", "55", "5c", "5d", "31", "3b", "3f", "40", "d1", "d2", "d4", "a0", "a1", "a4"),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom("f0", "f1", "f2", "f4", "f5", "fa", "d0", "ff", "f3", "fd", "3e", "37", "39", "3c"),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "5a5f5f5f5f5f600af1",
      "5f5f5f5f600173bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb5af1",
      "363d3d373d3d3d363d305af4",
    ),
  },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 3 }).map(toHex) },
);
const operand = fc.constantFrom("5f", "5f", "6001", "6005", "6020", "6040", `73${"bb".repeat(20)}`, "5a", "611000");
/** Something lies on the stack to begin with, so that operations find their operands. */
const code = fc
  .tuple(fc.array(operand, { minLength: 0, maxLength: 40 }), fc.array(operations, { minLength: 1, maxLength: 40 }))
  .map(([operands, parts]) => [...operands, ...parts].join(""));

async function run(parts: { a: string; b: string; data: string; creates: boolean }) {
  const session = new Session({ row: () => undefined });
  for (const [address, own] of [
    [A, parts.a],
    [B, parts.b],
  ] as const) {
    session.write(accountKey(address), { ...newAccount(1), balance: SUN, isContract: true });
    session.write(contractKey(address), blank(address));
    session.write(codeKey(address), own);
  }
  session.write(accountKey(alice.hex41), { ...newAccount(1), balance: SUN });
  const contract = parts.creates ? `41${"cc".repeat(20)}` : A;
  const order = {
    txId: "12".repeat(32),
    caller: alice.hex41,
    contract,
    data: parts.creates ? parts.a : parts.data,
    callValue: 7n,
    tokenValue: 0n,
    tokenId: 0n,
    energyLimit: 60_000,
    isConstant: false,
    ...(parts.creates ? { creates: blank(contract) } : {}),
  };
  const vm = new Tvm("00".repeat(32));
  const done = await executeContract(vm, { session, order }, { block: BLOCK, now: 1 });
  return { done, session };
}

function blank(address: string) {
  return {
    origin_address: B,
    contract_address: address,
    abi: undefined,
    bytecode: "",
    call_value: 0n,
    consume_user_resource_percent: 100n,
    name: "",
    origin_energy_limit: 1n,
    code_hash: "",
    trx_hash: "",
    version: 0,
  };
}

const cases = fc.record({
  a: code,
  b: code,
  data: fc.uint8Array({ maxLength: 100 }).map(toHex),
  creates: fc.boolean(),
});

describe("any code", () => {
  test("ends with a result of the node, within its energy, twice the same", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (parts) => {
        const { done, session } = await run(parts);
        expect(Object.keys(CONTRACT_RESULTS)).toContain(done.result);
        expect(done.energyUsed).toBeGreaterThanOrEqual(0);
        expect(done.energyUsed).toBeLessThanOrEqual(60_000);
        expect(done.energyPenalty).toBeLessThanOrEqual(done.energyUsed);
        if (done.result !== "SUCCESS") expect(accountOf(session, alice.hex41)?.balance).toBe(SUN);
        if (done.result !== "SUCCESS") expect(done.logs).toEqual([]);
        expect((await run(parts)).done).toEqual(done);
      }),
      { numRuns: 250, seed: 20 },
    );
  });

  test("neither makes money nor loses any but what destroys itself in itself", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (parts) => {
        const { done, session } = await run(parts);
        const sum = [...session.writes.keys()]
          .filter((key) => key.startsWith("a!"))
          .reduce((total, key) => total + (accountOf(session, key.slice(2))?.balance ?? 0n), 0n);
        const isBurned = done.internals.some(({ note, caller, to }) => note === "suicide" && caller === to);
        if (!isBurned) expect(sum).toBe(3n * SUN);
        else expect(sum).toBeLessThanOrEqual(3n * SUN);
      }),
      { numRuns: 250, seed: 21 },
    );
  });
});

/** Init code that leaves this code behind. */
function returning(runtime: string): string {
  const size = (runtime.length / 2).toString(16).padStart(4, "0");
  return `61${size}600e60003961${size}6000f3${runtime}`;
}

describe("a node that is fed with code", () => {
  test("goes on answering while code runs for long", async () => {
    const devnet = await fundedDevnet();
    const { address } = await deploy(devnet, { bytecode: returning("5b600056") }, { feeLimit: 500_000_000n });
    const tx = await signed(devnet, trigger(address, ""), { feeLimit: 300_000_000n });
    const order: string[] = [];
    const running = broadcast(devnet, tx).then(() => order.push("ran"));
    await post(devnet, "/wallet/getnowblock");
    order.push("answered");
    await running;
    expect(order).toEqual(["answered", "ran"]);
    expect(devnet.ledger.pendingSize()).toBe(1);
  });

  test("lives, makes blocks, and answers", async () => {
    const devnet = await fundedDevnet();
    await devnet.faucet({ address: alice.address, trxSun: 10n ** 13n });
    await devnet.mine();
    const inputs = fc.sample(fc.tuple(code, fc.uint8Array({ maxLength: 70 })), { numRuns: 20, seed: 4 });
    for (const [runtime, data] of inputs) {
      const { address } = await deploy(devnet, { bytecode: returning(runtime) });
      const tx = await signed(devnet, trigger(address, toHex(data)), { feeLimit: 2_000_000n });
      expect(await broadcast(devnet, tx)).toMatchObject({ result: true });
      const body = { owner_address: alice.hex41, data: runtime };
      expect(await post(devnet, "/wallet/triggerconstantcontract", body)).toHaveProperty("result");
      await devnet.mine();
      const info = await infoOf(devnet, tx.txId);
      expect(info["receipt"].result).toBe(devnet.ledger.transaction(tx.txId)?.outcome.result);
    }
    expect(await post(devnet, "/wallet/getaccount", { address: bob.hex41 })).toHaveProperty("balance");
  });
});
