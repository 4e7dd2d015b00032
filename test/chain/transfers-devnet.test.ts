/** What contracts can do to whoever watches addresses, on the devnet's socket and virtual machine. */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { compile } from "../../scripts/solidity.ts";
import { BlockFollower } from "../../src/chain/block-follower.ts";
import { blockSource } from "../../src/chain/block-source.ts";
import { Finality } from "../../src/chain/finality.ts";
import type { FollowerCursor } from "../../src/chain/follower-ports.ts";
import { Transfers } from "../../src/chain/transfers.ts";
import { GATEWAY_DEFAULTS, type TronGateway } from "../../src/chain/tron-gateway.ts";
import type { Devnet } from "../../src/devnet/handle.ts";
import { silentLogger } from "../../src/ports/telemetry.ts";
import { fromHex41, toHex41 } from "../../src/tron/address.ts";
import { encodeTransferCall } from "../../src/tron/trc20.ts";
import { calldata, deploy, send, trigger, word } from "../devnet/contract-support.ts";
import {
  alice,
  bob,
  broadcast,
  call,
  carol,
  fundedDevnet,
  pay,
  signed,
  trxTransfer,
  usdtTransfer,
} from "../devnet/support.ts";
import { HastyClock, openGateway } from "./support.ts";
import { TransferBook } from "./transfer-book.ts";

const artifact = compile(readFileSync(new URL("contracts/crook.sol", import.meta.url), "utf8"), { contract: "Crook" });
/** Bob is watched. */
const to = word(bob.hex41.slice(2));

let devnet: Devnet;
let gateway: TronGateway;
let follower: BlockFollower;
let transfers: Transfers;
let book: TransferBook;
let token: string;
let crook: string;

beforeEach(async () => {
  devnet = await fundedDevnet({ solidLag: 3 });
  token = word(toHex41(devnet.usdtContract).slice(2));
  crook = (await deploy(devnet, artifact)).address;
  await send(
    devnet,
    toHex41(devnet.usdtContract),
    calldata("approve(address,uint256)", word(crook.slice(2)) + word(10n ** 9n)),
  );
  await pay(devnet, call(devnet, encodeTransferCall(fromHex41(crook), 50_000_000n)));
  await devnet.mine(4);
  const clock = new HastyClock(5_000);
  const http = { ...GATEWAY_DEFAULTS.http, timeoutMs: 5_000 };
  gateway = openGateway(
    [],
    { nodes: [{ url: devnet.url, perSecond: 1_000 }], http, usdtContract: devnet.usdtContract },
    { clock },
  );
  book = new TransferBook();
  transfers = new Transfers({ usdt: devnet.usdtContract, receiver: book });
  transfers.watchAddress(bob.address);
  const cursors: FollowerCursor[] = [];
  follower = new BlockFollower(
    { pollMs: 3_000, catchUpPage: 10 },
    {
      gateway,
      finality: new Finality(
        { required: 1 },
        { sources: gateway.pool.all().map(blockSource), clock, logger: silentLogger },
      ),
      clock,
      logger: silentLogger,
      transfers,
      deliver: async () => {},
      loadCursor: () => cursors.at(-1),
      saveCursor: async (cursor) => void cursors.push(cursor),
    },
  );
  await follower.step();
});
afterEach(() => gateway.close());

async function solidify(): Promise<void> {
  await devnet.mine(4);
  await follower.step();
}

/** What bob has more than at first, as the chain's own state says. */
function gained(): { TRX: bigint; USDT: bigint } {
  const { ledger } = devnet;
  return { TRX: ledger.trx(bob.address) - 1_000_000n, USDT: ledger.usdt(bob.address) - 1_000_000n };
}

test("B14: a transaction that failed credits nothing, whatever it did before", async () => {
  const info = await send(
    devnet,
    crook,
    calldata("payAndRevert(address,address,uint256)", token + to + word(5_000_000n)),
  );
  expect(info["receipt"].result).toBe("REVERT");
  const poor = await signed(devnet, usdtTransfer(devnet, bob, 9n), { feeLimit: 100_000n });
  await broadcast(devnet, poor);
  await solidify();
  expect(book.facts).toEqual([]);
  expect(gained()).toEqual({ TRX: 0n, USDT: 0n });
});

test("B14: payments that failed inside a transaction that succeeded credit nothing, TRX and USDT", async () => {
  const info = await send(devnet, crook, calldata("payInside(address,address,uint256)", token + to + word(5_000_000n)));
  expect(info["receipt"].result).toBe("SUCCESS");
  const coin = await send(devnet, crook, calldata("coinInside(address)", to), { value: 7_000_000n });
  expect(coin["receipt"].result).toBe("SUCCESS");
  expect(coin["internal_transactions"].length).toBeGreaterThan(0);
  await solidify();
  expect(book.facts).toEqual([]);
  expect(gained()).toEqual({ TRX: 0n, USDT: 0n });
});

test("B15: a token that calls itself USDT is none, and is said to be none", async () => {
  await send(devnet, crook, calldata("pretend(address,uint256)", to + word(1_000_000_000n)));
  await solidify();
  expect(book.credited.size).toBe(0);
  expect(book.facts).toMatchObject([
    { type: "transferIgnored", transfer: { contract: fromHex41(crook), to: bob.address, because: "other_contract" } },
  ]);
});

test("B18: two payments in one transaction are two, by their logs", async () => {
  const words = token + to + word(5_000_000n) + word(5_000_000n);
  const { id } = await send(devnet, crook, calldata("payTwice(address,address,uint256,uint256)", words));
  await solidify();
  expect(book.words).toEqual(["seen", "seen", "solidified", "solidified"]);
  const credited = [...book.credited.values()];
  expect(credited.map(({ txId, amount, from }) => [txId, amount, from])).toEqual([
    [id, "5000000", alice.address],
    [id, "5000000", alice.address],
  ]);
  expect(new Set(credited.map(({ index }) => index)).size).toBe(2);
  expect(book.sumTo(bob.address)).toEqual(gained());
});

test("B18: transferFrom by a third party is the payment of whose money it is", async () => {
  await devnet.faucet({ address: carol.address, trxSun: 100_000_000n });
  await pay(devnet, call(devnet, calldata("approve(address,uint256)", word(carol.hex41.slice(2)) + word(8n))));
  const data = calldata("transferFrom(address,address,uint256)", word(alice.hex41.slice(2)) + to + word(8n));
  await pay(
    devnet,
    { ...trigger(toHex41(devnet.usdtContract), data, { from: carol }) },
    { signers: [carol], feeLimit: 100_000_000n },
  );
  await solidify();
  expect([...book.credited.values()]).toMatchObject([
    { from: alice.address, to: bob.address, amount: "8", source: "log" },
  ]);
  expect(book.sumTo(bob.address)).toEqual(gained());
});

test("B16: a fork of the node takes money back and brings it in another block", async () => {
  const { txId } = await pay(devnet, trxTransfer(bob, 3_000_000n));
  await follower.step();
  await devnet.fork({ depth: 1, move: true });
  await follower.step();
  await solidify();
  await solidify();
  expect(book.words.slice(0, 2)).toEqual(["seen", "unseen"]);
  expect(book.words.slice(-2)).toEqual(["seen", "solidified"]);
  expect([...book.credited.values()]).toMatchObject([
    { txId, asset: "TRX", source: "contract", index: 0, amount: "3000000" },
  ]);
  expect(book.sumTo(bob.address)).toEqual(gained());
});
