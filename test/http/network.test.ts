import { describe, expect, test } from "vitest";
import type { BroadcastOutcome, ChainParameters } from "../../src/domain/chain-facts.ts";
import { Fault } from "../../src/domain/errors.ts";
import { units } from "../../src/domain/money.ts";
import { ZERO_ADDRESS } from "../../src/tron/address.ts";
import { PAYER } from "../support/engine.ts";
import { addressOf, drain, openDoor, OWN, USDT, type Door, type DoorOptions } from "../support/http.ts";
import { blockId } from "../support/scripted-world.ts";

const NETWORK = "/api/v1/tron/network";
const parameters: ChainParameters = {
  energyFeeSun: 100,
  bandwidthFeeSun: 1_000,
  maxFeeLimitSun: 15_000_000_000,
  createAccountFeeSun: 100_000,
  newAccountFeeSun: 1_000_000,
  memoFeeSun: 1_000_000,
  unfreezeDelayDays: 14,
  raw: { getEnergyFee: 100 },
};
const block = (number: number) => ({
  number,
  id: blockId(number),
  parentId: blockId(number - 1),
  timestamp: 1_700_000_000_000 + number * 3_000,
  transactions: [{ txId: "ab".repeat(32), result: "SUCCESS" }],
});

async function openWithNode(options: DoorOptions = {}): Promise<Door> {
  const door = await openDoor(options);
  Object.assign(door.ports.gateway, {
    chainParameters: async () => parameters,
    headBlock: async () => block(118),
    solidBlock: async () => block(100),
    block: async (number: number) => (number <= 118 ? block(number) : undefined),
  });
  return door;
}

describe("the network", () => {
  test("info names the USDT contract in base58 and in hex", async () => {
    const door = await openDoor();
    expect((await door.get(`${NETWORK}/info`)).json()).toMatchObject({
      network: "devnet",
      chain_id: "0x2b6653dc",
      usdt_contract: USDT,
      usdt_contract_hex: "41a614f803b6fd780986a42c78ec9c7f77e6ded13c",
    });
  });

  test("status tells heads and lag from memory, without a node", async () => {
    const door = await openDoor();
    const view = (await door.get(`${NETWORK}/status`)).json();
    expect(view).toMatchObject({
      head: { number: 118 },
      solid: { number: 100 },
      lag_blocks: 0,
      halted: null,
      providers: [{ endpoint: "http://127.0.0.1:9090" }],
    });
    door.status.chain = {
      ...door.status.chain,
      head: undefined,
      solid: undefined,
      lastProgressAt: undefined,
      halted: "a fork below the cursor",
    };
    expect((await door.get(`${NETWORK}/status`)).json()).toMatchObject({
      head: null,
      solid: null,
      lag_s: null,
      halted: "a fork below the cursor",
    });
  });

  test("a block is read by number, latest or solid", async () => {
    const door = await openWithNode();
    expect((await door.get(`${NETWORK}/block/latest`)).json()).toMatchObject({
      number: 118,
      solidified: false,
      transaction_count: 1,
    });
    expect((await door.get(`${NETWORK}/block/solid`)).json()).toMatchObject({ number: 100, solidified: true });
    expect((await door.get(`${NETWORK}/block/7`)).json()).toMatchObject({
      number: 7,
      parent_id: blockId(6),
      solidified: true,
      transactions: [{ result: "SUCCESS" }],
    });
    expect((await door.get(`${NETWORK}/block/500`)).json()).toMatchObject({
      status: 404,
      code: "block_not_found",
      retryable: true,
    });
  });

  test("parameters and prices are told in sun, and a transfer's typical burn in TRX", async () => {
    const door = await openWithNode();
    expect((await door.get(`${NETWORK}/chain-parameters`)).json()).toMatchObject({
      energy_fee_sun: 100,
      unfreeze_days: 14,
      all: { getEnergyFee: 100 },
    });
    expect((await door.get(`${NETWORK}/resources/price`)).json().typical_usdt_transfer).toMatchObject({
      to_holder: { energy: 64_285, burn_sun: "6773500", burn_trx: "6.7735" },
      to_new_holder: { energy: 130_285, burn_trx: "13.3735" },
    });
  });

  test("an account is told with its balances and resources", async () => {
    const door = await openWithNode();
    expect((await door.get(`${NETWORK}/account/${addressOf(1)}`)).json()).toMatchObject({
      activated: true,
      trx: "5",
      trx_sun: "5000000",
      usdt: "7.5",
      bandwidth: { limit: 600, used: 0, available: 600 },
      permissions: { owner: { threshold: "1", keys: [{ address: addressOf(1), weight: "1" }] }, witness: null },
    });
    expect((await door.get(`${NETWORK}/account/${addressOf(1).slice(0, -1)}2`)).json().code).toBe("invalid_address");
  });

  test("a node that fails is told apart from an answer", async () => {
    const door = await openWithNode();
    for (const [code, status] of [
      ["chain_unavailable", 503],
      ["chain_timeout", 504],
      ["chain_error", 502],
    ] as const) {
      door.ports.gateway.chainParameters = () => Promise.reject(new Fault(code));
      const response = await door.get(`${NETWORK}/chain-parameters`);
      expect(response.json()).toMatchObject({ status, code, retryable: true });
      expect(Number(response.headers["retry-after"])).toBeGreaterThan(0);
    }
  });
});

describe("USDT", () => {
  test("a balance and the contract are told, and whether it has frozen an address", async () => {
    const door = await openDoor();
    expect((await door.get(`/api/v1/usdt/balance/${addressOf(1)}`)).json()).toEqual({
      address: addressOf(1),
      asset: "USDT",
      balance: "7.5",
      balance_units: "7500000",
      at_block: 100,
    });
    expect((await door.get("/api/v1/usdt/contract")).json()).toMatchObject({
      address: USDT,
      decimals: 6,
      paused: false,
      fee: { basis_points: 0, maximum: "0" },
      checked: null,
    });
    door.ports.gateway.tokenTerms = () => Promise.reject(new Fault("chain_unavailable"));
    expect((await door.get("/api/v1/usdt/contract")).json()).toMatchObject({ address: USDT, paused: null, fee: null });
    door.blacklisted.add(addressOf(2));
    expect((await door.get(`/api/v1/usdt/contract?address=${addressOf(2)}`)).json().checked).toEqual({
      address: addressOf(2),
      blacklisted: true,
    });
    expect((await door.get(`/api/v1/usdt/contract?address=${addressOf(2).slice(0, -1)}2`)).json().code).toBe(
      "invalid_address",
    );
    expect((await door.get(`/api/v1/usdt/transactions/${addressOf(2).slice(0, -1)}2`)).json().code).toBe(
      "invalid_address",
    );
    expect((await door.get(`/api/v1/transactions/history/${addressOf(2).slice(0, -1)}2`)).json().code).toBe(
      "invalid_address",
    );
  });
});

describe("validate-address", () => {
  const ask = async (door: Door, address: string, url = `${NETWORK}/validate-address`) =>
    (await door.post(url, { address }, { key: null })).json();

  test("a good address has nothing against it, on all four of its paths", async () => {
    const door = await openDoor();
    for (const url of [
      `${NETWORK}/validate-address`,
      "/api/v1/network/validate-address",
      "/api/v1/tron/wallet/validate-address",
      "/api/v1/wallet/validate-address",
    ]) {
      expect(await ask(door, addressOf(1), url)).toMatchObject({
        valid: true,
        form: "base58",
        own: false,
        activated: true,
        is_contract: false,
        blacklisted: false,
        warnings: [],
      });
    }
  });

  test("everything that speaks against an address is named", async () => {
    const door = await openDoor();
    door.facts.set(addressOf(1), { isContract: true, activated: false });
    door.blacklisted.add(addressOf(1));
    const { warnings } = await ask(door, addressOf(1));
    expect(warnings.join("; ")).toMatch(/contract.*frozen.*not activated/);
    expect((await ask(door, OWN)).warnings[0]).toContain("wallet of this engine holds its key");
    expect((await ask(door, ZERO_ADDRESS)).warnings[0]).toContain("nobody can spend");
    expect(await ask(door, "41a614f803b6fd780986a42c78ec9c7f77e6ded13c")).toMatchObject({
      valid: true,
      form: "hex",
      address: USDT,
    });
    expect(await ask(door, `${addressOf(1).slice(0, -1)}2`)).toMatchObject({
      valid: false,
      form: "unknown",
      address: null,
    });
  });

  test("without a node the rest is still told", async () => {
    const door = await openDoor();
    door.ports.gateway.account = () => Promise.reject(new Fault("chain_unavailable"));
    const findings = await ask(door, addressOf(1));
    expect(findings).toMatchObject({ valid: true, activated: null });
    expect(findings.warnings[0]).toContain("no node answered");
  });
});

describe("broadcast of a transaction that somebody else signed", () => {
  const RAW = "/api/v1/tron/broadcast/raw";
  const txId = "cd".repeat(32);
  const accepted: BroadcastOutcome = { class: "accepted", code: "SUCCESS", message: "", node: "n1" };
  const decoded = {
    txId,
    transfer: { asset: "USDT", from: addressOf(60), to: addressOf(61), amount: units(1n) },
    expiration: 1_700_000_400_000 as number,
    feeLimitSun: units(0n),
    signatures: 1,
  } as const;

  async function openRaw(change: Partial<typeof decoded> = {}, outcome = accepted): Promise<Door> {
    const door = await openDoor({ ports: { decodeSigned: (signedHex) => ({ ...decoded, signedHex, ...change }) } });
    door.world.onBroadcast = async () => outcome;
    return door;
  }

  const look = async (door: Door) => (await door.get(`/api/v1/tron/transactions/${txId}`)).json();

  test("is written down, and handed to a node once per key, on both of its paths", async () => {
    const door = await openRaw();
    const first = await door.post(RAW, { raw_hex: "0A0b" }, { key: "k" });
    expect(first.statusCode, first.body).toBe(202);
    expect(first.headers.location).toBe(`/api/v1/tron/transactions/${txId}`);
    expect(first.json()).toMatchObject({ txid: txId, status: "broadcast", pushes: 0, last_push: null });
    await drain();
    const again = await door.post("/api/v1/network/broadcast/raw", { raw_hex: "0A0b" }, { key: "k" });
    expect(again.body).toBe(first.body);
    expect(again.headers["idempotency-replayed"]).toBe("true");
    expect(door.world.broadcasts).toEqual(["0a0b"]);
    expect((await door.post(RAW, { raw_hex: "0a0c" }, { key: "k" })).json().code).toBe("idempotency_mismatch");
  });

  test("is answered as the first time after a restart", async () => {
    const door = await openRaw();
    const first = await door.post(RAW, { raw_hex: "0a0b" }, { key: "k" });
    await drain();
    const later = await openDoor({
      store: door.store,
      ports: { decodeSigned: (signedHex) => ({ ...decoded, signedHex, expiration: 1 }) },
    });
    expect((await later.post(RAW, { raw_hex: "0a0b" }, { key: "k" })).body).toBe(first.body);
    expect(later.world.broadcasts).toEqual([]);
  });

  test("is told by its txID until a solidified block has it", async () => {
    const door = await openRaw();
    door.ports.gateway.solidReceipt = async () => undefined;
    await door.post(RAW, { raw_hex: "0a0b" });
    await drain();
    expect(await look(door)).toMatchObject({
      txid: txId,
      known: false,
      status: "handed_over",
      asset: "USDT",
      amount_units: "1",
      pushes: 1,
      last_push: { class: "accepted", node: "n1" },
      receipt: null,
    });
    door.ports.gateway.solidReceipt = () => Promise.reject(new Fault("chain_unavailable"));
    expect((await look(door)).status).toBe("handed_over");
    expect(JSON.stringify(await look(door))).not.toContain("0a0b");
  });

  test("that no node looked at is pushed again by itself", async () => {
    const door = await openRaw({}, { class: "busy", code: "SERVER_BUSY", message: "busy", node: "n1" });
    door.ports.gateway.solidReceipt = async () => undefined;
    await door.post(RAW, { raw_hex: "0a0b" });
    await drain();
    expect(await look(door)).toMatchObject({ status: "broadcast", last_push: { class: "busy" } });
    door.world.onBroadcast = async () => accepted;
    await door.clock.advance(7_000);
    expect(await look(door)).toMatchObject({ status: "handed_over", pushes: 2 });
  });

  test("that a node refused says so, and another request pushes the same bytes again", async () => {
    const door = await openRaw({}, { class: "refused", code: "SIGERROR", message: "bad signature", node: "n1" });
    door.ports.gateway.solidReceipt = async () => undefined;
    await door.post(RAW, { raw_hex: "0a0b" });
    await drain();
    expect(await look(door)).toMatchObject({ status: "refused", last_push: { class: "refused", code: "SIGERROR" } });
    door.world.onBroadcast = async () => accepted;
    expect((await door.post(RAW, { raw_hex: "0a0b" })).json()).toMatchObject({ status: "broadcast", pushes: 1 });
    await drain();
    expect([(await look(door)).status, door.world.broadcasts]).toEqual(["handed_over", ["0a0b", "0a0b"]]);
  });

  test("with another signature is another push of the same transaction", async () => {
    const door = await openRaw({}, { class: "refused", code: "SIGERROR", message: "bad signature", node: "n1" });
    await door.post(RAW, { raw_hex: "0a0b" });
    await drain();
    door.world.onBroadcast = async () => accepted;
    expect((await door.post(RAW, { raw_hex: "0a0c" })).statusCode).toBe(202);
    await drain();
    expect(door.world.broadcasts).toEqual(["0a0b", "0a0c"]);
  });

  test("whose sender is a wallet by now is not pushed again, and its first key still has its answer", async () => {
    const own = new Set<string>();
    const decodeSigned = (signedHex: string) => ({ ...decoded, signedHex });
    const door = await openDoor({ ports: { decodeSigned, ownAddress: (address) => own.has(address) } });
    const first = await door.post(RAW, { raw_hex: "0a0b" }, { key: "k" });
    await drain();
    own.add(decoded.transfer.from);
    expect((await door.post(RAW, { raw_hex: "0a0b" })).json()).toMatchObject({ status: 409, code: "conflict" });
    expect((await door.post(RAW, { raw_hex: "0a0b" }, { key: "k" })).body).toBe(first.body);
    await drain();
    expect(door.world.broadcasts).toEqual(["0a0b"]);
  });

  test("with several signatures is told by the bytes that came furthest", async () => {
    const door = await openRaw();
    door.ports.gateway.solidReceipt = async () => undefined;
    await door.post(RAW, { raw_hex: "0a0b" });
    await drain();
    door.world.onBroadcast = async () => ({ class: "refused", code: "SIGERROR", message: "", node: "n1" });
    await door.post(RAW, { raw_hex: "0a0c" });
    await drain();
    expect(await look(door)).toMatchObject({ status: "handed_over" });
  });

  test("whose time is over is not pushed again, and its first key still has its answer", async () => {
    const door = await openRaw({ expiration: 1_700_000_360_000 });
    const first = await door.post(RAW, { raw_hex: "0a0b" }, { key: "k" });
    expect(first.statusCode, first.body).toBe(202);
    await drain();
    door.world.head += 10;
    await door.clock.advance(3_600_000);
    expect((await door.post(RAW, { raw_hex: "0a0b" }, { key: "other" })).json()).toMatchObject({
      status: 422,
      code: "tx_expired",
    });
    expect((await door.post(RAW, { raw_hex: "0a0b" }, { key: "k" })).body).toBe(first.body);
    expect(door.world.broadcasts).toEqual(["0a0b"]);
  });

  test.each([
    [{ expiration: 1 }, "tx_expired"],
    [{ expiration: 2_000_000_000_000 }, "tx_malformed"],
    [{ transfer: { ...decoded.transfer, from: PAYER } }, "conflict"],
  ])("%j is refused before a node sees it", async (change, code) => {
    const door = await openRaw(change);
    expect((await door.post(RAW, { raw_hex: "0a" })).json().code).toBe(code);
    expect(door.world.broadcasts).toEqual([]);
  });

  test.each(["tx_malformed", "tx_type_not_allowed"] as const)("bytes that are %s are refused", async (code) => {
    const decodeSigned = () => {
      throw new Fault(code);
    };
    const door = await openDoor({ ports: { decodeSigned } });
    expect((await door.post(RAW, { raw_hex: "0a" })).json()).toMatchObject({ status: 422, code });
  });

  test.each(["", "abc", "0x0a", "zz"])("the text %j is no bytes, and is not repeated", async (text) => {
    const door = await openRaw();
    const problem = (await door.post(RAW, { raw_hex: text })).json();
    expect(problem.code).toBe("validation_failed");
    expect(problem.errors[0]).not.toHaveProperty("value");
  });
});
