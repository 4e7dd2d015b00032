/**
 * A full disk, seen coming and not. Seen coming: the engine takes nothing new, signs nothing, goes on reading and with
 * what is on the wire. Not seen coming (somebody else filled it between two looks): a write is refused in the middle of
 * its bytes, the engine ends, and starts again once there is room. Nothing that was told is lost.
 */
import { fromHex41 } from "../../src/tron/address.ts";
import { drill } from "./drill.ts";
import { count, counted, pause, type Judge } from "./support/judge.ts";
import { Payer } from "./support/payer.ts";
import { Rig } from "./support/rig.ts";
import { Shim } from "./support/shim.ts";
import { until } from "../support/poll.ts";

const IN_FLIGHT = 24;
const ELSEWHERE = fromHex41(`41${"ab".repeat(20)}`);
const MB = 1024 ** 2;
/** Below the engine's mark of 256 MB; it looks every 5 s. */
const NEARLY_FULL = 100 * MB;
const WATCHED_MS = 6_000;
/** A busy machine needs seconds to begin a thread. */
const SIGNED_BEFORE_MS = 5_000;
const UNSIGNED = 6;
const BUDGET_MAX = 400_000;
const STORE_FAILED_EXIT = 70;

export const diskFull = drill({
  proves: "a disk that fills up: 503 and no new signature, reads go on; a refused write loses nothing",
  options: {
    rounds: { initial: 3, minimum: 1, maximum: 10_000, meaning: "times each way" },
  },
  async run(judge, { rounds }) {
    const rig = await Rig.open();
    try {
      const shim = await Shim.build(rig.directory);
      const payer = new Payer(rig);
      let goesOn = true;
      rig.start(shim.environment(rig.dataDir));
      await rig.ready();
      const paying = payer.payWhile(() => goesOn, IN_FLIGHT);
      let waited = 0;
      for (let round = 0; round < rounds; round += 1) waited += await seenComing({ rig, shim, payer, judge });
      const ends = new Map<string, number>();
      for (let round = 0; round < rounds; round += 1) await notSeenComing({ rig, shim, judge, ends });
      goesOn = false;
      await paying;
      const result = await payer.settle(judge);
      judge.did("payouts that had to wait unsigned for room", waited, 1);
      judge.did("payouts paid", result.paid, IN_FLIGHT);
      judge.table({
        "fillings seen coming, not seen": `${rounds}, ${rounds}`,
        "payouts that waited unsigned": waited,
        "ends of the engine": counted(ends),
        "payments on the chain": result.paid,
      });
    } finally {
      await rig.close();
    }
  },
});

type Stage = { readonly rig: Rig; readonly shim: Shim; readonly judge: Judge };

/** How many payouts waited without bytes. */
async function seenComing({ rig, shim, payer, judge }: Stage & { payer: Payer }): Promise<number> {
  // A node that answers nothing keeps new payouts from their bytes: so there are some that wait to be signed.
  await rig.devnet.spoil({ "html-500": 100 });
  const { accepted } = payer;
  for (let order = 0; order < UNSIGNED; order += 1) await payer.order();
  judge.did("payouts accepted while no node answers", payer.accepted - accepted, 1);
  await shim.steer({ freeBytes: NEARLY_FULL });
  const full = async () => (await rig.readiness()).reasons.some((reason) => reason.includes("disk is full"));
  await until("the engine sees the full disk", full, { everyMs: 100 });
  await rig.devnet.spoil({});
  const { status } = await rig.readiness();
  judge.holds("/health/ready says 503 and why", status === 503, status);
  // A thread may be signing what it was given before.
  await pause(SIGNED_BEFORE_MS);
  await payer.lookAtAll();
  const before = signed(payer);
  const key = `while full ${Math.random()}`;
  const order = { wallet: rig.wallet.id, to: ELSEWHERE, amount: "10" };
  const answer = await rig.client.ask<{ code: string }>("POST", "/api/v1/tron/payouts", { body: order, key });
  judge.holds("a new payout is refused with read_only", answer.body.code === "read_only", answer);
  await pause(WATCHED_MS);
  await payer.lookAtAll({ alsoEnded: true });
  const after = signed(payer);
  judge.empty(
    "nothing new is signed",
    [...after].filter((id) => !before.has(id)),
  );
  judge.holds("reads go on", (await rig.client.ask("GET", "/api/v1/tron/payouts")).status === 200);
  const waiting = [...payer.told.values()].filter(({ status }) => status === "pending").length;
  await shim.steer({});
  await until("the engine sees the room", async () => (await rig.readiness()).status === 200, { everyMs: 100 });
  return waiting;
}

/** Payouts with signed bytes: a txID alone is known as soon as the bytes are built. */
function signed(payer: Payer): Set<string> {
  return new Set([...payer.told.values()].filter(({ status }) => status !== "pending").map(({ id }) => id));
}

async function notSeenComing({ rig, shim, judge, ends }: Stage & { ends: Map<string, number> }): Promise<void> {
  rig.mayEnd = true;
  await shim.steer({ budgetBytes: Math.floor(Math.random() * BUDGET_MAX) });
  const { engine } = rig;
  const code = await engine?.gone();
  judge.holds(`a refused write ends the engine with ${STORE_FAILED_EXIT}`, code === STORE_FAILED_EXIT, engine?.output);
  count(ends, `${code} when a write is refused`);
  // Still full: it may run or say why not, but it must not lose anything.
  await shim.steer({ budgetBytes: 0 });
  const again = rig.start(shim.environment(rig.dataDir));
  await until("a start or its end", () => again.over !== undefined || again.url !== undefined);
  const early = again.over ?? "it runs";
  count(ends, `${early} at a start on a full disk`);
  judge.say(`on a full disk a start says: ${again.output.trim().split("\n")[0]}`);
  judge.holds("a start on a full disk says what is wrong, or runs", saysWhy(early, again.output), again.output);
  await again.end("SIGKILL");
  await shim.steer({});
  rig.start(shim.environment(rig.dataDir));
  rig.mayEnd = false;
  await rig.ready();
}

function saysWhy(end: number | string, output: string): boolean {
  return end === "it runs" || /store_failed|no space left on device|ENOSPC/i.test(output);
}
