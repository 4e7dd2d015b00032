/** Payouts accepted over HTTP, synced before the 202, against a bare Fastify route in the same run. */
import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import Fastify from "fastify";
import { units } from "../src/domain/money.ts";
import type { HttpPorts } from "../src/http/ports.ts";
import { createServer } from "../src/http/server.ts";
import { systemClock } from "../src/operations/system-clock.ts";
import { silentLogger } from "../src/ports/telemetry.ts";
import type { Engine } from "../src/supervisor/engine.ts";
import { BLACKHOLE_ADDRESS, fromHex41, isTronAddress, toHex41, ZERO_ADDRESS } from "../src/tron/address.ts";
import type { InstantWorld } from "./instant-world.ts";
import { openBenchWallet, withEngine } from "./lifecycle.ts";

export type LoadFigures = {
  readonly accepted: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
};
export type IntakeFigures = {
  readonly bare: LoadFigures;
  readonly payouts: LoadFigures;
  readonly ratio: number;
  /** CPU time of the engine's main thread per accepted payout. */
  readonly mainMicros: number;
  /** The same of the whole process: LevelDB, collector and compiler too. */
  readonly allMicros: number;
  /** Payouts that shared an fsync. */
  readonly perCommit: number;
};

export async function measureIntake(load: { connections: number; seconds: number }): Promise<IntakeFigures> {
  const bareApp = Fastify({ logger: false });
  const schema = {
    body: {
      type: "object",
      required: ["to", "amount"],
      properties: { to: { type: "string" }, amount: { type: "string" } },
    },
  };
  bareApp.post("/api/v1/tron/payouts", { schema }, async (_request, reply) =>
    reply.code(202).send({ id: "po_1", status: "pending" }),
  );
  const bareUrl = await bareApp.listen({ host: "127.0.0.1", port: 0 });
  await fire(bareUrl, WARM_UP);
  const bare = await fire(bareUrl, load);
  await bareApp.close();
  const { payouts, ...costs } = await withEngine(
    async (engine, world) => {
      await openBenchWallet(engine, { walletId: "wal_bench", from: "TCNkawTmcQgYSU8nP8cHswT1QPjharxJr7" });
      const app = await createServer({ corsOrigins: [] }, benchPorts(engine, world));
      const url = await app.listen({ host: "127.0.0.1", port: 0 });
      await fire(url, WARM_UP);
      const before = { main: process.threadCpuUsage(), all: process.cpuUsage(), commits: engine.status().commits };
      const figures = await fire(url, load);
      const main = process.threadCpuUsage(before.main);
      const all = process.cpuUsage(before.all);
      const commits = engine.status().commits - before.commits;
      await app.close();
      return {
        payouts: figures,
        mainMicros: (main.user + main.system) / figures.accepted,
        allMicros: (all.user + all.system) / figures.accepted,
        perCommit: figures.accepted / commits,
      };
    },
    { hold: true },
  );
  return { bare, payouts, ratio: payouts.perSecond / bare.perSecond, ...costs };
}

/** 256 first requests to cold code would be the slowest hundredth of a run of five seconds. */
const WARM_UP = { connections: 32, seconds: 1 };

/** The load comes from a process of its own, so that it does not share the engine's thread. */
function fire(url: string, load: { connections: number; seconds: number }): Promise<LoadFigures> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL("load.ts", import.meta.url), [url, String(load.connections), String(load.seconds)]);
    child.once("message", (figures) => resolve(figures as LoadFigures));
    child.once("error", reject);
  });
}

function benchPorts(engine: Engine, world: InstantWorld): HttpPorts {
  const principal = {
    id: createHash("sha256").update("bench").digest("hex").slice(0, 16),
    name: "bench",
    scopes: ["admin"] as const,
  };
  const unused = () => {
    throw new Error("not part of this bench");
  };
  return {
    engine,
    gateway: world.gateway as HttpPorts["gateway"],
    chain: {
      reference: () => world.reference(),
      obstacle: () => world.obstacle(),
      headTimestamp: () => world.headTimestamp(),
      status: () => ({
        head: undefined,
        solid: undefined,
        lagBlocks: 0,
        blocksPerSecond: 0,
        etaSeconds: 0,
        finality: { required: 1, nodes: [], dispute: undefined },
        watched: 0,
        forks: 0,
        lastProgressAt: 0,
        halted: undefined,
        nodes: [],
      }),
    },
    tokens: { verify: () => ({ ok: true, principal }), knows: () => true },
    keys: { createHdWallet: unused, importKey: unused },
    addresses: {
      isValid: isTronAddress,
      toHex41,
      fromHex41,
      isBurned: (address) => address === ZERO_ADDRESS || address === BLACKHOLE_ADDRESS,
      ofPrivateKey: () => undefined,
    },
    network: {
      name: "bench",
      genesisId: "0".repeat(64),
      usdtContract: "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
      checkDestinations: false,
    },
    payments: { feeReserveSun: { USDT: units(15_000_000n), TRX: units(2_000_000n) }, limits: {} },
    decodeSigned: unused,
    ownAddress: () => false,
    diskState: () => "ok",
    config: () => ({}),
    metrics: { exposition: unused, httpRequest: () => {} },
    build: { name: "bench", version: "0", vcsRef: undefined, buildDate: undefined },
    clock: systemClock(),
    logger: silentLogger,
  };
}
