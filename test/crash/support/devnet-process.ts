/** Child process: the chain that outlives the engines. Its parent sees the ledger; the engines see only the node's API. */
import { startDevnet } from "../../../src/devnet/devnet.ts";
import type { Devnet } from "../../../src/devnet/handle.ts";
import type { DevnetAnswer, DevnetCall, DevnetCalls, Weather } from "./protocol.ts";

const SOLID_LAG = 5;
/** Long enough that what was signed before it expires while nobody includes it. */
const CENSORED_SLOTS = 34;

const devnet = await startDevnet({ port: 0, slotMs: "manual", solidLag: SOLID_LAG, seed: "crash" });
let weather: Weather = { slotMs: 20, stormy: false };
let branchesReplaced = 0;
let slot = 0;

const calls: { [Name in keyof DevnetCalls]: (argument: never) => unknown } = {
  facts: () => ({ url: devnet.url, genesisId: devnet.genesisId, usdtContract: devnet.usdtContract }),
  weather: (next: Weather) => {
    weather = next;
    devnet.faults.clear();
    devnet.setCensoring(next.withheld === true);
    if (next.stormy) spoil(devnet);
  },
  fund: (grant: { address: string; trxSun: bigint; usdt: bigint }) => devnet.faucet(grant),
  payments: (from: string) => devnet.ledger.payments({ from }),
  balances: (address: string) => ({ usdt: devnet.ledger.usdt(address), trx: devnet.ledger.trx(address) }),
  troubles: () => ({ ...Object.fromEntries(devnet.faults.played), branchesReplaced }),
};

process.on("message", (call: DevnetCall) => void answer(call));
process.on("disconnect", () => process.exit(0));
void keepMining();

async function answer({ id, name, argument }: DevnetCall): Promise<void> {
  let message: DevnetAnswer;
  try {
    message = { id, value: await calls[name](argument as never) };
  } catch (error) {
    message = { id, error: String(error) };
  }
  process.send?.(message);
}

/** What every kind of trouble does is in `faults.ts`; here only how often. */
function spoil({ faults }: Devnet): void {
  faults.set({ kind: "accept-then-reset" }, { probability: 0.1 });
  faults.set({ kind: "accept-then-time-out" }, { probability: 0.03 });
  faults.set({ kind: "answer-dup" }, { probability: 0.06 });
  faults.set({ kind: "p2p-failed" }, { probability: 0.08 });
  faults.set({ kind: "server-busy" }, { probability: 0.08 });
  faults.set({ kind: "other-error" }, { probability: 0.04 });
  faults.set({ kind: "accept-then-drop" }, { probability: 0.06 });
  faults.set({ kind: "reset-before-accept" }, { probability: 0.06 });
  faults.set({ kind: "refuse" }, { probability: 0.04 });
  faults.set({ kind: "html-500" }, { probability: 0.01 });
  faults.set({ kind: "reset" }, { probability: 0.01 });
  faults.set({ kind: "empty-infos" }, { probability: 0.1 });
}

async function keepMining(): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, weather.slotMs));
    slot += 1;
    if (weather.stormy) await trouble();
    await devnet.mine();
  }
}

async function trouble(): Promise<void> {
  if (slot % 9 === 0) await replaceBranch();
  if (slot % 23 === 0) devnet.missSlots(2);
  const inCensoredPart = slot % 160 >= 160 - CENSORED_SLOTS;
  devnet.setCensoring(inCensoredPart);
}

/** Sometimes the transactions come into other blocks, sometimes they are lost. */
async function replaceBranch(): Promise<void> {
  const { ledger } = devnet;
  const depth = Math.min(1 + (slot % 4), ledger.headNumber() - ledger.solidNumber());
  if (depth < 1) return;
  await devnet.fork(slot % 27 === 0 ? { depth, drop: "all" } : { depth, move: true });
  branchesReplaced += 1;
}
