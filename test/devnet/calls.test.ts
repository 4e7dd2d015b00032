import { describe, expect, test } from "vitest";
import { toEvmWord, toHex41 } from "../../src/tron/address.ts";
import { SELECTORS } from "../../src/tron/trc20.ts";
import { alice, bob, broadcast, call, fundedDevnet, type Json, manualDevnet, pay, post, signed } from "./support.ts";

const word = (value: bigint) => value.toString(16).padStart(64, "0");
const hexOf = (text: string) => Buffer.from(text).toString("hex");

describe("the token refuses", () => {
  test("TRX that comes with a call", async () => {
    const devnet = await fundedDevnet();
    const contract = call(devnet, SELECTORS["approve(address,uint256)"] + toEvmWord(bob.address) + word(1n));
    if (contract.type !== "TriggerSmartContract") throw new Error("a call was asked for");
    const tx = await pay(devnet, { ...contract, value: { ...contract.value, call_value: 5n } });
    expect(devnet.ledger.transaction(tx.txId)?.outcome.result).toBe("REVERT");
  });

  test.each([
    ["callValue must be >= 0", { call_value: -1n }],
    ["tokenValue must be >= 0", { call_token_value: -1n }],
    ["No asset !", { call_token_value: 1n, token_id: 1_000_001n }],
    ["Validate InternalTransfer error, balance is not sufficient.", { call_value: 10n ** 15n }],
  ])("a call that the node already finds wrong: %s", async (message, change) => {
    const devnet = await fundedDevnet();
    const contract = call(devnet, "");
    if (contract.type !== "TriggerSmartContract") throw new Error("a call was asked for");
    const tx = await signed(devnet, { ...contract, value: { ...contract.value, ...change } });
    expect((await broadcast(devnet, tx))["message"]).toBe(`Contract validate error : ${message}`);
  });
});

describe("views", () => {
  test.each([
    ["name()", "", `${word(32n)}${word(10n)}${hexOf("Tether USD").padEnd(64, "0")}`],
    ["symbol()", "", `${word(32n)}${word(4n)}${hexOf("USDT").padEnd(64, "0")}`],
    ["decimals()", "", word(6n)],
    ["totalSupply()", "", word(50_000_000_000_000_000n)],
    ["paused()", "", word(0n)],
    ["basisPointsRate()", "", word(0n)],
    ["maximumFee()", "", word(0n)],
    ["deprecated()", "", word(0n)],
    ["upgradedAddress()", "", word(0n)],
    ["getBlackListStatus(address)", toEvmWord(alice.address), word(0n)],
    ["calcFee(uint256)", word(1_000n), word(0n)],
    ["balanceOf(address)", toEvmWord(alice.address), word(1_000_000_000n)],
  ])("%s costs little energy and answers", async (function_selector, parameter, expected) => {
    const devnet = await fundedDevnet();
    const body = {
      owner_address: alice.hex41,
      contract_address: toHex41(devnet.usdtContract),
      function_selector,
      parameter,
    };
    const answer = await post(devnet, "/walletsolidity/triggerconstantcontract", body);
    expect(answer["result"]).toEqual({ result: true });
    expect(answer["energy_used"]).toBeLessThan(5_000);
    const recent = await post(devnet, "/wallet/triggerconstantcontract", body);
    expect(recent["constant_result"]).toEqual([expected]);
  });

  test("a transaction that would only look is executed at once by triggersmartcontract", async () => {
    const devnet = await fundedDevnet();
    const body = {
      owner_address: alice.hex41,
      contract_address: toHex41(devnet.usdtContract),
      function_selector: "decimals()",
    };
    expect(await post(devnet, "/wallet/triggersmartcontract", body)).toMatchObject({
      result: { result: true },
      constant_result: [word(6n)],
    });
  });

  test.each([
    [{}, "class java.security.InvalidParameterException : owner_address isn't set."],
    [
      { owner_address: alice.address },
      "class java.security.InvalidParameterException : At least one of contract_address and data must be set.",
    ],
  ])("a call without its parties says which is missing", async (body, message) => {
    const devnet = await manualDevnet();
    const { result } = await post(devnet, "/wallet/estimateenergy", { ...body, visible: true });
    expect(result).toEqual({ code: "OTHER_ERROR", message });
  });

  test("an estimate for no contract is refused in hex", async () => {
    const devnet = await manualDevnet();
    const body = { owner_address: alice.hex41, contract_address: bob.hex41, data: "" };
    expect(await post(devnet, "/wallet/estimateenergy", body)).toEqual({
      result: { code: "CONTRACT_VALIDATE_ERROR", message: hexOf("Smart contract is not exist.") },
    });
  });

  test("the contract shows its interface, and its account says that it is one", async () => {
    const devnet = await manualDevnet();
    const value = toHex41(devnet.usdtContract);
    const info = await post(devnet, "/wallet/getcontractinfo", { value: devnet.usdtContract, visible: true });
    expect(info["smart_contract"].contract_address).toBe(devnet.usdtContract);
    const names = info["smart_contract"].abi.entrys.map((entry: Json) => entry["name"]);
    expect(names).toEqual(expect.arrayContaining(["transfer", "balanceOf", "Transfer"]));
    expect(await post(devnet, "/wallet/getcontractinfo", { value: alice.hex41 })).toEqual({});
    const account = await post(devnet, "/wallet/getaccount", { address: value });
    expect(account).toMatchObject({ address: value, type: "Contract" });
    expect(account).not.toHaveProperty("owner_permission");
  });
});
