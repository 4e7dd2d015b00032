/**
 * Threats A11 and A12: what a node says can change two things in the bytes that are signed, the fee limit up to the cap
 * and nothing of the order; everything else comes from the order and from the follower's block. The node here answers
 * each question of an estimate with whatever an attacker would.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEffects } from "../../src/actors/effects/table.ts";
import type { EffectContext } from "../../src/actors/dispatcher.ts";
import { isFault } from "../../src/domain/errors.ts";
import { units } from "../../src/domain/money.ts";
import type { BuildInput, BuildOutput, SignOutput } from "../../src/machines/transaction-context.ts";
import type {
  BuiltTransaction,
  ChainView,
  PreparedTransaction,
  SignedTransaction,
  Signer,
} from "../../src/ports/world.ts";
import { seal } from "../../src/security/envelope.ts";
import { walletContext } from "../../src/security/key-records.ts";
import { Secret } from "../../src/security/secret.ts";
import { openJobs } from "../../src/security/signing-jobs.ts";
import { toHex41 } from "../../src/tron/address.ts";
import { decodeRawTransaction, decodeSigned, refBlockOf } from "../../src/tron/transaction.ts";
import { encodeTransferCall } from "../../src/tron/trc20.ts";
import { FAKE_USDT } from "../chain/fake-chain.ts";
import { openGateway, ScriptedNode } from "../chain/support.ts";
import { vectors } from "../security/support.ts";

const CAP_SUN = 50_000_000n;
const PRICE = 100;
const BLOCK = { number: 1_000, id: `00000000000003e8${"ab".repeat(24)}`, headTimestamp: 1_700_000_000_000 };
const ATTACKER = vectors.pkB.address;
const ORDER: BuildInput = {
  walletId: "wl_a",
  asset: "USDT",
  from: vectors.pkA.address,
  to: "TCNkawTmcQgYSU8nP8cHswT1QPjharxJr7",
  amount: units(25_000_000n),
  sequence: 7,
  attempt: 1,
};

let node: ScriptedNode;
beforeAll(async () => {
  node = await ScriptedNode.open();
});
afterAll(() => node.close());

function parametersAnswer(energyFee: unknown, maxFeeLimit: unknown = 15_000_000_000): unknown {
  const known = {
    getEnergyFee: energyFee,
    getTransactionFee: 1_000,
    getMaxFeeLimit: maxFeeLimit,
    getCreateAccountFee: 100_000,
    getCreateNewAccountFeeInSystemContract: 1_000_000,
    getMemoFee: 1_000_000,
    getUnfreezeDelayDays: 14,
  };
  return { chainParameter: Object.entries(known).map(([key, value]) => ({ key, value })) };
}

/** The engine's own effects, over a gateway to this node and a signer without a thread. */
function effects() {
  const kek = new Uint8Array(32).fill(9);
  const open = { version: 1, walletId: "wl_a", address: ORDER.from, kind: "imported", path: null } as const;
  const context = walletContext(open);
  const sealed = seal(Buffer.from(vectors.pkA.privateKey, "hex"), { kek: new Secret(Uint8Array.from(kek)), context });
  const jobs = openJobs({ usdtContract: FAKE_USDT, kek });
  jobs.learn({ keys: [{ ...open, seal: sealed }], forgetKeys: false });
  const signer: Signer = {
    build: async (order) => jobs.run({ do: "build", order }) as BuiltTransaction,
    prepare: async (order) => jobs.run({ do: "prepare", order }) as PreparedTransaction,
    sign: async (order, built) => jobs.run({ do: "sign", order, built }) as SignedTransaction,
  };
  const view: ChainView = {
    reference: () => BLOCK,
    obstacle: () => undefined,
    headTimestamp: () => BLOCK.headTimestamp,
  };
  const gateway = openGateway([node.url], { retry: { ...NO_RETRY } });
  const watcher = { watch: () => {}, unwatch: () => {} };
  const table = createEffects(
    { expirationMs: 60_000, nodeConcurrency: 1, signConcurrency: 1 },
    { gateway, signer, view, watcher, peek: () => undefined, maySign: () => true },
  );
  const given = { actor: { kind: "transaction", id: "tx" }, key: "k", signal: new AbortController().signal };
  const run = <T>(source: string, input: unknown): Promise<T> => {
    const found = table[source];
    if (found === undefined || !("perform" in found)) throw new Error(`no performer ${source}`);
    return found.perform(input, given satisfies EffectContext) as Promise<T>;
  };
  return { gateway, run };
}

const NO_RETRY = { maxRetries: 0, maxConnectionRetries: 0, factor: 1, firstDelayMs: 1, maxDelayMs: 1 };

async function signed(input: BuildInput): Promise<{ built: BuildOutput; rawHex: string }> {
  const { gateway, run } = effects();
  try {
    const built = await run<BuildOutput>("buildTransaction", input);
    const { rawHex } = decodeSigned(built.signedHex ?? "");
    // Signed in the same step; asked for again, it is the same.
    const { signedHex } = await run<SignOutput>("signTransaction", { ...input, ...built, rawHex });
    expect(built.signedHex).toBe(signedHex);
    return { built, rawHex };
  } finally {
    await gateway.close();
  }
}

const number = fc.oneof(
  fc.constantFrom(0, 1, 64_285, 130_285, 999_999_999, 2 ** 31, Number.MAX_SAFE_INTEGER, -1),
  fc.integer({ min: 1, max: 700_000 }),
);
/** Everything a node could put beside its estimate in the hope that somebody signs it. */
const evil = {
  transaction: {
    txID: "f".repeat(64),
    visible: true,
    raw_data_hex: vectors.usdtVector.raw_data_hex,
    raw_data: {
      fee_limit: 900_000_000_000,
      data: "6d656d6f",
      contract: [1, 2].map(() => ({
        Permission_id: 2,
        type: "TransferContract",
        parameter: { value: { amount: 9_000_000_000, owner_address: ORDER.from, to_address: ATTACKER } },
      })),
    },
  },
};

test("whatever a node answers, only the fee limit differs, and never beyond the cap", async () => {
  const limits = new Set<bigint>();
  await fc.assert(
    fc.asyncProperty(
      number,
      fc.oneof(fc.constantFrom(100, 210), number),
      fc.constantFrom(0, 10_000_000, 15_000_000_000),
      async (energy, price, most) => {
        node.on("wallet/getchainparameters", { body: { ...(parametersAnswer(price, most) as object), ...evil } });
        node.on("wallet/triggerconstantcontract", {
          body: { result: { result: true }, energy_used: energy, constant_result: ["0".repeat(63) + "1"], ...evil },
        });
        const outcome = await signed(ORDER).catch((error: unknown) => error);
        if (isFault(outcome)) return;
        if (outcome instanceof Error) throw outcome;
        const { rawHex } = outcome as Awaited<ReturnType<typeof signed>>;
        const raw = decodeRawTransaction(rawHex);
        limits.add(raw.feeLimit);
        expect(raw.feeLimit).toBeLessThanOrEqual(CAP_SUN);
        expect({ ...raw, feeLimit: 0n }).toEqual({
          ...refBlockOf(BLOCK.number, BLOCK.id),
          expiration: BigInt(BLOCK.headTimestamp + 60_000),
          timestamp: BigInt(BLOCK.headTimestamp + 7),
          feeLimit: 0n,
          data: "",
          contracts: [
            {
              type: "TriggerSmartContract",
              permissionId: 0,
              value: {
                owner_address: toHex41(ORDER.from),
                contract_address: toHex41(FAKE_USDT),
                call_value: 0n,
                data: encodeTransferCall(ORDER.to, 25_000_000n),
                call_token_value: 0n,
                token_id: 0n,
              },
            },
          ],
        });
      },
    ),
    { numRuns: 150 },
  );
  // A node that never got anything signed shows nothing.
  expect(limits.size).toBeGreaterThan(5);
});

test("energy that rises by a fifth between estimate and block is paid for, by a third it is not, and the loss is bounded", async () => {
  node.on("wallet/getchainparameters", { body: parametersAnswer(PRICE) });
  node.on("wallet/triggerconstantcontract", { body: { result: { result: true }, energy_used: 64_285 } });
  const { built } = await signed(ORDER);
  const buys = Number(built.feeLimitSun) / PRICE;
  expect(buys).toBeGreaterThanOrEqual(64_285 * 1.2);
  expect(buys).toBeLessThan(64_285 * 1.3);
  // The next estimate sees the new level, and the price of the chain, not a constant.
  node.on("wallet/triggerconstantcontract", {
    body: { result: { result: true }, energy_used: Math.ceil(64_285 * 1.3) },
  });
  node.on("wallet/getchainparameters", { body: parametersAnswer(2 * PRICE) });
  const { built: next } = await signed({ ...ORDER, attempt: 2 });
  expect(Number(next.feeLimitSun) / (2 * PRICE)).toBeGreaterThanOrEqual(64_285 * 1.3);
  // So high that one transfer would cost more than the cap: nothing is signed.
  node.on("wallet/getchainparameters", { body: parametersAnswer(1_000) });
  await expect(signed({ ...ORDER, attempt: 3 })).rejects.toMatchObject({ code: "fee_cap_exceeded" });
});
