import { describe, expect, test } from "vitest";
import { encodeSigned } from "../../src/tron/transaction.ts";
import {
  alice,
  bob,
  broadcast,
  call,
  carol,
  fundedDevnet,
  manualDevnet,
  pay,
  post,
  signed,
  trxTransfer,
  usdtTransfer,
  type Wallet,
} from "./support.ts";

describe("each refusal has its code and its words", () => {
  test("SUCCESS: taken, waiting, not in a block", async () => {
    const devnet = await fundedDevnet();
    const tx = await signed(devnet, trxTransfer(bob, 5n));
    const answer = await broadcast(devnet, tx);
    expect(answer).toMatchObject({ result: true, code: "SUCCESS", message: "", txid: tx.txId });
    expect(JSON.parse(answer["transaction"]).raw_data.contract[0].parameter.value).toContain(bob.hex41);
    expect(devnet.ledger.transaction(tx.txId)).toBeUndefined();
  });

  test("broadcasttransaction answers without code on success, and its message is hex unless visible", async () => {
    const devnet = await fundedDevnet();
    const built = await post(devnet, "/wallet/createtransaction", {
      owner_address: alice.hex41,
      to_address: bob.hex41,
      amount: 7,
    });
    const { sign } = await import("../../src/tron/signature.ts");
    const tx = { ...built, signature: [sign(built["txID"], alice.key)] };
    expect(await post(devnet, "/wallet/broadcasttransaction", tx)).toEqual({ result: true, txid: built["txID"] });
    const dup = { code: "DUP_TRANSACTION_ERROR", txid: built["txID"] };
    expect(await post(devnet, "/wallet/broadcasttransaction", tx)).toEqual({
      ...dup,
      message: "447570207472616e73616374696f6e2e",
    });
    const shown = await post(devnet, "/wallet/createtransaction", {
      owner_address: alice.address,
      to_address: bob.address,
      amount: 7,
      visible: true,
    });
    expect(shown["raw_data"].contract[0].parameter.value).toEqual({
      owner_address: alice.address,
      to_address: bob.address,
      amount: 7,
    });
    const unsigned = { ...shown, signature: [] };
    expect(await post(devnet, "/wallet/broadcasttransaction", unsigned)).toEqual({
      code: "SIGERROR",
      txid: shown["txID"],
      message: "Validate signature error: miss sig or contract",
    });
  });

  test("SIGERROR: by somebody else, too short, none, too many, a permission that does not exist", async () => {
    const devnet = await fundedDevnet();
    const refusal = async (tx: Awaited<ReturnType<typeof signed>>) => {
      const { code, message } = await broadcast(devnet, tx);
      expect(code).toBe("SIGERROR");
      return message as string;
    };
    const stranger = await signed(devnet, trxTransfer(bob, 1n), { signers: [bob] });
    expect(await refusal(stranger)).toBe(
      `Validate signature error: ${stranger.signatures[0]} is signed by ${bob.address} but it is not contained of permission.`,
    );
    const tx = await signed(devnet, trxTransfer(bob, 1n));
    const bare = { ...tx, hex: encodeSigned(tx.rawHex, []) };
    expect(await refusal(bare)).toBe("Validate signature error: miss sig or contract");
    expect(await refusal({ ...tx, hex: encodeSigned(tx.rawHex, ["00".repeat(64)]) })).toBe(
      "Validate signature error: Signature size is 64",
    );
    expect(await refusal(await signed(devnet, trxTransfer(bob, 1n), { signers: [alice, bob] }))).toContain(
      "more than key counts",
    );
    expect(
      await refusal(await signed(devnet, trxTransfer(bob, 1n), { signers: Array<Wallet>(6).fill(alice) })),
    ).toContain("too many signatures");
    const contract = { ...trxTransfer(bob, 1n), permissionId: 3 };
    expect(await refusal(await signed(devnet, contract))).toBe("Validate signature error: permission isn't exit");
  });

  test("the active permission may pay too", async () => {
    const devnet = await fundedDevnet();
    const tx = await signed(devnet, { ...trxTransfer(bob, 1n), permissionId: 2 });
    expect(await broadcast(devnet, tx)).toMatchObject({ result: true });
  });

  test.each([
    ["Validate TransferContract error, balance is not sufficient.", () => trxTransfer(bob, 10n ** 15n)],
    ["Amount must be greater than 0.", () => trxTransfer(bob, 0n)],
    ["Cannot transfer TRX to yourself.", () => trxTransfer(alice, 1n)],
    [
      "Invalid toAddress!",
      () => ({ ...trxTransfer(bob, 1n), value: { owner_address: alice.hex41, to_address: "4100", amount: 1n } }),
    ],
  ])("CONTRACT_VALIDATE_ERROR: %s", async (message, contract) => {
    const devnet = await fundedDevnet();
    const answer = await broadcast(devnet, await signed(devnet, contract() as ReturnType<typeof trxTransfer>));
    expect(answer).toMatchObject({
      result: false,
      code: "CONTRACT_VALIDATE_ERROR",
      message: `Contract validate error : ${message}`,
    });
  });

  test("CONTRACT_VALIDATE_ERROR: an owner without an account, a fee limit out of range, a contract that is none", async () => {
    const devnet = await fundedDevnet();
    const refusal = async (tx: Awaited<ReturnType<typeof signed>>) => {
      const { code, message } = await broadcast(devnet, tx);
      expect(code).toBe("CONTRACT_VALIDATE_ERROR");
      return (message as string).replace("Contract validate error : ", "");
    };
    expect(await refusal(await signed(devnet, trxTransfer(bob, 1n, carol), { signers: [carol] }))).toBe(
      `account [${carol.address}] does not exist`,
    );
    const tooMuch = await signed(devnet, usdtTransfer(devnet, bob, 1n), { feeLimit: 15_000_000_001n });
    expect(await refusal(tooMuch)).toBe("feeLimit must be >= 0 and <= 15000000000");
    const nowhere = usdtTransfer(devnet, bob, 1n);
    if (nowhere.type !== "TriggerSmartContract") throw new Error("a call was asked for");
    const value = { ...nowhere.value, contract_address: bob.hex41 };
    expect(await refusal(await signed(devnet, { ...nowhere, value }))).toBe("No contract or not a smart contract");
    expect(await refusal(await signed(devnet, trxTransfer(bob, 1n), { contracts: [] }))).toBe("No contract!");
  });

  test("BANDWITH_ERROR: neither quota nor TRX", async () => {
    const devnet = await manualDevnet();
    await devnet.faucet({ address: alice.address, trxSun: 1_000n });
    await devnet.faucet({ address: bob.address, trxSun: 1_000n });
    await devnet.mine();
    for (let count = 0; count < 2; count += 1) await pay(devnet, trxTransfer(bob, 1n));
    expect(await broadcast(devnet, await signed(devnet, trxTransfer(bob, 1n)))).toMatchObject({
      result: false,
      code: "BANDWITH_ERROR",
      message: "Account resource insufficient error.",
    });
  });

  test("DUP_TRANSACTION_ERROR: while it waits, and for ever after", async () => {
    const devnet = await fundedDevnet();
    const tx = await signed(devnet, trxTransfer(bob, 1n));
    const dup = { result: false, code: "DUP_TRANSACTION_ERROR", message: "Dup transaction.", txid: tx.txId };
    await broadcast(devnet, tx);
    expect(await broadcast(devnet, tx)).toMatchObject(dup);
    await devnet.mine();
    expect(await broadcast(devnet, tx)).toMatchObject(dup);
  });

  test("TAPOS_ERROR: a block that is not of this chain, and one that does not exist yet", async () => {
    const devnet = await fundedDevnet();
    const tapos = { result: false, code: "TAPOS_ERROR", message: "Tapos check error." };
    expect(
      await broadcast(devnet, await signed(devnet, trxTransfer(bob, 1n), { refBlockHash: "00".repeat(8) })),
    ).toMatchObject(tapos);
    expect(
      await broadcast(devnet, await signed(devnet, trxTransfer(bob, 1n), { refBlockBytes: "7fff" })),
    ).toMatchObject(tapos);
    expect(await broadcast(devnet, await signed(devnet, trxTransfer(bob, 1n), { refBlockBytes: "" }))).toMatchObject(
      tapos,
    );
  });

  test("TRANSACTION_EXPIRATION_ERROR: before the next slot, and more than a day ahead", async () => {
    const devnet = await fundedDevnet();
    const head = BigInt(devnet.ledger.headTimestamp());
    const expired = { result: false, code: "TRANSACTION_EXPIRATION_ERROR", message: "Transaction expired" };
    const expiring = async (expiration: bigint) =>
      broadcast(devnet, await signed(devnet, trxTransfer(bob, 1n), { expiration }));
    expect(await expiring(head)).toMatchObject(expired);
    expect(await expiring(head + 2_999n)).toMatchObject(expired);
    expect(await expiring(head + 3_000n)).toMatchObject({ result: true });
    expect(await expiring(head + 86_400_000n)).toMatchObject({ result: true });
    expect(await expiring(head + 86_400_001n)).toMatchObject(expired);
  });

  test("TOO_BIG_TRANSACTION_ERROR: beyond 512,000 bytes, or 1,000 for one that creates an account", async () => {
    const devnet = await fundedDevnet();
    const big = await broadcast(devnet, await signed(devnet, trxTransfer(bob, 1n), { data: "00".repeat(512_000) }));
    expect(big).toMatchObject({ result: false, code: "TOO_BIG_TRANSACTION_ERROR" });
    const creating = await broadcast(
      devnet,
      await signed(devnet, trxTransfer(carol, 1n), { data: "00".repeat(1_000) }),
    );
    expect(creating).toMatchObject({ result: false, code: "TOO_BIG_TRANSACTION_ERROR" });
    expect(creating["message"]).toContain("Too big new account transaction");
  });

  test("SERVER_BUSY: more than 2,000 are waiting", async () => {
    const devnet = await fundedDevnet();
    const first = await signed(devnet, trxTransfer(bob, 1n));
    const { blockID, block_header } = await post(devnet, "/walletsolidity/getnowblock");
    expect(blockID.slice(16, 32)).toBe(first.raw.refBlockHash);
    expect(block_header.raw_data.number).toBe(devnet.ledger.solidNumber());
    const { encodeRawTransaction, txIdOf } = await import("../../src/tron/transaction.ts");
    const { sign } = await import("../../src/tron/signature.ts");
    for (let count = 0; count <= 2_000; count += 1) {
      const rawHex = encodeRawTransaction({ ...first.raw, timestamp: BigInt(count) });
      const hex = encodeSigned(rawHex, [sign(txIdOf(rawHex), alice.key)]);
      expect((await post(devnet, "/wallet/broadcasthex", { transaction: hex }))["code"]).toBe("SUCCESS");
    }
    expect(await broadcast(devnet, first)).toMatchObject({
      result: false,
      code: "SERVER_BUSY",
      message: "Server busy.",
    });
    await devnet.mine();
    expect(await broadcast(devnet, first)).toMatchObject({ result: true });
  });
});

describe("of two reasons a client hears the one that java-tron finds first", () => {
  test("contract count, expiration, signature, TAPOS, size, duplicate, bandwidth, contract", async () => {
    const devnet = await fundedDevnet();
    const known = await pay(devnet, trxTransfer(bob, 1n));
    const codes: string[] = [];
    const flaws = [
      { contracts: [] },
      { expiration: 1n },
      { signers: [bob] },
      { refBlockHash: "00".repeat(8) },
      { data: "00".repeat(512_000) },
    ];
    // Each transaction has its own flaw and all the later ones.
    for (let at = 0; at < flaws.length; at += 1) {
      const change = Object.assign({}, ...flaws.slice(at).toReversed());
      codes.push((await broadcast(devnet, await signed(devnet, trxTransfer(bob, 10n ** 17n), change)))["code"]);
    }
    expect(codes).toEqual([
      "CONTRACT_VALIDATE_ERROR",
      "TRANSACTION_EXPIRATION_ERROR",
      "SIGERROR",
      "TAPOS_ERROR",
      "TOO_BIG_TRANSACTION_ERROR",
    ]);
    await devnet.mine(30);
    expect((await broadcast(devnet, known))["code"]).toBe("TRANSACTION_EXPIRATION_ERROR");
  });

  test("a known transaction with a broken signature is a bad signature, not a duplicate", async () => {
    const devnet = await fundedDevnet();
    const tx = await pay(devnet, trxTransfer(bob, 1n));
    const broken = { ...tx, hex: encodeSigned(tx.rawHex, ["11".repeat(65)]) };
    expect((await broadcast(devnet, broken))["code"]).toBe("SIGERROR");
  });

  test("bandwidth is looked at before the amount", async () => {
    const devnet = await manualDevnet();
    await devnet.faucet({ address: alice.address, trxSun: 1_000n });
    await devnet.mine();
    expect((await broadcast(devnet, await signed(devnet, trxTransfer(carol, 10n ** 15n))))["code"]).toBe(
      "BANDWITH_ERROR",
    );
  });

  test("two contracts in one transaction are an error that no client expects", async () => {
    const devnet = await fundedDevnet();
    const tx = await signed(devnet, trxTransfer(bob, 1n), { contracts: [trxTransfer(bob, 1n), trxTransfer(bob, 1n)] });
    const answer = await broadcast(devnet, tx);
    expect(answer["code"]).toBe("OTHER_ERROR");
    expect(answer["message"]).toContain("contract size should be exactly 1");
  });

  test("a call that will fail is accepted all the same", async () => {
    const devnet = await fundedDevnet();
    const tx = await signed(devnet, call(devnet, "ffffffff"));
    expect(await broadcast(devnet, tx)).toMatchObject({ result: true });
    await devnet.mine();
    expect(devnet.ledger.transaction(tx.txId)?.outcome.result).toBe("REVERT");
  });
});
