/** When the program must not start, or must not sign, and what it says then. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startDevnet } from "../../src/devnet/devnet.ts";
import type { Problem } from "../support/client.ts";
import { until } from "../support/poll.ts";
import { recipient, Rig, withRig } from "./support/rig.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");
const OTHER_GENESIS = `00000000000000${"0a".repeat(25)}`;

test("a node with another genesis block than configured keeps the program from starting", async () => {
  await expect(Rig.open({ environment: { TRON_GENESIS_ID: OTHER_GENESIS } })).rejects.toMatchObject({
    code: "wrong_network",
  });
});

test("data of one chain is not used on another", async () => {
  await withRig({}, async (rig) => {
    await rig.stop();
    const other = await startDevnet({ port: 0, slotMs: "manual", seed: "another chain" });
    try {
      const { code, output } = await runMain({
        ...rig.environment(),
        TRON_HTTP_ENDPOINT: other.url,
        TRON_GENESIS_ID: other.genesisId,
        USDT_CONTRACT: other.usdtContract,
      });
      expect([code, output]).toEqual([78, expect.stringMatching(/cannot start: wrong_network: .*genesis/)]);
    } finally {
      await other.close();
    }
  });
});

test("data of one network is not used on another that is known by name, and the right one still has it", async () => {
  await withRig({}, async (rig) => {
    await rig.fundedWallet();
    await rig.stop();
    const named: Record<string, string> = { ...rig.environment(), DEVNET_PORT: "0" };
    for (const name of ["TRON_HTTP_ENDPOINT", "TRON_GENESIS_ID", "USDT_CONTRACT"] as const) delete named[name];
    // Twice: the first time must not make the other network the store's own.
    for (const _ of [1, 2]) {
      const { code, output } = await runMain(named);
      expect([code, output]).toEqual([78, expect.stringMatching(/cannot start: wrong_network: .*genesis.*devnet/)]);
    }
    await rig.start();
    rig.run();
    await rig.untilStatus(await rig.pay("15", "after"), "confirmed");
  });
});

test("an address at which there is no TRON node ends with 78: a person has to look", async () => {
  const portal = createServer((_, response) => response.writeHead(404, { "content-type": "text/html" }).end("<html>"));
  portal.listen(0, "127.0.0.1");
  await once(portal, "listening");
  const { port } = portal.address() as AddressInfo;
  try {
    await withRig({}, async (rig) => {
      await rig.stop();
      const { code, output } = await runMain({
        ...rig.environment(),
        TRON_HTTP_ENDPOINT: `http://127.0.0.1:${port}`,
        TRON_MAX_RETRIES: "0",
        TRON_CALL_BUDGET_MS: "5000",
      });
      expect([code, output]).toEqual([78, expect.stringContaining("cannot start: chain_error: ")]);
    });
  } finally {
    portal.close();
  }
});

test("a second process on the same data directory ends with code 78 and says who has it, and the first goes on", async () => {
  await withRig({}, async (rig) => {
    await rig.fundedWallet();
    const { code, output } = await runMain(rig.environment());
    expect([code, output]).toEqual([
      78,
      expect.stringMatching(/cannot start: store_locked: Another process uses the store in .*Stop it first/),
    ]);
    rig.run();
    await rig.untilStatus(await rig.pay("15", "after"), "confirmed");
  });
});

test("another WALLET_ENCRYPTION_KEY is refused without harm, and the right one still works", async () => {
  await withRig({}, async (rig) => {
    await rig.fundedWallet();
    await rig.stop();
    const wrong = "zH4-mYw2_Lq8t6XnPcRe5GvBj7UdKsA9oIf3Qx1V";
    const { code, output } = await runMain({ ...rig.environment(), WALLET_ENCRYPTION_KEY: wrong });
    expect([code, output]).toEqual([78, expect.stringMatching(/cannot start: key_unavailable: /)]);
    expect(output).not.toContain(wrong);
    await rig.start();
    rig.run();
    await rig.untilStatus(await rig.pay("15", "after"), "confirmed");
    expect(rig.paid()).toHaveLength(1);
  });
});

test("keys whose store is gone keep the program from starting, nothing is made in its place, and the store goes on when it is back", async () => {
  await withRig({}, async (rig) => {
    await rig.fundedWallet();
    const paid = await rig.pay("15", "before");
    rig.run();
    await rig.untilStatus(paid, "confirmed");
    await rig.stop();
    const store = join(rig.dataDir, "store");
    await rename(store, `${store}-away`);
    const { code, output } = await runMain(rig.environment());
    expect([code, output]).toEqual([
      78,
      expect.stringMatching(/cannot start: store_missing: .*1 wallet.*what they paid.*Put it back/),
    ]);
    expect(await readdir(rig.dataDir)).not.toContain("store");
    await mkdir(store);
    expect((await runMain(rig.environment())).output).toContain("store_missing");
    expect(await readdir(store)).toEqual([]);
    // What a clean-up leaves that does not touch files in use.
    await writeFile(join(store, "LOCK"), "");
    await writeFile(join(store, "MANIFEST-000123"), "");
    expect((await runMain(rig.environment())).output).toContain("store_missing");
    expect((await readdir(store)).toSorted()).toEqual(["LOCK", "MANIFEST-000123"]);
    await rm(store, { recursive: true });
    await rename(`${store}-away`, store);
    await rig.start();
    await rig.untilStatus(paid, "confirmed");
  });
});

test("a full disk stops orders and signatures, reads go on, and room lets the waiting payout through", async () => {
  let freeBytes = 10 * 1024 ** 3;
  await withRig({ measureDisk: async () => ({ freeBytes }) }, async (rig) => {
    await rig.fundedWallet();
    const before = await rig.pay("11", "before");
    await rig.untilPooled();
    const signedBefore = rig.devnet.requests.counts.get("/wallet/broadcasthex");
    // Accepted, but its estimate is held up until the disk is full.
    const stopHolding = rig.devnet.faults.set({ kind: "html-500", path: "triggerconstantcontract" });
    const waiting = await rig.pay("12", "waiting");
    freeBytes = 1_000;
    const full = await until("a full disk", async () => {
      const { status, body } = await rig.client.ask<{ reasons: string[] }>("GET", "/health/ready");
      return body.reasons.some((reason) => reason.startsWith("the disk is full")) ? status : undefined;
    });
    expect(full).toBe(503);
    stopHolding();
    const order = { wallet: rig.wallet.id, to: recipient(2), amount: "13" };
    const refused = await rig.client.ask<Problem>("POST", "/api/v1/tron/payouts", { body: order, key: "full" });
    expect([refused.status, refused.body.code]).toEqual([503, "read_only"]);
    expect((await rig.client.payout(waiting)).txid).toBeNull();
    // What is on the wire is followed to its end.
    rig.run();
    await rig.untilStatus(before, "confirmed");
    expect((await rig.client.payout(waiting)).txid).toBeNull();
    expect(rig.paid()).toHaveLength(signedBefore ?? 0);
    freeBytes = 10 * 1024 ** 3;
    await until("ready", async () => (await rig.client.ask("GET", "/health/ready")).status === 200);
    await rig.untilStatus(waiting, "confirmed");
    await rig.untilStatus(await rig.pay("13", "full", recipient(2)), "confirmed");
    expect(rig.paid()).toHaveLength(3);
  });
});

test("a start that waits for a node ends at once when it is told to", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "lucid-start-"));
  // Takes what it is asked, and never answers.
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  try {
    const environment = {
      SERVICE_PORT: "0",
      DATA_DIR: dataDir,
      TRON_NETWORK: "devnet",
      TRON_HTTP_ENDPOINT: `http://127.0.0.1:${port}`,
      TRON_GENESIS_ID: OTHER_GENESIS,
      USDT_CONTRACT: "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
    };
    const asked = once(silent, "request").then(() => performance.now());
    const ended = await runMain(environment, (child) => void asked.then(() => child.kill("SIGTERM")));
    expect(performance.now() - (await asked)).toBeLessThan(5_000);
    expect([ended.code, ended.output]).toEqual([0, expect.not.stringContaining("cannot start")]);
  } finally {
    silent.closeAllConnections();
    silent.close();
    await rm(dataDir, { recursive: true, force: true });
  }
});

/** The program as an operator starts it. */
async function runMain(
  environment: Record<string, string>,
  begun: (child: ChildProcess) => void = () => {},
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [MAIN], { stdio: ["ignore", "pipe", "pipe"], env: environment });
  begun(child);
  let output = "";
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  child.stderr.on("data", (chunk) => (output += String(chunk)));
  const deadline = setTimeout(() => child.kill("SIGKILL"), 15_000);
  await once(child, "close");
  clearTimeout(deadline);
  return { code: child.exitCode, output };
}
