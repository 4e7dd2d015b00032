import fc from "fast-check";
import { utils } from "tronweb";
import { describe, expect, test } from "vitest";
import { packedContract } from "../../src/devnet/http/parse-transaction.ts";
import { toJson } from "../../src/devnet/http/json.ts";
import { renderTransaction } from "../../src/devnet/http/render.ts";
import { type Contract, contractOf, CONTRACTS, type ContractType, contractTypeOf } from "../../src/tron/contracts.ts";
import type { Message, Shape } from "../../src/tron/protobuf.ts";
import { decodeRawTransaction, encodeRawTransaction, txIdOf } from "../../src/tron/transaction.ts";
import { valueOf } from "./shape-arbitraries.ts";

const TYPES = Object.keys(CONTRACTS) as ContractType[];
/** java-tron Tron.proto; 20 and 32 are CustomContract and GetContract, which have no message. */
const NUMBERS =
  "0 1 2 3 4 5 6 8 9 10 11 12 13 14 15 16 17 18 19 30 31 33 41 42 43 44 45 46 48 49 51 52 53 54 55 56 57 58 59"
    .split(" ")
    .map(Number);

function transactionOf(contract: Contract) {
  const rawHex = encodeRawTransaction({
    refBlockBytes: "2927",
    refBlockHash: "39ece39d08a7abe4",
    expiration: 1_777_447_527_000n,
    timestamp: 1_777_447_467_000n,
    feeLimit: 0n,
    data: "",
    contracts: [contract],
  });
  return { id: txIdOf(rawHex), rawHex, raw: decodeRawTransaction(rawHex), signatures: [] };
}

const jsonOf = (contract: Contract, visible: boolean) =>
  JSON.parse(toJson(renderTransaction(transactionOf(contract), visible)));

test("every contract type of the protocol that has a message is known by its number", () => {
  expect(TYPES.map((type) => CONTRACTS[type].number).toSorted((a, b) => a - b)).toEqual(NUMBERS);
  for (const type of TYPES) expect(contractTypeOf(CONTRACTS[type].number)).toBe(type);
});

describe.each(TYPES)("%s", (type) => {
  const shape: Shape = CONTRACTS[type].shape;

  test("survives its bytes, and its JSON in both forms", () => {
    fc.assert(
      fc.property(valueOf(shape, { plain: false }), fc.nat(9), fc.boolean(), (value, permissionId, visible) => {
        const contract = contractOf(type, permissionId, value);
        expect(decodeRawTransaction(transactionOf(contract).rawHex).contracts).toEqual([contract]);
        const shown = toJson(renderTransaction(transactionOf(contract), visible));
        const read = JSON.parse(shown, (_, item, context?: { source?: string }) =>
          typeof item === "number" ? BigInt(context?.source ?? item) : item,
        ).raw_data.contract[0];
        expect(read.type).toBe(type);
        const packed = packedContract(type, read.parameter.value, { visible, permissionId });
        expect(transactionOf(packed).rawHex).toBe(transactionOf(contract).rawHex);
      }),
      { numRuns: 30 },
    );
  });
});

const BUILT_BY_TRONWEB = TYPES.filter(
  (type) =>
    ![
      "VoteAssetContract",
      "UnfreezeAssetContract",
      "MarketSellAssetContract",
      "MarketCancelOrderContract",
      "ShieldedTransferContract",
    ].includes(type),
);

/** What TronWeb's builders never set, or set by themselves. */
const LEFT_OUT: Partial<Record<ContractType, readonly string[]>> = {
  AccountCreateContract: ["type"],
  AssetIssueContract: ["id", "order", "public_latest_free_net_time"],
  VoteWitnessContract: ["support"],
};

describe("TronWeb's builders make the same bytes", () => {
  test.each(BUILT_BY_TRONWEB)("%s", (type) => {
    const shape: Shape = CONTRACTS[type].shape;
    const left = new Set(LEFT_OUT[type]);
    const kept = Object.fromEntries(Object.entries(shape).filter(([name]) => !left.has(name)));
    fc.assert(
      fc.property(valueOf(kept, { plain: true }), (value) => {
        const contract = contractOf(type, 0, withoutOddities(type, value));
        const json = jsonOf(contract, false);
        const built = utils.transaction.txPbToRawDataHex(utils.transaction.txJsonToPb(json)).toLowerCase();
        expect(built).toBe(transactionOf(contract).rawHex);
      }),
      { numRuns: 15 },
    );
  });
});

function withoutOddities(type: ContractType, value: Message): Message {
  if (type === "CreateSmartContract") {
    // The deployment's address, hashes and version are the node's to set, and TronWeb sends none of them.
    const { origin_address, abi, bytecode, call_value, consume_user_resource_percent, name, origin_energy_limit } =
      Object(value["new_contract"] ?? {});
    const given = {
      origin_address,
      abi,
      bytecode,
      call_value,
      consume_user_resource_percent,
      name,
      origin_energy_limit,
    };
    return { ...value, new_contract: { ...given, origin_address: value["owner_address"] } };
  }
  if (type === "VoteWitnessContract") {
    // The JSON leaves out a count of zero, which no node takes and TronWeb cannot write.
    const votes = (value["votes"] as readonly Message[]).map((vote) => ({
      ...vote,
      vote_count: vote["vote_count"] === 0n ? 1n : vote["vote_count"],
    }));
    return { ...value, votes };
  }
  if (type !== "AccountPermissionUpdateContract") return value;
  const plain = (permission: Message | undefined) => permission && { ...permission, parent_id: 0 };
  return {
    ...value,
    owner: plain(value["owner"] as Message | undefined),
    witness: plain(value["witness"] as Message | undefined),
    actives: (value["actives"] as readonly Message[]).map((permission) => ({ ...permission, parent_id: 0 })),
  };
}
