/** What every ChainGateway must do, whatever chain it stands on. Each implementation runs it with its own factory. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { TransferOrder, TronAddress } from "../../src/domain/chain-facts.ts";
import { Fault } from "../../src/domain/errors.ts";
import { big, units } from "../../src/domain/money.ts";
import type { ChainGateway } from "../../src/ports/world.ts";

/** A chain of at least 30 blocks that moves only when told. */
export type GatewayWorld = {
  readonly gateway: ChainGateway;
  /** Has 1,000 TRX and 1,000 USDT in a solidified block. */
  readonly payer: TronAddress;
  /** Has TRX and USDT, and keeps them. */
  readonly holder: TronAddress;
  /** Was never activated. */
  readonly stranger: TronAddress;
  /** The token's own. */
  readonly contract: TronAddress;
  mine(count: number): Promise<void>;
  /** By the token; in a block when it is over. */
  freeze(address: TronAddress): Promise<void>;
  /** The token takes a fee from each transfer; `most` in whole USDT. */
  charge(basisPoints: number, most: number): Promise<void>;
  pause(): Promise<void>;
  /** From now on the payer's payments need the signatures of both; in a block when it is over. */
  share(other: TronAddress): Promise<void>;
  /** A transfer of the payer, valid for a minute; no two calls make the same bytes. */
  sign(order: TransferOrder): Promise<{ txId: string; signedHex: string }>;
  dispose(): Promise<void>;
};

export function chainGatewayContract(name: string, open: () => Promise<GatewayWorld>): void {
  describe(`${name} keeps the contract of a chain gateway`, () => {
    let world: GatewayWorld;
    let gateway: ChainGateway;

    beforeEach(async () => {
      world = await open();
      gateway = world.gateway;
    });
    afterEach(() => world.dispose());

    const order = (to: TronAddress, amount: bigint, asset: "USDT" | "TRX"): TransferOrder => ({
      asset,
      from: world.payer,
      to,
      amount: units(amount),
    });

    test("blocks are a chain: ids carry their number and each one names the one before", async () => {
      const head = await gateway.headBlock();
      const page = await gateway.blocks(head.number - 9, head.number);
      expect(page.map((block) => block.number)).toEqual(Array.from({ length: 10 }, (_, i) => head.number - 9 + i));
      for (const [index, block] of page.entries()) {
        expect(Number.parseInt(block.id.slice(0, 16), 16)).toBe(block.number);
        if (index > 0) expect(block.parentId).toBe(page[index - 1]?.id);
      }
      expect(page.at(-1)).toEqual(head);
      expect(await gateway.block(head.number)).toEqual(head);
    });

    test("what the chain does not have yet is not found, and a page stops at the head", async () => {
      const head = await gateway.headBlock();
      expect(await gateway.block(head.number + 1)).toBeUndefined();
      expect(await gateway.blocks(head.number + 1, head.number + 20)).toEqual([]);
      expect((await gateway.blocks(head.number - 1, head.number + 20)).map((block) => block.number)).toEqual([
        head.number - 1,
        head.number,
      ]);
    });

    test("the genesis block is block 0, and names the network", async () => {
      const genesis = await gateway.block(0);
      expect(genesis).toMatchObject({ number: 0, id: await gateway.genesisId() });
    });

    test("the solidified block is one of the chain's and is not above the head", async () => {
      const solid = await gateway.solidBlock();
      const head = await gateway.headBlock();
      expect(solid.number).toBeLessThan(head.number);
      expect(await gateway.block(solid.number)).toMatchObject(solid);
    });

    test("the prices of the chain are there", async () => {
      const parameters = await gateway.chainParameters();
      expect(parameters.energyFeeSun).toBeGreaterThan(0);
      expect(parameters.bandwidthFeeSun).toBeGreaterThan(0);
      expect(parameters.maxFeeLimitSun).toBeGreaterThan(1_000_000);
      expect(parameters.raw["getEnergyFee"]).toBe(parameters.energyFeeSun);
    });

    test("an address that was never activated has nothing and is not an error", async () => {
      expect(await gateway.account(world.stranger)).toEqual({
        address: world.stranger,
        activated: false,
        isContract: false,
        trxSun: "0",
        energyLimit: 0,
        energyUsed: 0,
        bandwidthLimit: 0,
        bandwidthUsed: 0,
      });
      expect(await gateway.solidBalances(world.stranger)).toMatchObject({ usdt: "0", trx: "0" });
      expect(await gateway.tokenBalance(world.stranger)).toMatchObject({ amount: "0" });
    });

    test("an activated account shows its balance and its free bandwidth", async () => {
      const account = await gateway.account(world.payer);
      expect(account).toMatchObject({ activated: true, isContract: false, trxSun: "1000000000" });
      expect(account.bandwidthLimit).toBeGreaterThanOrEqual(600);
      expect(await gateway.isBlacklisted(world.payer)).toBe(false);
    });

    test.each(["TRX", "USDT"] as const)(
      "a %s transfer is accepted, included, solidified, and moves the money",
      async (asset) => {
        const before = await gateway.solidBalances(world.holder);
        const { txId, signedHex } = await world.sign(order(world.holder, 7_000_000n, asset));
        expect(await gateway.broadcast(signedHex)).toMatchObject({ class: "accepted", code: "SUCCESS" });
        expect(await gateway.solidReceipt(txId)).toBeUndefined();
        await world.mine(1);

        const block = await gateway.headBlock();
        expect(block.transactions).toMatchObject([{ txId, result: "SUCCESS" }]);
        const receipts = await gateway.receipts(block.number);
        expect(receipts).toHaveLength(1);
        expect(receipts[0]).toMatchObject({
          txId,
          blockNumber: block.number,
          blockTimestamp: block.timestamp,
          result: "SUCCESS",
        });
        expect(await gateway.solidReceipt(txId), "it is in a block, but not in a solidified one").toBeUndefined();
        expect(await gateway.solidBalances(world.holder)).toMatchObject({ usdt: before.usdt, trx: before.trx });

        await world.mine(30);
        expect(await gateway.solidReceipt(txId)).toMatchObject({ txId, blockNumber: block.number, result: "SUCCESS" });
        const after = await gateway.solidBalances(world.holder);
        const key = asset === "TRX" ? "trx" : "usdt";
        expect(big(after[key]) - big(before[key])).toBe(7_000_000n);
        expect(after.atBlock).toBeGreaterThanOrEqual(block.number);
        expect(after.atBlock).toBeLessThanOrEqual((await gateway.solidBlock()).number);
      },
    );

    test("a block without transactions has no receipts", async () => {
      await world.mine(1);
      const block = await gateway.headBlock();
      expect(block.transactions).toEqual([]);
      expect(await gateway.receipts(block.number)).toEqual([]);
    });

    test("the same bytes a second time are known, before and after they are in a block", async () => {
      const { signedHex } = await world.sign(order(world.holder, 1_000_000n, "TRX"));
      expect(await gateway.broadcast(signedHex)).toMatchObject({ class: "accepted" });
      expect(await gateway.broadcast(signedHex)).toMatchObject({ class: "known", code: "DUP_TRANSACTION_ERROR" });
      await world.mine(1);
      expect(await gateway.broadcast(signedHex)).toMatchObject({ class: "known", code: "DUP_TRANSACTION_ERROR" });
    });

    test.each(["00", "not hex", "", "ff".repeat(300)])(
      "bytes that are no transaction are not accepted: %s",
      async (bytes) => {
        const { class: kind } = await gateway.broadcast(bytes);
        expect(["refused", "ambiguous"]).toContain(kind);
      },
    );

    test("a TRX transfer that creates the recipient's account costs its price, another one only its bytes", async () => {
      const existing = await gateway.estimate(order(world.holder, 1_000_000n, "TRX"));
      expect(existing).toEqual({ energy: 0, penalty: 0, bandwidth: 267, burnSun: "267000", feeLimitSun: "0" });
      const creating = await gateway.estimate(order(world.stranger, 1_000_000n, "TRX"));
      expect(creating).toEqual({ energy: 0, penalty: 0, bandwidth: 267, burnSun: "1100000", feeLimitSun: "0" });
    });

    test("a USDT transfer to a first-time holder needs more, and the fee limit has head-room over the estimate", async () => {
      const { energyFeeSun } = await gateway.chainParameters();
      const existing = await gateway.estimate(order(world.holder, 1_000_000n, "USDT"));
      const first = await gateway.estimate(order(world.stranger, 1_000_000n, "USDT"));
      expect(first.energy).toBeGreaterThan(existing.energy * 1.5);
      for (const estimate of [existing, first]) {
        const bare = BigInt(estimate.energy) * BigInt(energyFeeSun);
        expect(big(estimate.feeLimitSun)).toBeGreaterThanOrEqual((bare * 120n) / 100n);
        expect(big(estimate.feeLimitSun)).toBeLessThanOrEqual((bare * 130n) / 100n);
        expect(big(estimate.burnSun)).toBe(bare + BigInt(estimate.bandwidth) * 1_000n);
      }
    });

    test("a USDT transfer that would revert says so", async () => {
      await expect(gateway.estimate(order(world.holder, 1_000_000_000_000n, "USDT"))).rejects.toMatchObject({
        code: "simulation_reverted",
      });
    });

    test("many destinations are looked at in one question, and each is told for itself, in their order", async () => {
      await world.freeze(world.holder);
      const addresses = [world.stranger, world.contract, world.holder, world.payer, world.holder];
      const plain = { isContract: false, isFrozen: false };
      expect(await gateway.destinations(addresses, "USDT")).toEqual([
        plain,
        { isContract: true, isFrozen: false },
        { isContract: false, isFrozen: true },
        plain,
        { isContract: false, isFrozen: true },
      ]);
      expect(await gateway.isBlacklisted(world.holder)).toBe(true);
      expect(await gateway.destinations([], "USDT")).toEqual([]);
    });

    test("an account says who may sign for it: its own key alone, until its owner changes that", async () => {
      const owner = { id: 0, threshold: 1n, keys: [{ address: world.payer, weight: 1n }] };
      const before = await gateway.signatories(world.payer);
      expect(before).toMatchObject({ kind: "account", owner });
      expect(before).not.toHaveProperty("witness");
      await world.share(world.holder);
      const keys = [world.payer, world.holder].map((address) => ({ address, weight: 1n }));
      expect(await gateway.signatories(world.payer)).toMatchObject({
        kind: "account",
        owner: { id: 0, name: "both", threshold: 2n, keys },
        actives: [{ id: 2, name: "pay", threshold: 1n, keys: [keys[1]] }],
      });
    });

    test("an address that was never activated is signed for by its own key, and nobody signs for a contract", async () => {
      const keys = [{ address: world.stranger, weight: 1n }];
      expect(await gateway.signatories(world.stranger)).toMatchObject({ kind: "not activated", owner: { keys } });
      expect(await gateway.signatories(world.contract)).toEqual({ kind: "contract" });
    });

    test("the token says whether it is paused and what it takes from a transfer", async () => {
      expect(await gateway.tokenTerms()).toEqual({ isPaused: false, feeBasisPoints: 0, feeMax: "0" });
      await world.charge(10, 5);
      expect(await gateway.tokenTerms()).toEqual({ isPaused: false, feeBasisPoints: 10, feeMax: "5000000" });
      await world.pause();
      expect(await gateway.tokenTerms()).toMatchObject({ isPaused: true });
    });

    test("whom the token has frozen is not told of destinations of TRX", async () => {
      await world.freeze(world.holder);
      expect(await gateway.destinations([world.holder, world.contract], "TRX")).toEqual([
        { isContract: false, isFrozen: undefined },
        { isContract: true, isFrozen: undefined },
      ]);
    });

    test("what is not an address is refused before anybody is asked", async () => {
      await expect(gateway.account("T-not-an-address")).rejects.toBeInstanceOf(Fault);
      await expect(gateway.destinations([world.payer, "T-not-an-address"], "USDT")).rejects.toBeInstanceOf(Fault);
    });
  });
}
