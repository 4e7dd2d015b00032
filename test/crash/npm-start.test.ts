/** Engine and embedded devnet die together, again and again, as when somebody pulls the plug of a laptop. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startDevnet } from "../../src/devnet/devnet.ts";
import type { PayoutView } from "../../src/http/contract/payouts.ts";
import { fromHex41 } from "../../src/tron/address.ts";
import { Client } from "../support/client.ts";
import { until } from "../support/poll.ts";
import { audit, remainsOf } from "./support/audit.ts";
import { StartedProgram } from "./support/started-program.ts";

const KILLS = 5;
const PAYOUTS = 24;
const TREASURY = "wal_treasury";

test("kill -9 of the program with its embedded devnet lets every payout come to its end", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "lucid-start-"));
  let program = start(dataDir);
  const client = new Client({ address: () => program.address, dataDir });
  try {
    const accepted: string[] = [];
    const orders = placeOrders(client, accepted);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const goal = Math.ceil((PAYOUTS * (kill + 1)) / (KILLS + 1));
      await until(`${goal} orders`, () => accepted.length >= goal);
      await new Promise((resolve) => setTimeout(resolve, 60 * kill));
      await program.end("SIGKILL");
      program = start(dataDir);
    }
    await orders;
    const payouts: PayoutView[] = [];
    for (const id of accepted) payouts.push(await ended(client, id));
    const { from } = payouts[0] ?? { from: "" };
    expect(await program.end("SIGTERM")).toBe(0);
    const devnet = await startDevnet({
      port: 0,
      slotMs: "manual",
      dataDir: join(dataDir, "devnet"),
      seed: "lucid",
      solidLag: 4,
    });
    const report = audit(payouts, devnet.ledger.payments({ from }));
    await devnet.close();
    expect(report.complaints).toEqual([]);
    expect(report.confirmed).toBe(PAYOUTS);
    expect(await remainsOf(dataDir, TREASURY)).toEqual({
      outbox: 0,
      quarantined: 0,
      deadLetters: 0,
      miscounted: [],
      reserved: [],
    });
  } finally {
    await program.end("SIGKILL");
    await rm(dataDir, { recursive: true, force: true });
  }
});

test("a start while no node can be reached asks again, and ends with what is wrong and that a later start may do", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "lucid-start-"));
  const program = new StartedProgram({
    SERVICE_PORT: "0",
    DATA_DIR: dataDir,
    LOG_LEVEL: "silent",
    TRON_NETWORK: "devnet",
    // Nobody listens on port 1.
    TRON_HTTP_ENDPOINT: "http://127.0.0.1:1",
    TRON_GENESIS_ID: "0".repeat(64),
    USDT_CONTRACT: "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
    TRON_CALL_BUDGET_MS: "3000",
  });
  try {
    expect(await program.gone()).toBe(75);
    expect(program.output).toMatch(/lucid-tron cannot start: \w+: .*127\.0\.0\.1:1/);
  } finally {
    await program.end("SIGKILL");
    await rm(dataDir, { recursive: true, force: true });
  }
});

function start(dataDir: string): StartedProgram {
  return new StartedProgram({
    SERVICE_PORT: "0",
    DEVNET_PORT: "0",
    DEVNET_BLOCK_MS: "60",
    DEVNET_SOLID_LAG: "4",
    DATA_DIR: dataDir,
    LOG_LEVEL: "error",
    // Chain time runs with the blocks, 3 s each: a transaction has to outlive a busy machine.
    TX_EXPIRATION_SECONDS: "600",
  });
}

/** One after the other, each with a key of its own, through every death. */
async function placeOrders(client: Client, accepted: string[]): Promise<void> {
  for (let number = 1; number <= PAYOUTS; number += 1) {
    const to = fromHex41(`41${(0xfab000 + (number % 5)).toString(16).padStart(40, "0")}`);
    const order = { wallet: TREASURY, to, amount: `${20 + number}.${String(number).padStart(6, "0")}` };
    const answer = await client.pay(order, `plug ${number}`);
    if (answer.status !== 202) throw new Error(`refused: ${answer.status} ${JSON.stringify(answer.body)}`);
    accepted.push(answer.body.id);
  }
}

async function ended(client: Client, id: string): Promise<PayoutView> {
  let seen: PayoutView | undefined;
  const look = async () => {
    seen = await client.payout(id);
    return seen.status === "confirmed" || seen.status === "needs_attention" ? seen : undefined;
  };
  return until(() => `an end of ${JSON.stringify(seen)}`, look, { everyMs: 50 });
}
