/**
 * Catching up over a real socket: full blocks are read, proved by their own hashes, compared with 100,000 watched
 * transactions, and with their receipts against 1,000,000 watched addresses, whose transfers a receiver accepts.
 */
import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { BlockFollower } from "../src/chain/block-follower.ts";
import { blockSource } from "../src/chain/block-source.ts";
import { Finality } from "../src/chain/finality.ts";
import type { FollowerCursor } from "../src/chain/follower-ports.ts";
import { Transfers } from "../src/chain/transfers.ts";
import { GATEWAY_DEFAULTS, TronGateway } from "../src/chain/tron-gateway.ts";
import { units } from "../src/domain/money.ts";
import { fromEvm20 } from "../src/tron/address.ts";
import { systemClock } from "../src/operations/system-clock.ts";
import { silentLogger } from "../src/ports/telemetry.ts";

const USDT = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
const PAGE = 10;
/** As the image runs. */
const FLAGS = ["--max-semi-space-size=8", "--max-old-space-size=512"];

export type FollowerFigures = {
  readonly blocks: number;
  readonly perSecond: number;
  /** Of this process, without the node's. */
  readonly cpuMsPerBlock: number;
  readonly rssMb: number;
  readonly matched: number;
};

/** `addresses` 0: only transactions are watched, and no receipts are asked for. */
export type FollowerLoad = { readonly blocks: number; readonly addresses: number; readonly transactions: number };

/** In a process of its own, so that the memory is the follower's. */
export async function measureFollower(load: FollowerLoad): Promise<FollowerFigures> {
  const child = fork(import.meta.filename, [JSON.stringify(load)], { execArgv: FLAGS });
  const [figures] = (await once(child, "message")) as [FollowerFigures];
  return figures;
}

if (import.meta.main) {
  const load = JSON.parse(process.argv[2] ?? "{}") as FollowerLoad;
  process.send?.(await measure(load), () => process.exit(0));
}

async function measure(given: FollowerLoad): Promise<FollowerFigures> {
  const node = fork(new URL("./follower-node.ts", import.meta.url));
  const [{ port, blocks: last }] = (await once(node, "message")) as [{ port: number; blocks: number }];
  const clock = systemClock();
  const gateway = new TronGateway(
    {
      ...GATEWAY_DEFAULTS,
      nodes: [{ url: `http://127.0.0.1:${port}`, perSecond: 100_000 }],
      usdtContract: USDT,
      fees: { headroomPercent: 25, feeCapSun: units(50_000_000n) },
    },
    { clock, logger: silentLogger },
  );
  let matched = 0;
  const transfers = new Transfers({
    usdt: USDT,
    receiver: {
      seen: () => [],
      accept: async (facts) => void (matched += facts.filter(({ type }) => type === "transferSolidified").length),
    },
  });
  const watch = (text: string) => transfers.watchAddress(fromEvm20(hex(text).slice(0, 40)));
  for (let at = 0; at < given.addresses; at += 1) watch(`address ${at}`);
  // One transfer of each kind of block is to somebody who is watched.
  if (given.addresses > 0) for (let variant = 0; variant < 4; variant += 1) watch(`to ${variant} 7`);
  let cursor: FollowerCursor | undefined = await cursorAt(gateway, last - given.blocks);
  const follower = new BlockFollower(
    { pollMs: 1, catchUpPage: PAGE },
    {
      gateway,
      transfers,
      finality: new Finality(
        { required: 1 },
        { sources: gateway.pool.all().map(blockSource), clock, logger: silentLogger },
      ),
      clock,
      logger: silentLogger,
      deliver: async () => {},
      loadCursor: () => cursor,
      saveCursor: async (value) => {
        cursor = value;
      },
    },
  );
  for (let at = 0; at < given.transactions; at += 1) {
    const watch = { txId: hex(`transaction ${at}`), expiration: Number.MAX_SAFE_INTEGER, referenceNumber: last };
    follower.watch({ actor: { kind: "transaction", id: `tx_${at}` }, ...watch });
  }
  const begun = performance.now();
  const cpu = process.cpuUsage();
  let rss = 0;
  while ((cursor?.number ?? 0) < last) {
    await follower.step();
    rss = Math.max(rss, process.memoryUsage.rss());
  }
  const seconds = (performance.now() - begun) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  await gateway.close();
  node.disconnect();
  return {
    blocks: given.blocks,
    perSecond: given.blocks / seconds,
    cpuMsPerBlock: (user + system) / 1_000 / given.blocks,
    rssMb: rss / 1e6,
    matched,
  };
}

async function cursorAt(gateway: TronGateway, number: number): Promise<FollowerCursor> {
  const block = await gateway.block(number);
  if (block === undefined) throw new Error("the node has no such block");
  return { number, id: block.id, timestamp: block.timestamp, scannedFrom: 1 };
}

function hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
