/** Follower and gateway on a devnet's socket: what is told is what the ledger says. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { BlockFollower } from "../../src/chain/block-follower.ts";
import { blockSource } from "../../src/chain/block-source.ts";
import { Finality } from "../../src/chain/finality.ts";
import type { FollowerCursor } from "../../src/chain/follower-ports.ts";
import { pause } from "../../src/chain/retry.ts";
import { GATEWAY_DEFAULTS, type TronGateway } from "../../src/chain/tron-gateway.ts";
import { startDevnet } from "../../src/devnet/devnet.ts";
import type { Devnet } from "../../src/devnet/handle.ts";
import type { FaultKind } from "../../src/devnet/faults.ts";
import type { TransferOrder } from "../../src/domain/chain-facts.ts";
import { isFault } from "../../src/domain/errors.ts";
import { units } from "../../src/domain/money.ts";
import { silentLogger } from "../../src/ports/telemetry.ts";
import { privateKeyToAddress } from "../../src/tron/address.ts";
import { HastyClock, openGateway, signTransfer } from "./support.ts";

const KEY = "11".repeat(32);
const payer = privateKeyToAddress(KEY);
const payee = privateKeyToAddress("22".repeat(32));

let devnet: Devnet;
let clock: HastyClock;
let gateway: TronGateway;
let follower: BlockFollower;
let told: { id: string; type: string; inclusion?: unknown }[];
let nonce = 0;

beforeEach(async () => {
  devnet = await startDevnet({ port: 0, slotMs: "manual" });
  await devnet.mine(1);
  await devnet.faucet({ address: payer, trxSun: 10_000_000_000n, usdt: 1_000_000_000n });
  await devnet.faucet({ address: payee, trxSun: 1_000_000n });
  await devnet.mine(30);
  const timeoutMs = 2_000;
  clock = new HastyClock(timeoutMs);
  const http = { ...GATEWAY_DEFAULTS.http, timeoutMs };
  // A limit that is lowered after a refusal is still far above what a test asks.
  const nodes = [{ url: devnet.url, perSecond: 1_000 }];
  gateway = openGateway([], { nodes, http, usdtContract: devnet.usdtContract }, { clock });
  told = [];
  const cursors: FollowerCursor[] = [];
  follower = new BlockFollower(
    { pollMs: 3_000, catchUpPage: 20 },
    {
      gateway,
      finality: new Finality(
        { required: 1 },
        { sources: gateway.pool.all().map(blockSource), clock, logger: silentLogger },
      ),
      clock,
      logger: silentLogger,
      deliver: async (messages) => {
        for (const { actor, message } of messages) told.push({ id: actor.id, ...message });
      },
      loadCursor: () => cursors.at(-1),
      saveCursor: async (cursor) => {
        cursors.push(cursor);
      },
    },
  );
  await stepOnce();
});
afterEach(async () => {
  await gateway.close();
  await devnet.close();
});

/** Signs against the follower's reference block and watches before the bytes leave, as the engine does. */
function transfer(asset: "TRX" | "USDT" = "USDT"): { txId: string; signedHex: string } {
  const reference = follower.reference();
  if (reference === undefined) throw new Error("the follower has seen no block");
  const order: TransferOrder = { asset, from: payer, to: payee, amount: units(1_000_000n) };
  nonce += 1;
  const now = reference.headTimestamp + (nonce % 1_000);
  const terms = { privateKey: KEY, usdtContract: devnet.usdtContract, reference, now, feeLimit: 30_000_000n };
  const { txId, signedHex } = signTransfer(order, terms);
  const actor = { kind: "transaction", id: txId };
  follower.watch({ actor, txId, expiration: now + 60_000, referenceNumber: reference.number });
  return { txId, signedHex };
}

async function mineAndStep(blocks: number): Promise<void> {
  for (let i = 0; i < blocks; i += 1) {
    await devnet.mine(1);
    await stepOnce();
  }
}

/** As the follower's own loop does: a node that did not answer in time, on a busy machine, is asked again. */
async function stepOnce(triesLeft = 20): Promise<void> {
  try {
    await follower.step();
  } catch (error) {
    if (triesLeft === 0) throw error;
    // Suspended for 30 s: nothing is sent until then.
    if (isFault(error) && error.code === "chain_busy") await pause(40_000, { clock });
    await stepOnce(triesLeft - 1);
  }
}

const typesFor = (txId: string) =>
  told.filter((entry) => entry.id === txId).map((entry) => entry.type.replace("chain.", ""));

test("a transfer is included with its cost and then solidified", async () => {
  const { txId, signedHex } = transfer();
  expect((await gateway.broadcast(signedHex)).class).toBe("accepted");
  await mineAndStep(1);
  expect(told).toMatchObject([
    { id: txId, type: "chain.included", inclusion: { result: "SUCCESS", energyUsed: 130_285, feeSun: "13028500" } },
  ]);
  await mineAndStep(25);
  expect(typesFor(txId)).toEqual(["included", "solidified"]);
});

test("a fork that drops the transaction takes it back, and it expires when nobody brings it again", async () => {
  const { txId, signedHex } = transfer();
  await gateway.broadcast(signedHex);
  await mineAndStep(3);
  await devnet.fork({ depth: 3, drop: "all" });
  await mineAndStep(60);
  expect(typesFor(txId)).toEqual(["included", "orphaned", "expired"]);
  expect(devnet.ledger.payments().filter((payment) => payment.txId === txId)).toEqual([]);
});

test("a fork that moves the transaction ends with the block that the ledger shows", async () => {
  const { txId, signedHex } = transfer();
  await gateway.broadcast(signedHex);
  await mineAndStep(2);
  await devnet.fork({ depth: 2, move: true });
  await mineAndStep(40);
  const payment = devnet.ledger.payments().find((candidate) => candidate.txId === txId);
  expect(typesFor(txId).at(-1)).toBe("solidified");
  expect(told.at(-1)).toMatchObject({ inclusion: { blockNumber: payment?.blockNumber } });
});

test("missed slots alone expire nothing: the chain decides", async () => {
  const { txId, signedHex } = transfer();
  await gateway.broadcast(signedHex);
  devnet.missSlots(40);
  await mineAndStep(30);
  const paid = devnet.ledger.payments().some((payment) => payment.txId === txId);
  expect(typesFor(txId).at(-1)).toBe(paid ? "solidified" : "expired");
  expect(paid).toBe(true);
});

test.each([
  ["accept-then-time-out", "ambiguous", true],
  ["accept-then-reset", "ambiguous", true],
  ["reset-before-accept", "ambiguous", false],
  ["answer-dup", "known", true],
  ["p2p-failed", "ambiguous", true],
  ["server-busy", "busy", false],
  ["refuse", "refused", false],
  ["other-error", "ambiguous", true],
  ["accept-then-drop", "accepted", false],
  ["rate-limit", "ambiguous", false],
  ["suspend", "ambiguous", false],
  ["html-500", "ambiguous", false],
  ["truncated-json", "ambiguous", true],
] satisfies [FaultKind, string, boolean][])(
  "%s: the broadcast is %s, and the follower finds the truth",
  async (kind, outcome, paid) => {
    devnet.faults.next({ kind, path: "broadcasthex" });
    const { txId, signedHex } = transfer("TRX");
    expect((await gateway.broadcast(signedHex)).class).toBe(outcome);
    await mineAndStep(60);
    expect(devnet.ledger.payments().some((payment) => payment.txId === txId)).toBe(paid);
    expect(typesFor(txId)).toEqual(paid ? ["included", "solidified"] : ["expired"]);
  },
);

test("a thousand transfers in flight cost the node no more block requests than none", async () => {
  for (let i = 0; i < 1_000; i += 1) await gateway.broadcast(transfer("TRX").signedHex);
  devnet.requests.reset();
  await mineAndStep(30);
  // Head, solidified head and, for the block that has them, one page of receipts; on a busy machine some are asked again.
  expect(devnet.requests.total()).toBeLessThanOrEqual(30 * 2 + 2 + gateway.stats().failures);
  expect(told.filter((entry) => entry.type === "chain.solidified")).toHaveLength(1_000);
});
