/** Child process: the production program, which kills itself at one kind of step. */
import { writeSync } from "node:fs";
import { join } from "node:path";
import type { EffectTable, Performer } from "../../../src/actors/dispatcher.ts";
import { startProgram } from "../../../src/compose.ts";
import type { ActorRecord } from "../../../src/domain/records.ts";
import { stateText } from "../../../src/actors/step.ts";
import type { PayoutContext } from "../../../src/machines/payout-context.ts";
import type { BroadcastInput, BuildOutput } from "../../../src/machines/transaction-context.ts";
import { loadConfig } from "../../../src/operations/config.ts";
import { createLogger } from "../../../src/operations/logger.ts";
import { openLevelStore } from "../../../src/persistence/open-level-store.ts";
import { decodeSignedTransfer } from "../../../src/tron/signed-transfer.ts";
import { decodeSigned } from "../../../src/tron/transaction.ts";
import { fastClock } from "../../support/fast-clock.ts";
import type { EngineLine, EngineSetup } from "./protocol.ts";

const setup = JSON.parse(process.argv[2] ?? "") as EngineSetup;
const config = loadConfig(setup.environment);
const logger = createLogger({ level: config.log.level, file: config.log.file, name: "engine" });

const FOUND_SHARE = 0.75;
const UNSIGNED_SHARE = 0.6;
const OVER = new Set(["confirmed", "rejected", "cancelled"]);

// An engine without its parent would go on for ever.
process.stdin.resume().once("close", () => process.exit(1));

try {
  // Opening the store once more at each start would be a good part of what a start costs.
  if (Math.random() < FOUND_SHARE) say({ found: await statesOnDisk() });
  const program = await startProgram({
    config,
    logger,
    clock: fastClock(setup),
    onFatal: (error) => {
      say({ failed: String(error) });
      process.exit(70);
    },
    failpoint,
    effects: (table) =>
      setup.signsAtEachPush
        ? { ...table, broadcastTransaction: signingAtEachPush(table) }
        : { ...table, buildTransaction: oftenUnsigned(table) },
  });
  process.once("SIGTERM", () => void program.stop().then(() => process.exit(0)));
  say({ ready: program.url });
} catch (error) {
  say({ failed: String(error) });
  process.exit(78);
}

/** Written before the call returns: a line about the last moment has to be out before the moment comes. */
function say(line: EngineLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

function failpoint(name: string): void {
  const { failpoint: chosen } = setup;
  if (chosen === undefined || name !== chosen.name || Math.random() >= chosen.probability) return;
  say({ killing: name });
  process.kill(process.pid, "SIGKILL");
}

/** Read before the engine opens the store and goes on: what the kill before left behind. */
async function statesOnDisk(): Promise<string[]> {
  const { store } = await openLevelStore({ directory: join(config.dataDir, "store") });
  try {
    const states: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await store.index("payout", "all", { limit: 100, ...(cursor === undefined ? {} : { cursor }) });
      for (const { id } of page.ids) {
        const record = store.record({ kind: "payout", id });
        if (record !== undefined && !OVER.has(record.tag)) states.push(stateOf(record, (tx) => store.record(tx)));
      }
      cursor = page.next;
      if (cursor === undefined) return states;
    }
  } finally {
    await store.close();
  }
}

function stateOf(payout: ActorRecord, read: (actor: { kind: string; id: string }) => ActorRecord | undefined): string {
  const attempt = (payout.context as PayoutContext).attempts.at(-1);
  const transaction = attempt && read({ kind: "transaction", id: attempt.transaction });
  const own = stateText(payout.state);
  return transaction === undefined ? own : `${own} ${stateText(transaction.state)}`;
}

/** Both ways to a signature are to be met: with the bytes, and in a step of its own. */
function oftenUnsigned(table: EffectTable): Performer {
  const build = performerOf(table, "buildTransaction");
  return {
    concurrency: build.concurrency,
    async perform(input, context) {
      const { signedHex, ...built } = (await build.perform(input, context)) as BuildOutput;
      if (signedHex === undefined) return built;
      return Math.random() < UNSIGNED_SHARE
        ? { ...built, rawHex: decodeSigned(signedHex).rawHex }
        : { ...built, signedHex };
    },
  };
}

function performerOf(table: EffectTable, source: string): Performer {
  const found = table[source];
  if (found === undefined || !("perform" in found)) throw new Error(`${source} is not a performer`);
  return found;
}

/** What an engine does that has no stored bytes: the same payment, built and signed again, each time it is pushed. */
function signingAtEachPush(table: EffectTable): Performer {
  const performer = (source: string) => performerOf(table, source);
  return {
    concurrency: 8,
    async perform(input, context) {
      const { signedHex } = input as BroadcastInput;
      const { transfer } = decodeSignedTransfer(signedHex, config.chain.usdtContract ?? "");
      const walletId = setup.environment["WALLET_ID"] ?? "";
      const order = { ...transfer, walletId, sequence: Math.floor(Math.random() * 900_000), attempt: 1 };
      const built = (await performer("buildTransaction").perform(order, context)) as BuildOutput;
      return performer("broadcastTransaction").perform({ txId: built.txId, signedHex: built.signedHex }, context);
    },
  };
}
