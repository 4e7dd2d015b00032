import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Contract } from "../../src/tron/contracts.ts";
import {
  alice,
  bob,
  broadcast,
  call,
  fundedDevnet,
  type Json,
  manualDevnet,
  pay,
  post,
  signed,
  trxTransfer,
} from "./support.ts";

type Vector = { type: string; value: Json; raw_data_hex: string; txID: string };
const { vectors }: { vectors: { txs: Record<string, Vector>; transferVector: Json; memo: Json } } = JSON.parse(
  readFileSync(new URL("../tron/vectors.json", import.meta.url), "utf8"),
);
const header = vectors.transferVector["header"];

const asJson = ({ type, value }: Vector): Json => ({
  raw_data: {
    contract: [{ type, parameter: { type_url: `type.googleapis.com/protocol.${type}`, value } }],
    ...header,
  },
  signature: [],
});

describe("the bytes that a node rebuilds from JSON", () => {
  test.each(Object.entries(vectors.txs))(
    "%s has the txID that TronWeb gave it, and is shown as it came",
    async (_, vector) => {
      const devnet = await manualDevnet();
      const { transaction } = await post(devnet, "/wallet/getsignweight", asJson(vector));
      expect(transaction.txid).toBe(vector.txID);
      expect(transaction.transaction.raw_data_hex).toBe(vector.raw_data_hex);
      expect(transaction.transaction.raw_data).toEqual(asJson(vector)["raw_data"]);
    },
  );

  test("a memo is read too, numbers as text are not", async () => {
    const devnet = await manualDevnet();
    const { raw_data } = vectors.transferVector;
    const body = { raw_data: { ...raw_data, data: vectors.memo["data"] } };
    expect((await post(devnet, "/wallet/getsignweight", body))["transaction"].txid).toBe(vectors.memo["txID"]);
    const wrong = { raw_data: { ...raw_data, expiration: String(raw_data.expiration) } };
    expect(await post(devnet, "/wallet/getsignweight", wrong)).toEqual({
      Error: "class java.lang.NullPointerException : null",
    });
  });

  test("what cannot be read as a contract leaves none, and the node says so", async () => {
    const devnet = await manualDevnet();
    const sent = (contract: unknown) =>
      post(devnet, "/wallet/broadcasttransaction", { raw_data: { ...header, contract }, visible: true });
    const nothing = "Contract validate error : No contract!";
    const parameter = { value: { owner_address: alice.address, to_address: bob.address, amount: 1 } };
    for (const contract of [
      [],
      [null],
      ["text"],
      [{ type: "NoSuchContract", parameter }],
      [{ type: "TransferContract" }],
      [{ type: "TransferContract", parameter: { value: { ...parameter.value, amount: "x" } } }],
      [{ type: "TransferContract", parameter: { value: { ...parameter.value, to_address: "nobody" } } }],
    ]) {
      expect(await sent(contract)).toMatchObject({ code: "CONTRACT_VALIDATE_ERROR", message: nothing });
    }
    expect(await sent("no list")).toEqual({ Error: "class java.lang.NullPointerException : null" });
  });

  test("numbers that do not fit are errors", async () => {
    const devnet = await manualDevnet();
    const body = { raw_data: { ...header, contract: [], expiration: "9223372036854775808" } };
    expect(await post(devnet, "/wallet/broadcasttransaction", body)).toEqual({
      Error: "class java.lang.NullPointerException : null",
    });
  });
});

describe("contract types that are not simulated", () => {
  test("are refused as invalid, after their bandwidth was looked at", async () => {
    const devnet = await fundedDevnet();
    const said = async (contract: Contract) => (await broadcast(devnet, await signed(devnet, contract)))["message"];
    const vote = { owner_address: alice.hex41, vote_address: [bob.hex41], support: true, count: 1 };
    expect(await said({ type: "VoteAssetContract", permissionId: 0, value: vote })).toBe(
      "Contract validate error : VoteAssetContract is not simulated",
    );
    const value = { owner_address: alice.hex41, exchange_id: 1n, token_id: "5f", quant: 1n };
    expect(await said({ type: "ExchangeInjectContract", permissionId: 0, value })).toBe(
      "Contract validate error : exchanges are not supported by the devnet",
    );
  });
});

describe("visible", () => {
  test("changes addresses and messages, and nothing that is bytes", async () => {
    const devnet = await fundedDevnet();
    const tx = await pay(devnet, call(devnet, "12345678"));
    const [plain, visible] = await Promise.all(
      [false, true].map((shown) => post(devnet, "/wallet/gettransactioninfobyid", { value: tx.txId, visible: shown })),
    );
    expect(visible?.["contract_address"]).toBe(devnet.usdtContract);
    expect(visible?.["resMessage"]).toBe("REVERT opcode executed");
    expect(plain?.["resMessage"]).toBe(Buffer.from("REVERT opcode executed").toString("hex"));
    expect(visible?.["id"]).toBe(plain?.["id"]);
    const paid = await pay(devnet, trxTransfer(bob, 1n));
    const shown = await post(devnet, "/wallet/gettransactionbyid", { value: paid.txId, visible: true });
    expect(shown["raw_data"].contract[0].parameter.value).toEqual({
      owner_address: alice.address,
      to_address: bob.address,
      amount: 1,
    });
    expect(shown["raw_data_hex"]).toBe(paid.rawHex);
  });
});
