import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { startDevnet } from "../../src/devnet/devnet.ts";
import type { Devnet } from "../../src/devnet/handle.ts";
import {
  alice,
  bob,
  broadcast,
  fundedDevnet,
  type Json,
  manualDevnet,
  pay,
  post,
  signed,
  trxTransfer,
} from "./support.ts";

import { ENERGY, freeze, order, unfreeze, vote } from "./stake-support.ts";

const HOUR = 3_600_000;
const PERIOD = 6 * HOUR;
const START = 1_777_440_000_000;

const nextMaintenance = async (devnet: Devnet): Promise<number> =>
  (await post(devnet, "/wallet/getnextmaintenancetime"))["num"];
const witnesses = async (devnet: Devnet, path = "/wallet/listwitnesses"): Promise<Json[]> =>
  (await post(devnet, path))["witnesses"];

describe("turns", () => {
  test("go round among the witnesses in the order of their votes", async () => {
    const devnet = await manualDevnet({ witnesses: 5 });
    const blocks = await Promise.all(
      (await devnet.mine(10)).map(({ number }) => post(devnet, "/wallet/getblockbynum", { num: number })),
    );
    const order = (await witnesses(devnet)).toSorted((a, b) => b["voteCount"] - a["voteCount"]);
    for (const { block_header } of blocks) {
      const turn = (block_header.raw_data.timestamp / 3_000) % 5;
      expect(block_header.raw_data.witness_address).toBe(order[turn]?.["address"]);
    }
  });

  test("are counted as produced or missed, also over a gap of many rounds", async () => {
    const devnet = await manualDevnet({ witnesses: 4 });
    const before = await witnesses(devnet);
    const produced = before.reduce((sum, one) => sum + one["totalProduced"], 0);
    devnet.missSlots(4 * 1_000_000 + 3);
    const [block] = await devnet.mine();
    const after = await witnesses(devnet);
    const maker = after.filter(({ totalMissed }) => totalMissed === 1_000_000);
    expect(after.reduce((sum, one) => sum + one["totalProduced"], 0)).toBe(produced + 1);
    expect(after.reduce((sum, one) => sum + (one["totalMissed"] ?? 0), 0)).toBe(4_000_003);
    expect(maker).toMatchObject([{ latestBlockNum: block?.number, latestSlotNum: (block?.timestamp ?? 0) / 3_000 }]);
    expect(after.every(({ isJobs }) => isJobs === true)).toBe(true);
  });

  test("make a block solid when two thirds have built upon it: 18 back of 27, at once of 1", async () => {
    for (const [count, lag] of [
      [27, 18],
      [9, 6],
      [3, 2],
      [1, 0],
    ] as const) {
      const devnet = await manualDevnet({ witnesses: count });
      const [block] = await devnet.mine(1);
      expect(devnet.ledger.solidNumber()).toBe((block?.number ?? 0) - lag);
    }
  });
});

describe("maintenance", () => {
  test("comes after a period from the start, and two slots are left out after it", async () => {
    const devnet = await fundedDevnet();
    expect(await nextMaintenance(devnet)).toBe(START + PERIOD);
    const head = await devnet.advanceTime(START + PERIOD - 3_000 - devnet.ledger.headTimestamp());
    expect(head.timestamp).toBe(START + PERIOD - 3_000);
    expect(await nextMaintenance(devnet)).toBe(START + PERIOD);
    const [made, next, after] = await devnet.mine(3);
    expect(made?.timestamp).toBe(START + PERIOD);
    expect(await nextMaintenance(devnet)).toBe(START + 2 * PERIOD);
    expect(next?.timestamp).toBe(START + PERIOD + 9_000);
    expect(after?.timestamp).toBe(START + PERIOD + 12_000);
  });

  test("is no missed slot of anybody", async () => {
    const devnet = await manualDevnet({ witnesses: 3 });
    await devnet.advanceTime(START + PERIOD - 3_000 - devnet.ledger.headTimestamp());
    const missed = async () => (await witnesses(devnet)).reduce((sum, one) => sum + (one["totalMissed"] ?? 0), 0);
    const before = await missed();
    await devnet.mine(5);
    expect(await missed()).toBe(before);
  });

  test("takes a transaction only if it lives until the slot after the gap", async () => {
    const devnet = await fundedDevnet();
    await devnet.advanceTime(START + PERIOD - devnet.ledger.headTimestamp());
    const head = devnet.ledger.headTimestamp();
    expect(head).toBe(START + PERIOD);
    const late = await signed(devnet, trxTransfer(bob, 1n), { expiration: BigInt(head + 8_999) });
    expect(await broadcast(devnet, late)).toMatchObject({ code: "TRANSACTION_EXPIRATION_ERROR" });
    const inTime = await signed(devnet, trxTransfer(bob, 1n), { expiration: BigInt(head + 9_000) });
    expect(await broadcast(devnet, inTime)).toMatchObject({ result: true });
    await devnet.mine();
    expect(devnet.ledger.transaction(inTime.txId)?.outcome.result).toBe("SUCCESS");
  });

  test("happens once when a single block comes after several periods", async () => {
    const devnet = await manualDevnet({ witnesses: 3 });
    devnet.missSlots((5 * PERIOD) / 3_000);
    await devnet.mine();
    const head = devnet.ledger.headTimestamp();
    const next = await nextMaintenance(devnet);
    expect((next - START) % PERIOD).toBe(0);
    expect(next).toBeGreaterThan(head);
    expect(next).toBeLessThanOrEqual(head + PERIOD);
  });
});

describe("time", () => {
  test("goes forward by two weeks with a block for each maintenance and one at the end", async () => {
    const devnet = await fundedDevnet();
    const before = { number: devnet.ledger.headNumber(), timestamp: devnet.ledger.headTimestamp() };
    const head = await devnet.advanceTime(14 * 24 * HOUR);
    expect(head.timestamp).toBe(before.timestamp + 14 * 24 * HOUR);
    expect(head.number).toBe(before.number + 57);
    expect(devnet.ledger.headNumber()).toBe(head.number);
  });

  test("takes what waits into the first of the blocks", async () => {
    const devnet = await fundedDevnet();
    const tx = await signed(devnet, trxTransfer(bob, 5n));
    await broadcast(devnet, tx);
    const number = devnet.ledger.headNumber();
    await devnet.advanceTime(24 * HOUR);
    expect(devnet.ledger.transaction(tx.txId)).toMatchObject({ blockNumber: number + 1 });
    expect(devnet.ledger.pendingSize()).toBe(0);
  });

  test("does not go backward", async () => {
    const devnet = await manualDevnet();
    await expect(devnet.advanceTime(-1)).rejects.toThrow(RangeError);
    await expect(devnet.advanceTime(Number.NaN)).rejects.toThrow(RangeError);
    await expect(devnet.advanceTime(Number.MAX_SAFE_INTEGER)).rejects.toThrow(RangeError);
  });

  test("is the same chain for the same seed and the same calls", async () => {
    const heads = await Promise.all(
      ["a", "a", "b"].map(async (seed) => {
        const devnet = await manualDevnet({ seed, witnesses: 3 });
        await devnet.faucet({ address: alice.address, trxSun: 5_000_000n });
        await devnet.advanceTime(30 * HOUR);
        await devnet.fork({ depth: 1 });
        return (await devnet.mine(2)).at(-1)?.id;
      }),
    );
    expect(heads[0]).toBe(heads[1]);
    expect(heads[0]).not.toBe(heads[2]);
  });
});

describe("a fork across maintenance", () => {
  test("makes the maintenance on the new branch, with its gap", async () => {
    const devnet = await fundedDevnet();
    await devnet.advanceTime(START + PERIOD - 9_000 - devnet.ledger.headTimestamp());
    const old = await devnet.mine(5);
    expect(old.map(({ timestamp }) => timestamp - START - PERIOD)).toEqual([-6_000, -3_000, 0, 9_000, 12_000]);
    await devnet.fork({ depth: 5 });
    const times: number[] = [];
    for (let back = 5; back >= 0; back -= 1) {
      const { block_header } = await post(devnet, "/wallet/getblockbynum", { num: devnet.ledger.headNumber() - back });
      times.push(block_header.raw_data.timestamp - START - PERIOD);
    }
    expect(times).toEqual([-3_000, 0, 9_000, 12_000, 15_000, 18_000]);
    expect(await nextMaintenance(devnet)).toBe(START + 2 * PERIOD);
  });

  test("undoes the maintenance when the new branch has not come to it", async () => {
    const devnet = await fundedDevnet();
    await devnet.advanceTime(START + PERIOD - 3_000 - devnet.ledger.headTimestamp());
    const before = await witnesses(devnet);
    await devnet.mine();
    expect(await nextMaintenance(devnet)).toBe(START + 2 * PERIOD);
    await pay(devnet, trxTransfer(bob, 5n));
    expect(await nextMaintenance(devnet)).toBe(START + 2 * PERIOD);
    await devnet.fork({ depth: 2, drop: "all" });
    // The branch's first block leaves out the slot of the maintenance block and so makes it itself.
    expect(await nextMaintenance(devnet)).toBe(START + 2 * PERIOD);
    const after = await witnesses(devnet);
    const sum = (list: Json[]) => list.reduce((total, one) => total + one["totalProduced"], 0);
    expect(sum(after)).toBe(sum(before) + 3);
  });
});

describe("a fork that moves transactions", () => {
  test("takes back what they staked and voted, and does it again from the pool", async () => {
    const devnet = await manualDevnet({ witnesses: 9 });
    await devnet.faucet({ address: alice.address, trxSun: 1_000_000_000n });
    await devnet.mine();
    const [sr] = await witnesses(devnet);
    const about = async () => {
      const { frozenV2, votes, unfrozenV2 } = await post(devnet, "/wallet/getaccount", { address: alice.hex41 });
      return { frozenV2, votes, entries: unfrozenV2?.length };
    };
    const txs = [];
    for (const contract of [freeze(500n, ENERGY), vote({ [sr?.["address"]]: 400n }), unfreeze(200n, ENERGY)]) {
      txs.push(await pay(devnet, contract));
    }
    const after = await about();
    const balance = devnet.ledger.trx(alice.address);
    expect(after).toMatchObject({ votes: [{ vote_count: 300 }], entries: 1 });
    await devnet.fork({ depth: 3, move: true });
    for (const { txId } of txs) expect(devnet.ledger.transaction(txId)).toBeUndefined();
    expect(devnet.ledger.pendingSize()).toBe(3);
    // The head itself knows nothing of it; the pending state already does.
    expect(devnet.ledger.trx(alice.address)).toBe(1_000_000_000n);
    expect(await about()).toEqual(after);
    await devnet.mine();
    expect(devnet.ledger.pendingSize()).toBe(0);
    expect(await about()).toEqual(after);
    expect(devnet.ledger.trx(alice.address)).toBe(balance);
  });
});

describe("a chain on disk", () => {
  test("goes on with its witnesses, votes and stakes, and undoes what it knew before", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "devnet-stakes-"));
    onTestFinished(() => rm(dataDir, { recursive: true }));
    const options = { dataDir, witnesses: 4 };
    const first = await startDevnet({ port: 0, slotMs: "manual", ...options });
    await first.faucet({ address: alice.address, trxSun: 20_000_000_000n });
    await first.mine();
    await pay(first, freeze(5_000n, ENERGY));
    const [sr] = await witnesses(first);
    await pay(first, vote({ [sr?.["address"]]: 4_000n }));
    await pay(first, unfreeze(100n, ENERGY));
    await pay(first, order("WitnessCreateContract", { url: Buffer.from("n5").toString("hex") }));
    await first.advanceTime(PERIOD);
    const ask = async (devnet: Devnet) =>
      Promise.all([
        post(devnet, "/wallet/getaccount", { address: alice.hex41 }),
        post(devnet, "/wallet/listwitnesses"),
        post(devnet, "/wallet/getaccountresource", { address: alice.hex41 }),
        post(devnet, "/wallet/getnextmaintenancetime"),
        post(devnet, "/walletsolidity/getaccount", { address: alice.hex41 }),
      ]);
    const before = await ask(first);
    await first.close();
    const second = await manualDevnet(options);
    expect(await ask(second)).toEqual(before);
    await second.fork({ depth: 1 });
    expect(await nextMaintenance(second)).toBe(START + 2 * PERIOD);
  });
});
