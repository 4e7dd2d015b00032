import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startDevnet } from "../../src/devnet/devnet.ts";
import {
  alice,
  bob,
  broadcast,
  fundedDevnet,
  infoOf,
  type Json,
  manualDevnet,
  pay,
  post,
  signed,
  trxTransfer,
  usdtTransfer,
} from "./support.ts";

let dataDir: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "devnet-"));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(dataDir, { recursive: true, force: true });
});

describe("a chain on disk", () => {
  test("goes on where it stopped: blocks, balances, receipts, duplicates, solidified state", async () => {
    const first = await fundedDevnet({ dataDir });
    await first.mine(20);
    const tx = await pay(first, usdtTransfer(first, bob, 5n));
    const before = {
      head: await post(first, "/wallet/getnowblock"),
      solid: await post(first, "/walletsolidity/getnowblock"),
      info: await infoOf(first, tx.txId),
      account: await post(first, "/wallet/getaccount", { address: alice.hex41 }),
      solidAccount: await post(first, "/walletsolidity/getaccount", { address: alice.hex41 }),
      usdt: first.ledger.usdt(bob.address),
      payments: first.ledger.payments(),
    };
    await first.close();
    const second = await manualDevnet({ dataDir });
    expect({
      head: await post(second, "/wallet/getnowblock"),
      solid: await post(second, "/walletsolidity/getnowblock"),
      info: await infoOf(second, tx.txId),
      account: await post(second, "/wallet/getaccount", { address: alice.hex41 }),
      solidAccount: await post(second, "/walletsolidity/getaccount", { address: alice.hex41 }),
      usdt: second.ledger.usdt(bob.address),
      payments: second.ledger.payments(),
    }).toEqual(before);
    expect(second.genesisId).toBe(first.genesisId);
    expect((await broadcast(second, tx))["code"]).toBe("DUP_TRANSACTION_ERROR");
    const [next] = await second.mine();
    expect(next?.parentId).toBe(before.head["blockID"]);
  });

  test("can still replace blocks after a restart", async () => {
    const first = await fundedDevnet({ dataDir });
    const tx = await pay(first, usdtTransfer(first, bob, 5n));
    await first.close();
    const second = await manualDevnet({ dataDir });
    await second.fork({ depth: 1, drop: [tx.txId] });
    expect(second.ledger.usdt(bob.address)).toBe(1_000_000n);
    await second.close();
    const third = await manualDevnet({ dataDir });
    expect(third.ledger.transaction(tx.txId)).toBeUndefined();
    expect(third.ledger.headNumber()).toBe(second.ledger.headNumber());
  });

  test("forgets what was only waiting", async () => {
    const first = await fundedDevnet({ dataDir });
    await broadcast(first, await signed(first, trxTransfer(bob, 5n)));
    await first.close();
    const second = await manualDevnet({ dataDir });
    expect(second.ledger.pendingSize()).toBe(0);
  });

  test("gives equal grants before and after a restart on one head", async () => {
    const first = await manualDevnet({ dataDir });
    await first.faucet({ address: alice.address, trxSun: 5n });
    await first.close();
    const second = await manualDevnet({ dataDir });
    await second.faucet({ address: alice.address, trxSun: 5n });
    await second.mine();
    expect(second.ledger.trx(alice.address)).toBe(5n);
  });

  test("is refused to a second process", async () => {
    await manualDevnet({ dataDir });
    await expect(startDevnet({ port: 0, slotMs: "manual", dataDir })).rejects.toMatchObject({ code: "store_locked" });
  });

  test("is not continued with another seed, and is with the one it has", async () => {
    await (await manualDevnet({ dataDir, seed: "one" })).close();
    await expect(startDevnet({ port: 0, slotMs: "manual", dataDir, seed: "two" })).rejects.toMatchObject({
      code: "config_invalid",
    });
    await manualDevnet({ dataDir, seed: "one" });
  });

  test("is the same as in memory", async () => {
    const ids = await Promise.all(
      [{}, { dataDir }].map(async (options) => {
        const devnet = await fundedDevnet(options);
        await devnet.fork({ depth: 1 });
        const [block] = await devnet.mine();
        return block?.id;
      }),
    );
    expect(ids[0]).toBe(ids[1]);
  });
});

describe("the stand-alone devnet", () => {
  const main = new URL("../../src/devnet/main.ts", import.meta.url).pathname;

  function start(...args: string[]): { child: ChildProcess; lines: AsyncIterableIterator<string> } {
    const child = spawn(process.execPath, [main, "--port", "0", ...args], { stdio: ["ignore", "pipe", "pipe"] });
    children.push(child);
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  }

  async function urlOf(lines: AsyncIterableIterator<string>): Promise<string> {
    const { value } = await lines.next();
    return String(value).split(" ").at(-1) ?? "";
  }

  const exit = (child: ChildProcess) => new Promise<number | null>((resolve) => child.once("exit", resolve));
  const asked = async (url: string, path: string, body: unknown): Promise<Json> =>
    (await (await fetch(url + path, { method: "POST", body: JSON.stringify(body) })).json()) as Json;

  test("killed while it makes blocks, it has every block that it ever showed", async () => {
    const seen = new Map<number, string>();
    for (let round = 0; round < 5; round += 1) {
      const { child, lines } = start("--data", dataDir, "--block-ms", "5");
      const url = await urlOf(lines);
      const known = [...seen].at(-1);
      if (known !== undefined) {
        expect((await asked(url, "/wallet/getblockbynum", { num: known[0] }))["blockID"]).toBe(known[1]);
      }
      for (let reads = 0; reads < 20 + round * 7; reads += 1) {
        const block = await asked(url, "/wallet/getnowblock", {});
        seen.set(block["block_header"].raw_data.number, block["blockID"]);
      }
      child.kill("SIGKILL");
      await exit(child);
    }
    const devnet = await manualDevnet({ dataDir });
    for (const [number, id] of seen) {
      expect((await post(devnet, "/wallet/getblockbynum", { num: number }))["blockID"]).toBe(id);
    }
    expect(seen.size).toBeGreaterThan(5);
  });

  test("stops in order when asked, and says what is wrong with its arguments", async () => {
    const good = start("--block-ms", "50");
    expect(await asked(await urlOf(good.lines), "/wallet/getnodeinfo", {})).toHaveProperty("block");
    good.child.kill("SIGTERM");
    expect(await exit(good.child)).toBe(0);
    const bad = start("--block-ms", "0");
    let said = "";
    bad.child.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    expect(await exit(bad.child)).toBe(1);
    expect(said).toContain("--block-ms must be 1 to");
  });
});
